"""The table at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import HORIZONTALS
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain

CUT = {"length": "cut at the token limit", "overflow": "not begun, the conversation no longer fit the context"}
COUNTS = {"episodes": "n", "success": "won", "failure": "lost", "aborted": "abort", "unfinished": "unfin"}
SCORES = {"played": "%Played", "quality": "Quality", "clemscore": "clemscore"}


def results(summary: Mapping[str, Any]) -> RenderableType:
    """Per cast and game, and overall: counts, %Played, Quality and clemscore with their 95 % intervals; 80 columns wide."""
    seed = "" if summary["suite_seed"] is None else f" (seed {summary['suite_seed']})"
    title = f"suite {summary['suite']}{seed}"
    if summary["constrained"]:
        title += "\nconstrained decoding: measures play apart from keeping to the format"
    table = RichTable(title=plain(title), title_justify="left", title_style="", box=HORIZONTALS, padding=(0, 1, 0, 0))
    table.pad_edge = table.show_edge = False
    table.add_column("agent, game", overflow="fold", min_width=15)
    for name in (*COUNTS.values(), *SCORES.values()):
        table.add_column(name, justify="right", no_wrap=True)
    for agent, scores in summary["agents"].items():
        _agent(table, agent, scores)
    return Group(table, *_remarks(summary))


def _agent(table: RichTable, agent: str, scores: Mapping[str, Any]) -> None:
    table.add_row(plain(agent, "bold"))
    for arena, row in scores["arenas"].items():
        counts = [_count(name, row[name]) for name in COUNTS]
        table.add_row(plain(f" {arena}"), *counts, *_scores(row, ("played", "quality")))
    totals = {name: sum(row[name] for row in scores["arenas"].values()) for name in COUNTS}
    counts = [_count(name, totals[name]) for name in COUNTS]
    table.add_row(" overall", *counts, *_scores(scores, tuple(SCORES)), end_section=True, style="bold")


def _scores(row: Mapping[str, Any], names: tuple[str, ...]) -> list[Text]:
    return [_score(row[name], row["ci"].get(name)) for name in names]


def _score(value: float | None, interval: tuple[float, float] | None) -> Text:
    if value is None:
        return Text("–", "dim")
    text = Text(f"{value:.2f}")
    if interval:
        text.append(f"\n{_short(interval[0])}…{_short(interval[1])}", "not bold dim")
    return text


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _count(name: str, value: int) -> Text:
    return Text(str(value), "bold yellow" if name == "unfinished" and value else "" if value else "dim")


def _remarks(summary: Mapping[str, Any]) -> list[Text]:
    remarks = [Text("below each score its 95 % interval; clemscore = %Played / 100 x Quality", "dim")]
    agents = summary["agents"].values()
    if any(row["quality"] is None and row["played"] is not None for each in agents for row in each["arenas"].values()):
        remarks.append(Text("–: nothing was scored; such a game is left out of the average Quality", "dim"))
    if question := summary.get("question"):
        ended = summary["stopped_when"] is not None
        remarks.append(plain(f"ended early: {question['text']}" if ended else question["text"], "green" if ended else ""))
        if ended:
            remarks.append(Text("the intervals in the table know nothing of the stopping; that one allows for it", "dim"))
    if summary["unfinished"]:
        causes = ", ".join(f"{count} {cause}" for cause, count in summary["causes"].items())
        remarks.append(Text(f"{summary['unfinished']} episodes are unfinished and in no average ({causes})", "yellow"))
    for agent, cut in summary.get("cut_replies", {}).items():
        counts = [f"{count} {CUT[stop]}" for stop, count in cut.items()]
        remarks.append(plain(f"replies of {agent} that broke off: {', '.join(counts)}", "dim"))
    for agent, cache in summary.get("caches", {}).items():
        if cache["warning"]:
            found = f"{cache['share']:.0%} of what {agent}'s server had seen before was found in its prefix cache"
            remarks.append(plain(f"{found}: {cache['warning']}", "yellow"))
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
        f"at most {throughput['peak_in_flight']} in flight{_cost(throughput)}"
    )


def _cost(throughput: Mapping[str, Any]) -> str:
    """What clemsim itself took."""
    if throughput.get("cpu_ms_per_turn") is None:
        return ""
    usual, worst = throughput["loop_lag_ms"]
    return (
        f"; clemsim itself: {throughput['cpu_ms_per_turn']} ms of CPU a turn, loop lag {usual} ms (p99), {worst} ms at most"
    )
