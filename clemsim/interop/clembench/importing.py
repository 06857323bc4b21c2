"""Turn clembench's results into runs: those of one model into a run, a tree of many models into a study.

Outcomes and scores are those that were recorded. Where the instance is recorded and the arena is known, the recorded replies
are driven through it, judged as they were given, and the agreement is reported; an episode that comes to the recorded end
gets the arena's own transcript, any other the logged events. An episode without scores is scored by being driven, where that
can be, and stays unfinished otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from json import dumps
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from clemsim._util.files import PRIVATE, check_new, make_folder, new_folder, safe_names, write_toml
from clemsim.catalog.suites import Suite
from clemsim.errors import UsageError
from clemsim.game.events import Asked, Ended, Event, Noted, Replied, plain
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.outcomes import Outcome
from clemsim.interop.clembench.agreement import ImportedGame
from clemsim.interop.clembench.driving import Redriver
from clemsim.interop.clembench.originals import OriginalsWriter, keeping_originals
from clemsim.interop.clembench.recorded import (
    GM,
    RecordedEpisode,
    RecordedModel,
    described_experiments,
    find_models,
    numbers,
    read_episode,
)
from clemsim.results.run_summary import write_summary
from clemsim.store.description import ArenaDescription, Origin, RecordedConfig, RunDescription, SuiteDescription
from clemsim.store.folder import STORE, making, write_description
from clemsim.store.schema import INSTANCES, UNTOLD
from clemsim.store.study_index import INDEX
from clemsim.store.writer import RunStore

RUNS = "runs"  # where they are
SUITE = "clembench results"
NO_SCORES, NOT_PLAYED = "no scores", "not played"  # causes of episodes that stay unfinished


class RecordedInstance(Instance):
    """An instance as clembench keeps it."""

    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made: the run or study in `folder`, its runs by model, and its games by name."""

    folder: Path
    runs: Mapping[str, Path]
    games: Mapping[str, ImportedGame]

    @property
    def is_study(self) -> bool:
        """Whether several models were imported."""
        return len(self.runs) > 1


@dataclass(slots=True)
class ImportProgress:
    """How much of an import is done."""

    episodes: int
    models: int
    done: int = 0
    model: str = ""
    number: int = 0  # of the model, from 1


Watch = Callable[[ImportProgress], None]


def import_results(
    folders: Sequence[Path],
    out: Path,
    suite: Suite | None = None,
    rules: str | None = None,
    watch: Watch = lambda progress: None,
) -> Imported:
    """Import all results below `folders` into `out`. `suite` gives word lists, prompts and rules; without it the rules are
    `rules`, or those of the version of clemcore that the results name. `watch` is called with each episode.

    Only one experiment is held in memory at a time. Raises UsageError.
    """
    check_new(out)
    models = find_models(folders)
    progress = ImportProgress(sum(len(model.episodes) for model in models), len(models))
    with TemporaryDirectory(prefix="clemsim-") as texts:
        redriver = Redriver(Path(texts), suite, rules)
        import_ = _Import(", ".join(map(str, folders)), redriver, progress, watch, described_experiments(models))
        runs = _write_runs(models, out, import_)
    for run in runs.values():
        write_summary(run)
    return Imported(out, runs, import_.games)


def _write_runs(models: Sequence[RecordedModel], out: Path, import_: _Import) -> dict[str, Path]:
    """Write the run of a single model, or the study of several, and return the runs by model."""
    if len(models) == 1:
        with making(out) as draft:
            import_.model(models[0], draft.path)
        return {models[0].name: out}
    names = safe_names(model.name for model in models)
    with new_folder(out) as draft:
        make_folder(draft.path / RUNS)
        for model in models:
            with making(draft.path / RUNS / names[model.name]) as member:
                import_.model(model, member.path)
        _write_index(draft.path, models, names, import_.suites)
    return {name: out / RUNS / folder for name, folder in names.items()}


@dataclass(slots=True)
class _Import:
    source: str
    redriver: Redriver
    progress: ImportProgress
    watch: Watch
    described: Mapping[tuple[str, str], Path]
    games: dict[str, ImportedGame] = field(default_factory=dict)
    suites: dict[str, str] = field(default_factory=dict)  # by model

    def model(self, model: RecordedModel, folder: Path) -> None:
        """Write the run of one model."""
        self.progress.model, self.progress.number = model.name, self.progress.number + 1
        with RunStore(folder / STORE) as store, keeping_originals(folder) as kept:
            run = _Run(store, self.redriver, self.games)
            configs: dict[Path, Any] = {}
            for path in model.episodes:
                run.add(read_episode(path, model.name, configs, self.described), kept)
                self.progress.done += 1
                self.watch(self.progress)
            store.meta(INSTANCES, run.hashes)
            store.meta(UNTOLD, {game: self.redriver.untold(game) for game in run.hashes})
        self.suites[model.name] = run.suite
        write_description(folder, self._description(model, run))

    def _description(self, model: RecordedModel, run: _Run) -> RunDescription:
        facts = model.facts
        spec = facts.get("model_spec", facts)
        kept = ("model_name", "backend", "huggingface_id", "parameters", "release_date", "open_weight", "context_size")
        own = {name: spec[name] for name in kept if isinstance(spec, dict) and isinstance(spec.get(name), str | int | float)}
        settings = {name: value for name, value in (facts.get("gen_args") or {}).items() if isinstance(value, int | float)}
        config: dict[str, Any] = {"suite": run.suite, "agents": (), "imported": self.source, "verbatim": True}
        if 0 <= settings.get("temperature", -1) <= 100:
            config["temperature"] = settings["temperature"]
        if settings.get("max_tokens", 0) >= 1:
            config["max_tokens"] = int(settings["max_tokens"])
        return RunDescription(
            config=RecordedConfig(**config),
            suite=SuiteDescription(name=run.suite, instances=dict(sorted(run.digests.items()))),
            arenas={name: ArenaDescription(version=version) for name, version in run.versions.items()},
            agents={model.name: {"name": model.name, "engine": "clembench", **own}},
            made=Origin(started=datetime.now().astimezone().isoformat(timespec="seconds")),
        )


