"""The table at the end of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.cli.view.endings import abort_reasons
from clemsim.cli.view.seat_scores import seat_tables
from clemsim.cli.view.tables import ruled_table, with_interval
from clemsim.results.costs import AgentCost
from clemsim.results.diagnostics import ServerReport, Throughput
from clemsim.results.episode_index.endings import Ending, endings_of_store
from clemsim.results.intervals import Interval
from clemsim.results.means import FEWEST
from clemsim.results.run_summary import RunSummary
from clemsim.results.summary import ArenaSummary, ScoreSummary
from clemsim.store import reader
from clemsim.store.folder import STORE

CUT = {
    "length": "cut at the token limit",
    "thinking": "cut while thinking, before the model replied",
    "overflow": "not begun, the conversation no longer fit the context",
}
THINKERS = "give it room to think, --agent 'SPEC?thinking=8000', or turn its thinking off, --agent 'SPEC?thinking=off'"
COUNTS = {"episodes": "n", "success": "won", "failure": "lost", "aborted": "abort", "unfinished": "unfin"}
EXPLAINED = {
    "filtered": "filtered: the provider withheld a reply, which is no fault of the model",
    "tool call": "tool call: the server answered with one instead of a text, which is no fault of the model",
}
SCORES = {"played": "%Played", "quality": "Quality", "clemscore": "clemscore"}


def results_of(summary: RunSummary) -> RenderableType:
    """Return the table of a run with the reasons why episodes were aborted, which its store knows. Raises StoreError."""
    with reader.reading(Path(summary.run) / STORE) as base, reader.decoding(Path(summary.run) / STORE):
        return results(summary, endings_of_store(base))


def results(summary: RunSummary, endings: Sequence[Ending] = ()) -> RenderableType:
    """Return the table of a run, 80 columns wide: per cast and game, and overall, counts, %Played, Quality and clemscore
    with their 95 % intervals; below it why episodes were aborted.
    """
    seed = "" if summary.suite_seed is None else f" (seed {summary.suite_seed})"
    title = f"suite {summary.suite}{seed}"
    if summary.constrained:
        title += "\nconstrained decoding: measures play apart from keeping to the format"
    table = ruled_table(title, edges=False)
    table.add_column("agent, game", overflow="fold", min_width=15)
    for name in (*COUNTS.values(), *SCORES.values()):
        table.add_column(name, justify="right", no_wrap=True)
    for agent, scores in summary.agents.items():
        _add_agent(table, agent, scores, summary.seat_scores or {})
    return Group(table, *seat_tables(summary), *abort_reasons(endings, summary.run), *_remarks(summary))


def _add_agent(table: RichTable, agent: str, scores: ScoreSummary, by_seat: Collection[str]) -> None:
    table.add_row(plain(agent, "bold"))
    for arena, row in scores.arenas.items():
        clemscore = Text() if row.quality is None else score_text(row.worth, row.ci.worth)  # of one game they are the same
        counts = _counts([row])
        if arena in by_seat and row.quality is None:  # who won is in the table by agent
            counts[1:3] = Text("–", "dim"), Text("–", "dim")
        table.add_row(plain(f" {arena}"), *counts, score_text(row.played, row.ci.played), _quality(row), clemscore)
    overall = (
        score_text(scores.played, scores.ci.played),
        _quality(scores),
        score_text(scores.clemscore, scores.ci.clemscore),
    )
    table.add_row(" overall", *_counts(list(scores.arenas.values())), *overall, style="bold")
    worth = score_text(scores.worth, scores.ci.worth)
    table.add_row(" worth", *[""] * (len(COUNTS) + len(SCORES) - 1), worth, end_section=True, style="bold")


def _counts(rows: list[ArenaSummary]) -> list[Text]:
    """Return the counts over all rows, a cell for each count."""
    return [_count(name, sum(getattr(row, name) for row in rows)) for name in COUNTS]


def _count(name: str, value: int) -> Text:
    return Text(str(value), "bold yellow" if name == "unfinished" and value else "" if value else "dim")


def _quality(row: ArenaSummary | ScoreSummary) -> Text:
    return score_text(row.quality, row.ci.quality)


def score_text(value: float | None, interval: Interval | None) -> Text:
    """Return a score with its interval below it."""
    return with_interval(value, interval, "{:.2f}".format, _span)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _remarks(summary: RunSummary) -> list[Text]:
    """Return the lines below the table."""
    remarks = [
        Text("below each score its 95 % interval; clemscore = %Played / 100 x Quality", "dim"),
        Text("worth: the mean main score of all episodes, an aborted one as 0, over games", "dim"),
    ]
    rows = [row for scores in summary.agents.values() for row in scores.arenas.values()]
    if any(row.played is not None and row.ci.played is None for row in rows):
        remarks.append(Text(f"no interval: fewer than {FEWEST} instances say too little", "dim"))
    apart = [game for game in summary.seat_scores or {} if summary.arenas[game].quality is None]
    if apart:
        remarks.append(plain(f"{', '.join(apart)}: scored by seat; overall counts those played to their end as won", "dim"))
    if any(row.quality is None and row.played is not None for row in rows):
        remarks.append(Text("–: nothing was scored; such a game is left out of the average Quality", "dim"))
    if "worth" in summary.detectable:
        remarks.append(Text(_detectable(summary), "dim"))
    remarks += [plain(line, "dim") for line in _noise(summary)]
    if question := summary.question:
        ended = summary.stopped_when is not None
        remarks.append(plain(f"ended early: {question.text}" if ended else question.text, "green" if ended else ""))
        if ended:
            remarks.append(Text("the intervals in the table know nothing of the stopping; that one allows for it", "dim"))
    if summary.unfinished:
        causes = ", ".join(f"{count} {cause}" for cause, count in summary.causes.items())
        remarks.append(Text(f"{summary.unfinished} episodes are unfinished and in no average ({causes})", "yellow"))
        remarks += [plain(line, "yellow") for line in _bounds(summary)]
        remarks += [Text(text, "yellow") for cause, text in EXPLAINED.items() if cause in summary.causes]
    if summary.parser_error:
        remarks.append(plain(f"parser error: {summary.parser_error.splitlines()[0]}", "red"))
        remarks.append(Text("mend the parser, then resume: the replies are recorded and will be judged anew", "red"))
    remarks += [plain(own.line(game), "yellow") for game, own in (summary.restarts or {}).items()]
    remarks += [plain(line, "yellow") for line in summary.notices or ()]
    remarks += [plain(_cost_line(agent, cost), "dim") for agent, cost in (summary.costs or {}).items()]
    for agent, cut in summary.cut_replies.items():
        counts = [f"{count} {CUT[stop]}" for stop, count in cut.items()]
        remarks.append(plain(f"replies of {agent} that broke off: {', '.join(counts)}", "dim"))
        if cut.get("thinking"):
            remarks.append(plain(f"{agent} was cut while thinking {cut['thinking']} times: {THINKERS}", "yellow"))
    for agent, cache in summary.caches.items():
        if cache.warning:
            share = f"{cache.share:.0%} of what {agent}'s server had seen before was found in its prefix cache"
            remarks.append(plain(f"{share}: {cache.warning}", "yellow"))
    remarks += [plain(_shared(name, server), "dim") for name, server in (summary.servers or {}).items()]
    if summary.throughput.seconds:
        remarks.append(Text(_rates(summary.throughput), "dim"))
    return remarks


def _shared(name: str, server: ServerReport) -> str:
    """Return what a server that several agents shared had to do."""
    found = "" if server.prefix_hits is None else f", {server.prefix_hits:.0%} of its prompt tokens were in its prefix cache"
    counts = f"width up to {server.width}, up to {server.in_flight} turns in flight together"
    return f"{', '.join(server.agents)} shared {name}: {counts}{found}"


def _detectable(summary: RunSummary) -> str:
    """Return how large a difference these instances show."""
    between = "two agents" if len(summary.agents) > 1 else "two agents like this one"
    points = f"{summary.detectable['worth']:.1f} points"
    return f"with these instances a true difference of {points} in worth between {between} is seen 4 times in 5"


def _noise(summary: RunSummary) -> Iterator[str]:
    """Yield two lines for each agent that repeated instances: its noise, and the reading for these instances alone."""
    for agent, noise in (summary.noise.agents if summary.noise else {}).items():
        if noise.flips is not None and noise.agreement is not None:
            yield (
                f"run to run, {agent}: two episodes of an instance differ in being won in {noise.flips:.1f} % of pairs, and "
                f"end alike in {noise.agreement:.1f} %"
            )
        if noise.run_share is not None:
            yield (
                f" {noise.run_share:.0%} of the variance of its worth is such noise: twice the repetitions make its "
                f"interval {noise.width_twice_repetitions:.2f} times as wide, "
                f"twice the instances {noise.width_twice_instances:.2f}"
            )
        if interval := noise.these_instances["worth"]:
            yield f" of these instances alone, without regard to others of their kind, its worth is {_span(interval)}"


def _bounds(summary: RunSummary) -> Iterator[str]:
    """Yield a line for each agent with unfinished episodes: how far they could move its scores."""
    for agent, bounds in (summary.unfinished_bounds or {}).items():
        ends = [f"{name} {_span(own)}" for name, own in (("clemscore", bounds.clemscore), ("worth", bounds.worth)) if own]
        yield f"whatever would have come of them, {agent} had {' and '.join(ends)} (worst…best case)"


def _span(interval: Interval) -> str:
    return f"{_short(interval[0])}…{_short(interval[1])}"


def _cost_line(agent: str, cost: AgentCost) -> str:
    """Say what an agent cost."""
    point = "" if cost.point is None else f", {cost.point:.4g} a point of worth"
    time = f" ({cost.time:.4g} of it for the time)" if cost.time else ""
    time += f" ({cost.judge:.4g} of it for the judge)" if cost.judge else ""
    dearest = max(cost.games, key=lambda game: cost.games[game], default="")
    most = f", most for {dearest} ({cost.games[dearest]:.4g})" if len(cost.games) > 1 else ""
    return f"{agent} cost {cost.total:.4g}{time}: {cost.episode:.4g} an episode{point}{most}"


def _rates(throughput: Throughput) -> str:
    return (
        f"{throughput.turns} turns in {throughput.seconds:.1f} s ({throughput.turns_per_second} a second), "
        f"{throughput.requests} requests ({throughput.retries} retries), {throughput.tokens_in} tokens in "
        f"({throughput.tokens_cached} cached), {throughput.tokens_out} out, "
        f"at most {throughput.peak_in_flight} in flight{_own_cost(throughput)}"
    )


def _own_cost(throughput: Throughput) -> str:
    """Return the CPU time and loop lag of clemsim itself as text; empty where they are unknown."""
    if throughput.cpu_ms_per_turn is None:
        return ""
    usual, worst = throughput.loop_lag_ms
    return f"; clemsim itself: {throughput.cpu_ms_per_turn} ms of CPU a turn, loop lag {usual} ms (p99), {worst} ms at most"
