"""How clembench logs the image game."""

from __future__ import annotations

from typing import Any, ClassVar

from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GameLog, LogBuilder
from clemsim_arenas.grids.grids import SIZE
from clemsim_arenas.imagegame.game import FOLLOWER, GIVER, ROUNDS

ROW = r"([A-Z▢]\s){4}[A-Z▢]"


class ImageGameLog(GameLog):
    """One round is an instruction and a grid. The scorer counts all that is logged, until the end."""

    roles: ClassVar = {GIVER: "Instruction Giver", FOLLOWER: "Instruction Follower"}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the target, the prompts and the patterns of both players' replies."""
        begun = arena.prompt("giver", target=instance.target)
        header, _, question = begun.partition(f"\n{instance.target}\n")
        return {
            "player_1_prompt_header": header,
            "player_2_prompt_header": arena.prompt("follower"),
            "player_1_question": question or arena.prompt("next"),
            "grid_dimension": SIZE,
            "number_of_letters": 0,
            "player_1_response_pattern": "^command: [^\n]+$",
            "player_1_terminate_pattern": r"^\s*command\s*:\s*done\s*$",
            "player_2_response_pattern": "^\n*" + "\n".join([ROW] * SIZE) + "\n*$",
            "fill_row": False,
            "fill_column": False,
            "target_grid": instance.target,
        }

    def write(self, log: LogBuilder) -> None:
        """Log instructions, grids, and the end."""
        turns = log.transcript.turns
        for number, turn in enumerate(turns):
            log.exchange(turn)
            text = log.text(turn)
            if turn.rejected is not None:
                what = "instruction" if turn.seat == GIVER else "grid"
                log.note("invalid format", f"Invalid {what} format")
            elif turn.seat == FOLLOWER:
                log.note("found grid", text)
            elif turn.move is None:
                log.note("found terminate pattern", text)
            else:
                log.note("found instruction", text.split("\n")[0])
            if turn.seat == FOLLOWER and len(log.turns) == ROUNDS:
                log.note("game end", "turn limit reached")
            if turn.seat == FOLLOWER and number < len(turns) - 1:
                log.next_round()
