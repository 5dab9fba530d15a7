"""Reference values for layers on layers in both directions, from PyTorch in float64.

    pip install torch numpy                      # made with torch 2.15.0, numpy 2.4.6
    python scripts/reference/torch_layers.py

writes `tests/reference/{lstm_layers,gru_layers}.txt`; the format is told in `arrays.py`.

Each file holds two bidirectional layers, the second reading both directions of the first, as
`torch.nn.LSTM(.., num_layers=2, bidirectional=True)` has them, on rows of different lengths, packed.
Weights are in Elman's layout, see `torch_cells.py`, with a suffix for layer and direction: `0f`,
`0b`, `1f`, `1b`. So are states: `h0_1b` is where the second layer's backward direction begins, at
each row's end, and `final_h_1b` what it ends with, at each row's first step.

The loss is sum(cot * outputs) + sum(cot_.. * final_..): cotangents of the padding are zero.
"""

import numpy as np
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from arrays import draw, write

INPUT, HIDDEN, TIME = 3, 4, 6
LENGTHS = [6, 1, 4, 2]
PLACES = ["0f", "0b", "1f", "1b"]


def suffix(place):
    """PyTorch's suffix of a layer and a direction."""
    return f"l{place[0]}" + ("_reverse" if place[1] == "b" else "")


def make(file, seed, module, gates, states):
    random = np.random.default_rng(seed)
    layers = module(INPUT, HIDDEN, num_layers=2, bidirectional=True).double()
    arrays, weights = {"lengths": np.array(LENGTHS, dtype=np.float64)}, {}
    for place in PLACES:
        w, u, b, c = (
            getattr(layers, f"{name}_{suffix(place)}")
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        with torch.no_grad():
            for part in (w, u, b):
                part.copy_(torch.from_numpy(draw(random, *part.shape, scale=0.9)))
            c.zero_()
            candidate = slice(2 * HIDDEN, 3 * HIDDEN) if gates == 3 else slice(0, 0)
            c[candidate] = torch.from_numpy(draw(random, *c[candidate].shape, scale=0.9))
        weights[place] = (w, u, b, c, candidate)
        arrays |= {f"weight_{place}": w.T, f"recurrent_{place}": u.T, f"bias_{place}": b}
        if gates == 3:
            arrays[f"candidate_bias_{place}"] = c[candidate]

    def leaf(name, *shape):
        arrays[name] = torch.from_numpy(draw(random, *shape, scale=1.0)).requires_grad_()
        return arrays[name]

    batch = len(LENGTHS)
    x = leaf("x", TIME, batch, INPUT)
    first = {f"{k}0_{place}": leaf(f"{k}0_{place}", batch, HIDDEN) for k in states for place in PLACES}
    start = tuple(torch.stack([first[f"{k}0_{place}"] for place in PLACES]) for k in states)
    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False)
    outputs, last = layers(packed, start if len(states) > 1 else start[0])
    outputs, _ = pad_packed_sequence(outputs, total_length=TIME)
    last = last if len(states) > 1 else (last,)

    inside = torch.arange(TIME)[:, None, None] < torch.tensor(LENGTHS)[None, :, None]
    cot = torch.from_numpy(draw(random, TIME, batch, 2 * HIDDEN, scale=1.0)) * inside
    loss = (cot * outputs).sum()
    arrays |= {"cot": cot, "outputs": outputs}
    for k, s in zip(states, last):
        for i, place in enumerate(PLACES):
            cot = torch.from_numpy(draw(random, batch, HIDDEN, scale=1.0))
            loss = loss + (cot * s[i]).sum()
            arrays |= {f"cot_{k}_{place}": cot, f"final_{k}_{place}": s[i]}
    arrays["loss"] = loss
    loss.backward()

    arrays["grad_x"] = x.grad
    for name, leaf in first.items():
        arrays[f"grad_{name}"] = leaf.grad
    for place, (w, u, b, c, candidate) in weights.items():
        arrays[f"grad_weight_{place}"] = w.grad.T
        arrays[f"grad_recurrent_{place}"] = u.grad.T
        arrays[f"grad_bias_{place}"] = b.grad
        if gates == 3:
            arrays[f"grad_candidate_bias_{place}"] = c.grad[candidate]
    notes = [f"torch.nn.{module.__name__}, two layers, both directions, rows of {LENGTHS} steps"]
    write(file, "torch_layers.py", notes, arrays)


make("lstm_layers.txt", 5, torch.nn.LSTM, 4, "hc")
make("gru_layers.txt", 6, torch.nn.GRU, 3, "h")
