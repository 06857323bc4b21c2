"""What the baseline of the text adventure has to do, and how it goes about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clemsim_agents.adventuregame.atlas import Atlas

DONE = "done"
RECIPE, KETTLE = "recipe", "kettle"

_STEP = re.compile(r"\d+\. (?:Pour the (.+) into|Put the (.+) into|Stir the .+ with the (.+)|Shine the (.+) at)")


@dataclass(slots=True)
class Errand:
    """Something to do in a world that is known in part. `verbs`: what actions are called."""

    atlas: Atlas
    verbs: Mapping[str, str]

    def next(self) -> str:
        """Return the next command."""
        raise NotImplementedError

    def go(self, *rooms: str | None) -> str | None:
        """Return the command that leads towards the nearest of some rooms; None where there is no way."""
        way = self.atlas.way_to([room for room in rooms if room is not None])
        return way and f"{self.verbs['go']} to {way}"

    def explore(self) -> str:
        """Return the command that leads towards the nearest room that is unknown; the last, where there is none."""
        return self.go(*self.atlas.unknown()) or DONE

    def take(self, thing: str) -> str:
        """Return the command to take a thing that is here, or to open what it is in."""
        _, holder = self.atlas.holders.get(thing, ("on", "floor"))
        return f"{self.verbs['open']} {holder}" if holder in self.atlas.closed else f"{self.verbs['take']} {thing}"


@dataclass(slots=True)
class Delivering(Errand):
    """Put things somewhere, with so many things in hand at most."""

    hands: int
    goals: Sequence[tuple[str, str, str]]

    def next(self) -> str:
        """Return the next command: put what can be put here, take what is here, else walk."""
        atlas = self.atlas
        left = [goal for goal in self.goals if atlas.holders.get(goal[0]) != goal[1:]]
        if not left:
            return DONE
        for thing, how, target in left:
            if thing in atlas.carried and atlas.is_here(target):
                closed = target in atlas.closed
                return f"{self.verbs['open']} {target}" if closed else f"{self.verbs['put']} {thing} {how} {target}"
        free = len(atlas.carried) < self.hands
        for thing, _, _ in left:
            if free and atlas.is_here(thing):
                return self.take(thing)
        targets = [atlas.rooms.get(target) for thing, _, target in left if thing in atlas.carried]
        sources = [atlas.rooms.get(thing) for thing, _, _ in left if thing not in atlas.carried and free]
        return self.go(*targets, *sources) or self.explore()


@dataclass(slots=True)
class Trying(Errand):
    """Bring things into states by actions of which nothing but the names are known."""

    past: Sequence[tuple[str, str]]
    goals: Mapping[str, str]
    can: Sequence[str]

    def next(self) -> str:
        """Return the next command: try what is known to help on a thing that is here, then what was never tried on it, and
        then what was tried longest ago.
        """
        left = [thing for thing, state in self.goals.items() if not self._reached(thing, state)]
        if not left:
            return DONE
        for thing in left:
            if self.atlas.is_here(thing):
                return f"{self._verb(thing)} {thing}"
        return self.go(*[self.atlas.rooms.get(thing) for thing in left]) or self.explore()

    def _reached(self, thing: str, state: str) -> bool:
        return any(f"The {thing} is {state} now." in text for _, text in self.past)

    def _verb(self, thing: str) -> str:
        helps = [command.split()[1] for command, text in self.past if f" is {self.goals[thing]} now." in text]
        tried = [command.split()[1] for command, _ in self.past if command.endswith(f" {thing}")]
        latest = {verb: number for number, verb in enumerate(tried)}
        return min([*helps, *self.can], key=lambda verb: latest.get(verb, -1))


@dataclass(slots=True)
class Brewing(Errand):
    """Find a recipe and follow it."""

    past: Sequence[tuple[str, str]]
    hands: int

    def next(self) -> str:
        """Return the next command: explore until the recipe is read, then fetch what its steps need, and do them."""
        atlas = self.atlas
        steps = [_step(found) for _, text in self.past for found in _STEP.finditer(text)]
        if not steps:
            return self._look_for(RECIPE) or f"read {RECIPE}"
        at = sum(text.count("The kettle hisses") + ("You pour the" in text) for _, text in self.past)
        if at >= len(steps):
            return DONE
        wanted = list(dict.fromkeys(thing for thing, _ in steps[at:]))
        kitchen = atlas.rooms.get(KETTLE)
        thing, command = steps[at]
        if atlas.room == kitchen:
            if thing in atlas.carried or atlas.is_here(thing):
                return command
            idle = [each for each in atlas.carried if each != thing]
            if idle:
                return f"drop {idle[0]}"
        return self._fetch([each for each in wanted if each in atlas.carried or atlas.rooms.get(each) != kitchen], kitchen)

    def _fetch(self, wanted: Sequence[str], kitchen: str | None) -> str:
        """Return the command that brings the first things to the kitchen, as many as can be carried."""
        missing = [thing for thing in wanted[: self.hands] if thing not in self.atlas.carried]
        if not missing or len(self.atlas.carried) >= self.hands:
            return self.go(kitchen) or self.explore()
        return self._look_for(*missing) or self.take(next(thing for thing in missing if self.atlas.is_here(thing)))

    def _look_for(self, *things: str) -> str | None:
        """Return the command that leads to the nearest of some things, or into the unknown; None where one is here."""
        if any(self.atlas.is_here(thing) for thing in things):
            return None
        return self.go(*map(self.atlas.rooms.get, things)) or self.explore()


def _step(found: re.Match[str]) -> tuple[str, str]:
    """Return the thing of a step and its command."""
    thing = next(value for value in found.groups() if value).rstrip(".")
    line = found.string[found.start() :].partition("\n")[0]
    return thing, line.partition(" ")[2].rstrip(".").lower()
