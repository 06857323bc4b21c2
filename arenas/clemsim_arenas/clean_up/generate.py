"""Generate the instances: `python -m clemsim_arenas.clean_up.generate --seed 1 --out FILE`.

There are three rooms of each difficulty, with three, five or seven objects. No object lies in one place for both seats.
"""

from __future__ import annotations

from dataclasses import dataclass

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.clean_up.draw import draw_room
from clemsim_arenas.clean_up.game import CleanUp
from clemsim_arenas.clean_up.reading import COMMANDS
from clemsim_arenas.clean_up.room import FREE, Cell, Room

EACH, MOST = 3, 60  # rooms of each difficulty: as in clembench, and at most
OBJECTS = {3: "CLP", 5: "WITCH", 7: "POTSDAM"}  # letters that are told apart easily


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How many cells of a room are free, and in how many pieces lines meet."""

    free: int
    branches: int


DIFFICULTIES = {"0_easy": Difficulty(34, 7), "1_medium": Difficulty(29, 11), "2_hard": Difficulty(24, 15)}


def generate(options: GeneratorOptions) -> list[Room]:
    """Return 3 rooms of each difficulty, or `options.count`, with each number of objects. Raises UsageError."""
    options.check_language(*COMMANDS)
    return [room for name in DIFFICULTIES for room in _of_difficulty(name, options)]


def _of_difficulty(name: str, options: GeneratorOptions) -> list[Room]:
    rng, difficulty = options.dice(CleanUp.name, name), DIFFICULTIES[name]
    backgrounds: dict[tuple[str, ...], None] = {}
    while len(backgrounds) < options.draw_count(EACH, MOST):
        backgrounds[draw_room(rng, difficulty.free, difficulty.branches)] = None
    return [
        _room(f"{name}_{count}obj_{options.language}", number, options.language, background, letters, rng)
        for count, letters in OBJECTS.items()
        for number, background in enumerate(backgrounds)
    ]


def _room(name: str, number: int, language: str, background: tuple[str, ...], letters: str, rng: Dice) -> Room:
    lines = enumerate(background)
    cells: list[Cell] = [(column, row) for row, line in lines for column, piece in enumerate(line) if piece == FREE]
    while True:
        one, two = (dict(zip(letters, rng.sample(cells, len(letters)), strict=True)) for _ in range(2))
        if all(one[letter] != two[letter] for letter in letters):
            break
    return Room(
        experiment=name,
        id=number,
        seed=rng.getrandbits(31),
        language=language,
        background=background,
        objects=(one, two),
        penalties=2 * len(letters) + 2,
        rounds=4 * len(letters),
    )


if __name__ == "__main__":
    main(generate)
