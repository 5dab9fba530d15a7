"""Elman's files read by the PyPI program safetensors, and a file of that program for Elman.

    python -m venv /tmp/V && /tmp/V/bin/pip install safetensors numpy
    /tmp/V/bin/python scripts/exchange/safetensors_check.py > scripts/exchange/safetensors_check.log

Reads the committed files of crates/io/tests/files, checks names, shapes, types, alignment and
checksums, and writes python.safetensors beside them, which a test of elman-io imports.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy
import safetensors
from safetensors.numpy import load_file, save_file

FILES = Path(__file__).parents[2] / "crates/io/tests/files"


def check(name):
    """One file: what the program finds, and what it does not look at."""
    path = FILES / name
    tensors = load_file(path)
    with safetensors.safe_open(path, "np") as file:
        texts = file.metadata()
        assert set(file.keys()) == set(tensors)
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    assert length % 8 == 0
    header = json.loads(raw[8 : 8 + length])
    for key, info in header.items():
        if key == "__metadata__":
            continue
        start, end = (8 + length + offset for offset in info["data_offsets"])
        tensor = tensors[key]
        assert start % tensor.itemsize == 0
        assert raw[start:end] == tensor.tobytes()
        assert hashlib.sha256(raw[start:end]).hexdigest() == texts["sha256:" + key]
        print(f"  {key} {tensor.dtype} {list(tensor.shape)}")
    own = {key: text for key, text in texts.items() if not key.startswith("sha256:")}
    print(f"  texts {sorted(own)}")
    # The hash of the header is that of the header without it.
    json_text = raw[8 : 8 + length].rstrip(b" ")
    without = json_text.replace(texts["header"].encode(), b"")
    assert hashlib.sha256(without).hexdigest() == texts["header"]
    return tensors


def main():
    print(f"Python {sys.version.split()[0]}, safetensors {safetensors.__version__}, "
          f"NumPy {numpy.__version__}")
    for name in ["weights.safetensors", "checkpoint.safetensors"]:
        print(name)
        tensors = check(name)
        if name.startswith("weights"):
            save_file(tensors, FILES / "python.safetensors", metadata={"format": "np"})
    print("python.safetensors written")


main()
