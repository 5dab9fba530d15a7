"""Reference values for likelihoods and connectionist temporal classification, from PyTorch in float64.

    pip install torch numpy                      # made with torch 2.15.0, numpy 2.4.6
    python scripts/reference/torch_losses.py

writes `tests/reference/{likelihoods,ctc}.txt`; the format is told in `arrays.py`.
"""

import itertools
import math

import numpy as np
import torch
from torch.nn import functional as F

from arrays import draw, write

SCRIPT = "torch_losses.py"


def tensor(values):
    return torch.tensor(np.asarray(values), dtype=torch.float64, requires_grad=True)


def near(got, want, tolerance=1e-13):
    got, want = np.asarray(got), np.asarray(want)
    assert (np.abs(got - want) <= tolerance * np.maximum(1, np.abs(want))).all(), (got, want)


# --- likelihoods


def likelihoods():
    random = np.random.Generator(np.random.PCG64(21))
    x, s = draw(random, 4, 3, scale=3), draw(random, 4, 3, scale=2)
    t, counts = draw(random, 4, 3, scale=2), random.integers(0, 6, (4, 3)).astype(float)
    probabilities = random.uniform(0, 1, (4, 3)).round(3)
    probabilities[0] = [0.0, 1.0, 0.5]
    # Certain and uncertain: losses from 1e-13 to 700.
    x[1] = [-30.0, 30.0, 700.0]
    ids, ignored = [2, 99, 0, 1], 99
    arrays = {"x": x, "s": s, "t": t, "counts": counts, "probabilities": probabilities}
    arrays |= {"ids": ids, "ignored": float(ignored)}

    m, log_variance = tensor(t + 0.5 * s), tensor(s)
    value = F.gaussian_nll_loss(m, torch.tensor(t), log_variance.exp(), full=True)
    value.backward()
    near(value.item(), (0.5 * (math.log(2 * math.pi) + s + (0.5 * s) ** 2 / np.exp(s))).mean())
    arrays |= {"mean": m, "gaussian": value, "gaussian_grad": m.grad}
    arrays |= {"gaussian_grad_s": log_variance.grad}

    log_rate = tensor(s)
    value = F.poisson_nll_loss(log_rate, torch.tensor(counts), log_input=True, full=False)
    value.backward()
    near(value.item(), (np.exp(s) - counts * s).mean())
    arrays |= {"poisson": value, "poisson_grad": log_rate.grad}

    for name, positive in [("binary", 1.0), ("balanced", 2.5)]:
        z = tensor(x)
        weight = torch.tensor(positive, dtype=torch.float64)
        target = torch.tensor(probabilities)
        value = F.binary_cross_entropy_with_logits(z, target, pos_weight=weight)
        value.backward()
        q = positive * probabilities
        each = q * np.logaddexp(0, -x) + (1 - probabilities) * np.logaddexp(0, x)
        near(value.item(), each.mean())
        arrays |= {name: value, f"{name}_grad": z.grad}

    z = tensor(x)
    value = F.cross_entropy(z, torch.tensor(ids), ignore_index=ignored, label_smoothing=0.1)
    value.backward()
    rows = [(row, i) for row, i in zip(x, ids) if i != ignored]
    lse = [np.logaddexp.reduce(row) for row, _ in rows]
    each = [0.9 * (l - row[i]) + 0.1 * (l - row.mean()) for l, (row, i) in zip(lse, rows)]
    near(value.item(), np.mean(each))
    arrays |= {"smoothed": value, "smoothed_grad": z.grad}

    notes = [
        "means over elements, or over the rows whose id is not `ignored`; *_grad: in the prediction",
        "gaussian: of `mean` and the log-variance s against t, with its constant; *_grad_s: in s",
        "poisson: log-rate s against counts, without ln t!",
        "binary, balanced (positive weight 2.5): logits x against probabilities",
        "smoothed: cross entropy of logits x and ids, smoothing 0.1",
    ]
    write("likelihoods.txt", SCRIPT, notes, arrays)


# --- connectionist temporal classification


def brute(log_p, labels, blank):
    """The log probability of labels: the sum over all alignments, one by one."""
    total = -np.inf
    for path in itertools.product(range(log_p.shape[1]), repeat=len(log_p)):
        if [k for k, _ in itertools.groupby(path) if k != blank] == list(labels):
            total = np.logaddexp(total, sum(log_p[t, k] for t, k in enumerate(path)))
    return total


def ctc():
    random = np.random.Generator(np.random.PCG64(22))
    arrays = {}
    # name: time, classes, blank, scale of the logits, lengths, labels of each row, zero_infinity
    for name, (time, classes, blank, scale, lengths, labels, zero) in {
        "plain": (5, 3, 0, 2, [5, 5], [[1, 2], [2, 1, 2]], False),
        "repeats": (5, 3, 2, 2, [5, 4, 3], [[0, 0, 1], [1, 1], [0, 0]], False),
        "lengths": (5, 4, 1, 2, [1, 5, 3, 2, 4], [[3], [2, 0, 2], [], [0, 3], [2]], False),
        "huge": (4, 3, 0, 300, [4, 3], [[1, 1], [2]], False),
        "impossible": (4, 3, 0, 2, [3, 2, 4], [[1, 1, 2], [1, 1], [2, 1]], True),
        "long": (40, 6, 5, 3, [40, 31, 7], [[0, 1, 1, 2, 3, 4, 4, 0] * 2, [3] * 9, []], False),
    }.items():
        batch, logits = len(lengths), draw(random, time, len(lengths), classes, scale=scale)
        flat, counts = [k for row in labels for k in row], [len(row) for row in labels]
        losses = {}
        for kind in ["mean", "none"]:
            z = tensor(logits)
            value = F.ctc_loss(
                F.log_softmax(z, dim=2),
                torch.tensor(flat, dtype=torch.long),
                torch.tensor(lengths),
                torch.tensor(counts),
                blank=blank,
                reduction=kind,
                zero_infinity=zero,
            )
            losses[kind] = value.detach().numpy()
            (value if kind == "mean" else value.mean()).backward()
            losses[f"{kind}_grad"] = z.grad
        near(losses["mean"], np.mean(losses["none"] / np.maximum(counts, 1)))
        if time <= 5:
            log_p = logits - np.logaddexp.reduce(logits, axis=2, keepdims=True)
            for b in range(batch):
                want = -brute(log_p[: lengths[b], b], labels[b], blank)
                near(losses["none"][b], 0 if zero and np.isinf(want) else want)
        arrays |= {f"{name}_logits": logits, f"{name}_blank": float(blank)}
        arrays |= {f"{name}_lengths": lengths, f"{name}_labels": flat, f"{name}_counts": counts}
        arrays |= {f"{name}_{kind}": value for kind, value in losses.items()}

    notes = [
        "logits [time, batch, classes]; labels of all rows one after the other, counts of each row",
        "*_mean: the mean over rows of the loss per label (of none: per 1); *_none: of each row",
        "*_mean_grad: gradient of *_mean in the logits; *_none_grad: of the mean of *_none",
        "impossible: with zero_infinity; two of its rows have no alignment",
    ]
    write("ctc.txt", SCRIPT, notes, arrays)


if __name__ == "__main__":
    torch.set_num_threads(1)
    likelihoods()
    ctc()
