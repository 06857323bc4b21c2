"""The code of a game of clembench, kept apart from that of others: many of them have modules of the same names."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import cached_property, partial
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from clemsim._util.files import read_json
from clemsim.errors import UsageError
from clemsim.interop.clemcore.code_files import GAME_FILE, homes_of
from clemsim.interop.clemcore.library import SILENT, clemcore
from clemsim.interop.foreign.nltk_data import loading_data

PACKAGES = {"PIL": "pillow", "cv2": "opencv-python", "sklearn": "scikit-learn", "skimage": "scikit-image", "yaml": "pyyaml"}
UNREAD = {"__pycache__", "docs", "evaluation", "in"}  # folders that no game plays by
LONGEST = 200  # characters of an error


class GameCode:
    """A game of a checkout, loaded. `spec`: as its clemgame.json has it; `instances`: the name of its file of instances."""

    def __init__(self, checkout: Path, name: str, instances: str = "") -> None:
        """Load the game of that name, or the only one in the folder of that name. Raises UsageError where there is none, or
        something that it needs is missing.
        """
        self.checkout = checkout
        self.spec = _spec(checkout, name)
        self.name: str = self.spec.game_name
        self.folder = Path(self.spec.game_path)
        self.instances = instances or getattr(self.spec, "instances", "instances")
        self._modules: dict[str, ModuleType] = {}
        self._known = 0  # modules that were loaded when it was last looked for this game's own
        self._paths = [str(home) for home in homes_of(self.folder)]
        with explaining(f"clembench:{name}"), self.inside(), _unheard():
            loggers = set(logging.root.manager.loggerDict)
            self.benchmark = clemcore().GameBenchmark.load_from_spec(self.spec)
            self._silence(set(logging.root.manager.loggerDict) - loggers)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Let the block import the modules of this game, and see those that it has imported, of all games only."""
        before = list(sys.path)
        sys.modules.update(self._modules)
        sys.path[:0] = self._paths
        try:
            yield
        finally:
            sys.path[:] = before
            if len(sys.modules) != self._known + len(self._modules):
                self._modules |= {name: module for name, module in list(sys.modules.items()) if self._owns(module)}
            for name in self._modules:
                sys.modules.pop(name, None)
            self._known = len(sys.modules)

    @property
    def file(self) -> Path:
        """Its file of instances."""
        return self.folder / "in" / f"{self.instances}.json"

    @cached_property
    def experiments(self) -> list[dict[str, Any]]:
        """The experiments of its file of instances, with these. Raises UsageError."""
        path = self.file
        if not path.is_file():
            there_are = ", ".join(sorted(each.stem for each in path.parent.glob("*.json"))) or "no file"
            raise UsageError(f"there is no file {path}: {path.parent} has {there_are}")
        data = read_json(path)
        found = data.get("experiments") if isinstance(data, dict) else None
        if not isinstance(found, list) or not all(isinstance(each, dict) and "name" in each for each in found):
            raise UsageError(f"{path} has no experiments with names")
        return found

    @cached_property
    def digest(self) -> str:
        """A digest of all files that the game plays by: its code, its resources, its instances."""
        digest = blake2b(digest_size=4)
        shared = [path for home in homes_of(self.folder)[1:] for path in sorted(home.glob("*.py"))]
        files = [path for path in sorted(self.folder.rglob("*")) if self._plays_by(path)]
        for path in [*shared, *files, self.file]:
            if path.is_file():
                digest.update(f"{path.relative_to(self.folder.parent)}\0".encode())
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def _plays_by(self, path: Path) -> bool:
        parts = path.relative_to(self.folder).parts
        return not any(part in UNREAD or part.startswith(".") for part in parts)

    def _owns(self, module: ModuleType) -> bool:
        """Return whether a module lies in the checkout."""
        file = getattr(module, "__file__", None)
        places = [file] if file else list(getattr(module, "__path__", None) or ())
        return any(Path(place).is_relative_to(self.checkout) for place in places if isinstance(place, str))

    def _silence(self, loggers: set[str]) -> None:
        """Silence loggers: what a game logs is in its record, and would come between the lines of a run."""
        for name in {*loggers, self.spec.game_name}:
            logging.getLogger(name).setLevel(SILENT)


@contextmanager
def _unheard() -> Iterator[None]:
    """Show nothing of what the block prints: that data could not be fetched, for example, which may be here already."""
    nltk = import_module("nltk")  # clemcore needs it
    fetch = partial(nltk.download, print_error_to=io.StringIO())
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), patch.object(nltk, "download", fetch):
        yield


@contextmanager
def explaining(what: str) -> Iterator[None]:
    """Turn what the block fails with into UsageError, one line that says what is missing."""
    try:
        yield
    except UsageError:
        raise
    except ModuleNotFoundError as error:
        name = (error.name or "").split(".")[0]
        raise UsageError(f"{what} needs the module {name}: pip install {PACKAGES.get(name, name)}") from error
    except Exception as error:
        raise UsageError(f"{what} cannot be loaded: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """Return what went wrong in a game, in one line; data of NLTK that is missing is named."""
    if command := loading_data(error):
        return f"it needs data of NLTK: {command}"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:LONGEST]}"


def _spec(checkout: Path, name: str) -> Any:
    """Return the specification of a game. Raises UsageError naming those that the checkout has."""
    library = clemcore()
    if not checkout.is_dir():
        raise UsageError(f"there is no folder {checkout}: name a game as clembench:CHECKOUT/GAME")
    own, registry = checkout / name, library.GameRegistry()
    with explaining(f"clembench:{name}"):
        if (own / GAME_FILE).is_file():
            registry = library.GameRegistry(library.GameSpec.from_directory(str(own)))
            if len(registry) == 1:
                return next(iter(registry))
        if registry.find_game_spec(name) is None:
            registry = library.GameRegistry()
            registry.register_from_directories(str(checkout), 0)
    spec = registry.find_game_spec(name)
    if spec is None:
        there_are = ", ".join(sorted(spec.game_name for spec in registry)) or "none"
        raise UsageError(f"{checkout} has no game {name!r} of clembench: it has {there_are}")
    return spec


def without_instances(experiment: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an experiment says of all its instances."""
    return {name: value for name, value in experiment.items() if name != "game_instances"}
