//! Random operands.

use crate::ids::IdRange;
use elman_tensor::{Random, Tensor};

/// A rule that can make up examples of itself.
///
/// ```
/// use elman_autograd::laws::{self, Draw, Sample};
/// use elman_autograd::rules::Elementwise;
/// use elman_tensor::{Real, Tensor};
///
/// /// y = ln(c + x).
/// struct Log(f64);
///
/// impl Elementwise for Log {
///     const NAME: &'static str = "log";
///     fn value<T: Real>(&self, x: T) -> T {
///         (T::from_f64(self.0) + x).ln()
///     }
///     fn slope<T: Real>(&self, x: T, _y: T) -> T {
///         T::ONE / (T::from_f64(self.0) + x)
///     }
/// }
///
/// impl Sample for Log {
///     fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
///         let x = draw.uniform(&[draw.size(0)], 0.0, 3.0); // no logarithm of 0 or less
///         (Log(draw.number(0.5, 2.0)), vec![x])
///     }
/// }
///
/// laws::sampled::<Log, 1>(&mut Draw::new(7, &[4]))?; // proven
/// # Ok::<(), laws::Violation>(())
/// ```
pub trait Sample: Sized {
    /// A rule with operands that it accepts, drawn at random; sizes of 0 and 1 must be possible.
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>);
}

/// A source of sizes, numbers and integers for samples.
///
/// ```
/// use elman_autograd::laws::Draw;
///
/// let mut draw = Draw::new(7, &[0, 5]);
/// assert_eq!([draw.size(0), draw.size(1), draw.size(2)], [0, 5, 2]);
/// let ids = draw.ids(4, 3); // four below three
/// assert!(ids.len() == 4 && ids.bound() <= 3);
/// assert_eq!(draw.all_ids().len(), 4);
/// assert_eq!(draw.normal(&[2, 3]).shape().dims(), [2, 3]);
/// ```
#[derive(Debug)]
pub struct Draw {
    random: Random,
    sizes: Vec<usize>,
    ids: Vec<u32>,
}

impl Draw {
    /// Numbers from `seed`; the sizes are given, so that whoever draws them can shrink them.
    pub fn new(seed: u64, sizes: &[usize]) -> Self {
        Draw { random: Random::new(seed, "laws", 0), sizes: sizes.to_vec(), ids: Vec::new() }
    }

    /// The `i`-th size; 2 beyond those given.
    pub fn size(&self, i: usize) -> usize {
        self.sizes.get(i).copied().unwrap_or(2)
    }

    /// One of `0..n`.
    pub fn pick(&mut self, n: usize) -> usize {
        self.random.below(n)
    }

    /// A number between two.
    pub fn number(&mut self, low: f64, high: f64) -> f64 {
        self.random.uniform(low, high)
    }

    /// A tensor of standard normal numbers; empty if the shape is none.
    pub fn normal(&mut self, shape: &[usize]) -> Tensor<f64> {
        self.tensor(shape, |random| random.normal())
    }

    /// A tensor of numbers drawn uniformly between two.
    pub fn uniform(&mut self, shape: &[usize], low: f64, high: f64) -> Tensor<f64> {
        self.tensor(shape, |random| random.uniform(low, high))
    }

    /// `count` integers below `n`.
    pub fn ids(&mut self, count: usize, n: usize) -> IdRange {
        let drawn: Vec<u32> = (0..count).map(|_| self.random.below(n) as u32).collect();
        IdRange::append(drawn, &mut self.ids)
    }

    /// The buffer that all integers were put into.
    pub fn all_ids(&self) -> &[u32] {
        &self.ids
    }

    fn tensor(&mut self, shape: &[usize], f: impl Fn(&mut Random) -> f64) -> Tensor<f64> {
        elman_tensor::Shape::new(shape)
            .and_then(|shape| Tensor::from_fn(shape, |_| f(&mut self.random)))
            .unwrap_or_default()
    }
}
