"""How clembench writes referencegame."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import Json, Port, template

FOLLOWER = ("first", "second", "third")


class ReferenceGamePort(Port):
    """Three grids in two orders; the prompts, grids and all, stand in every instance."""

    arena = folder = "referencegame"
    files = ("in/instances_{version}.json", "in/instances_{version}_en.json", "in/instances.json")

    def instance(self, experiment: Json, data: Json, texts: Json) -> dict[str, Any]:
        """The giver's grids, the target first, and the follower's order of them."""
        grids = [data[f"player_1_{name}_grid"] for name in ("target", "second", "third")]
        shown = [data[f"player_2_{name}_grid"] for name in FOLLOWER]
        target = FOLLOWER.index(data["target_grid_name"][0])
        if shown[target] != grids[0]:
            raise ValueError(f"target_grid_name {data['target_grid_name'][0]!r} is not player 1's target grid")
        order = [1, 2] if [grid for place, grid in enumerate(shown) if place != target] == grids[1:] else [2, 1]
        order.insert(target, 0)
        return {"grids": grids, "order": order}

    def prompts(self, experiment: Json, data: Json, texts: Json) -> dict[str, str]:
        """Both players' messages."""
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
