"""Reference values for more updates, means of weights and rates, from PyTorch in float64.

    pip install torch numpy                      # made with torch 2.15.0, numpy 2.4.6
    python scripts/reference/torch_updates.py

writes `tests/reference/{optimizers,rates}.txt`; the format is told in `arrays.py`.
"""

import math

import numpy as np
import torch
from torch.optim import lr_scheduler as schedulers
from torch.optim.swa_utils import AveragedModel

from arrays import draw, write
from torch_training import near, tensor

SCRIPT = "torch_updates.py"
STEPS = 20
DECAY = 0.01


# --- updates


def optimizers():
    random = np.random.Generator(np.random.PCG64(21))
    start, a, b = (draw(random, 6, scale=scale) for scale in (2, 1.5, 1))
    make = {
        "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.2),
        "adadelta": lambda p: torch.optim.Adadelta(p, lr=1.0),
        "nadam": lambda p: torch.optim.NAdam(p, lr=0.05),
        "radam": lambda p: torch.optim.RAdam(p, lr=0.05),
        "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=DECAY),
    }
    arrays = {"start": start, "a": a, "b": b}
    for name in make:
        w = tensor(start)
        optimizer, path = make[name]([w]), []
        for _ in range(STEPS):
            optimizer.zero_grad()
            (torch.sin(w) * torch.tensor(a) + 0.5 * torch.tensor(b) * w**2).sum().backward()
            optimizer.step()
            path.append(w.detach().numpy().copy())
        near(path, by_hand(name, start, a, b))
        arrays[name] = np.array(path)
    arrays["swa"] = averaged(arrays["sgd"], start=9, every=5)
    near(arrays["swa"], arrays["sgd"][[9, 14, 19]].mean(0))
    notes = [
        f"w after each of {STEPS} steps from start, one row a step",
        "the loss is f(w) = sum(a*sin(w) + b*w^2/2), its gradient g = a*cos(w) + b*w",
        "adagrad: rate 0.2, eps 1e-10; adadelta: rate 1, rho 0.9, eps 1e-6",
        "nadam, radam: rate 0.05, betas 0.9 0.999, eps 1e-8; nadam: momentum decay 0.004",
        f"sgd: rate 0.05, momentum 0.9, weight decay {DECAY} in the gradient",
        "swa: the mean of the weights of sgd after steps 9, 14 and 19, counted from 0",
    ]
    write("optimizers.txt", SCRIPT, notes, arrays)


def averaged(path, start, every):
    model = torch.nn.Linear(6, 1, bias=False, dtype=torch.float64)
    mean = AveragedModel(model)
    for w in path[start::every]:
        model.weight.data = torch.tensor(w)[None]
        mean.update_parameters(model)
    return mean.module.weight[0].detach()


def by_hand(name, w, a, b):
    """The same updates as equations."""
    m = s = d = np.zeros_like(w)
    product, path = 1.0, []
    for t in range(1, STEPS + 1):
        g = a * np.cos(w) + b * w
        if name == "adagrad":
            s = s + g**2
            w = w - 0.2 * g / (np.sqrt(s) + 1e-10)
        elif name == "adadelta":
            s = 0.9 * s + 0.1 * g**2
            v = np.sqrt(d + 1e-6) / np.sqrt(s + 1e-6) * g
            d = 0.9 * d + 0.1 * v**2
            w = w - v
        elif name == "sgd":
            m = 0.9 * m + g + DECAY * w
            w = w - 0.05 * m
        else:
            m = 0.9 * m + 0.1 * g
            s = 0.999 * s + 0.001 * g**2
            free = 1 - 0.999**t
            if name == "nadam":
                mu, ahead = (0.9 * (1 - 0.5 * 0.96 ** (i * 0.004)) for i in (t, t + 1))
                product *= mu
                look = ahead * m / (1 - product * ahead) + (1 - mu) * g / (1 - product)
                w = w - 0.05 * look / (np.sqrt(s / free) + 1e-8)
            else:
                longest = 2 / (1 - 0.999) - 1
                length = longest - 2 * t * 0.999**t / free
                u = 0.05 * m / (1 - 0.9**t)
                if length > 5:
                    part = [(n - 4) * (n - 2) / n for n in (length, longest)]
                    u *= math.sqrt(part[0] / part[1] * free) / (np.sqrt(s) + 1e-8)
                w = w - u
        path.append(w)
    return path


