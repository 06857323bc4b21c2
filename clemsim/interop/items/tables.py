"""Reads plain tables with a row for each score."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clemsim._util.extras import library
from clemsim._util.files import reading_file
from clemsim.errors import UsageError
from clemsim.interop.items.item import ItemResult, repetition_of, score_of
from clemsim.interop.items.lines import json_lines

MODEL, TASK, ITEM, SCORE = ("model", "agent"), ("task", "game"), ("item", "id", "instance"), ("score", "value")
REPETITION = ("repetition", "trial", "epoch", "seed")
LONGEST_HEAD = 65_536  # characters
LISTED = 10  # columns in a line
SUFFIXES = (".csv", ".tsv", ".parquet")
COLUMNS = "a table has the columns model, item, score, and, where there are several, task and repetition"


def read_table(path: Path, metric: str | None) -> Iterator[ItemResult]:
    """Read a table (CSV, tabs, JSON lines, Parquet) with the columns model, item, score, and task and repetition where there
    are several; `metric` names another column for the score. Raises UsageError.
    """
    for where, row in _rows(path):
        value = _column(row, (metric,) if metric else SCORE, where)
        yield ItemResult(
            str(_column(row, MODEL, where)),
            str(next((row[name] for name in TASK if row.get(name) not in (None, "")), "task")),
            str(_column(row, ITEM, where)),
            score_of(value, where),
            repetition=next((repetition_of(row[name]) for name in REPETITION if row.get(name) not in (None, "")), None),
        )


def is_item_table(path: Path) -> bool:
    """Return whether the first line of a file names the columns of such a table."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            head = file.readline(LONGEST_HEAD)
    except (OSError, UnicodeDecodeError):
        return False
    columns = {name.strip().strip('"') for name in head.split("\t" if path.suffix == ".tsv" else ",")}
    return all(columns & set(names) for names in (MODEL, ITEM, SCORE))


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if path.suffix == ".jsonl":
        return json_lines(path)
    return _parquet(path) if path.suffix == ".parquet" else _csv(path)


def _csv(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    with reading_file(path), path.open(newline="", encoding="utf-8-sig") as file:
        dialect = csv.excel_tab if path.suffix == ".tsv" else csv.excel
        rows = csv.DictReader(file, dialect=dialect)
        try:
            for row in rows:
                yield f"{path}, line {rows.line_num}", row
        except csv.Error as error:
            raise UsageError(f"{path}, line {rows.line_num} is no table: {error}") from error


def _parquet(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    parquet = library("pyarrow.parquet", "frames", "reading Parquet")
    arrow = library("pyarrow", "frames")
    with reading_file(path):
        try:
            rows = parquet.read_table(path).to_pylist()
        except arrow.ArrowException as error:
            raise UsageError(f"{path} cannot be read as Parquet: {' '.join(str(error).split())[:200]}") from error
    yield from ((f"{path}, row {number}", row) for number, row in enumerate(rows, 1))


def _column(row: Mapping[str, Any], names: tuple[str, ...], where: str) -> Any:
    for name in names:
        if row.get(name) not in (None, ""):
            return row[name]
    if any(name in row for name in names):
        raise UsageError(f"{where} has no {names[0]}: leave out the lines that have none")
    here = ", ".join(str(name)[:40] for name in list(row)[:LISTED])
    raise UsageError(f"{where} has no {names[0]}: {COLUMNS}; this one has {here or 'none'}")
