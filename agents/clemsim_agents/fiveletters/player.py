"""Players of the wordle games: a solver, and one that guesses any valid word. Both make little of clues."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cache

from clemsim_arenas.fiveletters.board import Guess, parse_feedback
from clemsim_arenas.fiveletters.game import GUESSER
from clemsim_arenas.wordle.game import Wordle

from clemsim.game.messages import MODERATOR, Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.fiveletters.solver import agrees, next_guess
from clemsim_agents.reading import unreadable

FEEDBACK, AGREEMENT = "guess_feedback: ", "guess_agreement: "
_PROPOSED = re.compile(r"^guess: (\w+)$", re.MULTILINE)


class Baseline(Agent):
    """Knows the game's dictionary and how frequent its words are, and nothing else.

    The guesser commits to what it proposed; the critic agrees with every word that agrees with the feedback.
    """

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return a word that agrees with all feedback, or an opinion on one."""
        text = guess(view) if view.seat == GUESSER else opinion(view)
        return Message(view.seat, text)


class Random(Agent):
    """Any valid word, any opinion."""

    name = "random"

    async def reply(self, view: View) -> Message:
        """Return a word or an opinion that the seed of the turn draws."""
        rng = random.Random(view.seed)
        move = f"guess: {rng.choice(words())}" if view.seat == GUESSER else f"agreement: {rng.choice(['yes', 'no'])}"
        return Message(view.seat, f"explanation: by chance\n{move}")


def guess(view: View) -> str:
    """Return the solver's next word; after the critic has spoken, the word that was proposed."""
    if AGREEMENT in view.ask.content and (own := [message.content for message in view if message.author == view.seat]):
        return own[-1]
    return f"explanation: it agrees with all feedback so far\nguess: {next_guess(history(view), words())}"


def opinion(view: View) -> str:
    """Tell whether the proposal agrees with the feedback that stands beside it."""
    proposed = _PROPOSED.findall(view.ask.content)
    if not proposed:
        raise unreadable(view)
    fits = agrees(proposed[-1], marked(view.ask.content))
    why = "agrees" if fits else "does not agree"
    return f"explanation: it {why} with all feedback so far\nagreement: {'yes' if fits else 'no'}"


def history(view: View) -> list[Guess]:
    """Return the guesses so far with their marks, read off the feedback."""
    asks = [message.content for message in view if message.author == MODERATOR]
    return [guess_ for ask in asks if ask.startswith(FEEDBACK) for guess_ in marked(ask)]


def marked(text: str) -> list[Guess]:
    """Return the guesses with their marks in a text."""
    return [parse_feedback(line) for line in text.splitlines() if line.startswith(FEEDBACK)]


@cache
def words() -> Sequence[str]:
    """Return the valid words, the most frequent first."""
    return Wordle().resources.lines("resources/valid.txt")
