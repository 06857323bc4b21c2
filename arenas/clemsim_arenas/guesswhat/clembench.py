"""The port of guesswhat: reads clembench's files of the game."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

from clemsim.interop.clembench.port import JsonObject, Port, with_placeholders
from clemsim_arenas.guesswhat.gamelog import FORM, GuessWhatLog

# Of the fields in which all experiments of clembench agree, and which the rules stand for: tags, answers, patterns.
KNOWN = "502518537461250e"


class GuessWhatPort(Port):
    """The instances hold words; prompts, tags and patterns are in the experiment."""

    arena = folder = "guesswhat"
    files = ("in/instances_{version}.json", "in/instances.json")
    log = GuessWhatLog()
    stripped = True

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return target, candidates and the number of rounds, where the form of replies is the known one."""
        if digest({name: experiment[name] for name in FORM}) not in (KNOWN, digest(FORM)):
            raise ValueError(f"there is no way to play by other values of {', '.join(FORM)} than clembench's")
        return {
            "target": data["target_word"],
            "candidates": list(data["candidate_list"]),
            "rounds": int(experiment["max_turns"]),
        }

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return both players' first messages."""
        guesser = {"$LIST$": "list", "$N$": "questions"}
        return {
            "guesser": with_placeholders(experiment["guesser_initial_prompt"], guesser, "$LIST$"),
            "answerer": with_placeholders(
                experiment["answerer_initial_prompt"], {"$TARGET WORD$": "target"}, "$TARGET WORD$"
            ),
        }


def digest(form: JsonObject) -> str:
    """Return 16 hexadecimal digits that stand for tags, answers and patterns."""
    return blake2b(repr(sorted(form.items())).encode(errors="surrogatepass"), digest_size=8).hexdigest()
