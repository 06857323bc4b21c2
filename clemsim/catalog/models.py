"""Models: their public facts, the ways in which each is played, and the files that describe them.

`models.toml` is a list of `[[model]]` tables. Facts that a table leaves out come from the registry, where that has a model
of the name: the facts that clemsim brings and, before them, those of the user's own `models.toml`. What none of them gives
is unknown (None), never zero. Prices are the user's alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from clemsim._util.files import read_toml
from clemsim.catalog.agent_settings import PRICES, AgentSettings, Amount, checked_settings, read_spec, with_settings
from clemsim.errors import UsageError
from clemsim.runtime.price import Price

M = TypeVar("M", bound=BaseModel)

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\s/\\][^/\\\n]*$")]
Size = Annotated[float, Field(gt=0, allow_inf_nan=False)]
REGISTRY = Path(__file__).parent / "registry.toml"
USER_MODELS = "CLEMSIM_MODELS"


class ModelFacts(BaseModel):
    """The public facts about a model; None is unknown.

    `parameters`: billions, mixtures of experts by their total. `training_tokens`: trillions. `context`: tokens.
    `released` and `cutoff` are the first of a month where only the month is known. `size_known`: whether the number of
    parameters was published; false for a rumour.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    provider: str | None = None
    parameters: Size | None = None
    size_known: bool | None = None
    training_tokens: Size | None = None
    cutoff: date | None = None
    released: date | None = None
    context: Annotated[int, Field(gt=0)] | None = None
    open_weights: bool | None = None
    multilingual: bool | None = None
    multimodal: bool | None = None
    base_model: str | None = None
    tuning_data: str | None = None


def _settings(value: Any) -> Any:
    """Return the settings of a table. Raises ValueError with one line."""
    try:
        return checked_settings(value, "settings") if isinstance(value, dict) else value
    except UsageError as error:
        raise ValueError(str(error)) from error


class Variant(BaseModel):
    """One way of playing a model. `agent` is a SPEC as in `clemsim run --agent`; `quantisation` is the bits of a weight.

    `access` is the library or provider (llama.cpp, vllm, together). `engine` is its version; None: the version that the
    engine reports. `key_env` names the environment variable that holds the key for the agent's server. `settings`: what may
    stand behind the `?` of the SPEC.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    access: Name
    agent: str = Field(min_length=1)
    quantisation: Size | None = None
    engine: str | None = None
    key_env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    settings: Annotated[AgentSettings, BeforeValidator(_settings)] = AgentSettings()

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if self.key_env and ("@http" not in self.agent or "#" in self.agent):
            raise ValueError("key_env goes with an agent MODEL@URL that names no key itself")
        return self

    @property
    def spec(self) -> str:
        """The SPEC of the agent, with its settings and the variable of its key."""
        return with_settings(f"{self.agent}#key_env={self.key_env}" if self.key_env else self.agent, self.settings)


class Characteristics(ModelFacts):
    """The facts about a model and about how it was served in a run: the input of an analysis.

    `name` is the model's own name, without its variant; `quantisation` is the bits of a weight. `temperature`, `thinking`
    and `system` are settings of the agent, where they tell it from others of the same model.
    """

    name: str | None = None
    quantisation: Size | None = None
    access: str | None = None
    engine: str | None = None
    temperature: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    thinking: str | None = None
    system: str | None = None

    @property
    def settings(self) -> str:
        """The settings of the agent in words, such as `temperature 0.7, thinking off`; empty where it has none."""
        temperature = None if self.temperature is None else f"{self.temperature:g}"
        pairs = {"temperature": temperature, "thinking": self.thinking, "system": self.system and repr(self.system)}
        return ", ".join(f"{name} {text}" for name, text in pairs.items() if text)


class Model(ModelFacts):
    """A model: its name, facts, prices and variants. `facts` is its name in the registry, where that differs from `name`.

    Prices are those of `AgentSettings`, and hold for all variants that name none.
    """

    name: Name
    price_in: Amount | None = None
    price_cached: Amount | None = None
    price_out: Amount | None = None
    price_hour: Amount | None = None
    facts: str | None = None
    variant: tuple[Variant, ...] = ()

    @model_validator(mode="after")
    def _check_variants(self) -> Self:
        ways = [(variant.access, variant.quantisation) for variant in self.variant]
        for access, bits in ways:
            if ways.count((access, bits)) > 1:
                raise ValueError(f"two variants of {self.name} have the same access {access!r} and quantisation")
        return self

    def characteristics(self, variant: Variant) -> Characteristics:
        """Return the facts about the model together with those about `variant`."""
        facts = {name: getattr(self, name) for name in ModelFacts.model_fields}
        served = {"quantisation": variant.quantisation, "access": variant.access, "engine": variant.engine}
        return Characteristics(name=self.name, **facts, **served)

    @property
    def agents(self) -> list[str]:
        """The SPECs of all variants, named after the model, and after the variant where there are several."""
        return [with_settings(self.priced(variant).spec, self._named(variant)) for variant in self.variant]

    def priced(self, variant: Variant) -> Variant:
        """Return a variant with the model's prices, where it names none itself."""
        own = {name: value for name in PRICES if (value := getattr(self, name)) is not None}
        if not own or variant.settings.given().keys() & set(PRICES):
            return variant
        return variant.model_copy(update={"settings": variant.settings.model_copy(update=own)})

    def _named(self, variant: Variant) -> AgentSettings:
        """Return the name of a variant as a setting; none where it has one of its own."""
        if variant.settings.name:
            return AgentSettings()
        return AgentSettings(name=self.name if len(self.variant) == 1 else self.label(variant))

    def label(self, variant: Variant) -> str:
        """Return model, access and quantisation."""
        bits = variant.quantisation
        return f"{self.name}, {variant.access}" + ("" if bits is None else f", {bits:g} bit")


