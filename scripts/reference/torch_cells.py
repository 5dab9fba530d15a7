"""Reference values for the recurrent cells, from PyTorch in float64.

    pip install torch numpy                      # made with torch 2.15.0, numpy 2.4.6
    python scripts/reference/torch_cells.py

writes `tests/reference/{elman_tanh,elman_relu,lstm,projected_lstm,gru}.txt`; the format is told in
`arrays.py`.

Every file holds one small model, a cell and a linear head, in Elman's layout:

    weight [in, gates*hidden]   recurrent [hidden, gates*hidden]   bias [gates*hidden]
    head_weight [hidden, out]   head_bias [out]                    sequences [time, batch, feature]

The projected LSTM also has a `projection [hidden, projected]`; its output, and with it what the head
and `recurrent` read, has the projected size.

The gates lie as in PyTorch: LSTM i f g o, GRU r z n. PyTorch's second bias stays at zero and does
not learn, except the slice of the GRU's candidate: `candidate_bias [hidden]`, inside the reset
product. The loss is the mean squared error over all elements of the head's outputs, plus
sum(cot * final state) with random cotangents, so that final states have gradients.

The same model is written again in numpy below, and must agree: outputs, states and losses with
those of PyTorch to 1e-14, gradients (by complex steps, exact to rounding) to 1e-13.
"""

import numpy as np
import torch

from arrays import draw, write

INPUT, HIDDEN, PROJECTED, OUTPUT, BATCH, TIME = 3, 5, 2, 2, 4, 7
STEPS, RATE = 20, 1e-2


# --- the cells in numpy: step(weights, x, states) -> states, the first of which is the output


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def relu(a):
    assert np.abs(a.real).min() > 1e-5, "too near the kink for a reference"
    return np.where(a.real > 0, a, 0)


def elman(activation):
    def step(w, x, states):
        (h,) = states
        return (activation(x @ w["weight"] + h @ w["recurrent"] + w["bias"]),)

    return step


