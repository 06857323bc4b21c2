"""What travels to the nodes of a cluster with the workers, by Ray's runtime environment: files and environment variables.

The folder of every game, agent and suite that is named by a path travels whole, but for what no game needs
(`LEFT_BEHIND`), and lies on each node under `FILES`, with the path that it has here behind that. Of the environment only
the keys and variables that the SPECs need travel. Nothing of it is written into the run.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from clemsim.catalog import suites
from clemsim.catalog.agents import expanded, kind_of, split_seat
from clemsim.catalog.kinds import each_alone
from clemsim.catalog.trust import code_paths
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.credentials import api_key
from clemsim.errors import UsageError
from clemsim.runs.manifest import settled
from clemsim.store.config import RunConfig

FILES = "files"  # folder in the working directory of a worker
MOST_BYTES = 100_000_000
LEFT_BEHIND = shutil.ignore_patterns(
    ".*", "__pycache__", "runs", "studies", "stress", "node_modules", "*.db", "*.db-*", "*.gguf", "*.safetensors", "*.log"
)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Luggage:
    """What travels: folders and files by their absolute paths here, and variables. `config` names all by such paths."""

    config: RunConfig
    network: NetworkOptions
    paths: Sequence[Path]
    variables: dict[str, str] = field(repr=False)
    urls: Sequence[str] = ()  # of the servers that the workers must reach


def pack(config: RunConfig, network: NetworkOptions) -> Luggage:
    """Return what the workers of a run need. Raises UsageError."""
    config = config.model_copy(update={name: value for name, value in settled(config).items() if name in _NAMING})
    specs = [split_seat(spec)[1] for spec in config.agents]
    suite = suites.load_suite(config.suite)
    code = code_paths([*map(expanded, specs), *(config.arenas or suite.arenas)])
    folders = [path.parent for path in code]
    if config.suite not in suites.available():
        folders.append(suite.folder.resolve())
    urls = list(dict.fromkeys(url for spec in specs for url in _urls(spec)))
    if network.ca_file:
        network = replace(network, ca_file=str(Path(network.ca_file).resolve()))
    certificates = [Path(network.ca_file)] if network.ca_file else []
    return Luggage(config, network, [*_outermost(folders), *certificates], _variables(specs), urls)


def stage(luggage: Luggage, folder: Path) -> None:
    """Copy what travels into a folder. Raises UsageError where that is too much to send."""
    for path in luggage.paths:
        place = folder / FILES / path.relative_to(path.anchor)
        if path.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            continue
        _check_size(path)
        shutil.copytree(path, place, ignore=LEFT_BEHIND, dirs_exist_ok=True)


def arrived(config: RunConfig, network: NetworkOptions, root: Path) -> tuple[RunConfig, NetworkOptions]:
    """Return configuration and network options with the paths that the files have on this node, below `root`."""
    changes = {
        "suite": _below(config.suite, root),
        "arenas": tuple(_below(spec, root) for spec in config.arenas),
        "agents": tuple(_agent_below(spec, root) for spec in config.agents),
    }
    if network.ca_file:
        network = replace(network, ca_file=_below(network.ca_file, root))
    return config.model_copy(update=changes), network


def as_at_home(name: str, root: Path) -> str:
    """Return a name with the paths that files have where the run was begun; agents may be named after their SPECs."""
    return name.replace(str(root), "")


_NAMING = ("suite", "arenas", "agents")


def _below(path: str, root: Path) -> str:
    return f"{root}{path}" if path.startswith("/") and (root / path.partition(":")[0].lstrip("/")).exists() else path


def _agent_below(spec: str, root: Path) -> str:
    seat, bare = split_seat(spec)
    return f"{seat}={_below(bare, root)}" if seat else _below(bare, root)


def _outermost(folders: Iterable[Path]) -> list[Path]:
    """Return the folders that lie in none of the others."""
    every = dict.fromkeys(folders)
    return [folder for folder in every if not any(other in folder.parents for other in every)]


def _check_size(folder: Path) -> None:
    total = 0
    for where, names, files in os.walk(folder):
        left = LEFT_BEHIND(where, [*names, *files])
        names[:] = [name for name in names if name not in left]
        total += sum((Path(where) / name).stat().st_size for name in files if name not in left)
        if total > MOST_BYTES:
            most = f"{MOST_BYTES // 1_000_000} MB"
            raise UsageError(
                f"{folder} holds over {most}, too much to send to the workers: give the game a folder of its own"
            )


def _urls(spec: str) -> Sequence[str]:
    kind, arg = kind_of(spec)
    return kind.addresses(arg)


def _variables(specs: Iterable[str]) -> dict[str, str]:
    """Return the variables that SPECs name, and the keys of their servers. Raises UsageError."""
    found: dict[str, str] = {}
    for spec in specs:
        found |= {name: os.environ[name] for name in _VARIABLE.findall(spec) if name in os.environ}
        for kind, arg in each_alone([kind_of(spec)]):
            for url in kind.addresses(arg):
                if key := api_key(url, kind.key_variable(arg)):
                    found[key.variable] = key.value
    return found
