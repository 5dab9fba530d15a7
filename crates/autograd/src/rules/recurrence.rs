//! Linear recurrences over the outermost axis.

use crate::error::Misfit;
use crate::laws::{Draw, Sample};
use crate::rule::{At, Partials, Rule, Side};
use elman_kernels::{
    complex_linear, complex_linear_back, complex_linear_back_in_pieces, complex_linear_in_pieces,
    fill, fit, linear, linear_back, linear_back_in_pieces, linear_in_pieces, map3, map3_rows,
    piece_of, update,
};
use elman_tensor::{Real, Shape, Tensor, View, ViewMut};

/// `y[t] = a[t] ∘ y[t − 1] + b[t]` with `y[−1] = h`: `a`, `b`, `y: [time, ..]`, `h: [..]`.
///
/// The product is rounded before the sum, as in steps of `a * h + b`: the bits are the same. In
/// parallel, pieces of time do not wait for each other, and the result is equal to rounding only.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
///
/// // Half of what was, and one more.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let y = Tape::new().evaluate(&none, |g| {
///     let (a, b, h) = (g.constant([3, 1], 0.5), g.constant([3, 1], 1.0), g.constant([1], 8.0));
///     g.apply(rules::Recurrence { parallel: false }, [a, b, h]).tensor()
/// })?;
/// assert_eq!(y.values(), [5.0, 3.5, 2.75]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recurrence {
    /// Whether the steps are computed by a parallel scan over time.
    pub parallel: bool,
}

impl<T: Real> Rule<T, 3> for Recurrence {
    const NAME: &'static str = "recurrence";

    fn shape(&self, [a, b, h]: [Shape; 3]) -> Result<Shape, Misfit> {
        if a != b || b.rank() == 0 || b.tail() != h {
            return Err(Misfit::new("wanted a, b: [time, ..] of equal shapes, and h: [..]"));
        }
        Ok(b)
    }

    /// Room for the cotangents of the sums, and for the products of a parallel scan.
    fn kept(&self, [_, b, _]: [Shape; 3]) -> usize {
        if self.parallel { b.len().saturating_mul(2) } else { b.len() }
    }

    fn forward(&self, [a, b, h]: [View<'_, T>; 3], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        let (a, b, h, y) = (a.values(), b.values(), h.values(), y.values_mut());
        let (sums, products) = side.kept.split_at_mut(y.len());
        fill(sums, T::ZERO);
        fit(if self.parallel {
            linear_in_pieces(a, b, h, y, products)
        } else {
            linear(a, b, h, y)
        });
    }

    /// With `g[t] = dy[t] + a[t + 1] ∘ g[t + 1]`: `da[t] += g[t] ∘ y[t − 1]`, `db += g`,
    /// `dh += a[0] ∘ g[0]`.
    fn adjoint(&self, at: At<'_, T, 3>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let ([a, _, h], y) = (at.x.map(|x| x.values()), at.y.values());
        if y.is_empty() {
            return;
        }
        let (width, (g, products)) = (h.len(), at.side.kept.split_at_mut(y.len()));
        fit(if self.parallel {
            linear_back_in_pieces(a, dy.values(), width, g, products)
        } else {
            linear_back(a, dy.values(), width, g)
        });
        if let Some(mut da) = d.of(0) {
            let (first, later) = da.values_mut().split_at_mut(width);
            let (before, g_first, g_later) = (&y[..y.len() - width], &g[..width], &g[width..]);
            fit(map3(g_first, h, h, first, |g, h, _| g * h));
            fit(map3(g_later, before, before, later, |g, y, _| g * y));
        }
        if let Some(mut db) = d.of(1) {
            fit(update(db.values_mut(), g, |db, g| *db += g));
        }
        if let Some(mut dh) = d.of(2) {
            let (a, g) = (&a[..width], &g[..width]);
            fit(map3(a, g, g, dh.values_mut(), |a, g, _| a * g));
        }
    }
}

/// `y[t] = λ ∘ y[t − 1] + b[t]` over the complex numbers with one `λ` for all steps, and
/// `y[−1] = h`, from real and imaginary parts `λʳ, λⁱ: [n]`, `bʳ, bⁱ: [time, batch, n]`,
/// `hʳ, hⁱ: [batch, n]`, to `[2, time, batch, n]`: first all real parts.
///
/// The bits are those of steps of `(λʳ * hʳ - λⁱ * hⁱ) + bʳ` and `(λⁱ * hʳ + λʳ * hⁱ) + bⁱ`. In
/// parallel, pieces of time do not wait for each other, and the result is equal to rounding only.
///
/// ```
/// use elman_autograd::{Params, Tape, rules};
///
/// // λ = i turns by a right angle at each step: 1, i, −1, −i.
/// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
/// let y = Tape::new().evaluate(&none, |g| {
///     let (re, im, b) = (g.zeros([1]), g.constant([1], 1.0), g.zeros([3, 1, 1]));
///     let (one, zero) = (g.constant([1, 1], 1.0), g.zeros([1, 1]));
///     g.apply(rules::ComplexRecurrence::default(), [re, im, b, b, one, zero]).tensor()
/// })?;
/// assert_eq!(y.shape().dims(), [2, 3, 1, 1]);
/// assert_eq!(y.values(), [0.0, -1.0, 0.0, 1.0, 0.0, -1.0]); // real parts, imaginary parts
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ComplexRecurrence {
    /// Whether the steps are computed by a parallel scan over time.
    pub parallel: bool,
}

impl<T: Real> Rule<T, 6> for ComplexRecurrence {
    const NAME: &'static str = "complex recurrence";

