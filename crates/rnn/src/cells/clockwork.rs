//! The clockwork network.

use crate::cell::Cell;
use crate::gate::Gate;
use elman_autograd::rules::Elementwise;
use elman_autograd::{Error, Graph, Scope, Var};
use elman_tensor::Real;

/// The clockwork network (Koutník, Greff, Gomez and Schmidhuber 2014), modules of units each of
/// which moves only at every so many steps, and reads itself and the slower ones:
///
/// hᵢ′ = tanh(bᵢ + x · Wᵢ + [hᵢ, hᵢ₊₁, …] · Uᵢ) where the period Tᵢ divides t, else hᵢ\
/// t′ = t + 1
///
/// t begins at 0, so that all modules move at the first step, and after the least common multiple
/// of all periods it begins anew.
///
/// Weights of each module `module0.w: [in, size]`, `module0.u: [slower × size, size]` (of this
/// module and all slower ones), `module0.b: [size]`. The state is `[h, t]`,
/// `h: [batch, modules × size]` and `t: [batch, 1]`; the output h′.
///
/// ```
/// use elman_autograd::Params;
/// use elman_rnn::{Clockwork, Stream};
///
/// // Two modules of 2 units: one moves at every step, the other at every fourth.
/// let (cell, params) =
///     Params::<f64>::init(1, |p| Clockwork::new(p.scope("cell"), 1, 2, &[1, 4]))?;
/// let mut stream = Stream::new(&params, cell);
/// let y = stream.predict((0..5).map(|t| [t as f64])).collect::<Result<Vec<_>, _>>()?;
/// assert!(y[0][..2] != y[1][..2] && y[0][2..] == y[1][2..]);
/// assert!(y[0][2..] == y[3][2..] && y[0][2..] != y[4][2..]);
/// # Ok::<(), elman_autograd::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clockwork {
    modules: Vec<Module>,
    /// Units of a module.
    size: usize,
    /// Steps after which everything begins anew.
    cycle: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Module {
    gate: Gate,
    period: u32,
}

impl Clockwork {
    /// Counts up to here are exact in every scalar.
    const LONGEST: u32 = 1 << 24;

    /// A cell with a module of `size` units for each period, from short to long; the paper takes
    /// powers of 2. Weights are drawn uniformly from ±1/√size.
    ///
    /// # Errors
    /// If a weight cannot be created; if there are no periods, if one is 0 or shorter than the one
    /// before, or if their least common multiple is above 2²⁴.
    pub fn new(
        mut p: Scope<'_>,
        input: usize,
        size: usize,
        periods: &[u32],
    ) -> Result<Self, Error> {
        let cycle = Self::cycle(periods).ok_or_else(|| Error::Setting {
            what: "the periods of a clockwork",
            wanted: "one or more, from 1 up, in order, with a common multiple of at most 2²⁴",
            given: format!("{periods:?}"),
        })?;
        let slower = (1..=periods.len()).rev();
        let modules = periods.iter().zip(slower).enumerate().map(|(i, (&period, slower))| {
            let p = p.scope(&format!("module{i}"));
            let gate = Gate::drawn(p, [input, slower.saturating_mul(size)], [1, size], |_, _| ())?;
            Ok(Module { gate, period })
        });
        Ok(Clockwork { modules: modules.collect::<Result<_, Error>>()?, size, cycle })
    }

    /// The least common multiple of periods in order.
    fn cycle(periods: &[u32]) -> Option<u32> {
        if periods.is_empty() || periods.contains(&0) || !periods.is_sorted() {
            return None;
        }
        let common = periods.iter().try_fold(1u32, |cycle, &period| {
            cycle.checked_mul(period / greatest_common_divisor(cycle, period))
        })?;
        (common <= Self::LONGEST).then_some(common)
    }

    /// The affine part of each module with its period, from short to long.
    pub fn modules(&self) -> impl Iterator<Item = (Gate, u32)> {
        self.modules.iter().map(|module| (module.gate, module.period))
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

impl Cell for Clockwork {
    type State<'g, T: Real> = [Var<'g, T>; 2];

    fn output(&self) -> usize {
        self.modules.len().saturating_mul(self.size)
    }

    #[track_caller]
    fn initial<'g, T: Real>(&self, g: &'g Graph<'g, T>, batch: usize) -> [Var<'g, T>; 2] {
        [g.zeros([batch, self.output()]), g.zeros([batch, 1])]
    }

    #[track_caller]
    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        [h, t]: [Var<'g, T>; 2],
    ) -> (Var<'g, T>, [Var<'g, T>; 2]) {
        let g = x.graph();
        let (size, all) = (self.size, g.constant([1, self.size], 1.0));
        let mut next = g.zeros([x.shape().rows(), 0]);
        for (i, module) in self.modules.iter().enumerate() {
            let _layer = g.layer(module.gate.params()[0]);
            let from = i * size;
            let moved = module.gate.of(x, h.part(1, from, self.output() - from)).tanh();
            // 1 or 0, so that either product is exact.
            let moves = g.apply(Moves(module.period), [t]).dot(all);
            let part = moves * moved + (1.0 - moves) * h.part(1, from, size);
            next = g.concat(1, &[next, part]);
        }
        let t = g.apply(Tick(self.cycle), [t]);
        (next, [next, t])
    }
}

/// 1 where a period divides the step t, else 0; between steps, that of the nearest.
#[derive(Debug, Clone, Copy)]
struct Moves(u32);

impl Elementwise for Moves {
    const NAME: &'static str = "moves";

    fn value<T: Real>(&self, t: T) -> T {
        let phase = t.to_f64().round().rem_euclid(f64::from(self.0));
        if phase == 0.0 { T::ONE } else { T::ZERO }
    }

    fn slope<T: Real>(&self, _t: T, _y: T) -> T {
        T::ZERO
    }
}

/// t + 1, or that less a cycle at its end.
#[derive(Debug, Clone, Copy)]
struct Tick(u32);

impl Elementwise for Tick {
    const NAME: &'static str = "tick";

    fn value<T: Real>(&self, t: T) -> T {
        let (next, cycle) = (t + T::ONE, T::from_f64(f64::from(self.0)));
        if next < cycle { next } else { next - cycle }
    }

    fn slope<T: Real>(&self, _t: T, _y: T) -> T {
        T::ONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman_autograd::laws::{Draw, Sample};
    use elman_tensor::Tensor;

    impl Sample for Moves {
        fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
            let t = draw.uniform(&[draw.size(0), 1], 0.0, 20.0);
            (Moves(1 + draw.pick(5) as u32), vec![t])
        }
    }

    impl Sample for Tick {
        fn sample(draw: &mut Draw) -> (Self, Vec<Tensor<f64>>) {
            let cycle = 1 + draw.pick(5) as u32;
            (Tick(cycle), vec![draw.uniform(&[draw.size(0), 1], 0.0, f64::from(cycle))])
        }
    }

    elman_autograd::prove! {
        moves: Moves[1],
        tick: Tick[1],
    }

    /// Where a float has the fewest digits, and the cycle is the longest that there can be.
    #[test]
    fn the_longest_cycle_is_counted_to_its_end() {
        let last = Clockwork::LONGEST as f32 - 1.0;
        let tick = Tick(Clockwork::LONGEST);
        assert_eq!([tick.value(last - 1.0), tick.value(last)], [last, 0.0]);
        assert_eq!(Moves(1 << 23).value(last - last.rem_euclid((1 << 23) as f32)), 1.0);
        assert_eq!(Moves(2).value(last), 0.0);
    }
}
