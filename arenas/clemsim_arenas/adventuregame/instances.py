"""Instances of the text adventure."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal

from pydantic import Field

from clemsim import Instance
from clemsim.errors import ArenaError, BadInstance
from clemsim.game.resources import Resources
from clemsim.game.seeds import Dice
from clemsim_arenas.adventures.definitions import Renamed, WorldPart, merge
from clemsim_arenas.adventures.facts import read_fact
from clemsim_arenas.adventures.interpreter import Interpreter
from clemsim_arenas.adventures.world import World, build, initial_facts

MOST_TURNS = 500
NEEDED = "make a suite of the clembench checkout that has them (clemsim suite import-clembench), and name it (--suite)"


class Adventure(Instance):
    """One adventure. `task`: what to bring about, in words; `notes`: more that the player is told. `initial_state` and
    `goal_state` hold facts such as `on(plate1,table1)`.

    `world`: its parts, each defined here or in the file of this name in `resources/`. `definitions`: those of files that
    are not there. `meant`: the instance that a type's name stands for, where a recording tells. `renamed`: what players call
    some rooms and things, and the only verb of some actions.
    """

    variant: Literal["basic", "plan"] = "basic"
    task: str
    notes: str = ""
    initial_state: tuple[str, ...]
    goal_state: tuple[str, ...] = Field(min_length=1)
    max_turns: int = Field(ge=1, le=MOST_TURNS)
    optimal_turns: int
    world: tuple[str | WorldPart, ...]
    definitions: Mapping[str, WorldPart] = Field(default_factory=dict)
    meant: Mapping[str, str] = Field(default_factory=dict)
    renamed: Renamed = Field(default_factory=dict)

    def begin(self, resources: Resources, dice: Callable[[], Dice]) -> Interpreter:
        """Return the adventure at its beginning. `dice`: gives chance, for worlds with events that need it.

        Raises BadInstance, and ArenaError for a file that is missing.
        """
        try:
            world = world_of(tuple(self._text(part, resources) for part in self.world), tuple(self.renamed.items()))
            goals = frozenset(read_fact(text) for text in self.goal_state)
            return Interpreter(world, initial_facts(world, self.initial_state), goals, dice, self.meant)
        except (KeyError, ValueError) as error:
            raise BadInstance(f"adventuregame: {self.label}: {error}") from error

    def _text(self, part: str | WorldPart, resources: Resources) -> str:
        """Return the JSON of a part: where it has a file's name, the file's, else the one that the instance has."""
        if isinstance(part, WorldPart):
            return part.model_dump_json()
        if part in self.definitions and not any((folder / "resources" / part).is_file() for folder in resources.folders):
            return self.definitions[part].model_dump_json()
        try:
            return resources.text(f"resources/{part}")
        except ArenaError as error:
            how = (
                "make a suite of the clembench checkout that has them (clemsim suite import-clembench) and name it (--suite)"
            )
            raise BadInstance(f"adventuregame: {self.label}: the definitions {part!r} are not there: {how}") from error


@lru_cache(maxsize=64)
def world_of(parts: tuple[str, ...], renamed: tuple[tuple[str, str], ...] = ()) -> World:
    """Return the world of these parts, each a text of JSON or TOML. Raises KeyError and ValueError."""
    return build(merge(map(_part, parts), dict(renamed)))


def _part(text: str) -> WorldPart:
    if text.lstrip().startswith("{"):
        return WorldPart.model_validate_json(text)
    return WorldPart.model_validate(tomllib.loads(text))
