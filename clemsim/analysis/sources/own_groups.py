"""A user's own groups of models, from a table (`model,group`) or a TOML file (`[groups]`, each a list of models)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from clemsim._util.files import read_toml
from clemsim.analysis.sources.evidence import Evidence, join_names
from clemsim.analysis.sources.names import clean
from clemsim.analysis.sources.published import rows_of
from clemsim.errors import UsageError

HOW = 'a CSV with the columns model and group, or a TOML file with [groups] and lines such as small = ["ant-1b", "bee-2b"]'


def read_groups(path: Path) -> dict[str, str]:
    """Return the group of each model by its cleaned name, in the order of the file. Raises UsageError: a model may be in one
    group only.
    """
    groups: dict[str, str] = {}
    for model, group, where in _toml(path) if path.suffix == ".toml" else _table(path):
        name = clean(model)
        if not name or not group.strip():
            raise UsageError(f"{where}: a model and its group are needed")
        if name in groups:
            raise UsageError(f"{where}: {name} appears twice")
        groups[name] = group.strip()
    if not groups:
        raise UsageError(f"{path} names no groups: it is {HOW}")
    return groups


def with_groups(evidence: Evidence, groups: dict[str, str]) -> Evidence:
    """Return the evidence with own groups of models. Raises UsageError where none of its models is in them."""
    present = {clean(model) for model in evidence.models}
    unknown = [model for model in groups if model not in present]
    if len(unknown) == len(groups):
        raise UsageError(f"--groups names none of the models here: there are {join_names(evidence.models)}")
    count = sum(clean(model) in groups for model in evidence.models)
    rest = len(evidence.models) - count
    notes = [f"groups were given for {count} models; the family and lineage of the other {rest} follow from their names"]
    notes = notes if rest else []
    if unknown:
        notes.append(f"the groups name models that have no scores here: {join_names(unknown)}")
    return replace(evidence, groups=groups, notes=(*evidence.notes, *notes))


def _table(path: Path) -> Iterator[tuple[str, str, str]]:
    header, rows = rows_of(path)
    columns = {column.strip().lower(): column for column in header if column}
    if not {"model", "group"} <= set(columns):
        raise UsageError(f"{path} is no file of groups: it is {HOW}")
    for line, row in enumerate(rows, 2):
        yield row[columns["model"]], row[columns["group"]], f"{path}, line {line}"


def _toml(path: Path) -> Iterator[tuple[str, str, str]]:
    groups = read_toml(path).get("groups")
    if not isinstance(groups, dict):
        raise UsageError(f"{path} is no file of groups: it is {HOW}")
    for group, models in groups.items():
        if not isinstance(models, Iterable) or isinstance(models, str) or not all(isinstance(own, str) for own in models):
            raise UsageError(f"{path}, {group}: its models are a list of names")
        for model in models:
            yield model, str(group), f"{path}, {group}"
