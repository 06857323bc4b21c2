"""How the replies of one seat are drawn, where a game wants it otherwise than the run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite

from clemsim.errors import ArenaError


@dataclass(frozen=True, slots=True)
class SeatSampling:
    """What a game fixes for a seat or role, such as a temperature of 0 for a judge; None: as the run has it.

    Raises ArenaError for a value that no server takes.
    """

    temperature: float | None = None
    max_tokens: int | None = None

    def __post_init__(self) -> None:
        if self.temperature is not None and not (isfinite(self.temperature) and self.temperature >= 0):
            raise ArenaError(f"the temperature of a seat is a number from 0 on, not {self.temperature!r}")
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ArenaError(f"the max_tokens of a seat is a number from 1 on, not {self.max_tokens!r}")

    def fixed(self) -> dict[str, float | int]:
        """Return the values that are fixed, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}
