"""The result of an analysis: sentences, tables, figures, and what it had to leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl


@dataclass(frozen=True)
class ResultTable:
    """A table: `name` is that of its file, `title` says what it holds. Units are in the title or in the columns.

    `brief`: the columns that a terminal shows; empty: all of them.
    """

    name: str
    title: str
    frame: pl.DataFrame
    brief: Sequence[str] = ()


@dataclass(frozen=True)
class Figure:
    """A picture: `name` is that of its file, `title` its caption, `specification` its Vega-Lite specification."""

    name: str
    title: str
    specification: Mapping[str, Any]


@dataclass(frozen=True)
class Analysis:
    """One question with its answer. The first table is the main one.

    `left_out`: models and games that this analysis could not use, and why. `key`: the name of the analysis in files,
    anchors and JSON: the letter of its kind, or a word where it has none.
    """

    title: str
    sentences: Sequence[str]
    tables: Sequence[ResultTable] = ()
    figures: Sequence[Figure] = ()
    left_out: Sequence[str] = ()
    key: str = ""

    @property
    def brief(self) -> bool:
        """Whether there is so little to say that a line holds it: at most one sentence, and nothing to be drawn."""
        return len(self.sentences) <= 1 and not self.figures

    @property
    def short_title(self) -> str:
        """The title up to its colon."""
        return self.title.split(":")[0]

    @property
    def letter(self) -> str:
        """The letter of the analysis; empty where its key is a word."""
        return self.key if len(self.key) == 1 else ""

    def with_key(self, key: str) -> Analysis:
        """Return the same analysis under `key`, which also begins the names of its figures."""
        figures = [replace(figure, name=f"{key}_{figure.name}") for figure in self.figures]
        return replace(self, figures=figures, key=key)
