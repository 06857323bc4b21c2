"""How clembench logs taboo."""

from __future__ import annotations

from typing import Any, ClassVar

from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GameLog, LogBuilder
from clemsim_arenas.taboo.game import DESCRIBER, GUESSER, guessed, normalize, stem

ABORT = ("invalid format", "abort game")


class TabooLog(GameLog):
    """One round is a clue and a guess. The scorer counts rounds, and looks for `invalid format` and `correct guess`."""

    roles: ClassVar = {DESCRIBER: "WordDescriber", GUESSER: "WordGuesser"}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the words and their stems."""
        related = list(instance.related)
        stems = {"target_word_stem": stem(instance.target), "related_word_stem": [stem(word) for word in related]}
        return {"target_word": instance.target, "related_word": related, **stems}

    def experiment(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the number of rounds and both prompts with clembench's placeholders."""
        return {
            "max_turns": instance.rounds,
            "describer_initial_prompt": arena.prompt(
                "describer", target="$TARGET_WORD$", related="$REL_WORD$", rounds="$N$"
            ),
            "guesser_initial_prompt": arena.prompt("guesser", rounds="$N$"),
        }

    def write(self, log: LogBuilder) -> None:
        """Log clues, guesses and what came of them."""
        instance, outcome = log.transcript.instance, log.transcript.outcome
        turns = log.transcript.turns
        for number, turn in enumerate(turns):
            last = number == len(turns) - 1
            log.exchange(turn)
            if turn.rejected is not None:
                log.note(*ABORT)
            else:
                log.note("valid response", "continue")
                _judge(log, turn.seat, turn.move, last and outcome is not None and outcome.kind == "failure")
            if turn.seat == GUESSER:
                if turn.parsed is not None and guessed(turn.move) == instance.target:
                    log.note("correct guess", "end game")
                if len(log.turns) == instance.rounds:
                    log.note("max rounds reached", str(instance.rounds))
                if not last:
                    log.next_round()


def _judge(log: LogBuilder, seat: str, move: str, lost: bool) -> None:
    if seat == GUESSER:
        log.note("valid guess", guessed(move))
    elif lost:
        outcome = log.transcript.outcome
        log.note("invalid clue", outcome.reason if outcome else "")
    else:
        log.note("valid clue", normalize(move, "CLUE:"))
