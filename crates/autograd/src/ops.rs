//! Rules as operators and methods of `Var`.

use crate::graph::Graph;
use crate::ids::Ids;
use crate::rules;
use crate::var::Var;
use elman_tensor::{Real, Shape};
use std::ops;
use std::panic::Location;

macro_rules! operators {
    ($($trait:ident $method:ident $rule:ident $right:expr, $left:expr;)*) => {$(
        impl<'g, T: Real> ops::$trait for Var<'g, T> {
            type Output = Self;
            #[inline]
            #[track_caller]
            fn $method(self, other: Self) -> Self {
                self.graph.apply(rules::$rule, [self, other])
            }
        }

        impl<'g, T: Real> ops::$trait<f64> for Var<'g, T> {
            type Output = Self;
            #[track_caller]
            fn $method(self, c: f64) -> Self {
                let rule: fn(f64) -> _ = $right;
                self.graph.apply(rule(c), [self])
            }
        }

        impl<'g, T: Real> ops::$trait<Var<'g, T>> for f64 {
            type Output = Var<'g, T>;
            #[track_caller]
            fn $method(self, x: Var<'g, T>) -> Var<'g, T> {
                let f: fn(f64, Var<'g, T>, &'static Location<'static>) -> Var<'g, T> = $left;
                f(self, x, Location::caller())
            }
        }
    )*};
}

operators! {
    Add add Add |c| rules::Shift(c), |c, x, line| x.graph.apply_at(rules::Shift(c), [x], line);
    Sub sub Sub |c| rules::Shift(-c), |c, x, line| x.graph.apply_at(rules::Complement(c), [x], line);
    Mul mul Mul |c| rules::Scale(c), |c, x, line| x.graph.apply_at(rules::Scale(c), [x], line);
    Div div Div |c| rules::Ratio(c), |c, x, line| x.graph.apply_at(rules::Over(c), [x], line);
}

impl<'g, T: Real> ops::Neg for Var<'g, T> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.graph.apply(rules::Neg, [self])
    }
}

