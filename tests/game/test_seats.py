"""Seats and roles that an instance decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from clemsim import Arena, ArenaError, Instance, Outcome, Table, UsageError
from clemsim.catalog.agents import check_cast, check_seats, make_casts
from clemsim.catalog.kinds import AgentOptions
from clemsim.testing import check_arena, drive
from tests.results.test_seat_scores import HIGH, LOW


class Party(Instance):
    """How many come, and which of them is the thief."""

    guests: int = 2
    thief: int = 1


class Thief(Arena[Party]):
    """Each guest says something; the thief wins."""

    name, version = "thief", 1
    seats = tuple(f"guest{n}" for n in range(1, 6))
    roles = ("thief", "guest")

    def seats_for(self, party: Party, /) -> Mapping[str, str]:
        """The first so many seats."""
        return {seat: "thief" if n == party.thief else "guest" for n, seat in enumerate(self.seats[: party.guests], 1)}

    async def play(self, table: Table, party: Party, /) -> Outcome:
        """Ask all who are here."""
        for seat in table.seats:
            await table.ask(seat, "Well?")
        return Outcome.scores({seat: float(role == "thief") for seat, role in self.seats_for(party).items()})


PARTIES = [Party(id=n, guests=2 + n % 3, thief=1 + n % 2) for n in range(6)]


async def test_as_many_play_as_the_instance_says_and_roles_are_cast() -> None:
    results = await Thief().run(PARTIES, {"thief": HIGH, "guest": LOW})
    assert [len(result.transcript.turns) for result in results] == [2, 3, 4, 2, 3, 4]
    for party, result in zip(PARTIES, results, strict=True):
        said = {turn.seat: turn.replied.content for turn in result.transcript.turns}
        assert [seat for seat, text in said.items() if text == "N: 2"] == [f"guest{party.thief}"]
        assert {row.seat: row.agent for row in result.seated if row.role == "thief"} == {f"guest{party.thief}": "high"}


async def test_a_seat_goes_before_its_role_and_a_role_before_all_others() -> None:
    (result,) = await Thief().run([Party(guests=3)], {"guest2": HIGH, "guest": LOW, "thief": LOW})
    assert {row.seat: row.agent for row in result.seated} == {"guest1": "low", "guest2": "high", "guest3": "low"}


def test_check_arena_and_drive_take_the_seats_of_the_instance() -> None:
    assert check_arena(Thief(), PARTIES, examples=20) > 20
    assert drive(Thief(), PARTIES[0], {"guest1": ["a"], "guest2": ["b"]}).outcome is not None


def test_nobody_casts_a_seat_that_does_not_play() -> None:
    game = Thief()
    (cast,) = make_casts(["thief=random", "guest2=random"], AgentOptions())
    check_seats([game], [cast])
    check_cast(game, cast, [Party()])
    with pytest.raises(UsageError, match="no agent in seat 'guest3' of thief, which may be guest: add --agent guest=SPEC"):
        check_cast(game, cast, [Party(), Party(id=1, guests=3)])
    (typo,) = make_casts(["random", "theif=random"], AgentOptions())
    with pytest.raises(UsageError, match=r"no seat 'theif'; the seats are .*guest5, thief, guest"):
        check_seats([game], [typo])


@pytest.mark.parametrize(
    ("seats", "message"),
    [
        ([], "names no seat"),
        (["guest9"], "names 'guest9': add it to the seats of the class"),
        ({"guest1": "boss"}, "names the role 'boss': add it to the roles of the class, which are thief, guest"),
    ],
)
def test_what_seats_for_may_not_return(seats: Any, message: str) -> None:
    class Wrong(Thief):
        def seats_for(self, party: Party, /) -> Any:
            return seats

    with pytest.raises(ArenaError, match=message):
        drive(Wrong(), Party(), [])


@pytest.mark.parametrize(("roles", "message"), [("spy", "roles is a tuple of names"), (("guest1",), "a seat and a role")])
def test_roles_that_are_none(roles: Sequence[str], message: str) -> None:
    class Wrong(Thief):
        pass

    Wrong.roles = roles  # type: ignore[assignment]
    with pytest.raises(ArenaError, match=message):
        Wrong()
