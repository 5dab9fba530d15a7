"""ONNX files of other programs, for `tests/suite/exchange/onnx_import.rs`.

    pip install torch onnx onnxscript onnxruntime numpy
    python scripts/exchange/onnx_others.py > scripts/exchange/onnx_others.log

writes `other_*.onnx` beside the tests, and for each a `.txt` with its inputs and with the outputs
of ONNX Runtime (of ONNX's own reference where that has no kernel). Files named `other_torch_*` are
PyTorch's, by its old exporter and its new one; the others are made by hand.
"""

import contextlib
import io
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from arrays import FOLDER, write

warnings.simplefilter("ignore")
TIME, BATCH, INPUT, HIDDEN, SYMBOLS = 5, 2, 3, 4, 6


class Module(torch.nn.Module):
    def __init__(self, kind, reads=INPUT, **settings):
        super().__init__()
        directions = 2 if settings.get("bidirectional") else 1
        self.rnn = getattr(torch.nn, kind)(reads, HIDDEN, **settings)
        self.head = torch.nn.Linear(directions * HIDDEN, 2)

    def forward(self, x):
        return self.head(self.rnn(x)[0])


class Last(Module):
    def forward(self, x):
        y, _ = self.rnn(x)
        return torch.log_softmax(self.head(y[-1]), dim=-1)


class States(Module):
    def forward(self, x, h, c):
        y, (h, c) = self.rnn(x, (h, c))
        return torch.sigmoid(self.head(torch.relu(y))), h, c


class Embedded(Module):
    def __init__(self, kind, **settings):
        super().__init__(kind, **settings)
        self.embedding = torch.nn.Embedding(SYMBOLS, INPUT)

    def forward(self, x):
        return super().forward(self.embedding(x))


random = np.random.default_rng(1)


def numbers(*sizes):
    return random.uniform(-1, 1, sizes).round(3).astype(np.float32)


def larger(inputs):
    """Other numbers for more steps and more rows."""
    more = {"x": [2, 1], "h": [0, 1], "c": [0, 1]}
    sizes = {name: [*x.shape] for name, x in inputs.items()}
    for name, (a, b) in more.items():
        if name in sizes:
            sizes[name][0] += a
            sizes[name][1] += b
    whole = lambda size: random.integers(0, SYMBOLS, size)
    draw = lambda x, size: numbers(*size) if x.dtype == np.float32 else whole(size)
    return {name: draw(x, sizes[name]) for name, x in inputs.items()}


def finish(name, inputs, runtime=True, free=False):
    """Checks a file, runs it, and writes what came out; again for other sizes if these are free."""
    path = FOLDER / f"other_{name}.onnx"
    model = onnx.load(path)
    # Where in somebody's program a node came from is of no use here.
    for node in model.graph.node:
        del node.metadata_props[:]
    del model.metadata_props[:]
    onnx.save(model, path)
    onnx.checker.check_model(model, full_check=runtime)
    if runtime:
        session = onnxruntime.InferenceSession(path)
    else:
        session = ReferenceEvaluator(model)
    outputs = session.run(None, inputs)
    names = [output.name for output in model.graph.output]
    by = "ONNX Runtime" if runtime else "ONNX's reference"
    arrays = [*inputs.items(), *zip(names, outputs)]
    if free:
        inputs = larger(inputs)
        outputs = session.run(None, inputs)
        arrays += [(f"larger.{n}", x) for n, x in [*inputs.items(), *zip(names, outputs)]]
    write(f"other_{name}.txt", f"by {by}", arrays)
    nodes = " ".join(sorted({node.op_type for node in model.graph.node}))
    print(f"{name:24} {path.stat().st_size:6} bytes, by {by}: {nodes}")


def export(name, module, inputs):
    """By both of PyTorch's exporters."""
    torch.manual_seed(1)
    module = module().eval()
    given = tuple(torch.from_numpy(x) for x in inputs.values())
    axes = {"x": {0: "a", 1: "b"}, "h": {1: "b"}, "c": {1: "b"}}
    axes = {key: axes[key] for key in inputs}
    with contextlib.redirect_stdout(io.StringIO()):
        path = FOLDER / f"other_torch_{name}_old.onnx"
        names = {"input_names": list(inputs), "dynamic_axes": axes}
        torch.onnx.export(module, given, path, dynamo=False, opset_version=17, **names)
        path = FOLDER / f"other_torch_{name}_new.onnx"
        dynamic = tuple({axis: torch.export.Dim.DYNAMIC for axis in axes[key]} for key in inputs)
        # The new exporter writes the steps of this one down one after the other.
        dynamic = None if type(module.rnn) is torch.nn.RNN else dynamic
        names = {"input_names": list(inputs), "dynamic_shapes": dynamic}
        torch.onnx.export(module, given, path, dynamo=True, external_data=False, **names)
    with torch.no_grad():
        wanted = module(*given)
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    for kind in ("old", "new"):
        finish(f"torch_{name}_{kind}", inputs, free=kind == "old" or dynamic is not None)
        session = onnxruntime.InferenceSession(FOLDER / f"other_torch_{name}_{kind}.onnx")
        for y, z in zip(session.run(None, inputs), wanted, strict=True):
            assert np.abs(y - z.numpy()).max() < 1e-6


