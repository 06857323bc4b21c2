"""How clembench writes imagegame."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import Json, Port, literal


class ImageGamePort(Port):
    """Target grids; the prompts stand in every instance."""

    arena = folder = "imagegame"
    files = ("in/instances_{version}.json", "in/instances_{version}_en.json", "in/instances.json")

    def instance(self, experiment: Json, data: Json, texts: Json) -> dict[str, Any]:
        """The target as it stands."""
        return {"target": data["target_grid"]}

    def prompts(self, experiment: Json, data: Json, texts: Json) -> dict[str, str]:
        """Both players' first messages, and what the giver is asked then."""
        question = literal(data["player_1_question"])
        return {
            "giver": f"{literal(data['player_1_prompt_header'])}\n$target\n{question}",
            "follower": literal(data["player_2_prompt_header"]),
            "next": question,
        }
