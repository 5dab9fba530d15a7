//! ONNX files as models: those of ours, PyTorch's, and others made by hand
//! (`scripts/exchange/onnx_others.py`).

use super::arrays::{deviation, path, read};
use super::models;
use elman_autograd::{Grad, Graph, Params, Tape};
use elman_io::exchange::Error;
use elman_io::exchange::onnx::{Export, Imported, Ints, Limits, Past, Value, import};
use elman_rnn::{Bidirectional, Embedding, Gru, Layer, Lstm, Rnn};
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
        // Where sizes are free, there are others, too.
        let (larger, given): (BTreeMap<_, _>, BTreeMap<_, _>) =
            arrays.into_iter().partition(|(name, _)| name.starts_with("larger."));
        let larger = larger.into_iter().map(|(name, x)| (name.replace("larger.", ""), x)).collect();
        for arrays in [given, larger] {
            if arrays.is_empty() {
                continue;
            }
            for (name, y) in run(&model, &params, &arrays) {
                let off = deviation(&y, &arrays[&name]);
                assert!(off < 2e-6, "{name} of {file}: off by {off:e}");
            }
            for (name, y) in run(&model, &params.cast::<f32>(), &arrays) {
                let off = deviation(&y, &arrays[&name]);
                assert!(off < 1e-5, "{name} of {file} in f32: off by {off:e}");
            }
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
        // All weights learn. Single numbers are fixed, and so have no part in this.
        for (name, weight) in params.iter() {
            let learns = grad.of(weight).unwrap().values().iter().any(|&g| g != 0.0);
            assert_eq!(learns, weight.shape().rank() > 0, "{name} of {file}");
        }
        let learns: Vec<bool> = grad.values().iter().map(|&g| g != 0.0).collect();
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

/// Sequences of no steps, of no rows, and of one, through cells of one unit.
#[test]
fn the_smallest_sizes() {
    let ((lstm, gru), params) = Params::<f64>::init(1, |p| {
        let lstm = Lstm::new(p.scope("lstm"), 1, 1)?;
        Ok((lstm, (Gru::new(p.scope("a"), 1, 1)?, Gru::new(p.scope("b"), 1, 1)?)))
    })
    .unwrap();
    let bytes = Export::new().level(lstm).level(gru).to_bytes(&params).unwrap();
    let (model, imported) = import::<f64>(&bytes, Limits::default()).unwrap();
    let both = Rnn(lstm).then(Bidirectional::new(gru.0, gru.1));
    for sizes in [[0, 2, 1], [3, 0, 1], [0, 0, 1], [1, 1, 1], [2, 1, 1]] {
        let x = Tensor::from_fn(sizes, |i| i as f64 - 0.5).unwrap();
        let ours = Tape::new().evaluate(&params, |g| both.forward(g.input(&x)).values().tensor());
        let back =
            Tape::new().evaluate(&imported, |g| model.forward(g.input(&x)).values().tensor());
        assert_eq!(back, ours);
    }
}

/// The same with units and values of the past, of which there are none before the first step.
#[test]
fn the_smallest_sizes_in_units() {
    for case in models::all() {
        let (steps, sizes): (usize, &[_]) = match &case.name[..] {
            "units" => (1, &[[0, 2, 3], [3, 0, 3], [1, 1, 3], [2, 1, 3]]),
            // There is no last step of none.
            "classes" => (0, &[[3, 0, 3], [1, 1, 3], [2, 1, 3]]),
            _ => continue,
        };
        let bytes = case.export.to_bytes(&case.params).unwrap();
        let (model, params) = import::<f64>(&bytes, Limits::default()).unwrap();
        for &[time, batch, columns] in sizes {
            let x = Tensor::from_fn([time, batch, columns], |i| i as f64 - 0.5).unwrap();
            let y = Tape::new().evaluate(&params, |g| model.forward(g.input(&x)).values().tensor());
            let y = y.unwrap();
            let shape = y.shape();
            let outer = &shape.dims()[..shape.rank() - 1];
            assert_eq!(outer, &[time, batch][1 - steps..], "{}", case.name);
            assert!(y.values().iter().all(|y| y.is_finite()));
        }
    }
}

/// What cannot be written is refused.
#[test]
fn exports_of_nothing() {
    let (lstm, params) = Params::<f32>::init(1, |p| Lstm::new(p.scope("lstm"), 2, 3)).unwrap();
    assert_eq!(Export::new().to_bytes(&params), Err(Error::Empty));
    let (_, others) = Params::<f32>::init(1, |p| Lstm::new(p.scope("other"), 2, 3)).unwrap();
    let foreign = Export::new().level(lstm).to_bytes(&others);
    assert_eq!(foreign, Err(Error::Foreign { name: "level0.w".into() }));
    let features = |layer: &str| Error::Features { layer: layer.into(), wanted: 2, given: 3 };
    let stack = Export::new().level(lstm).level(lstm).to_bytes(&params);
    assert_eq!(stack, Err(features("level1")));
}

/// What stands around a network has to fit it.
#[test]
fn units_that_do_not_fit() {
    let (lstm, params) = Params::<f32>::init(1, |p| Lstm::new(p.scope("lstm"), 2, 3)).unwrap();
    let said = |around: fn(Export) -> Export| {
        let export = around(Export::new().level(lstm));
        export.to_bytes(&params).unwrap_err().to_string()
    };
    let zero = "a scale of 0, or a number that is not finite, in the numbers of the file";
    assert_eq!(
        said(|e| e.inputs(&[0.0], &[1.0])),
        "the scaling of the inputs reads 2 features, and is given 1"
    );
    assert_eq!(
        said(|e| e.inputs(&[0.0; 2], &[1.0; 3])),
        "the scaling of the inputs reads 2 features, and is given 3"
    );
    assert_eq!(
        said(|e| e.inputs(&[0.0; 2], &[1.0, 0.0])),
        format!("the scaling of the inputs: {zero}")
    );
    // What `f32` cannot tell from 0, or from infinity.
    let [small, large] = [1e-50, 1e50].map(|scale| {
        let export = Export::new().level(lstm).inputs(&[0.0; 2], &[1.0, scale]);
        assert!(export.to_bytes(&params.cast::<f64>()).is_ok());
        export.to_bytes(&params).unwrap_err().to_string()
    });
    assert_eq!([&small, &large], [&format!("the scaling of the inputs: {zero}"); 2]);
    // Around 1e9, `f32` goes in steps of 64.
    let coarse = |e: Export| e.inputs(&[0.0, 1e9], &[1.0, 30.0]);
    let wanted = "the scaling of the inputs: column 1 is around 1.00000003e9 and changes by 3e1, \
                  which is less than the numbers of the file can hold: subtract a constant from it";
    assert_eq!(said(coarse), wanted);
    assert!(coarse(Export::new().level(lstm)).to_bytes(&params.cast::<f64>()).is_ok());
    let steps = said(|e| e.inputs(&[1e6], &[1e6]).steps(&[1.0]));
    assert!(steps.starts_with("the steps of the inputs: column 0 is around 2e6"), "{steps}");
    let outputs = said(|e| e.outputs(&[0.0, 1e9, 0.0], &[1.0; 3]));
    assert!(outputs.starts_with("the scaling of the outputs: column 1"), "{outputs}");
    assert_eq!(
        said(|e| e.outputs(&[f64::NAN; 3], &[1.0; 3])),
        format!("the scaling of the outputs: {zero}")
    );
    assert_eq!(
        said(|e| e.outputs(&[0.0; 2], &[1.0; 2])),
        "the scaling of the outputs reads 3 features, and is given 2"
    );
    assert_eq!(
        said(|e| e.steps(&[1.0; 2])),
        "the steps of the inputs: of 2 columns, with 2 features in all"
    );
    assert_eq!(said(|e| e.steps(&[0.0])), format!("the steps of the inputs: {zero}"));
    assert_eq!(
        said(|e| e.past([Past { column: 0, back: 0 }])),
        "the values of the past reads 3 features, and is given 1"
    );
    assert_eq!(
        said(|e| e.past([Past { column: 2, back: 0 }; 3])),
        "the values of the past: column 2 of 2"
    );
    let states = "the states: with steps, or values of the past, which begin anew at every call";
    assert_eq!(said(|e| e.steps(&[1.0]).states()), states);
    assert_eq!(said(|e| e.past([Past { column: 0, back: 1 }; 3]).states()), states);
}

/// Symbols have no units.
#[test]
fn units_of_symbols() {
    let ((table, lstm), params) = Params::<f32>::init(1, |p| {
        Ok((Embedding::new(p.scope("table"), 5, 2)?, Lstm::new(p.scope("lstm"), 2, 3)?))
    })
    .unwrap();
    let export = Export::new().embedding(table).level(lstm);
    assert!(export.to_bytes(&params).is_ok());
    for export in [export.clone().steps(&[1.0]), export.inputs(&[], &[])] {
        let said = export.to_bytes(&params).unwrap_err().to_string();
        assert_eq!(said, "the units of the inputs: of symbols, which have none");
    }
}

/// What fails in a node names the line that ran the model.
#[test]
fn failures_name_the_callers_line() {
    for file in
        ["other_torch_gru_new", "other_torch_deep_old", "other_arranged", "other_lstm_layout"]
    {
        let bytes = std::fs::read(path(&format!("{file}.onnx"))).unwrap();
        let (model, params) = import::<f64>(&bytes, Limits::default()).unwrap();
        for sizes in [[5, 2, 4], [1, 1, 1], [2, 3, 3]] {
            let x = Tensor::<f64>::zeros(sizes).unwrap();
            let run = |count: usize| {
                Tape::new().evaluate(&params, |g| {
                    drop(model.run(g, &vec![Value::Floats(g.input(&x)); count]));
                })
            };
            for count in [0, model.inputs().count()] {
                if let Err(error) = run(count) {
                    let error = error.to_string();
                    assert!(
                        error.contains("tests/suite/exchange/onnx_import.rs"),
                        "{file}: {error}"
                    );
                }
            }
        }
    }
}
