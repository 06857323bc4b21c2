"""The shared port of the wordle games: each has a file in the folder `wordle`, with the word list in every experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clemsim.interop.clembench.port import JsonObject, Metrics, Port, literal


class FiveLettersPort(Port):
    """The instances hold targets, and clues where the game has them."""

    folder = "wordle"
    clue = False

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the target, and its clue where the game has one."""
        target = {"target": data["target_word"].strip().lower()}
        return target | ({"clue": data["target_word_clue"].strip()} if self.clue else {})

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return the guesser's first message, the feedback, and the re-ask after an unknown word."""
        words = experiment["lang_keywords"]
        form = guess_form(words)
        errors = words["error_prompt_text"]
        unknown = f"{errors['NOT_VALID_WORD_FOR_GAME']} {errors['RETRY']}"
        clue = f"\n\n{words['clue_lang']} $clue" if self.clue else ""
        return {
            "guesser": literal(experiment["guesser_prompt"]) + clue,
            "feedback": f"{literal(words['guess_feedback_lang'])} $feedback\n\n{form}",
            "unknown": f"{literal(unknown)}\n\n{form}",
        }

    def rules(self, experiment: JsonObject, rules: str) -> str:
        """Return `v1.6-as-taught` where the prompt teaches another order of tags than v1.6 takes."""
        taught = experiment["guesser_prompt"].find
        places = taught("\nguess:"), taught("\nexplanation:")
        return "v1.6-as-taught" if rules == "v1.6" and 0 <= places[0] < places[1] else rules

    def numbered(self, rounds: Sequence[Metrics]) -> dict[str, Metrics]:
        """Return the scores of rounds from 1 on; where none was completed, those of a round 0 are undefined."""
        if not rounds:
            return {"0": {"Closeness Score": None, "Strategy Score": None}}
        return {str(number): scores for number, scores in enumerate(rounds, 1)}

    def resources(self, experiment: JsonObject) -> dict[str, str]:
        """Return the valid guesses."""
        listed = experiment["lang_keywords"]["official_words_list"]
        return {"valid.txt": "".join(f"{word.strip()}\n" for word in listed)}


def guess_form(words: JsonObject) -> str:
    """Return the instruction on the form of a guess."""
    return literal(
        f"{words['error_prompt_text']['INVALID_FORMAT']}\n"
        f"{words['explanation_lang']} {words['explanataion_details_lang']}\n{words['guess_lang']} {words['guess_word_lang']}"
    )
