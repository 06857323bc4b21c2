"""Players of taboo: a pair that shares a dictionary, and one that says anything."""

from __future__ import annotations

import random

from clemsim_arenas.taboo.game import DESCRIBER

from clemsim.game.messages import MODERATOR, Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.reading import unreadable
from clemsim_agents.taboo.lexicon import load

SECRET, FORBIDDEN, CLUE, GUESS = "Secret word: ", "Forbidden words:", "CLUE: ", "GUESS: "


class Baseline(Agent):
    """The describer reads its clues out of a dictionary, the guesser looks for the entry that fits them best."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return a clue or a guess."""
        return Message(view.seat, describe(view) if view.seat == DESCRIBER else guess(view))


class Random(Agent):
    """A clue and a guess out of the dictionary, by chance."""

    name = "random"

    async def reply(self, view: View) -> Message:
        """Return a word that the seed of the turn draws."""
        word = random.Random(view.seed).choice(load().words)
        return Message(view.seat, (CLUE if view.seat == DESCRIBER else GUESS) + word)


def describe(view: View) -> str:
    """Return the next clue that the dictionary has for the secret word."""
    lines = view[0].content.splitlines()
    secret = next((line.removeprefix(SECRET) for line in lines if line.startswith(SECRET)), "")
    if not secret or FORBIDDEN not in lines:
        raise unreadable(view)
    related = [line.removeprefix("- ") for line in lines[lines.index(FORBIDDEN) :] if line.startswith("- ")]
    clues = load().clues(secret, [secret, *related])
    given = sum(1 for message in view if message.author == view.seat)
    return CLUE + clues[given % len(clues)]


def guess(view: View) -> str:
    """Return the best guess for all clues so far that was not made yet."""
    asks = [message.content for message in view if message.author == MODERATOR]
    clues = [ask.removeprefix(CLUE) for ask in asks if ask.startswith(CLUE)]
    tried = [message.content.removeprefix(GUESS) for message in view if message.author == view.seat]
    guesses = load().guesses(clues, tried)
    return GUESS + (guesses[0] if guesses else "nothing")