    fn shape(&self, [lr, li, br, bi, hr, hi]: [Shape; 6]) -> Result<Shape, Misfit> {
        let &[time, batch, n] = br.dims() else {
            return Err(Misfit::new("wanted b: [time, batch, n]"));
        };
        let state = Shape::from([batch, n]);
        if lr != Shape::from([n]) || li != lr || bi != br || hr != state || hi != state {
            return Err(Misfit::new(format!("wanted λ: [{n}], b: {br} and h: {state}")));
        }
        Ok(Shape::from([2, time, batch, n]))
    }

    /// Room for the cotangents of the sums, and for the powers of λ of a parallel scan.
    fn kept(&self, x: [Shape; 6]) -> usize {
        let steps = if self.parallel { piece_of(x[2].get(0).unwrap_or(0)) } else { 0 };
        let numbers = x[2].len().saturating_add(steps.saturating_mul(x[0].len()));
        numbers.saturating_mul(2)
    }

    fn forward(&self, x: [View<'_, T>; 6], mut y: ViewMut<'_, T>, side: Side<'_, T>) {
        fill(side.kept, T::ZERO);
        let [lr, li, br, bi, hr, hi] = x.map(|x| x.values());
        if br.is_empty() {
            return;
        }
        let (yr, yi) = y.values_mut().split_at_mut(br.len());
        let (lambda, b, h, y) = ([lr, li], [br, bi], [hr, hi], [yr, yi]);
        fit(if self.parallel {
            let (_, powers) = side.kept.split_at_mut(2 * br.len());
            let (pr, pi) = powers.split_at_mut(powers.len() / 2);
            complex_linear_in_pieces(lambda, b, h, y, [pr, pi])
        } else {
            complex_linear(lambda, b, h, y)
        });
    }

    /// With `g[t] = dy[t] + λ* ∘ g[t + 1]`: `dλ += Σ g[t] ∘ y[t − 1]*` over steps and rows,
    /// `db += g`, `dh += λ* ∘ g[0]`.
    fn adjoint(&self, at: At<'_, T, 6>, dy: View<'_, T>, d: &mut Partials<'_, T>) {
        let [lr, li, br, _, hr, hi] = at.x.map(|x| x.values());
        let (all, width) = (br.len(), hr.len());
        if all == 0 {
            return;
        }
        let (g, powers) = at.side.kept.split_at_mut(2 * all);
        let (gr, gi) = g.split_at_mut(all);
        let (dr, di) = dy.values().split_at(all);
        fit(if self.parallel {
            let (pr, pi) = powers.split_at_mut(powers.len() / 2);
            complex_linear_back_in_pieces([lr, li], [dr, di], width, [&mut *gr, gi], [pr, pi])
        } else {
            complex_linear_back([lr, li], [dr, di], width, [&mut *gr, gi])
        });
        let (yr, yi) = at.y.values().split_at(all);
        // Of each step the state before it, the first of which is h.
        let before = |y: &'_ [T]| y.len() - width;
        let pairs = |g: &[T], h: &[T], y: &[T], to: &mut [T], sign: T| {
            let f = |g, h, _| sign * (g * h);
            fit(map3_rows(&g[..width], h, &g[..width], to, f));
            fit(map3_rows(&g[width..], &y[..before(y)], &g[width..], to, f));
        };
        if let Some(mut d) = d.of(0) {
            pairs(gr, hr, yr, d.values_mut(), T::ONE);
            pairs(gi, hi, yi, d.values_mut(), T::ONE);
        }
        if let Some(mut d) = d.of(1) {
            pairs(gr, hi, yi, d.values_mut(), -T::ONE);
            pairs(gi, hr, yr, d.values_mut(), T::ONE);
        }
        for (operand, g) in [(2, &*gr), (3, &*gi)] {
            if let Some(mut d) = d.of(operand) {
                fit(update(d.values_mut(), g, |d, g| *d += g));
            }
        }
        let (gr, gi) = (&gr[..width], &gi[..width]);
        if let Some(mut d) = d.of(4) {
            fit(map3_rows(lr, gr, gr, d.values_mut(), |l, g, _| l * g));
            fit(map3_rows(li, gi, gi, d.values_mut(), |l, g, _| l * g));
        }
        if let Some(mut d) = d.of(5) {
            fit(map3_rows(lr, gi, gi, d.values_mut(), |l, g, _| l * g));
            fit(map3_rows(li, gr, gr, d.values_mut(), |l, g, _| -(l * g)));
        }
    }
}

impl Sample for Recurrence {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let [time, batch, n] = [0, 1, 2].map(|i| draw.size(i));
        let (rule, sequence) = (Recurrence { parallel: draw.pick(2) == 0 }, [time, batch, n]);
        (rule, vec![draw.normal(&sequence), draw.normal(&sequence), draw.normal(&[batch, n])])
    }
}

impl Sample for ComplexRecurrence {
    fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
        let [time, batch, n] = [0, 1, 2].map(|i| draw.size(i));
        let rule = ComplexRecurrence { parallel: draw.pick(2) == 0 };
        let shapes = [&[n][..], &[time, batch, n], &[batch, n]];
        let operands =
            shapes.into_iter().flat_map(|shape| [draw.normal(shape), draw.normal(shape)]);
        (rule, operands.collect())
    }
}
