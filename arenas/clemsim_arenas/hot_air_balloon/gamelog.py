"""How clembench logs the hot air balloon."""

from __future__ import annotations

from typing import Any, ClassVar

from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GameLog, LogBuilder, outcome_keys, request_keys
from clemsim_arenas.hot_air_balloon.game import EMPTY, HotAirBalloon, deal_of
from clemsim_arenas.hot_air_balloon.message import TAGS, Tags, set_pattern, text_pattern
from clemsim_arenas.negotiations.seats import FIRST, SEATS, SECOND

# The names of what may be wrong with a message, and clembench's of what is then said.
FAULTS = {
    "no_reasoning": "no_sr_prompt",
    "no_argument": "no_argument_prompt",
    "untagged": "untagged_sequence_prompt",
    "only_reasoning": "only_sr_prompt",
    "no_set": "invalid_python_set_error",
    "no_item": "proposal_error_prompt",
    "refused_not_open": "refuse_error_prompt",
    "agreed_twice": "agreement_ambiguous_prompt",
    "agreed_not_open": "agreement_non_active_prompt",
}


def patterns(tags: Tags) -> dict[str, str]:
    """Return the regular expressions of the tags as clembench's instances have them."""
    return {
        "agree_tag": set_pattern(tags.agree),
        "refusal_tag": set_pattern(tags.refuse),
        "proposal_tag": set_pattern(tags.propose),
        "argument_tag": text_pattern(tags.argue),
        "strategic_reasoning_tag": rf"^\s*{text_pattern(tags.reason)}",
    }


class HotAirBalloonLog(GameLog):
    """A round begins with each turn of the first player. The scorer reads keys alone."""

    roles: ClassVar = {FIRST: "Negotiator", SECOND: "Negotiator"}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return items, values, prompts and patterns. The Pareto-optimal sets, which no score needs, are left out."""
        assert isinstance(arena, HotAirBalloon)
        one, two = instance.values
        return {
            "negotiation_mode": instance.mode,
            "item_weights": instance.weights,
            "player1_preferences": one,
            "player2_preferences": two,
            "max_weight": instance.limit,
            "only_individual": instance.mode == "equal",
            "max_u1": instance.best[0],
            "max_u2": instance.best[1],
            "max_total_utility": sum(instance.best),
            "max_harmonic": instance.best_harmonic,
            "empty_turn_limit": instance.silence,
            "patience": instance.patience,
            "strategic_reasoning": instance.reasoning,
            "require_argument": instance.arguing,
            **{field: arena.say(instance, name) for name, field in FAULTS.items()},
            **{f"player{number}_initial_prompt": arena.opening(instance, seat) for number, seat in enumerate(SEATS, 1)},
            **patterns(TAGS[instance.language]),
        }

    def write(self, log: LogBuilder) -> None:
        """Log the messages, the end, and the keys."""
        turns = log.transcript.turns
        outcome = log.transcript.outcome
        for number, turn in enumerate(turns):
            if number and turn.seat == FIRST:
                log.next_round()
            log.exchange(turn)
        if outcome is not None and outcome.kind == "aborted":
            log.note("missing tag", "abort")
        elif outcome is not None and outcome.kind == "failure":
            log.note("rule violation", "" if outcome.reason == EMPTY else outcome.reason)
        elif outcome is not None:
            log.note("info", "game successful")
        log.note("info", "end game")
        log.keys |= _keys(log)


def _keys(log: LogBuilder) -> dict[str, Any]:
    cargo, deal = log.transcript.instance, deal_of(log.transcript)
    scores, _ = log.arena.scores(log.transcript)
    total = scores["Total Violations"] or 0
    by_player = {f"Player {number}": scores[f"Violations Player {number}"] or 0 for number in (1, 2)}
    return {
        "final deal": None if deal is None else list(deal),
        "Total weight deal": None if deal is None else sum(cargo.weights[item] for item in deal),
        "Max harmonic mean": cargo.best_harmonic,
        "Max weight allowed": cargo.limit,
        "Normalized Utility Player 1": scores["Normalized Utility Player 1"],
        "Normalized Utility Player 2": scores["Normalized Utility Player 2"],
        "Normalized harmonic mean": scores["Harmonic Mean Score"],
        **outcome_keys(log),
        **request_keys(log),
        "Played turns": len(log.turns),
        **{f"Percent Violations {name}": 100 * count / total if total else 0.0 for name, count in by_player.items()},
        **{f"Violations {name}": int(count) for name, count in by_player.items()},
        "Total Violations": int(total),
    }
