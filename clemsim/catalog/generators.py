"""The shared part of all generators of instances: options, command line, and the file that is written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from clemsim._util.files import writing_file
from clemsim.errors import UsageError
from clemsim.game.instances import Instance
from clemsim.game.seeds import Dice, dice

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GeneratorOptions:
    """What to generate: `seed` decides every draw, `count` is the number of instances of each experiment (None: as many as
    clembench has), `rules` the rule set, or version of clembench, whose experiments they are.
    """

    seed: int = 1
    count: int | None = None
    language: str = "en"
    rules: str = "v1.6"

    def draw_count(self, usual: int, most: int) -> int:
        """Return how many instances of an experiment to draw: `count`, or `usual`, the number of clembench.

        Raises UsageError where that is not between 1 and `most`.
        """
        count = usual if self.count is None else self.count
        if not 1 <= count <= most:
            raise UsageError(f"{count} instances of an experiment cannot be drawn: choose a count from 1 to {most}")
        return count

    def dice(self, *names: str) -> Dice:
        """Return the random generator for the draws that `names` (arena and experiment) name."""
        return dice(self.seed, *names)

    def of_rules(self, compositions: Mapping[str, T]) -> T:
        """Return the composition of `rules`. Raises UsageError where there is none."""
        if self.rules not in compositions:
            raise UsageError(f"there is no rule set {self.rules!r}: choose one of {', '.join(compositions)}")
        return compositions[self.rules]

    def check_language(self, *known: str) -> None:
        """Raise UsageError unless `language` is one of `known`."""
        if self.language not in known:
            raise UsageError(f"there are no texts in language {self.language!r}, only in {', '.join(known)}")


Generate = Callable[[GeneratorOptions], Sequence[Instance]]


def to_jsonl(instances: Sequence[Instance]) -> str:
    """Return the instances as JSON lines."""
    return "".join(f"{instance.model_dump_json()}\n" for instance in instances)


def main(generate: Generate) -> None:
    """Run the command line of a generator: `--seed S`, `--count N`, `--language L`, `--rules R`, `--out FILE` (stdout unless
    given).
    """
    parser = argparse.ArgumentParser(description="Generate instances.")
    parser.add_argument("--seed", type=int, default=1, help="decides every draw (default 1)")
    parser.add_argument("--count", type=int, help="instances of each experiment; as many as clembench unless given")
    parser.add_argument("--language", default="en", help="of texts and words (default en)")
    parser.add_argument("--rules", default="v1.6", help="the rule set whose experiments they are (default v1.6)")
    parser.add_argument("--out", type=Path, help="where to write; stdout unless given")
    options = parser.parse_args()
    try:
        text = to_jsonl(generate(GeneratorOptions(options.seed, options.count, options.language, options.rules)))
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