macro_rules! methods {
    ($($(#[$doc:meta])* $method:ident $rule:ident;)*) => {
        impl<'g, T: Real> Var<'g, T> {$(
            $(#[$doc])*
            #[track_caller]
            #[must_use]
            pub fn $method(self) -> Self {
                self.graph.apply(rules::$rule, [self])
            }
        )*}
    };
}

methods! {
    /// eˣ, elementwise.
    exp Exp;
    /// The natural logarithm, elementwise.
    ln Ln;
    /// sin x, elementwise.
    sin Sin;
    /// cos x, elementwise.
    cos Cos;
    /// √x, elementwise.
    sqrt Sqrt;
    /// The hyperbolic tangent, elementwise.
    tanh Tanh;
    /// 1 / (1 + e⁻ˣ), elementwise.
    sigmoid Sigmoid;
    /// max(x, 0), elementwise.
    relu Relu;
    /// ln(1 + eˣ), elementwise.
    softplus Softplus;
    /// x², elementwise.
    square Square;
    /// |x|, elementwise.
    abs Abs;
    /// The sum of all elements: `[..]` to `[]`.
    sum Sum;
    /// Softmax along the innermost axis.
    softmax Softmax;
    /// The logarithm of the softmax along the innermost axis.
    log_softmax LogSoftmax;
}

impl<'g, T: Real> Var<'g, T> {
    /// Sets tiny values and cotangents to 0, see [`rules::FlushToZero`]. A Var that was made by this
    /// is returned as it is.
    ///
    /// Sequences and streams of a cell call it for each Var of the state after each step.
    #[track_caller]
    #[must_use]
    pub fn flush_to_zero(self) -> Self {
        self.flush_to_zero_at(Location::caller())
    }

    /// [`flush_to_zero`](Var::flush_to_zero) on behalf of a line: for use in closures, in which
    /// `#[track_caller]` is lost.
    #[must_use]
    pub fn flush_to_zero_at(self, line: &'static Location<'static>) -> Self {
        if self.graph.is_made_by(rules::FlushToZero, &self) {
            return self;
        }
        self.graph.apply_at(rules::FlushToZero, [self], line)
    }

    /// The matrix product `[.., k] · [k, n]` to `[.., n]`, or `[.., k] · [k]` to `[..]`.
    #[track_caller]
    #[must_use]
    pub fn dot(self, w: Self) -> Self {
        self.graph.apply(rules::Dot, [self, w])
    }

    /// The mean of all elements: `[..]` to `[]`. Of no elements there is none: that is a misfit.
    #[track_caller]
    #[must_use]
    pub fn mean(self) -> Self {
        match self.shape().len() {
            0 => self.misfit("mean", "there are no elements".into(), Location::caller()),
            n => self.sum() / n as f64,
        }
    }

    /// The sum along an axis, which disappears.
    #[track_caller]
    #[must_use]
    pub fn sum_axis(self, axis: usize) -> Self {
        self.graph.apply(rules::SumAxis { axis }, [self])
    }

    /// The mean along an axis, which disappears.
    #[track_caller]
    #[must_use]
    pub fn mean_axis(self, axis: usize) -> Self {
        match self.shape().get(axis) {
            Some(0) => self.misfit("mean_axis", "there are no items".into(), Location::caller()),
            n => self.sum_axis(axis) / n.unwrap_or(1) as f64,
        }
    }

    /// `len` items from `start` along an axis: a copy. Along the outermost axis,
    /// [`slice`](Var::slice) is free.
    #[track_caller]
    #[must_use]
    pub fn part(self, axis: usize, start: usize, len: usize) -> Self {
        self.graph.apply(rules::Part { axis, start, len }, [self])
    }

    /// `N` equal parts of the innermost axis, such as the gates of a cell.
    ///
    /// ```
    /// use elman_autograd::{Params, Tape};
    /// use elman_tensor::Tensor;
    ///
    /// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
    /// let sums = Tensor::from_fn([2, 4], |i| i as f64)?; // 0 1 2 3, 4 5 6 7
    /// Tape::new().evaluate(&none, |g| {
    ///     let [gate, candidate] = g.input(&sums).split();
    ///     assert_eq!(gate.tensor().values(), [0.0, 1.0, 4.0, 5.0]);
    ///     assert_eq!(candidate.tensor().values(), [2.0, 3.0, 6.0, 7.0]);
    /// })?;
    /// assert!(Tape::new().evaluate(&none, |g| g.input(&sums).split::<3>()[0].item()).is_err());
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn split<const N: usize>(self) -> [Self; N] {
        let (shape, line) = (self.shape(), Location::caller());
        let axis = shape.rank().saturating_sub(1);
        if shape.last().checked_rem(N) != Some(0) {
            return [self.misfit("split", format!("there are no {N} equal parts"), line); N];
        }
        let len = shape.last() / N;
        std::array::from_fn(|i| {
            self.graph.apply_at(rules::Part { axis, start: i * len, len }, [self], line)
        })
    }

    /// The linear recurrence `y[t] = a[t] ∘ y[t − 1] + x[t]` over the outermost axis, with this
    /// sequence as `x: [time, ..]`, `a: [time, ..]` and `h: [..]` as `y[−1]`.
    ///
    /// ```
    /// use elman_autograd::{Params, Tape};
    ///
    /// // A bank account: 5 % interest a year on 100, and 10 paid in.
    /// let ((), none) = Params::<f64>::init(0, |_| Ok(()))?;
    /// let y = Tape::new().evaluate(&none, |g| {
    ///     g.constant([2], 10.0).recurrence(g.constant([2], 1.05), g.constant([], 100.0)).tensor()
    /// })?;
    /// assert_eq!(y.values(), [115.0, 1.05 * 115.0 + 10.0]);
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn recurrence(self, a: Self, h: Self) -> Self {
        self.graph.apply(rules::Recurrence::default(), [a, self, h])
    }

    /// Items of a table `[rows, ..]` by index: `[ids, ..]`.
    #[track_caller]
    #[must_use]
    pub fn gather(self, ids: Ids<'g, T>) -> Self {
        let ids = ids.range_in(self.graph, "gather", Location::caller());
        self.graph.apply(rules::Gather { ids }, [self])
    }

    /// Item by item along the outermost axis: this one's where the flag is not 0, else `other`'s.
    #[track_caller]
    #[must_use]
    pub fn select(self, flags: Ids<'g, T>, other: Self) -> Self {
        let flags = flags.range_in(self.graph, "select", Location::caller());
        self.graph.apply(rules::Select { flags }, [self, other])
    }

    /// In a training pass: each element 0 with probability `rate`, the others scaled by
    /// 1 / (1 − rate). In an evaluation: the same value.
    ///
    /// `key` tells layers apart ([`Scope::key`](crate::Scope::key)); the mask also depends on the
    /// tape's seed, the training step and the time step marked last.
    ///
    /// ```
    /// use elman_autograd::{Grad, Params, Tape};
    /// use elman_tensor::Init;
    ///
    /// let (w, params) = Params::<f64>::init(0, |p| p.weight("w", [1000], Init::Constant(1.0)))?;
    /// let (mut tape, mut grad) = (Tape::new(), Grad::zeros(&params));
    /// tape.gradient(&params, &mut grad, |g| g.param(w).dropout(0.75, 7).sum())?;
    /// assert!(grad.values().iter().all(|dw| [0.0, 4.0].contains(dw)));
    /// assert_eq!(tape.evaluate(&params, |g| g.param(w).dropout(0.75, 7).sum().item())?, 1000.0);
    /// # Ok::<(), elman_autograd::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn dropout(self, rate: f64, key: u64) -> Self {
        self.masked(rate, |g| g.keys(key), false, Location::caller())
    }

    /// [`dropout`](Var::dropout) of a whole sequence `[time, ..]`: each step has the mask that it
    /// would have alone, its time step marked.
    #[track_caller]
    #[must_use]
    pub fn dropout_over_time(self, rate: f64, key: u64) -> Self {
        let keys = |g: &Graph<'_, T>| {
            let [seed, layer, step, _] = g.keys(key);
            [seed, layer, step, g.now().unwrap_or(0) as u64]
        };
        self.masked(rate, keys, true, Location::caller())
    }

    /// [`dropout`](Var::dropout) by the same mask at each time step: one mask a sequence.
    #[track_caller]
    #[must_use]
    pub fn dropout_always(self, rate: f64, key: u64) -> Self {
        self.masked(rate, |g| g.keys_always(key), false, Location::caller())
    }

    fn masked(
        self,
        rate: f64,
        keys: impl FnOnce(&Graph<'g, T>) -> [u64; 4],
        over_time: bool,
        line: &'static Location<'static>,
    ) -> Self {
        if !self.graph.training() {
            return self;
        }
        let keys = keys(self.graph);
        self.graph.apply_at(rules::Dropout { rate, keys, over_time }, [self], line)
    }

    /// In a training pass: each element `old`'s with probability `rate`, else this one's. In an
    /// evaluation, what is expected: `rate · old + (1 − rate) · self`.
    ///
    /// The mask depends on what that of [`dropout`](Var::dropout) does.
    #[track_caller]
    #[must_use]
    pub fn zoneout(self, old: Self, rate: f64, key: u64) -> Self {
        if self.graph.training() {
            let keys = self.graph.keys(key);
            return self.graph.apply(rules::Zoneout { rate, keys }, [self, old]);
        }
        rate * old + (1.0 - rate) * self
    }

    /// The same value, through which each element of the gradient comes back at most as large as
    /// `limit`.
    #[track_caller]
    #[must_use]
    pub fn clip_gradient(self, limit: f64) -> Self {
        self.graph.apply(rules::ClipGradient { limit }, [self])
    }

    /// `y = b + x · W + h · U` with `self` as `x`; see [`rules::Affine`] for its order of
    /// summation. Operands that are not there are [`Graph::absent`].
    #[track_caller]
    #[must_use]
    pub fn affine(self, w: Self, h: Self, u: Self, b: Self) -> Self {
        self.graph.apply(rules::Affine, [self, w, h, u, b])
    }
}

impl<'g, T: Real> Graph<'g, T> {
    /// Vars one after the other along an axis.
    #[track_caller]
    pub fn concat(&'g self, axis: usize, x: &[Var<'g, T>]) -> Var<'g, T> {
        self.apply_any(rules::Concat { axis }, x, Location::caller())
    }

    /// Vars of equal shapes along a new outermost axis; of none, `[0, item..]` would have no
    /// shape, so there must be one.
    #[track_caller]
    pub fn stack(&'g self, x: &[Var<'g, T>]) -> Var<'g, T> {
        self.apply_any(rules::Stack, x, Location::caller())
    }

    /// The states of a batch before the first step: zeros `[batch, size]`.
    #[track_caller]
    pub fn state(&'g self, batch: usize, size: usize) -> Var<'g, T> {
        self.zeros(Shape::from([batch, size]))
    }
}
