//! Cells of any size, trained and streamed over anything.

use super::given::*;
use super::{MEMORY, ours};
use crate::support::cases;
use allocation_counter::measure;
use elman::autograd;
use elman::prelude::*;
use proptest::prelude::*;

/// A model of each kind, if there can be one of these sizes: handed to whoever implements this.
trait Visitor {
    type Output;
    fn visit<C: Cell>(
        self,
        built: Result<(C, Params<f64>), autograd::Error>,
    ) -> Result<Self::Output, Error>;
}

const KINDS: usize = 14;

fn visit<V: Visitor>(
    kind: usize,
    [input, hidden, output]: [usize; 3],
    visitor: V,
) -> Result<V::Output, Error> {
    fn new<C: Cell>(
        build: impl FnOnce(&mut Scope<'_>) -> Result<C, autograd::Error>,
    ) -> Result<(C, Params<f64>), autograd::Error> {
        Params::init(1, build)
    }
    let head = |p: &mut Scope<'_>| Linear::new(p.scope("head"), hidden, output);
    match kind {
        0 => visitor.visit(new(|p| Elman::new(p.scope("c"), input, hidden))),
        1 => visitor.visit(new(|p| {
            Ok(Elman::with(p.scope("c"), input, hidden, Activation::Relu)?.readout(head(p)?))
        })),
        2 => visitor.visit(new(|p| ConcatElman::new(p.scope("c"), input, hidden))),
        3 => visitor.visit(new(|p| Lstm::new(p.scope("c"), input, hidden))),
        4 => visitor.visit(new(|p| Ok(Gru::new(p.scope("c"), input, hidden)?.readout(head(p)?)))),
        5 => visitor.visit(new(|p| {
            let below = Lstm::new(p.scope("below"), input, hidden)?;
            Ok(below.stack(Gru::new(p.scope("above"), hidden, output)?).readout(head(p)?))
        })),
        6 => visitor.visit(new(|p| {
            let cell = Learned::new(Lstm::new(p.scope("c"), input, hidden)?, p.scope("start"))?;
            let cell = Variational::new(cell, p.scope("same"), 0.2, 0.3)?;
            let cell = Zoneout::new(cell, p.scope("zone"), 0.1, 0.2)?;
            Dropout::new(Skip::new(cell, input), p.scope("drop"), 0.5)
        })),
        7 => visitor.visit(new(|p| {
            let cell = Residual(Gru::new(p.scope("c"), input, hidden)?);
            Segmented::of(Truncated::new(cell, 3)?, 2)
        })),
        8 => visitor.visit(new(|p| {
            let lstm = Lstm::new(p.scope("c"), input, hidden)?;
            let [w, u, _] = lstm.gates().params();
            WeightDrop::new(Clipped::new(lstm, 0.1)?, p.scope("drop"), [w, u], 0.5)
        })),
        9 => visitor.visit(new(|p| Lru::new(p.scope("c"), input, hidden, output))),
        10 => visitor.visit(new(|p| Ok(MinLstm::new(p.scope("c"), input, hidden)?.in_parallel()))),
        11 => visitor.visit(new(|p| Qrnn::new(p.scope("c"), input, hidden))),
        12 => visitor.visit(new(|p| Sru::new(p.scope("c"), input, hidden))),
        _ => visitor.visit(new(|p| {
            let below = Gru::new(p.scope("below"), input, hidden)?;
            Ok(below.stack(Elman::new(p.scope("above"), output, hidden)?))
        })),
    }
}

/// A training step over a sequence.
struct Train<'a> {
    x: &'a Tensor<f64>,
    y: &'a Tensor<f64>,
    lengths: Option<Vec<u32>>,
    resets: Option<Vec<u32>>,
    ids: Vec<u32>,
    loss: usize,
}

impl Visitor for Train<'_> {
    type Output = ();

    fn visit<C: Cell>(
        self,
        built_: Result<(C, Params<f64>), autograd::Error>,
    ) -> Result<(), Error> {
        let (cell, mut params) = built(built_)?;
        let before = params.clone();
        let tape = Tape::new().limit(1 << 20);
        let mut trainer = Trainer::new(clip_norm(1.0).then(adam(1e-2))).with_tape(tape);
        let mut shapes = None;
        let result = trainer.step(&mut params, |g| {
            let (x, y) = (g.input(self.x), g.input(self.y));
            let mut xs = Seq::from(x);
            if let Some(lengths) = &self.lengths {
                xs = xs.with_lengths(lengths);
            }
            if let Some(resets) = &self.resets {
                xs = xs.with_resets(resets);
            }
            let ys = Rnn(&cell).forward(xs);
            shapes = Some((ys.values().shape(), ys.last().shape()));
            match self.loss {
                0 => mse(ys.values(), y),
                1 => mae(ys.last(), y),
                2 => huber(ys.values(), y, 1.0),
                3 => cross_entropy(ys.values(), g.ids(&self.ids)),
                4 => cross_entropy_ignoring(ys.last(), g.ids(&self.ids), 1),
                _ => ys.values().sum() + ys.last().sum(),
            }
        });
        // Whether it should have been possible, seen from outside.
        let (time, batch) = match *self.x.shape().dims() {
            [time, batch, _] => (time, batch),
            _ => (usize::MAX, usize::MAX),
        };
        let marked = self
            .lengths
            .as_ref()
            .is_none_or(|l| l.len() == batch && l.iter().all(|&l| l as usize <= time))
            && self.resets.as_ref().is_none_or(|r| r.len() == time.saturating_mul(batch));
        match result {
            Ok(loss) => {
                assert!(loss.is_finite() && marked);
                let wanted = (
                    Shape::from([time, batch, cell.output()]),
                    Shape::from([batch, cell.output()]),
                );
                assert_eq!(shapes, Some(wanted));
                Ok(())
            }
            Err(error) => {
                let error = Error::from(error);
                ours(&error);
                assert_eq!(params, before);
                Err(error)
            }
        }
    }
}

