//! ONNX files as models: those of ours, PyTorch's, and others made by hand
//! (`scripts/exchange/onnx_others.py`).

use crate::arrays::{deviation, path, read};
use crate::models;
use elman_autograd::{Grad, Graph, Params, Tape};
use elman_io::exchange::onnx::{Imported, Ints, Limits, Value, import};
use elman_tensor::{Dual, Real, Tensor};
use std::collections::BTreeMap;

/// The inputs of a model, out of some arrays.
fn given<'g, T: Real>(
    model: &Imported,
    g: &'g Graph<'g, T>,
    arrays: &BTreeMap<String, Tensor<f64>>,
) -> Vec<Value<'g, T>> {
    let input = |(name, whole): (&str, bool)| -> Value<'g, T> {
        let x = &arrays[name];
        if whole {
            let ints = x.values().iter().map(|&x| x as i64).collect();
            Ints::new(x.shape(), ints).unwrap().into()
        } else {
            g.input(&x.cast::<T>()).into()
        }
    };
    model.inputs().map(input).collect()
}

/// What a model gives for some arrays, by the names of its outputs.
fn run<T: Real>(
    model: &Imported,
    params: &Params<T>,
    arrays: &BTreeMap<String, Tensor<f64>>,
) -> BTreeMap<String, Tensor<T>> {
    let run = Tape::new().evaluate(params, |g| {
        let outputs = model.run(g, &given(model, g, arrays));
        outputs.iter().map(|y| y.floats().unwrap().tensor()).collect::<Vec<_>>()
    });
    model.outputs().map(str::to_owned).zip(run.unwrap()).collect()
}

/// A model that goes out and comes back gives the same, but for the order of a sum: a linear map
/// adds its bias first, the nodes that it becomes last.
#[test]
fn what_went_out_comes_back() {
    for case in models::all() {
        let bytes = case.export.to_bytes(&case.params).unwrap();
        let (model, params) = import::<f64>(&bytes, Limits::default()).unwrap();
        let arrays = case.arrays.into_iter().collect();
        for (name, y) in run(&model, &params, &arrays) {
            let off = deviation(&y, &arrays[&name]);
            assert!(off < 1e-15, "{name} of {}: off by {off:e}", case.name);
        }
        // No weight is left out, except peepholes and the like that were not there.
        assert!(params.len() >= case.params.len(), "{}", case.name);
    }
}

/// Files of other programs give what they gave there.
#[test]
fn others_give_the_same() {
    let others: Vec<String> = std::fs::read_dir(path(""))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("other_") && name.ends_with(".onnx"))
        .collect();
    assert!(others.len() >= 20, "{others:?}");
    for file in others {
        let bytes = std::fs::read(path(&file)).unwrap();
        let arrays = read(&file.replace(".onnx", ".txt"));
        let imported = import::<f64>(&bytes, Limits::default());
        let (model, params) = imported.unwrap_or_else(|error| panic!("{file}: {error}"));
        let found = run(&model, &params, &arrays);
        assert!(!found.is_empty());
        for (name, y) in found {
            let off = deviation(&y, &arrays[&name]);
            assert!(off < 2e-6, "{name} of {file}: off by {off:e}");
        }
        for (name, y) in run(&model, &params.cast::<f32>(), &arrays) {
            let off = deviation(&y, &arrays[&name]);
            assert!(off < 1e-5, "{name} of {file} in f32: off by {off:e}");
        }
    }
}

/// What comes in learns: the gradient is that of dual numbers.
#[test]
fn what_comes_in_learns() {
    for file in ["other_torch_lstm_new", "other_torch_gru_old", "other_torch_embedding_new"] {
        let bytes = std::fs::read(path(&format!("{file}.onnx"))).unwrap();
        let arrays = read(&format!("{file}.txt"));
        let (model, mut params) = import::<f64>(&bytes, Limits::default()).unwrap();
        let mut grad = Grad::zeros(&params);
        let direction: Vec<f64> = (0..params.len()).map(|i| (i as f64).cos()).collect();
        let loss = |params: &Params<f64>, grad: &mut Grad<f64>| {
            Tape::new().gradient(params, grad, |g| {
                let given = given(&model, g, &arrays);
                model.run(g, &given)[0].floats().unwrap().square().sum()
            })
        };
        let before = loss(&params, &mut grad).unwrap();
        // Fixed numbers have no gradient, and so no part in this.
        let learns: Vec<bool> = grad.values().iter().map(|&g| g != 0.0).collect();
        assert!(learns.iter().filter(|&&l| l).count() > 50);
        let direction: Vec<f64> =
            direction.iter().zip(&learns).map(|(&d, &l)| if l { d } else { 0.0 }).collect();
        let mut lifted = params.cast::<Dual<f64>>();
        lifted.direct(&direction).unwrap();
        let y = run(&model, &lifted, &arrays);
        let y = &y[model.outputs().next().unwrap()];
        let along: f64 = y.values().iter().map(|y| 2.0 * y.value * y.tangent).sum();
        let wanted: f64 = grad.values().iter().zip(&direction).map(|(g, d)| g * d).sum();
        assert!((along - wanted).abs() < 1e-10 * along.abs().max(1.0), "{along} {wanted}");
        // A step downhill is one.
        let step = grad.values().to_vec();
        params.values_mut().iter_mut().zip(step).for_each(|(w, g)| *w -= 1e-3 * g);
        assert!(loss(&params, &mut grad).unwrap() < before);
    }
}
