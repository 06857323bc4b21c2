"""How clembench logs the three wordle games, with and without a critic."""

from __future__ import annotations

from typing import Any, ClassVar

from clemsim import Transcript, Turn
from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GameLog, LogBuilder, outcome_keys
from clemsim_arenas.fiveletters.board import feedback, marks
from clemsim_arenas.fiveletters.game import GUESSER, LENGTH, REASKS, ROUNDS

ABORT = ("invalid format", "game_result = ABORT")
CRITIC = "critic"


class FiveLettersLog(GameLog):
    """A round ends with the guess that counts. The scorer reads keys and counts rounds."""

    roles: ClassVar = {GUESSER: "WordGuesser"}
    clue = False
    critic = False

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the target, its clue and its band."""
        clue = {"target_word_clue": instance.clue} if self.clue else {}
        return {"target_word": instance.target, **clue, "target_word_difficulty": instance.experiment}

    def experiment(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the numbers of rounds and letters, the prompts, and the words of the language."""
        guesser = arena.prompt("guesser", clue=instance.clue) if self.clue else arena.prompt("guesser")
        if self.clue:
            guesser = guesser.removesuffix(f"\n\nclue: {instance.clue}")
        config = {"n_turns": ROUNDS, "max_retry_per_error": {"NOT_VALID_WORD_FOR_GAME": REASKS}, "max_word_length": LENGTH}
        return {
            "common_config": config,
            "use_clue": self.clue,
            "use_critic": self.critic,
            "guesser_prompt": guesser,
            "guesser_critic_prompt": arena.prompt("critic") if self.critic else "",
            "lang_keywords": {**WORDS, "official_words_list": sorted(arena.resources.words)},
        }

    def write(self, log: LogBuilder) -> None:
        """Log every reply, what was wrong with it or how the guess was marked, and the keys."""
        turns = log.transcript.turns
        counted = self.counted(log.transcript)
        for number, turn in enumerate(turns):
            last = number == len(turns) - 1
            log.exchange(turn)
            if turn.rejected is not None:
                _refuse(log, turn, last)
            elif id(turn) in {id(each) for each in counted}:
                self._mark(log, turn)
                if not last:
                    log.next_round()
        log.keys |= self._keys(log, counted)

    def counted(self, transcript: Transcript[Any]) -> list[Turn]:
        """Return the turns with a guess that counted."""
        guesses = [turn for turn in transcript.turns if turn.seat == GUESSER and turn.parsed is not None]
        return guesses[1::2] if self.critic else guesses

    def _mark(self, log: LogBuilder, turn: Turn) -> None:
        instance, guess = log.transcript.instance, turn.move["word"]
        facts = {"attempts": len(log.turns), "target_word": instance.target}
        facts |= {"target_word_clue": instance.clue} if self.clue else {}
        facts |= {"guess": guess, "guess_feedback": _feedback(guess, instance.target)}
        log.note("metadata", "\n".join(f"{name} = {value}" for name, value in facts.items()))
        if guess == instance.target:
            log.note("correct guess", "game_result = WIN")
        elif len(log.turns) == ROUNDS:
            log.note("max rounds played", "game_result = LOSS")

    def _keys(self, log: LogBuilder, counted: list[Turn]) -> dict[str, Any]:
        turns, target = log.transcript.turns, log.transcript.instance.target
        violated = sum(1 for turn in turns if turn.rejected is not None and turn.rejected.violation)
        moves = [turn.move for turn in counted]
        words = [move["word"] for move in moves]
        keys = {
            **outcome_keys(log),
            "Request Count": len(turns),
            "Parsed Request Count": len(turns) - violated,
            "Violated Request Count": violated,
            "Guesser Guesses": words,
            "Guesser Feedbacks": [_feedback(word, target) for word in words],
            "Guesser Explanations": [move["explanation"] for move in moves],
        }
        if self.critic:
            guesses = [move["word"] for move in log.transcript.moves(GUESSER)]
            opinions = [move["agreement"] for move in log.transcript.moves(CRITIC)]
            keys |= {"Guesser Guesses": guesses[::2], "Guesser Guesses Committed": words, "Critic Judgements": opinions}
        return keys


class WithClueLog(FiveLettersLog):
    """With a clue."""

    clue = True


class WithCriticLog(WithClueLog):
    """With a clue and a critic."""

    roles: ClassVar = {GUESSER: "ReflectingWordGuesser", CRITIC: "WordCritic"}
    critic = True


def _refuse(log: LogBuilder, turn: Turn, last: bool) -> None:
    assert turn.rejected is not None
    reason = turn.rejected.reason
    log.note("metadata", reason if turn.seat == CRITIC else f"Error: {reason}")
    if last:
        log.note(*ABORT)


def _feedback(guess: str, target: str) -> str:
    return feedback(guess, marks(guess, target))


WORDS = {
    "max_word_length": LENGTH,
    "clue_lang": "clue:",
    "guess_lang": "guess:",
    "guess_word_lang": "word",
    "explanation_lang": "explanation:",
    "explanataion_details_lang": "details",
    "guess_feedback_lang": "guess_feedback:",
    "agreement_lang": "agreement:",
    "agreement_word_lang": "yes or no",
    "guess_agreement_lang": "guess_agreement:",
    "agreement_explanation_lang": "agreement_explanation:",
    "agreement_match_keywords_lang": ["yes", "no"],
    "error_prompt_text": {
        "NOT_VALID_WORD_FOR_GAME": "Your guess is not a valid word for this game.",
        "INVALID_FORMAT": "Provide your response only in this format.",
        "RETRY": "Please try again.",
    },
}
