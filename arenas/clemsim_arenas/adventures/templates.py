"""Templates of what players are told: text with `{{ name }}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_FIELD = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def filled(template: str, words: Mapping[str, str], descriptions: Mapping[str, Callable[[], str]] | None = None) -> str:
    """Return a template with its names filled in, from `descriptions` first; a name that is in neither is empty."""
    made = descriptions or {}

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        return made[name]() if name in made else words.get(name, "")

    return _FIELD.sub(fill, template)
