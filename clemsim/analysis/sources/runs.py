"""Reads runs into evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from clemsim.analysis.sources import published
from clemsim.analysis.sources.episodes import read_repetitions
from clemsim.analysis.sources.evidence import Evidence, join_names, scores_of
from clemsim.analysis.sources.published import COSTS, EPISODES
from clemsim.analysis.sources.run_scores import run_notes, unfinished
from clemsim.analysis.sources.thinking import read_languages, read_turns
from clemsim.catalog.models import Characteristics
from clemsim.errors import UsageError
from clemsim.results.costs import costs_by_cast
from clemsim.store import checksums, reader
from clemsim.store.description import ArenaDescription
from clemsim.store.folder import STORE, read_description
from clemsim.store.schema import INSTANCES as RECORDED
from clemsim.store.schema import UNTOLD

CLUSTERS = """
SELECT "cast", arena, experiment || '/' || instance, count(*), sum(outcome != 'aborted'), count(quality), total(quality)
FROM episodes WHERE status = 'done' GROUP BY 1, 2, 3 ORDER BY min(id)
"""
SPENT = """
SELECT "cast", avg(requests.seconds), sum(requests.tokens_in) / 1e6, sum(requests.tokens_out) / 1e6
FROM requests JOIN episodes ON episodes.id = requests.episode GROUP BY 1
"""
INSTANCES = "SELECT arena, instance, data FROM episodes GROUP BY 1, 2"

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
        without, apart = unfinished(base), sorted(reader.games_apart(base))
        clusters, spent, by_game = (base.execute(query).fetchall() for query in (CLUSTERS, SPENT, SPENT_BY_GAME))
        priced = costs_by_cast(base, read_description(folder).agents)
    clusters = [row for row in clusters if row[1] not in apart]
    casts = list(dict.fromkeys([*(row[0] for row in clusters), *without]))
    names = {cast: (model if len(casts) == 1 else None) or cast for cast in casts}
    frame = pl.DataFrame([(names[cast], *rest) for cast, *rest in clusters], EPISODES, orient="row")
    costs = pl.DataFrame([(names[cast], *rest) for cast, *rest in spent], COSTS, orient="row")
    rows = [(names[cast], game, tokens, priced.get((cast, game))) for cast, game, tokens in by_game]
    return Evidence(
        scores_of(frame),
        clusters=frame,
        described=dict.fromkeys(names.values(), facts) if facts else _settled(folder),
        costs=costs,
        notes=tuple(run_notes(folder, without, apart, names)),
        decoding=dict.fromkeys(names.values(), "constrained" if constrained else "plain"),
        spent=pl.DataFrame(rows, published.SPENT, orient="row", strict=False),
        repetitions={names[cast]: own for cast, own in read_repetitions(folder).items() if cast in names},
        turns=read_turns(folder, names),
        languages=read_languages(folder, names),
    )


def _settled(folder: Path) -> dict[str, Characteristics]:
    """Return the settings of the agents of which a run has several on one model, and of those that were told how to think,
    by agent.
    """
    agents = read_description(folder).agents
    models = {name: (about.get("engine"), about.get("model"), about.get("url")) for name, about in agents.items()}
    twins = [name for name, model in models.items() if model[1] and list(models.values()).count(model) > 1]
    warm = {models[name] for name in twins if _settings(agents[name]).temperature}
    own = {name: _settings(agents[name], cold=models[name] in warm) for name in twins}
    told = {name: facts for name, about in agents.items() if (facts := _settings(about)).thinking}
    return told | {name: facts for name, facts in own.items() if len(set(map(repr, own.values()))) > 1}


def settings_notes(folders: Sequence[Path], agents: Sequence[str]) -> list[str]:
    """Return a note on each setting in which two agents differ, each of its own run; none where one of them has none at all,
    as one that is no model.
    """
    first, second = (_described(folder, agent) for folder, agent in zip(folders, agents, strict=True))
    if not (first and second):
        return []
    return [
        f"{name} was {_quoted(first.get(name))} of {agents[0]} and {_quoted(second.get(name))} of {agents[1]}"
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    ]


def _described(folder: Path, agent: str) -> dict[str, Any]:
    """Return how an agent samples, with its system text; nothing where it is no model, or the run does not tell."""
    about = read_description(folder).agents.get(agent, {})
    sampling = about.get("sampling")
    values = dict(sampling) if isinstance(sampling, dict) else {}
    return values | ({"system": about["system"]} if about.get("system") else {})


def _quoted(value: object) -> str:
    return "not set" if value is None else repr(value)


def _settings(about: Mapping[str, Any], *, cold: bool = False) -> Characteristics:
    """Return the settings of an agent out of what it says of itself; a temperature of 0 where that is told (`cold`)."""
    sampling = about.get("sampling")
    values = sampling if isinstance(sampling, dict) else {}
    thinking = str(values.get("thinking") or "") or None
    temperature = values.get("temperature")
    told = temperature if temperature or cold else None
    return Characteristics(name=about.get("model"), temperature=told, thinking=thinking, system=about.get("system"))


def sampling_notes(first: Setting, second: Setting) -> list[str]:
    """Return a note on each sampling parameter in which two runs differ."""
    return [
        f"{name} was {value} and {second.sampling[name]}"
        for name, value in first.sampling.items()
        if value != second.sampling[name]
    ]


def check_alike(folders: list[Path]) -> list[str]:
    """Return notes on the differences between runs. Raises UsageError where they played different suites, whose instances
    have the same names and are not the same, or by different rules. An imported run is of the suite whose instances it has.
    """
    settings = {folder: setting(folder) for folder in folders}
    imported = [folder for folder, run in settings.items() if run.instances]
    own = [folder for folder in folders if folder not in imported]
    suites = {settings[folder].suite_label: folder for folder in own or folders}
    if len(suites) > 1:
        named = "; ".join(f"{folder} has {suite}" for suite, folder in suites.items())
        raise UsageError(f"runs of different suites cannot be analysed together: {named} (choose one with --suite)")
    check_instances({folder: run.instances for folder, run in settings.items()})
    check_rules({folder: run.arenas for folder, run in settings.items()})
    for folder in imported:
        for other in own:
            check_suite(folder, other)
    constrained = [folder.name for folder, run in settings.items() if run.constrained]
    mixed = 0 < len(constrained) < len(folders)
    notes = [f"played with constrained decoding, unlike the others: {join_names(constrained)}"] if mixed else []
    for name in ("temperature", "max_tokens", "repetitions", "seed"):
        values = list(dict.fromkeys(str(run.sampling.get(name)) for run in settings.values()))
        if len(values) > 1:
            notes.append(f"the runs differ in {name}: {join_names(values)}")
    known = {(name, arena.files) for run in settings.values() for name, arena in run.arenas.items() if arena.files}
    if len(known) > len({name for name, _ in known}):
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
        for (game, name), digest in recorded_instances(folder).items():
            first, other = seen.setdefault((game, name), (digest, folder))
            if first != digest:
                what = f"{game} {name} is another instance in {folder} than in {other}"
                raise UsageError(f"runs of different suites cannot be analysed together: {what}")


def check_suite(imported: Path, own: Path) -> None:
    """Raise UsageError where an imported run and one of clemsim's own are not of the same instances, in each game that both
    have.
    """
    shared = shared_instances(own, imported)
    games = [set(setting(folder).arenas) for folder in (imported, own)]
    apart = min(games[0] & games[1] - {game for game, _ in shared}, default=None)
    differing = next((key for key, same in shared.items() if not same), None)
    if differing:
        what = f"{' '.join(differing)} is another instance in {imported} than in {own}"
    elif apart or not shared:
        what = f"{imported} and {own} have no instance in common{f' of {apart}' if apart else ''}"
    else:
        return
    raise UsageError(f"runs of different suites cannot be analysed together: {what}")


def shared_instances(first: Path, second: Path) -> dict[tuple[str, str], bool]:
    """Return whether each instance that two runs have, by game and name, is the same in them. Raises StoreError.

    Two imported runs are compared by their instances as they were recorded, others by what was played; with an imported
    run, by those fields alone that its results hold.
    """
    recorded = [recorded_instances(folder) for folder in (first, second)]
    if all(recorded):
        return {key: recorded[0][key] == digest for key, digest in recorded[1].items() if key in recorded[0]}
    without = {**_noted(first, UNTOLD), **_noted(second, UNTOLD)}
    ours, theirs = _played_instances(first), _played_instances(second)

    def alike(key: tuple[str, str]) -> bool:
        """Return whether an instance is the same, but for what the results of a game do not hold."""
        texts = {first: ours[key], second: theirs[key]}
        digests = {_digest(f"{' '.join(key)} of {run}", text, without.get(key[0], ())) for run, text in texts.items()}
        return len(digests) == 1

    return {key: text == ours[key] or alike(key) for key, text in theirs.items() if key in ours}


def recorded_instances(folder: Path) -> dict[tuple[str, str], str]:
    """Return a digest of each instance of an imported run as it was recorded, by game and name; of another run, nothing.
    Raises StoreError.
    """
    return {(game, name): digest for game, own in _noted(folder, RECORDED).items() for name, digest in own.items()}


def _played_instances(folder: Path) -> dict[tuple[str, str], str]:
    """Return each instance as it was played, as it is stored, by game and name. Raises StoreError."""
    with reader.reading(folder / STORE) as base:
        return {(game, name): data for game, name, data in base.execute(INSTANCES)}


def _digest(what: str, data: str, without: Collection[str]) -> str:
    with reader.decoding(what):
        fields = {name: value for name, value in orjson.loads(data).items() if name not in without}
    return blake2b(orjson.dumps(fields), digest_size=8).hexdigest()


def _noted(folder: Path, key: str) -> dict[str, Any]:
    """Return what an import noted in the store of a run; nothing in another run."""
    with reader.reading(folder / STORE) as base:
        noted = reader.meta(base).get(key)
    return noted if isinstance(noted, dict) else {}
