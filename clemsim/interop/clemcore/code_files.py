"""Which files of code `clembench:CHECKOUT/GAME` names, told without loading any, so that a user can be asked first."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

GAME_FILE = "clemgame.json"
DEPTHS = ("", "*/", "*/*/", "*/*/*/")  # at which clemcore looks for games


def code_files(named: str) -> list[Path]:
    """Return the modules of the game that `CHECKOUT/GAME` or `CHECKOUT/GAME@INSTANCES` names: those of all games of that
    name, none where there is no such game.
    """
    checkout, game, _ = parts_of(named)
    own = checkout / game
    folders = [own] if (own / GAME_FILE).is_file() else []
    for depth in DEPTHS:
        folders += [path.parent for path in checkout.glob(f"{depth}{GAME_FILE}") if game in _names(path)]
    return sorted({path.resolve() for folder in folders for home in homes_of(folder) for path in _modules(home, folder)})


def parts_of(named: str) -> tuple[Path, str, str]:
    """Return checkout, game and file of instances; the folder of a game may also be named alone."""
    place, _, about = named.rpartition("/")
    game, _, instances = about.partition("@")
    return Path(place or "."), game, instances


def homes_of(folder: Path) -> list[Path]:
    """Return the folders whose modules a game can import, as clemcore has it: its own, and the one above it where its name
    begins with that one's.
    """
    folder = folder.resolve()
    above = folder.parent
    return [folder, above] if above.name and folder.name.startswith(above.name) else [folder]


def _modules(home: Path, folder: Path) -> list[Path]:
    return [*home.rglob("*.py")] if home == folder.resolve() else [*home.glob("*.py")]


def _names(path: Path) -> set[str]:
    """Return the names of the games that a file describes; none where it cannot be read."""
    with suppress(OSError, ValueError):
        data = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(each.get("game_name")) for each in (data if isinstance(data, list) else [data]) if isinstance(each, dict)
        }
    return set()
