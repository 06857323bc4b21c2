"""Players of wordle: a solver, and one that guesses any valid word."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache

from clemsim_arenas.wordle.board import Guess, parse_feedback
from clemsim_arenas.wordle.game import Wordle

from clemsim.agent import Agent, View
from clemsim.messages import MODERATOR, Message
from clemsim_agents.wordle.solver import next_guess

FEEDBACK = "guess_feedback: "


class Baseline(Agent):
    """Knows the game's dictionary and how frequent its words are, and nothing else."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """A word that agrees with all feedback."""
        word = next_guess(history(view), words())
        return Message(view.seat, f"explanation: it agrees with all feedback so far\nguess: {word}")


class Random(Agent):
    """Any valid word."""

    name = "random"

    async def reply(self, view: View) -> Message:
        """A word drawn by the seed of the turn."""
        return Message(view.seat, f"explanation: by chance\nguess: {random.Random(view.seed).choice(words())}")


def history(view: View) -> list[Guess]:
    """The guesses so far with their marks, read off the feedback."""
    asks = [message.content for message in view if message.author == MODERATOR]
    return [parse_feedback(ask.splitlines()[0]) for ask in asks if ask.startswith(FEEDBACK)]


@cache
def words() -> Sequence[str]:
    """The valid words, the most frequent first."""
    return Wordle().resources.lines("resources/valid.txt")
