"""Generate the instances: `python -m clemsim_arenas.hot_air_balloon.generate --seed 1 --out FILE`.

In the easy experiments both negotiators have the same values; in the hard ones theirs are opposed, item for item by rank,
or, with 35 items, values go with weights (strongly correlated; Martello and Toth 1990), so that the best set is hard to
find.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.hot_air_balloon.cargo import Cargo, Mode, best_set, harmonic
from clemsim_arenas.hot_air_balloon.game import HotAirBalloon
from clemsim_arenas.hot_air_balloon.message import TAGS

EACH, MOST = 6, 500  # instances of each experiment: as in clembench, and at most
HEAVIEST = 1001


@dataclass(frozen=True, slots=True)
class CargoExperiment:
    """How many items there are, how the values of the two go together, whether values go with weights, and whether messages
    begin with reasoning.
    """

    items: int = 15
    mode: Mode = "equal"
    correlated: bool = False
    reasoning: bool = True


EXPERIMENTS = {
    "negotiation_easy": CargoExperiment(),
    "negotiation_hard": CargoExperiment(mode="inverse"),
    "reasoning_off_easy": CargoExperiment(reasoning=False),
    "reasoning_off_hard": CargoExperiment(mode="inverse", reasoning=False),
    "complexity_easy": CargoExperiment(items=35),
    "complexity_hard": CargoExperiment(items=35, correlated=True),
}


def generate(options: GeneratorOptions) -> list[Cargo]:
    """Return 6 instances of each experiment, or `options.count`. Raises UsageError."""
    options.check_language(*TAGS)
    return [cargo for name in EXPERIMENTS for cargo in _experiment(name, options)]


def _experiment(name: str, options: GeneratorOptions) -> list[Cargo]:
    rng, experiment = options.dice(HotAirBalloon.name, name), EXPERIMENTS[name]
    names = [f"{letter}{number:02}" for letter in "ABC" for number in range(100)]
    items = rng.sample(names, experiment.items)
    label = f"{name}_{options.language}"
    count = options.draw_count(EACH, MOST)
    return [_cargo(label, number, options.language, items, experiment, rng) for number in range(count)]


def _cargo(name: str, number: int, language: str, items: Sequence[str], experiment: CargoExperiment, rng: Dice) -> Cargo:
    weights = {item: rng.randint(1, HEAVIEST) for item in items}
    limit = sum(weights.values()) // 2
    heaviest = max(weights.values())
    drawn = {item: weights[item] + heaviest // 10 if experiment.correlated else rng.randint(1, heaviest) for item in items}
    values = (drawn, _inverse(drawn) if experiment.mode == "inverse" else drawn)
    one = sum(drawn[item] for item in best_set(drawn, weights, limit))
    two = one if values[1] is drawn else sum(values[1][item] for item in best_set(values[1], weights, limit))
    return Cargo(
        experiment=name,
        id=number,
        seed=rng.getrandbits(31),
        language=language,
        weights=weights,
        values=values,
        limit=limit,
        mode=experiment.mode,
        best=(one, two),
        best_harmonic=100.0 if experiment.mode == "equal" else _best_harmonic(weights, values, limit, (one, two)),
        reasoning=experiment.reasoning,
    )


def _inverse(values: Mapping[str, int]) -> dict[str, int]:
    """Return values in the opposite order of rank: the item that is worth the most has what the least is worth."""
    ranked = sorted(values, key=lambda item: values[item])
    opposite = dict(zip(ranked, sorted(values.values(), reverse=True), strict=True))
    return {item: opposite[item] for item in values}


def _best_harmonic(
    weights: Mapping[str, int], values: tuple[Mapping[str, int], Mapping[str, int]], limit: int, best: tuple[int, int]
) -> float:
    """Return the highest harmonic mean of what a set is worth to both in percent, of all sets within the limit."""
    totals = [(0, 0, 0)]
    for item, weight in weights.items():
        one, two = values[0][item], values[1][item]
        totals += [(w + weight, u + one, v + two) for w, u, v in totals if w + weight <= limit]
    return max(harmonic(u / best[0] * 100, v / best[1] * 100) for _, u, v in totals[1:])


if __name__ == "__main__":
    main(generate)
