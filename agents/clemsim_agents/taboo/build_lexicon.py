"""Writes lexicon.tsv, a small dictionary of common English words: three clues a word, from WordNet 3.0.

Needs Debian's package wordnet-base and `pip install wordfreq`. Words come in order of their frequency: all
that WordNet knows above the frequency COMMON, and those for things, creatures and people above RARE.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from clemsim_arenas.taboo import game
from wordfreq import top_n_list, zipf_frequency

COMMON, RARE = 4.0, 3.15
FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
TYPES = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
# WordNet's lexicographer files of animals, artefacts, bodies, food, objects, people, plants, bodily verbs.
CONCRETE = {"05", "06", "08", "13", "17", "18", "20", "29"}
TIME, ADVERB = "28", "02"
RUDE = re.compile(r"obscene|offensive (term|name|word)|disparaging|derogatory|\bslur\b|\bsexual|genital")
# Function words that are rare nouns too, and words that WordNet does not mark as rude.
UNFIT_TEXT = """
are was were has have had been being did does done not all any one its his her him our out off own
who why how she they them that than then there these this those such some same other more most just
only very too now can could will would should may might must about above after again against because
before below between both during each few for from further here into once over under until while
what when where which with you bitch slut retard asshole bastard ass boob boobs penis vagina rape
negro piss damn dildo arse buns
"""
UNFIT = frozenset(UNFIT_TEXT.split())
SENSE = re.compile(r"^(.+)%([1-5]):.* (\d+) (\d+)$")
WIDTH, NARROW, THIN = 84, 52, 24


@dataclass(frozen=True, slots=True)
class Sense:
    """A synset: its words, its pointers (symbol and place) and its gloss."""

    topic: str
    words: tuple[str, ...]
    pointers: tuple[tuple[str, str, str], ...]
    gloss: str


class WordNet:
    """The database files of WordNet, read on demand."""

    def __init__(self, folder: Path) -> None:
        self.data = {pos: (folder / f"data.{name}").read_bytes() for pos, name in FILES.items()}
        self.counts: dict[tuple[str, str, int], int] = {}
        for line in (folder / "cntlist.rev").read_text().splitlines():
            if found := SENSE.match(line):
                lemma, kind, number, count = found.groups()
                self.counts[lemma, TYPES[kind], int(number)] = int(count)
        self.index: dict[str, list[tuple[int, int, str, int]]] = defaultdict(list)
        for pos, name in FILES.items():
            for line in (folder / f"index.{name}").read_text().splitlines():
                if not line.startswith(" "):
                    self._add(line.split(), pos)

    def _add(self, fields: list[str], pos: str) -> None:
        lemma, size = fields[0], int(fields[2])
        for number, offset in enumerate(fields[-size:], 1):
            rank = -self.counts.get((lemma, pos, number), 0)
            self.index[lemma].append((rank, number, pos, int(offset)))

    def senses(self, word: str) -> list[Sense]:
        """The senses of a word, the most usual first."""
        order = sorted(self.index.get(word, ()), key=lambda s: (s[0], s[1], "nvar".index(s[2])))
        return [self.sense(pos, offset) for _, _, pos, offset in order]

    def sense(self, pos: str, offset: int) -> Sense:
        """The synset at a place of a data file."""
        data = self.data["a" if pos == "s" else pos]
        head, _, gloss = data[offset : data.index(b"\n", offset)].decode().partition(" | ")
        fields = head.split()
        size = int(fields[3], 16)
        words = tuple(re.sub(r"\(.*\)", "", w).replace("_", " ") for w in fields[4 : 4 + 2 * size : 2])
        start = 5 + 2 * size
        stop = start + 4 * int(fields[start - 1])
        pointers = tuple((fields[i], fields[i + 2], fields[i + 1]) for i in range(start, stop, 4))
        return Sense(fields[1], words, pointers, gloss.strip())

    def related(self, sense: Sense, symbols: Iterable[str]) -> list[str]:
        """The first words of the synsets that pointers of these kinds lead to."""
        found = [self.sense(pos, int(at)) for symbol, pos, at in sense.pointers if symbol in symbols]
        return list(dict.fromkeys(other.words[0] for other in found))


@cache
def stem(token: str) -> str:
    """The Snowball stem of a token, its punctuation left out."""
    return game.stem(re.sub(r"[^\w]", "", token.lower()))


def clean(text: str, word: str, width: int) -> str:
    """A text without examples, asides and tokens that hold the word, cut to a width."""
    text = re.sub(r'\([^)]*\)|;? ?".*|[`\t]', "", text).strip(" ;:,")
    kept = [t for t in text.split() if stem(t) != stem(word) and not (len(word) > 3 and word in t.lower())]
    text = " ".join(kept).strip(" ;:,")
    return text if len(text) <= width else text[:width].rsplit(" ", 1)[0].strip(" ;:,")


def opening(net: WordNet, word: str, senses: list[Sense]) -> str:
    """The first clue: the gloss of the first sense, of the second where that says little, a synonym."""
    first = senses[0]
    text = clean(first.gloss, word, WIDTH)
    if len(text) < THIN and len(senses) > 1:
        text = f"{text}; {clean(senses[1].gloss, word, WIDTH)}"
    others = [w for w in first.words if w.lower() != word] + net.related(first, ("@", "@i", "&"))
    fresh = [name for name in others if name not in text][: 2 if len(text) < NARROW else 1]
    return "; ".join(part for part in (text, clean(", ".join(fresh), word, NARROW)) if part)


def candidates(net: WordNet, word: str, senses: list[Sense]) -> Iterator[str]:
    """What else can be said of a word, the best first."""
    first = senses[0]
    yield from (sense.gloss for sense in senses[1:2])
    kinds = net.related(first, ("@", "@i"))[:2] + net.related(first, "&")[:3]
    same = [w for w in first.words if w.lower() != word]
    if against := net.related(first, "!")[:1]:
        yield f"the opposite of {against[0]}"
    yield ", ".join([*same[:2], *kinds][:4])
    yield ", ".join(net.related(first, ("~", "#m", "#p", "%p", "+"))[:4])
    yield from (sense.gloss for sense in senses[2:4])
    for symbol, pos, at in first.pointers:
        if symbol in "@&+\\":
            yield net.sense(pos, int(at)).gloss
    yield f"a word of {len(word)} letters that begins with {word[0]}"
    yield f"it ends with {word[-1]}"
    yield f"it begins with {word[:2]}"


def entry(net: WordNet, word: str) -> list[str]:
    """The three clues of a word, or none for a word that WordNet lacks, knows as a name or marks as rude."""
    senses = [s for s in net.senses(word) if s.topic == TIME or not all(w[0].isupper() for w in s.words)]
    common = bool(senses) and senses[0].topic != ADVERB and zipf_frequency(word, "en") >= COMMON
    if not senses or not (common or any(s.topic in CONCRETE for s in senses[:3])):
        return []
    if any(RUDE.search(sense.gloss) for sense in senses[:3]):
        return []
    rest = (clean(text, word, NARROW) for text in candidates(net, word, senses))
    return list(dict.fromkeys(text for text in [opening(net, word, senses), *rest] if text))[:3]


def fit(word: str) -> bool:
    """Whether a word may have an entry, if WordNet knows it."""
    plain = re.fullmatch("[a-z]{3,}", word) is not None
    return plain and word not in UNFIT and zipf_frequency(word, "en") >= RARE


def main() -> None:
    """Writes the file."""
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="WordNet's folder")
    parser.add_argument("--out", type=Path, default=here / "lexicon.tsv", help="the file to write")
    args = parser.parse_args()
    net = WordNet(args.wordnet)
    words = [word for word in top_n_list("en", 40000) if fit(word)]
    rows = ["\t".join([word, *clues]) for word in words if (clues := entry(net, word))]
    args.out.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(rows)} words, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
