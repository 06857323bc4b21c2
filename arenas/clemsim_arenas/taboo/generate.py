"""Generate the instances: `python -m clemsim_arenas.taboo.generate --seed 1 --out FILE`."""

from __future__ import annotations

import json

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.taboo.game import Taboo, Word

BANDS = ("high", "medium", "low")
EACH = 20  # words of each band, as in clembench v1.6


def generate(options: GeneratorOptions) -> list[Word]:
    """Return 20 words of each frequency band, or `options.count`. Raises UsageError."""
    options.check_language("en")
    return [instance for band in BANDS for instance in _band(band, options)]


def _band(band: str, options: GeneratorOptions) -> list[Word]:
    rng = options.dice(Taboo.name, band)
    rows = [json.loads(line) for line in Taboo().resources.lines("resources/words.jsonl")]
    words = [row for row in rows if row["band"] == band]
    return [
        Word(
            experiment=f"{band}_en",
            id=number,
            seed=rng.getrandbits(31),
            target=row["word"],
            related=tuple(row["related"]),
        )
        for number, row in enumerate(rng.sample(words, options.draw_count(EACH, len(words))))
    ]


if __name__ == "__main__":
    main(generate)
