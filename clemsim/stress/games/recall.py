"""A game whose right answers are known, and an answerer of known skill for a simulated server."""

from __future__ import annotations

import random
import re
from hashlib import blake2b

from clemsim.arena import Arena
from clemsim.engines.simulated.answers import Body, babble
from clemsim.game.instances import Instance
from clemsim.game.outcomes import Outcome
from clemsim.game.parsing import Invalid, tagged
from clemsim.game.table import Table

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo", "Kim", "Leo", "Mia", "Ned", "Ola", "Pia")
RULES = "I tell you how much each of us owes. Answer every question in the form ANSWER: NUMBER and say nothing else."

_FACT = re.compile(r"(\w+) owes (\d+)\.")
_QUESTION = re.compile(r"How much does (\w+) owe\?\Z")


class Debts(Instance):
    """One fact and one question for each of `turns` turns; `seed` decides which."""

    turns: int = 6


class Recall(Arena[Debts]):
    """Every turn tells a fact, and asks about one of all facts so far."""

    name, version = "recall", 1
    seats = ("clerk",)

    async def play(self, table: Table, debts: Debts, /) -> Outcome:
        """Ask all questions. Quality is the share of right answers; only an episode without a wrong one is a success."""
        owed: dict[str, int] = {}
        right = 0
        for turn in range(debts.turns):
            name = NAMES[turn % len(NAMES)]
            owed[name] = table.rng.randint(10, 99)
            debtor = table.rng.choice(list(owed))
            prompt = f"{name} owes {owed[name]}. How much does {debtor} owe?"
            prompt = prompt if turn else f"{RULES}\n\n{prompt}"
            answer = await table.ask("clerk", prompt, parse=tagged("ANSWER:").then(_number))
            right += answer == owed[debtor]
        quality = 100 * right / debts.turns
        return Outcome.success(quality) if right == debts.turns else Outcome.failure("a wrong answer", quality=quality)


def debts(count: int, turns: int = 6, first: int = 0) -> list[Debts]:
    """Return `count` instances, all different, numbered from `first`."""
    return [Debts(id=number, seed=number, turns=turns) for number in range(first, first + count)]


def _number(text: str) -> int:
    if not text.isdecimal():
        raise Invalid(f"{text!r} is no number")
    return int(text)


class Clerk:
    """Answers for a simulated server: questions of Recall rightly with probability `skill`, all else with babble.

    The dice are seeded by the request, as with a server at temperature 0. The share `noise` of answers is drawn anew each
    time, with the same probability of being right, as when batching changes what a real server computes.
    """

    def __init__(self, skill: float = 0.9, noise: float = 0.0, seed: int | None = None) -> None:
        """Take the `seed` of the noise; None gives another noise each time."""
        self._skill = skill
        self._noise = noise
        self._chance = random.Random(seed)

    def __call__(self, body: Body) -> str:
        """Return the answer to the body of a chat request."""
        prompts = [str(message["content"]) for message in body["messages"] if message["role"] == "user"]
        question = _QUESTION.search(prompts[-1]) if prompts else None
        facts = dict(_FACT.findall("\n".join(prompts)))
        if not question or question[1] not in facts:
            return babble(body)
        dice = random.Random(blake2b(f"{body.get('seed')} {prompts}".encode()).digest())
        if self._chance.random() < self._noise:
            dice = self._chance
        right = int(facts[question[1]])
        return f"ANSWER: {right if dice.random() < self._skill else right + dice.randint(1, 9)}"
