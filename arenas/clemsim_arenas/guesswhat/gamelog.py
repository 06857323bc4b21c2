"""How clembench logs guesswhat."""

from __future__ import annotations

from typing import Any, ClassVar

from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GameLog, LogBuilder
from clemsim_arenas.guesswhat.game import ANSWERER, ANSWERS, FORBIDDEN, GUESS, GUESSER, PATTERNS, QUESTION

# Tags, answers and patterns by clembench's names.
FORM: dict[str, Any] = {
    "question_tag": QUESTION,
    "answer_tag": "ANSWER:",
    "guess_tag": GUESS,
    "answer_variations": list(ANSWERS),
    "letter_based_pattern": PATTERNS["its letters"],
    "direct_guess_pattern": PATTERNS["a word in quotes"],
    "length_question_pattern": PATTERNS["its length"],
    "syllable_question_pattern": PATTERNS["its syllables"],
    "pos_question_pattern": PATTERNS["its part of speech"],
}


class GuessWhatLog(GameLog):
    """A round is a question and its answer, or a guess. The scorer looks for `invalid ...` and `correct guess`."""

    roles: ClassVar = {GUESSER: "Guesser", ANSWERER: "Answerer"}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the words."""
        return {"target_word": instance.target, "candidate_list": list(instance.candidates)}

    def experiment(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the number of rounds, prompts, tags, answers and patterns."""
        return {
            "max_turns": instance.rounds,
            **FORM,
            "answerer_initial_prompt": arena.prompt("answerer", target="$TARGET WORD$"),
            "guesser_initial_prompt": arena.prompt("guesser", candidates="$LIST$", list="$LIST$", questions="$N$"),
        }

    def write(self, log: LogBuilder) -> None:
        """Log questions, answers and the guess."""
        turns, instance = log.transcript.turns, log.transcript.instance
        for number, turn in enumerate(turns):
            log.exchange(turn)
            if turn.rejected is not None:
                about_the_word = turn.rejected.reason.startswith(FORBIDDEN)
                log.note("invalid content" if about_the_word else "invalid format", "abort game")
            elif turn.seat == GUESSER and turn.move["guess"] is not None:
                right = turn.move["guess"] == instance.target.lower()
                log.note("correct guess" if right else "incorrect guess", turn.move["guess"])
            elif turn.seat == ANSWERER and number < len(turns) - 1:
                log.next_round()
