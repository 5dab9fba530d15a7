//! Random programs over the operations of a recording.

use super::given::*;
use super::{MEMORY, ours};
use crate::support::cases;
use allocation_counter::measure;
use elman::prelude::*;
use proptest::prelude::*;

/// One operation of a random program over a stack of Vars.
fn apply<'g>(
    g: &'g Graph<'g, f64>,
    op: usize,
    [a, b, c]: [Var<'g, f64>; 3],
    [n, m]: [usize; 2],
    shape: Shape,
) -> Var<'g, f64> {
    match op {
        0 => a + b,
        1 => a - b,
        2 => a * b,
        3 => a / b,
        4 => -a + 1.0,
        5 => 1.0 - a * 2.0,
        6 => 2.0 / a / 3.0,
        7 => a.exp().ln(),
        8 => a.square().sqrt(),
        9 => a.tanh().sigmoid(),
        10 => a.relu().softplus().abs(),
        11 => a.sum(),
        12 => a.mean(),
        13 => a.sum_axis(n),
        14 => a.mean_axis(n),
        15 => a.softmax(),
        16 => a.log_softmax(),
        17 => a.dot(b),
        18 => a.part(n, m, 2),
        19 => a.part(0, n, m),
        20 => a.split::<2>()[1],
        21 => a.split::<0>().first().copied().unwrap_or(b),
        22 => a.at(n),
        23 => a.slice(n, m),
        24 => a.reshape(shape),
        25 => a.stop(),
        26 => a.affine(b, c, b, g.absent()),
        27 => a.affine(b, g.absent(), g.absent(), c),
        28 => g.concat(n, &[a, b, c]),
        29 => g.concat(n, &[]),
        30 => g.stack(&[a, b]),
        31 => g.stack(&[]),
        32 => g.zeros(shape),
        33 => a.gather(g.ids(&[n.min(9) as u32, m.min(9) as u32])),
        34 => a.select(g.ids(&[1, 0]), b),
        35 => a.dropout(0.5, 1),
        36 => a.dropout(m as f64, 1),
        37 => g.recompute(&[a, b], |_, x| x[0] + x[1]),
        38 => a.reshape([a.shape().len()]),
        39 => g.constant([], a.item()),
        40 => Seq::from(a).last(),
        41 => Seq::from(a).with_lengths(&[1, 1]).last(),
        42 => Seq::from(a).with_resets(&[1, 1]).values(),
        43 => {
            let mut items = g.items();
            items.push(a);
            items.push(b);
            items.stack()
        }
        _ => {
            let mut to = [0.0; 4];
            a.read(&mut to);
            g.constant(shape, to[0])
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    /// Random programs over the operations of a recording.
    #[test]
    fn computing_anything(
        inputs in prop::collection::vec(shape(), 3),
        program in prop::collection::vec((0usize..45, any::<[u8; 3]>(), [size(), size()], shape()), 1..8),
    ) {
        let count = measure(|| {
            let tensors: Vec<_> = inputs.into_iter().filter_map(tensor).collect();
            let (w, params) = Params::<f64>::init(1, |p| p.weight("w", [2, 2], Init::Glorot)).unwrap();
            let (mut tape, mut grad) = (Tape::new().limit(1 << 20), Grad::zeros(&params));
            let result = tape.gradient(&params, &mut grad, |g| {
                let mut stack = vec![g.param(w), g.constant([2, 2], 0.5), g.absent()];
                stack.extend(tensors.iter().map(|x| g.wanted(x)));
                for (op, operands, sizes, shape) in program {
                    let pick = operands.map(|i| stack[i as usize % stack.len()]);
                    stack.push(apply(g, op, pick, sizes, shape));
                }
                stack.pop().unwrap().sum()
            });
            if let Err(error) = result {
                ours(&error.into());
            }
        });
        prop_assert!(count.bytes_max < 2 * MEMORY, "{:?}", count);
    }
}
