"""The port of dond: reads clembench's files of the game."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import JsonObject, Port, literal, with_placeholders
from clemsim_arenas.dond.gamelog import SILENCE, DealOrNoDealLog
from clemsim_arenas.dond.reading import WORDS

FIELDS = {"$N$": "messages", "$ITEMS$": "items", "$VALUE_FUNCTION$": "values"}


class DealOrNoDealPort(Port):
    """The instances hold items and values; the prompts are in the experiment, which is of one language and mode."""

    arena = folder = "dond"
    files = ("in/instances_{version}.json", "in/instances.json")
    log = DealOrNoDealLog()
    tells_all = True

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return items, values and all that players are told. Raises ValueError for a language that is not there."""
        if (language := experiment["language"]) not in WORDS:
            raise ValueError(f"there is no language {language!r}, only {', '.join(WORDS)}")
        return {
            "language": language,
            "texts": {
                "opening": with_placeholders(experiment["initial_prompt"], FIELDS, *FIELDS),
                "early": literal(experiment["proposal_early"]),
                "timeout": literal(experiment["proposal_timeout"]),
                "silence": SILENCE,
            },
            "mode": experiment["mode"],
            "one": data["item_types"],
            "more": data["item_types_plural"],
            "counts": data["item_counts"],
            "values": [data["player_a_values"], data["player_b_values"]],
            "messages": experiment["max_turns"],
        }

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return none: the instances have them all."""
        return {}
