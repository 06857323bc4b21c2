"""Reads files of JSON, with what is wrong in them told in a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from clemsim._util.files import reading_file
from clemsim.errors import UsageError

LONGEST = 64 * 2**20  # bytes of one line; no sample is as long


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each line of a file of JSON objects, with where it stands. Raises UsageError."""
    with reading_file(path), path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST + 1):
            number += 1
            where = f"{path}, line {number}"
            if len(line) > LONGEST:
                raise UsageError(f"{where} is longer than {LONGEST >> 20} MB: it is no sample")
            if line.strip():
                yield where, json_object(line, where)


def json_file(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file. Raises UsageError."""
    with reading_file(path):
        content = path.read_bytes()
    return json_object(content, str(path))


def json_object(content: bytes, where: str) -> dict[str, Any]:
    """Return the object that some JSON is. Raises UsageError that names `where` it stands."""
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{where} is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{where} is no JSON object")
    return data
