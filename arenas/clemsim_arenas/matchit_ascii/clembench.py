"""The port of matchit_ascii: reads clembench's files of the game."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import JsonObject, Port, literal, with_placeholders
from clemsim_arenas.matchit_ascii.gamelog import FLAGS, MatchItLog


class MatchItPort(Port):
    """The instances hold two grids; prompts, tags and the solution are in the experiment."""

    arena = folder = "matchit_ascii"
    files = ("in/instances_{version}.json", "in/instances.json")
    log = MatchItLog()
    stripped = True

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return both grids, the solution and the number of questions, where the tags are the known ones."""
        if experiment["flags"] != FLAGS:
            raise ValueError(f"there is no way to play with other tags than {', '.join(FLAGS.values())}")
        return {
            "grid_a": data["grid_a"],
            "grid_b": data["grid_b"],
            "solution": experiment["solution"],
            "questions": int(data["decision_turn"]),
        }

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return the first message of both players and all that they are asked later."""
        told = f"{literal(experiment['desc_intro'])}$description\n"
        question, decide = literal(experiment["q_reprompt"]), literal(experiment["d_reprompt"])
        asked = f"$question{literal(experiment['a_request'])}"
        return {
            "first": with_placeholders(experiment["initial_prompt"], {"$GRID$": "grid"}, "$GRID$"),
            "described": told + question,
            "asked": told + asked,
            "answered": f"$answer\n{asked}",
            "question": question,
            "decide": decide,
            "answered_last": f"$answer\n{decide}",
        }
