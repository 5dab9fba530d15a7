//! The linear recurrent unit.

use super::linear::at_once;
use super::setting::{finite, positive};
use crate::cell::Cell;
use crate::scan::scan;
use crate::seq::Seq;
use elman_autograd::{Error, Param, Scope, Var, rules};
use elman_tensor::{Init, Real};
use std::panic::Location;

/// The linear recurrent unit (Orvieto et al. 2023), a diagonal recurrence over the complex numbers:
///
/// λ = exp(−exp(ν) + i exp(θ))\
/// h′ = λ ∘ h + exp(γ) ∘ (x · B)\
/// y = Re(h′ · C) + x · D
///
/// However ν and θ learn, |λ| stays below 1. It is linear: something that is not has to come
/// between two of them.
///
/// Weights `nu`, `theta`, `gamma: [n]`; B in its real and imaginary parts `b: [in, n]` and
/// `b_imaginary: [in, n]`, C likewise `c: [n, out]` and, with the sign that the real part of a
/// product gives it, `c_imaginary: [n, out]`; `d: [in, out]`. The state is `[Re h, Im h]`, the
/// output y. A whole sequence is a few products and one pass over its states.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::Lru;
///
/// // Eight units that forget at most a tenth of their state at a step, and at least a hundredth.
/// let (cell, params) = Params::<f64>::init(1, |p| {
///     Lru::within(p.scope("cell"), [2, 8, 3], [0.9, 0.99], 0.5)
/// })?;
/// let [nu, _, _] = cell.diagonal();
/// for nu in params.get(nu).unwrap().values() {
///     assert!((0.9..=0.99).contains(&(-nu.exp()).exp())); // |λ|
/// }
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lru {
    nu: Param,
    theta: Param,
    gamma: Param,
    b: [Param; 2],
    c: [Param; 2],
    d: Param,
    parallel: bool,
}

impl Lru {
    /// A cell of `hidden` complex units whose λ lie anywhere in the unit circle.
    ///
    /// # Errors
    /// If a weight cannot be created.
    pub fn new(p: Scope<'_>, input: usize, hidden: usize, output: usize) -> Result<Self, Error> {
        Self::within(p, [input, hidden, output], [0.0, 1.0], std::f64::consts::TAU)
    }

    /// A cell of sizes `[in, n, out]` whose λ are drawn uniformly from the ring between two radii,
    /// with angles from 0 to `angle`: close to 1 for a long memory, small angles for slow ones. γ
    /// starts at ln √(1 − |λ|²), so that states are as large as what goes in.
    ///
    /// # Errors
    /// If a weight cannot be created; if the radii do not lie in order between 0 and 1, or the
    /// angle is not positive.
    pub fn within(
        mut p: Scope<'_>,
        [input, hidden, output]: [usize; 3],
        [inner, outer]: [f64; 2],
        angle: f64,
    ) -> Result<Self, Error> {
        let angle = positive("the largest angle", angle)?;
        let radii = (finite("a radius", inner)?, finite("a radius", outer)?);
        if !(0.0 <= radii.0 && radii.0 <= radii.1 && radii.1 <= 1.0) {
            let (what, wanted) = ("the radii", "in order between 0 and 1");
            return Err(Error::Setting { what, wanted, given: format!("{inner} to {outer}") });
        }
        // ln |λ| = ½ ln u for u uniform between the squares: as many in equal areas.
        let mut square = Vec::new();
        let nu = p.drawn("nu", [hidden], |random, nu| {
            for nu in nu {
                let u = random.uniform(inner * inner, outer * outer);
                // Neither a λ of 0 nor one of 1 has a ν.
                let u = u.clamp(1e-12, 1.0 - 1e-9);
                *nu = libm::log(-0.5 * libm::log(u));
                square.push(u);
            }
        })?;
        let theta = p.drawn("theta", [hidden], |random, theta| {
            theta.fill_with(|| libm::log(random.uniform(angle * 1e-6, angle)));
        })?;
        let gamma = p.drawn("gamma", [hidden], |_, gamma| {
            gamma.iter_mut().zip(square).for_each(|(gamma, u)| *gamma = 0.5 * libm::log(1.0 - u));
        })?;
        let root = |n: f64| 1.0 / n.max(1.0).sqrt();
        let [into, out] = [
            Init::Normal { std: root(2.0 * input as f64) },
            Init::Normal { std: root(hidden as f64) },
        ];
        Ok(Lru {
            nu,
            theta,
            gamma,
            b: [
                p.weight("b", [input, hidden], into)?,
                p.weight("b_imaginary", [input, hidden], into)?,
            ],
            c: [
                p.weight("c", [hidden, output], out)?,
                p.weight("c_imaginary", [hidden, output], out)?,
            ],
            d: p.weight("d", [input, output], Init::Normal { std: root(input as f64) })?,
            parallel: false,
        })
    }

