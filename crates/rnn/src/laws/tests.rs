use super::*;
use crate::adaptors::*;
use crate::bidirectional::{Bidirectional, Merge};
use crate::cell::Cell;
use crate::cells::*;
use crate::layer::{Layer, Rnn};
use crate::linear::Linear;
use crate::network::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::ops::Range;

/// Checks a cell or a layer on 48 random sequences. Sizes and seeds are drawn; `features` is the
/// range of the number of features. One function for all, because a runner is slow to compile.
fn hold(
    name: &'static str,
    features: Range<usize>,
    prove: fn(Sizes, usize, u64) -> Result<(), Violation>,
) {
    let (test_name, source_file) = (Some(name), Some(file!()));
    let config = ProptestConfig { cases: 48, test_name, source_file, ..Default::default() };
    let sizes = (0usize..6, 0usize..4, features);
    let result = TestRunner::new(config).run(
        &(sizes, 0usize..5, any::<u64>()),
        |((time, batch, input), hidden, seed)| {
            let proven = prove(Sizes { time, batch, input }, hidden, seed);
            proven.map_err(|violation| TestCaseError::fail(violation.to_string()))
        },
    );
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

/// One test a line: the name, and how a cell or a layer is built from (scope, input, hidden); first
/// of all the law, and how many features an element may have.
macro_rules! proven {
    ($over:ident, $features:expr; $($name:ident: |$p:ident, $input:ident, $hidden:ident| $build:expr;)*) => {
        $(#[test]
        fn $name() {
            let name = concat!(module_path!(), "::", stringify!($name));
            hold(name, $features, |sizes, $hidden, seed| {
                let $input = sizes.input;
                $over(stringify!($name), sizes, seed, |$p| $build)
            });
        })*
    };
}

proven! {
    cell_over, 0..4;
    elman: |p, input, hidden| Elman::new(p.scope("c"), input, hidden);
    elman_relu: |p, input, hidden| Elman::with(p.scope("c"), input, hidden, Activation::Relu);
    elman_identity: |p, input, hidden| {
        Elman::with(p.scope("c"), input, hidden, Activation::Identity)
    };
    elman_sigmoid: |p, input, hidden| Elman::with(p.scope("c"), input, hidden, Activation::Sigmoid);
    elman_softplus: |p, input, hidden| {
        Elman::with(p.scope("c"), input, hidden, Activation::Softplus)
    };
    elman_softsign: |p, input, hidden| {
        Elman::with(p.scope("c"), input, hidden, Activation::Softsign)
    };
    elman_leaky_relu: |p, input, hidden| {
        Elman::with(p.scope("c"), input, hidden, Activation::LeakyRelu(0.1))
    };
    elman_elu: |p, input, hidden| Elman::with(p.scope("c"), input, hidden, Activation::Elu(1.5));
    elman_silu: |p, input, hidden| Elman::with(p.scope("c"), input, hidden, Activation::Silu);
    elman_gelu: |p, input, hidden| Elman::with(p.scope("c"), input, hidden, Activation::Gelu);
    concat_elman: |p, input, hidden| ConcatElman::new(p.scope("c"), input, hidden);
    jordan: |p, input, hidden| Jordan::new(p.scope("c"), input, hidden, 2);
    lstm: |p, input, hidden| Lstm::new(p.scope("c"), input, hidden);
    lstm_chrono: |p, input, hidden| {
        Lstm::with(p.scope("c"), input, hidden, ForgetBias::Chrono { longest: 100.0 })
    };
    peephole_lstm: |p, input, hidden| PeepholeLstm::new(p.scope("c"), input, hidden);
    projected_lstm: |p, input, hidden| ProjectedLstm::new(p.scope("c"), input, hidden, 2);
    coupled_lstm: |p, input, hidden| CoupledLstm::new(p.scope("c"), input, hidden);
    // With ε = 10⁻⁵ rows of elements that are nearly equal are too steep for finite differences, and
    // rounding in f32 is too much of them for any comparison.
    layer_norm_lstm: |p, input, hidden| {
        LayerNormLstm::new(p.scope("c"), input, hidden)?.with_epsilon(0.1)
    };
    multiplicative_lstm: |p, input, hidden| MultiplicativeLstm::new(p.scope("c"), input, hidden);
    s_lstm: |p, input, hidden| SLstm::new(p.scope("c"), input, hidden);
    s_lstm_exponential: |p, input, hidden| {
        Ok(SLstm::new(p.scope("c"), input, hidden)?.with_exponential_forgetting())
    };
    gru: |p, input, hidden| Gru::new(p.scope("c"), input, hidden);
    reset_first_gru: |p, input, hidden| ResetFirstGru::new(p.scope("c"), input, hidden);
    mgu: |p, input, hidden| Mgu::new(p.scope("c"), input, hidden);
    ugrnn: |p, input, hidden| Ugrnn::new(p.scope("c"), input, hidden);
    janet: |p, input, hidden| Janet::new(p.scope("c"), input, hidden);
    ind_rnn: |p, input, hidden| IndRnn::new(p.scope("c"), input, hidden);
    antisymmetric_rnn: |p, input, hidden| {
        AntisymmetricRnn::new(p.scope("c"), input, hidden)?.with_step(0.5)
    };
    antisymmetric_rnn_gated: |p, input, hidden| {
        AntisymmetricRnn::gated(p.scope("c"), input, hidden)?.with_step(0.5)
    };
    fast_rnn: |p, input, hidden| FastRnn::new(p.scope("c"), input, hidden);
    fast_grnn: |p, input, hidden| FastGrnn::new(p.scope("c"), input, hidden);
    clockwork: |p, input, hidden| Clockwork::new(p.scope("c"), input, hidden, &[1, 2, 3]);
    co_rnn: |p, input, hidden| {
        CoRnn::new(p.scope("c"), input, hidden)?.with_interval(Interval::Fixed(0.3))
    };
    lem: |p, input, hidden| Lem::new(p.scope("c"), input, hidden);
    ltc: |p, input, hidden| Ltc::new(p.scope("c"), input, hidden);
    cfc: |p, input, hidden| Cfc::new(p.scope("c"), input, hidden);
    readout: |p, input, hidden| {
        Ok(Gru::new(p.scope("c"), input, hidden)?.readout(Linear::new(p.scope("h"), hidden, 2)?))
    };
    any_of_one_state: |p, input, hidden| Ok(AnyCell::from(Mgu::new(p.scope("c"), input, hidden)?));
    any_of_three_states: |p, input, hidden| {
        AnyCell::new(p.scope("c"), input, &LayerSettings::new(Kind::SLstm, hidden))
    };
    deep: |p, input, hidden| {
        let below = AnyCell::new(p.scope("below"), input, &LayerSettings::new(Kind::Lstm, hidden))?;
        let above = AnyCell::new(p.scope("above"), hidden, &LayerSettings::new(Kind::Gru, 2))?;
        Deep::new(vec![below, above])
    };
    online: |p, input, hidden| {
        let layers = vec![LayerSettings::new(Kind::Elman, hidden), LayerSettings::new(Kind::Lem, 2)];
        let input = Input::Features(input);
        Network::new(p, &Architecture { input, layers, outputs: Some(2) })?.online()
    };
    stack: |p, input, hidden| {
        let below = Lstm::new(p.scope("below"), input, hidden)?;
        Ok(below.stack(Gru::new(p.scope("above"), hidden, 3)?))
    };
}

proven! {
    cell_over, 1..4;
    co_rnn_given: |p, input, hidden| {
        CoRnn::new(p.scope("c"), input - 1, hidden)?.with_interval(Interval::Given)
    };
    lem_given: |p, input, hidden| {
        Lem::new(p.scope("c"), input - 1, hidden)?.with_interval(Interval::Given)
    };
    ltc_given: |p, input, hidden| {
        Ltc::new(p.scope("c"), input - 1, hidden)?.with_interval(Interval::Given)?.with_steps(2)
    };
    cfc_given: |p, input, hidden| {
        Cfc::new(p.scope("c"), input - 1, hidden)?.with_interval(Interval::Given)
    };
}

proven! {
    cell_over, 0..4;
    min_gru: |p, input, hidden| MinGru::new(p.scope("c"), input, hidden);
    min_lstm: |p, input, hidden| MinLstm::new(p.scope("c"), input, hidden);
    qrnn: |p, input, hidden| Qrnn::new(p.scope("c"), input, hidden);
    sru: |p, input, hidden| Sru::new(p.scope("c"), input, hidden);
    lru: |p, input, hidden| Lru::new(p.scope("c"), input, hidden, 2);
    lru_of_a_long_memory: |p, input, hidden| {
        Lru::within(p.scope("c"), [input, hidden, hidden], [0.9, 0.999], 0.3)
    };
    linear_in_segments: |p, input, hidden| {
        let below = MinLstm::new(p.scope("below"), input, hidden)?;
        Ok(Segmented::new(below.stack(Qrnn::new(p.scope("above"), hidden, 2)?)))
    };
}

proven! {
    cell_over, 0..4;
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

proven! {
    layer_over, 0..4;
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

mod echo_state;
