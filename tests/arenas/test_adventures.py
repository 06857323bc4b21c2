"""The rules engine of text adventures: facts, conditions, commands, events."""

from __future__ import annotations

import random

import pytest
from clemsim_arenas.adventures.binding import Binding, Changes
from clemsim_arenas.adventures.definitions import ActionType, Domain, EntityType, EventType, RoomType, WorldPart, merge
from clemsim_arenas.adventures.facts import Facts, read_fact, write_fact
from clemsim_arenas.adventures.grammar import Command, Grammar
from clemsim_arenas.adventures.interpreter import Interpreter
from clemsim_arenas.adventures.logic import read_condition, read_effects
from clemsim_arenas.adventures.world import build, initial_facts
from hypothesis import given
from hypothesis import strategies as st

ACTIONS = (
    ActionType(name="open", verbs=("open",)),
    ActionType(name="take", verbs=("take", "pick"), shapes=("PREP* THING (PREP THING)*",)),
    ActionType(name="put", verbs=("put", "leave"), shapes=("THING back* PREP* THING",)),
    ActionType(name="go", verbs=("go",), shapes=("back* to* THING",)),
    ActionType(name="examine", verbs=("inspect",)),
    ActionType(name="look", verbs=("look", "inspect"), shapes=("around", "THING")),
    ActionType(name="drop", verbs=("drop", "leave"), shapes=("THING away*",)),
    ActionType(name="stir", verbs=("stir",), shapes=("THING (with | using)* THING",)),
    ActionType(name="done", verbs=("done",), shapes=("",)),
)
GRAMMAR = Grammar(ACTIONS, ["wooden", "large", "side"])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("take the apple from a wooden table", ("take", ("apple", "table"), "from")),
        ("pick up apple", ("take", ("apple",), "up")),
        ("take apple out of box", ("take", ("apple", "box"), "out of")),
        ("take apple in", ("take", ("apple in",), None)),
        ("take out", ("take", ("out",), None)),
        ("take a b c d", ("take", ("b c d",), None)),
        ("take a b c d e", ("take", ("b c d e",), None)),
        ("put apple back on table", ("put", ("apple", "table"), "on")),
        ("put potted plant side table", ("put", ("potted plant", "table"), None)),
        ("put potted plant top table", ("put", ("potted plant top", "table"), None)),
        ("put apple", (None, (), None)),
        ("go back to living room", ("go", ("living room",), None)),
        ("go to", ("go", ("to",), None)),
        ("inspect apple", ("examine", ("apple",), None)),
        ("look around", ("look", (), None)),
        ("look around now", ("look", ("around now",), None)),
        ("leave apple", ("drop", ("apple",), None)),
        ("leave apple on table", ("put", ("apple", "table"), "on")),
        ("drop apple away", ("drop", ("apple",), None)),
        ("stir brew with ladle", ("stir", ("brew", "ladle"), None)),
        ("open cat's toy", ("open", ("cat toy",), None)),
        ("done", ("done", (), None)),
        ("done now", (None, (), None)),
        ("fly", (None, (), None)),
        ("take apple, then go", None),
        ("take äpple", None),
        ("take cat's", None),
        ("", None),
        ("> take apple", None),
        ("take apple 1", None),
    ],
)
def test_commands(line: str, expected: tuple[object, ...] | None) -> None:
    found = GRAMMAR.read(line)
    assert (None if found is None else tuple(found[:3])) == expected


@given(st.text(alphabet="abcdeht onfrumtkp'.\n", max_size=200))
def test_any_line_is_a_command_or_none(line: str) -> None:
    found = GRAMMAR.read(line)
    assert found is None or isinstance(found, Command)


def test_a_long_line_takes_no_long_time() -> None:
    assert GRAMMAR.read("take " + "on " * 5000) == Command("take", ("on",), "on", "take")
    found = GRAMMAR.read("take " + "apple on " * 2000 + "table")
    assert found is not None and found.things[:2] == ("apple", "apple")


def test_a_short_shape_holds_where_no_thing_has_adjectives() -> None:
    looking = (ActionType(name="look", verbs=("look",), shapes=("THING", "at! SHORT")),)
    with_adjectives, without = Grammar(looking, ["red"]), Grammar(looking, [])
    assert with_adjectives.read("look at box") == Command("look", ("at box",), None, "look")
    assert without.read("look at box") == Command("look", ("box",), None, "look")


@pytest.mark.parametrize("shape", ["(THING", "THING)", "NOUN", "THING ?"])
def test_a_shape_that_is_none(shape: str) -> None:
    with pytest.raises(ValueError, match="action odd: "):
        Grammar([ActionType(name="odd", verbs=("odd",), shapes=(shape,))], [])


def test_facts_are_in_order_and_the_newest_is_last() -> None:
    facts = Facts([("on", "cup1", "desk1"), ("open", "box1"), ("on", "pen1", "desk1")])
    facts.add(("on", "cup1", "desk1"))
    assert list(facts) == [("open", "box1"), ("on", "pen1", "desk1"), ("on", "cup1", "desk1")]
    other = facts.copy()
    other.remove(("open", "box1"))
    assert ("open", "box1") in facts and ("open", "box1") not in other and facts.about("box1") == [("open", "box1")]


