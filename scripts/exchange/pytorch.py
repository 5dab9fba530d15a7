"""Weights between PyTorch and Elman, both ways.

    pip install torch safetensors numpy
    python scripts/exchange/pytorch.py make
    ELMAN_WRITE=1 cargo test -p elman-io --test exchange pytorch
    python scripts/exchange/pytorch.py check > scripts/exchange/pytorch.log

`make` writes `torch_*.safetensors` beside the tests of exchange, each a `state_dict` in float64, with
an input and PyTorch's output in a `.txt` file. The tests read them, compare outputs, and write the
weights again as `elman_*.safetensors`, which `check` gives to `load_state_dict(strict=True)`.
"""

import sys

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from arrays import FOLDER, read, write

TIME, BATCH, INPUT, HIDDEN, SYMBOLS = 5, 2, 3, 4, 6


class Model(torch.nn.Module):
    def __init__(self, kind, embedded=False, bias=True, **settings):
        super().__init__()
        self.embedding = torch.nn.Embedding(SYMBOLS, INPUT) if embedded else torch.nn.Identity()
        self.rnn = getattr(torch.nn, kind)(INPUT, HIDDEN, bias=bias, **settings)
        size = settings.get("proj_size", HIDDEN) * (2 if settings.get("bidirectional") else 1)
        self.head = torch.nn.Linear(size, 2, bias=bias)

    def forward(self, x):
        return self.head(self.rnn(self.embedding(x))[0])


MODELS = {
    "rnn_tanh": lambda: Model("RNN"),
    "rnn_relu": lambda: Model("RNN", nonlinearity="relu"),
    "lstm": lambda: Model("LSTM", embedded=True),
    "gru": lambda: Model("GRU"),
    "projected": lambda: Model("LSTM", proj_size=2, num_layers=2),
    "unbiased": lambda: Model("GRU", bias=False),
    "deep_lstm": lambda: Model("LSTM", num_layers=2, bidirectional=True),
    "deep_gru": lambda: Model("GRU", num_layers=3, bidirectional=True),
}

for number, (name, model) in enumerate(MODELS.items()):
    torch.manual_seed(number)
    model = model().double().eval()
    if sys.argv[1] == "make":
        if name == "lstm":
            x = torch.randint(SYMBOLS, (TIME, BATCH))
        else:
            x = torch.randn(TIME, BATCH, INPUT, dtype=torch.float64)
        with torch.no_grad():
            y = model(x)
        save_file(model.state_dict(), FOLDER / f"torch_{name}.safetensors")
        write(f"torch_{name}.txt", f"by PyTorch {torch.__version__}", [("x", x), ("y", y)])
    else:
        if number == 0:
            print(f"torch {torch.__version__}")
        arrays = read(f"torch_{name}.txt")
        file = load_file(FOLDER / f"elman_{name}.safetensors")
        if name == "unbiased":
            # Ours has biases, which are zeros here.
            assert not any(array.any() for key, array in file.items() if "bias" in key)
            model = torch.nn.ModuleDict({"rnn": torch.nn.GRU(INPUT, HIDDEN), "head": model.head})
            model = model.double()
            model.forward = lambda x: model["head"](model["rnn"](x)[0])
        # Weights of its own, which have to go.
        torch.manual_seed(100)
        for weight in model.parameters():
            torch.nn.init.normal_(weight)
        model.load_state_dict(file, strict=True)
        x = torch.from_numpy(arrays["x"])
        with torch.no_grad():
            y = model(x.long() if name == "lstm" else x)
        off = np.abs(y.numpy() - arrays["y"]).max() / np.abs(arrays["y"]).max()
        assert off < 1e-14, (name, off)
        print(f"{name:12} {len(file):2} arrays, outputs off by {off:.1e}")
