"""What a player has come to know of a world: what is perceived is known, less what the player's own actions undid."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from clemsim_arenas.adventures import describe
from clemsim_arenas.adventures.binding import player_room
from clemsim_arenas.adventures.definitions import ActionType
from clemsim_arenas.adventures.facts import Fact, Facts
from clemsim_arenas.adventures.world import INVENTORY, PLAYER, World


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known after a command. `gain`: the facts that an epistemic action has shown; ratios are from 0 to 1: places of
    things that are known per thing, rooms that were visited, places of things that goals name per such thing.
    """

    epistemic: bool
    pragmatic: bool
    gain: int
    known_entities: float
    visited_rooms: float
    known_goal_entities: float


@dataclass(slots=True)
class Knowledge:
    """What is known, and what was after each command (`history`), as clembench keeps it; `visited`: the rooms that had been
    visited by then.
    """

    known: frozenset[Fact]
    history: list[frozenset[Fact]]
    visited: list[frozenset[str]]

    @classmethod
    def begin(cls, world: World, facts: Facts) -> Knowledge:
        """Return what is known at the beginning."""
        first = _perceived(world, facts)
        return cls(first, [first], [frozenset({player_room(facts)})])

    def perceive(self, world: World, facts: Facts, removed: Iterable[Fact]) -> None:
        """Add what is perceived after a command, less the facts that it removed."""
        self.known = (self.known | _perceived(world, facts)).difference(removed)
        self.history.append(self.known)
        rooms = self.visited[-1]
        self.visited.append(rooms if player_room(facts) in rooms else rooms | {player_room(facts)})

    def take_back(self, steps: int) -> None:
        """Take back the last `steps` entries of the history. What is left last is known then; where that many were carried
        out and one more failed, it is what the first of them has shown, as in clembench.
        """
        if steps:
            del self.history[-steps:], self.visited[-steps:]
            self.known = self.history[-1]

    def learned(self, facts: Facts, goals: Collection[Fact], action: ActionType | None) -> Learned:
        """Return what is known after a command. `action`: the one that was meant, None where none was understood."""
        places = [fact for fact in self.known if fact[0] == "at"]
        things = {fact[1] for fact in facts.of("type")}
        rooms = {fact[1] for fact in facts.of("room")}
        wanted = {thing for goal in goals for thing in goal[1:]}
        found = sum(any(fact[1] in goal for goal in goals) for fact in places)
        epistemic = action is not None and action.epistemic
        return Learned(
            epistemic=epistemic,
            pragmatic=action is not None and action.pragmatic,
            gain=len(self.known - self.history[-2]) if epistemic else 0,
            known_entities=len(places) / len(things),
            visited_rooms=len(self.visited[-1]) / len(rooms),
            known_goal_entities=found / len(wanted) if wanted else 0.0,
        )


def _perceived(world: World, facts: Facts) -> frozenset[Fact]:
    room = player_room(facts)
    seen = set(facts.about(PLAYER, "at"))
    for thing in describe.visible(world, facts):
        seen.update(facts.about(thing, "open", "closed", "at", "in", "on"))
    for thing in describe.contents(facts, INVENTORY, "in"):
        seen.update(facts.about(thing, "at", "in"))
    seen.update(facts.about(INVENTORY, "itemcount"))
    seen.update(facts.about(room, "exit"))
    return frozenset(seen)
