"""The rules of the text adventure, one by one."""

from __future__ import annotations

import json
import lzma
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from clemsim_arenas.adventuregame.game import AdventureGame, read_planned
from clemsim_arenas.adventuregame.generate import BREWING, FREE_HANDS, world
from clemsim_arenas.adventuregame.instances import Adventure
from clemsim_arenas.adventuregame.search import Delivery, Ingredient, brew, deliver
from clemsim_arenas.adventuregame.translation import part, readable

from clemsim.errors import BadInstance
from clemsim.game.transcript import Transcript
from clemsim.interop.clembench.port import ports
from clemsim.interop.clembench.redriving import arena_for, redrive, seated
from clemsim.interop.clembench.verify import recorded_instance
from clemsim.testing import drive
from tests.golden.cases import CASES

GAME = AdventureGame()
HUT = GAME.load(CASES["adventuregame"]["success"][0])
GOLDEN = Path(__file__).parents[3] / "shared" / "golden" / "v3" / "real" / "adventuregame.jsonl.xz"


def played(*commands: str, **changed: Any) -> Transcript[Any]:
    return drive(GAME, HUT.model_copy(update=changed), [f"> {command}" for command in commands])


def outcome(*commands: str, **changed: Any) -> tuple[str, float | None]:
    found = played(*commands, **changed).outcome
    assert found is not None
    return found.kind, found.quality


def scores(*commands: str, **changed: Any) -> dict[str, float | None]:
    return GAME.scores(played(*commands, **changed))[0]


def told(*commands: str) -> str:
    """What comes of the last command; the game goes on to its last turn."""
    asks = [turn.asked.content for turn in played(*commands, "done").turns]
    return asks[-1].strip()


def test_goals_are_the_main_score_and_done_is_needed() -> None:
    deliver_mug = ("take mug", "go study", "put mug on desk")
    assert outcome("done") == ("failure", 0)
    assert outcome(*deliver_mug, "done") == ("failure", 50)
    assert outcome(*deliver_mug, "open chest", "put pear in chest", "done") == ("success", 100)
    assert outcome(*deliver_mug, "open chest", *["put pear in chest"] * 5) == ("aborted", None)


def test_done_in_the_last_turn_is_too_late() -> None:
    assert outcome("look", "done", max_turns=2) == ("aborted", None)
    assert scores("look", "done", max_turns=2)["turn_limit_loss"] == 1


def test_what_is_put_need_not_be_in_hand() -> None:
    assert told("go study", "open chest", "put pear in chest") == "You put the pear in the chest."


def test_a_thing_in_a_closed_container_is_told_of_and_out_of_reach() -> None:
    boxed = [fact.replace("on(pear1,desk1)", "in(pear1,chest1)") for fact in HUT.initial_state]
    transcript = played("go study", "take pear", "open chest", "take pear", "done", initial_state=tuple(boxed))
    asks = [turn.asked.content for turn in transcript.turns]
    assert "The pear is in the chest." in asks[1] and asks[2].startswith("You cannot get at the pear.")
    assert asks[3].startswith("The chest is open now. In the chest there is a pear.")
    assert asks[4].startswith("You take the pear.")


@pytest.mark.parametrize(
    ("command", "kind", "answer"),
    [
        ("take, mug", "lark_exception", "I don't know what you mean."),
        ("take", "malformed_command", "I don't know what you mean."),
        ("fly home", "undefined_action_verb", "I don't know how to interpret this 'fly' action."),
        ("take goblet", "undefined_repr_str", "I don't know what 'goblet' means."),
        ("take kitchen", "manipulating_room", "You can't take the 'kitchen'."),
        ("take mug from inventory", "taking_from_inventory", "You don't need to take things from your inventory."),
        ("take mug from study", "other_room_argument", "You are not in a study."),
        ("take worktop", "domain_trait_type_mismatch", None),
        ("take pear", "entity_not_accessible", "There is no pear here."),
        ("open mug", "entity_state_mismatch", "The mug is not closed."),
        ("go kitchen", "going_to_current_room", "You are in the kitchen already."),
        ("go attic", None, None),
    ],
)
def test_failures_have_types(command: str, kind: str | None, answer: str | None) -> None:
    found = scores(command, "done")
    phases = (found["action_parsing_fail"] or 0) + (found["action_resolution_fail"] or 0)
    assert phases == 1 and found["successful_actions"] == 1
    assert kind is None or kind == "domain_trait_type_mismatch" or found[kind] == 1
    assert answer is None or told(command) == answer


