"""A row for each request of a stress test, written as it goes, so that a soak of any length needs little memory."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import orjson

from clemsim._util.extras import library
from clemsim._util.files import check_new, parse_json, read_lines
from clemsim.errors import UsageError
from clemsim.game.messages import Usage

BATCH = 10_000  # rows that are written at once
# Times in seconds since the test began; `last` is that of the last token; sizes in tokens. Of a request that failed, only
# `stage`, `measured`, `due` and `error` are known, and of several models loaded together which it was.
COLUMNS = {
    "stage": "int32",
    "measured": "bool_",
    "due": "float64",
    "sent": "float64",
    "first": "float64",
    "last": "float64",
    "tokens_in": "int64",
    "tokens_out": "int64",
    "tokens_cached": "int64",
    "finish_reason": "string",
    "model": "string",
    "replica": "string",
    "error": "string",
}


def read_records(path: Path) -> list[dict[str, Any]]:
    """Read the rows of a file of records. Raises UsageError where it is none, or pyarrow is missing."""
    if path.suffix == ".jsonl":
        rows = [parse_json(line, f"{path}, line {number}") for number, line in enumerate(read_lines(path), 1)]
    else:
        table = library("pyarrow.parquet", "frames", "--records")
        try:
            rows = table.read_table(path).to_pylist()
        except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
            raise UsageError(f"{path} is no file of records: {error}") from error
    if not all(isinstance(row, dict) and row.keys() >= COLUMNS.keys() for row in rows):
        raise UsageError(f"{path} holds no records of this clemsim: give what stress --records has written")
    return rows


class RecordFile:
    """A new file of rows: Parquet, or a JSON object a line where it ends in `.jsonl`."""

    def __init__(self, path: Path) -> None:
        """Raise UsageError where the file is there already, or pyarrow is missing."""
        check_new(path)
        self.rows = 0
        self._path = path
        self._pending: list[dict[str, Any]] = []
        self._lines = path.suffix == ".jsonl"
        self._arrow = None if self._lines else library("pyarrow", "frames", "--records")
        self._file: Any = None

    def __enter__(self) -> RecordFile:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("wb") if self._lines else self._parquet()
        except OSError as error:
            raise UsageError(f"{self._path} cannot be written: {error.strerror}") from error
        return self

    def _parquet(self) -> Any:
        kinds = {name: getattr(self._arrow, kind)() for name, kind in COLUMNS.items()}
        self._schema = self._arrow.schema(kinds)  # type: ignore[union-attr]
        return library("pyarrow.parquet", "frames").ParquetWriter(self._path, self._schema)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._flush()
        self._file.close()

    def add_turn(self, stage: int, begun: float, due: float, usage: Usage, stop: str, *, measured: bool) -> None:
        """Add an answered request; `begun` and `due` are monotonic seconds, `measured`: it is not part of a warm-up."""
        row: dict[str, Any] = {
            "stage": stage,
            "measured": measured,
            "due": due - begun,
            "tokens_in": usage.tokens_in,
            "tokens_out": usage.tokens_out,
        }
        row |= {"tokens_cached": usage.tokens_cached, "finish_reason": stop, "model": usage.model, "replica": usage.replica}
        if timing := usage.timing:
            row["sent"] = timing.sent - begun
            row |= {"first": timing.times[0] - begun, "last": timing.times[-1] - begun} if timing.times else {}
        self._add(row)

    def add_failure(self, stage: int, begun: float, due: float, cause: str, model: str | None, *, measured: bool) -> None:
        """Add a request that failed; `model` is the name of its cast where several are loaded together."""
        self._add({"stage": stage, "measured": measured, "due": due - begun, "model": model, "error": cause})

    def _add(self, row: dict[str, Any]) -> None:
        self._pending.append(row)
        self.rows += 1
        if len(self._pending) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        rows, self._pending = self._pending, []
        if self._lines:
            self._file.writelines(orjson.dumps({name: row.get(name) for name in COLUMNS}) + b"\n" for row in rows)
        elif rows and self._arrow:
            self._file.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema))
