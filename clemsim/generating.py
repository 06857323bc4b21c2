"""What every generator of instances shares: its command line and the file it writes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from clemsim.instances import Instance

Generate = Callable[[int], Sequence[Instance]]


def written(instances: Sequence[Instance]) -> str:
    """The instances as JSON lines."""
    return "".join(f"{instance.model_dump_json()}\n" for instance in instances)


def main(generate: Generate) -> None:
    """`--seed S` and `--out FILE`; without a file the instances go to stdout."""
    parser = argparse.ArgumentParser(description="Generate instances.")
    parser.add_argument("--seed", type=int, default=1, help="decides every draw (default 1)")
    parser.add_argument("--out", type=Path, help="where to write; stdout unless given")
    options = parser.parse_args()
    text = written(generate(options.seed))
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
