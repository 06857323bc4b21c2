"""What happens by itself: events, each wherever its precondition holds for some things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from clemsim.game.seeds import Dice
from clemsim_arenas.adventures import describe
from clemsim_arenas.adventures.binding import Binding, Changes
from clemsim_arenas.adventures.facts import Facts
from clemsim_arenas.adventures.logic import All, Condition, NumberTest, Term, failing, terms
from clemsim_arenas.adventures.templates import filled
from clemsim_arenas.adventures.world import Event, World

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
    for event in world.events:
        values = _first(world, facts, event)
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


def _first(world: World, facts: Facts, event: Event) -> dict[str, str] | None:
    """Return the first values of the event's variables for which it happens, in the order of its variables and of the facts;
    None where there are none.
    """
    candidates = _candidates(world, facts, event)
    found = min(_matches(facts, event.precondition, candidates), default=None)
    if found is None:
        return None
    return {name: things[at] for (name, things), at in zip(candidates.items(), found, strict=True)}


def _candidates(world: World, facts: Facts, event: Event) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for name, kind in event.type.parameters:
        kinds.setdefault(f"?{name}", []).extend(world.members.get(kind, (kind,)))
    typed = facts.of("type", "room")
    return {name: [fact[1] for fact in typed if fact[2] in own] for name, own in kinds.items()}


def _matches(facts: Facts, condition: Condition, candidates: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, ...]]:
    """Yield the places of values, among the candidates of each variable, for which the condition holds. The variable with
    the fewest candidates is bound first, and what is false already is not pursued.
    """
    order = sorted(candidates, key=lambda name: len(candidates[name]))
    checks = [_decided(condition, set(order[: number + 1])) for number in range(len(order))]
    todo: list[tuple[int, dict[str, tuple[int, str]]]] = [(0, {})]
    while todo:
        depth, bound = todo.pop()
        if depth == len(order):
            yield tuple(bound[name][0] for name in candidates)
            continue
        for place, thing in enumerate(candidates[order[depth]]):
            own = {**bound, order[depth]: (place, thing)}
            binding = Binding(facts, {name: value for name, (_, value) in own.items()})
            if all(_holds(binding, part) for part in checks[depth]):
                todo.append((depth + 1, own))


def _decided(condition: Condition, bound: set[str]) -> list[Condition]:
    """Return the parts of an `and` that hold only these variables."""
    parts = condition.parts if isinstance(condition, All) else (condition,)
    return [part for part in parts if _variables(part) <= bound]


def _holds(binding: Binding, condition: Condition) -> bool:
    truths = {term.number: binding.is_true(term) for term in terms(condition)}
    least = [truths.get(number, True) for number in range(max(truths, default=-1) + 1)]
    return failing(condition, least) is None


def _variables(condition: Condition) -> set[str]:
    found: set[str] = set()
    for term in terms(condition):
        sides = (term.left, term.right) if isinstance(term, NumberTest) else (term,)
        found.update(word for side in sides if isinstance(side, Term) for word in side.arguments if word.startswith("?"))
    return found
