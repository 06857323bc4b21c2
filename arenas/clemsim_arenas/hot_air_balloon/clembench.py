"""The port of hot_air_balloon: reads clembench's files of the game."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import JsonObject, Port, literal
from clemsim_arenas.hot_air_balloon.gamelog import FAULTS, HotAirBalloonLog, patterns
from clemsim_arenas.hot_air_balloon.message import TAGS


class HotAirBalloonPort(Port):
    """The instances hold items and values, all prompts, and the patterns of the tags, by which their language is known."""

    arena, folder = "hot_air_balloon", "air_balloon_survival"
    files = ("in/instances_{version}.json", "in/instances.json")
    log = HotAirBalloonLog()
    tells_all = True

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the items, what the best sets are worth, and all that players are told.

        Raises ValueError for tags of no known language, and for a score that would go beyond 100.
        """
        told = {name: data[name] for name in patterns(TAGS["en"])}
        language = next((name for name, tags in TAGS.items() if patterns(tags) == told), None)
        if language is None:
            raise ValueError(f"the tags are of no language that clemsim has ({', '.join(TAGS)}): {told['proposal_tag']!r}")
        if data["only_individual"] and data["negotiation_mode"] != "equal":
            raise ValueError(
                "only_individual is set though the values differ, so that there is no best deal to compare with"
            )
        return {
            "language": language,
            "texts": {name: literal(data[field]) for name, field in FAULTS.items()}
            | {f"opening_{number}": literal(data[f"player{number}_initial_prompt"]) for number in (1, 2)},
            "weights": data["item_weights"],
            "values": [data["player1_preferences"], data["player2_preferences"]],
            "limit": data["max_weight"],
            "mode": data["negotiation_mode"],
            "best": [data["max_u1"], data["max_u2"]],
            "best_harmonic": data["max_harmonic"],
            "reasoning": data["strategic_reasoning"],
            "arguing": data["require_argument"],
            "patience": data["patience"],
            "silence": data["empty_turn_limit"],
        }

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return none: the instances have them all."""
        return {}
