"""Two players of TextArena's Nim and Iterated Prisoner's Dilemma; they read what the environments show, as a model does."""

import re
from functools import reduce
from operator import xor

from clemsim import Agent, AgentOptions, Message, View

PILE = re.compile(r"pile (\d+): (\d+)")
CHOICE = re.compile(r"^\[Player (\d)\].*\[(Cooperate|Defect)\]", re.MULTILINE)
DECIDE = "Please reply with '[Cooperate]' or '[Defect]'"


class Player(Agent):
    """Answers by the game that it is asked about."""

    def __init__(self, arg: str, options: AgentOptions) -> None:
        self.name = type(self).__name__

    async def reply(self, view: View) -> Message:
        """Return a move; in the talk before a decision, a greeting."""
        shown = view.ask.content
        if view.key.arena == "textarena:Nim-v0":
            piles = {int(pile): int(objects) for pile, objects in PILE.findall(shown.rpartition("Current Pile")[2])}
            return Message(view.seat, "[{} {}]".format(*self.take(piles)))
        if DECIDE not in shown.rpartition("[Player")[2]:
            return Message(view.seat, "Good luck to both of us.")
        theirs = [choice for number, choice in CHOICE.findall(shown) if f"player{number}" != view.seat]
        return Message(view.seat, f"[{self.choose(theirs)}]")

    def take(self, piles: dict[int, int]) -> tuple[int, int]:
        """Return a pile and how many objects to take from it."""
        raise NotImplementedError

    def choose(self, theirs: list[str]) -> str:
        """Return `Cooperate` or `Defect`, after what the other player has chosen so far."""
        raise NotImplementedError


class FarSighted(Player):
    """Leaves piles whose binary sum without carry is 0, from where the other player loses; repays like with like."""

    def take(self, piles: dict[int, int]) -> tuple[int, int]:
        """Return the winning move; where there is none, one object of the largest pile."""
        total = reduce(xor, piles.values())
        for pile, objects in piles.items():
            if objects ^ total < objects:
                return pile, objects - (objects ^ total)
        return max(piles, key=lambda pile: piles[pile]), 1

    def choose(self, theirs: list[str]) -> str:
        """Return what the other player chose last."""
        return theirs[-1] if theirs else "Cooperate"


class Greedy(Player):
    """Takes the largest pile whole, and always the larger payoff."""

    def take(self, piles: dict[int, int]) -> tuple[int, int]:
        """Return the largest pile."""
        pile = max(piles, key=lambda pile: piles[pile])
        return pile, piles[pile]

    def choose(self, theirs: list[str]) -> str:
        """Return `Defect`."""
        return "Defect"
