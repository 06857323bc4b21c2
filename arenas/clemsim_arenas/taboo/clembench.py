"""How clembench writes taboo."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import Json, Port, placed

FIELDS = {"$TARGET_WORD$": "target", "$REL_WORD$": "related", "$N$": "rounds"}


class TabooPort(Port):
    """Targets with their related words; the prompts stand in the experiment."""

    arena = folder = "taboo"
    files = ("in/instances_{version}.json", "in/instances_{version}_en.json", "in/instances.json")

    def instance(self, experiment: Json, data: Json, texts: Json) -> dict[str, Any]:
        """The target and its related words."""
        return {
            "target": data["target_word"],
            "related": list(data["related_word"]),
            "rounds": int(experiment["max_turns"]),
        }

    def prompts(self, experiment: Json, data: Json, texts: Json) -> dict[str, str]:
        """Both players' first messages."""
        return {
            "describer": placed(experiment["describer_initial_prompt"], FIELDS, "$TARGET_WORD$", "$REL_WORD$"),
            "guesser": placed(experiment["guesser_initial_prompt"], FIELDS),
        }
