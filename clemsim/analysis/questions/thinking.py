"""k: what thinking buys and what it costs, paired by instance between agents that differ in nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from clemsim.analysis.drawing.gains import gain_scatter
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.group_differences import summarise
from clemsim.analysis.questions.model_comparison import (
    BRIEF,
    ModelComparison,
    compare_groups,
    comparison_table,
    table_by_game,
)
from clemsim.analysis.questions.thinking_languages import language_sentences, language_table
from clemsim.analysis.questions.variant_groups import thinking_groups
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence, join_names
from clemsim.analysis.wording import number, signed

TITLE = "Thinking: what it buys and what it costs"
MANY_CUT = 0.05  # share of replies that were cut while the model thought, from which on a larger budget might have helped
SUMS = ("episodes", "turns", "tokens_out", "thought", "cut", "seconds", "price")
IN_BRIEF = ("model", "game", "worth", "worth_low", "worth_high", "thought_a_turn", "more_seconds_an_episode", "cut")
OVERALL = "overall"


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Compare each way of thinking with the least of it, in score and in cost, per game and overall."""
    groups = list(thinking_groups(evidence))
    languages = language_table(evidence)
    spoken = [ResultTable("thinking_languages", "The language of what was thought, by turns", languages)]
    spoken = spoken if len(languages) else []
    if not groups:
        text = "No two agents here differ in nothing but how they were told to think."
        return Analysis(TITLE, [text, *language_sentences(languages)], spoken)
    comparisons = compare_groups(evidence, groups)
    frame, rows = comparison_table(comparisons, options.margin), gains(evidence, comparisons)
    tables = [
        ResultTable("thinking_gains", _ABOUT, pl.DataFrame(rows, infer_schema_length=None), IN_BRIEF),
        ResultTable("thinking_differences", "Differences in clemscore to the least thinking, points", frame, BRIEF),
        *spoken,
    ]
    costs = [sentence for row in rows if row["game"] == OVERALL for sentence in _cost(row)]
    if costs:
        costs.append("Seconds are those of each model's server under the load that it had; prices are of tokens alone.")
    sentences = [
        *(comparison.sentence_within(options.margin) for comparison in comparisons),
        *summarise(comparisons, options.margin),
        *_by_game(rows),
        *costs,
        *language_sentences(languages),
    ]
    return Analysis(TITLE, sentences, tables, _figures(rows), _left_out(evidence, comparisons))


_ABOUT = (
    "Gains in points of worth, %Played, Quality and, over all games, clemscore, paired by instance; tokens of thinking, and "
    "what an episode took more than without it (negative: less)"
)


def gains(evidence: Evidence, comparisons: Sequence[ModelComparison]) -> list[dict[str, Any]]:
    """Return a row for each comparison and game, and one for all games: gains in points with their intervals, and costs.

    `thought_a_turn`, `thought_an_episode`: tokens. `more_tokens_an_episode` (tokens out, thinking included),
    `more_seconds_an_episode` (of requests) and `more_price_an_episode`: less those of the reference. `cut`: the share of
    replies that were cut while the model thought. What is not known is None; over all games costs are means of the games'.
    """
    costs = {(row["model"], row["game"]): row for row in _costs(evidence).to_dicts()}
    rows = []
    for row in table_by_game(evidence.sample, comparisons).to_dicts():
        own, other = (costs.get((row[name], row["game"]), {}) for name in ("model", "reference"))
        rows.append({**row, **_of(own), **{f"more_{name}": _less(own, other, name) for name in PER_EPISODE}})
    return rows


PER_EPISODE = ("tokens_an_episode", "seconds_an_episode", "price_an_episode")


def _costs(evidence: Evidence) -> pl.DataFrame:
    """Return what turns and episodes took by model and game, and as means over the games of each model."""
    a_turn, an_episode = pl.col("turns"), pl.col("episodes")
    by_game = evidence.turns.filter((a_turn > 0) & (an_episode > 0)).select(
        "model",
        "game",
        thought_a_turn=pl.col("thought") / a_turn,
        thought_an_episode=pl.col("thought") / an_episode,
        cut=pl.col("cut") / a_turn,
        tokens_an_episode=pl.col("tokens_out") / an_episode,
        seconds_an_episode=pl.col("seconds") / an_episode,
        price_an_episode=pl.col("price") / an_episode,
    )
    known = [pl.when(pl.col(name).null_count() == 0).then(pl.col(name).mean()) for name in by_game.columns[2:]]
    overall = by_game.group_by("model", maintain_order=True).agg(*known).with_columns(game=pl.lit(OVERALL))
    return pl.concat([by_game, overall.select(by_game.columns)])


