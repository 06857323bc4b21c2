"""Suites: named sets of arenas, experiments and instances.

A suite is a TOML file. Beside it may lie a folder for each arena with files of its own (instances, prompts, word
lists), which come before the arena's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clemsim._util.files import read_toml
from clemsim.errors import UsageError
from clemsim.game.game import Game
from clemsim.game.instances import Instance

T = TypeVar("T")


class Part(BaseModel):
    """The part of an arena that a suite takes: a number of instances of each experiment named; all, if none is named."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    experiments: dict[str, int] = Field(default_factory=dict)


class Suite(BaseModel):
    """A suite as its file describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    description: str = ""
    seed: int | None = None  # with which its instances were generated
    language: str = "en"
    arenas: dict[str, Part]
    folder: Path = Path()

    def folder_of(self, arena: str) -> Path:
        """Return the folder of the suite's own files for an arena, which may not exist."""
        return self.folder / arena

    def instances(self, arena: Game[Any], most: int | None = None, only: str | None = None) -> list[Any]:
        """Return the suite's instances of an arena: at most `most` of each experiment, or only the one labelled `only`.

        Raises UsageError.
        """
        groups = by_experiment(arena.instances())
        part = self.arenas.get(arena.name, Part())
        if part.experiments:
            missing = sorted(set(part.experiments) - set(groups))
            if missing:
                raise UsageError(f"suite {self.name}: {arena.name} has no experiment {', '.join(missing)}")
            groups = {name: groups[name][:count] for name, count in part.experiments.items()}
        instances = [instance for group in groups.values() for instance in group[:most] if only in (None, instance.label)]
        if not instances:
            raise UsageError(f"suite {self.name}: there is no instance of {arena.name} to play")
        return instances


def by_experiment(instances: Sequence[Instance]) -> dict[str, list[Instance]]:
    """Return the instances by experiment, in their order."""
    groups: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        groups[instance.experiment].append(instance)
    return dict(groups)


def available() -> dict[str, Path]:
    """Return the suites that installed packages bring: name and file."""
    folders = [entry.load() for entry in entry_points(group="clemsim.suites")]
    return {path.stem: path for folder in folders for path in sorted(Path(folder).glob("*.toml"))}


def load_suite(spec: str) -> Suite:
    """Return the suite of this name, file, or folder with a `suite.toml`. Raises UsageError."""
    path = available().get(spec) or _path(spec)
    data = read_toml(path)
    try:
        return Suite.model_validate({"name": path.stem, **data, "folder": path.parent})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"suite {path}: {place}: {first['msg']}") from error


def _path(spec: str) -> Path:
    path = Path(spec)
    if path.is_dir():
        path = path / "suite.toml"
    if not path.is_file():
        raise UsageError(f"there is no suite {spec!r}: choose one of {', '.join(available())}, or give its file or folder")
    return path
