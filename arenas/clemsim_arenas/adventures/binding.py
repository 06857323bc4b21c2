"""Evaluate conditions and bring effects about, with variables bound to things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clemsim_arenas.adventures.facts import DIGITS, Fact, Facts
from clemsim_arenas.adventures.logic import (
    Addition,
    Change,
    Condition,
    Effect,
    ForAll,
    NumberTest,
    Removal,
    Term,
    When,
    failing,
    terms,
)
from clemsim_arenas.adventures.world import INVENTORY, PLAYER

NAMED = ("type", "room")  # predicates whose second argument is a type


@dataclass(slots=True)
class Changes:
    """The facts that effects have added and removed, in order."""

    added: list[Fact] = field(default_factory=list)
    removed: list[Fact] = field(default_factory=list)


class Binding:
    """Variables (`?x`) and what they stand for: an instance, a type's name, or None for what was not said.

    A type's name that meets a fact becomes an instance for good: the first in the player's room, else the first of all, and
    None where there is none. Whatever has a None in it is true as a condition, and nothing as an effect.
    """

    def __init__(
        self,
        facts: Facts,
        values: Mapping[str, str | None],
        constants: Mapping[str, str] | None = None,
        meant: Mapping[str, str] | None = None,
    ) -> None:
        """`constants`: what stands for some constants of the effects; `meant`: for some types' names."""
        self._facts = facts
        self._meant = meant or {}
        self._constants = constants or {}
        self.values = dict(values)

    def truths(self, condition: Condition) -> list[bool]:
        """Return for each term of a condition whether it is true."""
        return [self.is_true(term) for term in terms(condition)]

    def fails_at(self, condition: Condition) -> int | None:
        """Return the number of the term to blame where a condition does not hold; None where it holds."""
        return failing(condition, self.truths(condition))

    def is_true(self, term: Term | NumberTest) -> bool:
        """Return whether a fact is there, or a comparison holds."""
        if isinstance(term, NumberTest):
            return term.holds(self._amount(term.left), self._amount(term.right))
        words = [self._value(argument) for argument in term.arguments]
        if term.predicate not in NAMED:
            words = [self._instance(word) for word in words]
        known = [word for word in words if word is not None]
        return len(known) < len(words) or (term.predicate, *known) in self._facts

    def apply(self, effects: Sequence[Effect], changes: Changes) -> Changes:
        """Bring effects about, one after another, and add to `changes` what they do."""
        for effect in effects:
            match effect:
                case Addition() | Removal():
                    self._change(effect, changes)
                case When():
                    if self.fails_at(effect.condition) is None:
                        self.apply(effect.effects, changes)
                case ForAll():
                    self._each(effect, changes)
                case Change():
                    self._count(effect, changes)
        return changes

    def _change(self, effect: Addition | Removal, changes: Changes) -> None:
        fact = self._fact(effect.term)
        if fact is None:
            return
        if isinstance(effect, Addition):
            self._facts.add(fact)
            changes.added.append(fact)
        else:
            self._facts.remove(fact)
            changes.removed.append(fact)

    def _each(self, effect: ForAll, changes: Changes) -> None:
        for fact in self._facts.of(effect.predicate or "type"):
            own = Binding(self._facts, {**self.values, effect.variable: fact[1]}, self._constants)
            own.apply(effect.effects, changes)

    def _count(self, effect: Change, changes: Changes) -> None:
        thing = self._value(effect.term.arguments[0])
        if thing is None:
            return
        function = effect.term.predicate
        before = self._facts.value(function, thing)
        now = effect.change(float(before), self._amount(effect.amount))
        removed, added = (function, thing, before), (function, thing, f"{now:g}")
        self._facts.remove(removed)
        self._facts.add(added)
        changes.removed.append(removed)
        changes.added.append(added)

    def _fact(self, term: Term) -> Fact | None:
        words = [self._constants.get(word, word) for word in map(self._value, term.arguments) if word is not None]
        return (term.predicate, *words) if len(words) == len(term.arguments) else None

    def _value(self, argument: str) -> str | None:
        return self.values.get(argument) if argument.startswith("?") else argument

    def _amount(self, term: Term | float) -> float:
        if not isinstance(term, Term):
            return term
        return float(self._facts.value(term.predicate, self._value(term.arguments[0]) or ""))

    def _instance(self, word: str | None) -> str | None:
        """Return the instance that a type's name stands for, and let all variables with that name stand for it too."""
        if word is None or word.endswith((*DIGITS, INVENTORY)):
            return word
        found = self._meant.get(word) or instance_of(self._facts, word)
        for variable, value in self.values.items():
            if value == word:
                self.values[variable] = found
        return found


def instance_of(facts: Facts, kind: str) -> str | None:
    """Return the first instance of a type in the player's room, else the first of all; None where there is none."""
    found = [fact[1] for fact in facts.of("room", "type") if fact[2] == kind]
    room = player_room(facts)
    return next((thing for thing in found if ("at", thing, room) in facts), found[0] if found else None)


def player_room(facts: Facts) -> str:
    """Return the room that the player is in."""
    return facts.about(PLAYER, "at")[-1][2]
