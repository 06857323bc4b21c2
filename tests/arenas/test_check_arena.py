"""What every registered arena must keep to."""

from __future__ import annotations

import pytest

from clemsim import Arena, Instance, Outcome, Table, anything
from clemsim.arena import find_arena
from clemsim.catalog.plugins import registered
from clemsim.errors import ArenaError
from clemsim.testing import check_arena


@pytest.mark.parametrize("name", registered("arenas"))
def test_the_arena_keeps_to_the_contract(name: str) -> None:
    arena = find_arena(name)()
    check_arena(arena, arena.instances())


@pytest.mark.slow
@pytest.mark.parametrize("name", registered("arenas"))
def test_five_thousand_replies_all_end_in_an_outcome(name: str) -> None:
    arena, replies = find_arena(name)(), 0
    while replies < 5000:
        replies += check_arena(arena, arena.instances(), examples=500)


class Rememberer(Arena[Instance]):
    """Keeps something on itself."""

    name, seats = "rememberer", ("a",)

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Remember."""
        self.last: str = await table.ask("a", "?", parse=anything())
        return Outcome.success()


class Endless(Arena[Instance]):
    """Never ends."""

    name, seats, max_turns = "endless", ("a",), 20

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Ask for ever."""
        while True:
            await table.ask("a", "?")


@pytest.mark.parametrize(
    ("kind", "error", "text"),
    [
        (Rememberer, AssertionError, "play changed the arena object"),
        (Endless, ArenaError, "play asked more than 20 turns"),
    ],
)
def test_a_broken_arena_is_found_out(kind: type[Arena[Instance]], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        check_arena(kind(), [Instance()])
