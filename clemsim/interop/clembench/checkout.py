"""Makes a suite out of a user's clembench checkout: its instances, its prompts verbatim, its word lists.

A suite made so is a folder like any other; nothing of clembench's is in clemsim itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clemsim._util.files import check_new, read_json, write_files, write_toml
from clemsim.arena import Arena, find_arena
from clemsim.catalog.generators import to_jsonl
from clemsim.errors import BadInstance, UsageError
from clemsim.game.instances import Instance
from clemsim.interop.clembench.port import JsonObject, Port, ports


@dataclass(slots=True)
class Imported:
    """What becomes of one game."""

    instances: list[Instance] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)  # by path within the arena's folder


def import_checkout(checkout: Path, version: str, out: Path) -> dict[str, int]:
    """Write the suite to `out` and return the number of instances by arena. Raises UsageError with file and field."""
    if not checkout.is_dir():
        raise UsageError(f"there is no folder {checkout}")
    check_new(out)
    found = {name: _game(port, path) for name, port in ports().items() if (path := _file(port, checkout, version))}
    if not found:
        wanted = " or ".join(str(checkout / path) for port in ports().values() for path in _paths(port, version)[:1])
        raise UsageError(f"{checkout} has no instances of version {version}: looked for {wanted}")
    write_suite(
        out,
        {name: game.instances for name, game in found.items()},
        {"name": f"clembench-{version}", "description": "its instances, prompts and word lists"},
        {name: game.files for name, game in found.items()},
    )
    return {name: len(game.instances) for name, game in found.items()}


def write_suite(
    out: Path,
    instances: Mapping[str, Sequence[Instance]],
    about: Mapping[str, Any],
    files: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Write `suite.toml` and, for each arena, its instances and other files. Raises UsageError."""
    for name, some in instances.items():
        write_files(out / name, {"instances.jsonl": to_jsonl(some), **(files or {}).get(name, {})}, UsageError)
    write_toml(out / "suite.toml", {"name": out.name, **about, "arenas": {name: {} for name in instances}}, UsageError)


def _paths(port: Port, version: str) -> list[str]:
    return [f"{port.folder}/{name.format(version=version)}" for name in port.files]


def _file(port: Port, checkout: Path, version: str) -> Path | None:
    return next((path for name in _paths(port, version) if (path := checkout / name).exists()), None)


def _game(port: Port, path: Path) -> Imported:
    """One game out of its instance file."""
    arena = find_arena(port.arena)()
    game, first = Imported(), ""
    with naming(f"{path}"):
        experiments = list(read_json(path)["experiments"])
    for experiment in experiments:
        with naming(f"{path}"):
            name, instances = str(experiment["name"]), list(experiment["game_instances"])
        texts = port.texts(path.parent.parent, name)
        for number, data in enumerate(instances):
            where = f"{path}: experiment {name}, instance {number}"
            with naming(where):
                game.instances.append(convert(port, arena, experiment, data, texts))
                files = _files(port, experiment, data, texts)
            if game.files and game.files != files:
                raise UsageError(f"{where}: its {_differing(game.files, files)} is not that of {first}")
            game.files, first = game.files or files, first or where
    return game


def convert(port: Port, arena: Arena[Any], experiment: JsonObject, data: JsonObject, texts: JsonObject) -> Instance:
    """The arena's instance. Raises BadInstance, KeyError, IndexError, TypeError and ValueError."""
    fields = port.instance(experiment, data, texts)
    found: Instance = arena.load({"experiment": str(experiment["name"]), "id": int(data["game_id"]), **fields})
    return found


def _files(port: Port, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
    prompts = {f"prompts/{name}.txt": f"{text}\n" for name, text in port.prompts(experiment, data, texts).items()}
    return prompts | {f"resources/{name}": text for name, text in port.resources(experiment).items()}


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    return next(name for name in {**one, **other} if one.get(name) != other.get(name))


@contextmanager
def naming(where: str) -> Iterator[None]:
    """Turn what a port stumbles over into one line that says where. Raises UsageError."""
    try:
        yield
    except KeyError as error:
        raise UsageError(f"{where}: field {error} is missing") from error
    except (BadInstance, IndexError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{where}: {error}") from error
