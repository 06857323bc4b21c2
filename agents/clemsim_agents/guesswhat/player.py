"""The baseline of guesswhat: both players know of what kind each of the game's own words is; the guesser halves the list.

A question names kinds, such as "Is it one of these: birds that sing, cakes?", and the answerer looks up that of its word.
"""

from __future__ import annotations

import re

from clemsim_arenas.guesswhat.game import GUESSER
from clemsim_arenas.guesswhat.words import kinds

from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.reading import unreadable

_LIST = re.compile(r"It is one of these: (.+?)\. Find out")
_TARGET = re.compile(r"The word is: (.+)")
_NAMED = re.compile(r"QUESTION: Is it one of these: (.+)\?")


class Baseline(Agent):
    """Both seats."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return a question, a guess or an answer."""
        return Message(view.seat, ask(view) if view.seat == GUESSER else answer(view))


def ask(view: View) -> str:
    """Return a question about half of the words that are left, or the word if there is one."""
    listed = _LIST.search(view[0].content)
    if not listed:
        raise unreadable(view)
    left = listed[1].split(", ")
    for question, reply in zip(view[1::2], view[2::2], strict=True):
        named = _kinds_in(question.content)
        meant = "yes" in reply.content.lower()
        left = [word for word in left if (kinds().get(word) in named) is meant] or left
    if len(left) == 1:
        return f"GUESS: {left[0]}"
    half = [kinds().get(word, word) for word in left[: len(left) // 2]]
    return f"QUESTION: Is it one of these: {', '.join(half)}?"


def answer(view: View) -> str:
    """Return whether the target is of a kind that the question names."""
    target = _TARGET.search(view[0].content)
    if not target:
        raise unreadable(view)
    return f"ANSWER: {'yes' if kinds().get(target[1]) in _kinds_in(view.ask.content) else 'no'}"


def _kinds_in(question: str) -> list[str]:
    named = _NAMED.search(question)
    return named[1].split(", ") if named else []
