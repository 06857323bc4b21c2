"""How clembench logs the text adventure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import dumps
from pathlib import Path
from typing import Any, ClassVar

from clemsim.game.resources import Resources
from clemsim.interop.clembench.gamelog import GameLog, JsonObject, LogBuilder
from clemsim_arenas.adventuregame.scores import FINISHED, LEARNED, NO_COMMAND, TURN
from clemsim_arenas.adventuregame.stand_ins import stand_ins
from clemsim_arenas.adventures.interpreter import DONE
from clemsim_arenas.adventures.world import PLAYER

_FLOOR = re.compile(r'\["at", "(\w+floor1)", "\w+"\], "fulfilled": false')
_NOT_IN_HAND = re.compile(r'\["in", "\w+", "inventory"\], "fulfilled": false')
_ROOM = re.compile(r"room\((\w+),")


class AdventureLog(GameLog):
    """One round is a command. The scorer reads what the game master notes of each: whether it was carried out and what was
    learned by it, the goals that hold, and how the plan did.
    """

    roles: ClassVar = {"adventurer": "Adventurer"}

    def write(self, log: LogBuilder) -> None:
        """Log commands and what came of them, and the end."""
        instance, outcome = log.transcript.instance, log.transcript.outcome
        goals = sorted(set(instance.goal_state))
        log.keys["adventure_info"] = {
            "variant": instance.variant,
            "max_turns": instance.max_turns,
            "optimal_turns": instance.optimal_turns,
            "goal_count": len(goals),
        }
        notes = list(log.transcript.notes(TURN))
        reached: list[str] = []
        for number, turn in enumerate(log.transcript.turns):
            if number:
                log.next_round()
            log.exchange(turn)
            log.note("metadata", f"Round: {number}")
            if turn.rejected is not None:
                self._invalid(log, turn.rejected.reason, log.text(turn))
            elif number < len(notes):
                reached = self._turn(log, notes[number], reached, goals)
            if number + 1 == instance.max_turns:
                log.note("turn_limit_reached", f"Turn limit {instance.max_turns} reached, end episode.")
        won = outcome is not None and outcome.kind == "success"
        log.note("game_result", {"goal_states_achieved": reached, "game_successfully_finished": won})

    def texts_of(self, data: JsonObject, log: JsonObject) -> JsonObject:
        """Return stand-ins for definitions, and which floor "floor" stands for, where a refusal in the log tells. In one
        process of clembench that is always the same one, and in another process another.
        """
        parts = stand_ins(data, log, Resources((Path(__file__).parent,)))
        floor = _floor(data, log)
        return {"parts": parts, "meant": {"floor": floor} if floor else {}}

    def _invalid(self, log: LogBuilder, reason: str, text: str) -> None:
        if reason == NO_COMMAND and any(word in text for word in FINISHED):
            log.note("hallucinated_finish", text)
        log.note("invalid_format", "command_tag_missing" if reason == NO_COMMAND else "next_actions_missing")

    def _turn(self, log: LogBuilder, note: JsonObject, before: list[str], goals: list[str]) -> list[str]:
        """Log what came of a command, and return the goals that hold."""
        learned = dict(zip(LEARNED, note["learned"], strict=True))
        known = {
            "action_epistemic": bool(learned.pop("epistemic_action")),
            "action_pragmatic": bool(learned.pop("pragmatic_action")),
            **learned,
        }
        if note["failure"]:
            phase, kind = note["failure"]
            log.note("action_fail", {"phase": phase, "fail_type": kind, "exploration_info": known})
        else:
            done = {"done_action": True} if note["action"] == DONE else {}
            log.note("action_info", {"action_type": note["action"], "exploration_info": known, **done})
        reached: list[str] = note["goals"]
        log.note("goal_status", {"goal_states_achieved": reached, "turn_goal_score": len(reached) - len(before)})
        if note["plan"] is not None:
            works, followed = note["plan"]
            log.note("plan_command_success_ratio", works)
            log.note("plan_followed", followed)
        if not note["failure"] and reached == goals:
            log.note("adventure_finished", reached)
        return reached


def _floor(data: JsonObject, log: JsonObject) -> str | None:
    """Return the floor that was meant, as far as the log tells; one of several, where it tells which it was not."""
    floors = set(_floors(log))
    if not floors and (elsewhere := _rooms_of_other_floors(log)):
        rooms = [match[1] for fact in data["initial_state"] if (match := _ROOM.match(fact))]
        return min((f"{room}floor1" for room in rooms if room not in elsewhere), default=None)
    return floors.pop() if len(floors) == 1 else None


def _rooms_of_other_floors(log: JsonObject) -> set[str]:
    """Return the rooms in which something could not be taken from "floor" because that was another room's."""
    rooms: set[str] = set()
    for turn in log.get("turns", ()):
        actions = [event["action"] for event in turn]
        floor = any(
            action["type"] == "get message" and "floor" in str(action["content"]).split("\n")[0] for action in actions
        )
        for action in actions if floor else ():
            if action["type"] == "action_fail" and _NOT_IN_HAND.search(dumps(action["content"])):
                known = action["content"]["exploration_info"]["known_entities"]
                rooms.update(place for _, thing, place in known if thing == PLAYER)
    return rooms


def _floors(log: JsonObject) -> Iterator[str]:
    for turn in log.get("turns", ()):
        for event in turn:
            action: Any = event["action"]
            if action["type"] in ("action_fail", "plan_results"):
                yield from _FLOOR.findall(dumps(action["content"]))
