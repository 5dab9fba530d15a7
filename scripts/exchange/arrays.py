"""The text files beside the tests of exchange: one array a line, `name 7x4x3 0.25 -1.5 ...`."""

import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "crates/io/tests/exchange/files"


def read(file):
    arrays = {}
    for line in (FOLDER / file).read_text().splitlines():
        if not line.startswith("#"):
            name, shape, *values = line.split(" ")
            sizes = [int(size) for size in shape.split("x")]
            arrays[name] = np.array([float(v) for v in values]).reshape(sizes)
    return arrays


def write(file, note, arrays):
    lines = [f"# {note}"]
    for name, values in arrays:
        values = np.asarray(values, dtype=np.float64)
        shape = "x".join(map(str, values.shape))
        lines.append(" ".join([name, shape, *(repr(float(v)) for v in values.ravel())]))
    (FOLDER / file).write_text("\n".join(lines) + "\n")
