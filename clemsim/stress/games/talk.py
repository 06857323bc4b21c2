"""A game of a given length, to load servers with."""

from __future__ import annotations

from collections.abc import Callable

from clemsim.arena import Arena
from clemsim.game.instances import Instance
from clemsim.game.outcomes import Outcome
from clemsim.game.table import Table


class Topic(Instance):
    """A conversation of `turns` turns, each of which asks with `words` words."""

    turns: int = 4
    words: int = 20


class Talk(Arena[Topic]):
    """One seat talks. Every turn brings new words, so that episodes share nothing but the template of the server."""

    name, version = "talk", 1
    seats = ("speaker",)

    async def play(self, table: Table, topic: Topic, /) -> Outcome:
        """Ask once for each turn; every episode is a success."""
        for turn in range(topic.turns):
            await table.ask("speaker", f"{topic.id}, {turn}: " + "word " * topic.words)
        return Outcome.success()


def topics(count: int, turns: Callable[[int], int] = lambda number: 4, words: int = 20) -> list[Topic]:
    """Return `count` instances; `turns` gives the turns of each by its number. Those of one length are one experiment."""
    return [
        Topic(id=number, experiment=f"{turns(number)} turns", turns=turns(number), words=words) for number in range(count)
    ]
