use super::*;
use crate::linear::Linear;
use elman_autograd::{Error, Params};
use elman_tensor::nalgebra::{DMatrix, DVector};
use elman_tensor::{Random, Tensor};
use proptest::prelude::*;

/// Rows of features and targets: a noisy linear map.
#[derive(Debug)]
struct Rows {
    x: Tensor<f64>,
    y: Tensor<f64>,
}

impl Rows {
    fn new(rows: usize, features: usize, outputs: usize, seed: u64) -> Self {
        let mut random = Random::new(seed, "rows", 0);
        let x = Tensor::from_fn([rows, features], |_| 3.0 + random.normal()).unwrap();
        let map = DMatrix::from_fn(features, outputs, |_, _| random.normal());
        let y = x.to_matrix().unwrap() * map;
        let y = Tensor::from_matrix(&y.map(|y| y - 2.0 + 0.1 * random.normal()));
        Rows { x, y: y.reshape([rows, outputs]).unwrap() }
    }

    fn row(&self, i: usize) -> (&[f64], &[f64]) {
        (self.x.at(i).unwrap().values(), self.y.at(i).unwrap().values())
    }

    /// Row `i` of `[1, x]`, as a column.
    fn with_one(&self, i: usize) -> DVector<f64> {
        DVector::from_iterator(
            1 + self.x.shape().last(),
            std::iter::once(1.0).chain(self.row(i).0.iter().copied()),
        )
    }
}

/// The coefficients `[b; W]` in one matrix.
fn together(found: &Coefficients) -> DMatrix<f64> {
    let weight = found.weight().to_matrix().unwrap();
    let bias = DMatrix::from_row_slice(1, weight.ncols(), found.bias().values());
    DMatrix::from_fn(1 + weight.nrows(), weight.ncols(), |i, j| match i.checked_sub(1) {
        None => bias[(0, j)],
        Some(i) => weight[(i, j)],
    })
}

fn near(a: &DMatrix<f64>, b: &DMatrix<f64>, tolerance: f64) -> Result<(), TestCaseError> {
    let off = (a - b).amax() / b.amax().max(1.0);
    prop_assert!(off <= tolerance, "{a} is not {b}, off by {off:e}");
    Ok(())
}

fn sizes() -> impl Strategy<Value = (usize, usize, usize, u64)> {
    (1usize..40, 0usize..6, 1usize..4, any::<u64>())
}

proptest! {
    /// Against reflections of the whole problem, the ridge being rows of its own. (Singular values
    /// will not do: for the committed case those of nalgebra 0.35 multiply to a matrix that is off
    /// by 0.19.)
    #[test]
    fn a_ridge_is_least_squares(
        (rows, features, outputs, seed) in sizes(), exponent in -6i32..3, cut in 0usize..40,
    ) {
        let (given, strength) = (Rows::new(rows, features, outputs, seed), 10f64.powi(exponent));
        let mut ridge = Ridge::new(features, outputs).unwrap();
        let cut = cut.min(rows);
        for (from, len) in [(0, cut), (cut, rows - cut)] {
            ridge.add(given.x.slice(from, len).unwrap(), given.y.slice(from, len).unwrap()).unwrap();
        }
        prop_assert_eq!(ridge.rows(), rows);
        let found = ridge.fit(strength).unwrap();
        let all = DMatrix::from_fn(rows + features, 1 + features, |i, j| match i.checked_sub(rows) {
            None => given.with_one(i)[j],
            Some(penalty) => if j == 1 + penalty { strength.sqrt() } else { 0.0 },
        });
        let y = given.y.to_matrix().unwrap().resize_vertically(rows + features, 0.0);
        let qr = all.qr();
        let oracle = qr.r().solve_upper_triangular(&(qr.q().transpose() * y)).unwrap();
        near(&together(&found), &oracle, 1e-8)?;
    }

    /// Σ (b + x W − y) = 0 and Σ xᵀ (b + x W − y) + strength W = 0.
    #[test]
    fn the_gradient_of_a_ridge_is_zero((rows, features, outputs, seed) in sizes(), strength in 1e-3f64..1e3) {
        let given = Rows::new(rows, features, outputs, seed);
        let mut ridge = Ridge::new(features, outputs).unwrap();
        ridge.add(&given.x, &given.y).unwrap();
        let found = together(&ridge.fit(strength).unwrap());
        let mut gradient = strength * &found;
        gradient.row_mut(0).fill(0.0);
        let mut size = 1.0;
        for i in 0..rows {
            let z = given.with_one(i);
            let residual = z.transpose() * &found - DMatrix::from_row_slice(1, outputs, given.row(i).1);
            gradient += &z * residual;
            size += z.norm_squared() * found.amax().max(1.0);
        }
        prop_assert!(gradient.amax() <= 1e-13 * size, "{} of {}", gradient.amax(), size);
    }

    #[test]
    fn without_forgetting_a_recursion_is_a_ridge((rows, features, outputs, seed) in sizes(), strength in 1e-3f64..1e3) {
        let given = Rows::new(rows, features, outputs, seed);
        let mut ridge = Ridge::new(features, outputs).unwrap();
        let mut online = RecursiveLeastSquares::new(features, outputs, 1.0, strength).unwrap();
        for i in 0..rows {
            let (x, y) = given.row(i);
            online.push(x, y).unwrap();
            ridge.add(given.x.at(i).unwrap(), given.y.at(i).unwrap()).unwrap();
            near(&together(online.coefficients()), &together(&ridge.fit(strength).unwrap()), 1e-9)?;
        }
    }

    /// Against A ← forgetting A + z zᵀ, c ← forgetting c + z yᵀ, A [b; W] = c, for z = [1, x].
    #[test]
    fn forgetting_is_a_weight_on_rows(
        (rows, features, outputs, seed) in sizes(), forgetting in 0.8f64..1.0, strength in 1e-2f64..1e2,
    ) {
        let given = Rows::new(rows, features, outputs, seed);
        let mut online = RecursiveLeastSquares::new(features, outputs, forgetting, strength).unwrap();
        let mut a = strength * DMatrix::identity(1 + features, 1 + features);
        a[(0, 0)] = 0.0;
        let mut c = DMatrix::zeros(1 + features, outputs);
        for i in 0..rows {
            let (x, y) = given.row(i);
            let before = together(online.coefficients());
            let z = given.with_one(i);
            let answer = online.predict(x).unwrap().to_vec();
            let expected = DMatrix::from_fn(outputs, 1, |o, _| before.column(o).dot(&z));
            near(&DMatrix::from_column_slice(outputs, 1, &answer), &expected, 1e-13)?;
            online.push(x, y).unwrap();
            a = forgetting * a + &z * z.transpose();
            c = forgetting * c + &z * DMatrix::from_row_slice(1, outputs, y);
            near(&together(online.coefficients()), &a.clone().lu().solve(&c).unwrap(), 1e-8)?;
        }
    }
}