@dataclass(slots=True)
class _Run:
    store: RunStore
    redriver: Redriver
    games: dict[str, ImportedGame]
    versions: dict[str, int | str] = field(default_factory=dict)  # of the arenas
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)  # of the instances, by arena and label
    repetitions: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def digests(self) -> dict[str, str]:
        """A digest of the instances of each game, in the order of their labels."""
        return {
            game: blake2b("".join(f"{label}={own[label]};" for label in sorted(own)).encode(), digest_size=8).hexdigest()
            for game, own in self.hashes.items()
        }

    @property
    def suite(self) -> str:
        """The name of the suite, which the same instances have wherever they come from."""
        if self.redriver.suite is not None:
            return self.redriver.suite.name
        return SUITE

    def add(self, episode: RecordedEpisode, kept: OriginalsWriter) -> None:
        """Write one episode."""
        game = self.games.setdefault(episode.game, ImportedGame())
        label = f"{episode.experiment}/{episode.number}"
        key = EpisodeKey(episode.game, label, self.repetitions[episode.game, label], episode.model)
        self.repetitions[episode.game, label] += 1
        driven = self.redriver.drive(episode)
        game.count(episode, driven)
        recorded = RecordedInstance(experiment=episode.experiment, id=episode.number, data=dict(episode.instance or {}))
        instance = (driven.instance if driven else self.redriver.instance(episode)) or recorded
        version = driven.version if driven else self.redriver.version(episode)
        self.versions[episode.game] = version if driven else self.versions.get(episode.game, version)
        self._note_instance(episode)
        self.store.enlist(key, instance, version)
        kept.add(episode, key, driven.unlogged if driven else ())
        outcome = episode.outcome
        if outcome is None and driven and driven.outcome is not None:
            self.store.record(key, 0, driven.events)
            self.store.ended(key, driven.outcome, driven.scores, driven.rounds)
        elif outcome is None:
            self.store.record(key, 0, as_logged(episode))
            self.store.unfinished(key, NOT_PLAYED if episode.log is None else NO_SCORES, episode.problem)
        else:
            agreed = driven is not None and driven.comes_to(outcome)
            events = driven.events if driven and agreed else [*as_logged(episode), _end(outcome)]
            self.store.record(key, 0, events)
            self.store.ended(key, outcome, numbers(episode.scores or {}), list(episode.rounds.values()))

    def _note_instance(self, episode: RecordedEpisode) -> None:
        """Note the digest of an instance as recorded: what an arena makes of it may depend on how far it was played."""
        if episode.instance is not None:
            own = {name: value for name, value in episode.instance.items() if name not in ("game_id", "resources")}
            data = dumps(own, sort_keys=True, ensure_ascii=True).encode()
            label = f"{episode.experiment}/{episode.number}"
            self.hashes.setdefault(episode.game, {})[label] = blake2b(data, digest_size=8).hexdigest()


def as_logged(episode: RecordedEpisode) -> list[Event]:
    """Return what was logged in order: asks and replies as such, what the game master logged for itself as notes."""
    events: list[Event] = []
    turn = 0
    for event in episode.logged:
        action = event["action"]
        content = str(action["content"])
        if event["from"] == GM and event["to"] != GM:
            turn += 1
            events.append(Asked(turn, str(event["to"]), content, action.get("label") != "forget"))
        elif event["to"] == GM and event["from"] != GM:
            turn = max(turn, 1)
            events.append(Replied(turn, str(event["from"]), content, "", "stop"))
        else:
            events.append(Noted(str(action.get("type", "note")), plain(action["content"])))
    return events


def _end(outcome: Outcome) -> Ended:
    return Ended(outcome.kind, outcome.reason, outcome.blame, outcome.quality)


def _write_index(folder: Path, models: Iterable[RecordedModel], names: Mapping[str, str], suites: Mapping[str, str]) -> None:
    members = [
        {
            "run": f"{RUNS}/{names[model.name]}",
            "suite": suites[model.name],
            "model": model.name,
            "characteristics": characteristics_of(model.name, model.facts),
        }
        for model in models
    ]
    write_toml(folder / INDEX, {"member": members}, UsageError, PRIVATE)


def characteristics_of(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what clemcore's registry says of a model, in the words of `clemsim.catalog.models`; what is no such fact is
    left out.
    """
    spec = facts.get("model_spec", facts)
    found: dict[str, Any] = {"name": name}
    if not isinstance(spec, dict):
        return found
    size = str(spec.get("parameters", "")).strip().upper().removesuffix("B")
    with suppress(ValueError):
        if (billions := float(size)) > 0 and isfinite(billions):
            found["parameters"] = billions
    with suppress(ValueError):
        found["released"] = date.fromisoformat(str(spec.get("release_date")))
    if isinstance(spec.get("open_weight"), bool):
        found["open_weights"] = spec["open_weight"]
    return found