sequence = {"x": numbers(TIME, BATCH, INPUT)}
rows = {"x": numbers(BATCH, TIME, INPUT)}
symbols = {"x": random.integers(0, SYMBOLS, (TIME, BATCH))}
state = {"h": numbers(1, BATCH, HIDDEN), "c": numbers(1, BATCH, HIDDEN)}
export("lstm", lambda: Module("LSTM"), sequence)
export("gru", lambda: Module("GRU"), sequence)
export("rnn", lambda: Module("RNN"), sequence)
export("rnn_relu", lambda: Module("RNN", nonlinearity="relu"), sequence)
export("deep", lambda: Module("LSTM", num_layers=2, bidirectional=True), sequence)
export("rows", lambda: Module("GRU", num_layers=2, batch_first=True), rows)
export("unbiased", lambda: Module("LSTM", bias=False), sequence)
export("last", lambda: Last("GRU", bidirectional=True), sequence)
export("states", lambda: States("LSTM"), sequence | state)
export("embedding", lambda: Embedded("LSTM"), symbols)


def value(name, rank):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank)


def by_hand(
    name, operator, gates, inputs=None, directions=1, reference=False, bias=True, **attributes
):
    """One recurrent node with all of its outputs."""
    inputs = {"X": numbers(TIME, BATCH, INPUT)} | (inputs or {})
    weights = {
        "W": numbers(directions, gates * HIDDEN, INPUT),
        "R": numbers(directions, gates * HIDDEN, HIDDEN),
    }
    if bias:
        weights["B"] = numbers(directions, 2 * gates * HIDDEN)
    if "P" in inputs:
        weights["P"] = inputs.pop("P")
    operands = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]
    operands = [o if o in inputs or o in weights else "" for o in operands]
    while not operands[-1]:
        operands.pop()
    outputs = ["Y", "Y_h"] + (["Y_c"] if operator == "LSTM" else [])
    node = helper.make_node(operator, operands, outputs, hidden_size=HIDDEN, **attributes)
    types = {np.dtype("float32"): TensorProto.FLOAT, np.dtype("int32"): TensorProto.INT32}
    graph = helper.make_graph(
        [node],
        name,
        [helper.make_tensor_value_info(n, types[x.dtype], x.shape) for n, x in inputs.items()],
        [value(n, 4 if n == "Y" else 3) for n in outputs],
        [numpy_helper.from_array(x, n) for n, x in weights.items()],
    )
    opsets = [helper.make_opsetid("", 14)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="by hand")
    onnx.save(model, FOLDER / f"other_{name}.onnx")
    finish(name, inputs, runtime=not reference)


lengths = {"sequence_lens": np.array([3, 5], np.int32)}
first = {"initial_h": numbers(2, BATCH, HIDDEN), "initial_c": numbers(2, BATCH, HIDDEN)}
by_hand("lstm_lengths", "LSTM", 4, lengths | first, 2, direction="bidirectional")
by_hand("lstm_reverse", "LSTM", 4, lengths, direction="reverse")
by_hand("lstm_peepholes", "LSTM", 4, {"P": numbers(2, 3 * HIDDEN)}, 2, direction="bidirectional")
by_hand("lstm_coupled", "LSTM", 4, input_forget=1)
by_hand("lstm_unbiased", "LSTM", 4, bias=False)
usual = ["Sigmoid", "Tanh", "Tanh"]
both = {"directions": 2, "direction": "bidirectional"}
by_hand("lstm_activations", "LSTM", 4, activations=usual * 2, **both)
by_hand("gru_before", "GRU", 3, lengths, linear_before_reset=0)
by_hand("gru_after", "GRU", 3, lengths, 2, linear_before_reset=1, direction="bidirectional")
by_hand("gru_reverse", "GRU", 3, direction="reverse", linear_before_reset=1)
activations = {"activations": ["LeakyRelu", "Affine"], "activation_alpha": [0.2, 1.0]}
activations |= {"activation_beta": [0.0]}
by_hand("rnn_activations", "RNN", 1, None, 2, direction="bidirectional", **activations)
by_hand("rnn_elu", "RNN", 1, activations=["Elu"], activation_alpha=[0.5])
outer = {"X": numbers(BATCH, TIME, INPUT), "initial_h": numbers(BATCH, 1, HIDDEN)}
by_hand("rnn_layout", "RNN", 1, outer, reference=True, layout=1)
by_hand("gru_layout", "GRU", 3, outer, reference=True, layout=1, linear_before_reset=1)
outer |= {"initial_c": numbers(BATCH, 1, HIDDEN)}
by_hand("lstm_layout", "LSTM", 4, outer, reference=True, layout=1)


