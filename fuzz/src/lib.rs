//! What the targets share: contents from a seed, and memory that ends where its allocation ends,
//! so that AddressSanitizer notices the first number read or written behind it.

#![forbid(unsafe_code)]

pub mod command;
pub mod exchange;

use arbitrary::Arbitrary;
use elman_kernels::fused::{Cell, Columns};
use elman_kernels::{Dual, Isa, Real};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::{Deref, DerefMut};

/// The scalars.
#[derive(Arbitrary, Debug, Clone, Copy, Hash)]
pub enum Scalar {
    F32,
    F64,
    Dual,
}

/// Calls a generic function with the scalar that the input asks for.
#[macro_export]
macro_rules! with_scalar {
    ($scalar:expr, $run:ident($($with:expr),*)) => {
        match $scalar {
            $crate::Scalar::F32 => $run::<f32>($($with),*),
            $crate::Scalar::F64 => $run::<f64>($($with),*),
            $crate::Scalar::Dual => $run::<elman_kernels::Dual<f64>>($($with),*),
        }
    };
}

/// A scalar that can be made of two numbers.
pub trait Number: Real {
    fn of(value: f64, tangent: f64) -> Self;
}

impl Number for f32 {
    fn of(value: f64, _: f64) -> Self {
        value as f32
    }
}

impl Number for f64 {
    fn of(value: f64, _: f64) -> Self {
        value
    }
}

impl Number for Dual<f64> {
    fn of(value: f64, tangent: f64) -> Self {
        Dual::new(value, tangent)
    }
}

/// A number from everything there is in an input, the same every time.
pub fn hash(input: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    hasher.finish()
}

/// From a number of 64 bits to one of any number of bits.
pub fn of_any_size(n: usize) -> usize {
    n >> (n % 64)
}

/// Numbers that have no pattern, the same for the same seed.
pub struct Noise(u64);

impl Noise {
    pub fn new(seed: u64, salt: u64) -> Self {
        Noise(seed ^ salt.wrapping_mul(0xd134_2543_de82_ef95))
    }

    /// SplitMix64.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// Mostly from −1 to 1; now and then a zero of either sign, or very small.
    fn small(&mut self) -> f64 {
        let bits = self.bits();
        let x = (bits >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
        match bits % 64 {
            0 => 0.0,
            1 => -0.0,
            2 => x * 1e-41,
            3 => x * 4.0,
            _ => x,
        }
    }

    /// Finite, and such that some hundred products have a finite sum.
    fn finite(&mut self) -> f64 {
        let x = self.small();
        match self.bits() % 32 {
            0 => x * 1e15,
            1 => x * 1e-15,
            _ => x,
        }
    }

    /// Anything.
    fn wild(&mut self) -> f64 {
        match self.bits() % 16 {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => f64::NEG_INFINITY,
            3 => f64::MAX,
            4 => self.small() * 1e38,
            _ => self.finite(),
        }
    }

    pub fn one<T: Number>(&mut self, contents: Contents) -> T {
        let mut next = || match contents {
            Contents::Small => self.small(),
            Contents::Finite => self.finite(),
            Contents::Wild => self.wild(),
        };
        T::of(next(), next())
    }
}

/// What numbers there are.
#[derive(Arbitrary, Debug, Clone, Copy, Hash, PartialEq)]
pub enum Contents {
    Small,
    Finite,
    Wild,
}

/// Numbers whose last one is the last of their allocation.
#[derive(Clone)]
pub struct Memory<T> {
    all: Vec<T>,
    from: usize,
}

impl<T: Number> Memory<T> {
    /// So many numbers, at the beginning of an allocation, or one number behind the beginning of a
    /// cache line.
    pub fn new(len: usize, off: bool, mut number: impl FnMut() -> T) -> Self {
        let (line, size) = (64 / size_of::<T>(), size_of::<T>());
        let is_off = |all: &[T], from: usize| (all.as_ptr().addr() + from * size) % 64 == size % 64;
        let mut from = 0;
        let mut all: Vec<T> = Vec::with_capacity(len);
        all.resize(len, T::ZERO);
        // Where an allocation begins, its length has a say in.
        for _ in 0..if off { 4 } else { 0 } {
            match (0..=line).find(|&from| is_off(&all, from)) {
                Some(wanted) if wanted == from => break,
                Some(wanted) => from = wanted,
                None => break,
            }
            all = Vec::with_capacity(from + len);
            all.resize(from + len, T::ZERO);
        }
        all[from..].fill_with(&mut number);
        Memory { all, from }
    }

    pub fn noise(len: usize, off: bool, seed: u64, salt: u64, contents: Contents) -> Self {
        let mut noise = Noise::new(seed, salt);
        Memory::new(len, off, || noise.one(contents))
    }