def settled(settings: AgentSettings) -> dict[str, Any]:
    """Return the characteristics that settings of an agent are; only those that are given."""
    given = settings.given()
    found: dict[str, Any] = {name: given[name] for name in ("temperature", "system") if given.get(name) not in (None, "")}
    return found | ({"thinking": str(given["thinking"])} if given.get("thinking") else {})


class Models(BaseModel):
    """The content of a `models.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    model: tuple[Model, ...] = ()


def read_models(path: Path) -> tuple[Model, ...]:
    """Read a `models.toml` and complete its facts from the registry. Raises UsageError naming the key that is wrong."""
    return complete_facts(read(path, Models).model)


def read_agents(path: Path) -> tuple[str, ...]:
    """Return the SPECs of all variants of the models in a file, each with a name. Raises UsageError."""
    models = complete_facts(read(path, Models).model)
    specs = tuple(spec for model in models for spec in model.agents)
    if not specs:
        raise UsageError(f"{path}: no model has a [[model.variant]]: say how each is played")
    return specs


def complete_facts(models: Sequence[Model]) -> tuple[Model, ...]:
    """Return the same models, with the facts that they leave out taken from the registry.

    Raises UsageError where `facts` of a model names none of the registry.
    """
    return tuple(_complete(model) for model in models)


def _complete(model: Model) -> Model:
    models = registry()
    if model.facts and model.facts.lower() not in models:
        raise UsageError(f"model {model.name}: the registry has no {model.facts!r} (see `clemsim list models`)")
    known = models.get((model.facts or model.name).lower())
    return filled(model, known) if known else model


def filled(model: Model, known: Model) -> Model:
    """Return a model with the facts that it leaves out as another table has them, and its prices where it names none."""
    names = [name for name in ModelFacts.model_fields if name not in model.model_fields_set]
    if not model.model_fields_set & set(PRICES):
        names += PRICES
    return model.model_copy(update={name: value for name in names if (value := getattr(known, name)) is not None})


def registry() -> Mapping[str, Model]:
    """Return the known models by name, in lower case: the well-known ones, and those of the user's own file.

    Raises UsageError where that cannot be read.
    """
    known = dict(_well_known())
    for model in user_models():
        other = known.get(model.name.lower())
        known[model.name.lower()] = filled(model, other) if other else model
    return known


@cache
def _well_known() -> Mapping[str, Model]:
    return {model.name.lower(): model for model in read(REGISTRY, Models).model}


def user_models() -> tuple[Model, ...]:
    """Return the models of the user's own file: that in CLEMSIM_MODELS, or `clemsim/models.toml` among his configuration.

    Raises UsageError where it cannot be read.
    """
    named = os.environ.get(USER_MODELS)
    if named:
        return read(Path(named), Models).model
    home = os.environ.get("XDG_CONFIG_HOME", "")
    with suppress(RuntimeError):  # there is no home
        folder = Path(home) if Path(home).is_absolute() else Path.home() / ".config"
        path = folder / "clemsim" / "models.toml"
        return read(path, Models).model if path.is_file() else ()
    return ()


def listed_price(spec: str, model: str) -> Price | None:
    """Return the price that the user's own file has for an agent: that of the variant with this SPEC, else that of the
    model, whose name may lack the part up to a slash. None: it has none. `spec`: without settings. Raises UsageError.
    """
    models = user_models()
    for each in models:
        for variant in each.variant:
            if read_spec(variant.agent).bare == spec and (price := each.priced(variant).settings.price):
                return price
    names = {model.lower(), model.rpartition("/")[2].lower()}
    named = next((each for each in models if each.name.lower() in names), None)
    return AgentSettings(**{name: getattr(named, name) for name in PRICES}).price if named else None


def read(path: Path, kind: type[M]) -> M:
    """Read a TOML file as a pydantic model of type `kind`. Raises UsageError naming the file and the key."""
    return validate(read_toml(path), kind, str(path))


def validate(data: Any, kind: type[M], where: str) -> M:
    """Validate `data` as a `kind`. Raises UsageError that begins with `where` and names the first key that is wrong."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        hint = " (leave out what is unknown)" if first["type"] == "greater_than" else ""
        reason = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{where}: {key + ': ' if key else ''}{reason}{hint}") from error