def arranged():
    """What exporters write between layers, on shapes that only the file knows."""
    constants = {
        "weight": numbers(3, 4),
        "bias": numbers(4),
        "column": numbers(2, 1),
        "row": numbers(1, 2) + 2,
        "whole": np.array([0, -1], np.int64),
        "two": np.array([2], np.int64),
        "starts": np.array([-1, 0], np.int64),
        "ends": np.array([-(2**40), 2], np.int64),
        "axes": np.array([1, 2], np.int64),
        "steps": np.array([-2, 1], np.int64),
        "picked": np.array([[1, -1], [0, 0]], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Transpose", ["x"], ["turned"], perm=[2, 0, 1]),
        node("Slice", ["turned", "starts", "ends", "axes", "steps"], ["sliced"]),
        node("Gather", ["sliced", "picked"], ["gathered"], axis=2),
        node("Shape", ["gathered"], ["sizes"], start=1),
        node("Expand", ["column", "sizes"], ["columns"]),
        node("Mul", ["gathered", "columns"], ["product"]),
        node("Flatten", ["product"], ["flat"], axis=3),
        node("Reshape", ["flat", "whole"], ["again"]),
        node("Softplus", ["again"], ["soft"]),
        node("Unsqueeze", ["soft", "two"], ["more"]),
        node("Squeeze", ["more", "two"], ["less"]),
        node("Div", ["less", "row"], ["y"]),
        node("Gemm", ["z", "weight", "bias"], ["gemm"], alpha=0.5, beta=2.0, transA=1),
        node("Softmax", ["gemm"], ["w"]),
    ]
    inputs = {"x": numbers(5, 3, 4), "z": numbers(3, 6)}
    described = helper.make_tensor_value_info
    values = [described(n, TensorProto.FLOAT, x.shape) for n, x in inputs.items()]
    outputs = [value(n, 2) for n in "yw"]
    weights = [numpy_helper.from_array(x, n) for n, x in constants.items()]
    graph = helper.make_graph(nodes, "arranged", values, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, FOLDER / "other_arranged.onnx")
    finish("arranged", inputs)


arranged()


def functions():
    """Functions of elements, constants of every form, and whole numbers that become others."""
    node = helper.make_node
    nodes = [
        node("Constant", [], ["half"], value_float=0.5),
        node("Constant", [], ["three"], value_floats=[1.5, 2.5, 3.5]),
        node("Constant", [], ["minus"], value_int=-1),
        node("Constant", [], ["ends"], value_ints=[0, -1]),
        node("Abs", ["x"], ["abs"]),
        node("Add", ["abs", "half"], ["above"]),
        node("Log", ["above"], ["log"]),
        node("Sqrt", ["above"], ["root"]),
        node("Neg", ["log"], ["minus_log"]),
        node("Exp", ["minus_log"], ["exp"]),
        node("Softsign", ["x"], ["sign"]),
        node("Sub", ["three", "sign"], ["less"]),
        node("Concat", ["exp", "root", "less"], ["all"], axis=-1),
        node("LogSoftmax", ["all"], ["soft"], axis=2),
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "minus"], ["last"], axis=0),
        node("Cast", ["last"], ["number"], to=TensorProto.FLOAT),
        node("Div", ["soft", "number"], ["y"]),
        # [4, 2, 3] becomes [4 - 3, 2, 3 / 3], of one whole number: no axes but the middle one.
        node("Gather", ["shape", "ends"], ["sides"]),
        node("Sub", ["sides", "last"], ["differences"]),
        node("Div", ["sides", "last"], ["quotients"]),
        node("Gather", ["differences", "first"], ["one"]),
        node("Slice", ["quotients", "first", "ends_at", "axis"], ["another"]),
        node("Gather", ["shape", "second"], ["two"]),
        node("Concat", ["one", "two", "another"], ["sizes"], axis=0),
        node("ConstantOfShape", ["sizes"], ["filled"], value=numpy_helper.from_array(numbers(1))),
        node("Squeeze", ["filled"], ["pair"]),
        node("Gather", ["x", "picked"], ["column"], axis=-1),
        node("Mul", ["column", "pair"], ["w"]),
    ]
    constants = {"first": [0], "second": [1], "ends_at": [1], "axis": [0]}
    constants = {name: np.array(value, np.int64) for name, value in constants.items()}
    constants["picked"] = np.array(2, np.int64)
    inputs = {"x": numbers(4, 2, 3)}
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["a", "b", "c"])
    outputs = [value("y", 3), value("w", 2)]
    weights = [numpy_helper.from_array(x, n) for n, x in constants.items()]
    graph = helper.make_graph(nodes, "functions", [x], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, FOLDER / "other_functions.onnx")
    finish("functions", inputs)


functions()
