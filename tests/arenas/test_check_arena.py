"""What every registered arena must keep to."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from pydantic import Field

from clemsim import Arena, Instance, Invalid, Outcome, Table, Transcript, anything, tagged
from clemsim.arena import find_arena
from clemsim.catalog.plugins import registered
from clemsim.errors import ArenaError
from clemsim.formats import literal, one_of
from clemsim.testing import assert_golden, check_arena, drive


@pytest.mark.parametrize("name", registered("arenas"))
def test_the_arena_keeps_to_the_contract(name: str) -> None:
    arena = find_arena(name)()
    check_arena(arena, arena.instances(), examples=20)


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
        pytest.param(Endless, ArenaError, "play asked more than 20 turns", marks=pytest.mark.slow),
    ],
)
def test_a_broken_arena_is_found_out(kind: type[Arena[Instance]], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        check_arena(kind(), [Instance()])


class Counted(Instance):
    """An instance that can be changed, and one that does not come back from JSON as it was."""

    words: list[str] = Field(default_factory=list)


class OneAsk(Arena[Counted]):
    """Asks once; each broken game differs from it in one thing."""

    name, seats = "one_ask", ("a",)

    async def play(self, table: Table, instance: Counted, /) -> Outcome:
        """Ask."""
        await table.ask("a", "?", parse=tagged("N:", literal("N: ") + one_of("1", "2")))
        return Outcome.success()


class Divides(OneAsk):
    """Has a metric that fails on aborted episodes."""

    def metrics(self, transcript: Transcript[Counted], /) -> dict[str, float | None]:
        """Divide by the number of moves."""
        return {"Share": 1 / sum(turn.move is not None for turn in transcript.turns)}


class Draws(OneAsk):
    """Has a metric that is drawn."""

    def metrics(self, transcript: Transcript[Counted], /) -> dict[str, float | None]:
        """Draw."""
        return {"Luck": random.random()}


class Wide(OneAsk):
    """States a format that its parser refuses."""

    async def play(self, table: Table, instance: Counted, /) -> Outcome:
        """Ask for a number, and want a word."""
        numbers = literal("N: ") + one_of(*map(str, range(50)))
        await table.ask("a", "?", parse=tagged("N:", numbers).then(self._word))
        return Outcome.success()

    def _word(self, text: str) -> str:
        raise Invalid("a number is no word")


class Chance(OneAsk):
    """Throws a die that is not the table's."""

    async def play(self, table: Table, instance: Counted, /) -> Outcome:
        """Ask for what is drawn."""
        await table.ask("a", str(random.random()))
        return Outcome.success()


class Sleeper(OneAsk):
    """Waits."""

    async def play(self, table: Table, instance: Counted, /) -> Outcome:
        """Sleep."""
        time.sleep(0.01)  # noqa: ASYNC251 (that is what it is for)
        await table.ask("a", "?")
        return Outcome.success()


class Changer(OneAsk):
    """Changes its instance."""

    async def play(self, table: Table, instance: Counted, /) -> Outcome:
        """Add a word."""
        await table.ask("a", "?")
        instance.words.append("more")
        return Outcome.success()


class Silent(OneAsk):
    """Asks nobody."""

    async def play(self, table: Table, instance: Counted, /) -> Outcome:
        """End."""
        return Outcome.failure("nobody was asked")


@pytest.mark.parametrize(
    ("kind", "error", "text"),
    [
        (Divides, ArenaError, "scoring raised ZeroDivisionError"),
        (Draws, AssertionError, "scoring one transcript twice gives two results"),
        (Wide, AssertionError, "replies drawn from the Format of the asks to a was accepted"),
        (Chance, AssertionError, "take chance from table.rng"),
        (Sleeper, AssertionError, "play called time.sleep"),
        (Changer, AssertionError, "play changed the instance"),
        (Silent, AssertionError, "is an await missing before table.ask"),
    ],
)
def test_what_a_run_would_not_show_is_found_out(kind: type[OneAsk], error: type[Exception], text: str) -> None:
    assert check_arena(OneAsk(), [Counted()], examples=40) > 0
    with pytest.raises((error, ArenaError, ExceptionGroup) if kind is Sleeper else error, match=text):
        check_arena(kind(), [Counted()])


def test_instances_are_looked_at() -> None:
    for instances, text in (([], "at least one"), ([Counted(), Counted()], "2 instances are called default/0")):
        with pytest.raises(AssertionError, match=text):
            check_arena(OneAsk(), instances)


def test_replies_that_are_left_over_or_of_nobody_are_refused() -> None:
    for replies in (["N: 1", "N: 2"], {"a": ["N: 1", "N: 2"]}):
        with pytest.raises(ArenaError, match=r"the game ended \(success\) before it asked .* for 'N: 2'"):
            drive(OneAsk(), Counted(), replies)
    with pytest.raises(ArenaError, match="there are replies of 'b', who does not play: the seats are a"):
        drive(OneAsk(), Counted(), {"b": ["N: 1"]})


def test_a_function_answers_and_replies_may_be_cut() -> None:
    transcript = drive(OneAsk(), Counted(), lambda view: f"N: {view.turn}", stop="length")
    assert transcript.turns[0].replied.content == "N: 1" and transcript.turns[0].replied.stop == "length"


def test_a_golden_file_is_written_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    won, path = drive(OneAsk(), Counted(), ["N: 1"]), tmp_path / "golden" / "won.txt"
    with pytest.raises(AssertionError, match="CLEMSIM_WRITE_GOLDEN=1"):
        assert_golden(won, path)
    with monkeypatch.context() as patch:
        patch.setenv("CLEMSIM_WRITE_GOLDEN", "1")
        assert_golden(won, path)
    assert_golden(won, path)
    with pytest.raises(AssertionError, match=r"\+\[1\] a: N: 2"):
        assert_golden(drive(OneAsk(), Counted(), ["N: 2"]), path)
