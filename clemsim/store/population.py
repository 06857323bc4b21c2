"""A population: reference players whose ratings are fixed, so that others are rated on their scale."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Logit = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]


class ReferencePlayer(BaseModel):
    """A player of a population: the agent's SPEC, the digest of what it was (empty: unknown), and its rating (logit)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=1, max_length=300)
    agent: str = Field(min_length=1)
    digest: str = ""
    rating: Logit


class Population(BaseModel):
    """Reference players, and what else their scale consists of.

    `versions`: of each game, by whose rules they were rated. `seats`: by game, the advantage of each seat or role (logit,
    its mean is 0). `draws`: by game, the logarithm of Davidson's parameter; of a game without draws there is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = ""
    versions: dict[str, int | str] = Field(default_factory=dict)
    seats: dict[str, dict[str, Logit]] = Field(default_factory=dict)
    draws: dict[str, Logit] = Field(default_factory=dict)
    player: tuple[ReferencePlayer, ...] = Field(min_length=1)
