"""Write the words of codenames (`resources/words.toml`), chosen by what WordNet 3.0 and word frequencies say of them.

Needs Debian's package wordnet-base (1:3.0-37) and `pip install wordfreq`. All words are nouns before anything else, in their
base form. Everyday words are concrete and common; frequency, the number of meanings and whether the usual one is a thing
make the other lists; a category holds the words whose usual meaning is a kind of the thing that names it.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from textwrap import fill

from wordfreq import top_n_list, zipf_frequency

from clemsim_arenas.nouns.lemmas import lemma

# WordNet's lexicographer files: animals, artefacts, bodies, food, objects, plants; and attributes, cognition, feelings,
# motives, states.
CONCRETE = {"05", "06", "08", "13", "17", "20"}
ABSTRACT = {"07", "09", "12", "16", "26"}
COMMON, RARE = 4.0, 3.15  # frequencies of words (Zipf scale)
RUDE = re.compile(r"obscene|offensive (term|name|word)|disparaging|derogatory|\bslur\b|\bsexual|genital|rape|faeces|feces")
# Words that are no nouns in use, unfit for everybody, short for something, or names that WordNet has as rare nouns.
UNFIT_TEXT = """
will well one being any may might must can are was has been who while yes hello goodbye someone lied feat est thou
anus ass brothel buttocks cancer cannabis cocaine cock corpse dick dickhead dope drug genocide ghetto heroin hitman homicide
hooker junkie lsd marijuana murder nazi obesity opium penis prick puke racism rifle screw sex slave slavery sperm stoner
suicide thc tit tits tnt torture vagina wart whore
aaa abc apc ceo cia corp cpa deb dvd fbi gdp gen gop gps inc info nasa nato pac phd prof tech
ana ani ben bey billy bin brad brent brill britt cassie chen chi clegg clement cole col colleen costa dak dale daw drake emma
fay fitch gemma glen granger heather jack jean josh ken kirk liza lola lotte lulu mac macarthur mack madeira margarita
marguerite max mei melissa mike milo mina mitt mollie molly murphy myrtle napa orb para ping polly raja ridley robin roc
rosemary rowan sally sam sang tam teddy tung veronica viola violet
"""
KEPT_TEXT = "building ceiling clothing evening king morning painting pudding ring string thing wedding wing"
UNFIT, KEPT = frozenset(UNFIT_TEXT.split()), frozenset(KEPT_TEXT.split())
# The nouns that name categories, each with the number of the meaning that is meant.
CATEGORIES = (
    *("bird", "fish", "insect", "reptile", "tree", "flower", "vegetable", "edible_fruit", "herb", "beverage", "dessert"),
    *("bread", "meat", "cheese", "sauce", "furniture", "garment", "footwear", "headdress", "fabric", "jewelry"),
    *("musical_instrument", "weapon", "tool", "vehicle", "vessel.2", "aircraft", "building", "room", "shop", "container"),
    *("kitchen_utensil", "game.3", "sport", "dance.2", "relative", "scientist", "leader", "artist", "musician"),
    *("chromatic_color", "metallic_element", "gem.2", "body_of_water", "geological_formation", "road", "emotion"),
    *("time_unit", "illness", "body_part", "carnivore", "ungulate", "rodent", "worker", "criminal", "science", "fastener"),
)
MOST_OF_A_CATEGORY, LEAST_OF_A_CATEGORY = 20, 8
INDEX = re.compile(r"^(?P<word>\S+) n (?P<senses>\d+) ")


@dataclass(frozen=True, slots=True)
class Meaning:
    """A synset: its lexicographer file, the places of its kinds, and its gloss."""

    file: str
    kinds: tuple[int, ...]
    gloss: str
    words: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class NounBase:
    """WordNet's database files of nouns, and how often each part of speech of a word was counted."""

    folder: Path
    counts: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def __post_init__(self) -> None:
        for line in (self.folder / "cntlist.rev").read_text().splitlines():
            key, _, count = line.split(" ")[:3]
            word, _, kind = key.partition("%")
            self.counts[word][kind[0]] += int(count)

    @cached_property
    def _data(self) -> bytes:
        return (self.folder / "data.noun").read_bytes()

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """The places of the meanings of each noun, the most usual first."""
        lines = (self.folder / "index.noun").read_text().splitlines()
        rows = (line.split() for line in lines if not line.startswith(" "))
        return {row[0]: [int(place) for place in row[-int(row[2]) :]] for row in rows}

    @cached_property
    def verbs(self) -> frozenset[str]:
        """The irregular forms of verbs, such as "spoke"."""
        return frozenset(line.split()[0] for line in (self.folder / "verb.exc").read_text().splitlines())

    @cached_property
    def others(self) -> dict[str, int]:
        """How many meanings each word has that is a verb, an adjective or an adverb too."""
        found: dict[str, int] = defaultdict(int)
        for name in ("verb", "adj", "adv"):
            for line in (self.folder / f"index.{name}").read_text().splitlines():
                if not line.startswith(" "):
                    found[line.split()[0]] += int(line.split()[2])
        return found

    def meaning(self, place: int) -> Meaning:
        """Return the synset at a place."""
        line = self._data[place : self._data.index(b"\n", place)].decode()
        head, _, gloss = line.partition(" | ")
        fields = head.split()
        size = int(fields[3], 16)
        words = tuple(fields[4 : 4 + 2 * size : 2])
        kinds = tuple(int(at) for sign, at in re.findall(r"([@~#%!+;=-]i?\S?) (\d{8}) n ", head) if sign == "~")
        return Meaning(fields[1], kinds, gloss, words)

    def below(self, place: int) -> set[int]:
        """Return the places of all kinds of a thing."""
        found, todo = set[int](), [place]
        while todo:
            kinds = set(self.meaning(todo.pop()).kinds) - found
            found |= kinds
            todo += kinds
        return found

    def is_thing(self, word: str) -> bool:
        """Return whether one of the first three meanings of a noun is a thing, a creature or a person."""
        return any(self.meaning(place).file in CONCRETE | {"18"} for place in self.places[word][:3])

    def is_noun(self, word: str) -> bool:
        """Return whether a word is a noun before anything else, in its base form, and fit for everybody."""
        if word not in self.places or word in UNFIT or lemma(word) != word or not re.fullmatch("[a-z]{3,}", word):
            return False
        if word in self.verbs or (word.endswith("ing") and word not in KEPT):
            return False
        first = [self.meaning(place) for place in self.places[word][:4]]
        if any(RUDE.search(each.gloss) for each in first) or any(word.capitalize() in each.words for each in first[:2]):
            return False
        counts = self.counts[word]
        return counts["1"] > 0.7 * sum(counts.values()) or (not sum(counts.values()) and not self.others[word])


