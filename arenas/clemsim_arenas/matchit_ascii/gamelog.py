"""How clembench logs matchit_ascii."""

from __future__ import annotations

from typing import Any, ClassVar

from clemsim import Turn
from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GameLog, LogBuilder
from clemsim_arenas.matchit_ascii.game import (
    ANSWER,
    DECISION,
    DESCRIPTION,
    DIFFERENT,
    PLAYER_A,
    PLAYER_B,
    QUESTION,
    SAME,
    UNDECIDED,
)

FLAGS = {"description": DESCRIPTION, "question": QUESTION, "answer": ANSWER, "decision": DECISION}
MARK = "\x00"  # takes the place of what is not known of a prompt


class MatchItLog(GameLog):
    """A round ends with the second reply of player b. The scorer counts `valid format` and `invalid ...`."""

    roles: ClassVar = {PLAYER_A: "MatchItPlayer", PLAYER_B: "MatchItPlayer"}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return both grids and the number of questions."""
        return {"grid_a": instance.grid_a, "grid_b": instance.grid_b, "decision_turn": instance.questions}

    def experiment(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return prompts, tags and the solution. Our own prompts have words around what is passed on, which clembench has no
        place for.
        """
        return {
            "initial_prompt": arena.prompt("first", grid="$GRID$"),
            "q_reprompt": arena.prompt("question"),
            "d_reprompt": arena.prompt("decide"),
            "a_request": arena.prompt("answered", answer=MARK, question=MARK).rpartition(MARK)[2],
            "desc_intro": arena.prompt("described", description=MARK).partition(MARK)[0],
            "flags": FLAGS,
            "solution": instance.solution,
            "wrong_solution": DIFFERENT if instance.solution == SAME else SAME,
        }

    def write(self, log: LogBuilder) -> None:
        """Log every reply and what became of it, the decisions among them."""
        turns = log.transcript.turns
        for number, turn in enumerate(turns):
            if number >= 3 and number % 4 == 3:
                log.next_round()
            log.exchange(turn)
            self._judge(log, turn)

    def _judge(self, log: LogBuilder, turn: Turn) -> None:
        reason = turn.rejected.reason if turn.rejected is not None else None
        if reason is None or reason.startswith(UNDECIDED):
            log.note("valid format", "continue")
        if reason is not None:
            kind = "content" if reason.startswith(UNDECIDED) or not log.text(turn).strip() else "format"
            log.note(f"invalid {kind}", f"abort, {reason}")
        elif turn.move in (SAME, DIFFERENT):
            right = turn.move == log.transcript.instance.solution
            log.note(f"Decision Player {'A' if turn.seat == PLAYER_A else 'B'}", "success" if right else "loss")
