//! The contract of an operation.

use crate::error::Misfit;
use crate::place::{Home, Place};
use crate::stale::Stale;
use elman_kernels::Fill;
use elman_tensor::{Real, Shape, View, ViewMut};

/// An operation with `N` operands: its value and the adjoint of its derivative.
///
/// A rule is plain data (its hyper-parameters) and is written once for every scalar; the
/// [`laws`](crate::laws) prove it. What a rule may rely on, and what it owes:
///
/// * [`shape`](Rule::shape) is asked first. The other methods see only operands it accepted, and
///   an output of the shape it gave. An operand that is not there has the shape `[0]`.
/// * [`forward`](Rule::forward) must write every element of `y` and of the kept numbers: both
///   arrive with whatever lay in that memory before.
/// * [`adjoint`](Rule::adjoint) must **add** to its targets, because an operand may be used
///   elsewhere too, and must cope with one `Var` as several operands. Targets that nobody wants
///   are skipped by asking [`Partials::of`].
/// * Both must give the same bits for the same operands.
///
/// ```
/// use elman_autograd::{At, Misfit, Partials, Rule, Side, laws};
/// use elman_tensor::{Real, Shape, View, ViewMut};
///
/// /// y = x³, elementwise.
/// struct Cube;
///
/// impl<T: Real> Rule<T, 1> for Cube {
///     const NAME: &'static str = "cube";
///     fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
///         Ok(x)
///     }
///     fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
///         for (y, &x) in y.values_mut().iter_mut().zip(x.values()) {
///             *y = x * x * x;
///         }
///     }
///     fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
///         let [x] = at.x;
///         if let Some(mut dx) = d.of(0) {
///             for ((dx, &x), &dy) in dx.values_mut().iter_mut().zip(x.values()).zip(dy.values()) {
///                 *dx += T::from_f64(3.0) * x * x * dy;
///             }
///         }
///     }
/// }
///
/// laws::rule(Cube, [[2, 3]])?; // proven
/// # Ok::<(), laws::Violation>(())
/// ```
pub trait Rule<T: Real, const N: usize>: Send + Sync + 'static {
    /// The name, for errors.
    const NAME: &'static str;

    /// Whether the adjoint is that of the forward's derivative. A rule that bends gradients on
    /// purpose says `false`, and why in its documentation; the adjoint law then passes it by.
    const EXACT: bool = true;

    /// The shape of the output.
    ///
    /// # Errors
    /// If the operands do not fit; the reason says what was wanted.
    fn shape(&self, x: [Shape; N]) -> Result<Shape, Misfit>;

    /// How many numbers forward keeps for the adjoint, beyond operands and output.
    fn kept(&self, _x: [Shape; N]) -> usize {
        0
    }

    /// Writes the output `y`, and the kept numbers.
    fn forward(&self, x: [View<'_, T>; N], y: ViewMut<'_, T>, side: Side<'_, T>);

    /// Adds to the partials of the operands: Jᵀ `dy`.
    fn adjoint(&self, at: At<'_, T, N>, dy: View<'_, T>, d: &mut Partials<'_, T>);
}

/// What lies beside the operands of a rule.
///
/// ```
/// use elman_autograd::{At, Misfit, Partials, Rule, Side, laws};
/// use elman_tensor::{Real, Shape, View, ViewMut};
///
/// /// y = x · max x, of a vector: forward keeps the maximum and where it is.
/// struct ByLargest;
///
/// impl<T: Real> Rule<T, 1> for ByLargest {
///     const NAME: &'static str = "by_largest";
///     fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
///         if x.is_empty() { Err(Misfit::new("wanted an element")) } else { Ok(x) }
///     }
///     fn kept(&self, _: [Shape; 1]) -> usize {
///         2
///     }
///     fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
///         let x = x.values();
///         let at = (0..x.len()).fold(0, |at, i| if x[i] > x[at] { i } else { at });
///         (side.kept[0], side.kept[1]) = (x[at], T::from_f64(at as f64));
///         y.values_mut().iter_mut().zip(x).for_each(|(y, &x)| *y = x * side.kept[0]);
///     }
///     fn adjoint(&self, at: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
///         let (largest, place) = (at.side.kept[0], at.side.kept[1].to_f64() as usize);
///         if let Some(mut dx) = d.of(0) {
///             for (i, &dy) in dy.values().iter().enumerate() {
///                 dx.values_mut()[i] += largest * dy;
///                 dx.values_mut()[place] += at.x[0].values()[i] * dy;
///             }
///         }
///     }
/// }
///
/// assert_eq!(laws::rule(ByLargest, [[5]]), Ok(())); // proven
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug)]
pub struct Side<'a, T> {
    /// The kept numbers: written by forward, lent to the adjoint for any use.
    pub kept: &'a mut [T],
    /// The buffer of integers; a rule's own are [`IdRange::of`](crate::IdRange::of) it.
    pub ids: &'a [u32],
}

