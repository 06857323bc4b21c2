"""How clembench logs the reference game."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GameLog, LogBuilder
from clemsim_arenas.referencegame.game import FOLLOWER, GIVER

PLACES = ("first", "second", "third")
REST = "(?P<remainder>(.|\n)*))"


class ReferenceGameLog(GameLog):
    """There is one round. The scorer looks at its third and its sixth entry."""

    roles: ClassVar = {GIVER: "InstructionGiver", FOLLOWER: "InstructionFollower"}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the grids in both orders, the prompts and the patterns of both players' replies."""
        target, one, other = instance.grids
        shown = [instance.grids[index] for index in instance.order]
        giver = arena.prompt("giver", target=target, distractor_1=one, distractor_2=other)
        grids = dict(zip(PLACES, shown, strict=True))
        answer = instance.answer
        return {
            "player_1_prompt_header": giver,
            "player_1_target_grid": target,
            "player_1_second_grid": one,
            "player_1_third_grid": other,
            "player_2_prompt_header": arena.prompt("follower", **grids, expression="TARGET_EXPRESSION"),
            **{f"player_2_{place}_grid": grid for place, grid in grids.items()},
            "target_grid_name": [PLACES[answer], str(answer + 1)],
            "player_1_response_pattern": r"^(?P<tag>expression:\s*)(?P<content>(?P<response>.+)" + "\n*" + REST,
            "player_2_response_pattern": r"^(?P<tag>answer:\s*)(?P<content>(?P<response>first|second|third|1|2|3).*"
            + "\n*"
            + REST,
            "lang": "en",
            "p1_mode": "strict",
            "p2_mode": "strict",
        }

    def write(self, log: LogBuilder) -> None:
        """Log the expression and the answer."""
        outcome = log.transcript.outcome
        for turn in log.transcript.turns:
            log.exchange(turn)
            text = log.text(turn)
            if turn.rejected is not None:
                log.note("invalid format", "Invalid generated expression")
            elif turn.seat == GIVER:
                log.note("parse", text)
            else:
                found = re.match(r"answer:\s*(first|second|third|1|2|3)", text, re.IGNORECASE)
                right = outcome is not None and outcome.kind == "success"
                log.note("parse_correct" if right else "parse_wrong", found[1].lower() if found else text)
