"""Ports: how an arena reads clembench's files. Each lies beside its game and is registered in the group `clemsim.ports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from clemsim.catalog.plugins import load_entry, registered
from clemsim.interop.clembench.gamelog import GameLog

JsonObject = Mapping[str, Any]
Metrics = Mapping[str, float | None]


class Port:
    """A translator of one game of clembench.

    A method may raise KeyError, IndexError, TypeError and ValueError where a field is missing or wrong: the caller knows
    the file and names it. `experiment` and `data` are an experiment and an instance of clembench's instance file; `texts`
    is what `texts()` returned.
    """

    arena: ClassVar[str]
    folder: ClassVar[str]  # the game's folder within a checkout
    files: ClassVar[Sequence[str]]  # paths within that folder where the instances may be, with a place for `{version}`
    log: ClassVar[GameLog] = GameLog()  # how clembench logs the game
    unordered: ClassVar[bool] = False  # whether the order of what players are told is chance, so that asks are not compared
    unsettled: ClassVar[Sequence[str]] = ()  # scores of rounds that hang on such chance, and are not compared
    untold: ClassVar[Sequence[str]] = ()  # fields of the arena's instances that recorded results do not hold in full
    stripped: ClassVar[bool] = False  # whether recordings of its game master without a model had their replies stripped
    rule_sets: ClassVar[Sequence[str]] = ()  # by which results that name none may have been played: the first that agrees
    tells_all: ClassVar[bool] = False  # whether instances hold all that players are told, so that asks can be compared

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the arena's own fields of an instance, without experiment and id."""
        raise NotImplementedError

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return the arena's prompts in clembench's words, as templates with `$fields`."""
        raise NotImplementedError

    def resources(self, experiment: JsonObject) -> dict[str, str]:
        """Return the contents of files under `resources/` that replace the arena's own."""
        return {}

    def shared(self, texts: JsonObject) -> dict[str, str]:
        """Return the contents of more files under `resources/`, out of what `texts()` returned."""
        return {}

    def rules(self, experiment: JsonObject, rules: str) -> str:
        """Return the rule set by which an imported suite is played, where that of its version, `rules`, goes against its
        own prompts.
        """
        return rules

    def numbered(self, rounds: Sequence[Metrics]) -> dict[str, Metrics]:
        """Return the scores of rounds by the numbers that clembench gives them, as text."""
        return {str(number): scores for number, scores in enumerate(rounds)}

    def texts(self, folder: Path, experiment: str) -> JsonObject:
        """Return what an instance refers to in other files of the game's folder. Raises UsageError."""
        return {}

    def stand_ins(self, data: JsonObject) -> JsonObject:
        """Return a substitute for `texts()` where only the instance is known; it changes nothing but the words of asks."""
        return {}


def ports() -> dict[str, Port]:
    """Return the registered ports by arena."""
    return {name: load_entry(entry)() for name, entry in registered("ports").items()}


def literal(text: str) -> str:
    """Return `text` as a template that has no fields."""
    return text.replace("$", "$$")


def with_placeholders(text: str, fields: Mapping[str, str], *needed: str) -> str:
    """Return `text` as a template in which each placeholder has become its `$field`; `fields` maps placeholders to names.

    Raises ValueError where one of the placeholders in `needed` is missing.
    """
    for placeholder in needed:
        if placeholder not in text:
            raise ValueError(f"{placeholder!r} does not stand in the prompt")
    template_ = literal(text)
    for placeholder, field in fields.items():
        template_ = template_.replace(literal(placeholder), f"${{{field}}}")
    return template_


def template(text: str, fields: Mapping[str, str]) -> str:
    """Return `text` as a template in which the first place of each value has become its `$field`; `fields` maps names to
    values, in the order of their places. Raises ValueError where a value is missing.
    """
    parts, rest = [], text
    for field, value in fields.items():
        before, separator, rest = rest.partition(value)
        if not separator:
            raise ValueError(f"{value!r} does not stand in the prompt")
        parts += [literal(before), f"${field}"]
    return "".join([*parts, literal(rest)])
