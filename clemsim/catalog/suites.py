"""Suites: named sets of arenas, experiments and instances.

A suite is a TOML file. Beside it may lie a folder for each arena with files of its own (instances, prompts, word
lists), which come before the arena's.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clemsim._util.files import read_toml
from clemsim.catalog.plugins import load_entry, reason_of_failure, registered
from clemsim.errors import UsageError
from clemsim.game.game import Game
from clemsim.game.game_contract import checked_instances
from clemsim.game.instances import Instance

A = TypeVar("A", bound=Game[Any])


class Part(BaseModel):
    """The part of an arena that a suite takes: a number of instances of each experiment named; all, if none is named.
    `rules`: the rule set that this arena plays by, if it is not that of the suite.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    rules: str | None = None
    experiments: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)


class Suite(BaseModel):
    """A suite as its file describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    description: str = ""
    seed: int | None = None  # with which its instances were generated
    language: str = "en"
    rules: str | None = None  # the rule set that its arenas play by, such as "v3.0"; None: the usual one of each
    arenas: dict[str, Part]
    folder: Path = Path()

    def folder_of(self, arena: str) -> Path:
        """Return the folder of the suite's own files for an arena, which may not exist."""
        return self.folder / arena

    def game(self, kind: type[A], rules: str | None = None, *, verbatim: bool = False) -> A:
        """Return a game with the suite's files, by the rule set `rules` or, where that is None, by the suite's own.

        Raises UsageError for a rule set that the game does not have; a game without any plays by its only rules.
        """
        named = rules or self.arenas.get(kind.name, Part()).rules or self.rules
        return kind(self.folder_of(kind.name), rules=named if kind.RULES else None, verbatim=verbatim)

    def instances(self, arena: Game[Any], most: int | None = None, only: str | None = None) -> list[Any]:
        """Return the suite's instances of an arena: at most `most` of each experiment, or only the one labelled `only`.

        Raises UsageError.
        """
        self._check_own_instances(arena.name)
        groups = by_experiment(checked_instances(arena))
        part = self.arenas.get(arena.name, Part())
        if part.experiments:
            missing = sorted(set(part.experiments) - set(groups))
            if missing:
                raise UsageError(f"suite {self.name}: {arena.name} has no experiment {', '.join(missing)}")
            for name, count in part.experiments.items():
                if count > len(groups[name]):
                    there_are = f"{count} instances of {arena.name}, {name}, but there are {len(groups[name])}"
                    raise UsageError(f"suite {self.name} wants {there_are}: lower the number, or generate more")
            groups = {name: groups[name][:count] for name, count in part.experiments.items()}
        instances = [instance for group in groups.values() for instance in group[:most] if only in (None, instance.label)]
        if not instances:
            raise UsageError(f"suite {self.name}: there is no instance of {arena.name} to play")
        return instances

    def _check_own_instances(self, arena: str) -> None:
        """Raise UsageError where the suite has instances of its own that cannot be read: the arena's would be taken."""
        path = self.folder_of(arena) / "instances.jsonl"
        if (path.is_symlink() or path.exists()) and not path.is_file():
            raise UsageError(f"suite {self.name}: {path} leads to no file: correct it, or remove it to play {arena}'s own")


def by_experiment(instances: Sequence[Instance]) -> dict[str, list[Instance]]:
    """Return the instances by experiment, in their order."""
    groups: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        groups[instance.experiment].append(instance)
    return dict(groups)


def available() -> dict[str, Path]:
    """Return the suites that installed packages bring, name and file: `NAME.toml`, or `NAME/suite.toml` of one with files of
    its own. Those of a package that cannot be loaded are left out.
    """
    folders = [folder for folder in (_folder(entry) for entry in registered("suites").values()) if folder]
    files = {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}
    return files | {path.parent.name: path for folder in folders for path in sorted(folder.glob("*/suite.toml"))}


def broken() -> list[str]:
    """Return why packages that would bring suites cannot be loaded, as text."""
    return [reason for entry in registered("suites").values() if (reason := reason_of_failure(entry))]


def _folder(entry: EntryPoint) -> Path | None:
    try:
        return Path(load_entry(entry))
    except (UsageError, TypeError):
        return None


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


def check_names(suite: Suite, classes: Mapping[str, type[Game[Any]]]) -> None:
    """Raise UsageError where two games have one name, or where a game of a file has the name of an installed one, of which
    the suite has a part. `classes`: by SPEC.
    """
    specs: dict[str, str] = {}
    for spec, kind in classes.items():
        if (other := specs.setdefault(kind.name, spec)) != spec:
            raise UsageError(f"{other} and {spec} are both called {kind.name!r}: give one of them another name")
        entry = registered("arenas").get(kind.name)
        if entry and spec != kind.name and kind.name in suite.arenas and not _is_at(kind, entry):
            clash = f"{spec} is called {kind.name!r}, as is the installed game {entry.value}"
            raise UsageError(f"{clash}, whose instances suite {suite.name} names: give the game in the file another name")


def _is_at(kind: type[Game[Any]], entry: EntryPoint) -> bool:
    """Return whether a class lies in the file of an installed game."""
    installed = load_entry(entry)
    return isinstance(installed, type) and inspect.getfile(kind) == inspect.getfile(installed)


def _path(spec: str) -> Path:
    path = Path(spec)
    if path.is_dir():
        path = path / "suite.toml"
    if not path.is_file():
        names = "; ".join([", ".join(available()), *broken()])
        raise UsageError(f"there is no suite {spec!r}: choose one of {names}, or give its file or folder")
    return path
