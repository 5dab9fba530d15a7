"""The text files of `tests/reference`: what is in them, and how they are written.

    # a comment; the first line says how the file was made, and with which version of PyTorch
    name 7x4x3 0.25 -1.5 ...          one array a line: name, shape, values in row-major order
    loss scalar 0.625                 one number

Fields are parted by one blank. Every value is the `repr` of a float64, which reads back
exactly; class ids are written as floats too. Nothing is infinite or NaN. Names are unique.
"""

import pathlib

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests" / "reference"


def write(file, script, notes, arrays):
    """Writes `arrays`, a dict of name -> float64 values, to `file`, below the lines of `notes`."""
    lines = [f"# made by scripts/reference/{script} with PyTorch {torch.__version__}, float64"]
    lines += [f"# {note}" for note in notes]
    for name, values in arrays.items():
        if isinstance(values, torch.Tensor):
            assert values.dtype == torch.float64, name
            values = values.detach().numpy()
        values = np.asarray(values, dtype=np.float64)
        assert np.isfinite(values).all(), name
        shape = "x".join(map(str, values.shape)) or "scalar"
        lines.append(" ".join([name, shape, *(repr(float(v)) for v in values.ravel())]))
    (FOLDER / file).write_text("\n".join(lines) + "\n")


def draw(random, *shape, scale):
    """Uniform between -scale and scale, with three decimals so that the files stay short."""
    return random.uniform(-scale, scale, shape).round(3)
