"""How the replies of dond are read: a message, or a secret proposal in square brackets."""

from __future__ import annotations

from clemsim import Invalid, Parser
from clemsim.formats import Format, either, line, literal, one_of, sequence
from clemsim_arenas.dond.goods import Goods
from clemsim_arenas.nouns.stems import stem

WORDS = {"en": "Proposal", "de": "Vorschlag", "it": "Proposta"}
LONGEST = 60  # letters of a name, beyond which no stem can be that of an item
BRACKETS = r"\[\]"

Move = str | tuple[int, ...]  # a message, or how many pieces of each type a proposal asks for


def move_in(goods: Goods, *, due: bool) -> Parser[Move]:
    """Return the parser of replies; `due`: only a proposal may come."""

    def read(reply: str) -> Move:
        inside = bracketed(reply)
        if inside is None:
            if due:
                raise Invalid("a message where a proposal is due", violation=False)
            return reply
        counts = proposal(inside, goods)
        if any(wanted > there for wanted, there in zip(counts, goods.counts, strict=True)):
            raise Invalid("the proposal has more pieces than there are", violation=False)
        return counts

    return Parser(read, _proposals(goods) if due else either(line(300, BRACKETS), _proposals(goods)))


def bracketed(reply: str) -> str | None:
    """Return what stands in the first square brackets that are opened and closed on one line; None without such."""
    for text in reply.split("\n"):
        _, opened, rest = text.partition("[")
        inside, closed, _ = rest.partition("]")
        if opened and closed:
            return inside
    return None


def proposal(inside: str, goods: Goods) -> tuple[int, ...]:
    """Return how many pieces of each type a proposal asks for. Raises Invalid."""
    word = f"{WORDS[goods.language].lower()}:"
    text = inside.strip().lower()
    if not text.startswith(word):
        raise Invalid(f"what stands in brackets does not start with {word!r}")
    listed = text.removeprefix(word).strip().removesuffix(",").strip()
    counts = dict[int, int]()
    for part in listed.split(",") if listed else ():
        number, name = _pair(part)
        place = type_of(number, name, goods)
        if place is None:
            raise Invalid(f"{name[:LONGEST]!r} is none of the items")
        if place in counts:
            raise Invalid(f"{name!r} is named twice")
        counts[place] = number
    return tuple(counts.get(place, 0) for place in range(len(goods.counts)))


def type_of(number: int, name: str, goods: Goods) -> int | None:
    """Return the place of the type that a name in lower case means: as it is written or, failing that, by its stem, each
    time first in the form that goes with the number. None where there is none, or more than one.
    """
    forms = (goods.one, goods.more) if number == 1 else (goods.more, goods.one)
    for words in forms:
        if name in words:
            return words.index(name)
    if len(name) > LONGEST:
        return None
    for words in forms:
        places = [place for place, word in enumerate(words) if stem(word, goods.language) == stem(name, goods.language)]
        if places:
            return places[0] if len(places) == 1 else None
    return None


def _pair(part: str) -> tuple[int, str]:
    """Return number and name. Raises Invalid, also for numerals that are no whole number, such as ½."""
    words = part.split()
    if len(words) == 2 and words[0].isnumeric():
        try:
            return int(words[0]), words[1]
        except ValueError:
            pass
    raise Invalid(f"{part.strip()[:LONGEST]!r} is not a number and a name")


def _proposals(goods: Goods) -> Format:
    """Return the format of a proposal that names each type, in order."""
    named = [
        one_of(*(f"{number} {one if number == 1 else more}" for number in range(count + 1)))
        for count, one, more in zip(goods.counts, goods.one, goods.more, strict=True)
    ]
    parts = [part for each in named for part in (literal(", "), each)][1:]
    return sequence([literal(f"[{WORDS[goods.language]}: "), *parts, literal("]")])
