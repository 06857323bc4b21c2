"""Turn a user's clembench checkout into a suite: its instances, its prompts verbatim, its word lists.

Such a suite is a folder like any other; clemsim itself holds nothing of clembench's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clemsim._util.files import check_new, new_folder, read_json, write_files, write_toml
from clemsim.arena import Arena, find_arena
from clemsim.catalog.generators import to_jsonl
from clemsim.errors import ArenaError, UsageError
from clemsim.game.instances import Instance
from clemsim.interop.clembench.port import JsonObject, Port, ports
from clemsim.interop.clembench.rules import rules_of_instances


@dataclass(slots=True)
class PortedGame:
    """The instances of one game, and the other files of its folder in the suite."""

    instances: list[Instance] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)  # by path within the arena's folder
    rules: str = ""  # the rule set that its prompts ask for


def import_checkout(checkout: Path, version: str, out: Path, rules: str | None = None) -> dict[str, int]:
    """Write the suite to `out` and return the number of instances by arena. `rules`: the rule set that it names; None: that
    of its version. Raises UsageError with file and field.
    """
    if not checkout.is_dir():
        raise UsageError(f"there is no folder {checkout}")
    check_new(out)
    named = rules or rules_of_instances(version)
    files = {name: path for name, port in ports().items() if (path := _file(port, checkout, version))}
    games = {name: _game(ports()[name], path, named) for name, path in files.items()}
    if not games:
        paths = " or ".join(str(checkout / path) for port in ports().values() for path in _paths(port, version)[:1])
        raise UsageError(f"{checkout} has no instances of version {version}: looked for {paths}")
    write_suite(
        out,
        {name: game.instances for name, game in games.items()},
        {"name": f"clembench-{version}", "description": "its instances, prompts and word lists", "rules": named},
        {name: game.files for name, game in games.items()},
        {name: {"rules": game.rules} for name, game in games.items() if not rules and game.rules != named},
    )
    return {name: len(game.instances) for name, game in games.items()}


def write_suite(
    out: Path,
    instances: Mapping[str, Sequence[Instance]],
    about: Mapping[str, Any],
    files: Mapping[str, Mapping[str, str]] | None = None,
    parts: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write `suite.toml` and, for each arena, its instances and other files; `parts`: what `suite.toml` says of arenas.

    Raises UsageError.
    """
    with new_folder(out, error=UsageError) as draft:
        for name, group in instances.items():
            write_files(draft.path / name, {"instances.jsonl": to_jsonl(group), **(files or {}).get(name, {})}, UsageError)
        data = {"name": out.name, **about, "arenas": {name: (parts or {}).get(name, {}) for name in instances}}
        write_toml(draft.path / "suite.toml", data, UsageError)


def _paths(port: Port, version: str) -> list[str]:
    return [f"{port.folder}/{name.format(version=version)}" for name in port.files]


def _file(port: Port, checkout: Path, version: str) -> Path | None:
    return next((path for name in _paths(port, version) if (path := checkout / name).exists()), None)


def _game(port: Port, path: Path, rules: str) -> PortedGame:
    """Return the game of an instance file, of a suite with these rules."""
    kind = find_arena(port.arena)
    arena = kind(rules=rules if kind.RULES else None)
    game, first = PortedGame(rules=rules), ""
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
                game.rules = port.rules(experiment, rules)
            if game.files and game.files != files:
                raise UsageError(f"{where}: its {_differing_file(game.files, files)} is not that of {first}")
            game.files, first = game.files or files, first or where
    return game


def convert(port: Port, arena: Arena[Any], experiment: JsonObject, data: JsonObject, texts: JsonObject) -> Instance:
    """Return the arena's instance. Raises BadInstance, KeyError, IndexError, TypeError and ValueError."""
    fields = port.instance(experiment, data, texts)
    instance: Instance = arena.load({"experiment": str(experiment["name"]), "id": int(data["game_id"]), **fields})
    return instance


def _files(port: Port, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
    prompts = {f"prompts/{name}.txt": f"{text}\n" for name, text in port.prompts(experiment, data, texts).items()}
    resources = {**port.resources(experiment), **port.shared(texts)}
    return prompts | {f"resources/{name}": text for name, text in resources.items()}


def _differing_file(first: Mapping[str, str], second: Mapping[str, str]) -> str:
    return next(name for name in {**first, **second} if first.get(name) != second.get(name))


@contextmanager
def naming(where: str) -> Iterator[None]:
    """Turn the errors of a port into UsageError, one line that begins with `where`."""
    try:
        yield
    except KeyError as error:
        raise UsageError(f"{where}: field {error} is missing") from error
    except (ArenaError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UsageError(f"{where}: {error}") from error
