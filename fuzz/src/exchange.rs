//! What has to hold of models of other programs, whatever bytes they are. The tests of `elman-io`
//! put the seeds through the same function.

use elman_io::autograd::Tape;
use elman_io::exchange::onnx::{Ints, Limits, Value, import};
use elman_io::tensor::Tensor;

/// An ONNX file: a model that runs, or an error.
pub fn onnx(bytes: &[u8]) {
    let limits = Limits { bytes: 1 << 16, fields: 1 << 12 };
    let Ok((model, params)) = import::<f32>(bytes, limits) else { return };
    let x = Tensor::<f32>::from_fn([5, 2, 3], |i| i as f32 / 30.0).unwrap();
    let mut tape = Tape::new().limit(1 << 24);
    let _ = tape.evaluate(&params, |g| {
        let given: Vec<Value<'_, f32>> = model
            .inputs()
            .map(|(_, whole)| match whole {
                true => Ints::new([5, 2], (0..10).collect()).unwrap().into(),
                false => g.input(&x).into(),
            })
            .collect();
        drop(model.run(g, &given));
    });
}
