use super::*;
use crate::cell::Cell;
use crate::cells::*;
use crate::linear::Linear;
use proptest::prelude::*;

/// Sequences of elements with so many features, hidden sizes and seeds.
fn sizes(input: std::ops::Range<usize>) -> impl Strategy<Value = (Sizes, usize, u64)> {
    let sizes = (0usize..6, 0usize..4, input);
    (sizes, 0usize..5, any::<u64>()).prop_map(|((time, batch, input), hidden, seed)| {
        (Sizes { time, batch, input }, hidden, seed)
    })
}

/// One test a line: the name, and how the cell is built from (scope, input, hidden); first of all,
/// how many features an element may have.
macro_rules! cells {
    ($features:expr; $($name:ident: |$p:ident, $input:ident, $hidden:ident| $build:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(48))]
            $(#[test]
            fn $name((sizes, $hidden, seed) in sizes($features)) {
                let $input = sizes.input;
                let built = cell_over(stringify!($name), sizes, seed, |$p| $build);
                built.map_err(|violation| TestCaseError::fail(violation.to_string()))?;
            })*
        }
    };
}

cells! {
    0..4;
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
    // Rows of elements that are nearly equal would otherwise be too steep for finite differences.
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
    stack: |p, input, hidden| {
        let below = Lstm::new(p.scope("below"), input, hidden)?;
        Ok(below.stack(Gru::new(p.scope("above"), hidden, 3)?))
    };
}

cells! {
    1..4;
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
