"""The space of observations and actions: any text."""

from __future__ import annotations

from typing import Any

from clemsim._util.extras import library
from clemsim.interop.environments.stepping import LONGEST

gymnasium = library("gymnasium", "rl", "an environment")
SAMPLE = 40  # characters


class AnyText(gymnasium.spaces.Text):  # type: ignore[misc, name-defined, unused-ignore]
    """Texts of any characters and length; samples are short and of letters."""

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(max_length=LONGEST, min_length=0, seed=seed)

    def contains(self, x: Any) -> bool:
        """Return whether something is text."""
        return isinstance(x, str)

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """Return a short text of letters and digits."""
        length = int(self.np_random.integers(1, SAMPLE))
        characters = self.character_list
        return "".join(characters[place] for place in self.np_random.integers(len(characters), size=length))

    def __repr__(self) -> str:
        return "AnyText()"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AnyText)

    __hash__ = None  # type: ignore[assignment]
