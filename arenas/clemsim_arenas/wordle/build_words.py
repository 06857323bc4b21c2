"""Makes the word lists out of Debian's word lists (SCOWL) and the frequencies of the package wordfreq.

python -m clemsim_arenas.wordle.build_words /usr/share/dict/american-english-huge /usr/share/dict/british-english-huge
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from pathlib import Path

from wordfreq import zipf_frequency

RESOURCES = Path(__file__).parent / "resources"
BANDS = (("high", 5.0), ("medium", 4.0), ("low", 3.0))
_WORD = re.compile(r"[a-z]{5}")
# Not to be set as targets: slurs, crude words and names that the lists have in lower case.
UNWANTED = frozenset(
    """
    bitch whore pussy penis dicks boobs titty nazis negro spics faggy fucks shits cunts arses bimbo
    rapes raped slave porno sluts queer drugs bombs abuse vagin semen coons gooks kikes dykes fagot
    negri sissy wench devil
    """.split()  # noqa: SIM905
)


def valid(paths: Iterable[Path]) -> list[str]:
    """Every five-letter word written small, the most frequent first."""
    words = {word for path in paths for word in path.read_text(encoding="utf-8").split() if _WORD.fullmatch(word)}
    return sorted(words, key=lambda word: (-zipf_frequency(word, "en"), word))


def band(word: str) -> str | None:
    """The band of its frequency (zipf: log10 of occurrences in a thousand million words)."""
    frequency = zipf_frequency(word, "en")
    return next((name for name, least in BANDS if frequency >= least), None)


def targets(words: Iterable[str]) -> list[tuple[str, str]]:
    """Words that may be set, with their bands: no plurals or verb forms in -s, nothing unwanted."""
    found = [(word, found) for word in words if (found := band(word))]
    return [(word, name) for word, name in found if word not in UNWANTED and not _inflected(word)]


def _inflected(word: str) -> bool:
    return word.endswith("s") and not word.endswith(("ss", "us", "is"))


def main() -> None:
    """Write `resources/valid.txt` and `resources/targets.tsv`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dict", type=Path, nargs="+", help="word lists, one word a line")
    words = valid(parser.parse_args().dict)
    (RESOURCES / "valid.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    rows = [f"{word}\t{name}\n" for word, name in targets(words)]
    (RESOURCES / "targets.tsv").write_text("".join(rows), encoding="utf-8")
    print(f"{len(words)} valid words, {len(rows)} targets")


if __name__ == "__main__":
    main()