def test_facts_as_text() -> None:
    text = "text(note1,first, second (third))"
    assert read_fact(text) == ("text", "note1", "first, second (third)") and write_fact(read_fact(text)) == text
    with pytest.raises(ValueError, match="is no fact"):
        read_fact("on table")


def blamed(condition: str, *facts: str, **values: str | None) -> int | None:
    known = Facts([("at", "player1", "hall1"), *map(read_fact, facts)])
    return Binding(known, {f"?{name}": value for name, value in values.items()}).fails_at(read_condition(condition))


def test_the_first_part_that_does_not_hold_is_to_blame() -> None:
    condition = "(and (open ?e) (or (and (on ?e ?s) (support ?s)) (in ?e ?s)) (not (red ?e)) (< (count ?i) 2))"
    some = ("open(cup1)", "on(cup1,desk1)")
    every = {"e": "cup1", "s": "desk1", "i": "inventory"}
    assert blamed(condition, **every) == 0
    assert blamed(condition, *some, **every) == 2
    assert blamed(condition, *some, "support(desk1)", **every) is None
    assert blamed(condition, *some, "support(desk1)", "red(cup1)", **every) == 4
    assert blamed(condition, *some, "support(desk1)", "count(inventory,2)", **every) == 5


def test_a_type_stands_for_the_instance_that_is_here_and_what_is_missing_for_anything() -> None:
    places = ("type(floor1,floor)", "at(floor1,attic1)", "type(floor2,floor)", "at(floor2,hall1)")
    assert blamed("(and (at ?f hall1))", *places, f="floor") is None
    assert blamed("(and (at ?f attic1))", *places, f="floor") == 0
    assert blamed("(and (at ?f hall1))", f="floor") is None  # a type without an instance
    assert blamed("(and (not (at ?f hall1)))", f=None) == 0


def test_effects_come_one_after_another() -> None:
    facts = Facts(map(read_fact, ["soft(a1)", "soft(b1)", "in(a1,inventory)", "count(inventory,1)"]))
    effects = "(and (big ?x) (when (big ?x) (not (small ?x))) (forall (?e - soft) (when (in ?e inventory) (wet ?e)))"
    effects += " (increase (count ?i) 1) (gone ?y))"
    changes = Binding(facts, {"?x": "c1", "?i": "inventory", "?y": None}).apply(read_effects(effects), Changes())
    added = [("big", "c1"), ("wet", "a1"), ("count", "inventory", "2")]
    assert changes.added == added and ("small", "c1") in changes.removed and all(fact in facts for fact in added)


@pytest.mark.parametrize("text", ["(and (at ?p ?r)", "at", "(and) (or)", "(not (and (a b)))", "(at a b c)"])
def test_conditions_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_condition(text)


def small_world(*events: EventType) -> Interpreter:
    part = WorldPart(
        rooms=tuple(RoomType(name=name, called=name) for name in ("hall", "attic")),
        entities=tuple(EntityType(name=name, called=name, hidden=name != "pen") for name in ("player", "pen", "floor")),
        actions=(ActionType(name="wait", verbs=("wait",), shapes=("",), success="You wait."),),
        events=events,
        domain=Domain(types={"room": ("hall", "attic"), "entity": ("player", "pen", "floor")}),
    )
    facts = ["room(hall1,hall)", "room(attic1,attic)", "type(player1,player)", "at(player1,hall1)", "type(pen1,pen)"]
    facts += ["at(pen1,hall1)", "exit(hall1,attic1)"]
    world = build(merge([part]))
    return Interpreter(world, initial_facts(world, facts), frozenset({("at", "pen1", "attic1")}), lambda: random.Random(1))


def test_events_happen_until_none_can() -> None:
    rolls = EventType(
        name="roll",
        parameters=(("e", "pen"), ("r", "room"), ("d", "room")),
        precondition="(and (at ?e ?r) (exit ?r ?d))",
        effect="(and (at ?e ?d) (not (at ?e ?r)))",
        text="The {{ e }} rolls to the {{ d }}.",
    )
    game = small_world(rolls)
    first, then = game.act("wait"), game.act("wait")
    assert first.text == "You wait.\nThe pen rolls to the attic." and first.goals == frozenset()
    assert then.text == "You wait.\n" and then.goals == game.goals  # goals count before events


def test_a_plan_is_tried_and_taken_back() -> None:
    game = small_world()
    before = list(game.facts)
    assert [response.failure is None for response in game.rehearse(["wait", "fly", "wait"])] == [True, False]
    assert list(game.facts) == before


def test_an_event_may_lead_elsewhere_each_time() -> None:
    blows = EventType(
        name="blow",
        parameters=(("e", "pen"), ("r", "hall")),
        precondition="(and (at ?e ?r))",
        effect="(and (not (at ?e ?r)) (at ?e attic1))",
        relocation={"constant": "attic1", "but": ("hall1",)},
    )
    game = small_world(blows)
    game.act("wait")
    assert game.facts.about("pen1", "at") == [("at", "pen1", "attic1")] and game.places == {"blow": "attic1"}


def test_a_definition_that_is_wrong_is_named() -> None:
    with pytest.raises(ValueError, match="action bad has 0 failures for 1 terms of its precondition"):
        build(WorldPart(actions=(ActionType(name="bad", verbs=("bad",), precondition="(and (at ?p ?r))"),)))
    with pytest.raises(KeyError, match="there is no 'attic' to be renamed"):
        merge([WorldPart()], {"attic": "zubit"})
