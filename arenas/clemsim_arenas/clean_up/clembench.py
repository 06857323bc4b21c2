"""The port of clean_up: reads clembench's files of the game."""

from __future__ import annotations

from typing import Any

from clemsim.interop.clembench.port import JsonObject, Port, literal, with_placeholders
from clemsim_arenas.clean_up.gamelog import ERRORS, INTERMITTENT, MOVES, CleanUpLog
from clemsim_arenas.clean_up.reading import COMMANDS

PARTS: dict[str, dict[str, tuple[str, ...]]] = {
    "intermittent_prompts": INTERMITTENT,
    "move_messages": MOVES,
    "parse_errors": dict.fromkeys(ERRORS, ()),
}
KNOWN = ("say_pattern", "move_pattern", "terminate_question", "terminate_answer")


class CleanUpPort(Port):
    """The instances hold the board, the objects and all texts of their language, by whose commands it is known."""

    arena = folder = "clean_up"
    files = ("in/instances_{version}.json", "in/instances.json")
    log = CleanUpLog()
    tells_all = True
    rule_sets = ("playschool", "v3.0")

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the board, where the objects lie, the limits, and all that players are told.

        Raises ValueError for another modality than text, and for commands of no known language.
        """
        if data["modality"] != "text" or data.get("restricted_patterns"):
            raise ValueError(f"only the game of text is played, not {data['modality']!r} with restricted words")
        told = tuple(data[name] for name in KNOWN)
        language = next((name for name in COMMANDS if told == _known(name)), None)
        if language is None:
            raise ValueError(f"the commands are of no language that clemsim has ({', '.join(COMMANDS)}): {told[0]!r}")
        return {
            "language": language,
            "texts": {
                "opening_1": literal(data["p1_initial_prompt"]),
                "opening_2": with_placeholders(data["p2_initial_prompt"], {"$start_message": "start_message"}),
                **{
                    name: with_placeholders(data[part][name], {f"${field}": field for field in fields})
                    for part, names in PARTS.items()
                    for name, fields in names.items()
                },
            },
            "background": data["background"].split("\n"),
            "objects": [{each["id"]: each["coord"] for each in data[f"objects_{number}"]} for number in (1, 2)],
            "penalties": data["max_penalties"],
            "rounds": data["max_rounds"],
        }

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return none: the instances have them all."""
        return {}


def _known(language: str) -> tuple[str, ...]:
    commands = COMMANDS[language]
    return commands.say_pattern, commands.move_pattern, commands.question, commands.answer
