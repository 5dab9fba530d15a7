"""What the Python peers share: the workloads, the clock, and the lines they print.

Runs are counted as Elman's own program counts them (examples/plain/workloads): 3 that warm up, then at
least 5, until 4 seconds are spent on a training workload and 2 on a stream. A run of a stream is
100 steps.
"""

import json
import math
import os
import sys
import time

import numpy

BLOCK = 100


def threads():
    """How many threads a step may use: THREADS in the environment, or 2."""
    return int(os.environ.get("THREADS", "2"))


def read(path):
    """The workloads of a file."""
    with open(path) as file:
        return json.load(file)


def run(peer, train=None, stream=None):
    """Times a library on the workloads of a file, or on the one of a name: FILE.json [NAME].

    train(workload) and stream(workload) give a function that does so many steps and returns the
    last result, the loss of a training step and the output of a streaming step; or None where the
    library lacks the cell.
    """
    if len(sys.argv) not in (2, 3):
        sys.exit("wanted FILE.json [NAME]")
    workloads = read(sys.argv[1])
    only = sys.argv[2] if len(sys.argv) == 3 else None
    for kind, make, unit in (("train", train, "ms"), ("step", stream, "us")):
        for w in workloads[kind] if make else []:
            steps = make(w) if only in (None, w["name"]) else None
            if steps is None:
                continue
            if kind == "train":
                times, results = measure(steps, 1, 4.0)
                if not results[-1] < results[0]:
                    sys.exit(f"{w['name']}: the loss went from {results[0]} to {results[-1]}")
            else:
                times, _ = measure(steps, BLOCK, 2.0)
            scale = {"ms": 1e3, "us": 1e6}[unit]
            print(json.dumps({
                "peer": peer,
                "kind": kind,
                "name": w["name"],
                f"min_{unit}": round(scale * times[0], 4),
                f"median_{unit}": round(scale * times[len(times) // 2], 4),
                "runs": len(times),
            }), flush=True)


def measure(steps, block, budget):
    """The times of a step in seconds, in order, and the first number of each run's result."""
    results = []

    def once():
        start = time.perf_counter()
        result = steps(block)
        spent = (time.perf_counter() - start) / block
        results.append(float(numpy.ravel(result)[0]))
        if not math.isfinite(results[-1]):
            sys.exit("a result is not finite")
        return spent

    for _ in range(3):
        once()
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < budget or len(times) < 5:
        times.append(once())
    return sorted(times), results
