"""Small games and players for the framework's own tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from clemsim import Agent, Arena, Instance, Invalid, Message, Outcome, Question, Table, View, tagged
from clemsim.game.messages import Usage


class Number(Instance):
    """A number to be found."""

    target: int = 5
    tries: int = 4


def number(text: str) -> int:
    """A whole number."""
    if not text.isdecimal():
        raise Invalid(f"{text!r} is no number")
    return int(text)


class Guessing(Arena[Number]):
    """A guesser looks for a number and hears higher or lower."""

    name, version = "guessing", 1
    seats = ("guesser", "witness")

    async def play(self, table: Table, number_: Number, /) -> Outcome:
        """One guess a try; the witness only listens."""
        table.tell("witness", "Watch.")
        ask = f"Guess a number below {table.rng.randint(10, 20)}."
        for try_ in range(1, number_.tries + 1):
            guess = await table.ask("guesser", ask, parse=tagged("GUESS:").then(number), reask=again)
            table.tell("witness", f"They said {guess}.")
            if guess == number_.target:
                return Outcome.success(100 / try_)
            ask = "higher" if guess < number_.target else "lower"
        return Outcome.failure("out of tries", blame="guesser")


def again(problem: Invalid, tries: int) -> str | None:
    """One more chance."""
    return f"Once more: {problem.reason}" if tries == 1 else None


class Poll(Arena[Instance]):
    """Asks several seats at once, and one of them aside."""

    name, version = "poll", 1
    seats = ("a", "b")

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Two votes, then three asides."""
        votes = await table.ask_all([Question(seat, f"Vote, {seat}.", tagged("VOTE:")) for seat in self.seats])
        asides = await table.ask_all([Question("a", f"Aside {n}?", tagged("VOTE:"), keep=False) for n in range(3)])
        table.note("votes", [*votes, *asides])
        last = await table.ask("a", "Last words?", parse=tagged("VOTE:"))
        return Outcome.success(reason=last)


class Scripted(Agent):
    """Says what a function of the view returns, after some seconds."""

    def __init__(self, script: Callable[[View], str], delay: Callable[[View], float] | None = None) -> None:
        self.name = "scripted"
        self.script = script
        self.delay = delay
        self.in_flight = self.peak = 0

    async def reply(self, view: View) -> Message:
        """One scripted message."""
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        if self.delay:
            await asyncio.sleep(self.delay(view))
        self.in_flight -= 1
        return Message(view.seat, self.script(view), usage=Usage("script", view.seed, 0.0, 0.0, 1, 1))


def guess_by_seed(view: View) -> str:
    """A guess that depends on nothing but the view's own seed."""
    return f"GUESS: {view.seed % 10}"
