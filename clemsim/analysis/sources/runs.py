"""Reads runs into evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl

from clemsim.analysis.sources import published
from clemsim.analysis.sources.episodes import read_games_apart, read_repetitions
from clemsim.analysis.sources.evidence import Evidence, join_names, scores_of
from clemsim.analysis.sources.published import COSTS, EPISODES
from clemsim.catalog.models import Characteristics
from clemsim.errors import UsageError
from clemsim.results.stopping_result import stopped_when
from clemsim.store import checksums, reader
from clemsim.store.description import ArenaDescription
from clemsim.store.folder import STORE, read_description
from clemsim.store.schema import INSTANCES as RECORDED

CLUSTERS = """
SELECT "cast", arena, experiment || '/' || instance, count(*), sum(outcome != 'aborted'), count(quality), total(quality)
FROM episodes WHERE status = 'done' GROUP BY 1, 2, 3 ORDER BY min(id)
"""
UNFINISHED = """SELECT "cast", count(*) FROM episodes WHERE status != 'done' GROUP BY 1"""
SPENT = """
SELECT "cast", avg(requests.seconds), sum(requests.tokens_in) / 1e6, sum(requests.tokens_out) / 1e6
FROM requests JOIN episodes ON episodes.id = requests.episode GROUP BY 1
"""
INSTANCES = "SELECT arena, instance, data FROM episodes GROUP BY 1, 2"
STOPPED = "was ended by its stopping rule, which ordinary intervals and p values do not allow for"
APART = "is scored by seat, so it is in no number here: clemsim show has its table by agent"

SPENT_BY_GAME = """
SELECT "cast", arena, sum(requests.tokens_in + requests.tokens_out)
FROM requests JOIN episodes ON episodes.id = requests.episode WHERE status = 'done' GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Setting:
    """The part of a run's description that decides whether it can be compared with other runs."""

    suite: str
    seed: int | None
    constrained: bool
    arenas: Mapping[str, ArenaDescription] = field(default_factory=dict)
    sampling: Mapping[str, Any] = field(default_factory=dict)
    instances: Mapping[str, str] = field(default_factory=dict)  # a digest of those of each game, of an imported run

    @property
    def suite_label(self) -> str:
        """The suite, with its seed where it has one."""
        return self.suite if self.seed is None else f"{self.suite} (seed {self.seed})"


def setting(folder: Path) -> Setting:
    """Return the setting of a run. Raises StoreError."""
    description = read_description(folder)
    config = description.config.model_dump(exclude_unset=True)  # an imported run does not know how it was sampled
    sampling = {name: config.get(name) for name in ("seed", "temperature", "max_tokens", "repetitions")}
    suite = description.suite
    digests = suite.model_extra.get("instances", {}) if suite.model_extra else {}
    return Setting(suite.name, suite.seed, description.config.constrain, description.arenas, sampling, digests)


def read_run(folder: Path, model: str | None = None, facts: Characteristics | None = None) -> Evidence:
    """Read a run. Each cast is a model, under its own name or, where the run has only one, under `model`.

    Unfinished episodes are in no number, and a note counts them; another says where a stopping rule ended the run. Raises
    StoreError and UsageError.
    """
    constrained = setting(folder).constrained
    with reader.reading(folder / STORE) as base:
        checksums.check(base)
        queries = (CLUSTERS, UNFINISHED, SPENT, SPENT_BY_GAME)
        clusters, unfinished, spent, by_game = (base.execute(query).fetchall() for query in queries)
    apart = read_games_apart(folder)
    clusters = [row for row in clusters if row[1] not in apart]
    casts = list(dict.fromkeys([row[0] for row in (*clusters, *unfinished)]))
    names = {cast: (model if len(casts) == 1 else None) or cast for cast in casts}
    frame = pl.DataFrame([(names[cast], *rest) for cast, *rest in clusters], EPISODES, orient="row")
    notes = [f"{names[cast]}: {count} unfinished episodes of {folder.name} are in no number" for cast, count in unfinished]
    notes += [f"{game} of {folder.name} {APART}" for game in sorted(apart)]
    if stopped := stopped_when(folder):
        notes.append(f"{folder.name} {STOPPED} ({stopped})")
    described = dict.fromkeys(names.values(), facts) if facts else {}
    costs = pl.DataFrame([(names[cast], *rest) for cast, *rest in spent], COSTS, orient="row")
    repetitions = {names[cast]: own for cast, own in read_repetitions(folder).items() if cast in names}
    decoding = dict.fromkeys(names.values(), "constrained" if constrained else "plain")
    tokens = pl.DataFrame([(names[cast], *rest) for cast, *rest in by_game], published.SPENT, orient="row", strict=False)
    return Evidence(
        scores_of(frame),
        clusters=frame,
        described=described,
        costs=costs,
        notes=tuple(notes),
        decoding=decoding,
        spent=tokens,
        repetitions=repetitions,
    )


