"""What is said in a game of several languages: by the file of the language in `prompts`, or as the instance has it.

clembench's instances of such games hold all that players are told, in their language. So an imported instance brings its
texts, and one of our own names its language.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from string import Template
from typing import TypeVar

from pydantic import Field

from clemsim import Arena, Instance


class Worded(Instance):
    """An instance in some language. `texts`: what is said, by name, as templates with `$fields`; that of the language where
    there is none.
    """

    language: str = "en"
    texts: dict[str, str] = Field(default_factory=dict)


W = TypeVar("W", bound=Worded)


class WordedArena(Arena[W], framework=True):
    """A game that finds its words in `prompts/LANGUAGE.toml`, where each text has a name, unless the instance has them."""

    def say(self, instance: Worded, name: str, /, **fields: object) -> str:
        """Return the text of this name with its `$fields` filled in."""
        return Template(self.wordings(instance)[name]).substitute(fields)

    def wordings(self, instance: Worded) -> Mapping[str, str]:
        """Return all texts by name."""
        return instance.texts or _texts(self.resources.text(f"prompts/{instance.language}.toml"))


@lru_cache(maxsize=64)
def _texts(file: str) -> Mapping[str, str]:
    return tomllib.loads(file)
