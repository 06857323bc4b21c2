"""Several models or adapters that are loaded together: which conversation is whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clemsim.catalog.agents import make_casts, split_seat
from clemsim.catalog.kinds import AgentOptions
from clemsim.engines.stream_timing import EventMeter
from clemsim.errors import UsageError
from clemsim.runtime.agent import Cast
from clemsim.stress.plan.mix import Mix, PlannedConversation, read_weights

HOW = "give MODEL=WEIGHT with a weight above 0, as in qwen=3,qwen-lora=1"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model among those that are loaded: its cast, its share of conversations by weight, and what counts its events."""

    cast: Cast
    meter: EventMeter
    weight: float = 1.0

    @property
    def name(self) -> str:
        """Return the name of its cast, which no other has."""
        return self.cast.name


class ModelMix:
    """The conversations to come of several models; of all that begin, each model has its share by weight.

    Every model plays the same conversations in the same order, each its own copy of the mix of games.
    """

    def __init__(self, mixes: Sequence[tuple[float, Mix]]) -> None:
        self._mixes = mixes
        self._dealt = [0] * len(mixes)

    def next(self) -> PlannedConversation:
        """Return the next conversation."""
        place = min(range(len(self._mixes)), key=lambda place: (self._dealt[place] + 1) / self._mixes[place][0])
        self._dealt[place] += 1
        return self._mixes[place][1].next()


def parse_models(text: str) -> dict[str, float]:
    """Read weights by model such as `qwen=3,qwen-lora=1`. Raises UsageError."""
    return read_weights(text, "--models", HOW)


def make_models(
    specs: Sequence[str], weights: Mapping[str, float], options: AgentOptions, meter: EventMeter
) -> list[LoadedModel]:
    """Make a cast for each plain SPEC, not yet open; `seat=SPEC` overrides that seat in all of them. Raises UsageError.

    Several casts have meters of their own, whose events `meter` counts too. A model without a weight has weight 1.
    """
    plain = list(dict.fromkeys(spec for spec in specs if not split_seat(spec)[0]))
    seats = [spec for spec in specs if split_seat(spec)[0]]
    if len(plain) < 2:
        if weights:
            raise UsageError("--models: give several plain --agent, whose shares they are")
        return [LoadedModel(_one_cast(specs, options, meter), meter)]
    meters = [EventMeter(whole=meter) for _ in plain]
    casts = [_one_cast([spec, *seats], options, own) for spec, own in zip(plain, meters, strict=True)]
    casts = _with_own_names(casts, plain)
    _check_names(weights, casts)
    return [
        LoadedModel(cast, own, weights.get(cast.name, weights.get(_plain_name(cast), 1.0)))
        for cast, own in zip(casts, meters, strict=True)
    ]


def _one_cast(specs: Sequence[str], options: AgentOptions, meter: EventMeter) -> Cast:
    streaming = replace(options.streaming, meter=meter) if options.streaming else None
    (cast,) = make_casts(specs, replace(options, streaming=streaming))
    return cast


def _with_own_names(casts: Sequence[Cast], specs: Sequence[str]) -> list[Cast]:
    """Return the casts, named by their SPECs where two have one name."""
    names = [cast.name for cast in casts]
    for cast, spec in zip(casts, specs, strict=True):
        if names.count(cast.name) > 1 and cast.default:
            cast.default.name = spec
    return [
        replace(cast, name=spec) if names.count(cast.name) > 1 else cast for cast, spec in zip(casts, specs, strict=True)
    ]


def _plain_name(cast: Cast) -> str:
    """Return the name of the model without those of the seats beside it."""
    return cast.default.name if cast.default else cast.name


def _check_names(weights: Mapping[str, float], casts: Sequence[Cast]) -> None:
    known = {name for cast in casts for name in (cast.name, _plain_name(cast))}
    if unknown := [name for name in weights if name not in known]:
        raise UsageError(f"--models {unknown[0]}: choose among {', '.join(_plain_name(cast) for cast in casts)}")