/// The point at which an adjoint is taken. [`Rule`] shows it at work.
#[derive(Debug)]
pub struct At<'a, T, const N: usize> {
    /// The operands.
    pub x: [View<'a, T>; N],
    /// The output.
    pub y: View<'a, T>,
    /// Kept numbers and integers.
    pub side: Side<'a, T>,
}

/// The targets of an adjoint, lent one at a time: two operands may be the same memory. [`Rule`]
/// shows them at work.
#[derive(Debug)]
pub struct Partials<'a, T> {
    pub(crate) arena: &'a mut [T],
    pub(crate) params: &'a mut [T],
    pub(crate) places: &'a [Place],
    pub(crate) stale: &'a mut Stale,
}

impl<T: Real> Partials<'_, T> {
    /// Whether anybody wants the partial derivative with respect to an operand.
    #[inline]
    pub fn wanted(&self, operand: usize) -> bool {
        self.places.get(operand).is_some_and(|p| p.wanted)
    }

    /// The memory to add an operand's partial derivative to; `None` if nobody wants it.
    #[inline]
    pub fn of(&mut self, operand: usize) -> Option<ViewMut<'_, T>> {
        let place = self.places.get(operand).filter(|p| p.wanted)?;
        let buffer = match place.home {
            Home::Arena => {
                self.stale.settle(self.arena, &place.range());
                &mut *self.arena
            }
            Home::Params => &mut *self.params,
        };
        ViewMut::new(place.shape, buffer.get_mut(place.range())?)
    }

    /// The same for a rule that can as well overwrite, and whether it has to: then nothing has been
    /// added yet, and what is in there is no number. All of it must be written.
    ///
    /// ```
    /// use elman_autograd::{At, Misfit, Partials, Rule, Side, laws};
    /// use elman_kernels::Fill;
    /// use elman_tensor::{Real, Shape, View, ViewMut};
    ///
    /// /// y = −x.
    /// struct Minus;
    ///
    /// impl<T: Real> Rule<T, 1> for Minus {
    ///     const NAME: &'static str = "minus";
    ///     fn shape(&self, [x]: [Shape; 1]) -> Result<Shape, Misfit> {
    ///         Ok(x)
    ///     }
    ///     fn forward(&self, [x]: [View<'_, T>; 1], mut y: ViewMut<'_, T>, _: Side<'_, T>) {
    ///         y.values_mut().iter_mut().zip(x.values()).for_each(|(y, &x)| *y = -x);
    ///     }
    ///     fn adjoint(&self, _: At<'_, T, 1>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
    ///         if let Some((mut dx, fill)) = d.fill(0) {
    ///             for (dx, &dy) in dx.values_mut().iter_mut().zip(dy.values()) {
    ///                 *dx = if fill == Fill::Overwrite { -dy } else { *dx - dy };
    ///             }
    ///         }
    ///     }
    /// }
    ///
    /// assert_eq!(laws::rule(Minus, [[5]]), Ok(())); // proven
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[inline]
    pub fn fill(&mut self, operand: usize) -> Option<(ViewMut<'_, T>, Fill)> {
        let place = self.places.get(operand).filter(|p| p.wanted && p.home == Home::Arena);
        let fresh = place.is_some_and(|place| self.stale.overwrite(self.arena, &place.range()));
        let fill = if fresh { Fill::Overwrite } else { Fill::Add };
        self.of(operand).map(|d| (d, fill))
    }
}
