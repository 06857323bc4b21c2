"""Plugins: what installed packages register as entry points, and classes named as `path/to/file.py:Class`."""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from clemsim._util.author_frames import describe_frames
from clemsim.errors import UsageError

T = TypeVar("T")


def registered(group: str) -> dict[str, EntryPoint]:
    """Return what installed packages register in the entry-point group `clemsim.GROUP`, by name in sorted order."""
    return {entry.name: entry for entry in sorted(entry_points(group=f"clemsim.{group}"), key=lambda entry: entry.name)}


def load_entry(entry: EntryPoint) -> Any:
    """Return what an entry point names. Raises UsageError naming it and its package where that cannot be loaded."""
    try:
        return entry.load()
    except Exception as error:
        package = f" of package {entry.dist.name}" if entry.dist else ""
        about = f"{entry.group} {entry.name!r}{package} cannot be loaded"
        failed = UsageError(f"{about} ({entry.value}): {type(error).__name__}: {error}")
        failed.frames = tuple(describe_frames(error))
        raise failed from error


def reason_of_failure(entry: EntryPoint) -> str:
    """Return why what an entry point names cannot be loaded, as text; empty: it can."""
    try:
        load_entry(entry)
    except UsageError as error:
        return str(error)
    return ""


def find_class(group: str, spec: str, base: type[T], article: str = "a") -> type[T]:
    """Return the subclass of `base` that is registered under this name, or that `path/to/file.py:Class` names, or that a
    registered scheme makes of what follows its colon (`textarena:Chess-v0`).

    Raises UsageError naming the classes there are.
    """
    kind = base.__name__
    scheme, colon, rest = spec.partition(":")
    schemes = registered(f"{group}.schemes") if colon else {}
    if scheme in schemes:
        plugin = load_entry(schemes[scheme])(rest)
    elif ".py" in spec:
        plugin = load_file(spec)
    else:
        entries = registered(group)
        if spec not in entries:
            names = ", ".join(entries) or "none"
            raise UsageError(f"there is no {kind.lower()} {spec!r}: choose one of {names} (or give path/to/game.py:Class)")
        plugin = load_entry(entries[spec])
    if not (isinstance(plugin, type) and issubclass(plugin, base)):
        raise UsageError(f"{spec} is not {article} {kind}")
    return plugin


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
        failed = UsageError(f"{path} cannot be loaded: {type(error).__name__}: {error}")
        failed.frames = tuple(describe_frames(error))
        raise failed from error
    return module
