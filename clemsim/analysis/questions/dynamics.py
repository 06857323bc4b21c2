"""i: how the best scores of open and of closed models move with the release date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import polars as pl

from clemsim.analysis.drawing import charts
from clemsim.analysis.drawing.labels import Box, place_names
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence, join_names
from clemsim.analysis.statistics.differences import ALPHA, sensitivity_of
from clemsim.analysis.wording import difference_sentence, models, number

OPEN, CLOSED = "open weights", "closed weights"
MANY = 10  # models, for the dates of the others to say anything of one
LONG_GAP = 150  # days without a release, after which the last date is worth a look
SIZE = 10.5  # font size of a name


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Find the best model so far of each kind over time, and the gap between the kinds at the end."""
    title = "Dynamics: the best of open and of closed models over time"
    facts = evidence.facts.filter(pl.col("clemscore").is_not_null())
    known = facts.filter(pl.col("released").is_not_null() & pl.col("open_weights").is_not_null())
    unknown = len(facts) - len(known)
    left_out = [f"{models(unknown)} without a release date, or not known to be open or closed"] if unknown else []
    if known.is_empty():
        sentence = "No model has a known release date and is known to be open or closed."
        return Analysis(title, [sentence], left_out=left_out)
    kind = pl.when("open_weights").then(pl.lit(OPEN)).otherwise(pl.lit(CLOSED)).alias("kind")
    frame = known.select("model", "released", "clemscore", kind, "cutoff", "never_played").sort(
        ["released", "clemscore"], descending=[False, True]
    )
    frame = frame.with_columns(best_so_far=pl.col("clemscore").cum_max().over("kind"))
    frame = frame.with_columns(new_best=_new_best())
    tables = [
        ResultTable(
            "dynamics",
            "Release date, clemscore, and the best so far of its kind",
            frame.select("released", "kind", "model", "clemscore", "best_so_far", "new_best", "never_played"),
        )
    ]
    left_out += _doubtful_dates(frame)
    figure = Figure("dynamics", "clemscore by release date; the line is the best so far", _draw(frame.drop("cutoff")))
    return Analysis(title, _sentences(evidence, frame), tables, [figure], left_out)


def _new_best() -> pl.Expr:
    """Return an expression that marks the models that raised the best of their kind."""
    before = pl.col("best_so_far").shift(1).over("kind")
    return before.is_null() | (pl.col("best_so_far") > before)


def _sentences(evidence: Evidence, frame: pl.DataFrame) -> list[str]:
    sentences = []
    best: dict[str, str] = {}
    for (kind,), group in frame.group_by("kind", maintain_order=True):
        steps = group.filter(pl.col("new_best"))
        first, last = steps.row(0, named=True), steps.row(-1, named=True)
        best[str(kind)] = last["model"]
        if len(group) == 1:
            sentences.append(f"There is one model with {kind}: {first['model']} ({number(first['clemscore'])}).")
        elif len(steps) == 1:
            sentences.append(
                f"The best of {models(len(group))} with {kind} is the first, {first['model']} "
                f"({number(first['clemscore'])})."
            )
        else:
            sentences.append(
                f"The best so far with {kind} went from {number(first['clemscore'])} ({first['model']}, "
                f"{first['released']:%B %Y}) to {number(last['clemscore'])} ({last['model']}, {last['released']:%B %Y}), "
                f"over {models(len(group))}; a best of many is in part luck."
            )
    if len(best) == 2:
        counts = dict(frame.group_by("kind").len().iter_rows())
        sentences.append(_at_the_end(evidence, best, counts[OPEN] * counts[CLOSED]))
    return sentences


def _at_the_end(evidence: Evidence, best: Mapping[str, str], pairs: int) -> str:
    """Compare the best of both kinds: one of all pairs of an open and a closed model, picked by the scores themselves."""
    names = best[OPEN], best[CLOSED]
    own = evidence.sample.difference(*names)
    joint = evidence.sample.difference(*names, level=1 - ALPHA / pairs)
    adjusted = None if own.p is None else min(1.0, own.p * pairs)
    sentence = difference_sentence(*names, joint, adjusted, sensitivity_of(evidence.sample, *names))
    if pairs == 1:
        return f"At the end: {sentence}"
    sentence = sentence.replace("95 % interval", f"interval joint for all {pairs} pairs of an open and a closed model", 1)
    return f"At the end, of models that were picked by their scores: {sentence}"


