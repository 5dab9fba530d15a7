"""Writes tests/reference/mnist_1d.txt: statistics of the sequences that `mnist1d` makes.

    pip install mnist1d==0.0.2.post1 numpy==2.4.6
    python scripts/reference/mnist_1d.py

The generator draws other random numbers than Elman's, so what can be compared are means over many
sequences: 40000 of each digit, drawn by the package's own `transform` with its default settings.
"""

import pathlib

import numpy as np
from mnist1d.data import get_dataset_args, get_templates
from mnist1d.transform import transform

FILE = pathlib.Path(__file__).resolve().parents[2] / "tests" / "reference" / "mnist_1d.txt"
COUNT = 40000
LAGS = 4

NOTES = f"""\
made by scripts/reference/mnist_1d.py with mnist1d 0.0.2.post1 (Greydanus and Kobak 2020, Apache-2.0)
means over {COUNT} sequences of each digit, all sequences brought to mean 0 and deviation 1 at once
mean: of every point, [digit, time]; square: of its square
lags: of the product of a point with the one 1 to {LAGS} later, over all of them, [digit, lag]
bend: of the square of the second difference, over all points; energy: of the mean square, squared"""


def main():
    args, templates = get_dataset_args(), get_templates()
    np.random.seed(12345)
    digits = np.stack([
        [transform(x, templates["t"], args)[0] for _ in range(COUNT)] for x in templates["x"]
    ])
    print(f"mean {digits.mean():.6f}, deviation {digits.std():.6f}")
    digits = (digits - digits.mean()) / digits.std()
    lags = [(digits[..., k:] * digits[..., :-k]).mean((1, 2)) for k in range(1, LAGS + 1)]
    arrays = {
        "mean": digits.mean(1),
        "square": (digits**2).mean(1),
        "lags": np.stack(lags, 1),
        "bend": (np.diff(digits, 2) ** 2).mean((1, 2))[:, None],
        "energy": ((digits**2).mean(2) ** 2).mean(1)[:, None],
    }
    lines = [f"# {note}" for note in NOTES.splitlines()]
    for name, values in arrays.items():
        shape = "x".join(map(str, values.shape))
        lines.append(" ".join([name, shape, *(f"{v:.5f}" for v in values.ravel())]))
    FILE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
