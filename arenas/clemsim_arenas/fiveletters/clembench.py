"""How clembench writes the wordle games: one file each in the folder `wordle`, the word list within each experiment."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import Json, Port, literal


class FiveLettersPort(Port):
    """Targets; with a clue where the game has one."""

    folder = "wordle"
    clue = False

    def instance(self, experiment: Json, data: Json, texts: Json) -> dict[str, Any]:
        """The target and perhaps its clue."""
        return {"target": data["target_word"]} | ({"clue": data["target_word_clue"]} if self.clue else {})

    def prompts(self, experiment: Json, data: Json, texts: Json) -> dict[str, str]:
        """The guesser's first message, the feedback and what is said to an unknown word."""
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

    def resources(self, experiment: Json) -> dict[str, str]:
        """The valid guesses."""
        listed = experiment["lang_keywords"]["official_words_list"]
        return {"valid.txt": "".join(f"{word.strip()}\n" for word in listed)}


def guess_form(words: Json) -> str:
    """How a guess is to be given."""
    return literal(
        f"{words['error_prompt_text']['INVALID_FORMAT']}\n"
        f"{words['explanation_lang']} {words['explanataion_details_lang']}\n{words['guess_lang']} {words['guess_word_lang']}"
    )