def lstm(w, x, states):
    h, c = states
    i, f, g, o = np.split(x @ w["weight"] + h @ w["recurrent"] + w["bias"], 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def projected_lstm(w, x, states):
    h, c = lstm(w, x, states)
    return h @ w["projection"], c


def gru(w, x, states):
    (h,) = states
    xr, xz, xn = np.split(x @ w["weight"] + w["bias"], 3, axis=1)
    hr, hz, hn = np.split(h @ w["recurrent"], 3, axis=1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * (hn + w["candidate_bias"]))
    return ((1 - z) * n + z * h,)


# name: seed, number of gates, names of the states, PyTorch's module, the step in numpy
CELLS = {
    "elman_tanh": (1, 1, "h", lambda: torch.nn.RNN(INPUT, HIDDEN), elman(np.tanh)),
    "elman_relu": (2, 1, "h", lambda: torch.nn.RNN(INPUT, HIDDEN, 1, "relu"), elman(relu)),
    "lstm": (3, 4, "hc", lambda: torch.nn.LSTM(INPUT, HIDDEN), lstm),
    "projected_lstm": (
        5,
        4,
        "hc",
        lambda: torch.nn.LSTM(INPUT, HIDDEN, proj_size=PROJECTED),
        projected_lstm,
    ),
    "gru": (4, 3, "h", lambda: torch.nn.GRU(INPUT, HIDDEN), gru),
}


def forward(step, states, v):
    """The whole model in numpy: head outputs, hidden outputs, final states, loss."""
    s, hidden = tuple(v[f"{k}0"] for k in states), []
    for x in v["x"]:
        s = step(v, x, s)
        hidden.append(s[0])
    hidden = np.stack(hidden)
    outputs = hidden @ v["head_weight"] + v["head_bias"]
    loss = ((outputs - v["y"]) ** 2).mean()
    loss = loss + sum((v[f"cot_{k}"] * a).sum() for k, a in zip(states, s))
    final = {f"final_{k}": a for k, a in zip(states, s)}
    return {"outputs": outputs, "hidden": hidden, **final, "loss": loss}


def complex_step(loss, v, name, size=1e-100):
    """The gradient of loss(v) in v[name]: Im loss(v + i*size) / size, without cancellation."""
    gradient = np.empty(v[name].shape)
    for index in np.ndindex(gradient.shape):
        moved = v[name].astype(complex)
        moved[index] += 1j * size
        gradient[index] = loss({**v, name: moved}).imag / size
    return gradient


# --- the same model in PyTorch


class Model(torch.nn.Module):
    def __init__(self, cell, states, v):
        super().__init__()
        self.states, self.cell = states, cell
        self.head = torch.nn.Linear(*v["head_weight"].shape)
        self.double()
        self.load(v)

    def load(self, v):
        self.candidate = slice(2 * HIDDEN, 3 * HIDDEN) if "candidate_bias" in v else slice(0, 0)
        with torch.no_grad():
            self.cell.bias_hh_l0.zero_()
            for name, place in self.weights().items():
                place.copy_(torch.from_numpy(v[name]))
        learns = torch.zeros_like(self.cell.bias_hh_l0)
        learns[self.candidate] = 1
        if learns.any():
            self.cell.bias_hh_l0.register_hook(lambda gradient: gradient * learns)
        else:
            self.cell.bias_hh_l0.requires_grad_(False)
        self.frozen = learns == 0

    def weights(self, of=lambda parameter: parameter):
        """Views of the weights, or of what `of` picks from them, in Elman's layout."""
        places = {
            "weight": of(self.cell.weight_ih_l0).T,
            "recurrent": of(self.cell.weight_hh_l0).T,
            "bias": of(self.cell.bias_ih_l0),
            "head_weight": of(self.head.weight).T,
            "head_bias": of(self.head.bias),
        }
        if self.candidate.stop:
            places["candidate_bias"] = of(self.cell.bias_hh_l0)[self.candidate]
        if self.cell.proj_size:
            places["projection"] = of(self.cell.weight_hr_l0).T
        return places

    def run(self, x, first):
        """All outputs of the cell, and its last states."""
        first = tuple(a[None] for a in first)
        hidden, last = self.cell(x, first if len(first) > 1 else first[0])
        return hidden, [a[0] for a in (last if len(first) > 1 else (last,))]

    def check(self):
        assert (self.cell.bias_hh_l0[self.frozen] == 0).all(), "a frozen bias has learnt"

    def forward(self, v):
        hidden, last = self.run(v["x"], [v[f"{k}0"] for k in self.states])
        outputs = self.head(hidden)
        loss = torch.nn.functional.mse_loss(outputs, v["y"])
        loss = loss + sum((v[f"cot_{k}"] * a).sum() for k, a in zip(self.states, last))
        final = {f"final_{k}": a for k, a in zip(self.states, last)}
        return {"outputs": outputs, "hidden": hidden, **final, "loss": loss}


def numbers(tensors):
    """Copies, as numpy arrays: what they are copied from may go on learning."""
    return {name: t.detach().numpy().copy() for name, t in tensors.items()}


def agree(name, got, want, tolerance=1e-14):
    error = np.abs(got - want).max() / max(1, np.abs(want).max())
    assert error <= tolerance, f"{name}: {error}"


def reference(seed, gates, states, module, step, build=Model):
    output = PROJECTED if step is projected_lstm else HIDDEN
    sizes = {"h": output, "c": HIDDEN}
    random = np.random.Generator(np.random.PCG64(seed))
    given = {
        "x": draw(random, TIME, BATCH, INPUT, scale=1.5),
        "y": draw(random, TIME, BATCH, OUTPUT, scale=1),
    }
    for k in states:
        given[f"{k}0"] = draw(random, BATCH, sizes[k], scale=0.9)
        given[f"cot_{k}"] = draw(random, BATCH, sizes[k], scale=0.5)
    weights = {
        "weight": draw(random, INPUT, gates * HIDDEN, scale=0.8),
        "recurrent": draw(random, output, gates * HIDDEN, scale=0.8),
        "bias": draw(random, gates * HIDDEN, scale=0.5),
        **({"candidate_bias": draw(random, HIDDEN, scale=0.5)} if step is gru else {}),
        **({"projection": draw(random, HIDDEN, output, scale=0.8)} if output < HIDDEN else {}),
        "head_weight": draw(random, output, OUTPUT, scale=0.8),
        "head_bias": draw(random, OUTPUT, scale=0.5),
    }

    # Forward and gradients.
    learning = ["x", *(f"{k}0" for k in states)]
    inputs = {name: torch.tensor(a, requires_grad=name in learning) for name, a in given.items()}
    model = build(module(), states, weights)
    results = model(inputs)
    results["loss"].backward()
    results = numbers(results)
    gradients = numbers(model.weights(lambda p: p.grad))
    gradients |= {name: inputs[name].grad.numpy() for name in learning}
    gradients = {name: gradients[name] for name in [*weights, *learning]}

    # They are those of the equations in numpy.
    v = {**given, **weights}
    first = step(v, v["x"][0], tuple(v[f"{k}0"] for k in states))[0]
    agree("first step", results["hidden"][0], first)
    for name, want in forward(step, states, v).items():
        agree(name, results[name], want)
    for name, got in gradients.items():
        want = complex_step(lambda v: forward(step, states, v)["loss"], v, name)
        agree(f"gradient of {name}", got, want, 1e-13)

    # Twenty steps of Adam over the weights.
    inputs = {name: t.detach() for name, t in inputs.items()}
    adam = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=RATE, eps=1e-8)
    losses = []
    for _ in range(STEPS):
        adam.zero_grad()
        loss = model(inputs)["loss"]
        loss.backward()
        losses.append(loss.item())
        v = {**given, **numbers(model.weights())}
        agree(f"loss {len(losses)}", loss.item(), forward(step, states, v)["loss"])
        adam.step()
    assert losses[0] == results["loss"] and losses[-1] < losses[0]
    model.check()
    trained = numbers(model.weights())

    return {
        **given,
        **weights,
        **results,
        **{f"grad_{name}": a for name, a in gradients.items()},
        "adam_losses": losses,
        **{f"adam_{name}": trained[name] for name in weights},
    }


NOTES = [
    "given: x, y, initial states *0, cotangents cot_* of the final states, weights",
    "loss = mean((outputs - y)^2) + sum(cot * final); grad_*: its gradients",
    f"adam_losses: before each of {STEPS} Adam steps; adam_*: the weights after them",
    f"Adam: rate {RATE}, betas 0.9 0.999, eps 1e-8",
]


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name, cell in CELLS.items():
        write(f"{name}.txt", "torch_cells.py", NOTES, reference(*cell))
