"""Run-to-run noise of models that repeated instances: how much of a score another run would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from clemsim.analysis.results import Analysis, ResultTable
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.wording import models, number
from clemsim.results.estimates import SCORES
from clemsim.results.noise import AgentNoise, Noise, noise_of

TITLE = "Run-to-run noise: the same instances played again"
COLUMNS = (
    "flips",
    "agreement",
    "run_share",
    "width_twice_repetitions",
    "width_endless_repetitions",
    "width_twice_instances",
)
BRIEF = ("model", "flips", "agreement", "run_share", "width_twice_repetitions", "width_twice_instances")  # of a terminal
BY_GAME = ("instances", "repetitions", "instance", "run", "icc", "flips", "agreement")


def noise(evidence: Evidence) -> Analysis | None:
    """Give the noise of every model that finished an instance twice; None where there is none."""
    played = evidence.repetitions
    found = noise_of({model: played[model] for model in evidence.models if model in played})
    if found is None:
        return None
    overall = [_overall(model, own) for model, own in found.agents.items()]
    games = [_game(model, game, own) for model, each in found.agents.items() for game, own in each.arenas.items()]
    tables = [
        _table(
            "noise", "Flips and agreement (%), share of noise in the variance of worth, width of its interval times", overall
        ),
        _table(
            "noise_by_game", "Variance components of an episode's worth (points squared), ICC, flips, agreement (%)", games
        ),
    ]
    absent = [model for model in evidence.models if model not in found.agents]
    left_out = [f"{models(len(absent))} that finished no instance twice: {', '.join(absent)}"] if absent else []
    return Analysis(TITLE, list(_sentences(found)), tables, left_out=left_out)


def _overall(model: str, own: AgentNoise) -> dict[str, Any]:
    row: dict[str, Any] = {"model": model, **{name: getattr(own, name) for name in COLUMNS}}
    for score in SCORES:
        low, high = own.these_instances[score] or (None, None)
        row |= {f"{score}_these_low": low, f"{score}_these_high": high}
    return row


def _game(model: str, game: str, own: object) -> dict[str, Any]:
    return {"model": model, "game": game, **{name: getattr(own, name) for name in BY_GAME}}


def _table(name: str, title: str, rows: list[Mapping[str, Any]] | list[dict[str, Any]]) -> ResultTable:
    return ResultTable(name, title, pl.DataFrame(rows, infer_schema_length=None), BRIEF if name == "noise" else ())


def _sentences(found: Noise) -> Iterator[str]:
    for model, own in found.agents.items():
        yield f"{model}: {noise_sentence(own)}"
    if shared := found.together:
        parts = (("instances", shared.instance), ("model x instance", shared.model_instance), ("run to run", shared.run))
        total = sum(value for _, value in parts)
        if total:
            shares = ", ".join(f"{number(100 * value / total, 0)} % {name}" for name, value in parts)
            yield f"Of the variance of an episode's worth within a game and model: {shares}."
    yield (
        "Columns with `these` are 95 % intervals for these instances alone, in which only run-to-run noise counts; all "
        "other intervals are for instances of this kind."
    )


def noise_sentence(own: AgentNoise) -> str:
    """Return what an agent's noise is, and what would narrow the interval of its worth."""
    text = (
        f"two episodes of one instance differ in being won in {number(own.flips)} % of pairs, and end alike in "
        f"{number(own.agreement)} %"
    )
    if own.run_share is None:
        return f"{text}."
    twice, endless, more = (
        number(value, 2) for value in (own.width_twice_repetitions, own.width_endless_repetitions, own.width_twice_instances)
    )
    return (
        f"{text}; {number(100 * own.run_share, 0)} % of the variance of its worth is run-to-run noise: twice the "
        f"repetitions would make its interval about {twice} times as wide, endless ones {endless}, "
        f"twice the instances {more}."
    )
