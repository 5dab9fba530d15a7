//! From the second step on, training steps and streams allocate nothing when shapes repeat.

use crate::support::normal;
use allocation_counter::measure;
use elman::autograd::Error;
use elman::prelude::*;

const TIME: usize = 6;
const BATCH: usize = 4;
const INPUT: usize = 3;
const HIDDEN: usize = 5;

/// Demands that steps 1 to 19 allocate nothing. Their data are ready before.
#[track_caller]
fn silent(what: &str, mut step: impl FnMut(usize)) {
    step(0);
    let count = measure(|| (1..20).for_each(&mut step));
    let found = (count.count_total, count.bytes_total);
    assert_eq!(found, (0, 0), "{what}: allocations and bytes");
}

/// Inputs, targets, lengths and resets of some steps: the shapes repeat, the numbers do not.
struct Data {
    x: Tensor<f32>,
    y: Tensor<f32>,
    lengths: [u32; BATCH],
    resets: [u32; TIME * BATCH],
    ids: [u32; TIME * BATCH],
}

fn data() -> Vec<Data> {
    let step = |i: usize| {
        let mut random = Random::new(3, "marks", i as u64);
        Data {
            x: normal([TIME, BATCH, INPUT], &format!("x{i}")),
            y: normal([TIME, BATCH, 2], &format!("y{i}")),
            lengths: std::array::from_fn(|_| random.below(TIME + 1) as u32),
            resets: std::array::from_fn(|_| random.below(2) as u32),
            ids: std::array::from_fn(|_| random.below(7) as u32),
        }
    };
    (0..20).map(step).collect()
}

/// A cell with a readout: trained on whole sequences, on sequences with lengths and resets, at the
/// last step only, and streamed.
fn check<C: Cell>(what: &str, build: impl FnOnce(&mut Scope<'_>) -> Result<C, Error>) {
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let cell = build(p)?;
        let size = cell.output();
        Ok(cell.readout(Linear::new(p.scope("head"), size, 2)?))
    })
    .unwrap();
    let (model, data) = (Rnn(model), data());

    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(1e-2)));
    silent(&format!("{what}, whole sequences"), |i| {
        let Data { x, y, .. } = &data[i];
        let loss =
            trainer.step(&mut params, |g| mse(model.forward(g.input(x)).values(), g.input(y)));
        assert!(loss.unwrap().is_finite());
    });

    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(1e-2)));
    let mut read = [0.0; TIME * BATCH * 2];
    silent(&format!("{what}, lengths, resets, outputs read"), |i| {
        let Data { x, y, lengths, resets, .. } = &data[i];
        let loss = trainer.step(&mut params, |g| {
            let xs = Seq::from(g.input(x)).with_lengths(lengths).with_resets(resets);
            let ys = model.forward(xs);
            ys.values().read(&mut read);
            mse(ys.values(), g.input(y)) + ys.last().square().mean()
        });
        assert!(loss.unwrap().is_finite());
    });

    let mut tape = Tape::new();
    silent(&format!("{what}, evaluation"), |i| {
        let Data { x, lengths, .. } = &data[i];
        let sum = tape.evaluate(&params, |g| {
            model.forward(Seq::from(g.input(x)).with_lengths(lengths)).last().sum().item()
        });
        assert!(sum.unwrap().is_finite());
    });

    for rows in [1, BATCH] {
        let mut stream = Stream::rows(&params, &model.0, rows);
        silent(&format!("{what}, stream of {rows} rows"), |i| {
            let y = stream.push(&data[i].x.values()[..rows * INPUT]).unwrap();
            assert_eq!(y.len(), rows * 2);
        });
        // Nor after a new beginning.
        silent(&format!("{what}, stream of {rows} rows, reset"), |i| {
            stream.reset();
            stream.push(&data[i].x.values()[..rows * INPUT]).unwrap();
        });
    }
}

#[test]
fn elman() {
    check("elman", |p| Elman::new(p.scope("cell"), INPUT, HIDDEN));
}

#[test]
fn concat_elman() {
    check("concat_elman", |p| ConcatElman::new(p.scope("cell"), INPUT, HIDDEN));
}

#[test]
fn lstm() {
    check("lstm", |p| Lstm::new(p.scope("cell"), INPUT, HIDDEN));
}

#[test]
fn gru() {
    check("gru", |p| Gru::new(p.scope("cell"), INPUT, HIDDEN));
}

/// The cells whose steps do more than a gate and a few products.
#[test]
fn cells_of_papers() {
    check("projected_lstm", |p| ProjectedLstm::new(p.scope("cell"), INPUT, HIDDEN, 4));
    check("layer_norm_lstm", |p| LayerNormLstm::new(p.scope("cell"), INPUT, HIDDEN));
    check("antisymmetric_rnn", |p| AntisymmetricRnn::gated(p.scope("cell"), INPUT, HIDDEN));
    check("clockwork", |p| Clockwork::new(p.scope("cell"), INPUT, HIDDEN, &[1, 2, 4]));
    check("s_lstm", |p| SLstm::new(p.scope("cell"), INPUT, HIDDEN));
    check("ltc", |p| Ltc::new(p.scope("cell"), INPUT - 1, HIDDEN)?.with_interval(Interval::Given));
}