/// A stream, pushed whatever comes.
struct Push<'a> {
    rows: usize,
    pushes: &'a [usize],
}

impl Visitor for Push<'_> {
    type Output = ();

    fn visit<C: Cell>(
        self,
        built_: Result<(C, Params<f64>), autograd::Error>,
    ) -> Result<(), Error> {
        let (cell, params) = built(built_)?;
        let out = cell.output().saturating_mul(self.rows);
        let mut stream = Stream::rows(&params, &cell, self.rows);
        let x = [0.5; 12];
        let mut worked = Ok(());
        for &len in self.pushes {
            let before = stream.state().map(<[f64]>::to_vec);
            match stream.push(&x[..len]) {
                Ok(y) => assert_eq!(y.len(), out),
                Err(error) => {
                    worked = Err(error.into());
                    ours(worked.as_ref().unwrap_err());
                    assert_eq!(stream.state().map(<[f64]>::to_vec), before);
                }
            }
        }
        for y in stream.predict(self.pushes.iter().map(|&len| &x[..len])) {
            match y {
                Ok(y) => assert_eq!(y.len(), out),
                Err(error) => drop(ours(&error.into())),
            }
        }
        stream.reset();
        assert_eq!((stream.state(), stream.output()), (None, &[][..]));
        match stream.warm(self.pushes.iter().map(|&len| &x[..len])) {
            Ok(stream) => {
                for y in stream.free_run().take(3) {
                    match y {
                        Ok(y) => assert_eq!(y.len(), out),
                        Err(error) => drop(ours(&error.into())),
                    }
                }
            }
            Err(error) => drop(ours(&error.into())),
        }
        for y in Stream::rows(&params, &cell, self.rows).free_run().take(3) {
            match y {
                Ok(y) => assert_eq!(y.len(), out),
                Err(error) => drop(ours(&error.into())),
            }
        }
        worked
    }
}

proptest! {
    #![proptest_config(cases(256))]

    /// Cells of any size over sequences of any shape, with any lengths, resets and losses.
    #[test]
    fn training_on_anything(
        kind in 0..KINDS, sizes in [size(), size(), size()], x in sequence(), y in shape(),
        fitting in 0usize..5, seed in any::<u64>(), off in [0usize..9, 0usize..9, 0usize..9],
        loss in 0usize..6,
    ) {
        let count = measure(|| {
            // Mostly the features fit, so that the error, if there is one, comes later.
            let x = if fitting > 0 && x.rank() == 3 { x.with_last(sizes[0]) } else { x };
            let (Some(x), Some(y)) = (tensor(x), tensor(y)) else { return };
            let dims = x.shape().dims().to_vec();
            let [time, batch] = [0, 1].map(|axis| dims.get(axis).copied().unwrap_or(0));
            let off = off.map(|off| off.saturating_sub(5));
            let some = |bit: u64| seed >> bit & 1 == 1;
            let train = Train {
                x: &x,
                y: &y,
                lengths: some(0).then(|| marks(batch, off[0], time, seed)),
                resets: some(1).then(|| marks(time.saturating_mul(batch), off[1], 1, seed)),
                ids: marks(time.saturating_mul(batch), off[2], 3, seed),
                loss,
            };
            let _ = visit(kind, sizes, train);
        });
        prop_assert!(count.bytes_max < MEMORY, "{:?}", count);
    }

    /// The same, where everything fits: it works.
    #[test]
    fn training_on_what_fits(
        kind in 0..KINDS - 1, sizes in [0usize..4, 0usize..4, 1usize..4], time in 0usize..4,
        batch in 0usize..4, seed in any::<u64>(),
    ) {
        let x = tensor(Shape::from([time, batch, sizes[0]])).unwrap();
        let some = |bit: u64| seed >> bit & 1 == 1;
        let train = Train {
            x: &x,
            y: &x,
            lengths: some(0).then(|| marks(batch, 0, time, seed)),
            resets: some(1).then(|| marks(time * batch, 0, 1, seed)),
            ids: Vec::new(),
            loss: 5,
        };
        let sizes = match kind {
            5 => [sizes[0], sizes[1], sizes[1]],
            // Inputs are added to outputs.
            7 => [sizes[0], sizes[0], sizes[2]],
            _ => sizes,
        };
        visit(kind, sizes, train).map_err(|error| TestCaseError::fail(error.to_string()))?;
    }

    #[test]
    fn streaming_anything(
        kind in 0..KINDS, sizes in [size(), size(), size()], rows in size(),
        pushes in prop::collection::vec(0usize..=12, 0..4), fitting in any::<bool>(),
    ) {
        let fit = sizes[0].saturating_mul(rows);
        let pushes = if fitting && fit <= 12 { vec![fit; 3] } else { pushes };
        let count = measure(|| {
            let worked = visit(kind, sizes, Push { rows, pushes: &pushes });
            if fitting && fit <= 12 && (1..9).contains(&rows) && kind < 5 && sizes.iter().all(|&n| n < 9) {
                assert!(worked.is_ok(), "{worked:?}");
            }
        });
        prop_assert!(count.bytes_max < MEMORY, "{:?}", count);
    }
}
