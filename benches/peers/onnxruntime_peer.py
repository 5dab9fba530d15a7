"""ONNX Runtime on the CPU: a model of one RNN, LSTM or GRU node that does one step, its state an
input and an output that stay in place between calls. It only infers: there is no training.
"""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import clock

# The operator, its sums, and its states.
NODES = {"rnn": ("RNN", 1, ["h"]), "lstm": ("LSTM", 4, ["h", "c"]), "gru": ("GRU", 3, ["h"])}


def model(w):
    operator, sums, states = NODES[w["cell"]]
    inputs, hidden, random = w["input"], w["hidden"], np.random.default_rng(1)

    def weight(name, *shape):
        values = random.uniform(-1, 1, shape) / np.sqrt(hidden)
        return numpy_helper.from_array(values.astype(np.float32), name)

    def info(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    # Inputs are x, w, u, b, the lengths (none) and the states; the first output is the sequence.
    node = helper.make_node(
        operator,
        ["x", "w", "u", "b", "", *states],
        ["", *(f"{state}_next" for state in states)],
        hidden_size=hidden,
        **({"linear_before_reset": 1} if operator == "GRU" else {}),
    )
    graph = helper.make_graph(
        [node],
        "step",
        [info("x", 1, 1, inputs), *(info(state, 1, 1, hidden) for state in states)],
        [info(f"{state}_next", 1, 1, hidden) for state in states],
        [
            weight("w", 1, sums * hidden, inputs),
            weight("u", 1, sums * hidden, hidden),
            weight("b", 1, 2 * sums * hidden),
        ],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(made)
    return made.SerializeToString(), states


def stream(w):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = clock.threads()
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    made, states = model(w)
    session = onnxruntime.InferenceSession(made, options, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(2).standard_normal((1, 1, w["input"])).astype(np.float32)
    place = onnxruntime.OrtValue.ortvalue_from_numpy

    # Two sets of states, each read by one binding and written by the other.
    memory = [{s: place(np.zeros((1, 1, w["hidden"]), np.float32)) for s in states} for _ in "ab"]
    bindings = []
    for before, after in (memory, memory[::-1]):
        binding = session.io_binding()
        binding.bind_ortvalue_input("x", place(x))
        for state in states:
            binding.bind_ortvalue_input(state, before[state])
            binding.bind_ortvalue_output(f"{state}_next", after[state])
        bindings.append(binding)

    def steps(n):
        for i in range(n):
            session.run_with_iobinding(bindings[i % 2])
        return memory[n % 2]["h"].numpy()

    return steps


if __name__ == "__main__":
    clock.run("onnxruntime", stream=stream)
