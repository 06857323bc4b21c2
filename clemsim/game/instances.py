"""Instances: frozen data that, with the replies, fixes an episode; and the key that names an episode."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

Whole = Annotated[int, Field(ge=-(2**63), lt=2**64)]  # what JSON is read as in full


class Instance(BaseModel):
    """Base of every arena's instances. `experiment` and `id` name it; `seed` feeds `table.rng`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    experiment: str = "default"
    id: Whole = 0
    seed: Whole = 0

    @property
    def label(self) -> str:
        """Its name within the arena, such as `high_en/3`."""
        return f"{self.experiment}/{self.id}"


class EpisodeKey(NamedTuple):
    """Names one episode of a run: which instance, which repetition, which cast."""

    arena: str
    instance: str
    repetition: int
    cast: str

    @property
    def label(self) -> str:
        """Such as `taboo/high_en/3`, with `#2` for a second repetition."""
        return f"{self.arena}/{self.instance}" + (f"#{self.repetition + 1}" if self.repetition else "")
