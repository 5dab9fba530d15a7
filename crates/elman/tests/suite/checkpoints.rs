//! A stream learned in pieces by a network with random masks: stopped after any piece, and gone on
//! with in another program, it has the same bits.

use elman::prelude::*;
use elman_io::{Checkpoint, Checkpoints, Scalar, Vector};

const PIECES: u64 = 8;
const TIME: usize = 5;
const BATCH: usize = 3;

/// Learns from where the folder's newest checkpoint is to the given piece, and saves each.
fn learn<T: Scalar>(checkpoints: &Checkpoints, end: u64) -> Params<T>
where
    Vector: From<Vec<T>>,
{
    let (model, mut params) = Params::<T>::init(1, |p| {
        let lstm = Lstm::new(p.scope("lstm"), 1, 6)?;
        let cell = Dropout::new(lstm, p.scope("dropout"), 0.3)?;
        Ok(Rnn(cell.readout(Linear::new(p.scope("head"), 6, 1)?)))
    })
    .unwrap();
    let mut trainer = Trainer::new(clip_norm(1.0).then(adam(1e-2)).then(cosine(PIECES)));
    let mut state = Carried::new();
    let latest = checkpoints.latest(&params).unwrap();
    assert!(latest.damaged.is_empty());
    if let Some((step, checkpoint)) = latest.checkpoint {
        trainer.restore(&checkpoint.trainer).unwrap();
        assert_eq!(trainer.steps(), step);
        state.set(checkpoint.vectors["state"].get().unwrap());
        params = checkpoint.params;
    }
    while trainer.steps() < end {
        let mut random = Random::new(3, "piece", trainer.steps());
        let mut piece =
            || Tensor::from_fn([TIME, BATCH, 1], |_| T::from_f64(random.normal())).unwrap();
        let (x, y) = (piece(), piece());
        trainer
            .step(&mut params, |g| {
                let (ys, last) = model.run(g.input(&x), state.enter(&model.0, g, BATCH));
                state.keep(&last);
                mse(ys, g.input(&y))
            })
            .unwrap();
        let mut checkpoint = Checkpoint::new(params.clone(), trainer.snapshot());
        let carried = state.values().unwrap().to_vec();
        checkpoint.vectors.insert("state".into(), carried.into());
        checkpoints.save(trainer.steps(), &checkpoint, false).unwrap();
    }
    params
}

fn goes_on<T: Scalar>()
where
    Vector: From<Vec<T>>,
{
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| Checkpoints::new(folder.path().join(name));
    let whole = learn::<T>(&in_folder("whole"), PIECES);
    for stop in 1..PIECES {
        let checkpoints = in_folder(&stop.to_string());
        learn::<T>(&checkpoints, stop);
        assert_eq!(learn::<T>(&checkpoints, PIECES), whole, "stopped after {stop}");
    }
}

#[test]
fn a_stream_that_was_stopped_goes_on_with_the_same_bits() {
    goes_on::<f32>();
    goes_on::<f64>();
}