def _doubtful_dates(frame: pl.DataFrame) -> list[str]:
    """Return notes on dates that are probably wrong."""
    early = frame.filter(pl.col("released") < pl.col("cutoff"))["model"].to_list()
    notes = (
        [f"released before the end of its training data, so one of the dates is wrong: {join_names(early)}"] if early else []
    )
    days = frame.sort("released").select("model", "released").rows()
    gaps = [later for (_, before), later in pairwise(days) if (later[1] - before).days > LONG_GAP]
    if len(days) >= MANY and gaps and gaps[-1] == days[-1]:
        model, released = days[-1]
        notes.append(f"check the release date of {model}, {released}: it lies more than {LONG_GAP} days after all others")
    return notes


def _draw(frame: pl.DataFrame) -> charts.Specification:
    days = frame["released"].dt.epoch("d").to_list()
    x = charts.axis_around("day", "release date", days)
    y = charts.axis_around("clemscore", "clemscore (points, 0 to 100)", [0.0, *frame["clemscore"].to_list()], zero=True)
    rows = [
        {**row, "day": day, "released": row["released"].isoformat()} for row, day in zip(frame.to_dicts(), days, strict=True)
    ]
    span: Any = alt.Scale(domain=[_milliseconds(x.low), _milliseconds(x.high)], nice=False, type="utc")
    colour = alt.Color("kind:N", title=None, scale=alt.Scale(domain=[OPEN, CLOSED], range=charts.COLOURS))
    across = alt.X("released:T", title=x.title, scale=span, axis=alt.Axis(grid=False, format="%b %Y", labelOverlap=True))
    base = alt.Chart(charts.chart_data(rows))
    texts = _names(rows, x, y)
    text = alt.Chart(charts.chart_data(texts)).encode(
        x=alt.X("day:T", scale=span), y=alt.Y("at:Q", scale=y.scale), text="model:N"
    )
    tips = ["model:N", "released:N", "kind:N", "clemscore:Q"]
    layers = [
        base.mark_line(interpolate="step-after", strokeWidth=2).encode(
            x=across, y=alt.Y("best_so_far:Q", scale=y.scale), color=colour, order="day:Q"
        ),
        base.mark_circle(size=40, opacity=0.6).encode(x=across, y=charts.y_of(y), color=colour, tooltip=tips),
        text.mark_text(fontSize=SIZE, stroke="white", strokeWidth=2.5),
        text.mark_text(fontSize=SIZE, color=charts.DARK),
    ]
    return charts.specification_of(alt.layer(*layers).properties(width=charts.WIDTH, height=charts.HEIGHT))


def _names(rows: Sequence[Mapping[str, Any]], x: charts.Axis, y: charts.Axis) -> list[dict[str, Any]]:
    """Return the names of the models that raised the best of their kind, placed off the lines and the other points."""

    def across(day: float) -> float:
        return charts.WIDTH * x.share(day)

    def down(score: float) -> float:
        return charts.HEIGHT * (1 - y.share(score))

    lines: list[Box] = []
    for kind in (OPEN, CLOSED):
        for row, later in pairwise(row for row in rows if row["kind"] == kind):
            left, right = across(row["day"]), across(later["day"])
            high, low = down(later["best_so_far"]), down(row["best_so_far"])
            lines += [(left, low - 2, right, low + 2), (right - 2, high, right + 2, low)]
    named = [row for row in rows if row["new_best"]]
    others = [("", across(row["day"]), down(row["clemscore"])) for row in rows if not row["new_best"]]
    spots = [(row["model"], across(row["day"]), down(row["clemscore"])) for row in named]
    placed = place_names([*spots, *others], charts.WIDTH, charts.HEIGHT, SIZE, lines)[: len(named)]
    return [
        {"model": label.text, "day": _milliseconds(x.at(label.x / charts.WIDTH)), "at": y.at(1 - label.y / charts.HEIGHT)}
        for label in placed
    ]


def _milliseconds(day: float) -> int:
    """Convert days since 1970 to the milliseconds of Vega."""
    return round(day * 86_400_000)