/// Features that differ in the ninth digit: the normal equations would see no difference at all.
#[test]
fn badly_conditioned_rows_keep_their_digits() {
    let x = Tensor::from_fn([100, 2], |i| {
        let t = (i / 2) as f64;
        if i % 2 == 0 { t.sin() } else { t.sin() + 1e-9 * (2.0 * t).sin() }
    });
    let x = x.unwrap();
    let y = Tensor::from_fn([100, 1], |i| 3.0 * x.values()[2 * i] - x.values()[2 * i + 1]).unwrap();
    let mut ridge = Ridge::new(2, 1).unwrap();
    ridge.add(&x, &y).unwrap();
    let found = ridge.fit(0.0).unwrap();
    let [a, b] = found.weight().values() else { panic!("two weights") };
    assert!((a - 3.0).abs() < 1e-6 && (b + 1.0).abs() < 1e-6, "{a} and {b}");
}

/// Single precision is taken in as it is, and nothing of a refused batch is.
#[test]
fn a_batch_is_taken_in_whole_or_not_at_all() {
    let mut ridge = Ridge::new(1, 1).unwrap();
    let good = Tensor::new([3, 1, 1], vec![0.0f32, 1.0, 2.0]).unwrap();
    ridge.add(&good, &good).unwrap();
    let before = ridge.fit(0.0).unwrap();
    let bad = Tensor::new([3, 1, 1], vec![7.0, 5.0, f32::NAN]).unwrap();
    assert_eq!(
        ridge.add(&good, &bad).unwrap_err().to_string(),
        "its targets must be at most 1e150 in magnitude, got NaN in row 2"
    );
    assert_eq!((ridge.rows(), ridge.fit(0.0).unwrap()), (3, before.clone()));
    assert!((before.weight().values()[0] - 1.0).abs() < 1e-15);
    let mut online = RecursiveLeastSquares::new(1, 1, 0.9, 1.0).unwrap();
    online.push(&[1.0], &[2.0]).unwrap();
    let before = online.coefficients().clone();
    assert!(online.push(&[f64::INFINITY], &[2.0]).is_err());
    assert_eq!(online.coefficients(), &before);
}