def test_two_things_can_be_carried() -> None:
    more = ("type(towel1,towel)", "at(towel1,study1)", "on(towel1,desk1)")
    found = scores("take mug", "go study", "take pear", "take towel", "done", initial_state=(*HUT.initial_state, *more))
    assert found["inventory_limit_exceeded"] == 1


def test_a_finish_that_is_imagined() -> None:
    assert scores("done")["hallucination_count"] == 1
    refused = GAME.scores(drive(GAME, HUT, ["The task is complete."]))[0]
    assert (refused["hallucination_count"], refused["Violated Request Count"], refused["Main Score"]) == (1, 1, None)
    assert GAME.scores(drive(GAME, HUT, ["I take the mug."]))[0]["hallucination_count"] == 0


def test_speed_is_of_won_games() -> None:
    won = scores("take mug", "go study", "put mug on desk", "open chest", "put pear in chest", "done")
    assert (won["turns_over_par"], won["turn_ratio"], won["finish_speed"]) == (0, 1, 0)
    assert scores("done")["turns_over_par"] is None


def planned(*replies: str) -> dict[str, float | None]:
    return GAME.scores(drive(GAME, HUT.model_copy(update={"variant": "plan"}), replies))[0]


def test_plans_are_tried_and_followed() -> None:
    found = planned("> take mug\nNext actions: go study, take moon", "> go study\nNext actions: put mug on desk", "> done")
    assert found["plan_followed_ratio"] == pytest.approx(1 / 3)
    assert found["plan_average_viability_ratio"] == pytest.approx((0.5 + 1 + 1) / 3)
    assert (found["bad_plan_follow_ratio"], found["bad_plan_dismiss_ratio"]) == (0, 1)


def test_a_bad_plan_may_be_followed() -> None:
    found = planned("> look\nNext actions: fly", "> fly\nNext actions: go study", "> done")
    assert found["bad_plan_follow_ratio"] == pytest.approx(1 / 3)


def test_a_plan_is_needed_unless_done() -> None:
    assert planned("> take mug")["Violated Request Count"] == 1
    assert planned("> done")["plan_average_viability_ratio"] == 0
    assert read_planned("> take x\nNext actions: a, b\nNext actions: c").plan == ("a", "b")


def test_definitions_that_are_missing_are_named() -> None:
    with pytest.raises(BadInstance, match=r"the definitions 'moon.json' are not there: make a suite"):
        drive(GAME, HUT.model_copy(update={"world": ("moon.json",)}), [])


def test_no_adjective_is_a_word_of_a_name() -> None:
    for names in (FREE_HANDS, BREWING):
        known = world(names)
        words = {word for name in known.names for word in name.split()}
        assert not [each for entity in known.entities.values() for each in entity.adjectives if each in words]


def test_shortest_solutions() -> None:
    ways = {"a": ["b"], "b": ["a", "c"], "c": ["b"]}
    assert deliver(ways, "a", [Delivery("a", "c")], None) == 4
    assert deliver(ways, "a", [Delivery("a", "c", "box", "chest")] * 3, 2) == 14
    assert deliver(ways, "b", [Delivery("c", "c")], 2) == 2  # put without being taken
    things = {"jug": Ingredient("c", None, False), "pear": Ingredient("a", "box", True)}
    assert brew(ways, "b", "b", ["jug", "pear", "jug"], things) == 2 + 1 + 2 + 2 + 3


