//! Rules of any number of operands, and the pools they are stored in.

use crate::arena::{Arena, Env};
use crate::error::Misfit;
use crate::params::Params;
use crate::place::{Home, Place};
use crate::rule::{At, Partials, Rule, Side};
use elman_tensor::{Real, Shape, View, ViewMut};
use std::any::Any;

/// An operation on any number of operands. A [`Rule`] is one; operations like stacking, whose
/// number of operands is only known when they run, implement this directly.
///
/// ```
/// use elman_autograd::{AnyRule, Backward, Forward, Misfit, Shapes, laws};
/// use elman_tensor::{Real, Shape, Tensor};
///
/// /// y = Σ xᵢ over any number of operands of one shape.
/// struct Total;
///
/// impl<T: Real> AnyRule<T> for Total {
///     fn name(&self) -> &'static str {
///         "total"
///     }
///     fn shape(&self, x: Shapes<'_>) -> Result<Shape, Misfit> {
///         let same = x.count() > 0 && x.iter().all(|shape| shape == x.get(0));
///         if same { Ok(x.get(0)) } else { Err(Misfit::new("wanted operands of one shape")) }
///     }
///     fn forward(&self, at: Forward<'_, T>) {
///         let Forward { x, mut y, .. } = at;
///         for (i, y) in y.values_mut().iter_mut().enumerate() {
///             *y = (0..x.count()).fold(T::ZERO, |sum, operand| sum + x.get(operand).values()[i]);
///         }
///     }
///     fn adjoint(&self, at: Backward<'_, T>) {
///         let Backward { x, dy, mut d, .. } = at;
///         for operand in 0..x.count() {
///             if let Some(mut dx) = d.of(operand) {
///                 dx.values_mut().iter_mut().zip(dy.values()).for_each(|(dx, dy)| *dx += *dy);
///             }
///         }
///     }
/// }
///
/// let x = Tensor::from_fn([2, 3], |i| i as f64)?;
/// assert_eq!(laws::any_rule(&Total, &[x.clone(), x.clone(), x], &[]), Ok(())); // proven
/// # Ok::<(), elman_autograd::Error>(())
/// ```
pub trait AnyRule<T: Real>: Send + Sync + 'static {
    /// The name, for errors.
    fn name(&self) -> &'static str;

    /// Whether the adjoint is that of the forward's derivative, see [`Rule::EXACT`].
    fn exact(&self) -> bool {
        true
    }

    /// The shape of the output.
    ///
    /// # Errors
    /// If the operands do not fit.
    fn shape(&self, x: Shapes<'_>) -> Result<Shape, Misfit>;

    /// How many numbers forward keeps for the adjoint.
    fn kept(&self, _x: Shapes<'_>) -> usize {
        0
    }

    /// Writes the output and the kept numbers.
    fn forward(&self, at: Forward<'_, T>);

    /// Adds to the partials.
    fn adjoint(&self, at: Backward<'_, T>);
}

/// The shapes of a rule's operands. [`AnyRule`] shows them at work.
#[derive(Debug, Clone, Copy)]
pub struct Shapes<'a>(pub(crate) &'a [Place]);

impl Shapes<'_> {
    /// The number of operands.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The shape of an operand; `[0]` for one that is not there.
    pub fn get(&self, operand: usize) -> Shape {
        self.0.get(operand).map_or(Shape::from([0]), |p| p.shape)
    }

    /// The shapes of the first `N` operands.
    fn all<const N: usize>(&self) -> [Shape; N] {
        std::array::from_fn(|i| self.get(i))
    }

    /// All shapes, in order.
    pub fn iter(&self) -> impl Iterator<Item = Shape> + '_ {
        self.0.iter().map(|p| p.shape)
    }
}

/// The operands of a rule. [`AnyRule`] shows them at work.
#[derive(Debug, Clone, Copy)]
pub struct Operands<'a, T> {
    pub(crate) arena: &'a [T],
    pub(crate) params: &'a [T],
    pub(crate) places: &'a [Place],
}

