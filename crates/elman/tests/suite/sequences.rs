//! Whole sequences against their single steps, at sizes where kernels cut their work: several
//! blocks of units, shards of rows, spans of steps, threads.

use crate::support::{bits, cases, deviation, normal};
use elman::prelude::*;
use elman::rnn::State;
use proptest::prelude::*;

/// A cell without a kernel: its sequence is the scan of its steps.
#[derive(Clone, Copy)]
struct Stepwise<C>(C);

impl<C: Cell> Cell for Stepwise<C> {
    type State<'g, T: Real> = C::State<'g, T>;

    fn output(&self) -> usize {
        self.0.output()
    }

    fn step<'g, T: Real>(
        &self,
        x: Var<'g, T>,
        s: Self::State<'g, T>,
    ) -> (Var<'g, T>, Self::State<'g, T>) {
        self.0.step(x, s)
    }
}

/// Outputs and last state, gradient of the weights, gradient of the inputs.
fn run<T: Real, C: Cell>(
    cell: C,
    params: &Params<T>,
    x: &Tensor<T>,
    lengths: Option<&[u32]>,
    resets: Option<&[u32]>,
) -> [Vec<T>; 3] {
    let (mut tape, mut grad) = (Tape::new(), Grad::zeros(params));
    let mut outputs = Vec::new();
    tape.gradient(params, &mut grad, |g| {
        let mut xs = Seq::from(g.wanted(x));
        if let Some(lengths) = lengths {
            xs = xs.with_lengths(lengths);
        }
        if let Some(resets) = resets {
            xs = xs.with_resets(resets);
        }
        let (y, state) = cell.sequence(xs, cell.initial(g, xs.batch()));
        outputs = y.tensor().into_values();
        let w = normal::<T>(y.shape(), "cotangents");
        let mut loss = (y * g.input(&w)).sum();
        state.each(&mut |s| {
            outputs.extend(s.tensor().into_values());
            loss = loss + (s * s).sum();
        });
        loss
    })
    .unwrap();
    let dx = tape.wanted(0).unwrap().values().to_vec();
    [outputs, grad.values().to_vec(), dx]
}

/// The largest deviation of the gradients, in units of rounding.
fn compare<T: Real, C: Cell + Copy>(cell: C, params: &Params<T>, sizes: [usize; 3]) -> f64 {
    let [time, batch, _] = sizes;
    let x = normal::<T>(sizes, "x");
    let lengths: Vec<_> = (0..batch).map(|b| ((5 * b + 2) % (time + 1)) as u32).collect();
    let resets: Vec<_> = (0..time * batch).map(|i| u32::from((7 * i + 1) % 5 == 0)).collect();
    let (lengths, resets) = (Some(&lengths[..]), Some(&resets[..]));
    let kinds = [(None, None), (lengths, None), (None, resets), (lengths, resets)];
    let pairs = kinds.map(|(lengths, resets)| {
        let steps = run(Stepwise(cell), params, &x, lengths, resets);
        let whole = run(cell, params, &x, lengths, resets);
        assert!(bits(&steps[0]) == bits(&whole[0]), "outputs with {lengths:?}, {resets:?}");
        (steps, whole)
    });
    let mut stream = Stream::rows(params, cell, batch);
    let outputs = pairs[0].1[0].chunks(batch * cell.output());
    for (x, y) in x.values().chunks(batch * sizes[2]).zip(outputs) {
        assert_eq!(bits(stream.push(x).unwrap()), bits(y), "stream");
    }
    let f64s = |x: &[T]| x.iter().map(|x| x.to_f64()).collect::<Vec<_>>();
    let off = pairs.iter().flat_map(|(steps, whole)| {
        [1, 2].map(|i| deviation(&f64s(&steps[i]), &f64s(&whole[i])) / T::EPSILON)
    });
    off.fold(0.0, f64::max)
}

/// The multiple of rounding that gradients may differ by, relative to the largest of them: they are
/// sums of some hundred terms in another order.
const ROUNDINGS: f64 = 32.0;

fn equal<C: Cell + Copy>(
    sizes: [usize; 3],
    new: impl Fn(Scope<'_>) -> Result<C, elman::autograd::Error>,
) {
    let (cell, params) = Params::<f64>::init(3, |p| new(p.scope("cell"))).unwrap();
    for off in [compare(cell, &params, sizes), compare(cell, &params.cast::<f32>(), sizes)] {
        assert!(off <= ROUNDINGS, "gradients differ by {off} roundings");
    }
}

proptest! {
    #![proptest_config(cases(48))]
    #[test]
    fn a_sequence_is_its_steps(
        time in 1usize..40,
        batch in 1usize..24,
        input in 1usize..20,
        hidden in 1usize..150,
    ) {
        let sizes = [time, batch, input];
        equal(sizes, |p| Elman::new(p, input, hidden));
        equal(sizes, |p| Lstm::new(p, input, hidden));
        equal(sizes, |p| Gru::new(p, input, hidden));
    }
}

/// More cotangents than are gathered at once, with gradients that all threads share, or each shard
/// has for itself.
#[test]
fn long_sequences_are_their_steps() {
    equal([90, 5, 3], |p| Lstm::new(p, 3, 130));
    equal([40, 9, 2], |p| Gru::new(p, 2, 200));
    equal([30, 2, 150], |p| Lstm::new(p, 150, 300));
}
