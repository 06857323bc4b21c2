"""j: what goes with what: the games with each other, and games and scores with other benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import polars as pl

from clemsim.analysis.drawing.correlation_map import correlation_map
from clemsim.analysis.kinds import AnalysisOptions
from clemsim.analysis.questions.correlation_tables import cells_of, correlated
from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.differences import ALPHA
from clemsim.analysis.wording import interval_text, number, p_text, plural
from clemsim.results.estimates import Score
from clemsim.results.holm import holm

SCORES: tuple[Score, ...] = ("worth", "played", "quality")  # of a game; the matrix is that of the first
MAIN = SCORES[0]
WITH_OUTSIDE: tuple[Score, ...] = ("clemscore", "worth", "played", "quality")
BRIEF = ("benchmark", "game", "score", "n", "pearson", "spearman", "spearman_low", "spearman_high", "p_holm")
INDEPENDENT = "p values and intervals treat models as independent, though models of one lineage are alike"
Values = Mapping[str, Sequence[float | None]]


def answer(evidence: Evidence, options: AnalysisOptions) -> Analysis:
    """Correlate the scores of games with each other over models, and scores with those columns of tables of characteristics
    that are no characteristics, such as `mmlu`.

    Families of tests (Holm; Spearman's p): the pairs of games, by score; clemscore with each benchmark; all other scores
    with all benchmarks.
    """
    title = "Correlations: games with each other and with other benchmarks"
    pairs = _pairs_of_games(evidence)
    outside = _with_outside(evidence)
    matrices = [ResultTable(f"game_matrix_{score}", _about(score), _matrix(evidence, pairs, score)) for score in SCORES]
    tables = [
        ResultTable("benchmark_correlations", "Scores and other benchmarks", outside, BRIEF),
        *matrices,
        ResultTable("game_correlations", "Scores of each two games over models", pairs),
    ]
    main = pairs.filter((pl.col("score") == MAIN) & pl.col("spearman").is_not_null()) if len(pairs) else pairs
    sentences = [*_game_sentences(main), *_outside_sentences(outside)]
    if not evidence.outside_columns:
        hint = "a column of numbers in a table of characteristics that clemsim does not know, such as mmlu, would be one"
        sentences.append(f"No scores in other benchmarks are here: {hint}.")
    caption = "Spearman's rank correlation of the worth of each two games over models, and the number of models"
    figures = [Figure("games", caption, correlation_map(main.to_dicts(), evidence.games))] if len(main) > 1 else []
    return Analysis(title, sentences, tables, figures, _left_out(evidence))


def _pairs_of_games(evidence: Evidence) -> pl.DataFrame:
    """Return a row for each score and pair of games: the correlation over the models that have it in both."""
    rows: list[dict[str, Any]] = []
    for score in SCORES:
        values = _by_game(evidence, score)
        own = []
        for first, second in combinations(evidence.games, 2):
            known = _count(values[first], values[second])
            cells = cells_of(correlated(values[first], values[second]))
            own.append({"score": score, "first": first, "second": second, "n": known, **cells})
        rows += _adjusted(own)
    return pl.DataFrame(rows, infer_schema_length=None)


def _with_outside(evidence: Evidence) -> pl.DataFrame:
    """Return a row for each outside benchmark and score, over all games and of each game."""
    rows: list[dict[str, Any]] = []
    counted = {row["model"]: row for row in evidence.counted.to_dicts()}
    for column in evidence.outside_columns:
        theirs = [evidence.outside_value(model, column) for model in evidence.models]
        for score in WITH_OUTSIDE:
            worth = [evidence.sample.estimates[model].value("worth") for model in evidence.models]
            ours = worth if score == "worth" else [counted[model][score] for model in evidence.models]
            rows.append(_outside_row(column, "overall", score, theirs, ours))
        for score in SCORES:
            by_game = _by_game(evidence, score)
            rows += [_outside_row(column, game, score, theirs, by_game[game]) for game in evidence.games]
    main, others = ([row for row in rows if _is_main(row) == wanted] for wanted in (True, False))
    tested = iter(_adjusted(main)), iter(_adjusted(others))
    return pl.DataFrame([next(tested[0 if _is_main(row) else 1]) for row in rows], infer_schema_length=None)


def _is_main(row: Mapping[str, Any]) -> bool:
    return bool(row["game"] == "overall" and row["score"] == "clemscore")


def _outside_row(
    column: str, game: str, score: Score, theirs: Sequence[float | None], ours: Sequence[float | None]
) -> dict[str, Any]:
    cells = cells_of(correlated(theirs, ours))
    return {"benchmark": column, "game": game, "score": score, "n": _count(theirs, ours), **cells}


def _by_game(evidence: Evidence, score: Score) -> Values:
    estimates = evidence.sample.estimates
    return {game: [estimates[model].of_game(game).value(score) for model in evidence.models] for game in evidence.games}


def _count(first: Sequence[float | None], second: Sequence[float | None]) -> int:
    return sum(a is not None and b is not None for a, b in zip(first, second, strict=True))


def _adjusted(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "p_holm": p} for row, p in zip(rows, holm([row["spearman_p"] for row in rows]), strict=True)]


def _matrix(evidence: Evidence, pairs: pl.DataFrame, score: Score) -> pl.DataFrame:
    """Return the games with numbers: Spearman's rho above the diagonal, the number of models below it."""
    games = evidence.games
    if pairs.is_empty():
        return pl.DataFrame()
    known = {(row["first"], row["second"]): row for row in pairs.filter(pl.col("score") == score).to_dicts()}
    rows = []
    for line, first in enumerate(games):
        row: dict[str, Any] = {"game": f"{line + 1} {first}"}
        for place, second in enumerate(games):
            own = known.get((first, second) if line < place else (second, first))
            text = "" if own is None else number(own["spearman"], 2) if line < place else str(own["n"])
            row[str(place + 1)] = text
        rows.append(row)
    return pl.DataFrame(rows)


def _about(score: Score) -> str:
    return f"{score} of games: Spearman's rho above the diagonal, number of models below it"


def _game_sentences(main: pl.DataFrame) -> list[str]:
    if main.is_empty():
        return ["No two games have three models that differ in both: nothing can be said of how games go together."]
    order = main.sort("spearman")
    least, most = order.row(0, named=True), order.row(-1, named=True)
    decided = main.filter(pl.col("p_holm") < ALPHA)
    text = (
        f"Over models, the worth of two games is most alike for {_pair(most)} and least for {_pair(least)}"
        if len(main) > 1
        else f"Over models, the worth of {_pair(most)} has one correlation"
    )
    shown = (
        f"{len(decided)} of {plural(len(main), 'pair')} {'has' if len(main) == 1 else 'have'} a correlation that is told "
    )
    return [f"{text}. {shown}apart from 0 (Holm; {INDEPENDENT})."]


def _pair(row: Mapping[str, Any]) -> str:
    return f"{row['first']} and {row['second']} (Spearman {number(row['spearman'], 2)}, {_ends(row)}, n = {row['n']})"


def _outside_sentences(outside: pl.DataFrame) -> list[str]:
    """Say of each benchmark how it goes with clemscore and, of all games, with which it goes most."""
    sentences = []
    for (benchmark,), rows in outside.group_by("benchmark", maintain_order=True) if len(outside) else ():
        whole = rows.row(0, named=True)
        if whole["spearman"] is None:
            sentences.append(f"{benchmark}: {plural(whole['n'], 'model')} with a clemscore, too few or all alike.")
            continue
        count = outside["benchmark"].n_unique()
        among = f" by Holm among {count} benchmarks" if count > 1 else ""
        text = (
            f"{benchmark}: Spearman {number(whole['spearman'], 2)} with clemscore ({_ends(whole)}, "
            f"{p_text(whole['p_holm'])}{among}, n = {whole['n']}), Pearson {number(whole['pearson'], 2)}"
        )
        games = rows.filter((pl.col("game") != "overall") & (pl.col("score") == MAIN) & pl.col("spearman").is_not_null())
        if len(games) > 1:
            order = games.sort("spearman")
            least, most = order.row(0, named=True), order.row(-1, named=True)
            text += (
                f"; with the worth of single games from {number(least['spearman'], 2)} ({least['game']}) to "
                f"{number(most['spearman'], 2)} ({most['game']})"
            )
        sentences.append(f"{text}.")
    return sentences


def _ends(row: Mapping[str, Any]) -> str:
    return interval_text(None if row["spearman_low"] is None else (row["spearman_low"], row["spearman_high"]), 2)


def _left_out(evidence: Evidence) -> list[str]:
    notes = ["Quality of a game is known of the models that played it: its correlations are over fewer, better models"]
    for column in evidence.outside_columns:
        absent = sum(evidence.outside_value(model, column) is None for model in evidence.models)
        if absent:
            notes.append(f"{column} is not known of {absent} models")
    return notes
