//! Recurrent weights that stay as they were drawn.

use crate::{Error, Random};
use nalgebra::linalg::balancing::balance_parlett_reinsch;
use nalgebra::{DMatrix, Schur};

/// How many matrices are drawn before it is an error that none has a spectral radius.
const DRAWS: usize = 10;

/// A `size × size` matrix of which each column has `entries` numbers other than 0 (all of them, if
/// there are fewer rows), times what makes the largest magnitude of its eigenvalues `radius`
/// (Jaeger 2001).
pub(super) fn reservoir(
    size: usize,
    entries: usize,
    radius: f64,
    random: &mut Random,
) -> Result<DMatrix<f64>, Error> {
    if radius == 0.0 {
        return Ok(DMatrix::zeros(size, size));
    }
    // Rarely, and with one entry a column only, the search for eigenvalues stands still.
    let mut scaled = (0..DRAWS).filter_map(|_| {
        let u = sparse(size, entries, random);
        let found = spectral_radius(&u).filter(|&found| found > 0.0)?;
        Some(u * (radius / found))
    });
    scaled.next().ok_or(Error::Spectrum { size })
}

/// Numbers uniform on ±1 in `entries` rows of each column, drawn without repetition; else 0.
fn sparse(size: usize, entries: usize, random: &mut Random) -> DMatrix<f64> {
    let mut u = DMatrix::zeros(size, size);
    let mut rows: Vec<usize> = (0..size).collect();
    for mut column in u.column_iter_mut() {
        for k in 0..entries.min(size) {
            rows.swap(k, k + random.below(size - k));
            column[rows[k]] = random.uniform(-1.0, 1.0);
        }
    }
    u
}

/// The largest magnitude of an eigenvalue; `None` if the search for them does not end.
fn spectral_radius(u: &DMatrix<f64>) -> Option<f64> {
    // It takes about 3 a row.
    let steps = u.nrows().saturating_mul(50);
    // Chains of units that lead nowhere would be eigenvalues far from 0 by rounding alone.
    let mut balanced = u.clone();
    balance_parlett_reinsch(&mut balanced);
    let values = Schur::try_new(balanced, f64::EPSILON, steps)?.complex_eigenvalues();
    Some(values.iter().fold(0.0, |most: f64, value| most.max(libm::hypot(value.re, value.im))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The growth of a vector under many products, as a mean of logarithms (Gelfand's formula).
    fn growth(u: &DMatrix<f64>, random: &mut Random) -> f64 {
        let (warm_up, steps) = (1000, 4000);
        let mut v = DMatrix::from_fn(u.nrows(), 1, |_, _| random.normal());
        let mut sum = 0.0;
        for step in 0..warm_up + steps {
            v = u * v;
            let norm = v.norm();
            v /= norm;
            sum += if step < warm_up { 0.0 } else { norm.ln() };
        }
        (sum / f64::from(steps)).exp()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_spectral_radius_is_the_one_asked_for(
            size in 1usize..30, entries in 1usize..12, radius in 0.1f64..2.0, seed: u64,
        ) {
            let random = &mut Random::new(seed, "u", 0);
            let u = reservoir(size, entries, radius, random).unwrap();
            let found = growth(&u, random);
            // A pair of complex eigenvalues lets the norm swing by a bounded factor.
            prop_assert!((found / radius).ln().abs() < 2e-2, "{} is not {}", found, radius);
            for column in u.column_iter() {
                let there = column.iter().filter(|&&x| x != 0.0).count();
                prop_assert_eq!(there, entries.min(size));
            }
        }
    }

    #[test]
    fn the_radius_of_a_turn_and_a_stretch() {
        let (sin, cos) = 0.3f64.sin_cos();
        let turn = DMatrix::from_row_slice(2, 2, &[cos, -sin, sin, cos]) * 0.7;
        assert!((spectral_radius(&turn).unwrap() - 0.7).abs() < 1e-15);
        let stretch =
            DMatrix::from_row_slice(3, 3, &[0.5, 9.0, 1.0, 0.0, -2.0, 3.0, 0.0, 0.0, 1.0]);
        assert!((spectral_radius(&stretch).unwrap() - 2.0).abs() < 1e-14);
    }

    /// With one entry a column, units form cycles: the radius is the largest geometric mean of one.
    /// Long chains that hang on a weak cycle are as badly conditioned as eigenvalues can be.
    #[test]
    fn cycles_have_their_radius() {
        for seed in 0..400 {
            let size = 1 + (seed as usize * 7) % 60;
            let u = reservoir(size, 1, 0.9, &mut Random::new(seed, "u", 0)).unwrap();
            let heard = |j: usize| (0..size).find(|&i| u[(i, j)] != 0.0).unwrap();
            let cycle = |first: usize| {
                let (mut j, mut sum) = (first, 0.0);
                (1..=size).find_map(|len| {
                    sum += u[(heard(j), j)].abs().ln();
                    j = heard(j);
                    (j == first).then(|| (sum / len as f64).exp())
                })
            };
            let found = (0..size).filter_map(cycle).fold(0.0, f64::max);
            assert!((found - 0.9).abs() < 2e-3, "{found} of {size} units, seed {seed}");
        }
    }

    #[test]
    fn nothing_comes_back_from_nothing() {
        let random = &mut Random::new(1, "u", 0);
        assert_eq!(reservoir(4, 2, 0.0, random).unwrap(), DMatrix::zeros(4, 4));
        assert_eq!(reservoir(4, 0, 0.0, random).unwrap(), DMatrix::zeros(4, 4));
        assert_eq!(reservoir(4, 0, 0.5, random), Err(Error::Spectrum { size: 4 }));
    }
}
