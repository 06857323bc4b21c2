"""The port of wordle_withcritic: reads clembench's files of the game."""

from __future__ import annotations

from clemsim.interop.clembench.port import JsonObject, literal
from clemsim_arenas.fiveletters.clembench import FiveLettersPort, guess_form
from clemsim_arenas.fiveletters.gamelog import WithCriticLog


class WordleWithCriticPort(FiveLettersPort):
    """Wordle with a clue and a critic."""

    arena = "wordle_withcritic"
    log = WithCriticLog()
    files = (
        "in/instances_withcritic_{version}.json",
        "in/instances_withcritic_{version}_en.json",
        "in/instances_withcritic.json",
    )
    clue = True

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return also the critic's first message, the proposal and the opinion."""
        words = experiment["lang_keywords"]
        clue, explanation, guess = words["clue_lang"], words["explanation_lang"], words["guess_lang"]
        opinion = f"{words['guess_agreement_lang']} $agreement\n{words['agreement_explanation_lang']} $explanation"
        proposal = f"{clue} $clue\n{explanation} $explanation\n{guess} $guess"
        return super().prompts(experiment, data, texts) | {
            "critic": literal(experiment["guesser_critic_prompt"]),
            "first_proposal": proposal,
            "proposal": f"{proposal}\n\n{_opinion_form(words)}",
            "opinion": f"{clue} $clue\n{opinion}\n\n{guess_form(words)}",
        }


def _opinion_form(words: JsonObject) -> str:
    """The instruction on the form of an opinion."""
    return literal(
        f"{words['error_prompt_text']['INVALID_FORMAT']}\n{words['explanation_lang']} {words['explanataion_details_lang']}\n"
        f"{words['agreement_lang']} {words['agreement_word_lang']}"
    )
