"""The memory that a training step of `lstm-long` takes in PyTorch, as `cargo bench -p elman-benches --bench memory`
says it of ours: the peak of this process, above what it had before the model.

A step of a few numbers goes first, and what PyTorch loads for its first step does not count.
"""

import os

import torch

import clock
import torch_peer


def peak():
    """The most memory that this process has had so far, in MiB."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def main():
    of_time = clock.read(os.path.join(os.path.dirname(__file__), "workloads.json"))["train"]
    work = next(work for work in of_time if work["name"] == "lstm-long")
    torch_peer.train({**work, "time": 2, "batch": 2, "hidden": 8})(1)
    before = peak()
    loss = torch_peer.train(work)(1)
    print(f"PyTorch {torch.__version__}, loss {loss:.3f}")
    print(f"before the model     {before:8.2f} MiB")
    print(f"peak of the step     {peak() - before:8.2f} MiB more")


if __name__ == "__main__":
    main()
