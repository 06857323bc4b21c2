"""How the messages of hot_air_balloon are read: structured parts `TAG: {...}` and nothing else."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clemsim import Invalid
from clemsim.formats import Format, either, line, literal, one_of, repeated

LONGEST = 10_000  # characters of a set
NO_NAME = "\x00"  # begins what stands for a member of a set that is no text
HELD = 150  # characters of a text that a decoder is held to
NO_BRACES = "{}"


@dataclass(frozen=True, slots=True)
class Tags:
    """The words that begin the parts of a message in one language."""

    agree: str
    refuse: str
    propose: str
    argue: str
    reason: str


TAGS = {
    "en": Tags("AGREE", "REFUSE", "PROPOSAL", "ARGUMENT", "STRATEGIC REASONING"),
    "de": Tags("ZUSTIMMUNG", "ABLEHNUNG", "VORSCHLAG", "ARGUMENT", "STRATEGISCHE ÜBERLEGUNGEN"),
    "it": Tags("ACCORDO", "RIFIUTO", "PROPOSTA", "ARGOMENTAZIONE", "RAGIONAMENTO STRATEGICO"),
}

Names = tuple[str, ...]  # a set of items, in order
MAPPING: Names = (NO_NAME,)  # what stands for a Python mapping, such as `{}`


@dataclass(frozen=True, slots=True)
class BalloonOffer:
    """A message: what the other seat gets of it, and the sets that are agreed to, refused and proposed."""

    said: str
    agreed: tuple[Names, ...]
    refused: tuple[Names, ...]
    proposed: tuple[Names, ...]


def set_pattern(tag: str) -> str:
    """Return the regular expression of a part that holds a set, as clembench's instances have it."""
    return rf"{tag}:\s*\{{.*?\}}"


def text_pattern(tag: str) -> str:
    """Return that of a part that holds text, in which there may be braces one within the other."""
    return rf"{tag}:\s*\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}"


def read_offer(reply: str, tags: Tags, *, reasoning: bool, arguing: bool) -> BalloonOffer:
    """Return what a message says. Raises Invalid, whose reason is the name of the fault."""
    hidden = re.compile(rf"^\s*{text_pattern(tags.reason)}")
    argument = re.compile(text_pattern(tags.argue))
    if reasoning and not hidden.match(reply):
        raise Invalid("no reasoning")
    if arguing and not argument.search(reply):
        raise Invalid("no argument")
    rest = reply
    for tag in (tags.agree, tags.refuse, tags.propose):
        rest = _without(rest, tag)
    rest = hidden.sub("", rest) if reasoning else rest
    rest = argument.sub("", rest) if arguing else rest
    if rest.strip():
        raise Invalid("untagged")
    agreed, refused, proposed = (
        tuple(_members(text) for text in _sets(reply, tag)) for tag in (tags.agree, tags.refuse, tags.propose)
    )
    if MAPPING in proposed:
        raise Invalid("no set")
    said = hidden.sub("", reply).strip() if reasoning else reply
    if reasoning and not said:
        raise Invalid("only reasoning")
    return BalloonOffer(said, agreed, refused, proposed)


def offer_format(tags: Tags, items: Sequence[str], open_: Sequence[Names], *, reasoning: bool) -> Format:
    """Return the format of a message: hidden reasoning, an argument, and perhaps a set that is proposed, or one of the other
    seat's open proposals that is agreed to or refused. Texts are short, so that they leave room for a long set
    within the tokens that a reply may have.
    """
    text = literal("{") + line(HELD, NO_BRACES) + literal("}")
    item = one_of(*map(repr, items))
    listed = item + repeated(literal(", ") + item, "", max(len(items) - 1, 1))
    proposal = literal(f"\n{tags.propose}: {{") + listed + literal("}")
    answers = [literal(f"\n{tag}: {as_set(names)}") for names in open_ for tag in (tags.agree, tags.refuse)]
    said = literal(f"{tags.argue}: ") + text + either(proposal, *answers, literal(""))
    return literal(f"{tags.reason}: ") + text + literal("\n") + said if reasoning else said


def as_set(names: Sequence[str]) -> str:
    """Return a set as it stands in a message."""
    return "{" + ", ".join(map(repr, names)) + "}"


def _parts(text: str, tag: str) -> Iterator[tuple[int, int, int]]:
    """Yield where each part with a set begins, its brace opens, and its brace is closed first."""
    opening = re.compile(rf"{tag}:\s*\{{")
    at = 0
    while found := opening.search(text, at):
        end = text.find("}", found.end())
        if end < 0:
            return
        yield found.start(), found.end() - 1, end + 1
        at = end + 1


def _without(text: str, tag: str) -> str:
    kept, at = [], 0
    for start, _, end in _parts(text, tag):
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


def _sets(text: str, tag: str) -> Iterator[str]:
    """Yield the sets after a tag. One that runs over the end of a line is none (hole H2)."""
    opening, at = re.compile(rf"{tag}:\s*\{{"), 0
    while found := opening.search(text, at):
        line_end = text.find("\n", found.end())
        end = text.find("}", found.end(), len(text) if line_end < 0 else line_end)
        if end >= 0:
            yield text[found.end() - 1 : end + 1]
        elif line_end < 0:
            return
        at = end + 1 if end >= 0 else found.start() + 1


def _members(text: str) -> Names:
    """Return the members of a Python set. Raises Invalid."""
    try:
        if len(text) > LONGEST:
            raise ValueError
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of a backslash
            found = ast.literal_eval(text)
        if isinstance(found, dict):
            return MAPPING
        return tuple(sorted({member if isinstance(member, str) else f"{NO_NAME}{member!r}" for member in found}))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise Invalid("no set") from error
