"""Weights between Keras and Elman, both ways.

    pip install keras numpy
    python scripts/exchange/keras_weights.py make
    ELMAN_WRITE=1 cargo test -p elman-io --test exchange keras
    python scripts/exchange/keras_weights.py check > scripts/exchange/keras_weights.log

`make` writes `keras_*.txt` beside the tests of exchange: what `get_weights()` of a model gives, in
order, and an input `x` with Keras's output `y`, in float64. The tests read them, compare outputs,
and write the weights again as `elman_keras_*.txt`, which `check` gives to `set_weights()`.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "numpy"

import keras
import numpy as np
from keras import layers
from keras.src.backend.common.dtypes import BIT64_TO_BIT32_DTYPE

from arrays import read, write

TIME, BATCH, INPUT, HIDDEN, SYMBOLS = 5, 2, 3, 4, 6
keras.config.set_floatx("float64")
# Keras makes products of float64 float32 all the same, unless it is told this.
BIT64_TO_BIT32_DTYPE["float64"] = "float64"
WHOLE = {"return_sequences": True}

MODELS = {
    "simple": lambda: [layers.SimpleRNN(HIDDEN, **WHOLE), layers.Dense(2)],
    "lstm": lambda: [layers.Embedding(SYMBOLS, INPUT), layers.LSTM(HIDDEN, **WHOLE), layers.Dense(2)],
    "gru_after": lambda: [layers.GRU(HIDDEN, **WHOLE), layers.Dense(2)],
    "gru_before": lambda: [layers.GRU(HIDDEN, reset_after=False, **WHOLE), layers.Dense(2)],
    "deep": lambda: [
        layers.Bidirectional(layers.LSTM(HIDDEN, **WHOLE)),
        layers.GRU(HIDDEN, **WHOLE),
        layers.Dense(2, use_bias=False),
    ],
}

for number, (name, model) in enumerate(MODELS.items()):
    random = np.random.default_rng(number)
    model = keras.Sequential(model())
    if sys.argv[1] == "make":
        x = random.normal(size=(BATCH, TIME, INPUT))
        if name == "lstm":
            x = random.integers(SYMBOLS, size=(BATCH, TIME))
        model(x)
        # Biases too, the forget gates' of 1 among them, are numbers like all others.
        model.set_weights([w + random.normal(size=w.shape) / 2 for w in model.get_weights()])
        y = np.asarray(model(x))
        weights = [(v.path, w) for v, w in zip(model.weights, model.get_weights(), strict=True)]
        note = f"by Keras {keras.__version__}"
        write(f"keras_{name}.txt", note, [("x", x), ("y", y), *weights])
    else:
        if number == 0:
            print(f"Keras {keras.__version__}")
        arrays = read(f"keras_{name}.txt")
        x = arrays["x"].astype(int) if name == "lstm" else arrays["x"]
        model(x)
        ours = list(read(f"elman_keras_{name}.txt").values())
        model.set_weights(ours)
        off = np.abs(np.asarray(model(x)) - arrays["y"]).max() / np.abs(arrays["y"]).max()
        assert off < 1e-14, (name, off)
        print(f"{name:12} {len(ours):2} arrays, outputs off by {off:.1e}")
