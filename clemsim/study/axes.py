"""Axes of a study: settings of agents that are varied, such as the temperature or thinking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from clemsim.catalog.agent_settings import checked_settings
from clemsim.errors import UsageError

MOST_TEXT = 24  # characters of a value in a name


def combinations(tables: Sequence[Mapping[str, Sequence[Any]]], where: str) -> list[dict[str, Any]]:
    """Return the settings of every combination of the values in each table, checked; one that is empty without tables.

    Raises UsageError, which begins with `where`, for an unknown setting, a value out of range, and no values.
    """
    found: list[dict[str, Any]] = []
    for table in tables:
        for name, values in table.items():
            if not values:
                raise UsageError(f"{where}: axes: {name} has no values")
        for values in product(*table.values()):
            settings = dict(zip(table, values, strict=True))
            found.append(checked_settings(settings, f"{where}: axes").given())
    unique = [each for index, each in enumerate(found) if each not in found[:index]]
    return unique or [{}]


def axis_text(axis: str, value: Any) -> str:
    """Return a value of an axis as names show it, such as `temperature 0.7`."""
    text = f"{value:g}" if isinstance(value, float) else " ".join(str(value).split())
    return f"{axis} {text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + '…'}".strip()
