"""Write the single-word nouns of WordNet 3.0 (`resources/nouns.txt`) and its irregular plurals (`resources/irregular.txt`).

Reads Debian's package wordnet-base (1:3.0-37), or any folder with WordNet's files `index.noun` and `noun.exc`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

RESOURCES = Path(__file__).parent / "resources"


def nouns(index: str) -> list[str]:
    """Return the words of WordNet's `index.noun`, whose licence stands before them, indented."""
    words = (line.partition(" ")[0] for line in index.splitlines() if not line.startswith(" "))
    return sorted({word for word in words if "_" not in word})


def irregular(exceptions: str) -> list[str]:
    """Return the lines of `noun.exc`, a plural and its base forms, of single words; of two lines for one plural the last."""
    lines = {line.partition(" ")[0]: line.strip() for line in exceptions.splitlines()}
    return sorted(line for plural, line in lines.items() if "_" not in plural)


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="WordNet's folder")
    folder: Path = parser.parse_args().wordnet
    for name, lines in (
        ("nouns.txt", nouns((folder / "index.noun").read_text(encoding="utf-8"))),
        ("irregular.txt", irregular((folder / "noun.exc").read_text(encoding="utf-8"))),
    ):
        (RESOURCES / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        print(name, len(lines))


if __name__ == "__main__":
    main()
