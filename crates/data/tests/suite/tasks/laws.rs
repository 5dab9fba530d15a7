//! The laws of a task, and what guessing costs when it is measured.

use elman_data::{Batch, Error, PADDING, Task};

pub(crate) fn filled<K: Task>(task: &K, index: u64) -> Batch<f64> {
    let mut batch = Batch::new();
    task.fill(&mut batch, index).unwrap();
    batch
}

fn bits(batch: &Batch<f64>) -> Vec<u64> {
    let (x, y) = (batch.x.values().iter(), batch.y.values().iter());
    let ids = batch.ids.iter().chain(&batch.lengths);
    x.chain(y).map(|v| v.to_bits()).chain(ids.map(|&i| i.into())).collect()
}

/// Element `k` of a batch, as the batch of one that it should be.
fn element(batch: &Batch<f64>, k: usize) -> Vec<u64> {
    let size = batch.x.shape().dims()[1];
    let take = |values: &[f64], width: usize| -> Vec<u64> {
        let rows = values.chunks_exact(width).skip(k).step_by(size);
        rows.flatten().map(|v| v.to_bits()).collect()
    };
    let mut all = take(batch.x.values(), batch.x.shape().last());
    all.extend(take(batch.y.values(), batch.y.shape().last()));
    all.extend(batch.ids.iter().skip(k).step_by(size).map(|&i| u64::from(i)));
    all.push(batch.lengths[k].into());
    all
}

/// Whether row `k` still runs at step `t` of `steps` targets: always, if they are not of steps.
fn runs(batch: &Batch<f64>, t: usize, steps: usize, k: usize) -> bool {
    steps != batch.x.shape().dims()[0] || t < batch.lengths[k] as usize
}

/// Every row has a length, and padding is 0, with ids that are no class.
fn padded(batch: &Batch<f64>) {
    let [time, size] = [0, 1].map(|axis| batch.x.shape().dims()[axis]);
    assert_eq!(batch.lengths.len(), size);
    assert!(batch.lengths.iter().all(|&l| l as usize <= time));
    let zero = |values: &[f64], i: usize, width: usize| {
        values[i * width..(i + 1) * width].iter().all(|v| v.to_bits() == 0)
    };
    let steps = batch.y.shape().rows() / size;
    for (t, k) in (0..time).flat_map(|t| (0..size).map(move |k| (t, k))) {
        if t >= batch.lengths[k] as usize {
            assert!(zero(batch.x.values(), t * size + k, batch.x.shape().last()));
        }
    }
    for (t, k) in (0..steps).flat_map(|t| (0..size).map(move |k| (t, k))) {
        let (i, inside) = (t * size + k, runs(batch, t, steps, k));
        assert!(inside || zero(batch.y.values(), i, batch.y.shape().last()));
        assert!(batch.ids.is_empty() || (batch.ids[i] == PADDING) != inside);
    }
}

/// All laws but the baseline, for a task that is given seed and batch size.
pub(crate) fn holds<K: Task>(make: impl Fn(u64, usize) -> Result<K, Error>) {
    let (task, alone) = (make(7, 3).unwrap(), make(7, 1).unwrap());

    // The same index, the same bits, whatever was in the batch and the scratch before.
    let mut batch = Batch::<f64>::new();
    let first = bits(&filled(&task, 5));
    for index in [0, 9, 5] {
        task.fill(&mut batch, index).unwrap();
    }
    assert_eq!(bits(&batch), first);
    assert_ne!(bits(&filled(&task, 6)), first, "another index");
    assert_ne!(bits(&filled(&make(8, 3).unwrap(), 5)), first, "another seed");

    padded(&batch);

    // A batch is its rows.
    for k in 0..3 {
        let row = filled(&alone, 15 + k as u64);
        assert_eq!(element(&batch, k), element(&row, 0), "row {k}");
    }

    // Rounding to another scalar is the only difference between scalars.
    let mut single = Batch::<f32>::new();
    task.fill(&mut single, 5).unwrap();
    assert!(single.x.values().iter().zip(batch.x.values()).all(|(&a, &b)| a == b as f32));
    assert!(single.y.values().iter().zip(batch.y.values()).all(|(&a, &b)| a == b as f32));

    // Filling again allocates nothing, also where an epoch or a draw begins anew.
    let allocated = allocation_counter::measure(|| {
        (0..20).for_each(|index| task.fill(&mut batch, index).unwrap());
    });
    assert_eq!(allocated.count_total, 0, "{allocated:?}");
    // The counter counts: a batch that is new does allocate.
    assert!(allocation_counter::measure(|| drop(filled(&task, 0))).count_total > 0);

    // The last index there is, and the one after it.
    task.fill(&mut batch, u64::MAX / 3 - 1).unwrap();
    assert!(matches!(
        task.fill(&mut batch, u64::MAX / 3),
        Err(Error::Parameter { name: "index", .. })
    ));
    assert!(matches!(task.fill(&mut batch, u64::MAX), Err(Error::Parameter { name: "index", .. })));
}

/// The mean squared error of the best constant for every target and step, over `n` batches.
pub(crate) fn squared_error<K: Task>(task: &K, n: u64) -> f64 {
    let batches: Vec<_> = (1000..1000 + n).map(|i| filled(task, i)).collect();
    let shape = batches[0].y.shape();
    let (dims, width) = (shape.dims(), shape.last());
    let size = dims[dims.len() - 2];
    let steps = shape.len() / (size * width);
    let (mut sum, mut all) = (0.0, 0);
    for t in 0..steps {
        for k in 0..width {
            let at = |b: &Batch<f64>, row: usize| {
                runs(b, t, steps, row).then(|| b.y.values()[(t * size + row) * width + k])
            };
            let values: Vec<f64> =
                batches.iter().flat_map(|b| (0..size).filter_map(move |row| at(b, row))).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            sum += values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
            all += values.len();
        }
    }
    sum / all as f64
}

/// The mean entropy of the class ids at every step, over `n` batches.
pub(crate) fn entropy<K: Task>(task: &K, n: u64, classes: usize) -> f64 {
    let batches: Vec<_> = (0..n).map(|i| filled(task, i)).collect();
    let size = batches[0].x.shape().dims()[1];
    let steps = batches[0].ids.len() / size;
    let (mut sum, mut all) = (0.0, 0.0);
    for t in 0..steps {
        let mut counts = vec![0.0; classes];
        let ids = batches.iter().flat_map(|b| &b.ids[t * size..(t + 1) * size]);
        ids.filter(|&&id| id != PADDING).for_each(|&id| counts[id as usize] += 1.0);
        let rows: f64 = counts.iter().sum();
        sum -= counts.iter().filter(|&&c| c > 0.0).map(|c| c * (c / rows).ln()).sum::<f64>();
        all += rows;
    }
    sum / all
}

#[track_caller]
pub(crate) fn close(measured: f64, baseline: f64, tolerance: f64) {
    let error = (measured / baseline - 1.0).abs();
    assert!(error < tolerance, "measured {measured}, baseline {baseline}");
}
