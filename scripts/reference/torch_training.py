"""Reference values for losses, updates, clipping and schedules, from PyTorch in float64.

    pip install torch numpy                      # made with torch 2.15.0, numpy 2.4.6
    python scripts/reference/torch_training.py

writes `tests/reference/{updates,losses,clip}.txt`; the format is told in `arrays.py`.
"""

import decimal
import math

import numpy as np
import torch
from torch.nn import functional as F

from arrays import draw, write

SCRIPT = "torch_training.py"


def tensor(values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def near(got, want, tolerance=1e-14):
    got, want = np.asarray(got), np.asarray(want)
    assert (np.abs(got - want) <= tolerance * np.maximum(1, np.abs(want))).all(), (got, want)


# --- updates


def updates():
    steps, rate = 10, 0.05
    random = np.random.Generator(np.random.PCG64(11))
    start, a, b = (draw(random, 6, scale=scale) for scale in (2, 1.5, 1))
    optimizers = {
        "sgd": lambda p: torch.optim.SGD(p, lr=rate),
        "momentum": lambda p: torch.optim.SGD(p, lr=rate, momentum=0.9),
        "nesterov": lambda p: torch.optim.SGD(p, lr=rate, momentum=0.9, nesterov=True),
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=rate, alpha=0.99, eps=1e-8),
        "adam": lambda p: torch.optim.Adam(p, lr=rate, eps=1e-8),
        "adamw": lambda p: torch.optim.AdamW(p, lr=rate, eps=1e-8, weight_decay=0.01),
    }
    arrays = {"start": start, "a": a, "b": b}
    for name, make in optimizers.items():
        w = tensor(start)
        optimizer = make([w])
        for _ in range(steps):
            optimizer.zero_grad()
            (torch.sin(w) * torch.tensor(a) + 0.5 * torch.tensor(b) * w**2).sum().backward()
            optimizer.step()
        near(w.detach(), by_hand(name, start, a, b, steps, rate))
        arrays[name] = w
    notes = [
        f"w after {steps} steps of rate {rate} from start, one array for each update",
        "the loss is f(w) = sum(a*sin(w) + b*w^2/2), its gradient g = a*cos(w) + b*w",
        "momentum: m = 0.9*m + g, w -= rate*m; nesterov: w -= rate*(g + 0.9*m)",
        "rmsprop: alpha 0.99, eps 1e-8 outside the root; adam, adamw: betas 0.9 0.999, eps 1e-8",
        "adamw: weight decay 0.01, w -= rate*decay*w before each step",
    ]
    write("updates.txt", SCRIPT, notes, arrays)


def by_hand(name, w, a, b, steps, rate):
    """The same updates as equations."""
    m = v = np.zeros_like(w)
    for t in range(1, steps + 1):
        g = a * np.cos(w) + b * w
        if name == "sgd":
            w = w - rate * g
        elif name == "momentum":
            m = 0.9 * m + g
            w = w - rate * m
        elif name == "nesterov":
            m = 0.9 * m + g
            w = w - rate * (g + 0.9 * m)
        elif name == "rmsprop":
            v = 0.99 * v + 0.01 * g**2
            w = w - rate * g / (np.sqrt(v) + 1e-8)
        else:
            w = w * (1 - rate * 0.01) if name == "adamw" else w
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g**2
            w = w - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w


# --- losses


