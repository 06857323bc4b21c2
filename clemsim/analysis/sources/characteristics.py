"""What is known of a model. What is not known is None, never zero."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from clemsim._util.files import reading_file
from clemsim.analysis.sources.names import clean
from clemsim.errors import UsageError

FORMATS = ("%m/%d/%Y", "%Y-%m-%d", "%Y-%m", "%Y")
UNKNOWN = {"", "-", "?", "na", "n/a", "nan", "none", "null", "unknown"}


def _known(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() in UNKNOWN else value


def _day(value: object) -> object:
    if isinstance(value, datetime):
        return value.date()
    if not isinstance(value, str) or _known(value) is None:
        return _known(value)
    for form in FORMATS:
        try:
            return datetime.strptime(value.strip(), form).date()
        except ValueError:
            continue
    raise ValueError(f"{value!r} is no date: write it as 2024-05-31")


Text = Annotated[str | None, BeforeValidator(_known)]
Day = Annotated[date | None, BeforeValidator(_day)]
Flag = Annotated[bool | None, BeforeValidator(_known)]
Size = Annotated[float | None, BeforeValidator(_known), Field(gt=0, allow_inf_nan=False)]


class Characteristics(BaseModel):
    """The facts about a model, and about how a run of it was served.

    parameters: billions, mixtures of experts by their total; training_tokens: trillions; context: tokens;
    quantisation: bits of a weight.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    provider: Text = None
    name: Text = None
    parameters: Size = None
    training_tokens: Size = None
    cutoff: Day = None
    released: Day = None
    context: Size = None
    open_weights: Flag = None
    multilingual: Flag = None
    multimodal: Flag = None
    base_model: Text = None
    tuning_data: Text = None
    quantisation: Size = None
    access: Text = None
    engine: Text = None


FIELDS = tuple(Characteristics.model_fields)
HEADERS = {  # of the published table, in lower case without what stands in brackets
    "model provider": "provider",
    "model name": "name",
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
SCHEMA: dict[str, Any] = {
    "model": pl.String,
    **dict.fromkeys(FIELDS, pl.String),
    **dict.fromkeys(("parameters", "training_tokens", "context", "quantisation"), pl.Float64),
    **dict.fromkeys(("cutoff", "released"), pl.Date),
    **dict.fromkeys(("open_weights", "multilingual", "multimodal"), pl.Boolean),
}


def looks_like(header: Iterable[str]) -> bool:
    """Whether a table with these columns is one of characteristics."""
    names = {field(column) for column in header}
    return "name" in names and bool(names & {"parameters", "released", "training_tokens", "base_model"})


def field(column: str) -> str:
    """The field that a column holds, by its own name or the published one."""
    short = column.split("(")[0].strip().lower()
    return HEADERS.get(short, short.replace(" ", "_"))


def read_characteristics(path: Path) -> dict[str, Characteristics]:
    """The table at `path` by cleaned model name. Raises UsageError naming the line that can't be read."""
    found: dict[str, Characteristics] = {}
    try:
        with reading_file(path), path.open(encoding="utf-8-sig", newline="") as file:
            for line, row in enumerate(csv.DictReader(file), 2):
                facts = _facts(row)
                name = clean(str(facts.get("name") or ""))
                if not name:
                    raise UsageError(f"{path}, line {line}: a model needs a name")
                if name in found:
                    raise UsageError(f"{path}, line {line}: {name} is there twice")
                found[name] = checked({**facts, "name": name}, f"{path}, line {line}")
    except csv.Error as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    return found


def checked(facts: Mapping[str, Any], where: str) -> Characteristics:
    """Characteristics out of a row or a table. Raises UsageError that begins with `where`."""
    try:
        return Characteristics.model_validate(dict(facts))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(each) for each in first["loc"])
        known = f"; known are {', '.join(FIELDS)}" if first["type"] == "extra_forbidden" else ""
        raise UsageError(f"{where}: {place}: {first['msg']}{known}") from error


def frame(models: Mapping[str, Characteristics]) -> pl.DataFrame:
    """One row a model, every field a column."""
    rows = [{"model": model, **facts.model_dump()} for model, facts in models.items()]
    return pl.DataFrame(rows, schema=SCHEMA)


def _facts(row: Mapping[str | None, Any]) -> dict[str, Any]:
    """The fields of a row. Columns that are no field are left alone, as published tables have many."""
    facts: dict[str, Any] = {}
    for column, value in row.items():
        if column is None or not isinstance(value, str) or _known(value) is None:
            continue
        name, text = field(column), value.strip()
        if name == "commercial":
            facts["open_weights"] = text.lower() in ("0", "false", "no")
        elif name in FIELDS:
            facts[name] = _thousands(text) if name == "context" and "thousand" in column.lower() else text
    return facts


def _thousands(text: str) -> str:
    try:
        return str(float(text) * 1000)
    except ValueError:
        return text
