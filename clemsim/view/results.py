"""The table at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim.view.text import plain

COLUMNS = ("episodes", "success", "failure", "aborted", "unfinished")


def results(summary: Mapping[str, Any]) -> RenderableType:
    """Per cast and game, and overall: counts, %Played, Quality and clemscore with their 95 % intervals."""
    title = f"suite {summary['suite']} (seed {summary['suite_seed']})"
    if summary["constrained"]:
        title += " · constrained decoding: measures play apart from keeping to the format"
    table = RichTable(title=plain(title), title_justify="left", show_lines=False)
    table.add_column("agent", overflow="fold")
    table.add_column("game")
    for name in (*COLUMNS, "%Played", "Quality", "clemscore"):
        table.add_column(name, justify="right")
    for agent, scores in summary["agents"].items():
        _agent(table, agent, scores)
    return Group(table, *_remarks(summary))


def _agent(table: RichTable, agent: str, scores: Mapping[str, Any]) -> None:
    for index, (arena, row) in enumerate(scores["arenas"].items()):
        counts = [_count(name, row[name]) for name in COLUMNS]
        table.add_row(plain(agent) if index == 0 else "", plain(arena), *counts, *_scores(row, ("played", "quality")), "")
    totals = {name: sum(row[name] for row in scores["arenas"].values()) for name in COLUMNS}
    counts = [_count(name, totals[name]) for name in COLUMNS]
    names = ("played", "quality", "clemscore")
    table.add_row("", Text("overall", "bold"), *counts, *_scores(scores, names, "bold"), end_section=True)


def _scores(row: Mapping[str, Any], names: tuple[str, ...], style: str = "") -> list[Text]:
    return [_score(row[name], row["ci"].get(name), style) for name in names]


def _score(value: float | None, interval: tuple[float, float] | None, style: str) -> Text:
    if value is None:
        return Text("–", "dim")
    text = Text(f"{value:.2f}", style)
    if interval:
        text.append(f"\n{interval[0]:.1f} to {interval[1]:.1f}", "dim")
    return text


def _count(name: str, value: int) -> Text:
    return Text(str(value), "bold yellow" if name == "unfinished" and value else "" if value else "dim")


def _remarks(summary: Mapping[str, Any]) -> list[Text]:
    remarks = [Text("small print: 95 % intervals, instances drawn anew; clemscore = %Played / 100 x Quality", "dim")]
    agents = summary["agents"].values()
    if any(row["quality"] is None and row["played"] is not None for each in agents for row in each["arenas"].values()):
        remarks.append(Text("–: nothing was scored; such a game is left out of the average Quality", "dim"))
    if summary["unfinished"]:
        causes = ", ".join(f"{count} {cause}" for cause, count in summary["causes"].items())
        remarks.append(Text(f"{summary['unfinished']} episodes are unfinished and in no average ({causes})", "yellow"))
    if rates := _rates(summary["throughput"]):
        remarks.append(Text(rates, "dim"))
    return remarks


def _rates(throughput: Mapping[str, Any]) -> str:
    if not throughput.get("seconds"):
        return ""
    return (
        f"{throughput['turns']} turns in {throughput['seconds']:.1f} s ({throughput['turns_per_second']} a second), "
        f"{throughput['requests']} requests ({throughput['retries']} retries), {throughput['tokens_in']} tokens in "
        f"({throughput['tokens_cached']} cached), {throughput['tokens_out']} out, "
        f"at most {throughput['peak_in_flight']} in flight"
    )
