"""Makes the instances: `python -m clemsim_arenas.taboo.generate --seed 1 --out FILE`."""

from __future__ import annotations

import json

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.taboo.game import Taboo, Word

BANDS = ("high", "medium", "low")
EACH = 20


def generate(wanted: GeneratorOptions) -> list[Word]:
    """20 words of each band of frequency. Raises UsageError."""
    wanted.check_language("en")
    return [instance for band in BANDS for instance in _band(band, wanted)]


def _band(band: str, wanted: GeneratorOptions) -> list[Word]:
    rng = wanted.dice(Taboo.name, band)
    rows = [json.loads(line) for line in Taboo().resources.lines("resources/words.jsonl")]
    fit = [row for row in rows if row["band"] == band]
    return [
        Word(
            experiment=f"{band}_en",
            id=number,
            seed=rng.getrandbits(31),
            target=row["word"],
            related=tuple(row["related"]),
        )
        for number, row in enumerate(rng.sample(fit, wanted.each(EACH, len(fit))))
    ]


if __name__ == "__main__":
    main(generate)
