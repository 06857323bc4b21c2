"""The port of taboo: reads clembench's files of the game."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import JsonObject, Port, with_placeholders
from clemsim_arenas.taboo.gamelog import TabooLog

FIELDS = {"$TARGET_WORD$": "target", "$REL_WORD$": "related", "$N$": "rounds"}


class TabooPort(Port):
    """The instances hold targets and related words; the prompts are in the experiment."""

    arena = folder = "taboo"
    files = ("in/instances_{version}.json", "in/instances_{version}_en.json", "in/instances.json")
    log = TabooLog()

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the target, its related words and the number of rounds."""
        return {
            "target": data["target_word"],
            "related": list(data["related_word"]),
            "rounds": int(experiment["max_turns"]),
        }

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return both players' first messages."""
        return {
            "describer": with_placeholders(experiment["describer_initial_prompt"], FIELDS, "$TARGET_WORD$", "$REL_WORD$"),
            "guesser": with_placeholders(experiment["guesser_initial_prompt"], FIELDS),
        }
