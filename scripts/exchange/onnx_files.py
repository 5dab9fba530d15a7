"""Our ONNX files in ONNX's own checker and in ONNX Runtime.

    pip install onnx onnxruntime numpy
    python scripts/exchange/onnx_files.py > scripts/exchange/onnx_files.log

Each `.onnx` file beside the tests of exchange has a `.txt` file with its inputs and with the
outputs that Elman gives, in float64; ONNX Runtime's, in float32, must be the same to 1e-5. Other
numbers of steps and rows must run, too, and those with states also step by step.
"""

import numpy as np
import onnx
import onnxruntime

from arrays import FOLDER, read

print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
for path in sorted(FOLDER.glob("*.onnx")):
    if path.stem.startswith("other"):
        continue
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path)
    arrays = read(f"{path.stem}.txt")
    types = {"tensor(float)": np.float32, "tensor(int64)": np.int64}
    inputs = {i.name: arrays[i.name].astype(types[i.type]) for i in session.get_inputs()}
    names = [output.name for output in session.get_outputs()]
    outputs = dict(zip(names, session.run(names, inputs)))
    assert outputs.keys() | inputs.keys() == arrays.keys(), path
    worst = 0.0
    for name, found in outputs.items():
        wanted = arrays[name]
        assert found.shape == wanted.shape, (path, name, found.shape, wanted.shape)
        worst = max(worst, np.abs(found - wanted).max() / np.abs(wanted).max())
    assert worst < 1e-5, (path, worst)
    # Other sizes: three times as many rows, twice as many steps.
    larger = {}
    for name, values in inputs.items():
        steps = 2 if name == "x" else 1
        larger[name] = np.tile(values, [steps, 3] + [1] * (values.ndim - 2))
    y = dict(zip(names, session.run(names, larger)))["y"]
    assert y.shape[:-1] in [(2 * inputs["x"].shape[0], 3 * inputs["x"].shape[1]), (len(y),)]
    assert y.shape[-2] == 3 * inputs["x"].shape[1]
    # Step by step, each from the state that the one before it left.
    states = [name for name in inputs if name != "x"]
    if states:
        given, steps = dict(inputs), []
        for x in inputs["x"]:
            given["x"] = x[None]
            found = dict(zip(names, session.run(names, given)))
            steps.append(found["y"])
            given |= {name: found[f"next.{name}"] for name in states}
        assert np.abs(np.concatenate(steps) - outputs["y"]).max() < 1e-6
        assert all(np.abs(given[name] - outputs[f"next.{name}"]).max() < 1e-6 for name in states)
    print(f"{path.stem:20} {worst:.1e}, inputs {', '.join(inputs)}, outputs {', '.join(outputs)}")
