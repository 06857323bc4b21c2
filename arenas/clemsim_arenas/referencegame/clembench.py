"""The port of referencegame: reads clembench's files of the game."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import JsonObject, Port, template
from clemsim_arenas.referencegame.gamelog import ReferenceGameLog

FOLLOWER = ("first", "second", "third")


class ReferenceGamePort(Port):
    """The instances hold three grids in two orders, and the prompts with the grids in them."""

    arena = folder = "referencegame"
    files = ("in/instances_{version}.json", "in/instances_{version}_en.json", "in/instances.json")
    log = ReferenceGameLog()

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the giver's grids, the target first, and their order at the follower."""
        grids = [data[f"player_1_{name}_grid"] for name in ("target", "second", "third")]
        shown = [data[f"player_2_{name}_grid"] for name in FOLLOWER]
        target = FOLLOWER.index(data["target_grid_name"][0])
        if shown[target] != grids[0]:
            raise ValueError(f"target_grid_name {data['target_grid_name'][0]!r} is not player 1's target grid")
        order = [1, 2] if [grid for place, grid in enumerate(shown) if place != target] == grids[1:] else [2, 1]
        order.insert(target, 0)
        return {"grids": grids, "order": order}

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return both players' messages."""
        giver = {
            "target": data["player_1_target_grid"],
            "distractor_1": data["player_1_second_grid"],
            "distractor_2": data["player_1_third_grid"],
        }
        follower = {name: data[f"player_2_{name}_grid"] for name in FOLLOWER} | {"expression": "TARGET_EXPRESSION"}
        return {
            "giver": template(data["player_1_prompt_header"], giver),
            "follower": template(data["player_2_prompt_header"], follower),
        }
