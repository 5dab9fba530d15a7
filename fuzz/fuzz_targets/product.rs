//! Products of matrices against their definition: one fused sum per element, in the order of k.

#![no_main]

use arbitrary::Arbitrary;
use elman_fuzz::{Contents, Memory, Number, Scalar, demand_same, hash, of_any_size, with_scalar};
use elman_kernels::{Fill, Matrix, PackedMatrix, Threads, product};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug, Hash)]
struct Input {
    scalar: Scalar,
    sizes: [u8; 3],
    /// Which of the sizes is smaller where the three are too much.
    least: u8,
    transposed: [bool; 2],
    add: bool,
    threads: u8,
    seed: u64,
    off: bool,
    /// A claim about the sizes of a matrix.
    claim: Option<[usize; 2]>,
    /// Another length of the result.
    length: Option<bool>,
}

/// Row-major, or the transpose of that.
struct Operand<T> {
    values: Memory<T>,
    stored: [usize; 2],
    transposed: bool,
}

impl<T: Number> Operand<T> {
    fn new([rows, columns]: [usize; 2], transposed: bool, input: &Input, salt: u64) -> Self {
        let stored = if transposed { [columns, rows] } else { [rows, columns] };
        let (seed, off) = (input.seed, input.off);
        let values = Memory::noise(rows * columns, off, seed, salt, Contents::Finite);
        Operand { values, stored, transposed }
    }

    fn view(&self) -> Matrix<'_, T> {
        let view = Matrix::new(&self.values, self.stored[0], self.stored[1]).unwrap();
        if self.transposed { view.t() } else { view }
    }

    fn at(&self, i: usize, j: usize) -> T {
        let [i, j] = if self.transposed { [j, i] } else { [i, j] };
        self.values[i * self.stored[1] + j]
    }
}

fn run<T: Number>(input: &Input) {
    // Most are small, so that many are tried; a few are worth several threads.
    let most = if hash(input).is_multiple_of(512) { usize::MAX } else { 30_000 };
    let mut sizes = input.sizes.map(|size| usize::from(size) % 132);
    let least = usize::from(input.least) % 3;
    let others = sizes[(least + 1) % 3] * sizes[(least + 2) % 3];
    sizes[least] = sizes[least].min(most / others.max(1));
    let [m, k, n] = sizes;

    let a = Operand::<T>::new([m, k], input.transposed[0], input, 1);
    let b = Operand::<T>::new([k, n], input.transposed[1], input, 2);
    let fill = if input.add { Fill::Add } else { Fill::Overwrite };
    let start = Memory::<T>::noise(m * n, input.off, input.seed, 3, Contents::Finite);
    let mut wanted = start.clone();
    for i in 0..m {
        for j in 0..n {
            let mut sum = if input.add { start[i * n + j] } else { T::ZERO };
            for k in 0..k {
                sum = a.at(i, k).mul_add(b.at(k, j), sum);
            }
            wanted[i * n + j] = sum;
        }
    }
    let _threads = Threads::limit(1 + usize::from(input.threads) % 4);
    let mut c = start.clone();
    product(a.view(), b.view(), fill, &mut c).unwrap();
    demand_same("product", &c, &wanted);
    let packed = PackedMatrix::new(b.view());
    assert_eq!((packed.rows(), packed.columns()), (k, n));
    for packed in [&packed, &packed.clone()] {
        let mut c = start.clone();
        packed.product(a.view(), fill, &mut c).unwrap();
        demand_same("packed", &c, &wanted);
    }
    assert!(c.is_whole());

    if let Some(longer) = input.length {
        let len = if longer { m * n + 1 } else { (m * n).saturating_sub(1) };
        let mut c = Memory::<T>::poison(len, input.off);
        assert_eq!(product(a.view(), b.view(), fill, &mut c).is_ok(), len == m * n);
        assert_eq!(packed.product(a.view(), fill, &mut c).is_ok(), len == m * n);
        assert!(len == m * n || c.iter().all(|c| c.to_f64().is_nan()));
    }
    if let Some(claim) = input.claim {
        let [rows, columns] = claim.map(of_any_size);
        claims(&a.values, rows, columns, &packed);
        claims(&[], rows, columns, &packed);
        claims(&[], 0, columns, &packed);
        claims(&[], rows, 0, &packed);
    }
}

/// Sizes that somebody claims a slice to have.
fn claims<T: Number>(values: &[T], rows: usize, columns: usize, other: &PackedMatrix<T>) {
    let view = Matrix::new(values, rows, columns);
    let fits = rows as u128 * columns as u128 == values.len() as u128;
    assert_eq!(view.is_ok(), fits);
    let Ok(view) = view else { return };
    assert_eq!((view.rows(), view.columns()), (rows, columns));
    let len = |m: usize, n: usize| m.checked_mul(n).filter(|&len| len < 1 << 16);
    for a in [view, view.t()] {
        if let Some(len) = len(a.rows(), other.columns()) {
            let mut c = vec![T::ZERO; len];
            let fits = a.columns() == other.rows();
            assert_eq!(other.product(a, Fill::Add, &mut c).is_ok(), fits);
        }
        let packed = PackedMatrix::new(a);
        for b in [view, view.t()] {
            let Some(len) = len(b.rows(), a.columns()) else { continue };
            if !values.is_empty() && b.columns() > 1 << 16 {
                continue;
            }
            let (mut c, fits) = (vec![T::NAN; len], b.columns() == a.rows());
            assert_eq!(packed.product(b, Fill::Overwrite, &mut c).is_ok(), fits);
            assert_eq!(product(b, a, Fill::Overwrite, &mut c).is_ok(), fits);
        }
    }
}

fuzz_target!(|input: Input| with_scalar!(input.scalar, run(&input)));
