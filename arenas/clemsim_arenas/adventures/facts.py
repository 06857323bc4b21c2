"""The state of a world: a set of facts that keeps its order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Fact = tuple[str, ...]  # a predicate and one or two arguments, such as ("on", "plate1", "table1"); numbers are text

DIGITS = tuple("0123456789")


def read_fact(text: str) -> Fact:
    """Return the fact in `on(plate1,table1)`. The second argument may hold commas and line feeds.

    Raises ValueError for what is none.
    """
    predicate, opened, rest = text.partition("(")
    if not opened or not predicate or not rest.endswith(")"):
        raise ValueError(f"{text!r} is no fact such as 'on(plate1,table1)'")
    return (predicate, *rest[:-1].split(",", 1))


def write_fact(fact: Fact) -> str:
    """Return a fact as text."""
    return f"{fact[0]}({','.join(fact[1:])})"


def type_of(instance: str) -> str:
    """Return an instance's name without its number, such as `plate` of `plate1`."""
    return instance.rstrip("0123456789")


class Facts:
    """A set of facts in the order in which they were added; one that is added again becomes the newest."""

    __slots__ = ("_all", "_by_predicate", "_by_subject")

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._all: dict[Fact, None] = {}
        self._by_predicate: dict[str, dict[Fact, None]] = {}
        self._by_subject: dict[str, dict[Fact, None]] = {}
        for fact in facts:
            self.add(fact)

    def __contains__(self, fact: Fact) -> bool:
        return fact in self._all

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def add(self, fact: Fact) -> None:
        """Add a fact, as the newest."""
        self.remove(fact)
        self._all[fact] = None
        self._by_predicate.setdefault(fact[0], {})[fact] = None
        self._by_subject.setdefault(fact[1], {})[fact] = None

    def remove(self, fact: Fact) -> None:
        """Remove a fact; an absent one is left absent."""
        if fact in self._all:
            del self._all[fact]
            del self._by_predicate[fact[0]][fact]
            del self._by_subject[fact[1]][fact]

    def of(self, *predicates: str) -> list[Fact]:
        """Return the facts with one of these predicates, predicate by predicate."""
        return [fact for predicate in predicates for fact in self._by_predicate.get(predicate, ())]

    def about(self, subject: str, *predicates: str) -> list[Fact]:
        """Return the facts whose first argument this is, with one of `predicates` or, without any, all of them."""
        facts = self._by_subject.get(subject, ())
        return [fact for fact in facts if fact[0] in predicates] if predicates else list(facts)

    def value(self, function: str, subject: str) -> str:
        """Return the number that a function has for a thing, as text; "0" where none is known."""
        return next((fact[2] for fact in self.about(subject, function)), "0")

    def copy(self) -> Facts:
        """Return a copy that can be changed on its own."""
        other = Facts()
        other._all = dict(self._all)
        other._by_predicate = {key: dict(facts) for key, facts in self._by_predicate.items()}
        other._by_subject = {key: dict(facts) for key, facts in self._by_subject.items()}
        return other
