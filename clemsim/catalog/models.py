"""Models and their characteristics: what is known of a model, and the ways in which it is played.

`models.toml` is a list of `[[model]]` tables. Facts that a table leaves out are taken from the registry that clemsim
brings, where that knows a model of this name; what neither says is unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from clemsim._util.files import read_toml
from clemsim.errors import UsageError

M = TypeVar("M", bound=BaseModel)

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\s/\\][^/\\\n]*$")]
REGISTRY = Path(__file__).parent / "registry.toml"


class ModelFacts(BaseModel):
    """What is publicly known of a model; None: unknown. `released`, `cutoff`: the first of a month where only that is
    known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    provider: str | None = None
    parameters: float | None = Field(None, gt=0, allow_inf_nan=False)  # billions; mixtures of experts by their total
    training_tokens: float | None = Field(None, gt=0, allow_inf_nan=False)  # trillions
    cutoff: date | None = None
    released: date | None = None
    context: int | None = Field(None, gt=0)  # tokens
    open_weights: bool | None = None
    multilingual: bool | None = None
    multimodal: bool | None = None
    base_model: str | None = None
    tuning_data: str | None = None


class Variant(BaseModel):
    """One way of playing a model: `agent` is a SPEC as in `clemsim run --agent`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    access: Name  # the library or provider: llama.cpp, vllm, together
    agent: str = Field(min_length=1)
    quantisation: float | None = Field(None, gt=0, allow_inf_nan=False)  # bits of a weight
    engine: str | None = None  # its version; None: what the engine says of itself


class Characteristics(ModelFacts):
    """All that an analysis is told of who played a run."""

    name: str
    quantisation: float | None = None
    access: str | None = None
    engine: str | None = None


class Model(ModelFacts):
    """A model: its name, its facts, its variants. `facts`: its name in the registry, where it has another one here."""

    name: Name
    facts: str | None = None
    variant: tuple[Variant, ...] = ()

    @model_validator(mode="after")
    def _no_twins(self) -> Self:
        ways = [(each.access, each.quantisation) for each in self.variant]
        for access, bits in ways:
            if ways.count((access, bits)) > 1:
                raise ValueError(f"two variants of {self.name} have the same access {access!r} and quantisation")
        return self

    def characteristics(self, variant: Variant) -> Characteristics:
        """Its own, and those of the variant."""
        facts = {name: getattr(self, name) for name in ModelFacts.model_fields}
        ways = {"quantisation": variant.quantisation, "access": variant.access, "engine": variant.engine}
        return Characteristics(name=self.name, **facts, **ways)


class Models(BaseModel):
    """A file of models."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    model: tuple[Model, ...] = ()


def read_models(path: Path) -> tuple[Model, ...]:
    """The models of a `models.toml`, their facts filled in. Raises UsageError naming the key that is wrong."""
    return with_facts(read(path, Models).model)


def with_facts(models: Sequence[Model]) -> tuple[Model, ...]:
    """The same models, what they leave unsaid taken from the registry. Raises UsageError."""
    return tuple(_with_facts(model) for model in models)


def _with_facts(model: Model) -> Model:
    known = registry()
    if model.facts and model.facts.lower() not in known:
        raise UsageError(f"model {model.name}: the registry has no {model.facts!r} (see `clemsim list models`)")
    public = known.get((model.facts or model.name).lower())
    if public is None:
        return model
    missing = {name: getattr(public, name) for name in ModelFacts.model_fields if name not in model.model_fields_set}
    return model.model_copy(update={name: value for name, value in missing.items() if value is not None})


@cache
def registry() -> Mapping[str, Model]:
    """Well-known models by name, in lower case."""
    return {model.name.lower(): model for model in read(REGISTRY, Models).model}


def read(path: Path, kind: type[M]) -> M:
    """A TOML file as a model of pydantic. Raises UsageError naming file and key."""
    return checked(read_toml(path), kind, str(path))


def checked(data: Any, kind: type[M], where: str) -> M:
    """The data, if it is as it should be. Raises UsageError naming the first key that is wrong."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        hint = " (leave out what is unknown)" if first["type"] == "greater_than" else ""
        said = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{where}: {key + ': ' if key else ''}{said}{hint}") from error