# --- rates


def rates():
    arrays = {}
    for name, count, make, want in [
        (
            "one_cycle",
            20,
            lambda o: schedulers.OneCycleLR(o, max_lr=1.0, total_steps=20, cycle_momentum=False),
            lambda t: cycle(t, 20, 0.3, 1 / 25, 1 / 25e4),
        ),
        (
            "one_cycle_steep",
            17,
            lambda o: schedulers.OneCycleLR(
                o,
                max_lr=1.0,
                total_steps=17,
                pct_start=0.15,
                div_factor=4.0,
                final_div_factor=5.0,
                cycle_momentum=False,
            ),
            lambda t: cycle(t, 17, 0.15, 1 / 4, 1 / 20),
        ),
        (
            "restarts",
            20,
            lambda o: schedulers.CosineAnnealingWarmRestarts(o, T_0=6),
            lambda t: (1 + math.cos(math.pi * (t % 6) / 6)) / 2,
        ),
        (
            "restarts_longer",
            40,
            lambda o: schedulers.CosineAnnealingWarmRestarts(o, T_0=3, T_mult=2, eta_min=0.1),
            lambda t: 0.1 + 0.9 * (1 + math.cos(math.pi * part(t, 3, 2))) / 2,
        ),
    ]:
        optimizer = torch.optim.SGD([tensor(np.zeros(1))], lr=1.0)
        schedule, factors = make(optimizer), []
        for t in range(count):
            factors.append(float(schedule.get_last_lr()[0]))
            near(factors[-1], want(t))
            optimizer.step()
            schedule.step() if t + 1 < count else None
        arrays[name] = factors

    random = np.random.Generator(np.random.PCG64(22))
    metric = (2 * np.exp(-np.arange(60) / 12) + draw(random, 60, scale=0.2) + 1).round(3)
    arrays["metric"] = metric
    for name, sign, options in [
        ("plateau", 1, dict(factor=0.5, patience=2)),
        (
            "plateau_rising",
            -1,
            dict(mode="max", factor=0.3, patience=1, threshold=0.05, cooldown=3, min_lr=0.01),
        ),
    ]:
        optimizer = torch.optim.SGD([tensor(np.zeros(1))], lr=1.0)
        schedule, factors = schedulers.ReduceLROnPlateau(optimizer, eps=0, **options), []
        for value in metric if sign > 0 else 4 - metric:
            optimizer.step()
            schedule.step(value)
            factors.append(float(schedule.get_last_lr()[0]))
        assert len(set(factors)) >= 4, factors
        arrays[name] = factors

    notes = [
        "factors of a rate of 1 at steps 0, 1, ...",
        "one_cycle: 20 steps, else as by default; one_cycle_steep: 17 steps, pct_start 0.15,"
        " div_factor 4, final_div_factor 5",
        "restarts: T_0 6; restarts_longer: T_0 3, T_mult 2, eta_min 0.1",
        "plateau: after each of the metrics, factor 0.5, patience 2",
        "plateau_rising: after each of 4 - metric, mode max, factor 0.3, patience 1,"
        " threshold 0.05, cooldown 3, min_lr 0.01",
    ]
    write("rates.txt", SCRIPT, notes, arrays)


def cycle(t, steps, rise, start, end):
    top = rise * steps - 1
    low, high, at = (
        (start, 1, t / top) if t <= top else (1, end, (t - top) / (steps - 1 - top))
    )
    return high + (low - high) * (1 + math.cos(math.pi * at)) / 2


def part(t, length, times):
    while t >= length:
        t, length = t - length, length * times
    return t / length


if __name__ == "__main__":
    torch.set_num_threads(1)
    # NAdam keeps its product of momenta in the default type.
    torch.set_default_dtype(torch.float64)
    optimizers()
    rates()