#[test]
fn echo_state() {
    check("echo_state", |p| EchoState::new(p.scope("cell"), INPUT, HIDDEN));
    check("echo_state, leaky, beside its input", |p| {
        let settings = Reservoir { leak: 0.5, ..Reservoir::default() };
        Ok(Skip::new(EchoState::with(p.scope("cell"), INPUT, HIDDEN, settings)?, INPUT))
    });
    let mut online = RecursiveLeastSquares::new(INPUT, 2, 0.99, 1.0).unwrap();
    let data = data();
    silent("recursive least squares", |i| {
        let (x, y) = (&data[i].x.values()[..INPUT], &data[i].y.values()[..2]);
        assert_eq!(online.predict(x).unwrap().len(), 2);
        online.push(x, y).unwrap();
    });
}

#[test]
fn stacked() {
    check("stacked", |p| {
        let below = Lstm::new(p.scope("below"), INPUT, HIDDEN)?;
        Ok(below.stack(Gru::new(p.scope("above"), HIDDEN, 4)?))
    });
}

#[test]
fn everything_around_a_cell() {
    check("random masks", |p| {
        let lstm = Lstm::new(p.scope("cell"), INPUT, HIDDEN)?;
        let [_, u, _] = lstm.gates().params();
        let cell = Zoneout::new(Learned::new(lstm, p.scope("start"))?, p.scope("zone"), 0.1, 0.2)?;
        let cell = Variational::new(cell, p.scope("same"), 0.1, 0.2)?;
        Dropout::new(WeightDrop::new(cell, p.scope("weights"), [u], 0.5)?, p.scope("drop"), 0.3)
    });
    check("segments", |p| {
        let lstm = Lstm::new(p.scope("cell"), 2 * INPUT, HIDDEN)?;
        let below = Residual(Gru::new(p.scope("below"), INPUT, INPUT)?);
        Segmented::of(Skip::new(below, INPUT).stack(Clipped::new(lstm, 1.0)?), 2)
    });
    check("truncation", |p| Truncated::new(Gru::new(p.scope("cell"), INPUT, HIDDEN)?, 2));
}

#[test]
fn both_directions() {
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let forward = Lstm::new(p.scope("forward"), INPUT, HIDDEN)?;
        let both = Bidirectional::new(forward, Gru::new(p.scope("backward"), INPUT, HIDDEN)?);
        Ok(Dropout::new(both, p.scope("drop"), 0.2)?.then(Linear::new(
            p.scope("head"),
            2 * HIDDEN,
            2,
        )?))
    })
    .unwrap();
    let data = data();
    let mut trainer = Trainer::new(adam(1e-2));
    silent("both directions", |i| {
        let Data { x, y, lengths, resets, .. } = &data[i];
        let loss = trainer.step(&mut params, |g| {
            let xs = Seq::from(g.input(x)).with_lengths(lengths).with_resets(resets);
            mse(model.forward(xs).values(), g.input(y))
        });
        assert!(loss.unwrap().is_finite());
    });
}

/// A language model with dropout: ids in, classes out, padding ignored.
#[test]
fn embedding_and_cross_entropy() {
    #[derive(Clone, Copy)]
    struct Model {
        symbols: Embedding,
        gru: Rnn<Gru>,
        head: Linear,
        key: u64,
    }
    let (model, mut params) = Params::<f32>::init(2, |p| {
        Ok(Model {
            symbols: Embedding::new(p.scope("symbols"), 7, INPUT)?,
            gru: Rnn(Gru::new(p.scope("gru"), INPUT, HIDDEN)?),
            head: Linear::new(p.scope("head"), HIDDEN, 7)?,
            key: p.scope("dropout").key(),
        })
    })
    .unwrap();
    let data = data();
    let mut trainer = Trainer::new(clip_value(1.0).then(adamw(1e-2, 1e-3)).then(cosine(100)));
    silent("language model", |i| {
        let Data { ids, lengths, .. } = &data[i];
        let loss = trainer.step(&mut params, |g| {
            let xs = Seq::from(model.symbols.sequence(g, ids, BATCH)).with_lengths(lengths);
            let ys = model.gru.forward(xs).values().dropout(0.3, model.key);
            let logits = model.head.of(ys);
            cross_entropy_ignoring(logits, g.ids(ids), 0) + cross_entropy(logits, g.ids(ids))
        });
        assert!(loss.unwrap().is_finite());
    });
}