@cache
def known(net: NounBase) -> list[str]:
    """Return the nouns that most people know: common ones, and less common ones for things, in the order of frequency."""
    words = [word for word in top_n_list("en", 40_000) if net.is_noun(word)]
    return [word for word in words if zipf_frequency(word, "en") >= (RARE if net.is_thing(word) else COMMON)]


def chosen(net: NounBase) -> Iterator[tuple[str, list[str]]]:
    """Yield the lists by name, each in the order of frequency."""
    words = known(net)
    zipf = {word: zipf_frequency(word, "en") for word in words}
    first = {word: net.meaning(net.places[word][0]).file for word in words}
    senses = {word: len(net.places[word]) + net.others[word] for word in words}

    def those(fits: Callable[[str], bool], most: int) -> list[str]:
        return [word for word in words if fits(word)][:most]

    yield "everyday", those(lambda word: first[word] in CONCRETE and 3.9 <= zipf[word] < 5.2, 400)
    yield "frequent", those(lambda word: zipf[word] >= 4.5, 250)
    yield "rare", those(lambda word: 3.15 <= zipf[word] < 3.35 and first[word] in CONCRETE | {"18"}, 250)
    yield "one_meaning", those(lambda word: senses[word] == 1 and zipf[word] < 4.8, 300)
    yield "many_meanings", those(lambda word: len(net.places[word]) >= 6, 200)
    yield "concrete", those(lambda word: first[word] in CONCRETE and zipf[word] < 4.7, 500)
    yield "abstract", those(lambda word: first[word] in ABSTRACT and zipf[word] < 5, 500)


def categories(net: NounBase) -> Iterator[tuple[str, list[str]]]:
    """Yield the categories by name, each in the order of frequency."""
    words = known(net)
    for name in CATEGORIES:
        word, _, number = name.partition(".")
        below = net.below(net.places[word][int(number or 1) - 1])
        members = [each for each in words if net.places[each][0] in below][:MOST_OF_A_CATEGORY]
        if len(members) >= LEAST_OF_A_CATEGORY:
            yield word, members


def written(name: str, words: list[str]) -> str:
    """Return a list as it stands in the file."""
    return f'{name} = """\n{fill(" ".join(sorted(words)), 120)}\n"""\n'


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="WordNet's folder")
    net = NounBase(parser.parse_args().wordnet)
    lists, groups = list(chosen(net)), list(categories(net))
    text = "".join(written(*each) for each in lists) + "\n[categories]\n" + "".join(written(*each) for each in groups)
    (Path(__file__).parent / "resources" / "words.toml").write_text(text, encoding="utf-8")
    for name, words in [*lists, *groups]:
        print(name, len(words), *words[:8])


if __name__ == "__main__":
    main()
