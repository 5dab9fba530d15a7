use super::*;
use crate::cell::Cell;
use crate::cells::{Activation, ConcatElman, Elman, Gru, Lstm};
use crate::linear::Linear;
use proptest::prelude::*;

fn sizes() -> impl Strategy<Value = (Sizes, usize, u64)> {
    let sizes = (0usize..6, 0usize..4, 0usize..4);
    (sizes, 0usize..5, any::<u64>()).prop_map(|((time, batch, input), hidden, seed)| {
        (Sizes { time, batch, input }, hidden, seed)
    })
}

/// One test a line: the name, and how the cell is built from (scope, input, hidden).
macro_rules! cells {
    ($($name:ident: |$p:ident, $input:ident, $hidden:ident| $build:expr;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(48))]
            $(#[test]
            fn $name((sizes, $hidden, seed) in sizes()) {
                let $input = sizes.input;
                let built = cell_over(stringify!($name), sizes, seed, |$p| $build);
                built.map_err(|violation| TestCaseError::fail(violation.to_string()))?;
            })*
        }
    };
}

cells! {
    elman: |p, input, hidden| Elman::new(p.scope("c"), input, hidden);
    elman_relu: |p, input, hidden| Elman::with(p.scope("c"), input, hidden, Activation::Relu);
    concat_elman: |p, input, hidden| ConcatElman::new(p.scope("c"), input, hidden);
    lstm: |p, input, hidden| Lstm::new(p.scope("c"), input, hidden);
    gru: |p, input, hidden| Gru::new(p.scope("c"), input, hidden);
    readout: |p, input, hidden| {
        Ok(Gru::new(p.scope("c"), input, hidden)?.readout(Linear::new(p.scope("h"), hidden, 2)?))
    };
    stack: |p, input, hidden| {
        let below = Lstm::new(p.scope("below"), input, hidden)?;
        Ok(below.stack(Gru::new(p.scope("above"), hidden, 3)?))
    };
}
