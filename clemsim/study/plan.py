"""The runs of a study: models x access methods x quantisations x suites x seeds, each combination a run of its own.

A study is a TOML file. Its models are `[[model]]` tables, in the study itself or in the file that `models_file` names, which
lies in the same folder.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from clemsim._util.files import safe_name
from clemsim.arena import find_arena
from clemsim.catalog import suites
from clemsim.catalog.agent_settings import AgentSettings
from clemsim.catalog.models import Model, Name, Variant, complete_facts, read, read_models
from clemsim.catalog.pairings import assigned, parts_of
from clemsim.catalog.trust import Trust
from clemsim.errors import UsageError
from clemsim.store.config import Count, MaxTokens, RunConfig, Seed, Temperature
from clemsim.study.axes import axis_text, combinations

MEMBERS = "members"  # the folder of the runs within that of the study
StudyPairings = Literal["self", "all", "round-robin"]


class Study(BaseModel):
    """The content of a study file. `models`, `access` and `quantisations` choose among the models; empty: all of them.

    `axes`: tables of settings of agents, each with the values that it takes; every variant is played with each combination
    of a table's values, for each of the tables.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Name
    description: str = ""
    models_file: str | None = None
    model: tuple[Model, ...] = ()
    models: tuple[str, ...] = ()
    access: tuple[str, ...] = ()
    quantisations: tuple[float, ...] = ()
    suites: tuple[str, ...] = Field(("quick",), min_length=1)
    rules: str | None = None
    arenas: tuple[str, ...] = ()
    seeds: tuple[Seed, ...] = Field((0,), min_length=1)
    constrain: tuple[bool, ...] = Field((False,), min_length=1)
    axes: tuple[dict[str, tuple[Any, ...]], ...] = ()
    pairings: StudyPairings = "self"
    parallel: Count = 1
    instances: Count | None = None
    repetitions: Count = 1
    width: Count | None = None
    temperature: Temperature = 0.0
    max_tokens: MaxTokens = 300

    @field_validator("constrain", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return (value,) if isinstance(value, bool) else value

    @field_validator("models", "access", "quantisations", "suites", "arenas", "seeds", "constrain")
    @classmethod
    def _unique(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(dict.fromkeys(value))


@dataclass(frozen=True, slots=True)
class StudyPlayer:
    """A model in one of its variants, with the settings of the axes. `alone`: no other variant of its model is played."""

    model: Model
    variant: Variant
    alone: bool = True
    axes: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        """The name of the model, with its variant where several of them play, and with its settings."""
        return self._with_axes(self.model.name if self.alone else self.model.label(self.variant))

    @property
    def label(self) -> str:
        """Model, access, quantisation, and the settings of the axes."""
        return self._with_axes(self.model.label(self.variant))

    @property
    def spec(self) -> str:
        """The SPEC of the agent, with all its settings."""
        return self.variant.model_copy(update={"settings": self.settings}).spec

    @property
    def settings(self) -> AgentSettings:
        """The settings of the variant, with its price, and of the axes."""
        return self.model.priced(self.variant).settings.model_copy(update=dict(self.axes))

    def _with_axes(self, name: str) -> str:
        return ", ".join([name, *(axis_text(axis, value) for axis, value in self.axes.items())])


@dataclass(frozen=True, slots=True)
class Member:
    """A run of a study, in the folder `run` within the study's: `player` in all seats, or a player in each of `seats`."""

    run: str
    config: RunConfig
    player: StudyPlayer | None
    seats: Mapping[str, StudyPlayer] = field(default_factory=dict)

    @property
    def players(self) -> list[StudyPlayer]:
        """All players, each of them once."""
        players = [self.player] if self.player else list(self.seats.values())
        return list({player.label: player for player in players}.values())

    @property
    def suite(self) -> str:
        """The name of the suite, without its folder."""
        return Path(self.config.suite).stem

    @property
    def label(self) -> str:
        """The players, as text."""
        if self.player:
            return self.player.name
        return "; ".join(f"{seat}: {player.name}" for seat, player in self.seats.items())

    @property
    def specs(self) -> list[str]:
        """The SPEC of each player."""
        return [player.spec for player in self.players]


def read_study(path: Path) -> Study:
    """Read a study file with its models and their facts. Raises UsageError naming the key that is wrong."""
    study = read(path, Study)
    models = complete_facts(study.model)
    if study.models_file:
        models += read_models(path.parent / study.models_file)
    paths = tuple(_suite_path(path.parent, suite) for suite in study.suites)
    return study.model_copy(update={"model": models, "models_file": None, "suites": paths})


def _suite_path(folder: Path, suite: str) -> str:
    """Return the path of a suite in the folder of the study; without one there, the name that `clemsim run` knows."""
    path = folder / suite
    return str(path.resolve()) if suite not in suites.available() and path.exists() else suite


def plan(study: Study, trust: Trust | None = None) -> list[Member]:
    """Return all runs of the study; those of one player follow each other. `trust`: whose code is loaded; None: only what
    the user has run before. Raises UsageError.
    """
    trust = trust or Trust(named_by=f"study {study.name}")
    trust.admit(study.arenas)
    players = _players(study)
    members = [_self_play(study, player, *setting) for player in players for setting in _settings(study)]
    if study.pairings != "self":
        members = [member for setting in _settings(study) for member in _pairings(study, trust, players, *setting)]
        members.sort(key=lambda member: [players.index(player) for player in member.seats.values()])
    for run, count in Counter(member.run for member in members).items():
        if count > 1:
            raise UsageError(f"study {study.name}: two of its runs would both be {run}: give models and suites other names")
    if not members:
        raise UsageError(f"study {study.name}: round-robin needs as many models as a game has seats")
    return members


def _settings(study: Study) -> Iterator[tuple[str, int, bool]]:
    """Yield every suite, seed and constraint."""
    return product(study.suites, study.seeds, study.constrain)


def _players(study: Study) -> list[StudyPlayer]:
    models = {model.name: model for model in study.model}
    if len(models) < len(study.model):
        raise UsageError(f"study {study.name}: model: two models have the same name")
    _check_choice(study, "models", study.models, list(models))
    chosen = [models[name] for name in study.models or models]
    variants = [variant for model in chosen for variant in model.variant]
    _check_choice(study, "access", study.access, [variant.access for variant in variants])
    _check_choice(study, "quantisations", study.quantisations, [variant.quantisation for variant in variants])
    for model in chosen:
        if not model.variant:
            raise UsageError(f"study {study.name}: model {model.name} has no [[model.variant]]: say how it is played")
    played = [(model, [variant for variant in model.variant if _is_chosen(study, variant)]) for model in chosen]
    players = [
        StudyPlayer(model, variant, len(variants) == 1, axes)
        for model, variants in played
        for variant in variants
        for axes in combinations(study.axes, f"study {study.name}")
    ]
    if not players:
        raise UsageError(f"study {study.name}: model: there is no model to play: name models in models_file or [[model]]")
    return players


def _check_choice(study: Study, key: str, wanted: Sequence[Any], known: Sequence[Any]) -> None:
    for value in wanted:
        if value not in known:
            choices = ", ".join(str(choice) for choice in dict.fromkeys(known)) or "none"
            raise UsageError(f"study {study.name}: {key}: there is no {value!r}: choose one of {choices}")


def _is_chosen(study: Study, variant: Variant) -> bool:
    has_access = not study.access or variant.access in study.access
    return has_access and (not study.quantisations or variant.quantisation in study.quantisations)


def _self_play(study: Study, player: StudyPlayer, suite: str, seed: int, constrain: bool) -> Member:
    config = _config(study, (player.spec,), study.arenas, suite, seed, constrain)
    return Member(_folder([player], config), config, player)


def _pairings(
    study: Study, trust: Trust, players: Sequence[StudyPlayer], suite: str, seed: int, constrain: bool
) -> Iterator[Member]:
    """Yield a run for each cast and each set of seats.

    A seat name means another part in another game, so only games with exactly the same seats share a run.
    """
    for seats, arenas in _arenas_by_seats(study, trust, suite).items():
        for cast in assigned(players, seats, "all" if study.pairings == "all" else "round-robin"):
            agents = tuple(f"{seat}={player.spec}" for seat, player in cast.items())
            config = _config(study, agents, arenas, suite, seed, constrain)
            run = f"{_folder(list(cast.values()), config)}-{'-'.join(seats)}"
            yield Member(run, config, None, cast)


def _arenas_by_seats(study: Study, trust: Trust, suite: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    by_seats: dict[tuple[str, ...], list[str]] = defaultdict(list)
    arenas = study.arenas or tuple(suites.load_suite(suite).arenas)
    trust.admit(arenas)
    for spec in arenas:
        by_seats[parts_of(find_arena(spec))].append(spec)
    return {seats: tuple(arenas) for seats, arenas in by_seats.items()}


def _config(
    study: Study, agents: tuple[str, ...], arenas: tuple[str, ...], suite: str, seed: int, constrain: bool
) -> RunConfig:
    return RunConfig(
        suite=suite,
        arenas=arenas,
        agents=agents,
        rules=study.rules,
        instances=study.instances,
        repetitions=study.repetitions,
        seed=seed,
        width=study.width,
        temperature=study.temperature,
        max_tokens=study.max_tokens,
        constrain=constrain,
    )


def _folder(players: Sequence[StudyPlayer], config: RunConfig) -> str:
    names = "+".join(_slug(player.label.replace(", ", "-").replace(" ", "")) for player in players)
    setting = f"{_slug(Path(config.suite).stem)}-seed{config.seed}" + ("-constrained" if config.constrain else "")
    return f"{MEMBERS}/{names}/{setting}"


def _slug(text: str) -> str:
    """Return text that is fit for the name of a folder on any system."""
    return safe_name(text, "-", "A-Za-z0-9._-").strip(".-") or "model"