def _of(costs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: costs.get(name) for name in ("thought_a_turn", "thought_an_episode", "cut")}


def _less(own: Mapping[str, Any], other: Mapping[str, Any], name: str) -> float | None:
    ours, theirs = own.get(name), other.get(name)
    return None if ours is None or theirs is None else ours - theirs


def _by_game(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say in which games the interval of a gain in worth leaves 0 out; of one game the overall one says it."""
    single = [row for row in rows if row["game"] != OVERALL and row["worth_low"] is not None]
    if len({row["game"] for row in single}) < 2:
        return []
    seen = [row for row in single if row["worth_low"] > 0 or row["worth_high"] < 0]
    named = "; ".join(f"{row['model']} in {row['game']} {signed(row['worth'])}" for row in seen)
    found = f"{len(seen)} of {len(single)}{f' ({named})' if named else ''}"
    chance = "these intervals are not adjusted for their number, so that one in twenty would do so by chance"
    return [f"By game the interval of the gain in worth leaves 0 out in {found}; {chance}."]


def _cost(row: Mapping[str, Any]) -> list[str]:
    """Say what thinking cost over all games."""
    if row["thought_a_turn"] is None:
        return []
    tokens, together = (number(row[name], 0) for name in ("thought_a_turn", "thought_an_episode"))
    text = f"{row['model']} thought {tokens} tokens a turn, {together} an episode (means of the games)"
    if row["more_seconds_an_episode"] is not None:
        seconds, more = signed(row["more_seconds_an_episode"]), signed(row["more_tokens_an_episode"], 0)
        text += f"; beside {row['reference']} an episode took {seconds} s of requests and {more} tokens out"
        if (row["played"] or 0.0) < 0:
            text += ", but fewer of its episodes were played to their end, and one that is aborted ends early"
    if row["more_price_an_episode"] is not None:
        text += f", and its price was {signed(row['more_price_an_episode'], 4)}"
    if gain := _gain_for_cost(row):
        text += f"; {gain}"
    cut = row["cut"] or 0.0
    if cut >= MANY_CUT:
        text += f"; {100 * cut:.0f} % of its replies were cut while it thought, which a larger budget might change"
    return [f"{text}."]


def _gain_for_cost(row: Mapping[str, Any]) -> str:
    """Say what a gain was paid with, where its interval is above 0."""
    if row["worth_low"] is None or row["worth_low"] <= 0 or not row["thought_an_episode"]:
        return ""
    points = number(1000 * row["worth"] / row["thought_an_episode"])
    return f"that is {points} points of worth for 1,000 tokens of thinking an episode"


def _figures(rows: Sequence[Mapping[str, Any]]) -> list[Figure]:
    drawn = [row for row in rows if row["worth"] is not None and row["thought_a_turn"] is not None]
    caption = "Gain in worth against tokens of thinking a turn, by game and over all games, with 95 % intervals"
    return [Figure("gains", caption, gain_scatter(drawn))] if drawn else []


def _left_out(evidence: Evidence, comparisons: Sequence[ModelComparison]) -> list[str]:
    known = set(evidence.turns["model"].to_list())
    models = dict.fromkeys(name for own in comparisons for name in (own.model, own.reference))
    unknown = [name for name in models if name not in known]
    notes = [f"what their turns took is not known, as no run of theirs is here: {join_names(unknown)}"] if unknown else []
    silent = evidence.turns.group_by("model").agg(pl.col("thought").sum()).filter(pl.col("thought") == 0)["model"].to_list()
    mute = [own.model for own in comparisons if own.model in silent]
    if mute:
        notes.append(f"not one token of thinking was recorded, though it was asked for: {join_names(mute)}")
    return notes
