"""The metrics of the text adventure, from what is noted of each turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from clemsim import Transcript, Turn
from clemsim.game.metrics import requests
from clemsim_arenas.adventuregame.instances import Adventure
from clemsim_arenas.adventures.facts import write_fact
from clemsim_arenas.adventures.interpreter import DONE, PARSING, RESOLUTION, Response

TURN = "turn"
NO_COMMAND = "the reply does not start with '>'"
NO_PLAN = "the reply has no line 'Next actions:'"
FINISHED = ("complete", "finish", "done", "successfully")  # in a reply without a command: a finish that is imagined
KINDS = (
    "lark_exception",
    "malformed_command",
    "undefined_action_verb",
    "undefined_action",
    "undefined_repr_str",
    "manipulating_room",
    "undefined_argument_type",
    "taking_from_inventory",
    "other_room_argument",
    "domain_trait_type_mismatch",
    "domain_type_discrepancy",
    "world_state_discrepancy",
    "entity_not_accessible",
    "entity_state_mismatch",
    "entity_trait_mismatch",
    "entity_already_inventory",
    "going_to_current_room",
    "no_exit_to",
    "inventory_limit_exceeded",
)
LEARNED = (
    "epistemic_action",
    "pragmatic_action",
    "effective_epistemic_gain_amount",
    "known_entities_ratio",
    "visited_rooms_ratio",
    "known_goal_entities_ratio",
)
Scores = dict[str, float | None]


def turn_note(response: Response, planned: tuple[float, bool] | None) -> dict[str, Any]:
    """Return what is noted of a turn. `planned`: how much of the plan would work; whether the one before was followed."""
    learned = response.learned
    return {
        "action": response.action,
        "failure": None if response.failure is None else [response.failure.phase, response.failure.kind],
        "goals": sorted(map(write_fact, response.goals)),
        "learned": [
            int(learned.epistemic),
            int(learned.pragmatic),
            learned.gain,
            learned.known_entities,
            learned.visited_rooms,
            learned.known_goal_entities,
        ],
        "plan": None if planned is None else [planned[0], int(planned[1])],
    }


def round_scores(transcript: Transcript[Adventure]) -> list[Scores]:
    """Return the scores of each turn by clembench's names."""
    notes = list(transcript.notes(TURN))
    imagined = _imagined(transcript, notes)
    rounds: list[Scores] = []
    before = 0
    for number, turn in enumerate(transcript.turns):
        note = notes[number] if number < len(notes) else None
        counts = _counts(turn)
        phase, kind = (note["failure"] or (None, None)) if note else (None, None)
        goals = len(note["goals"]) if note else before
        works, followed = (note["plan"] if note else None) or (0, 0)
        rounds.append(
            {
                **counts,
                "hallucination": float(imagined[number]),
                "action_parsing_fail": float(phase == PARSING),
                "action_resolution_fail": float(phase == RESOLUTION),
                **{name: float(name == kind) for name in KINDS},
                "goal_score": float(goals - before),
                **(dict(zip(LEARNED, map(float, note["learned"]), strict=True)) if note else {}),
                "plan_followed": float(followed),
                "plan_command_success_ratio": float(works),
                "bad_plan_followed": 0.0,
            }
        )
        before = goals
    return rounds


def episode_scores(transcript: Transcript[Adventure]) -> Scores:
    """Return the scores of an episode by clembench's names."""
    rounds = round_scores(transcript)
    turns, instance = len(rounds), transcript.instance
    violated = _total(rounds, "Violated Request Count")
    failures = {name: _total(rounds, name) for name in ("action_parsing_fail", "action_resolution_fail", *KINDS)}
    notes = list(transcript.notes(TURN))
    reached = len(notes[-1]["goals"]) if notes else 0
    limit = transcript.outcome is not None and transcript.outcome.kind == "aborted" and not violated
    return {
        **requests(turns, int(violated)),
        "hallucination_count": _total(rounds, "hallucination"),
        **failures,
        "successful_actions": turns - violated - failures["action_parsing_fail"] - failures["action_resolution_fail"],
        "turn_limit_loss": float(limit),
        **_speed(transcript, turns),
        "achieved_goal_ratio": reached / len(set(instance.goal_state)),
        **_plans(rounds),
    }


def _speed(transcript: Transcript[Adventure], turns: int) -> Scores:
    instance, outcome = transcript.instance, transcript.outcome
    over = turns - instance.optimal_turns
    range_ = instance.max_turns - instance.optimal_turns
    if outcome is None or outcome.kind != "success" or not range_:
        return dict.fromkeys(("turns_over_par", "turn_ratio", "finish_speed"))
    ratio = 1 - over / range_
    return {"turns_over_par": float(over), "turn_ratio": ratio, "finish_speed": 1 - ratio}


def _plans(rounds: Sequence[Mapping[str, float | None]]) -> Scores:
    works = [round_["plan_command_success_ratio"] or 0.0 for round_ in rounds]
    followed = [round_["plan_followed"] or 0.0 for round_ in rounds]
    bad = sum(before == 0 and bool(now) for (before, _), (_, now) in pairwise(zip(works, followed, strict=True)))
    return {
        "plan_followed_ratio": sum(followed[1:]) / len(rounds),
        "plan_average_viability_ratio": sum(works) / len(rounds),
        "bad_plan_follow_ratio": bad / len(rounds),
        "bad_plan_dismiss_ratio": 1 - bad / len(rounds),
    }


def _counts(turn: Turn) -> Scores:
    reason = turn.rejected.reason if turn.rejected is not None else None
    return {
        "Request Count": 1.0,
        "Parsed Request Count": float(reason is None),
        "Violated Request Count": float(reason is not None),
        "command_tag_missing": float(reason == NO_COMMAND),
        "next_actions_missing": float(reason == NO_PLAN),
    }


def _imagined(transcript: Transcript[Adventure], notes: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Return for each turn whether the player took the game for finished before all goals had held after some turn."""
    goals = len(set(transcript.instance.goal_state))
    imagined, finished = [], False
    for number, turn in enumerate(transcript.turns):
        if turn.rejected is not None:
            words = turn.replied.content
            imagined.append(turn.rejected.reason == NO_COMMAND and any(word in words for word in FINISHED))
            continue
        note = notes[number] if number < len(notes) else None
        imagined.append(note is not None and note["action"] == DONE and not finished)
        finished |= note is not None and note["failure"] is None and len(note["goals"]) == goals
    return imagined


def _total(rounds: Sequence[Mapping[str, float | None]], name: str) -> float:
    return sum(round_[name] or 0.0 for round_ in rounds)
