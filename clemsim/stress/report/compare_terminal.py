"""The comparison of two stress tests in a terminal, 80 columns wide."""

from __future__ import annotations

from rich.box import HORIZONTALS
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.results.intervals import Interval
from clemsim.stress.report.compare import ComparedStage, StressComparison
from clemsim.stress.report.formatting import NONE, milliseconds, number

LATENCIES = ("TTFT", "ITL", "turn")  # the first words of figures that are times


def terminal_comparison(comparison: StressComparison, first: str, second: str) -> RenderableType:
    """Return the comparison of the tests named `first` (A) and `second` (B)."""
    parts: list[RenderableType] = [plain(f"A: {first}"), plain(f"B: {second}")]
    if not comparison.same_plan:
        parts.append(Text("the two tests were not planned alike: look at `plan` in both reports", "yellow"))
    if comparison.spoiled:
        names = ", ".join(comparison.spoiled)
        parts.append(plain(f"at {names} some figures are a client's own doing: see the reports", "yellow"))
    if any(knee is not None for knee in comparison.knees):
        a, b = (NONE if knee is None else f"{knee:.3g}" for knee in comparison.knees)
        parts.append(plain(f"knee: {a} conversations in A, {b} in B"))
    table = _table()
    for stage in comparison.stages:
        _add_stage(table, stage)
    for name, overall in comparison.overall.items():
        table.add_row("all", name, "", "", _ratio(overall.ratio), _interval(overall.interval, NONE), style="bold")
    return Group(*parts, table, Text("times in ms; all: geometric mean over stages, interval from redrawing them", "dim"))


def _table() -> RichTable:
    table = RichTable(box=HORIZONTALS, padding=(0, 1, 0, 0))
    table.pad_edge = table.show_edge = False
    table.add_column("load")
    table.add_column("figure")
    for name in ("A", "B", "B / A", "95 % interval"):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _add_stage(table: RichTable, stage: ComparedStage) -> None:
    names = list(stage.figures)
    for name, figure in stage.figures.items():
        write = milliseconds if name.split()[0] in LATENCIES else number
        table.add_row(
            plain(stage.label) if name == names[0] else "",
            name,
            write(figure.a),
            write(figure.b),
            _ratio(figure.ratio),
            _interval(figure.interval, ""),
            end_section=name == names[-1],
        )


def _ratio(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def _interval(ends: Interval | None, missing: str) -> str:
    return f"{ends[0]:.3f}..{ends[1]:.3f}" if ends else missing
