//! The simple recurrent unit.

use crate::cell::Cell;
use crate::scan::scan;
use crate::seq::Seq;
use elman_autograd::{Error, Param, Scope, Var};
use elman_tensor::{Init, Real};

/// The simple recurrent unit (Lei et al. 2018), whose gates see of the state each its own unit:
///
/// n, f, r, k = the four parts of b + x · W\
/// c′ = σ(f + v ∘ c) ∘ c + (1 − σ(f + v ∘ c)) ∘ n\
/// y = σ(r + w ∘ c) ∘ c′ + (1 − σ(r + w ∘ c)) ∘ k
///
/// Weights `w: [in, 4 × hidden]` in the order n, f, r, k, `b: [2 × hidden]` for f and r,
/// `forget: [hidden]` (v) and `reset: [hidden]` (w). Where inputs are as many as units, the paper
/// has k = x; here k is always a product, which can learn that. The state is `[c]`, the output y.
/// The products of a whole sequence are one.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Sru, Stream};
///
/// // Where r is closed, the output is k: inputs pass by the state.
/// let (cell, mut params) = Params::<f64>::init(1, |p| Sru::new(p.scope("cell"), 1, 1))?;
/// let [w, b, _, _] = cell.params();
/// params.get_mut(w).unwrap().copy_from_slice(&[0.0, 0.0, 0.0, 1.0]); // n, f, r, k
/// params.get_mut(b).unwrap().copy_from_slice(&[0.0, -40.0]);
/// assert!((Stream::new(&params, cell).push(&[5.0])?[0] - 5.0).abs() < 1e-12);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sru {
    w: Param,
    pointwise: Pointwise,
}

/// What is left of a step when the products are there: a cell that reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pointwise {
    b: Param,
    forget: Param,
    reset: Param,
}

impl Sru {
    /// A cell, its weights drawn uniformly from ±√(3/in), v and w from ±1/√hidden, biases 0.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(mut p: Scope<'_>, input: usize, hidden: usize) -> Result<Self, Error> {
        let bound = (3.0 / input.max(1) as f64).sqrt();
        let shape = [input, hidden.saturating_mul(4)];
        let own = Init::inverse_root(hidden);
        Ok(Sru {
            w: p.gates("w", shape, 4, Init::Uniform { bound })?,
            pointwise: Pointwise {
                b: p.weight("b", [hidden.saturating_mul(2)], Init::Zeros)?,
                forget: p.weight("forget", [hidden], own)?,
                reset: p.weight("reset", [hidden], own)?,
            },
        })
    }

    /// The weights W, b, v and w.
    pub fn params(&self) -> [Param; 4] {
        let Pointwise { b, forget, reset } = self.pointwise;
        [self.w, b, forget, reset]
    }

    /// The products with x.
    #[track_caller]
    fn products<'g, T: Real>(&self, x: Var<'g, T>) -> Var<'g, T> {
        let g = x.graph();
        let none = g.absent();
        x.affine(g.param(self.w), none, none, none)
    }
}

impl Cell for Sru {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.pointwise.output()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        c: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _layer = x.graph().layer(self.w);
        self.pointwise.step(self.products(x), c)
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        c: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _layer = xs.graph().layer(self.w);
        xs.check("sequence", std::panic::Location::caller());
        scan(&self.pointwise, xs.with_values(self.products(xs.values())), c)
    }
}

impl Cell for Pointwise {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.forget.shape().last()
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [c]: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let g = x.graph();
        let [n, f, r, k] = x.split();
        let b = g.param(self.b).split::<2>();
        let gate = |sum: Var<'g, T>, b: Var<'g, T>, own: Var<'g, T>| (sum + b + own * c).sigmoid();
        let (f, r) = (gate(f, b[0], g.param(self.forget)), gate(r, b[1], g.param(self.reset)));
        let c = f * c + (1.0 - f) * n;
        (r * c + (1.0 - r) * k, [c])
    }
}
