//! The laws that every rule, and everything made of rules, must obey.
//!
//! There are no tables of expected digits here. A derivative is proven against forward code run
//! at dual numbers, which gives exact directional derivatives; memory is poisoned to show that
//! nobody reads what he did not write.
//!
//! * *value*: forward at dual numbers has the bits of forward at their values.
//! * *totality*: forward writes all of its output and of the numbers it keeps, whatever lay there
//!   before.
//! * *purity*: the same operands give the same bits, forward and adjoint.
//! * *adjoint*: ⟨w, J v⟩ = ⟨Jᵀ w, v⟩ for random v, w and for each operand alone.
//! * *addition*: the adjoint adds to its targets, or overwrites those that hold nothing yet.
//! * *choice*: a partial is the same whether the others are wanted or not.
//! * *aliasing*: one value as two operands gets the sum of both partials.
//! * *second order*: the adjoint at dual numbers carries the derivative of the adjoint (to four
//!   digits of a difference), and u · H v = v · H u.
//!
//! A rule that bends gradients on purpose ([`Rule::EXACT`]) is excused from *adjoint* and from the
//! symmetry, and from nothing else.
//!
//! [`rule`] and [`any_rule`] prove a rule, [`function`] whatever is computed from weights and
//! inputs. A rule that implements [`Sample`] is proven over drawn shapes by one line in
//! [`prove!`](crate::prove).

mod bench;
mod draw;
mod function;

pub use draw::{Draw, Sample};
pub use function::{Function, function};

use crate::any::{AnyRule, Typed};
use crate::rule::Rule;
use bench::Bench;
use elman_tensor::{Dual, Shape, Tensor};

/// A law is broken.
///
/// ```
/// use elman_autograd::{laws, rules::Elementwise};
/// use elman_tensor::Real;
///
/// /// y = x², with a slope that is wrong.
/// struct Square;
///
/// impl Elementwise for Square {
///     const NAME: &'static str = "square";
///     fn value<T: Real>(&self, x: T) -> T {
///         x * x
///     }
///     fn slope<T: Real>(&self, x: T, _y: T) -> T {
///         x
///     }
/// }
///
/// let violation = laws::rule(Square, [[2, 3]]).unwrap_err();
/// assert_eq!((&violation.name[..], violation.law), ("square", "adjoint"));
/// assert!(violation.to_string().starts_with("square breaks the law of adjoint"));
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[error("{name} breaks the law of {law}: {operand}{}", self.numbers())]
pub struct Violation {
    /// The rule, or what the function was called.
    pub name: String,
    /// The law.
    pub law: &'static str,
    /// The operand (or "the output"); where there is none to compare, what went wrong.
    pub operand: String,
    /// The element of it where the two sides differ most, row-major.
    pub element: usize,
    /// What it is.
    pub left: f64,
    /// What it would have to be.
    pub right: f64,
}

impl Violation {
    /// A violation, for laws of other crates.
    pub fn new(
        name: impl Into<String>,
        law: &'static str,
        operand: impl Into<String>,
        element: usize,
        (left, right): (f64, f64),
    ) -> Self {
        Violation { name: name.into(), law, operand: operand.into(), element, left, right }
    }

    /// A computation that failed before there was anything to compare.
    pub fn failure(name: impl Into<String>, what: impl Into<String>) -> Self {
        Self::new(name, "shape", what, 0, (f64::NAN, f64::NAN))
    }

    /// Both sides, for the message.
    fn numbers(&self) -> String {
        let Violation { law, element, left, right, .. } = self;
        if *law == "shape" {
            return String::new();
        }
        format!(", element {element}: {left:e} is not {right:e}")
    }
}

/// The largest relative error of the laws of a single rule.
pub const RULE: f64 = 1e-12;

/// Proves a rule on operands of the given shapes, drawn from the standard normal distribution.
///
/// ```
/// use elman_autograd::{laws, rules};
///
/// assert_eq!(laws::rule(rules::Dot, [[2, 3], [3, 4]]), Ok(()));
/// assert_eq!(laws::rule(rules::Dot, [[2, 3], [4, 4]]).unwrap_err().law, "shape");
/// ```
///
/// # Errors
/// The first law that is broken; shapes that the rule does not accept break *shape*.
pub fn rule<R, const N: usize>(rule: R, shapes: [impl Into<Shape>; N]) -> Result<(), Violation>
where
    R: Rule<f64, N> + Rule<Dual<f64>, N>,
{
    let mut draw = Draw::new(1, &[]);
    let operands: Vec<_> = shapes.into_iter().map(|s| draw.normal(s.into().dims())).collect();
    any_rule(&Typed::<R, N>(rule), &operands, &[])
}

