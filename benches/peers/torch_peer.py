"""PyTorch on the CPU: nn.RNN, nn.LSTM and nn.GRU, a linear layer, and Adam.

A streaming step takes the faster of two ways that PyTorch offers: a cell (nn.LSTMCell and its
like), and the same cell traced by TorchScript and frozen.
"""

import time
import warnings

import torch

import clock

# TorchScript is deprecated, and still the fastest for a small cell.
warnings.simplefilter("ignore", FutureWarning)
torch.set_num_threads(clock.threads())
LAYERS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
CELLS = {"rnn": torch.nn.RNNCell, "lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell}


def train(w):
    torch.manual_seed(1)
    layer = LAYERS[w["cell"]](w["input"], w["hidden"])
    head = torch.nn.Linear(w["hidden"], w["output"])
    x = torch.randn(w["time"], w["batch"], w["input"])
    y = torch.randn(w["time"], w["batch"], w["output"])
    weights = [*layer.parameters(), *head.parameters()]
    # The fused update is the fastest that PyTorch has on a CPU.
    adam = torch.optim.Adam(weights, lr=1e-3, fused=True)

    def steps(n):
        for _ in range(n):
            adam.zero_grad(set_to_none=True)
            outputs, _ = layer(x)
            loss = torch.nn.functional.mse_loss(head(outputs), y)
            loss.backward()
            adam.step()
        return loss.item()

    return steps


@torch.inference_mode()
def stream(w):
    torch.manual_seed(1)
    cell = CELLS[w["cell"]](w["input"], w["hidden"]).eval()
    x = torch.randn(1, w["input"])
    zeros = torch.zeros(1, w["hidden"])
    first = (zeros, zeros) if w["cell"] == "lstm" else zeros
    traced = torch.jit.freeze(torch.jit.trace(cell, (x, first)))
    return min((carried(cell, x, first), carried(traced, x, first)), key=spent)


def carried(cell, x, state):
    """Steps of a cell that carry its state on."""
    pair = isinstance(state, tuple)

    @torch.inference_mode()
    def steps(n):
        nonlocal state
        for _ in range(n):
            state = cell(x, state)
        return state[0] if pair else state

    return steps


def spent(steps):
    """How long some steps take, after some that do not count."""
    steps(200)
    start = time.perf_counter()
    steps(500)
    return time.perf_counter() - start


if __name__ == "__main__":
    clock.run("torch", train, stream)
