"""Ports: how an arena reads clembench's files. Each lies beside its game and is registered in the group `clemsim.ports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from clemsim.catalog.plugins import registered

Json = Mapping[str, Any]


class Port:
    """Translates one game of clembench. Methods may let KeyError, IndexError, TypeError and ValueError through where a field
    is missing or wrong: whoever calls them knows the file and names it.
    """

    arena: ClassVar[str]
    folder: ClassVar[str]  # the game's folder within a checkout
    files: ClassVar[Sequence[str]]  # where its instances may lie in that folder, `{version}` to be filled in

    def instance(self, experiment: Json, data: Json, texts: Json) -> dict[str, Any]:
        """The arena's own fields of an instance, besides experiment and id."""
        raise NotImplementedError

    def prompts(self, experiment: Json, data: Json, texts: Json) -> dict[str, str]:
        """The arena's prompts in clembench's words, as templates with `$fields`."""
        raise NotImplementedError

    def resources(self, experiment: Json) -> dict[str, str]:
        """Texts of files under `resources/` in place of the arena's own."""
        return {}

    def texts(self, folder: Path, experiment: str) -> Json:
        """What an instance refers to in other files of the game's folder. Raises UsageError."""
        return {}

    def stand_ins(self, data: Json) -> Json:
        """What does for `texts` where only the instance is there: the asks are worded otherwise then, no more."""
        return {}


def ports() -> dict[str, Port]:
    """The registered ports by arena."""
    return {name: entry.load()() for name, entry in registered("ports").items()}


def literal(text: str) -> str:
    """A text as a template that stands for itself."""
    return text.replace("$", "$$")


def placed(text: str, fields: Mapping[str, str], *needed: str) -> str:
    """The text as a template: every placeholder becomes its `$field`. Raises ValueError where one that is needed lacks."""
    for placeholder in needed:
        if placeholder not in text:
            raise ValueError(f"{placeholder!r} does not stand in the prompt")
    found = literal(text)
    for placeholder, field in fields.items():
        found = found.replace(literal(placeholder), f"${{{field}}}")
    return found


def template(text: str, fields: Mapping[str, str]) -> str:
    """The text as a template: the first place of each value, in order, becomes its `$field`. Raises ValueError."""
    parts, rest = [], text
    for field, value in fields.items():
        before, found, rest = rest.partition(value)
        if not found:
            raise ValueError(f"{value!r} does not stand in the prompt")
        parts += [literal(before), f"${field}"]
    return "".join([*parts, literal(rest)])
