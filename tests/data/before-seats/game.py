"""The game and the player of `run`, as they were when it was played."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from clemsim import Agent, AgentOptions, Arena, Instance, Invalid, Message, Outcome, Table, Transcript, View, tagged
from clemsim.formats import literal, one_of

NUMBERS = [str(number) for number in range(1, 10)]


class Secret(Instance):
    """The number to be found."""

    target: int


def number(text: str) -> int:
    """A number from 1 to 9."""
    if text not in NUMBERS:
        raise Invalid(f"{text!r} is no number from 1 to 9")
    return int(text)


class Hunt(Arena[Secret]):
    """A guesser hears higher or lower from a teller."""

    name, version = "hunt", 1
    seats = ("guesser", "teller")

    async def play(self, table: Table, secret: Secret, /) -> Outcome:
        """Five guesses; the teller must tell the truth."""
        table.tell("guesser", "Find a number from 1 to 9.")
        ask = "Your guess? GUESS: <number>"
        for tries in range(5):
            guess = await table.ask(
                "guesser", ask, parse=tagged("GUESS:", literal("GUESS: ") + one_of(*NUMBERS)).then(number)
            )
            if guess == secret.target:
                return Outcome.success(100 - 20 * tries)
            question = f"The number is {secret.target}, the guess {guess}. SAY: higher, or SAY: lower"
            ask = await table.ask("teller", question, parse=tagged("SAY:", literal("SAY: ") + one_of("higher", "lower")))
        table.note("missed", secret.target)
        return Outcome.failure("out of tries", blame="guesser")

    def metrics(self, transcript: Transcript[Secret], /) -> Mapping[str, float | None]:
        """How often was guessed."""
        return {"Guesses": float(len(transcript.moves("guesser")))}

    def instances(self) -> list[Secret]:
        """Each number."""
        return [Secret(id=place, target=place + 1) for place in range(9)]


class Halving(Agent):
    """Halves what is left; says no number where 7 is left."""

    def __init__(self, arg: str, options: AgentOptions) -> None:
        self.name = "halving"

    async def reply(self, view: View) -> Message:
        """Look at what was said so far."""
        if view.seat == "teller":
            target, guess = (int(part.split()[0].strip(",.")) for part in view.ask.content.split(" is ")[1].split("guess "))
            return Message(view.seat, "SAY: higher" if target > guess else "SAY: lower")
        low, high, messages = 1, 9, list(view)
        for said, answer in pairwise(messages):
            if said.author == view.seat:
                middle = int(said.content.removeprefix("GUESS: "))
                low, high = (middle + 1, high) if answer.content == "higher" else (low, middle - 1)
        middle = (low + high) // 2
        return Message(view.seat, "GUESS: seven" if middle == 7 else f"GUESS: {middle}")