def sampling_notes(first: Setting, second: Setting) -> list[str]:
    """Return a note on each sampling parameter in which two runs differ."""
    return [
        f"{name} was {value} and {second.sampling[name]}"
        for name, value in first.sampling.items()
        if value != second.sampling[name]
    ]


def check_alike(folders: list[Path]) -> list[str]:
    """Return notes on the differences between runs. Raises UsageError where they played different suites, whose instances
    have the same names and are not the same, or by different rules.
    """
    settings = {folder: setting(folder) for folder in folders}
    suites = {run.suite_label: folder for folder, run in settings.items()}
    if len(suites) > 1:
        named = "; ".join(f"{folder} has {suite}" for suite, folder in suites.items())
        raise UsageError(f"runs of different suites cannot be analysed together: {named} (choose one with --suite)")
    check_instances({folder: run.instances for folder, run in settings.items()})
    check_rules({folder: run.arenas for folder, run in settings.items()})
    constrained = [folder.name for folder, run in settings.items() if run.constrained]
    mixed = 0 < len(constrained) < len(folders)
    notes = [f"played with constrained decoding, unlike the others: {join_names(constrained)}"] if mixed else []
    for name in ("temperature", "max_tokens", "repetitions", "seed"):
        values = list(dict.fromkeys(str(run.sampling.get(name)) for run in settings.values()))
        if len(values) > 1:
            notes.append(f"the runs differ in {name}: {join_names(values)}")
    versions = {repr(run.arenas[name]) for run in settings.values() for name in run.arenas}
    if len(versions) > len({name for run in settings.values() for name in run.arenas}):
        notes.append("the runs differ in the prompts of a game")
    return notes


def check_rules(arenas: Mapping[Path, Mapping[str, ArenaDescription]]) -> None:
    """Raise UsageError where runs played a game by different rules, or versions of them."""
    seen: dict[str, tuple[Path, object]] = {}
    for folder, own in arenas.items():
        for name, arena in own.items():
            if arena.version is None:
                continue
            other, version = seen.setdefault(name, (folder, arena.version))
            if version != arena.version:
                played = (
                    f"{name} was played by version {version} of its rules in {other}, and by {arena.version} in {folder}"
                )
                raise UsageError(f"runs by different rules cannot be analysed together: {played}")


def check_instances(digests: Mapping[Path, Mapping[str, str]]) -> None:
    """Raise UsageError where imported runs have different instances under one name. Games whose digests agree have the same;
    of others, runs may lack some.
    """
    known = {(game, digest) for own in digests.values() for game, digest in own.items()}
    games = [game for game in dict.fromkeys(game for game, _ in known) if sum(name == game for name, _ in known) > 1]
    seen: dict[tuple[str, str], tuple[str, Path]] = {}
    for folder, own in digests.items():
        if not own.keys() & set(games):
            continue
        for (game, name), digest in instances_of(folder).items():
            first, other = seen.setdefault((game, name), (digest, folder))
            if first != digest:
                what = f"{game} {name} is another instance in {folder} than in {other}"
                raise UsageError(f"runs of different suites cannot be analysed together: {what}")


def instances_of(folder: Path, *, as_played: bool = False) -> dict[tuple[str, str], str]:
    """Return a digest of each instance by game and name; of an imported run, of the instances as they were recorded, unless
    `as_played`. Raises StoreError.
    """
    with reader.reading(folder / STORE) as base:
        recorded = {} if as_played else reader.meta(base).get(RECORDED)
        if isinstance(recorded, dict) and recorded:
            return {(game, name): digest for game, own in recorded.items() for name, digest in own.items()}
        rows = base.execute(INSTANCES).fetchall()
    return {(game, name): blake2b(data.encode(), digest_size=8).hexdigest() for game, name, data in rows}