    /// Memory as it comes.
    pub fn poison(len: usize, off: bool) -> Self {
        Memory::new(len, off, || T::NAN)
    }

    /// Whether nobody has written before its first number.
    pub fn is_whole(&self) -> bool {
        self.all[..self.from].iter().all(|x| x.bits() == T::ZERO.bits())
    }
}

impl<T> Deref for Memory<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.all[self.from..]
    }
}

impl<T> DerefMut for Memory<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.all[self.from..]
    }
}

/// Whether two numbers are the same to the bit. A NaN is a NaN: which one, nobody promises.
pub fn same<T: Real>(a: T, b: T) -> bool {
    let dual = size_of::<T>() == 16;
    let nan = |bits: u64| match size_of::<T>() {
        4 => f32::from_bits(bits as u32).is_nan(),
        _ => f64::from_bits(bits).is_nan(),
    };
    let ([a, da], [b, db]) = (a.bits(), b.bits());
    let part = |a: u64, b: u64| a == b || (nan(a) && nan(b));
    part(a, b) && (!dual || part(da, db))
}

/// Demands the same bits of all numbers.
#[track_caller]
pub fn demand_same<T: Real>(what: &str, found: &[T], wanted: &[T]) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (i, (&found, &wanted)) in found.iter().zip(wanted).enumerate() {
        assert!(same(found, wanted), "{what}[{i}]: {found:?}, wanted {wanted:?}");
    }
}

/// One of the instruction sets that this machine has.
pub fn isa(choice: u8) -> Isa {
    let have: Vec<Isa> = Isa::ALL.into_iter().filter(|&isa| isa <= Isa::widest()).collect();
    have[usize::from(choice) % have.len()]
}

/// One of the cells.
pub fn cell(choice: u8) -> Cell {
    [Cell::Tanh, Cell::Relu, Cell::LongShort, Cell::Gated][usize::from(choice) % 4]
}

/// Where the columns of several sums lie: each in a matrix of its own, or all in one, with columns
/// that nobody wants before and behind them.
#[derive(Arbitrary, Debug, Clone, Copy, Hash)]
pub struct Layout {
    pub apart: bool,
    pub before: u8,
    pub behind: u8,
}

/// What is wrong with the columns of some sums.
#[derive(Arbitrary, Debug, Clone, Copy, Hash)]
pub enum Flaw {
    /// One sum is missing.
    Missing,
    /// The columns of a sum begin there.
    First(usize),
    /// The matrix of a sum claims to be so wide.
    Width(usize),
    /// The matrices are one number longer.
    Longer,
    /// The matrices are one number shorter.
    Shorter,
}

/// The weights of some sums.
pub struct Matrices<T> {
    pub values: Vec<Memory<T>>,
    pub width: usize,
    /// How many sums lie in one matrix.
    pub together: usize,
    sums: usize,
    rows: usize,
    hidden: usize,
    before: usize,
}

impl<T: Number> Matrices<T> {
    pub fn new(
        [sums, rows, hidden]: [usize; 3],
        layout: Layout,
        flaw: Option<Flaw>,
        off: bool,
        seed: u64,
        salt: u64,
    ) -> Self {
        let together = if layout.apart { 1 } else { sums };
        let before = usize::from(layout.before % 3);
        let width = before + together * hidden + usize::from(layout.behind % 3);
        let len = match flaw {
            Some(Flaw::Longer) => rows * width + 1,
            Some(Flaw::Shorter) => (rows * width).saturating_sub(1),
            _ => rows * width,
        };
        let values = (0..sums / together)
            .map(|i| Memory::noise(len, off, seed, salt + 100 * i as u64, Contents::Small))
            .collect();
        Matrices { values, width, together, sums, rows, hidden, before }
    }

    pub fn columns(&self, flaw: Option<Flaw>) -> Vec<Columns<'_, T>> {
        let mut columns: Vec<_> = (0..self.sums)
            .map(|sum| Columns {
                values: &self.values[sum / self.together],
                width: self.width,
                first: self.before + sum % self.together * self.hidden,
            })
            .collect();
        match flaw {
            Some(Flaw::Missing) => _ = columns.pop(),
            Some(Flaw::First(first)) => columns[self.sums - 1].first = of_any_size(first),
            Some(Flaw::Width(width)) => columns[0].width = of_any_size(width),
            _ => {}
        }
        columns
    }

    /// Whether these are columns of so many sums.
    pub fn fit(&self, columns: &[Columns<'_, T>]) -> bool {
        let fits = |columns: &Columns<'_, T>| {
            let [width, first] = [columns.width as u128, columns.first as u128];
            self.rows as u128 * width == columns.values.len() as u128
                && first + self.hidden as u128 <= width
        };
        columns.len() == self.sums && columns.iter().all(fits)
    }
}
