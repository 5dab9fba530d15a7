use super::*;
use crate::adaptors::*;
use crate::bidirectional::{Bidirectional, Merge};
use crate::cell::Cell;
use crate::cells::{Activation, ConcatElman, EchoState, Elman, Gru, Lstm, Reservoir};
use crate::layer::{Layer, Rnn};
use crate::linear::Linear;
use crate::seq::Seq;
use elman_autograd::{Graph, Replaced, Var};
use elman_tensor::{Random, Real, Tensor};
use proptest::prelude::*;

fn sizes() -> impl Strategy<Value = (Sizes, usize, u64)> {
    let sizes = (0usize..6, 0usize..4, 0usize..4);
    (sizes, 0usize..5, any::<u64>()).prop_map(|((time, batch, input), hidden, seed)| {
        (Sizes { time, batch, input }, hidden, seed)
    })
}

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

/// One test a line: the name, and how a cell or a layer is built from (scope, input, hidden).
macro_rules! proven {
    ($over:ident: $($name:ident: |$p:ident, $input:ident, $hidden:ident| $build:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(48))]
            $(#[test]
            fn $name((sizes, $hidden, seed) in sizes()) {
                let $input = sizes.input;
                let built = $over(stringify!($name), sizes, seed, |$p| $build);
                built.map_err(|violation| TestCaseError::fail(violation.to_string()))?;
            })*
        }
    };
}

proven! { cell_over:
    elman: |p, input, hidden| Elman::new(p.scope("c"), input, hidden);
    elman_relu: |p, input, hidden| Elman::with(p.scope("c"), input, hidden, Activation::Relu);
    concat_elman: |p, input, hidden| ConcatElman::new(p.scope("c"), input, hidden);
    lstm: |p, input, hidden| Lstm::new(p.scope("c"), input, hidden);
    gru: |p, input, hidden| Gru::new(p.scope("c"), input, hidden);
    echo_state: |p, input, hidden| EchoState::new(p.scope("c"), input, hidden);
    echo_state_leaky: |p, input, hidden| leaky(p, input, hidden);
    echo_state_derivatives: |p, input, hidden| {
        Given::new(EchoState::new(p.scope("c"), input, hidden)?)
    };
    echo_state_leaky_derivatives: |p, input, hidden| Given::new(leaky(p, input, hidden)?);
    readout: |p, input, hidden| {
        Ok(Gru::new(p.scope("c"), input, hidden)?.readout(Linear::new(p.scope("h"), hidden, 2)?))
    };
    stack: |p, input, hidden| {
        let below = Lstm::new(p.scope("below"), input, hidden)?;
        Ok(below.stack(Gru::new(p.scope("above"), hidden, 3)?))
    };
}

proven! { cell_over:
    learned: |p, input, hidden| {
        let cell = Lstm::new(p.scope("c"), input, hidden)?;
        Learned::new(cell.stack(Gru::new(p.scope("d"), hidden, 2)?), p.scope("learned"))
    };
    residual: |p, input, hidden| {
        let _ = hidden;
        Ok(Residual(Gru::new(p.scope("c"), input, input)?))
    };
    skip: |p, input, hidden| Ok(Skip::new(Lstm::new(p.scope("c"), input, hidden)?, input));
    dropout: |p, input, hidden| {
        let below = Dropout::new(Lstm::new(p.scope("c"), input, hidden)?, p.scope("drop"), 0.4)?;
        Ok(below.stack(Gru::new(p.scope("d"), hidden, 2)?))
    };
    variational: |p, input, hidden| {
        Variational::new(Lstm::new(p.scope("c"), input, hidden)?, p.scope("drop"), 0.3, 0.4)
    };
    variational_inputs: |p, input, hidden| {
        Variational::new(Gru::new(p.scope("c"), input, hidden)?, p.scope("drop"), 0.3, 0.0)
    };
    zoneout: |p, input, hidden| {
        Zoneout::new(Lstm::new(p.scope("c"), input, hidden)?, p.scope("zone"), 0.2, 0.5)
    };
    weight_drop: |p, input, hidden| {
        let cell = Lstm::new(p.scope("c"), input, hidden)?;
        let [w, u, _] = cell.gates().params();
        WeightDrop::new(cell, p.scope("drop"), [w, u], 0.4)
    };
    truncated: |p, input, hidden| Truncated::new(Gru::new(p.scope("c"), input, hidden)?, 2);
    clipped: |p, input, hidden| Clipped::new(Lstm::new(p.scope("c"), input, hidden)?, 0.5);
    segmented: |p, input, hidden| {
        let cell = Lstm::new(p.scope("c"), input, hidden)?;
        Ok(Segmented::new(cell.stack(Gru::new(p.scope("d"), hidden, 2)?)))
    };
    segments_of_random_masks: |p, input, hidden| {
        let cell = Lstm::new(p.scope("c"), input, hidden)?;
        let zoned = Zoneout::new(cell, p.scope("zone"), 0.2, 0.5)?;
        Segmented::of(Dropout::new(zoned, p.scope("drop"), 0.3)?, 2)
    };
    everything_around_a_cell: |p, input, hidden| {
        let _ = hidden;
        let cell = Learned::new(Lstm::new(p.scope("c"), input, input)?, p.scope("learned"))?;
        let cell = Residual(Variational::new(cell, p.scope("v"), 0.2, 0.3)?);
        Segmented::of(Skip::new(Dropout::new(cell, p.scope("drop"), 0.2)?, input), 2)
    };
}

proven! { layer_over:
    linear: |p, input, hidden| Linear::new(p.scope("l"), input, hidden);
    layer_of_a_cell: |p, input, hidden| Ok(Rnn(Gru::new(p.scope("c"), input, hidden)?));
    both_directions: |p, input, hidden| {
        let forward = Lstm::new(p.scope("f"), input, hidden)?;
        Ok(Bidirectional::new(forward, Gru::new(p.scope("b"), input, 2)?))
    };
    both_directions_added: |p, input, hidden| {
        let forward = Lstm::new(p.scope("f"), input, hidden)?;
        let both = Bidirectional::new(forward, Lstm::new(p.scope("b"), input, hidden)?);
        Ok(Residual(Linear::new(p.scope("l"), input, input)?).then(both.merge(Merge::Sum)))
    };
    both_directions_averaged: |p, input, hidden| {
        let forward = Gru::new(p.scope("f"), input, hidden)?;
        let both = Bidirectional::new(forward, Elman::new(p.scope("b"), input, hidden)?);
        Ok(Skip::new(both.merge(Merge::Mean), input))
    };
    both_directions_multiplied: |p, input, hidden| {
        let forward = Learned::new(Gru::new(p.scope("f"), input, hidden)?, p.scope("s"))?;
        let both = Bidirectional::new(forward, Segmented::new(Gru::new(p.scope("b"), input, hidden)?));
        Dropout::new(both.merge(Merge::Product), p.scope("drop"), 0.3)
    };
    one_after_another: |p, input, hidden| {
        let first = Rnn(Lstm::new(p.scope("a"), input, hidden)?);
        let rest = vec![Rnn(Gru::new(p.scope("b"), hidden, hidden)?), Rnn(Gru::new(p.scope("d"), hidden, hidden)?)];
        Ok(first.then(rest))
    };
}
