"""The port of imagegame: reads clembench's files of the game."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import JsonObject, Port, literal
from clemsim_arenas.imagegame.gamelog import ImageGameLog


class ImageGamePort(Port):
    """The instances hold target grids and the prompts."""

    arena = folder = "imagegame"
    files = ("in/instances_{version}.json", "in/instances_{version}_en.json", "in/instances.json")
    log = ImageGameLog()

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the target grid."""
        return {"target": data["target_grid"]}

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return both players' first messages, and the giver's later asks."""
        question = literal(data["player_1_question"])
        return {
            "giver": f"{literal(data['player_1_prompt_header'])}\n$target\n{question}",
            "follower": literal(data["player_2_prompt_header"]),
            "next": question,
        }