def losses():
    arrays = {}

    # Differences on both sides of huber's delta, and one of zero: there the slope of l1 is zero.
    prediction = [[0.5, -1.25, 2.0], [0.125, 3.5, -0.75], [-2.5, 0.0, 1.0], [0.3, -0.3, 0.9]]
    target = [[0.1, -0.5, 2.0], [1.5, 3.25, -0.5], [-2.25, 1.0, -4.0], [0.9, -0.2, 0.7]]
    arrays |= {"prediction": prediction, "target": target}
    for name, loss in {
        "mse": F.mse_loss,
        "l1": F.l1_loss,
        "huber": lambda p, y: F.huber_loss(p, y, delta=0.7),
    }.items():
        p = tensor(prediction)
        value = loss(p, tensor(target).detach())
        value.backward()
        arrays |= {name: value, f"{name}_grad": p.grad}

    # Logits chosen so that gradients are zero or well above the subnormal numbers.
    random = np.random.Generator(np.random.PCG64(12))
    ignored = 99
    arrays["ignored"] = float(ignored)
    huge = [
        [800.0, -800.0, 0.0],
        [-800.0, -799.0, -798.5],
        [800.0, 799.0, 760.0],
        [3.0, 800.0, 1.0],
        [800.0, 800.0, 800.0],
    ]
    for name, logits, ids in [
        ("ce", draw(random, 6, 4, scale=3), [2, 0, ignored, 3, 1, ignored]),
        ("ce_huge", np.array(huge), [1, 2, 0, ignored, 1]),
    ]:
        z = tensor(logits)
        value = F.cross_entropy(z, torch.tensor(ids), ignore_index=ignored)
        value.backward()
        kept = [(row, i) for row, i in zip(logits, ids) if i != ignored]
        near(value.item(), sum(-exact_log_softmax(row)[i] for row, i in kept) / len(kept))
        arrays |= {f"{name}_logits": logits, f"{name}_ids": ids}
        arrays |= {name: value, f"{name}_grad": z.grad}

    huge = [[800.0, -800.0, 799.5, 0.0], [-700.0, -700.0, -701.0, -740.0]]
    logits = np.concatenate([draw(random, 2, 4, scale=3), huge])
    z, cotangent = tensor(logits), draw(random, 4, 4, scale=1)
    value = F.log_softmax(z, dim=1)
    (value * torch.tensor(cotangent)).sum().backward()
    near(value.detach(), [exact_log_softmax(row) for row in logits])
    arrays |= {"log_softmax_logits": logits, "log_softmax_cot": cotangent}
    arrays |= {"log_softmax": value, "log_softmax_grad": z.grad}

    # PyTorch's own softplus is cut to x above 20, off by up to 2e-9 there; log(e^x + e^0) is not.
    x = [-800.0, -700.0, -40.0, -20.0, -2.5, -0.1, 0.0]
    x += [0.1, 2.5, 15.0, 19.9, 20.1, 30.0, 40.0, 700.0, 800.0]
    p = tensor(x)
    value = torch.logaddexp(p, torch.zeros_like(p))
    value.sum().backward()
    for got, at in zip(value.tolist(), x):
        want = exact(lambda d: (1 + d.exp()).ln(), at)
        assert abs(got - want) <= 4e-16 * abs(want), (at, got, want)
    arrays |= {"softplus_x": x, "softplus": value, "softplus_grad": p.grad}

    notes = [
        "*_grad: gradient in the prediction, the logits or x",
        "mse, l1, huber (delta 0.7): means over all elements",
        "ce, ce_huge: cross entropy from logits, mean over the rows whose id is not `ignored`",
        "log_softmax: over the last axis, its gradient for the cotangent log_softmax_cot",
        "softplus: elementwise, its gradient for a cotangent of ones",
    ]
    write("losses.txt", SCRIPT, notes, arrays)


def exact(function, *x):
    """A function of Decimals with so many digits that nothing is lost even at 800."""
    with decimal.localcontext() as context:
        context.prec = 800
        return float(function(*map(decimal.Decimal, x)))


def exact_log_softmax(row):
    row = [float(z) for z in row]
    return [exact(lambda z, *all: z - sum(a.exp() for a in all).ln(), z, *row) for z in row]


# --- clipping and schedules


def clip():
    arrays = {"max_norm": 1.0}
    gradients = {
        "over": [0.9, -1.7, 0.4, 2.2, -0.3, 1.1],
        "under": [0.2, -0.1, 0.35, 0.0, -0.4, 0.05],
    }
    for name, gradient in gradients.items():
        w = tensor(np.zeros(6))
        w.grad = torch.tensor(gradient, dtype=torch.float64)
        norm = torch.nn.utils.clip_grad_norm_([w], max_norm=1.0)
        near(norm.item(), math.hypot(*gradient))
        near(w.grad, np.array(gradient) * min(1, 1 / (norm.item() + 1e-6)))
        arrays |= {name: gradient, f"{name}_norm": norm, f"{name}_clipped": w.grad}

    schedulers = torch.optim.lr_scheduler
    for name, make, want in [
        ("step_lr", lambda o: schedulers.StepLR(o, 3, 0.5), lambda t: 0.5 ** (t // 3)),
        ("exponential_lr", lambda o: schedulers.ExponentialLR(o, 0.9), lambda t: 0.9**t),
        (
            "cosine_lr",
            lambda o: schedulers.CosineAnnealingLR(o, T_max=10),
            lambda t: (1 + math.cos(math.pi * t / 10)) / 2,
        ),
    ]:
        optimizer = torch.optim.SGD([tensor(np.zeros(1))], lr=1.0)
        schedule, factors = make(optimizer), []
        for t in range(12):
            factors.append(float(schedule.get_last_lr()[0]))
            near(factors[-1], want(t))
            optimizer.step()
            schedule.step()
        arrays[name] = factors

    notes = [
        "clipped = gradient * min(1, max_norm / (norm + 1e-6)): PyTorch's 1e-6 is in these values",
        "*_lr: factors of the rate at steps 0 to 11",
        "step: halved every 3; exponential: 0.9^t; cosine: (1 + cos(pi*t/10))/2, so it rises after 10",
    ]
    write("clip.txt", SCRIPT, notes, arrays)


if __name__ == "__main__":
    torch.set_num_threads(1)
    updates()
    losses()
    clip()
