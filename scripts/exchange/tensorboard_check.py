#!/usr/bin/env python3
"""Reads event files with TensorBoard's own reader, and prints what it finds.

    pip install tensorboard==2.21.0
    python3 scripts/exchange/tensorboard_check.py [files or folders]

Without arguments it reads the file that the tests of `elman-report` compare with, checks
every number in it, and the log beside this script is what it prints.
"""

import struct
import sys
from pathlib import Path

from tensorboard import version
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

EXAMPLE = Path(__file__).parents[2] / "crates/report/tests/events.out.tfevents.example"

WANTED = {
    "loss": [(1, 1.0), (2, 0.5), (300, 1 / 300), (301, 1 / 301)],
    "rate": [(1, 0.5), (2, 0.5), (300, 0.5), (301, 0.5)],
    "error": [(2, 0.25), (300, 0.125)],
    "accuracy": [(2, 0.75), (300, 1.0)],
}


def records(path):
    """The number of records; TensorBoard's checksum of each is the one in the file."""
    data, count = path.read_bytes(), 0
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        of_length, of_data = data[8:12], data[12 + length : 16 + length]
        assert struct.pack("<I", masked_crc32c(data[:8])) == of_length
        assert struct.pack("<I", masked_crc32c(data[12 : 12 + length])) == of_data
        data, count = data[16 + length :], count + 1
    return count


def read(path):
    """Everything in a file or a folder, by tag."""
    events = EventAccumulator(str(path), size_guidance={"scalars": 0, "histograms": 0})
    events.Reload()
    tags = events.Tags()
    # Newer readers turn old scalars and histograms into tensors of their plugins.
    scalars = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in tags["scalars"]}
    for tag in scalars:
        print(f"scalar {tag}:", ", ".join(f"{step}: {value:.6g}" for step, value in scalars[tag]))
    for tag in tags["histograms"]:
        for e in events.Histograms(tag):
            h = e.histogram_value
            print(f"histogram {tag} at {e.step}: {h.num:g} numbers from {h.min:g} to {h.max:g}")
    for tag in tags["tensors"]:
        for e in events.Tensors(tag):
            print(f"text {tag} at {e.step}: {e.tensor_proto.string_val[0].decode()}")
    return scalars, tags


def main():
    print("tensorboard", version.VERSION)
    for path in map(Path, sys.argv[1:]):
        read(path)
    if len(sys.argv) > 1:
        return
    print(f"{records(EXAMPLE)} records, all checksums right")
    assert len(list(EventFileLoader(str(EXAMPLE)).Load())) == records(EXAMPLE)
    scalars, tags = read(EXAMPLE)
    single = lambda x: struct.unpack("f", struct.pack("f", x))[0]
    wanted = {tag: [(step, single(x)) for step, x in of] for tag, of in WANTED.items()}
    assert scalars == wanted, scalars
    assert (tags["histograms"], tags["tensors"]) == (["weights"], ["settings"]), tags
    print("as wanted")


if __name__ == "__main__":
    main()
