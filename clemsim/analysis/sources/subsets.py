"""Subsets of the evidence: the models that meet a condition, and games that are left out everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from clemsim.analysis.sources.conditions import Condition, Kind, parse_condition
from clemsim.analysis.sources.evidence import Evidence, join_names
from clemsim.analysis.wording import plural
from clemsim.errors import UsageError

SCORES = ("played", "quality", "clemscore", "worth")
KINDS: dict[Any, Kind] = {pl.String: "text", pl.Date: "date", pl.Boolean: "yes or no"}  # of a column; others hold numbers


@dataclass(frozen=True, slots=True)
class Subset:
    """What is asked for: the models that meet the condition `where` (None: all), without the games in `without`."""

    where: str | None = None
    without: Sequence[str] = ()


def narrow(evidence: Evidence, subset: Subset) -> Evidence:
    """Return the evidence of a subset, which says in `subset` what was chosen: first games are left out, then models chosen
    by what they are without those games.

    Raises UsageError for an unknown game or column, for a condition that cannot be read, and where nothing is left.
    """
    if subset.without:
        evidence = _without_games(evidence, subset.without)
    return evidence if subset.where is None else _where(evidence, subset.where)


def check_games(wanted: Sequence[str], games: Sequence[str]) -> tuple[str, ...]:
    """Return the `games` that are left without those that are `wanted` left out. Raises UsageError for an unknown game, and
    where none is left.
    """
    for name in wanted:
        if name not in games:
            raise UsageError(f"--without: there is no game {name!r} here: there are {', '.join(games)}")
    kept = tuple(game for game in games if game not in wanted)
    if not kept:
        raise UsageError("--without leaves out all games")
    return kept


def without_text(wanted: Sequence[str], games: Sequence[str]) -> str:
    """Say which games are left out, and how many of the `games` are left."""
    kept = len(games) - len(wanted)
    return f"without {', '.join(wanted)}: {kept} of {plural(len(games), 'game')}, also in all scores over games"


def columns_of(evidence: Evidence) -> tuple[dict[str, Kind], dict[str, dict[str, Any]]]:
    """Return the columns that a condition may name, with their kinds, and the cells of each model.

    They are the characteristics, what groups models, the scores over all games and of each game (`taboo.quality`), latency,
    and the columns of tables of characteristics that clemsim does not know.
    """
    kinds = evidence.kinds.drop("played", "quality", "clemscore", "never_played")
    facts = evidence.facts.drop("name", "quantisation", "access", "played", "quality", "clemscore", "never_played")
    frame = evidence.overall.join(evidence.counted.select("model", "never_played"), on="model", maintain_order="left")
    for other in (kinds, facts, evidence.costs.select("model", "latency")):
        frame = frame.join(other, on="model", how="left", maintain_order="left")
    columns: dict[str, Kind] = {name: KINDS.get(dtype.base_type(), "number") for name, dtype in frame.schema.items()}
    cells = {row["model"]: row for row in frame.to_dicts()}
    estimates = evidence.sample.estimates
    for model, row in cells.items():
        row["lineage"], row["worth"] = evidence.lineage(model), estimates[model].value("worth")
        row["group"] = evidence.group(model)
        row |= {name: evidence.outside_value(model, name) for name in evidence.outside_columns if name not in columns}
        for game in evidence.games:
            row |= {
                f"{game}.{score}": estimates[model].of_game(game).value(score) for score in ("played", "quality", "worth")
            }
    columns |= {"lineage": "text", "worth": "number"}
    columns |= {"group": "text"} if evidence.groups else {}
    columns |= {name: "number" for name in evidence.outside_columns if name not in columns}
    columns |= {f"{game}.{score}": "number" for game in evidence.games for score in ("played", "quality", "worth")}
    return columns, cells


def _where(evidence: Evidence, text: str) -> Evidence:
    columns, cells = columns_of(evidence)
    condition = parse_condition(text, columns)
    answers = {model: condition.meets(cells[model]) for model in evidence.models}
    kept = [model for model, answer in answers.items() if answer]
    if not kept:
        unknown = sum(answer is None for answer in answers.values())
        because = f"; of {unknown} it is not known" if unknown else ""
        raise UsageError(f"--where: none of the {len(answers)} models meets {condition.text!r}{because}")
    texts = _where_text(condition, answers)
    if undecided := [model for model, answer in answers.items() if answer is None]:
        note = f"whether {condition.text} is not known, so left out: {join_names(undecided)}"
        evidence = replace(evidence, notes=(*evidence.notes, note))
    return _only_models(evidence, kept, texts)


def _where_text(condition: Condition, answers: Mapping[str, bool | None]) -> list[str]:
    """Say what was chosen, of how many models that is not known, and where scores have chosen."""
    kept, unknown = (sum(own is answer for own in answers.values()) for answer in (True, None))
    texts = [f"models where {condition.text}: {kept} of {len(answers)}"]
    if unknown:
        texts.append(f"of {plural(unknown, 'model')} that is not known, and they are left out")
    if any(name.split(".")[-1] in (*SCORES, "never_played") for name in condition.columns):
        texts.append(
            "the models were chosen by their scores: what relates scores to other facts is distorted by that choice"
        )
    return texts


def _only_models(evidence: Evidence, models: Sequence[str], texts: Sequence[str]) -> Evidence:
    chosen = set(models)
    others = [model for model in evidence.models if model not in chosen]
    keep, leave = pl.col("model").is_in(list(models)), ~pl.col("model").is_in(others)
    scores, printed, clusters, spent = (
        frame.filter(keep) for frame in (evidence.scores, evidence.printed, evidence.clusters, evidence.spent)
    )
    return replace(
        evidence,
        scores=scores,
        printed=printed,
        clusters=clusters,
        spent=spent,
        costs=evidence.costs.filter(leave),
        turns=evidence.turns.filter(keep),
        languages=evidence.languages.filter(keep),
        repetitions={model: own for model, own in evidence.repetitions.items() if model in chosen},
        decoding={model: own for model, own in evidence.decoding.items() if model in chosen},
        subset=(*evidence.subset, *texts),
    )


def _without_games(evidence: Evidence, wanted: Sequence[str]) -> Evidence:
    check_games(wanted, evidence.games)
    keep = ~pl.col("game").is_in(list(wanted))
    scores, clusters, spent = (frame.filter(keep) for frame in (evidence.scores, evidence.clusters, evidence.spent))
    left = set(scores["model"].to_list())
    gone = [model for model in evidence.models if model not in left]
    costs = evidence.costs.with_columns(tokens_in=pl.lit(None, pl.Float64), tokens_out=pl.lit(None, pl.Float64))
    notes = [f"models that played none of the other games: {join_names(gone)}"] if gone else []
    if evidence.costs["latency"].count():
        notes.append("latency is that of all games, as it is not known by game")
    if evidence.costs["tokens_in"].count():
        notes.append("tokens of all games together are left out, as they are not known by game")
    return replace(
        evidence,
        scores=scores,
        clusters=clusters,
        spent=spent,
        turns=evidence.turns.filter(keep),
        languages=evidence.languages.filter(keep),
        printed=evidence.printed.head(0),  # printed averages are of all games
        costs=costs.filter(~pl.col("model").is_in(gone)),
        repetitions={
            model: {game: own for game, own in games.items() if game not in wanted}
            for model, games in evidence.repetitions.items()
            if model in left
        },
        notes=(*evidence.notes, *notes),
        subset=(*evidence.subset, without_text(wanted, evidence.games)),
    )
