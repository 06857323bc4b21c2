"""Makes the instances: `python -m clemsim_arenas.wordle.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.generating import main
from clemsim.seeds import dice
from clemsim_arenas.wordle.game import Target, Wordle

SIZES = {"high": 10, "medium": 20}


def generate(seed: int) -> list[Target]:
    """10 very frequent words and 20 that are less so."""
    return [instance for band in SIZES for instance in _band(band, seed)]


def _band(band: str, seed: int) -> list[Target]:
    rng = dice(seed, Wordle.name, band)
    rows = [row.split("\t") for row in Wordle().resources.lines("resources/targets.tsv")]
    words = rng.sample([word for word, found in rows if found == band], SIZES[band])
    return [
        Target(experiment=f"{band}_frequency", id=number, seed=rng.getrandbits(31), target=word)
        for number, word in enumerate(words)
    ]


if __name__ == "__main__":
    main(generate)
