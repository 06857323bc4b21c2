"""The parts of a report: JSON values, each packed with zlib's deflate and written as base64, which a script unpacks.

Until all are known, they lie in a folder as scripts that a page can load from disk; a page that is one file holds the same
texts itself.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import orjson

LEVEL = 9  # of zlib: a report is written once and sent around
BEGIN, END = b'clemsimPart("', b'");\n'
BETWEEN = b'","'
COPIED = 2**20  # bytes at once


class PartFolder:
    """Parts by their number, as files of a folder. `size`: their bytes so far."""

    def __init__(self, folder: Path) -> None:
        """Write into `folder`, which is there."""
        self.folder = folder
        self.size = 0
        self._count = 0

    def add(self, value: object) -> int:
        """Write a part, and return its number."""
        packed = b64encode(zlib.compress(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS), LEVEL))
        number = self._count
        path = self._path(number)
        path.write_bytes(b"".join((BEGIN, str(number).encode(), BETWEEN, packed, END)))
        self._count += 1
        self.size += len(packed)
        return number

    def write_into(self, file: IO[bytes]) -> None:
        """Write all parts as elements of a page that a browser neither shows nor runs."""
        for number in range(self._count):
            file.write(f'<script type="application/octet-stream" id="part-{number}">'.encode())
            for piece in self._packed(number):
                file.write(piece)
            file.write(b"</script>\n")

    def _packed(self, number: int) -> Iterator[bytes]:
        path = self._path(number)
        begin = len(BEGIN) + len(str(number)) + len(BETWEEN)
        left = path.stat().st_size - begin - len(END)
        with path.open("rb") as file:
            file.seek(begin)
            while piece := file.read(min(COPIED, left)):
                left -= len(piece)
                yield piece

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}.js"
