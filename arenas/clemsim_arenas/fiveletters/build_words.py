"""Make the word lists from Debian's word lists (SCOWL) and the frequencies of the package wordfreq.

Usage: python -m clemsim_arenas.fiveletters.build_words american-english-huge british-english-huge (in /usr/share/dict)
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from wordfreq import zipf_frequency

RESOURCES = Path(__file__).parent / "resources"
BANDS = (("high", 5.0), ("medium", 4.0), ("low", 3.0))
_WORD = re.compile(r"[a-z]{5}")
# Slurs and crude words, which are no targets.
UNWANTED = frozenset(
    """
    idiot naked lynch gypsy moron prick dildo boner horny kinky fatty dwarf bitch whore pussy penis
    dicks boobs titty nazis negro spics faggy fucks shits cunts arses bimbo rapes raped slave porno
    sluts queer drugs bombs abuse vagin semen coons gooks kikes dykes fagot negri sissy wench devil
    """.split()  # noqa: SIM905
)


def entries(paths: Iterable[Path]) -> set[str]:
    """Return all entries of the lists."""
    return {word for path in paths for word in path.read_text(encoding="utf-8").split()}


def valid(listed: Collection[str]) -> list[str]:
    """Return every five-letter word that is written in lower case, the most frequent first."""
    words = [word for word in listed if _WORD.fullmatch(word)]
    return sorted(words, key=lambda word: (-zipf_frequency(word, "en"), word))


def band(word: str) -> str | None:
    """Return the frequency band of `word` (Zipf scale: log10 of its occurrences in a thousand million words)."""
    frequency = zipf_frequency(word, "en")
    return next((name for name, least in BANDS if frequency >= least), None)


def targets(words: Iterable[str], listed: Collection[str]) -> list[tuple[str, str]]:
    """Return the possible targets with their bands: no names (Paris, Henry), no forms in -s, nothing unwanted."""
    suitable = (word for word in words if word.title() not in listed and word not in UNWANTED and not _inflected(word))
    return [(word, name) for word in suitable if (name := band(word))]


def _inflected(word: str) -> bool:
    return word.endswith("s") and not word.endswith(("ss", "us", "is"))


def main() -> None:
    """Write `resources/valid.txt` and `resources/targets.tsv`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dict", type=Path, nargs="+", help="word lists, one word a line")
    listed = entries(parser.parse_args().dict)
    words = valid(listed)
    (RESOURCES / "valid.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    rows = [f"{word}\t{name}\n" for word, name in targets(words, listed)]
    (RESOURCES / "targets.tsv").write_text("".join(rows), encoding="utf-8")
    print(f"{len(words)} valid words, {len(rows)} targets")


if __name__ == "__main__":
    main()
