use super::*;
use crate::dual::Dual;
use crate::parallel::Threads;

/// Numbers without a pattern, the same every time.
fn noise<T: Real>(n: usize, salt: usize) -> Vec<T> {
    (0..n).map(|i| T::from_f64(((i * 7919 + salt * 104_729 + 13) as f64 * 0.618).sin())).collect()
}

/// With a tangent that is not 0.
fn dual(x: f64) -> Dual<f64> {
    Dual::new(x, (37.0 * x).cos())
}

/// The definition: one fused sum per element, in the order of k.
fn by_definition<T: Real>(a: Matrix<'_, T>, b: Matrix<'_, T>, fill: Fill, c: &mut [T]) {
    let at = |m: Matrix<'_, T>, i: usize, j: usize| {
        if m.transposed { m.values[j * m.rows + i] } else { m.values[i * m.columns + j] }
    };
    for i in 0..a.rows {
        for j in 0..b.columns {
            let c = &mut c[i * b.columns + j];
            let mut sum = if fill == Fill::Add { *c } else { T::ZERO };
            for k in 0..a.columns {
                sum = at(a, i, k).mul_add(at(b, k, j), sum);
            }
            *c = sum;
        }
    }
}

fn bits<T: Real>(x: &[T]) -> Vec<[u64; 2]> {
    x.iter().map(|x| x.bits()).collect()
}

/// Rows, terms and columns.
const SIZES: [[usize; 3]; 23] = [
    [0, 3, 2],
    [3, 0, 2],
    [2, 3, 0],
    [1, 1, 1],
    [1, 5, 17],
    [3, 2, 16],
    [4, 128, 8],
    [5, 129, 15],
    [9, 300, 33],
    [8, 7, 1],
    [70, 37, 1],
    [64, 130, 4],
    [100, 20, 3],
    [33, 16, 8],
    [16, 1, 16],
    [17, 2, 33],
    [20, 3, 64],
    [16, 4, 100],
    [31, 5, 17],
    [16, 6, 128],
    [40, 7, 19],
    [23, 8, 70],
    [16, 9, 20],
];

fn equals_its_definition<T: Real>(number: fn(f64) -> T, sizes: &[[usize; 3]]) {
    let noise = |n, salt| noise::<f64>(n, salt).into_iter().map(number).collect::<Vec<T>>();
    for &[m, k, n] in sizes {
        let (a, b, c0) = (noise(m * k, 1), noise(k * n, 2), noise(m * n, 3));
        for flags in 0..8 {
            let a = if flags & 1 == 0 { Matrix::new(&a, m, k) } else { Matrix::new(&a, k, m) };
            let b = if flags & 2 == 0 { Matrix::new(&b, k, n) } else { Matrix::new(&b, n, k) };
            let a = if flags & 1 == 0 { a.unwrap() } else { a.unwrap().t() };
            let b = if flags & 2 == 0 { b.unwrap() } else { b.unwrap().t() };
            let fill = if flags & 4 == 0 { Fill::Overwrite } else { Fill::Add };
            let (mut c, mut wanted) = (c0.clone(), c0.clone());
            by_definition(a, b, fill, &mut wanted);
            product(a, b, fill, &mut c).unwrap();
            assert_eq!(bits(&c), bits(&wanted), "[{m}, {k}]·[{k}, {n}], flags {flags:b}");
            for isa in Isa::ALL.into_iter().filter(|_| m * n > 0) {
                c.copy_from_slice(&c0);
                T::product(isa, Product { a, b, fill, c: &mut c });
                assert_eq!(bits(&c), bits(&wanted), "{isa:?}, flags {flags:b}");
            }
            c.copy_from_slice(&c0);
            PackedMatrix::new(b).product(a, fill, &mut c).unwrap();
            assert_eq!(bits(&c), bits(&wanted), "packed, flags {flags:b}");
        }
    }
}

/// Small enough for Miri: a product of each kind, and for two threads.
#[test]
fn small_products_equal_the_definition() {
    let _threads = Threads::limit(2);
    equals_its_definition(|x| x as f32, &[[3, 4, 5], [16, 2, 1], [16, 1, 16], [2, 3, 18]]);
}

#[test]
fn f32_equals_the_definition_bit_for_bit() {
    equals_its_definition(|x| x as f32, &SIZES);
}

#[test]
fn f64_equals_the_definition_bit_for_bit() {
    equals_its_definition(|x| x, &SIZES);
}

#[test]
fn dual_equals_the_definition_bit_for_bit() {
    equals_its_definition(dual, &SIZES);
}

#[test]
fn splitting_k_loses_nothing() {
    let (a, b): (Vec<f32>, Vec<f32>) = (noise(6 * 40, 1), noise(40 * 9, 2));
    let mut whole = vec![0.0; 54];
    product(
        Matrix::new(&a, 6, 40).unwrap(),
        Matrix::new(&b, 40, 9).unwrap(),
        Fill::Overwrite,
        &mut whole,
    )
    .unwrap();
    let (left, right): (Vec<f32>, Vec<f32>) = (
        a.chunks(40).flat_map(|r| r[..11].to_vec()).collect(),
        a.chunks(40).flat_map(|r| r[11..].to_vec()).collect(),
    );
    let mut parts = vec![0.0; 54];
    let (b0, b1) = b.split_at(11 * 9);
    product(
        Matrix::new(&left, 6, 11).unwrap(),
        Matrix::new(b0, 11, 9).unwrap(),
        Fill::Overwrite,
        &mut parts,
    )
    .unwrap();
    product(
        Matrix::new(&right, 6, 29).unwrap(),
        Matrix::new(b1, 29, 9).unwrap(),
        Fill::Add,
        &mut parts,
    )
    .unwrap();
    assert_eq!(bits(&whole), bits(&parts));
}

#[test]
fn sizes_that_do_not_fit_are_errors() {
    let x = [0.0f32; 6];
    assert!(Matrix::new(&x, 2, 2).is_err());
    assert!(Matrix::new(&x, usize::MAX, 2).is_err());
    let (a, b) = (Matrix::new(&x, 2, 3).unwrap(), Matrix::new(&x, 2, 3).unwrap());
    assert_eq!(product(a, b, Fill::Add, &mut [0.0; 4]), Err(Error::Inner { left: 3, right: 2 }));
    assert!(product(a, b.t(), Fill::Add, &mut [0.0; 5]).is_err());
}

#[test]
fn empty_matrices_may_be_of_any_size() {
    for (rows, columns) in [(0, usize::MAX), (usize::MAX, 0), (0, 1 << 62), (0, 0)] {
        let none = Matrix::new(&[0.0f32; 0], rows, columns).unwrap();
        for b in [none, none.t()] {
            let packed = PackedMatrix::new(b);
            assert_eq!((packed.rows(), packed.columns()), (b.rows(), b.columns()));
            let a = Matrix::new(&[], 0, b.rows()).unwrap();
            packed.product(a, Fill::Add, &mut []).unwrap();
            product(a, b, Fill::Add, &mut []).unwrap();
        }
    }
    // Of no terms the sum is 0, or what it begins with.
    let mut c = [1.0f32; 6];
    let (a, b) = (Matrix::new(&[], 2, 0).unwrap(), Matrix::new(&[], 0, 3).unwrap());
    PackedMatrix::new(b).product(a, Fill::Add, &mut c).unwrap();
    assert_eq!(c, [1.0; 6]);
    PackedMatrix::new(b).product(a, Fill::Overwrite, &mut c).unwrap();
    assert_eq!(c, [0.0; 6]);
}