/// Losses with masks and weights, and alignments of rows of different lengths.
#[test]
fn masks_weights_and_alignments() {
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let cell = Gru::new(p.scope("cell"), INPUT, HIDDEN)?;
        Ok(Rnn(cell.readout(Linear::new(p.scope("head"), HIDDEN, 4)?)))
    })
    .unwrap();
    let data = data();
    let mut trainer = Trainer::new(adam(1e-2));
    silent("masks, weights and alignments", |i| {
        let Data { x, y, lengths, ids, .. } = &data[i];
        let loss = trainer.step(&mut params, |g| {
            let ys = model.forward(Seq::from(g.input(x)).with_lengths(lengths));
            let (logits, all) = (ys.values(), ys.inside());
            let [mean, spread] = logits.split();
            let (target, w) = (g.input(y), g.constant([TIME, BATCH], 0.5));
            let classes = g.ids(ids).map(|_, id| id % 4);
            let (labels, counts) = (g.ids(&[1, 2, 3, 1]), g.ids(&[1; BATCH]));
            let ctc = Ctc::new(0).zero_infinity(true);
            gaussian_nll(mean, spread, masked(target, all))
                + mse(spread, weighted(target, w).masked(all))
                + poisson_nll(mean, weighted(target.square(), w))
                + cross_entropy_smoothed(logits, ignoring(classes, 1).masked(all), 0.1)
                + pinball(mean, target.part(2, 0, 1), [0.2, 0.8])
                + binary_cross_entropy(spread, target.sigmoid())
                + ctc.loss(logits, g.ids(lengths), labels, counts)
        });
        assert!(loss.unwrap().is_finite());
    });
}

#[test]
fn learning_without_the_past() {
    let (model, mut params) = Params::<f32>::init(1, |p| {
        let lstm = Lstm::new(p.scope("cell"), INPUT, HIDDEN)?;
        Ok(lstm.readout(Linear::new(p.scope("head"), HIDDEN, 2)?))
    })
    .unwrap();
    let data = data();
    let mut learning = Rtrl::new(&params, model, BATCH).unwrap();
    let (mut trainer, mut grad) = (Trainer::new(adam(1e-2)), Grad::zeros(&params));
    silent("learning without the past", |i| {
        let Data { x, y, .. } = &data[i];
        let (x, y) = (x.at(0).unwrap(), y.at(0).unwrap());
        let loss = learning.step(&params, x, &mut grad, |g, p| mse(p, g.input(y))).unwrap();
        trainer.step_by(&mut params, loss, &grad).unwrap();
    });
}

#[test]
fn linear_recurrences() {
    check("min_gru", |p| MinGru::new(p.scope("cell"), INPUT, HIDDEN));
    check("qrnn in parallel", |p| Ok(Qrnn::new(p.scope("cell"), INPUT, HIDDEN)?.in_parallel()));
    check("sru", |p| Sru::new(p.scope("cell"), INPUT, HIDDEN));
    check("lru", |p| Lru::new(p.scope("cell"), INPUT, HIDDEN, 3));
    check("lru in parallel", |p| Ok(Lru::new(p.scope("cell"), INPUT, HIDDEN, 3)?.in_parallel()));
}

/// Truncated backpropagation: the state is carried by the caller.
#[test]
fn carried_state() {
    let (model, mut params) = Params::<f64>::init(1, |p| {
        Ok(Lstm::new(p.scope("cell"), INPUT, HIDDEN)?.readout(Linear::new(
            p.scope("head"),
            HIDDEN,
            2,
        )?))
    })
    .unwrap();
    let pieces: Vec<(Tensor<f64>, Tensor<f64>)> =
        data().iter().map(|d| (d.x.cast(), d.y.cast())).collect();
    let mut carried = [(); 2].map(|()| Tensor::<f64>::zeros([BATCH, HIDDEN]).unwrap());
    let mut trainer = Trainer::new(momentum(0.9).then(sgd(1e-2)));
    silent("carried state", |i| {
        let loss = trainer.step(&mut params, |g| {
            let [h, c] = &carried;
            let s = [g.input(h), g.input(c)];
            let (ys, last) = Rnn(model).run(g.input(&pieces[i].0), s);
            for (to, from) in carried.iter_mut().zip(last) {
                from.read(to.values_mut());
            }
            huber(ys, g.input(&pieces[i].1), 1.0)
        });
        assert!(loss.unwrap().is_finite());
    });
}

/// Filling a batch and stepping on it, as a training loop does.
#[test]
fn a_loop_over_a_task() {
    let (model, mut params) = Params::<f32>::init(1, |p| {
        Ok(Gru::new(p.scope("cell"), 2, HIDDEN)?.readout(Linear::new(p.scope("head"), HIDDEN, 1)?))
    })
    .unwrap();
    let task = Adding::new(1, 10, BATCH).unwrap();
    let (mut batch, mut trainer) = (Batch::new(), Trainer::new(adam(1e-2)));
    silent("a task", |i| {
        task.fill(&mut batch, i as u64).unwrap();
        let loss = trainer.step(&mut params, |g| {
            mse(Rnn(model).forward(g.input(&batch.x)).last(), g.input(&batch.y))
        });
        assert!(loss.unwrap().is_finite());
    });
}

#[test]
fn the_counter_counts() {
    let count = measure(|| drop(std::hint::black_box(vec![1])));
    assert_eq!(count.count_total, 1);
}