impl<'a, T> Operands<'a, T> {
    /// The number of operands.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// The shapes.
    pub fn shapes(&self) -> Shapes<'a> {
        Shapes(self.places)
    }

    /// An operand; the view of no elements for one that is not there.
    #[inline]
    pub fn get(&self, operand: usize) -> View<'a, T> {
        let place = self.places.get(operand).copied().unwrap_or_else(Place::absent);
        let buffer = match place.home {
            Home::Arena => self.arena,
            Home::Params => self.params,
        };
        let values = buffer.get(place.range()).unwrap_or_default();
        View::new(place.shape, values).unwrap_or_else(|| View::empty())
    }

    /// The first `N` operands.
    fn all<const N: usize>(&self) -> [View<'a, T>; N] {
        std::array::from_fn(|i| self.get(i))
    }
}

/// What a forward pass works on. [`AnyRule`] shows it at work.
#[derive(Debug)]
pub struct Forward<'a, T> {
    /// The operands.
    pub x: Operands<'a, T>,
    /// The output; holds old memory.
    pub y: ViewMut<'a, T>,
    /// Kept numbers and integers.
    pub side: Side<'a, T>,
    /// For a rule whose output is a loss, its [weight](crate::Var::loss_weight). Holds 1.
    pub loss_weight: &'a mut T,
}

/// What an adjoint works on. [`AnyRule`] shows it at work.
pub struct Backward<'a, T: Real> {
    /// The operands.
    pub x: Operands<'a, T>,
    /// The output.
    pub y: View<'a, T>,
    /// The cotangent of the output.
    pub dy: View<'a, T>,
    /// Kept numbers and integers.
    pub side: Side<'a, T>,
    /// The targets.
    pub d: Partials<'a, T>,
    /// What a recomputed segment needs: the parameters, spare memory, the keys of randomness.
    pub(crate) machine: Machine<'a, T>,
}

/// What the machinery lends to a segment that records itself again.
pub(crate) struct Machine<'a, T: Real> {
    pub(crate) params: &'a Params<T>,
    pub(crate) spares: &'a mut Vec<Arena<T>>,
    pub(crate) env: Env,
    pub(crate) limit: usize,
    pub(crate) check: bool,
    /// The first error inside of a recomputation.
    pub(crate) failure: &'a mut Option<crate::Error>,
}

/// A [`Rule`] seen as an [`AnyRule`].
pub(crate) struct Typed<R, const N: usize>(pub(crate) R);

impl<T: Real, R: Rule<T, N>, const N: usize> AnyRule<T> for Typed<R, N> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn exact(&self) -> bool {
        R::EXACT
    }

    #[inline]
    fn shape(&self, x: Shapes<'_>) -> Result<Shape, Misfit> {
        self.0.shape(x.all())
    }

    #[inline]
    fn kept(&self, x: Shapes<'_>) -> usize {
        self.0.kept(x.all())
    }

    #[inline]
    fn forward(&self, at: Forward<'_, T>) {
        self.0.forward(at.x.all(), at.y, at.side);
    }

    #[inline]
    fn adjoint(&self, mut at: Backward<'_, T>) {
        self.0.adjoint(At { x: at.x.all(), y: at.y, side: at.side }, at.dy, &mut at.d);
    }
}

/// What a record needs of what it recorded: an adjoint.
pub(crate) trait Pulls<T: Real>: Send + Sync + 'static {
    fn name(&self) -> &'static str;
    fn adjoint(&self, at: Backward<'_, T>);
}

/// A rule as a record.
pub(crate) struct Applied<A>(pub(crate) A);

impl<T: Real, A: AnyRule<T>> Pulls<T> for Applied<A> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    #[inline]
    fn adjoint(&self, at: Backward<'_, T>) {
        self.0.adjoint(at);
    }
}

/// All records of one type.
pub(crate) trait AnyPool<T: Real>: Send + Sync {
    fn get(&self, index: usize) -> &dyn Pulls<T>;
    fn clear(&mut self);
    fn as_any(&mut self) -> &mut dyn Any;
}

pub(crate) struct Pool<R>(pub(crate) Vec<R>);

impl<T: Real, R: Pulls<T>> AnyPool<T> for Pool<R> {
    #[inline]
    fn get(&self, index: usize) -> &dyn Pulls<T> {
        &self.0[index]
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}
