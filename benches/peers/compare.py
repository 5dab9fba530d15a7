"""Runs several programs in turns on the same workloads, and compares them with the first.

    python compare.py [--rounds N] [--threads 1 2] [--json FILE] -- WORKLOADS.json OURS OTHER ...

Each program is a command, to which the file of workloads and the name of one of them are added; it
prints a line of JSON for what it has timed. All programs run on one workload before the next one
begins, in an order that is rotated by one from round to round, so that a change of the machine's
speed meets all of them. In each round a program runs with each of the numbers of threads, as THREADS
(and RAYON_NUM_THREADS) in its environment. Of each program and workload the smallest time counts, so that nobody is held to
more threads than are good for it. A program that fails on a workload, or has no line for it, is left
out there.
"""

import argparse
import json
import math
import os
import shlex
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often each program runs")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="numbers of threads")
    parser.add_argument("--json", help="a file for the smallest times")
    parser.add_argument("--limit", type=float, default=600, help="seconds for a run")
    parser.add_argument("--only", action="append", help="a workload; may be said again")
    parser.add_argument("workloads", help="the file of workloads")
    parser.add_argument("programs", nargs="+", help="commands, ours first")
    args = parser.parse_args()

    with open(args.workloads) as file:
        workloads = json.load(file)
    names = [(kind, w["name"]) for kind in ("train", "step") for w in workloads[kind]]
    names = [(kind, name) for kind, name in names if not args.only or name in args.only]
    commands = [shlex.split(program) for program in args.programs]
    best, peers, failed = {}, [None] * len(commands), set()
    for kind, name in names:
        for turn in range(args.rounds):
            for i in range(len(commands)):
                which = (turn + i) % len(commands)
                if (which, name) in failed:
                    continue
                for threads in args.threads:
                    command = [*commands[which], args.workloads, name]
                    found = measure(command, threads, args.limit)
                    if found is None:
                        failed.add((which, name))
                        best.pop((name, peers[which]), None)
                        break
                    for line in found:
                        peers[which] = line["peer"]
                        time = line["min_ms" if kind == "train" else "min_us"]
                        key = (name, line["peer"])
                        best[key] = min(best.get(key, math.inf), time)
    if peers[0] is None:
        sys.exit("the first program has no times")
    peers = list(dict.fromkeys(peer for peer in peers if peer))
    for kind, unit, title in (("train", "ms", "training step"), ("step", "µs", "streaming step")):
        rows = [name for k, name in names if k == kind]
        table(f"{title}, {unit}", rows, peers, best)
    if args.json:
        times = [{"name": name, "peer": peer, "min": time} for (name, peer), time in best.items()]
        with open(args.json, "w") as file:
            json.dump(times, file, indent=1)


def measure(command, threads, limit):
    """The lines that a program prints, on so many threads; None if it fails."""
    environment = os.environ | {"THREADS": str(threads), "RAYON_NUM_THREADS": str(threads)}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{shlex.join(command)}: {error}", file=sys.stderr)
        return None
    if done.returncode:
        print(f"{shlex.join(command)}: {done.stderr.strip()[-500:]}", file=sys.stderr)
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines]


def table(title, names, peers, best):
    """A table in Markdown, with the ratio of the best other time to ours."""
    ours, others = peers[0], peers[1:]
    others = [peer for peer in others if any((name, peer) in best for name in names)]
    ratios = {peer: [] for peer in others}
    all_ratios, rows = [], []
    for name in names:
        mine = best.get((name, ours))
        times = {peer: best[name, peer] for peer in others if (name, peer) in best}
        if mine is None:
            continue
        for peer, time in times.items():
            ratios[peer].append(time / mine)
        ratio = "—"
        if times:
            all_ratios.append(min(times.values()) / mine)
            ratio = f"{all_ratios[-1]:.2f}"
        cells = [f"{times[peer]:.3f}" if peer in times else "—" for peer in others]
        rows.append([name, f"{mine:.3f}", *cells, ratio])
    if not rows:
        return
    means = [mean(ratios[peer]) for peer in others]
    rows.append([f"geometric mean of other / {ours}", "1.00", *means, mean(all_ratios)])
    head = [title, ours, *others, f"best other / {ours}"]
    print()
    for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows):
        print("| " + " | ".join(row) + " |")


def mean(ratios):
    """The geometric mean."""
    if not ratios:
        return "—"
    return f"{math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}"


if __name__ == "__main__":
    main()
