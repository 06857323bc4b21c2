"""What every generator of instances shares: its options, its command line and the file it writes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clemsim._util.files import writing_file
from clemsim.errors import UsageError
from clemsim.game.instances import Instance
from clemsim.game.seeds import Dice, dice


@dataclass(frozen=True, slots=True)
class GeneratorOptions:
    """What to generate: `seed` decides every draw, `count` is of each experiment (None: as many as clembench v1.6 has)."""

    seed: int = 1
    count: int | None = None
    language: str = "en"

    def each(self, usual: int, most: int) -> int:
        """How many to draw where `usual` is the number of v1.6. Raises UsageError where there are only `most`."""
        count = usual if self.count is None else self.count
        if not 1 <= count <= most:
            raise UsageError(f"{count} instances of an experiment can't be drawn: choose a count from 1 to {most}")
        return count

    def dice(self, *names: str) -> Dice:
        """Chance for the draws of this arena and experiment."""
        return dice(self.seed, *names)

    def check_language(self, *there: str) -> None:
        """Raise UsageError unless there are texts in the language."""
        if self.language not in there:
            raise UsageError(f"there are no texts in language {self.language!r}, only in {', '.join(there)}")


Generate = Callable[[GeneratorOptions], Sequence[Instance]]


def written(instances: Sequence[Instance]) -> str:
    """The instances as JSON lines."""
    return "".join(f"{instance.model_dump_json()}\n" for instance in instances)


def main(generate: Generate) -> None:
    """`--seed S`, `--count N`, `--language L` and `--out FILE`; without a file the instances go to stdout."""
    parser = argparse.ArgumentParser(description="Generate instances.")
    parser.add_argument("--seed", type=int, default=1, help="decides every draw (default 1)")
    parser.add_argument("--count", type=int, help="instances of each experiment; those of clembench v1.6 unless given")
    parser.add_argument("--language", default="en", help="of texts and words (default en)")
    parser.add_argument("--out", type=Path, help="where to write; stdout unless given")
    options = parser.parse_args()
    try:
        text = written(generate(GeneratorOptions(options.seed, options.count, options.language)))
    except UsageError as error:
        parser.error(str(error))
    if options.out is None:
        sys.stdout.write(text)
        return
    try:
        with writing_file(options.out, UsageError):
            options.out.write_text(text, encoding="utf-8")
    except UsageError as error:
        parser.error(str(error))