#[test]
fn what_does_not_fit_is_said() {
    let said = |error: Result<(), Error>| error.unwrap_err().to_string();
    let x = Tensor::<f64>::zeros([5, 2]).unwrap();
    let mut ridge = Ridge::new(2, 1).unwrap();
    let none = ridge.fit(1.0).map(drop);
    assert_eq!(said(none), "the rows of a regression must be at least 1, got 0");
    assert_eq!(
        said(ridge.add(&x, &x)),
        "its targets must be [.., as many as the regression was made for], got [5, 2] for 1"
    );
    let y = Tensor::zeros([4, 1]).unwrap();
    assert_eq!(
        said(ridge.add(&x, &y)),
        "the rows of features and targets must be as many, got [5, 2] and [4, 1]"
    );
    ridge.add(&x, &Tensor::zeros([5, 1]).unwrap()).unwrap();
    assert_eq!(
        said(ridge.fit(0.0).map(drop)),
        "the strength of a ridge must be larger where the rows do not tell features apart, \
         got 0 for 0 of 2"
    );
    for strength in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(said(ridge.fit(strength).map(drop)).contains("finite and not negative"));
    }
    // All the same: nothing is explained, and nothing is NaN.
    assert_eq!(ridge.fit(1e-3).unwrap().weight().values(), [0.0, 0.0]);
    let huge = Tensor::new([2, 2], vec![f64::MAX; 4]).unwrap();
    assert!(said(ridge.add(&huge, &y.reshape([2, 2]).unwrap())).contains("at most 1e150"));
    let large = Tensor::from_fn([4, 2], |i| 1e150 * (i as f64).sin()).unwrap();
    ridge.add(&large, &Tensor::new([4, 1], vec![1e150; 4]).unwrap()).unwrap();
    assert!(ridge.fit(1.0).unwrap().weight().values().iter().all(|w| w.is_finite()));

    assert!(said(Ridge::new(3, 0).map(drop)).contains("at least 1"));
    assert!(Ridge::new(usize::MAX, 1).is_err() && Ridge::new(1, usize::MAX).is_err());
    for (forgetting, strength) in
        [(0.0, 1.0), (1.1, 1.0), (f64::NAN, 1.0), (0.9, 0.0), (0.9, f64::INFINITY)]
    {
        assert!(RecursiveLeastSquares::new(1, 1, forgetting, strength).is_err());
    }
    let mut online = RecursiveLeastSquares::new(2, 1, 0.9, 1.0).unwrap();
    assert!(online.push(&[1.0], &[1.0]).is_err() && online.push(&[1.0, 2.0], &[]).is_err());
    assert!(said(online.predict(&[1.0]).map(drop)).ends_with("got 1 for 2"));
}

/// Long silence: what was known is forgotten, never turned into NaN.
#[test]
fn everything_may_be_forgotten() {
    let mut online = RecursiveLeastSquares::new(2, 1, 0.5, 1.0).unwrap();
    online.push(&[1.0, -1.0], &[3.0]).unwrap();
    for _ in 0..3000 {
        online.push(&[0.0, 0.0], &[1.0]).unwrap();
    }
    let Coefficients { weight, bias } = online.coefficients();
    assert!(weight.values().iter().all(|w| w.is_finite()));
    assert!((bias.values()[0] - 1.0).abs() < 1e-12);
}

#[test]
fn coefficients_become_the_weights_of_a_linear_map() {
    let build = |seed| {
        Params::<f32>::init(seed, |p| {
            let init = elman_tensor::Init::Zeros;
            let plain = Linear::unbiased(p.scope("plain"), 2, 1, init)?;
            Ok([Linear::new(p.scope("head"), 2, 1)?, Linear::new(p.scope("other"), 3, 1)?, plain])
        })
        .unwrap()
    };
    let ([head, other, plain], mut params) = build(1);
    let given = Rows::new(20, 2, 1, 4);
    let mut ridge = Ridge::new(2, 1).unwrap();
    ridge.add(&given.x, &given.y).unwrap();
    let found = ridge.fit(1e-3).unwrap();
    found.put(&mut params, &head).unwrap();
    let (w, b) = head.params();
    assert_eq!(params.get(w).unwrap().values(), found.weight().cast::<f32>().values());
    assert_eq!(params.get(b.unwrap()).unwrap().values(), found.bias().cast::<f32>().values());
    let error = found.put(&mut params, &plain).unwrap_err().to_string();
    assert!(error.ends_with("with a bias, got [2, 1] with no bias for [2, 1]"), "{error}");
    let error = found.put(&mut params, &other).unwrap_err().to_string();
    assert!(error.ends_with("with a bias, got [3, 1] with a bias for [2, 1]"), "{error}");
    let ((), mut foreign) = Params::<f32>::init(1, |_| Ok(())).unwrap();
    assert!(matches!(found.put(&mut foreign, &head), Err(Error::ForeignParam { .. })));
}
