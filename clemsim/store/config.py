"""The configuration of a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from clemsim.errors import UsageError
from clemsim.store.population import Population

Seed = Annotated[int, Field(ge=-(2**63), lt=2**63)]  # what TOML and JSON hold
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Temperature = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
MaxTokens = Annotated[int, Field(ge=1, lt=2**31)]
Pairings = Literal["all", "round-robin", "swap"]


class RunConfig(BaseModel):
    """All that decides what a run plays. Written whole into `run.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    suite: str = "quick"
    arenas: tuple[str, ...] = ()  # empty: all of the suite
    agents: tuple[str, ...] = ("local",)
    instances: Count | None = None
    repetitions: Count = 1
    seed: Seed = 0
    width: Count | None = None  # None: what each agent can take
    temperature: Temperature = 0.0
    max_tokens: MaxTokens = 300
    logprobs: Annotated[int, Field(ge=0, le=20)] = 0  # log-probabilities are recorded, with so many likeliest tokens each
    tokens: bool = False  # the ids of tokens are recorded
    constrain: bool = False
    isolate_cache: bool = False
    batch: Count = 1
    stop_when: str | None = None  # the question that ends the run once it is answered
    rules: str | None = None  # the rule set of the games that have several; None: that of the suite
    verbatim: bool | None = None  # judge replies as they came, without stripping them of surrounding white space
    only: str | None = None  # the label of the one instance that is played
    imported: str | None = None  # the results that it was made of
    branched: str | None = None  # from where its episodes were branched off
    pairings: Pairings | None = None  # how several agents share the seats of a game; None: each plain one takes all
    against: Population | None = None  # whom the others play; its players are the last of `agents`

    @model_validator(mode="after")
    def _one_seed(self) -> RunConfig:
        if self.batch > 1 and self.temperature > 0:
            raise ValueError("--batch needs --temperature 0, for a batch has one seed for all its replies")
        return self

    @model_validator(mode="after")
    def _one_way_of_pairing(self) -> RunConfig:
        if self.pairings and self.against:
            raise ValueError("--pairings and --against are two ways of seating agents: choose one")
        return self


def parse_width(text: str) -> int | None:
    """Return a number of turns in flight, or None for `auto`. Raises UsageError."""
    if text == "auto":
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 6) or int(text) < 1:
        raise UsageError(f"--width {text}: give a number of turns, or auto")
    return int(text)
