"""Write all golden transcripts anew: python -m tests.golden.write"""

from __future__ import annotations

from pathlib import Path

from clemsim.arena import find_arena
from clemsim.testing import drive, render
from tests import test_cookbook
from tests.golden.cases import CASES

FOLDER = Path(__file__).parent


def rendered(arena: str, outcome: str) -> str:
    """The transcript of a case as text."""
    game = find_arena(arena)()
    data, replies = CASES[arena][outcome]
    return render(drive(game, game.load(data), replies))


def main() -> None:
    """Write every case, and the games of the cookbook."""
    for arena, cases in CASES.items():
        (FOLDER / arena).mkdir(exist_ok=True)
        for outcome in cases:
            (FOLDER / arena / f"{outcome}.txt").write_text(rendered(arena, outcome), encoding="utf-8")
    for way in test_cookbook.SEEN:
        (test_cookbook.GOLDEN / f"{way}.txt").write_text(render(test_cookbook.seen(way)), encoding="utf-8")


if __name__ == "__main__":
    main()
