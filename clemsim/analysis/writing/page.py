"""The analyses as one self-contained page of HTML: interactive pictures, tables, and what was left out.

Names and texts come from tables and stores of others: all are escaped, and the page may open no connection.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import vl_convert
from markupsafe import Markup

from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.writing.html import sheet_of
from clemsim.html.environment import render
from clemsim.html.frame import Frame
from clemsim.html.pictures import specification_on_page
from clemsim.html.tables import Sheet

OPEN = 16  # rows of the main table of an analysis; longer ones are folded, and all others
# Vega interprets its expressions (`ast`), so that the page need not allow it to compile them; colours are the page's. What
# Vega-Lite warns of (scales that panels share) is not for those who read the page.
SCRIPT = """
const axis = {domainColor: "var(--soft)", tickColor: "var(--soft)"};
const config = {background: "transparent", axis, text: {color: "var(--ink)"}, title: {color: "var(--ink)"}};
const options = {
  actions: false, ast: true, config, defaultStyle: false, renderer: "svg", tooltip: {disableDefaultStyle: true},
};
console.warn = () => {};
for (const place of document.querySelectorAll("[data-figure]")) {
  const specification = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  vegaEmbed(place, specification, options)
    .catch((error) => { place.textContent = "This figure cannot be drawn: " + error; });
}
"""


@dataclass(frozen=True, slots=True)
class ShownFigure:
    """A figure: its name, caption, what it shows in words, and its specification as JSON that can stand in a script."""

    name: str
    caption: str
    about: str
    data: Markup


@dataclass(frozen=True, slots=True)
class FoldedTable:
    """A table under a title that folds it; `opened`: it is shown from the beginning."""

    title: str
    opened: bool
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class ShownAnalysis:
    """An analysis with what the page shows of it."""

    about: Analysis
    figures: Sequence[ShownFigure]
    tables: Sequence[FoldedTable]

    @property
    def short(self) -> str:
        """The title of the link to it."""
        return f"{self.about.letter}: {self.about.short_title}" if self.about.letter else self.about.short_title


def page(
    title: str,
    analyses: Sequence[Analysis],
    left_out: Sequence[str],
    subset: Sequence[str] = (),
    places: Sequence[str] = (),
) -> str:
    """Return the page as HTML. `subset`: what was chosen of models and games, which stands below the title. `places`: the
    runs and studies behind it, as the user named them.
    """
    shown = [
        ShownAnalysis(
            analysis,
            list(map(_figure, analysis.figures)),
            [_table(table, first=place == 0) for place, table in enumerate(analysis.tables)],
        )
        for analysis in analyses
    ]
    modules = (vl_convert.javascript_bundle(SCRIPT),) if any(analysis.figures for analysis in shown) else ()
    frame = Frame(title, inline=True, modules=modules)
    view = shlex.join(["clemsim", "view", *places]) if places else ""
    return render("analysis.html", frame=frame, analyses=shown, left_out=left_out, subset=subset, view=view) + "\n"


def _figure(figure: Figure) -> ShownFigure:
    data = orjson.dumps(specification_on_page(figure.specification)).decode().replace("<", "\\u003c")
    about = str(figure.specification.get("description") or figure.title)
    return ShownFigure(figure.name, figure.title, about, Markup(data))


def _table(table: ResultTable, *, first: bool) -> FoldedTable:
    return FoldedTable(
        f"{table.title} ({len(table.frame)} rows)", first and len(table.frame) <= OPEN, sheet_of(table.frame, table.title)
    )