def test_clembench_s_definitions_are_translated() -> None:
    given = {
        "type_name": "look",
        "lark": 'look: LOOK ("at"* ( thing | "around" ) )\nLOOK.1: ("look" | "peer") WS',
        "pddl": "(:action LOOK\n :parameters (?p - player ?a ?b - room)\n :precondition (and (at ?p ?a))\n :effect (and))",
        "pddl_parameter_mapping": {"?p": ["player"], "?a": ["current_player_room"], "?b": ["arg2", "arg1_receptacle"]},
        "failure_feedback": {"parameters": [["p", "x"], ["a", "y"], ["b", "z"]], "precondition": [["no", "n"]]},
        "success_feedback": "{{ room_desc }}",
        "epistemic": True,
        "pragmatic": False,
    }
    (found,) = part("actions", [given])["actions"]
    assert found["verbs"] == ["look", "peer"] and found["shapes"] == ["THING", "at! SHORT"]
    assert [(each["name"], each["type"], each["mismatch"][1]) for each in found["parameters"]] == [
        ("p", "player", "x"),
        ("a", "room", "y"),
        ("b", "room", "z"),
    ]
    text = "(define (domain d) (:types a b - room c - thing) (:functions (count ?i - bag)))"
    assert part("domain", {"pddl_domain": text})["domain"] == {
        "types": {"room": ["a", "b"], "thing": ["c"]},
        "functions": [["count", "bag"]],
    }
    assert readable({"something": "else"}) is None


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the recorded episodes (../shared/golden) are not here")
def test_what_is_told_has_the_words_that_were_recorded() -> None:
    """The order of what is told is chance in clembench."""
    arena, port = arena_for("adventuregame", None, "v3.0"), ports()["adventuregame"]
    with lzma.open(GOLDEN) as lines:
        records = [json.loads(line) for line in list(lines)[::15]]
    for record in records:
        own = redrive(arena, recorded_instance(arena, record, port), seated(arena, record["replies"])).asks
        for ask, recorded in zip(own[1:], record["asks"][1:], strict=True):
            assert words(ask.content) == words(recorded["content"])


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the recorded episodes (../shared/golden) are not here")
def test_recorded_deliveries_are_judged_without_their_definitions() -> None:
    arena, port = arena_for("adventuregame", None, "v3.0"), ports()["adventuregame"]
    with lzma.open(GOLDEN) as lines:
        records = [json.loads(line) for line in list(lines)[7::15]]
    for record in records:
        data = {name: value for name, value in record["instance"].items() if name != "resources"}
        messages = [("send message", ask["content"]) for ask in record["asks"]]
        messages += [("get message", reply["text"]) for reply in record["replies"]]
        log = {"turns": [[{"action": {"type": kind, "content": text}} for kind, text in messages]]}
        texts = port.log.texts_of(data, log)
        instance = arena.load({"experiment": record["experiment"], **port.instance({}, data, texts)})
        assert set(instance.world) == set(instance.definitions)
        own = redrive(arena, instance, seated(arena, record["replies"])).scores
        assert {name: own[name] for name in record["scores"]} == pytest.approx(record["scores"])


FLOOR_REFUSED = {"failed_precon_predicate": {"predicate_tuple": ["at", "attic1floor1", "hall1"], "fulfilled": False}}


def test_the_floor_that_was_meant_is_read_from_the_log() -> None:
    log = {"turns": [[{"action": {"type": "action_fail", "content": {"arg": FLOOR_REFUSED}}}]]}
    data = {"action_definitions": ["other.json"], "initial_state": []}
    assert ports()["adventuregame"].log.texts_of(data, log) == {"parts": {}, "meant": {"floor": "attic1floor1"}}


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+|[^\w\s]", text))


def test_instances_are_adventures() -> None:
    assert all(isinstance(instance, Adventure) for instance in GAME.instances())
