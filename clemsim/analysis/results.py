"""What an analysis comes to: sentences, tables, figures, and what it had to leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl


@dataclass(frozen=True)
class ResultTable:
    """A table with the name of its file and what it holds; the units are in the title or in the columns.

    `brief`: the columns that a terminal shows; all of them unless some are named.
    """

    name: str
    title: str
    frame: pl.DataFrame
    brief: Sequence[str] = ()


@dataclass(frozen=True)
class Figure:
    """A picture: the name of its file, what it shows, and its Vega-Lite specification."""

    name: str
    title: str
    specification: Mapping[str, Any]


@dataclass(frozen=True)
class Analysis:
    """One question with its answer. The first table is the main one."""

    letter: str
    title: str
    sentences: Sequence[str]
    tables: Sequence[ResultTable] = ()
    figures: Sequence[Figure] = ()
    left_out: Sequence[str] = field(default=())
