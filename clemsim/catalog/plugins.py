"""Plugins: what installed packages register as entry points, and classes named by `path/to/file.py:Class`."""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from clemsim.arena import Arena
from clemsim.errors import UsageError


def registered(group: str) -> dict[str, EntryPoint]:
    """What installed packages registered in the group `clemsim.GROUP`, by name."""
    return {entry.name: entry for entry in sorted(entry_points(group=f"clemsim.{group}"), key=lambda each: each.name)}


def find_arena(spec: str) -> type[Arena[Any]]:
    """The arena of this name or `file.py:Class`. Raises UsageError naming what there is."""
    if ".py" in spec:
        found: Any = load_file(spec)
    else:
        found = load_registered("arenas", spec, "arena", "or give path/to/game.py:Class")
    if not (isinstance(found, type) and issubclass(found, Arena)):
        raise UsageError(f"{spec} is not an Arena")
    return found


def load_registered(group: str, name: str, kind: str, hint: str, hidden: set[str] = frozenset()) -> Any:  # type: ignore[assignment]
    there = registered(group)
    if name not in there or (name in hidden and hint):
        names = ", ".join(each for each in there if each not in hidden) or "none"
        raise UsageError(f"there is no {kind} {name!r}: choose one of {names}" + (f" ({hint})" if hint else ""))
    return there[name].load()


def load_file(spec: str) -> Any:
    path, _, name = spec.rpartition(":")
    if not path or not name:
        raise UsageError(f"{spec}: say which class, as in path/to/game.py:Class")
    if not Path(path).is_file():
        raise UsageError(f"there is no file {path}")
    module = _import(Path(path).resolve())
    if not hasattr(module, name):
        raise UsageError(f"{path} has no {name!r}")
    return getattr(module, name)


def _import(path: Path) -> ModuleType:
    name = f"clemsim_file_{path.stem}_{abs(hash(path))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UsageError(f"{path} can't be loaded: {type(error).__name__}: {error}") from error
    return module
