"""The scripted players of the text adventure. The baseline reads what it is told, explores, and does what the task says; the
random player does anything with anything that is in sight, and is done after a while.

The baseline knows no more than a player does: rooms, things and ways as they are told, the words that the notes explain, the
recipe once it has read it. What made-up actions do it finds out by trying them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from clemsim_arenas.adventuregame.generate import EXPLAINED

from clemsim.game.messages import Message
from clemsim.game.seeds import Dice
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.adventuregame.atlas import Atlas
from clemsim_agents.adventuregame.errands import Brewing, Delivering, Trying
from clemsim_agents.reading import unreadable

_TASK = re.compile(r"^Your task: (.+)$", re.MULTILINE)
_MEANS = re.compile(r"To (\w+) means to ([^.]+)\.")
_CAN = re.compile(r"Besides what is usual you can ([^.]+)\.")
_GOAL = re.compile(r"the (.+?) (in|on) the (.+?)(?=, the | and the |\.$)")
_STATE = re.compile(r"the (\w+) (\w+)(?=, | and |\.$)")
LIMIT, HANDS, MANY = "You can carry two things at most.", 2, 1000
PATIENCE = 30  # commands of the random player


class Baseline(Agent):
    """The adventurer."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return the next command."""
        return Message(view.seat, _planned(view, next_command(view)))


class Random(Agent):
    """The adventurer, without any aim."""

    name = "random"

    async def reply(self, view: View) -> Message:
        """Return a drawn command with things and ways in sight; after some of them, that it is done."""
        dice = Dice(view.seed)
        atlas, said = remembered(view)
        if said >= PATIENCE:
            return Message(view.seat, "> done")
        here = [thing for thing in atlas.rooms if atlas.is_here(thing)] or ["room"]
        command = dice.choice(
            [
                f"go to {dice.choice(atlas.ways.get(atlas.room) or ['room'])}",
                f"take {dice.choice(here)}",
                f"open {dice.choice(here)}",
                f"put {dice.choice(atlas.carried or here)} on {dice.choice(here)}",
            ]
        )
        return Message(view.seat, _planned(view, command))


def remembered(view: View) -> tuple[Atlas, int]:
    """Return what is known after all that was said so far, and how many commands were given."""
    atlas = Atlas()
    for message in view:
        if message.author != view.seat:
            atlas.read(message.content)
    return atlas, sum(message.author == view.seat for message in view)


def _planned(view: View, command: str) -> str:
    return f"> {command}\nNext actions: look around" if "Next actions:" in view[0].content else f"> {command}"


def next_command(view: View) -> str:
    """Return what to do next, after all that was said so far."""
    begun = view[0].content
    task = _TASK.search(begun)
    if task is None:
        raise unreadable(view)
    atlas, _ = remembered(view)
    texts = [message.content for message in list(view)[1:] if message.author != view.seat]
    commands = [message.content for message in view if message.author == view.seat]
    return _errand(task[1], begun, atlas, list(zip(commands, texts, strict=False))).next()


def _errand(task: str, begun: str, atlas: Atlas, past: Sequence[tuple[str, str]]) -> Delivering | Trying | Brewing:
    verbs = {name: name for name in EXPLAINED}
    meanings = {meaning: name for name, meaning in EXPLAINED.items()}
    verbs |= {meanings[meaning]: word for word, meaning in _MEANS.findall(begun) if meaning in meanings}
    hands = HANDS if LIMIT in begun else MANY
    if task.startswith("Put "):
        return Delivering(atlas, verbs, hands, [(thing, how, target) for thing, how, target in _GOAL.findall(task)])
    if task.startswith("Make "):
        can = _CAN.search(begun)
        return Trying(atlas, verbs, past, dict(_STATE.findall(task)), can[1].split(", ") if can else [])
    return Brewing(atlas, verbs, past, hands)
