"""How clembench logs deal or no deal."""

from __future__ import annotations

from typing import Any, ClassVar

from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GameLog, LogBuilder, outcome_keys, request_keys
from clemsim_arenas.dond.game import DealOrNoDeal, division_of, proposals_of
from clemsim_arenas.dond.goods import loss, most_together, score
from clemsim_arenas.negotiations.seats import FIRST, SEATS, SECOND

SILENCE = "<no response from the other player>"  # stands in clembench's code


class DealOrNoDealLog(GameLog):
    """A round is a turn of each. The scorer reads keys alone."""

    roles: ClassVar = {FIRST: "Player", SECOND: "Player"}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return items and values."""
        one, two = instance.values
        return {
            "item_types": instance.one,
            "item_types_plural": instance.more,
            "item_counts": instance.counts,
            "player_a_values": one,
            "player_b_values": two,
        }

    def experiment(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return mode, language, the number of messages, and the prompts with clembench's placeholders."""
        assert isinstance(arena, DealOrNoDeal)
        goal = {} if instance.texts else {"goal": arena.say(instance, f"goal_{instance.mode}")}
        fields = {"messages": "$N$", "items": "$ITEMS$", "values": "$VALUE_FUNCTION$"}
        return {
            "max_turns": instance.messages,
            "mode": instance.mode,
            "language": instance.language,
            "initial_prompt": arena.say(instance, "opening", **fields, **goal),
            "proposal_early": arena.say(instance, "early"),
            "proposal_timeout": arena.say(instance, "timeout"),
        }

    def write(self, log: LogBuilder) -> None:
        """Log messages, proposals, what came of them, and the keys."""
        made = proposals_of(log.transcript)
        for number, turn in enumerate(log.transcript.turns):
            if number and turn.seat == FIRST:
                log.next_round()
            log.exchange(turn)
            if turn.rejected is not None:
                log.note("invalid format" if turn.rejected.violation else "error", turn.rejected.reason)
            elif isinstance(turn.move, str):
                log.note("valid response", "continue")
                log.note("valid message", turn.move)
            else:
                log.note("valid response", "proposal")
                log.note("valid proposal", list(turn.move))
        if len(made) == len(SEATS):
            agreed = "successful" if division_of(log.transcript) else "failed"
            log.note(f"{agreed} agreement", [list(made[seat]) for seat in SEATS])
        log.keys |= _keys(log)


def _keys(log: LogBuilder) -> dict[str, Any]:
    goods, division, made = log.transcript.instance, division_of(log.transcript), proposals_of(log.transcript)
    lost, most = loss(goods, division)
    return {
        **outcome_keys(log),
        **{f"player_{name}_proposal": made.get(seat) for name, seat in zip("ab", SEATS, strict=True)},
        "sum_of_scores": sum(division.points) if division else 0,
        "max_sum_of_scores": most_together(goods),
        "max_player_scores": max(sum(map(int.__mul__, goods.counts, own)) for own in goods.values),
        "max_pareto_improvement": most,
        "pareto_improvement": lost,
        "pareto_optimal": int(lost == 0),
        "episode_score": score(goods, division) / 100,
        **request_keys(log),
    }
