//! Echo states, whose weights no gradient reaches.

use super::*;
use crate::seq::Seq;
use elman_autograd::{Graph, Replaced, Var};
use elman_tensor::{Random, Real, Tensor};

fn leaky(p: &mut Scope<'_>, input: usize, hidden: usize) -> Result<EchoState, Error> {
    let settings = Reservoir { leak: 0.3, entries: 2, ..Reservoir::default() };
    EchoState::with(p.scope("c"), input, hidden, settings)
}

/// A reservoir whose weights are data: the laws of derivatives then hold, and prove its gradients
/// with respect to inputs and state.
struct Given {
    cell: EchoState,
    weights: [Tensor<f64>; 3],
}

impl Given {
    fn new(cell: EchoState) -> Result<Self, Error> {
        let mut random = Random::new(5, "given", 0);
        let [w, u, b] =
            cell.params().map(|w| Tensor::from_fn(w.shape(), |_| 0.5 * random.normal()));
        Ok(Given { cell, weights: [w?, u?, b?] })
    }

    fn given<'g, T: Real>(&self, g: &'g Graph<'g, T>) -> Replaced<'g, T> {
        let data = self.weights.each_ref().map(|w| g.input(&w.cast()));
        g.replace_all(self.cell.params(), data)
    }
}

impl Cell for Given {
    type State<'g, T: Real> = [Var<'g, T>; 1];

    fn output(&self) -> usize {
        self.cell.output()
    }

    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        h: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _given = self.given(x.graph());
        self.cell.step(x, h)
    }

    fn sequence<'g, T: Real>(
        &self,
        xs: Seq<'g, T>,
        h: [Var<'g, T>; 1],
    ) -> (Var<'g, T>, [Var<'g, T>; 1]) {
        let _given = self.given(xs.graph());
        self.cell.sequence(xs, h)
    }
}

proven! {
    cell_over, 0..4;
    echo_state: |p, input, hidden| EchoState::new(p.scope("c"), input, hidden);
    echo_state_leaky: |p, input, hidden| leaky(p, input, hidden);
    echo_state_derivatives: |p, input, hidden| {
        Given::new(EchoState::new(p.scope("c"), input, hidden)?)
    };
    echo_state_leaky_derivatives: |p, input, hidden| Given::new(leaky(p, input, hidden)?);
}
