"""What happens by itself: events, each wherever its precondition holds for some things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from clemsim.game.seeds import Dice
from clemsim_arenas.adventures import describe
from clemsim_arenas.adventures.binding import Binding, Changes
from clemsim_arenas.adventures.facts import Facts
from clemsim_arenas.adventures.logic import Condition, Negation, Term, failing, terms
from clemsim_arenas.adventures.templates import filled
from clemsim_arenas.adventures.world import Event, Part, World

MOST = 1000  # events after one command: a bound for worlds whose events do not end


def happen(world: World, facts: Facts, places: dict[str, str], dice: Callable[[], Dice]) -> list[str]:
    """Let events happen, one after another, until none can; and return what is told of them. `places` is what the constants
    of events that relocate stand for, and is changed by them.
    """
    told: list[str] = []
    while len(told) < MOST and (text := _next(world, facts, places, dice)) is not None:
        told.append(text)
    return told


def _next(world: World, facts: Facts, places: dict[str, str], dice: Callable[[], Dice]) -> str | None:
    by_kind: dict[str, list[str]] = {}
    for fact in facts.of("type", "room") if world.events else ():
        by_kind.setdefault(fact[2], []).append(fact[1])
    for event in world.events:
        values = _first(world, facts, event, by_kind)
        if values is not None:
            return _happens(world, facts, event, values, places, dice)
    return None


def _happens(
    world: World, facts: Facts, event: Event, values: Mapping[str, str], places: dict[str, str], dice: Callable[[], Dice]
) -> str:
    relocation = event.type.relocation
    constants = {}
    if relocation is not None:
        constants = {relocation.constant: places.get(event.type.name, relocation.constant)}
    binding = Binding(facts, values, constants)
    binding.fails_at(event.precondition)  # types' names become instances
    changes = binding.apply(event.effects, Changes())
    words = {name[1:]: world.called(facts, value) for name, value in binding.values.items() if value is not None}
    prep = next((fact[0] for fact in changes.added if fact[0] in ("in", "on")), "")
    text = filled(
        event.type.text,
        words,
        {
            "room_desc": lambda: describe.room(world, facts),
            "inventory_desc": lambda: describe.inventory(world, facts),
            "prep": lambda: prep,
        },
    )
    if relocation is not None:
        others = [fact[1] for fact in facts.of(relocation.predicate) if fact[1] not in relocation.but]
        if others:
            places[event.type.name] = dice().choice(others)
    return text


def _first(world: World, facts: Facts, event: Event, by_kind: Mapping[str, Sequence[str]]) -> dict[str, str] | None:
    """Return the first values of the event's variables for which it happens, in the order of its variables and, for each, of
    the kinds and the facts; None where there are none.
    """
    candidates: dict[str, list[str]] = {}
    for name, kind in event.type.parameters:
        for own in world.members.get(kind, (kind,)):
            candidates.setdefault(f"?{name}", []).extend(by_kind.get(own, ()))
    found = min(_matches(facts, event.parts, candidates), default=None)
    if found is None:
        return None
    return {name: things[at] for (name, things), at in zip(candidates.items(), found, strict=True)}


def _matches(facts: Facts, parts: Sequence[Part], candidates: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, ...]]:
    """Yield the places of values, among the candidates of each variable, for which the parts of the precondition hold. The
    variable with the fewest candidates is bound first, and what is false already is not pursued.
    """
    order = sorted(candidates, key=lambda name: len(candidates[name]))
    checks: list[list[Condition]] = []
    known: set[str] = set()
    for name in order:
        before, known = known, known | {name}
        checks.append([part for part, names in parts if names <= known and not (before and names <= before)])
    todo: list[tuple[int, ...]] = [()]
    while todo:
        bound = todo.pop()
        depth = len(bound)
        if depth == len(order):
            place = dict(zip(order, bound, strict=True))
            yield tuple(place[name] for name in candidates)
            continue
        values = {name: candidates[name][at] for name, at in zip(order, bound, strict=False)}
        for place_, thing in enumerate(candidates[order[depth]]):
            binding = Binding(facts, {**values, order[depth]: thing})
            if all(_holds(binding, part) for part in checks[depth]):
                todo.append((*bound, place_))


def _holds(binding: Binding, condition: Condition) -> bool:
    if isinstance(condition, Term):
        return binding.is_true(condition)
    if isinstance(condition, Negation):
        return not binding.is_true(condition.term)
    truths = {term.number: binding.is_true(term) for term in terms(condition)}
    return failing(condition, [truths.get(number, True) for number in range(max(truths, default=-1) + 1)]) is None
