"""Reference values for the recurrent cells, from Keras in float64 on PyTorch.

    pip install torch numpy keras                # made with torch 2.15.0, numpy 2.4.6, keras 3.15.1
    python scripts/reference/keras_cells.py

writes `tests/reference/{keras_lstm,keras_gru}.txt`: the models of `torch_cells.py`, with Keras's
cells, and checked like those. The gates lie as in Keras: LSTM i f c o, GRU z r h. The GRU is that
of `reset_after=False`, with the reset before the product.
"""

import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch

from keras.src.backend.common.dtypes import BIT64_TO_BIT32_DTYPE

from arrays import write
from torch_cells import BATCH, HIDDEN, INPUT, NOTES, TIME, Model, lstm, reference, sigmoid


def gru(w, x, states):
    (h,) = states
    xz, xr, xh = np.split(x @ w["weight"] + w["bias"], 3, axis=1)
    uz, ur, uh = np.split(w["recurrent"], 3, axis=1)
    z, r = sigmoid(xz + h @ uz), sigmoid(xr + h @ ur)
    return ((1 - z) * np.tanh(xh + (r * h) @ uh) + z * h,)


SETTINGS = {"return_sequences": True, "return_state": True}

# name: as in `torch_cells.py`
CELLS = {
    "keras_lstm": (6, 4, "hc", lambda: keras.layers.LSTM(HIDDEN, **SETTINGS), lstm),
    "keras_gru": (7, 3, "h", lambda: keras.layers.GRU(HIDDEN, reset_after=False, **SETTINGS), gru),
}


class KerasModel(Model):
    def load(self, v):
        self.cell.build((BATCH, TIME, INPUT))
        with torch.no_grad():
            for name, place in self.weights().items():
                place.copy_(torch.from_numpy(v[name]))

    def weights(self, of=lambda parameter: parameter):
        kernel, recurrent, bias = (variable.value for variable in self.cell.weights)
        return {
            "weight": of(kernel),
            "recurrent": of(recurrent),
            "bias": of(bias),
            "head_weight": of(self.head.weight).T,
            "head_bias": of(self.head.bias),
        }

    def run(self, x, first):
        """Keras has the batch outermost."""
        hidden, *last = self.cell(x.transpose(0, 1), initial_state=first)
        return hidden.transpose(0, 1), last

    def check(self):
        """Every weight learns."""


if __name__ == "__main__":
    torch.set_num_threads(1)
    keras.config.set_floatx("float64")
    # On PyTorch, Keras makes products of float64 float32 all the same, unless it is told this.
    BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    for name, cell in CELLS.items():
        notes = [f"Keras {keras.__version__}", *NOTES]
        write(f"{name}.txt", "keras_cells.py", notes, reference(*cell, build=KerasModel))
