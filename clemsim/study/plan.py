"""What a study plays: models x access methods x quantisations x suites x seeds, each combination a run of its own.

A study is a TOML file. Who plays stands in its own `[[model]]` tables or in the file that `models_file` names, which
lies beside it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations, product
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from clemsim._util.files import safe_name
from clemsim.arena import find_arena
from clemsim.catalog import suites
from clemsim.catalog.models import Model, Name, Variant, read, read_models, with_facts
from clemsim.errors import UsageError
from clemsim.store.config import RunConfig

MEMBERS = "members"  # the folder of the runs within that of the study
Pairings = Literal["self", "all", "round-robin"]


class Study(BaseModel):
    """All that decides what a study plays. `models`, `access` and `quantisations` choose; empty: all there are."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Name
    description: str = ""
    models_file: str | None = None
    model: tuple[Model, ...] = ()
    models: tuple[str, ...] = ()
    access: tuple[str, ...] = ()
    quantisations: tuple[float, ...] = ()
    suites: tuple[str, ...] = Field(("quick",), min_length=1)
    arenas: tuple[str, ...] = ()
    seeds: tuple[int, ...] = Field((0,), min_length=1)
    constrain: tuple[bool, ...] = Field((False,), min_length=1)
    pairings: Pairings = "self"
    parallel: int = Field(1, ge=1)
    instances: int | None = Field(None, ge=1)
    repetitions: int = Field(1, ge=1)
    width: int | None = Field(None, ge=1)
    temperature: float = Field(0.0, ge=0)
    max_tokens: int = Field(300, ge=1)

    @field_validator("constrain", mode="before")
    @classmethod
    def _one_or_both(cls, value: Any) -> Any:
        return (value,) if isinstance(value, bool) else value

    @field_validator("models", "access", "quantisations", "suites", "arenas", "seeds", "constrain")
    @classmethod
    def _each_once(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(dict.fromkeys(value))


@dataclass(frozen=True, slots=True)
class StudyPlayer:
    """A model in one of its variants. `alone`: it is the only one of its model in the study."""

    model: Model
    variant: Variant
    alone: bool = True

    @property
    def name(self) -> str:
        """That of the model, with what tells its variants apart where it plays in several."""
        return self.model.name if self.alone else self.label

    @property
    def label(self) -> str:
        """Model, access and quantisation."""
        bits = self.variant.quantisation
        return f"{self.model.name}, {self.variant.access}" + ("" if bits is None else f", {bits:g} bit")


@dataclass(frozen=True, slots=True)
class Member:
    """One run of a study, in the folder `run` within it: one player in all seats, or one in each."""

    run: str
    config: RunConfig
    player: StudyPlayer | None
    seats: Mapping[str, StudyPlayer] = field(default_factory=dict)

    @property
    def players(self) -> list[StudyPlayer]:
        """Everyone in it, once each."""
        everyone = [self.player] if self.player else list(self.seats.values())
        return list({each.label: each for each in everyone}.values())

    @property
    def label(self) -> str:
        """Who plays, for people to read."""
        if self.player:
            return self.player.name
        return "; ".join(f"{seat}: {player.name}" for seat, player in self.seats.items())

    @property
    def specs(self) -> list[str]:
        """The SPEC of everyone."""
        return [player.variant.agent for player in self.players]


def read_study(path: Path) -> Study:
    """The study of this file with its models and their facts. Raises UsageError naming the key that is wrong."""
    study = read(path, Study)
    models = with_facts(study.model)
    if study.models_file:
        models += read_models(path.parent / study.models_file)
    found = [_beside(path.parent, suite) for suite in study.suites]
    return study.model_copy(update={"model": models, "models_file": None, "suites": tuple(found)})


def _beside(folder: Path, suite: str) -> str:
    """A suite that lies beside the study, where there is one; else what the name means to `clemsim run`."""
    path = folder / suite
    return str(path.resolve()) if suite not in suites.available() and path.exists() else suite


def plan(study: Study) -> list[Member]:
    """All runs of the study; those of one player one after the other. Raises UsageError."""
    players = _players(study)
    members = [_self(study, player, *rest) for player in players for rest in _rest(study)]
    if study.pairings != "self":
        members = [member for rest in _rest(study) for member in _paired(study, players, *rest)]
        members.sort(key=lambda each: [players.index(player) for player in each.seats.values()])
    for run, count in Counter(member.run for member in members).items():
        if count > 1:
            raise UsageError(f"study {study.name}: two of its runs would both be {run}: give models and suites other names")
    if not members:
        raise UsageError(f"study {study.name}: round-robin needs as many models as a game has seats")
    return members


def _rest(study: Study) -> Iterator[tuple[str, int, bool]]:
    return product(study.suites, study.seeds, study.constrain)


def _players(study: Study) -> list[StudyPlayer]:
    there = {model.name: model for model in study.model}
    if len(there) < len(study.model):
        raise UsageError(f"study {study.name}: model: two models have the same name")
    _known(study, "models", study.models, list(there))
    chosen = [there[name] for name in study.models or there]
    ways = [variant for model in chosen for variant in model.variant]
    _known(study, "access", study.access, [each.access for each in ways])
    _known(study, "quantisations", study.quantisations, [each.quantisation for each in ways])
    for model in chosen:
        if not model.variant:
            raise UsageError(f"study {study.name}: model {model.name} has no [[model.variant]]: say how it is played")
    chosen_ways = [(model, [each for each in model.variant if _wanted(study, each)]) for model in chosen]
    players = [StudyPlayer(model, variant, len(some) == 1) for model, some in chosen_ways for variant in some]
    if not players:
        raise UsageError(f"study {study.name}: model: there is nobody to play: name models in models_file or [[model]]")
    return players


def _known(study: Study, key: str, wanted: Sequence[Any], there: Sequence[Any]) -> None:
    for each in wanted:
        if each not in there:
            known = ", ".join(str(one) for one in dict.fromkeys(there)) or "none"
            raise UsageError(f"study {study.name}: {key}: there is no {each!r}: choose of {known}")


def _wanted(study: Study, variant: Variant) -> bool:
    right_access = not study.access or variant.access in study.access
    return right_access and (not study.quantisations or variant.quantisation in study.quantisations)


def _self(study: Study, player: StudyPlayer, suite: str, seed: int, constrain: bool) -> Member:
    config = _config(study, (player.variant.agent,), study.arenas, suite, seed, constrain)
    return Member(_folder([player], config), config, player)


def _paired(study: Study, players: Sequence[StudyPlayer], suite: str, seed: int, constrain: bool) -> Iterator[Member]:
    """A seat has the same name in several games but another part, so games that share all their seats share a run."""
    for seats, arenas in _by_seats(study, suite).items():
        many = len(seats)
        casts = product(players, repeat=many) if study.pairings == "all" else permutations(players, many)
        for cast in casts:
            agents = tuple(f"{seat}={player.variant.agent}" for seat, player in zip(seats, cast, strict=True))
            config = _config(study, agents, arenas, suite, seed, constrain)
            run = f"{_folder(cast, config)}-{'-'.join(seats)}"
            yield Member(run, config, None, dict(zip(seats, cast, strict=True)))


def _by_seats(study: Study, suite: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for spec in study.arenas or suites.load_suite(suite).arenas:
        found[find_arena(spec).seats].append(spec)
    return {seats: tuple(arenas) for seats, arenas in found.items()}


def _config(
    study: Study, agents: tuple[str, ...], arenas: tuple[str, ...], suite: str, seed: int, constrain: bool
) -> RunConfig:
    return RunConfig(
        suite=suite,
        arenas=arenas,
        agents=agents,
        instances=study.instances,
        repetitions=study.repetitions,
        seed=seed,
        width=study.width,
        temperature=study.temperature,
        max_tokens=study.max_tokens,
        constrain=constrain,
    )


def _folder(players: Sequence[StudyPlayer], config: RunConfig) -> str:
    who = "+".join(_slug(player.label.replace(", ", "-").replace(" ", "")) for player in players)
    what = f"{_slug(Path(config.suite).stem)}-seed{config.seed}" + ("-constrained" if config.constrain else "")
    return f"{MEMBERS}/{who}/{what}"


def _slug(text: str) -> str:
    """Fit to be the name of a folder anywhere."""
    return safe_name(text, "-", "A-Za-z0-9._-").strip(".-") or "model"
