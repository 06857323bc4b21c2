"""Makes the instances: `python -m clemsim_arenas.taboo.generate --seed 1 --out FILE`."""

from __future__ import annotations

import json

from clemsim.generating import main
from clemsim.seeds import dice
from clemsim_arenas.taboo.game import Taboo, Word

BANDS = ("high", "medium", "low")
EACH = 20


def generate(seed: int) -> list[Word]:
    """20 words of each band of frequency."""
    return [instance for band in BANDS for instance in _band(band, seed)]


def _band(band: str, seed: int) -> list[Word]:
    rng = dice(seed, Taboo.name, band)
    rows = [json.loads(line) for line in Taboo().resources.lines("resources/words.jsonl")]
    chosen = rng.sample([row for row in rows if row["band"] == band], EACH)
    return [
        Word(
            experiment=f"{band}_en",
            id=number,
            seed=rng.getrandbits(31),
            target=row["word"],
            related=tuple(row["related"]),
        )
        for number, row in enumerate(chosen)
    ]


if __name__ == "__main__":
    main(generate)
