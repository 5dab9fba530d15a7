//! Layers, tensors, tasks and laws of any size.

use super::given::*;
use super::{MEMORY, ours};
use crate::support::cases;
use allocation_counter::measure;
use elman::prelude::*;
use elman::rnn::laws::{Sizes, cell_over};
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(256))]

    /// Symbols and shapes of an embedding, a linear map, gates.
    #[test]
    fn layers_of_any_size(
        sizes in [size(), size(), size()], ids in prop::collection::vec(0u32..5, 0..6),
        batch in size(), x in shape(),
    ) {
        let count = measure(|| {
            let [symbols, size, gates] = sizes;
            let table = Params::<f64>::init(1, |p| Embedding::new(p.scope("e"), symbols, size));
            if let Ok((table, params)) = built(table) {
                let result = Tape::new().limit(1 << 20).evaluate(&params, |g| {
                    (table.of(g, &ids).shape(), table.sequence(g, &ids, batch).shape())
                });
                match result {
                    Ok((flat, _)) => assert_eq!(flat, Shape::from([ids.len(), size])),
                    Err(error) => drop(ours(&error.into())),
                }
            }
            let Some(x) = tensor(x) else { return };
            let ridge = Ridge::new(symbols, size).and_then(|mut ridge| {
                ridge.add(&x, &x)?;
                ridge.fit(1.0)
            });
            let online = RecursiveLeastSquares::new(symbols, size, 0.9, 1.0)
                .and_then(|mut online| online.push(x.values(), x.values()));
            let settings = Reservoir { entries: gates, ..Reservoir::default() };
            let echo = Params::<f64>::init(1, |p| {
                EchoState::with(p.scope("r"), symbols, size, settings)
            });
            drop((ridge, online, echo));
            let linear = Params::<f64>::init(1, |p| Linear::new(p.scope("l"), symbols, size));
            if let Ok((linear, params)) = built(linear) {
                let result = Tape::new().limit(1 << 20).evaluate(&params, |g| {
                    (linear.of(g.input(&x)).shape(), linear.forward(g.input(&x)).last().shape())
                });
                match result {
                    Ok((y, _)) => assert_eq!(y, x.shape().with_last(size)),
                    Err(error) => drop(ours(&error.into())),
                }
            }
            let gate = Params::<f64>::init(1, |p| Gate::several(p.scope("g"), symbols, size, gates));
            if let Ok((gate, params)) = gate {
                let result = Tape::new().limit(1 << 20).evaluate(&params, |g| {
                    gate.of(g.input(&x), g.zeros([2, size])).shape()
                });
                if let Err(error) = result {
                    ours(&error.into());
                }
            }
        });
        prop_assert!(count.bytes_max < MEMORY, "{:?}", count);
    }

    /// Tensors and initial weights of any shape.
    #[test]
    fn tensors_of_any_shape(a in shape(), b in shape(), given in 0usize..9, axis in size(), which in 0usize..8) {
        let count = measure(|| {
            assert_eq!(Tensor::new(a, vec![0.0; given]).is_ok(), a.len() == given);
            let init = [
                Init::Zeros, Init::Constant(1.0), Init::inverse_root(axis), Init::Normal { std: 1.0 },
                Init::Glorot, Init::He, Init::Orthogonal { gain: 1.0 },
                Init::Reservoir { entries: axis, radius: 0.9 },
            ][which];
            for blocks in [0, 1, 2, axis] {
                if let Ok(w) = init.tensor::<f64>(a, blocks, &mut Random::new(1, "w", 0)) {
                    assert_eq!(w.shape(), a);
                }
            }
            let weight = Params::<f32>::init(1, |p| p.gates("w", a, axis, init));
            assert!(weight.is_err() || a.len() < 1000);
            let Some(x) = tensor(a) else { return };
            assert_eq!(x.at(axis).is_some(), a.get(0).is_some_and(|n| axis < n));
            assert_eq!(x.to_matrix().is_ok(), a.rank() == 2);
            assert_eq!(x.swap_outer().is_ok(), a.rank() >= 2);
            assert_eq!(x.clone().reshape(b).is_ok(), a.len() == b.len());
            let mut y = x.clone();
            if y.resize(b).is_err() {
                assert_eq!(x, y);
            }
            let _ = (a.without(axis), a.with(axis, given), a.after(axis), a.stacked(axis));
        });
        prop_assert!(count.bytes_max < MEMORY, "{:?}", count);
    }

    /// Tasks of any size: a batch, or an error.
    #[test]
    fn tasks_of_any_size(time in size(), batch in size(), which in 0usize..20, index in any::<u64>()) {
        fn fill(task: Result<impl Task, elman::data::Error>, time: usize, batch: usize, index: u64) {
            let Ok(task) = task else { return };
            let mut filled = Batch::<f32>::new();
            for index in [0, index] {
                if task.fill(&mut filled, index).is_ok() {
                    let sizes = [0, 1].map(|axis| filled.x.shape().get(axis).unwrap());
                    assert!(sizes[0] >= time.min(4) && sizes[1] == batch, "{sizes:?}");
                }
            }
            let _ = task.baseline();
        }
        let count = measure(|| match which {
            0 => fill(Adding::new(1, time, batch), time, batch, index),
            1 => fill(CopyMemory::new(1, time, batch), time, batch, index),
            2 => fill(Parity::new(1, time, batch), time, batch, index),
            3 => fill(Sines::new(1, time, batch), time, batch, index),
            4 => fill(Lorenz::new(1, time, batch), time, batch, index),
            5 => fill(MackeyGlass::new(1, time, batch), time, batch, index),
            6 => fill(Narma10::new(1, time, batch), time, batch, index),
            7 => fill(Multiplication::new(1, time, batch), time, batch, index),
            8 => fill(TemporalOrder::new(1, time, batch), time, batch, index),
            9 => fill(LongLag::new(1, time, batch), time, batch, index),
            10 => fill(Echo::new(1, time, 0, batch), time, batch, index),
            11 => fill(SpikeDelays::new(1, time, batch), time, batch, index),
            12 => fill(Mnist1d::new(1, batch), time, batch, index),
            13 => fill(EmbeddedReber::new(1, time, batch), time, batch, index),
            14 => fill(ContinualReber::new(1, time, batch), time, batch, index),
            15 => fill(Counting::new(1, 2, (1, time), batch), time, batch, index),
            16 => fill(Dyck2::new(1, time, batch, 2), time, 2, index),
            17 => fill(Tomita::new(1, batch, time, 2), time, 2, index),
            18 => {
                let ids = [0; 12];
                if let Ok(streams) = Streams::new(&ids, time, batch) {
                    assert!(streams.fill(&mut Piece::new(), index).is_ok());
                }
                let lengths = [3, 1, 2];
                let Ok(buckets) = Buckets::new(&lengths, index, batch) else { return };
                let mut order = Order::new();
                assert!(order.shuffle(&buckets, index).is_ok() && order.get(time).is_none_or(|b| !b.is_empty()));
            }
            _ => {
                let series = [0.5; 12];
                let _ = Split::at(series.len(), time, batch);
                let _ = Scaler::standard(&series, time).and_then(|s| s.transform(&mut [1.0; 4]));
                let Ok(windows) = Windows::new(&series, 1, time, batch) else { return };
                let mut filled = Batch::<f32>::new();
                let _ = windows.fill(&mut filled, 0..time);
                let _ = windows.fill(&mut filled, 0..windows.count());
            }
        });
        prop_assert!(count.bytes_max < MEMORY, "{:?}", count);
    }
}

/// Laws of sizes that cannot be meant.
#[test]
fn laws_of_any_size() {
    for [time, batch, input] in
        [[usize::MAX, 0, 3], [1 << 63, 4, 0], [2, usize::MAX, 3], [1 << 40, 1, 0], [0, 1 << 40, 3]]
    {
        let sizes = Sizes { time, batch, input };
        let count = measure(|| {
            let result = cell_over("lstm", sizes, 1, |p| Lstm::new(p.scope("c"), input, 4));
            assert_eq!(result.unwrap_err().law, "shape");
        });
        assert!(count.bytes_max < MEMORY, "{count:?}");
    }
}
