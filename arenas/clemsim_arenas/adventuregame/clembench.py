"""The port of adventuregame: reads clembench's files of the game."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clemsim._util.files import dump_json, read_json
from clemsim.interop.clembench.port import JsonObject, Port
from clemsim_arenas.adventuregame.gamelog import AdventureLog
from clemsim_arenas.adventuregame.instances import Adventure
from clemsim_arenas.adventuregame.translation import LISTS, part, readable

FILES = "files"


class AdventureGamePort(Port):
    """The instances hold states as facts, and definitions or the names of files with definitions."""

    arena = folder = "adventuregame"
    files = ("in/instances_{version}.json", "in/instances.json")
    log = AdventureLog()
    unordered = True
    unsettled = ("effective_epistemic_gain_amount", "known_entities_ratio", "known_goal_entities_ratio")
    untold = ("definitions", "meant")

    def texts(self, folder: Path, experiment: str) -> JsonObject:
        """Return the files of definitions, translated. Raises UsageError."""
        paths = sorted((folder / "resources" / "definitions").glob("*.json"))
        parts = {path.name: readable(read_json(path)) for path in paths}
        return {FILES: {name: dump_json(found).decode() for name, found in parts.items() if found}}

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return states, limits and the parts of the world. Definitions that come with a recording go with the instance.

        What clemsim exported is as its arena has it.
        """
        if "world" in data:
            return {name: data[name] for name in Adventure.model_fields if name in data}
        world: list[Any] = []
        definitions: dict[str, Any] = {}
        for kind, field in LISTS.items():
            given = list(data.get(field, ()))[: 1 if kind == "domain" else None]
            own = [each for each in given if not isinstance(each, str)]
            names = [each for each in given if isinstance(each, str)]
            world += [*names, *([part(kind, own)] if own else [])]
            told = texts.get("definitions", {})
            definitions |= {name: part(kind, told[name]) for name in names if name in told}
        return {
            "variant": data["variant"],
            "task": data["prompt"],
            "initial_state": data["initial_state"],
            "goal_state": data["goal_state"],
            "max_turns": data["max_turns"],
            "optimal_turns": data["optimal_turns"],
            "world": world,
            "definitions": {**texts.get("parts", {}), **definitions},
            "meant": texts.get("meant", {}),
        }

    def shared(self, texts: JsonObject) -> dict[str, str]:
        """Return the files of definitions."""
        return dict(texts.get(FILES, {}))

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return the prompts, which are whole in the instances. Raises KeyError for instances that clemsim exported."""
        _ = data["prompt"]
        return dict.fromkeys(("basic", "plan"), "$task$room")
