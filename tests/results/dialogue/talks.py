"""A game in which everything happens that a dialogue can show, and its events."""

from __future__ import annotations

from clemsim import Arena, Instance, Invalid, Outcome, Question, Table, ToolCall, tagged
from clemsim.game.content import Text
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.testing import Reply, drive
from tests.pictures import shade

KEY = EpisodeKey("talks", "default/0", 0, "b=two,one")
EVIL = "<script>alert(1)</script> \x1b[2J \u202e [red] {{ 7*7 }}"


def again(problem: Invalid, tries: int) -> str | None:
    """One more chance."""
    return f"Once more: {problem.reason}" if tries == 1 else None


def stock(item: str) -> int:
    """How many there are."""
    return len(item)


class Talks(Arena[Instance]):
    """Two seats; pictures, votes at once, an aside, tools, forgetting and notes."""

    name, version = "talks", 1
    seats = ("a", "b")

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Everything once."""
        table.system("a", "You are a.")
        table.tell_all("Welcome.")
        table.tell("b", (Text("Look."), shade(1)), echo="I see.")
        await table.ask_all([Question(seat, f"Vote, {seat}.", tagged("VOTE:"), reask=again) for seat in self.seats])
        await table.ask_all([Question("a", f"Aside {n}?", tagged("VOTE:"), keep=False) for n in (1, 2)])
        table.note("count", {"a": 1, "b": 2})
        await table.ask("b", "How many?", parse=tagged("SAY:"), tools=[stock])
        table.forget("b", keep=1)
        await table.ask("b", "And now?", parse=tagged("SAY:"))
        table.tell_all("It is over.")
        return Outcome.scores({"a": 1, "b": 0}, quality=50, reason="counted")


REPLIES: list[Reply] = [
    "VOTE: yes",
    f"no {EVIL}",
    "VOTE: no",
    "VOTE: aside",
    "VOTE: again",
    ToolCall.of("stock", item="bolt"),
    "SAY: 4",
    "SAY: five",
]


def events() -> tuple[Event, ...]:
    """Return the events of an episode of it."""
    return drive(Talks(), Instance(), REPLIES).events
