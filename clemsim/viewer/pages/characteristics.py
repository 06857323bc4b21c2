"""What scores can be set against in a study: what is known of a model, and what playing it took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clemsim.catalog.models import Characteristics
from clemsim.results.run_summary import RunSummary

Value = float | str | None
DAYS = 365.2425  # a year


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run of one model: its names, its address, and what is known of the model and of the run. `latency`: seconds a
    request.
    """

    name: str
    setting: str
    address: str
    facts: Characteristics
    summary: RunSummary
    latency: float | None


@dataclass(frozen=True, slots=True)
class Characteristic:
    """Something that scores can be set against. `log`: numbers of it are of different orders of magnitude."""

    title: str
    value: Callable[[KnownRun], Value]
    log: bool = False


def _released(known: KnownRun) -> Value:
    day = known.facts.released
    return None if day is None else round(day.year + (day.timetuple().tm_yday - 1) / DAYS, 2)


def _cost(known: KnownRun) -> Value:
    costs = known.summary.costs
    return sum(own.episode for own in costs.values()) if costs else None


CHARACTERISTICS: Mapping[str, Characteristic] = {
    "size": Characteristic("billions of parameters (log)", lambda known: known.facts.parameters, log=True),
    "latency": Characteristic("mean seconds a request (log)", lambda known: known.latency, log=True),
    "price": Characteristic("cost of an episode (log)", _cost, log=True),
    "tokens": Characteristic(
        "tokens written a turn (log)",
        lambda known: (
            known.summary.throughput.tokens_out / known.summary.throughput.turns
            if known.summary.throughput.turns and known.summary.throughput.tokens_out
            else None
        ),
        log=True,
    ),
    "thinking": Characteristic("thinking", lambda known: known.facts.thinking),
    "temperature": Characteristic("temperature", lambda known: known.facts.temperature),
    "quantisation": Characteristic("bits of a weight", lambda known: known.facts.quantisation),
    "access": Characteristic("access", lambda known: known.facts.access),
    "context": Characteristic("context, tokens (log)", lambda known: known.facts.context, log=True),
    "release": Characteristic("release date (year)", _released),
    "training": Characteristic("trillions of training tokens (log)", lambda known: known.facts.training_tokens, log=True),
}


def offered(known: Sequence[KnownRun]) -> list[str]:
    """Return the names of the characteristics in which the runs are known to differ."""
    found = {
        name: {value for own in known if (value := characteristic.value(own)) is not None}
        for name, characteristic in CHARACTERISTICS.items()
    }
    return [name for name, values in found.items() if len(values) > 1]
