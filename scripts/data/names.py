#!/usr/bin/env python3
"""Writes data/names.txt from the first names that the package `names` ships.

    pip download --no-deps --no-binary :all: names==0.3.0
    tar xzf names-0.3.0.tar.gz
    python3 scripts/data/names.py names-0.3.0 [folder to write to, data/ by default]

Every original is checked against its SHA-256 first, and the licence statement is
looked up in the package's README.rst, so the result is the same bytes on every
machine, or an error. Only the standard library is used.
"""

import hashlib
import sys
from pathlib import Path

# original inside names/, its SHA-256, the number of its lines
LISTS = [
    ("dist.female.first",
     "bd2f310fc4e5d5e5ea122c9d4342c9821145823118eb20db1647f305ec77b358", 4275),
    ("dist.male.first",
     "0a5078ef6effe3b483d15b0f7f95047662126c9bfb624ecd5e5b978fc0f2470b", 1219),
]


def names(text):
    """A line is a name and three numbers: `MARY           2.629  2.629      1`."""
    return [line.split()[0].lower() for line in text.splitlines()]


def main(package, out):
    terms = " ".join((Path(package) / "README.rst").read_text("utf-8").split())
    if "public domain (derived from 1990 Census data)" not in terms:
        sys.exit(f"{package}/README.rst: not in the public domain")
    found = set()
    for original, sha256, count in LISTS:
        path = Path(package) / "names" / original
        raw = path.read_bytes()
        digest = hashlib.sha256(raw).hexdigest()
        if digest != sha256:
            sys.exit(f"{path}: SHA-256 is {digest}, expected {sha256}")
        some = names(raw.decode("ascii"))
        if len(some) != count:
            sys.exit(f"{path}: {len(some)} names, expected {count}")
        if original not in terms:
            sys.exit(f"{package}/README.rst: says nothing about {original}")
        found.update(some)
    text = "".join(name + "\n" for name in sorted(found)).encode("ascii")
    (Path(out) / "names.txt").write_bytes(text)
    print(f"names.txt: {len(found)} names, {hashlib.sha256(text).hexdigest()}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    default = Path(__file__).resolve().parents[2] / "data"
    main(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else default)
