"""The house: its rooms, what each may import, and the sizes of its modules. The tower itself is import-linter's."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = [ROOT / "clemsim", ROOT / "arenas" / "clemsim_arenas", ROOT / "agents" / "clemsim_agents"]
ROOMS = {
    *("_util", "analysis", "catalog", "cli", "engines", "game", "interop", "results", "runs", "runtime", "store"),
    *("canary", "html", "stress", "study", "viewer"),
}
# Two scripted players of two games, of which each is the game's Baseline or Random.
SAME_NAME = {"Baseline", "Random"}

PURE = """
import pkgutil, sys
import clemsim.game
for module in pkgutil.walk_packages(clemsim.game.__path__, "clemsim.game."):
    __import__(module.name)
print(*sorted(name for name in sys.modules if "." in name or name in ("asyncio", "aiohttp", "httpx", "rich")))
"""


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted(package.rglob("*.py"))]


def test_the_top_holds_the_rooms_and_at_most_four_modules() -> None:
    top = ROOT / "clemsim"
    assert {path.name for path in top.iterdir() if path.is_dir() and path.name != "__pycache__"} == ROOMS
    assert {path.stem for path in top.glob("*.py")} == {"__init__", "arena", "errors", "formats", "testing"}


def test_no_module_is_over_400_lines() -> None:
    assert [path for path in modules() if len(path.read_text().splitlines()) > 400] == []


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_room_says_what_it_does_and_what_it_refuses_to_know(room: str) -> None:
    doc = ast.get_docstring(ast.parse((ROOT / "clemsim" / room / "__init__.py").read_text()))
    assert doc and len(doc.split("\n\n")) >= 2


def test_games_need_no_event_loop_no_network_and_no_terminal() -> None:
    ran = subprocess.run([sys.executable, "-c", PURE], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.split())
    assert not loaded & {"asyncio", "aiohttp", "httpx", "rich"}
    ours = {name.split(".")[1] for name in loaded if name.startswith("clemsim.")}
    assert ours == {"errors", "game"}


def test_one_name_is_one_class() -> None:
    classes = Counter(
        node.name
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name for name, count in classes.items() if count > 1} <= SAME_NAME


def test_all_three_packages_are_typed() -> None:
    assert all((package / "py.typed").exists() for package in PACKAGES)