/// Proves a rule that was sampled.
///
/// ```
/// use elman_autograd::{laws, rules};
///
/// // A product of matrices without rows.
/// laws::sampled::<rules::Dot, 2>(&mut laws::Draw::new(7, &[0, 3, 2]))?;
/// # Ok::<(), laws::Violation>(())
/// ```
///
/// # Errors
/// The first law that is broken.
pub fn sampled<R, const N: usize>(draw: &mut Draw) -> Result<(), Violation>
where
    R: Rule<f64, N> + Rule<Dual<f64>, N> + Sample,
{
    let (rule, operands) = R::sample(draw);
    any_rule(&Typed::<R, N>(rule), &operands, draw.all_ids())
}

/// Proves a rule of any number of operands.
///
/// ```
/// use elman_autograd::{laws, rules};
/// use elman_tensor::Tensor;
///
/// let x = |rows| Tensor::from_fn([rows, 2], |i| i as f64).unwrap();
/// let concat = rules::Concat { axis: 0 };
/// assert_eq!(laws::any_rule(&concat, &[x(1), x(0), x(3)], &[]), Ok(()));
/// ```
///
/// # Errors
/// The first law that is broken.
pub fn any_rule<R>(rule: &R, operands: &[Tensor<f64>], ids: &[u32]) -> Result<(), Violation>
where
    R: AnyRule<f64> + AnyRule<Dual<f64>>,
{
    Bench::new(rule, operands, ids)?.prove()
}

/// Writes one test for each rule of a table: `name: Type[operands]`, or `name: any Type` for an
/// [`AnyRule`](crate::AnyRule).
///
/// A test proves all laws on 64 samples whose sizes `proptest` draws, 0 and 1 among them (the
/// crate that calls needs `proptest` as a dev-dependency). A rule that is no [`laws::Sample`]
/// does not compile.
///
/// [`laws::Sample`]: crate::laws::Sample
///
/// ```
/// use elman_autograd::laws::{self, Draw, Sample};
/// use elman_autograd::rules::Elementwise;
/// use elman_tensor::{Real, Tensor};
///
/// /// y = x³.
/// struct Cube;
///
/// impl Elementwise for Cube {
///     const NAME: &'static str = "cube";
///     fn value<T: Real>(&self, x: T) -> T {
///         x * x * x
///     }
///     fn slope<T: Real>(&self, x: T, _y: T) -> T {
///         T::from_f64(3.0) * x * x
///     }
/// }
///
/// impl Sample for Cube {
///     fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
///         (Cube, vec![draw.normal(&[draw.size(0), draw.size(1)])])
///     }
/// }
///
/// elman_autograd::prove! {
///     cube: Cube[1],
/// }
///
/// laws::sampled::<Cube, 1>(&mut Draw::new(7, &[0, 1]))?; // one of its samples
/// # Ok::<(), laws::Violation>(())
/// ```
#[macro_export]
macro_rules! prove {
    ($($name:ident: $($rule:ident)+ $([$count:literal])?),* $(,)?) => {
        #[cfg(test)]
        mod proofs {
            #[allow(unused_imports, reason = "the table names what its module has in scope")]
            use super::*;
            use $crate::laws::{self, Draw, Violation};
            use proptest::prelude::*;
            use proptest::test_runner::TestRunner;

            /// Draws 64 samples: once for the whole table, because a runner is slow to compile.
            fn samples(name: &'static str, prove: fn(&mut Draw) -> Result<(), Violation>) {
                let (test_name, source_file) = (Some(name), Some(file!()));
                let config = ProptestConfig { cases: 64, test_name, source_file, ..Default::default() };
                let sizes = prop::collection::vec(0usize..6, 6);
                let result = TestRunner::new(config).run(&(any::<u64>(), sizes), |(seed, sizes)| {
                    let proven = prove(&mut Draw::new(seed, &sizes));
                    proven.map_err(|violation| TestCaseError::fail(violation.to_string()))
                });
                result.unwrap_or_else(|failure| panic!("{failure}"));
            }

            $(#[test]
            fn $name() {
                samples(concat!(module_path!(), "::", stringify!($name)), |draw| {
                    $crate::prove!(@one draw, $($rule)+ $([$count])?)
                });
            })*
        }
    };
    (@one $draw:ident, any $rule:ident) => {{
        let (rule, operands) = <$rule as laws::Sample>::sample($draw);
        laws::any_rule(&rule, &operands, $draw.all_ids())
    }};
    (@one $draw:ident, $rule:ident[$count:literal]) => {
        laws::sampled::<$rule, $count>($draw)
    };
}
