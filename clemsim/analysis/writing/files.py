"""Writes the folder of `clemsim analyze`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from clemsim._util.files import write_json, write_text, writing_file
from clemsim.analysis.results import Analysis
from clemsim.analysis.writing.page import page
from clemsim.analysis.writing.pictures import KINDS, write_picture
from clemsim.analysis.writing.tables import csv_of, latex_of

REPORT, NUMBERS = "report.html", "analysis.json"

Tell = Callable[[str], None]


def write(
    analyses: Sequence[Analysis],
    left_out: Sequence[str],
    title: str,
    folder: Path,
    kinds: Sequence[str] = KINDS,
    tell: Tell = print,
) -> None:
    """Write `tables/` (CSV and LaTeX), `figures/`, `report.html` and `analysis.json`, over an earlier analysis.

    `kinds`: the formats of the figures; empty: none. `tell` is called with each step. Raises StoreError where the folder
    cannot be written.
    """
    with writing_file(folder):
        for part in ("tables", "figures"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for analysis in analyses:
            for table in analysis.tables:
                write_text(folder / "tables" / f"{table.name}.csv", csv_of(table))
                write_text(folder / "tables" / f"{table.name}.tex", latex_of(table))
            for figure in analysis.figures if kinds else ():
                tell(f"drawing {figure.name}")
                write_picture(figure, folder / "figures", kinds)
        tell(f"writing {folder / REPORT}")
        write_text(folder / REPORT, page(title, analyses, left_out))
        write_json(folder / NUMBERS, as_json(analyses, left_out))


def as_json(analyses: Sequence[Analysis], left_out: Sequence[str]) -> dict[str, Any]:
    """Return sentences and tables with every digit; a missing value is null."""
    return {
        "analyses": {
            analysis.key: {
                "title": analysis.title,
                "sentences": list(analysis.sentences),
                "tables": {table.name: table.frame.to_dicts() for table in analysis.tables},
                "left_out": list(analysis.left_out),
            }
            for analysis in analyses
        },
        "left_out": list(left_out),
    }
