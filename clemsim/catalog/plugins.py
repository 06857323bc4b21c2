"""Plugins: what installed packages register as entry points, and classes named as `path/to/file.py:Class`."""

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
    """Return what installed packages register in the entry-point group `clemsim.GROUP`, by name in sorted order."""
    return {entry.name: entry for entry in sorted(entry_points(group=f"clemsim.{group}"), key=lambda entry: entry.name)}


def find_arena(spec: str) -> type[Arena[Any]]:
    """Return the arena of this name or `file.py:Class`. Raises UsageError naming the arenas there are."""
    if ".py" in spec:
        arena = load_file(spec)
    else:
        entries = registered("arenas")
        if spec not in entries:
            names = ", ".join(entries) or "none"
            raise UsageError(f"there is no arena {spec!r}: choose one of {names} (or give path/to/game.py:Class)")
        arena = entries[spec].load()
    if not (isinstance(arena, type) and issubclass(arena, Arena)):
        raise UsageError(f"{spec} is not an Arena")
    return arena


def load_file(spec: str) -> Any:
    """Return what `path/to/file.py:Name` names. Raises UsageError where the file or the name is missing, or fails."""
    path, _, name = spec.rpartition(":")
    if not path or not name:
        raise UsageError(f"{spec}: say which class, as in path/to/game.py:Class")
    if not Path(path).is_file():
        raise UsageError(f"there is no file {path}")
    module = _import_file(Path(path).resolve())
    if not hasattr(module, name):
        raise UsageError(f"{path} has no {name!r}")
    return getattr(module, name)


def _import_file(path: Path) -> ModuleType:
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
        raise UsageError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    return module
