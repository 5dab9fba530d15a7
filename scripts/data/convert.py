#!/usr/bin/env python3
"""Writes the real series under data/ from the data sets that statsmodels ships.

    pip download --no-deps statsmodels==0.15.0
    python3 -m zipfile -e statsmodels-*.whl unpacked
    python3 scripts/data/convert.py unpacked [folder to write to, data/ by default]

Every original is checked against its SHA-256 first, and its licence statement is
looked up beside it, so the result is the same bytes on every machine, or an
error. Numbers are copied as text: no digit is rounded or added on the way.
Only the standard library is used.
"""

import ast
import csv
import hashlib
import sys
from pathlib import Path

MONTHS = 12


def sunspots(text):
    """A table of one line per year: `1749    58.0  62.6 ...`, to 2008.

    The half year of 2009 is left out: the table calls it preliminary.
    """
    rows = []
    for line in text.splitlines():
        cells = line.split()
        if len(cells) == 1 + MONTHS and cells[0].isdigit():
            rows += [(f"{cells[0]}-{m:02}", v) for m, v in enumerate(cells[1:], 1)]
    return rows


def co2(text):
    """`date,co2` with dates as YYYYMMDD; an empty value is a week without one."""
    rows = list(csv.reader(text.splitlines()))[1:]
    return [(f"{d[:4]}-{d[4:6]}-{d[6:]}", value) for d, value in rows]


def elnino(text):
    """A table of one line per year: `1950,23.110,24.200,...`."""
    rows = list(csv.reader(text.splitlines()))[1:]
    return [(f"{r[0]}-{m:02}", v) for r in rows for m, v in enumerate(r[1:], 1)]


def nile(text):
    """`year,volume`, one line per year."""
    return [tuple(r) for r in list(csv.reader(text.splitlines()))[1:]]


# name, original inside statsmodels/datasets, its SHA-256, header, rows, converter
SERIES = [
    ("sunspots", "sunspots/src/sunspots_monthly.dat",
     "cc303d26340b6d599bc2878899f8c50c12323dc04b52a26ad047965ea2b9d2a3",
     ("month", "sunspots"), 3120, sunspots),
    ("co2", "co2/co2.csv",
     "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f",
     ("week", "co2"), 2284, co2),
    ("elnino", "elnino/elnino.csv",
     "b647be00e0fd264be9764e317e6b963f35030014ecca2b21b204521716e463ad",
     ("month", "temperature"), 732, elnino),
    ("nile", "nile/nile.csv",
     "88e97bea7249e5832a85e41aec6ce4b8f7b1b14aae930c8363da7f193286b598",
     ("year", "volume"), 100, nile),
]


def licence(module):
    """The value of COPYRIGHT in a data set's data.py, read without running it."""
    for node in ast.parse(module.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "COPYRIGHT":
            return ast.literal_eval(node.value).strip()
    return ""


def main(wheel, out):
    datasets = Path(wheel) / "statsmodels" / "datasets"
    for name, original, sha256, header, count, convert in SERIES:
        path = datasets / original
        raw = path.read_bytes()
        found = hashlib.sha256(raw).hexdigest()
        if found != sha256:
            sys.exit(f"{path}: SHA-256 is {found}, expected {sha256}")
        terms = licence(datasets / name / "data.py")
        if "public domain" not in terms:
            sys.exit(f"{datasets / name / 'data.py'}: not in the public domain: {terms!r}")
        rows = convert(raw.decode("ascii"))
        if len(rows) != count:
            sys.exit(f"{path}: {len(rows)} rows, expected {count}")
        text = "".join(",".join(row) + "\n" for row in [header, *rows]).encode("ascii")
        (Path(out) / f"{name}.csv").write_bytes(text)
        gaps = sum(not row[1] for row in rows)
        print(f"{name}.csv: {count} rows, {gaps} missing, "
              f"{hashlib.sha256(text).hexdigest()} ({terms})")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    default = Path(__file__).resolve().parents[2] / "data"
    main(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else default)
