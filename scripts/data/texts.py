#!/usr/bin/env python3
"""Writes data/alice29.txt and data/asyoulik.txt, which the package `brotli` is tested on.

    pip download --no-deps --no-binary :all: brotli==1.2.1
    python3 scripts/data/texts.py brotli-1.2.1.tar.gz [folder to write to, data/ by default]

Both are copied byte for byte, and checked against their SHA-256 and length first. Only
the standard library is used.
"""

import hashlib
import sys
import tarfile
from pathlib import Path

# name, SHA-256, bytes
TEXTS = [
    ("alice29.txt",
     "7467306ee0feed4971260f3c87421154a05be571d944e9cb021a5713700c38f0", 152089),
    ("asyoulik.txt",
     "eaa3526fe53859f34ecdf255712f9ecf0b2c903451d4755b2edaa2e2599cb0fc", 125179),
]


def main(package, out):
    with tarfile.open(package) as archive:
        folder = archive.getnames()[0].split("/")[0]
        for name, sha256, length in TEXTS:
            raw = archive.extractfile(f"{folder}/tests/testdata/{name}").read()
            digest = hashlib.sha256(raw).hexdigest()
            if digest != sha256:
                sys.exit(f"{name}: SHA-256 is {digest}, expected {sha256}")
            if len(raw) != length:
                sys.exit(f"{name}: {len(raw)} bytes, expected {length}")
            (Path(out) / name).write_bytes(raw)
            print(f"{name}: {length} bytes, {len(set(raw))} different, {digest}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    default = Path(__file__).resolve().parents[2] / "data"
    main(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else default)