    /// This cell with whole sequences computed by a parallel scan over time, for few long rows on
    /// many threads: equal to its steps to rounding, not to the bit. Rows that start anew on the
    /// way are still computed step by step.
    #[must_use]
    pub fn in_parallel(self) -> Self {
        Lru { parallel: true, ..self }
    }

    /// The weights ν, θ and γ.
    pub fn diagonal(&self) -> [Param; 3] {
        [self.nu, self.theta, self.gamma]
    }

    /// The weights B, C and D: the first two in real and imaginary parts.
    pub fn products(&self) -> ([Param; 2], [Param; 2], Param) {
        (self.b, self.c, self.d)
    }

    /// Real and imaginary part of λ.
    #[track_caller]
    fn lambda<'g, T: Real>(&self, x: Var<'g, T>) -> [Var<'g, T>; 2] {
        let g = x.graph();
        let (radius, angle) = ((-g.param(self.nu).exp()).exp(), g.param(self.theta).exp());
        [radius * angle.cos(), radius * angle.sin()]
    }

    /// Real and imaginary part of what is added to the state.
    #[track_caller]
    fn added<'g, T: Real>(&self, x: Var<'g, T>) -> [Var<'g, T>; 2] {
        let g = x.graph();
        let (gamma, none) = (g.param(self.gamma).exp(), g.absent());
        let [b, imaginary] = self.b;
        [
            gamma * x.affine(g.param(b), none, none, none),
            gamma * x.affine(g.param(imaginary), none, none, none),
        ]
    }

    /// Re(h · C) + x · D.
    #[track_caller]
    fn read<'g, T: Real>(&self, x: Var<'g, T>, [re, im]: [Var<'g, T>; 2]) -> Var<'g, T> {
        let g = x.graph();
        let ([c, imaginary], none) = (self.c, g.absent());
        re.affine(g.param(c), im, g.param(imaginary), none)
            + x.affine(g.param(self.d), none, none, none)
    }
}

impl Cell for Lru {
    type State<'g, T: Real> = [Var<'g, T>; 2];

    fn output(&self) -> usize {
        self.d.shape().last()
    }

    #[track_caller]
    fn initial<'g, T: Real>(
        &self,
        g: &'g elman_autograd::Graph<'g, T>,
        batch: usize,
    ) -> [Var<'g, T>; 2] {
        [g.zeros([batch, self.nu.shape().last()]); 2]
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [re, im]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let _layer = x.graph().layer(self.nu);
        let ([lr, li], [br, bi]) = (self.lambda(x), self.added(x));
        let h = [(lr * re - li * im) + br, (li * re + lr * im) + bi];
        let h = h.map(Var::flush_to_zero);
        (self.read(x, h), h)
    }

    #[track_caller]
    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        [re, im]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let (g, x) = (xs.graph(), xs.values());
        let _layer = g.layer(self.nu);
        // One λ is for all steps: it cannot be 0 where a row starts anew.
        if !at_once(&xs) || xs.resets().is_some() {
            return scan(self, xs, [re, im]);
        }
        let ([lr, li], [br, bi]) = (self.lambda(x), self.added(x));
        let operands = [lr, li, br, bi, re, im];
        let rule = rules::ComplexRecurrence { parallel: self.parallel };
        let all = g.apply_at(rule, operands, Location::caller());
        let h = [all.at(0), all.at(1)];
        let ends = [xs.with_values(h[0]).ends(re), xs.with_values(h[1]).ends(im)];
        (xs.silenced(self.read(x, h)), ends)
    }
}
