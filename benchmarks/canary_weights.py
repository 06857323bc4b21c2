"""Coarser weights for `canary_model.py`: a GGUF file with the same numbers rounded to fewer levels, in place.

A block of 32 weights in Q4_1 keeps its scale and minimum, and of its 16 levels 2**bits, evenly spaced: the file still is one
that llama.cpp reads, and the model is one of so many bits a weight, rounded without a look at data. Layouts: llama.cpp's
gguf.md and ggml-common.h.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

Q4_1 = 3
BLOCK, SIZE = 32, 20  # weights and bytes of a block of Q4_1: scale and minimum (float16), then two weights a byte
_FIXED = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # bytes of a value by its type
_STRING, _ARRAY = 8, 9


class _Reader:
    """Reads the head of a GGUF file."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def number(self, code: str) -> int:
        """The next number."""
        (value,) = struct.unpack_from(f"<{code}", self.data, self.at)
        self.at += struct.calcsize(f"<{code}")
        return int(value)

    def string(self) -> str:
        """The next string."""
        size = self.number("Q")
        self.at += size
        return self.data[self.at - size : self.at].decode()

    def skip(self, kind: int) -> None:
        """Pass over a value."""
        if kind == _STRING:
            self.string()
        elif kind == _ARRAY:
            inner, count = self.number("I"), self.number("Q")
            if inner in _FIXED:
                self.at += count * _FIXED[inner]
            else:
                for _ in range(count):
                    self.skip(inner)
        else:
            self.at += _FIXED[kind]


def _places(data: bytes) -> list[tuple[int, int]]:
    """Where the blocks of the tensors in Q4_1 begin, and how many weights they hold."""
    reader = _Reader(data)
    if data[:4] != b"GGUF":
        raise SystemExit("not a GGUF file")
    reader.at = 8
    tensors, values = reader.number("Q"), reader.number("Q")
    alignment = 32
    for _ in range(values):
        name, kind = reader.string(), reader.number("I")
        if name == "general.alignment":
            alignment = reader.number("I")
        else:
            reader.skip(kind)
    found = []
    for _ in range(tensors):
        reader.string()
        weights = 1
        for _ in range(reader.number("I")):
            weights *= reader.number("Q")
        kind, offset = reader.number("I"), reader.number("Q")
        if kind == Q4_1:
            found.append((offset, weights))
    begin = -(-reader.at // alignment) * alignment
    return [(begin + offset, weights) for offset, weights in found]


def coarsen(source: Path, target: Path, bits: int, share: float = 1.0) -> None:
    """Write the weights of `source` with 2**bits levels a block in a share of its tensors, spread evenly."""
    data = np.fromfile(source, dtype=np.uint8)
    most = 2**bits - 1
    steps = np.rint(np.rint(np.arange(16) * most / 15) * 15 / most).astype(np.uint8)
    pairs = (steps[np.arange(256) & 15] | (steps[np.arange(256) >> 4] << 4)).astype(np.uint8)
    places = _places(data[: 64 << 20].tobytes())
    if not places:
        raise SystemExit(f"{source} has no weights in Q4_1")
    for number, (begin, weights) in enumerate(places):
        if int((number + 1) * share) > int(number * share):
            blocks = data[begin : begin + weights // BLOCK * SIZE].reshape(-1, SIZE)
            blocks[:, 4:] = pairs[blocks[:, 4:]]
    data.tofile(target)
