"""Runs as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from clemsim.analysis.sources.characteristics import Characteristics
from clemsim.analysis.sources.evidence import Evidence, listed, scores_of
from clemsim.analysis.sources.published import COSTS, EPISODES
from clemsim.errors import UsageError
from clemsim.store import reader
from clemsim.store.description import ArenaDescription
from clemsim.store.folder import STORE, read_description

CLUSTERS = """
SELECT "cast", arena, experiment || '/' || instance, count(*), sum(outcome != 'aborted'), count(quality), total(quality)
FROM episodes WHERE status = 'done' GROUP BY 1, 2, 3 ORDER BY min(id)
"""
UNFINISHED = """SELECT "cast", count(*) FROM episodes WHERE status != 'done' GROUP BY 1"""
SPENT = """
SELECT "cast", avg(requests.seconds), sum(requests.tokens_in) / 1e6, sum(requests.tokens_out) / 1e6
FROM requests JOIN episodes ON episodes.id = requests.episode GROUP BY 1
"""


@dataclass(frozen=True)
class Setting:
    """What decides whether runs can be laid side by side."""

    suite: str
    seed: int | None
    constrained: bool
    arenas: Mapping[str, ArenaDescription] = field(default_factory=dict)
    sampling: Mapping[str, Any] = field(default_factory=dict)


def setting(folder: Path) -> Setting:
    """The setting of a run. Raises StoreError."""
    about = read_description(folder)
    config = about.config.model_dump(exclude_unset=True)  # an imported run does not know how it was sampled
    sampling = {name: config.get(name) for name in ("seed", "temperature", "max_tokens", "repetitions")}
    return Setting(about.suite.name, about.suite.seed, about.config.constrain, about.arenas, sampling)


def read_run(folder: Path, model: str | None = None, facts: Characteristics | None = None) -> Evidence:
    """A run: each cast is a model, under its own name or, where there is but one, under `model`.

    Unfinished episodes are in nothing, and a note counts them. Raises StoreError and UsageError.
    """
    constrained = setting(folder).constrained
    with reader.reading(folder / STORE) as base:
        clusters, unfinished, spent = (base.execute(query).fetchall() for query in (CLUSTERS, UNFINISHED, SPENT))
    casts = list(dict.fromkeys([row[0] for row in (*clusters, *unfinished)]))
    names = {cast: _name(cast, model if len(casts) == 1 else None, constrained=constrained) for cast in casts}
    frame = pl.DataFrame([(names[cast], *rest) for cast, *rest in clusters], EPISODES, orient="row")
    notes = [f"{names[cast]}: {count} unfinished episodes of {folder.name} are in no number" for cast, count in unfinished]
    described = dict.fromkeys(names.values(), facts) if facts else {}
    costs = pl.DataFrame([(names[cast], *rest) for cast, *rest in spent], COSTS, orient="row")
    return Evidence(scores_of(frame), clusters=frame, described=described, costs=costs, notes=tuple(notes))


def check_alike(folders: list[Path]) -> list[str]:
    """Notes on what else differs between runs. Raises UsageError where they played different suites, as their
    instances, though named alike, are not the same.
    """
    settings = {folder: setting(folder) for folder in folders}
    suites = {(each.suite, each.seed): folder for folder, each in settings.items()}
    if len(suites) > 1:
        named = "; ".join(f"{folder} has {_suite(*suite)}" for suite, folder in suites.items())
        raise UsageError(f"runs of different suites can't be analysed together: {named} (choose one with --suite)")
    held = [folder.name for folder, each in settings.items() if each.constrained]
    notes = [f"played with constrained decoding, unlike the others: {listed(held)}"] if 0 < len(held) < len(folders) else []
    for name in ("temperature", "max_tokens", "repetitions", "seed"):
        values = list(dict.fromkeys(str(each.sampling.get(name)) for each in settings.values()))
        if len(values) > 1:
            notes.append(f"the runs differ in {name}: {listed(values)}")
    versions = {repr(each.arenas[name]) for each in settings.values() for name in each.arenas}
    if len(versions) > len({name for each in settings.values() for name in each.arenas}):
        notes.append("the runs differ in the version or the prompts of a game")
    return notes


def _suite(name: str, seed: int | None) -> str:
    return name if seed is None else f"{name} (seed {seed})"


def _name(cast: str, model: str | None, *, constrained: bool) -> str:
    return f"{model or cast} (constrained)" if constrained else model or cast
