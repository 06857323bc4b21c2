"""Tables of models' characteristics, by clemsim's field names or by the headers of the published table.

Tables are written by people, so their cells are read tolerantly: an unknown value may be written in many ways, and a date
in several formats. What is unknown becomes None, never zero.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import polars as pl

from clemsim._util.files import check_regular, reading_file
from clemsim.analysis.sources.names import clean
from clemsim.analysis.sources.published import rows_of
from clemsim.catalog.models import Characteristics, validate
from clemsim.errors import UsageError

FIELDS = tuple(Characteristics.model_fields)
DATES = ("cutoff", "released")
FORMATS = ("%m/%d/%Y", "%Y-%m-%d", "%Y-%m", "%Y")
UNKNOWN = {"", "-", "?", "na", "n/a", "nan", "none", "null", "unknown"}
HEADERS = {  # of the published table: lower case, without the part in brackets
    "model provider": "provider",
    "model name": "name",
    "model": "name",
    "training data size": "training_tokens",
    "cut-off date": "cutoff",
    "parameter size": "parameters",
    "release date": "released",
    "context length": "context",
    "commercial": "commercial",
    "multilingual": "multilingual",
    "multimodal": "multimodal",
    "base model": "base_model",
    "instruction tuning data": "tuning_data",
    "backend": "access",
}
KNOWN = {*FIELDS, *HEADERS.values(), "link", "group"}  # columns that are no benchmark
SCHEMA: dict[str, Any] = {
    "model": pl.String,
    **dict.fromkeys(FIELDS, pl.String),
    **dict.fromkeys(("parameters", "training_tokens", "context", "quantisation", "temperature"), pl.Float64),
    **dict.fromkeys(DATES, pl.Date),
    **dict.fromkeys(("size_known", "open_weights", "multilingual", "multimodal"), pl.Boolean),
}


def is_characteristics(header: Iterable[str]) -> bool:
    """Return whether a table with these columns is one of characteristics."""
    names = {field_of(column) for column in header}
    return "name" in names and bool(names & {"parameters", "released", "training_tokens", "base_model"})


def field_of(column: str) -> str:
    """Return the field that a column holds, by clemsim's name of it or by the published header."""
    short = column.split("(")[0].strip().lower()
    return HEADERS.get(short, short.replace(" ", "_"))


def read_characteristics(path: Path) -> dict[str, Characteristics]:
    """Read the table at `path` by cleaned model name. Raises UsageError naming the line that cannot be read."""
    models: dict[str, Characteristics] = {}
    check_regular(path)
    try:
        with reading_file(path), path.open(encoding="utf-8-sig", newline="") as file:
            for line, row in enumerate(csv.DictReader(file), 2):
                cells = _cells(row)
                name = clean(str(cells.get("name") or ""))
                if not name:
                    raise UsageError(f"{path}, line {line}: a model needs a name")
                if name in models:
                    raise UsageError(f"{path}, line {line}: {name} appears twice")
                models[name] = parse_characteristics({**cells, "name": name}, f"{path}, line {line}")
    except csv.Error as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    return models


def read_outside(path: Path) -> dict[str, dict[str, float]]:
    """Read what a table says beside characteristics: the columns that hold nothing but numbers, such as scores in other
    benchmarks, by cleaned model name and column. Raises UsageError.
    """
    header, rows = rows_of(path)
    columns = {column: outside_name(column) for column in header if column and field_of(column) not in KNOWN}
    values: dict[str, dict[str, float]] = {}
    for column, name in columns.items():
        cells = {_name(row): row[column] for row in rows if not _is_unknown(row[column])}
        numbers = {model: number for model, cell in cells.items() if (number := _number(cell)) is not None}
        if numbers and len(numbers) == len(cells):
            for model, number in numbers.items():
                values.setdefault(model, {}).setdefault(name, number)
    return values


def outside_name(column: str) -> str:
    """Return the name of a column that is no characteristic, as conditions write it: `MMLU (5-shot)` is `mmlu`."""
    return re.sub(r"[^\w.\-+#]+", "_", column.split("(")[0].strip().lower())


def parse_characteristics(cells: Mapping[str, Any], where: str) -> Characteristics:
    """Parse the cells of one model, by field. Raises UsageError that begins with `where` and names the field."""
    for field in cells:
        if field not in FIELDS:
            raise UsageError(f"{where}: {field}: Extra inputs are not permitted; known are {', '.join(FIELDS)}")
    return validate({field: _parse(field, cell, where) for field, cell in cells.items()}, Characteristics, where)


def characteristics_frame(models: Mapping[str, Characteristics]) -> pl.DataFrame:
    """Return a frame with a row for each model and a column for each field."""
    rows = [{"model": model, **facts.model_dump()} for model, facts in models.items()]
    return pl.DataFrame(rows, schema=SCHEMA)


def complete(first: Characteristics | None, second: Characteristics | None) -> Characteristics | None:
    """Return what the first knows of a model, with what only the second knows; None where neither knows the model."""
    if first is None or second is None:
        return first or second
    missing = {name: getattr(second, name) for name in FIELDS if getattr(first, name) is None}
    return first.model_copy(update={name: value for name, value in missing.items() if value is not None})


def _parse(field: str, cell: Any, where: str) -> Any:
    if _is_unknown(cell):
        return None
    try:
        return _date(cell) if field in DATES else cell
    except ValueError as error:
        raise UsageError(f"{where}: {field}: {error}") from error


def _is_unknown(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip().lower() in UNKNOWN)


def _date(cell: Any) -> Any:
    """Parse a date in one of FORMATS; leave other types to the validation of the field."""
    if isinstance(cell, datetime):
        return cell.date()
    return date_in(cell.strip()) if isinstance(cell, str) else cell


def date_in(text: str) -> date:
    """Parse a date in one of FORMATS. Raises ValueError."""
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no date: write it as 2024-05-31")


def _cells(row: Mapping[str | None, Any]) -> dict[str, Any]:
    """Return the known cells of a row by field. Other columns are ignored, as published tables have many."""
    cells: dict[str, Any] = {}
    for column, value in row.items():
        if column is None or not isinstance(value, str) or _is_unknown(value):
            continue
        field, text = field_of(column), value.strip()
        if field == "commercial":
            cells["open_weights"] = text.lower() in ("0", "false", "no")
        elif field == "context":
            cells["context"] = _tokens(text, 1000 if "thousand" in column.lower() else 1)
        elif field in FIELDS and not (column.strip().lower() == "model" and field in cells):
            cells[field] = text
    return cells


def _name(row: Mapping[str, str]) -> str:
    return clean(next((cell for column, cell in row.items() if field_of(column) == "name"), ""))


def _number(cell: str) -> float | None:
    """Return a finite number, with or without a sign of per cent; None for other texts."""
    try:
        number = float(cell.strip().removesuffix("%"))
    except ValueError:
        return None
    return number if isfinite(number) else None


def _tokens(text: str, unit: int) -> str:
    """Return the number of tokens in `text`, counted in `unit`, as a whole number; text that is no number as it stands."""
    try:
        tokens = float(text) * unit
    except ValueError:
        return text
    return str(round(tokens)) if isfinite(tokens) else text
