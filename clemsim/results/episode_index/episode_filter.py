"""Which episodes a list shows, and in which order; as the address of a page and as options of a command."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self, get_args

from clemsim.errors import UsageError
from clemsim.game.encodable import encodable
from clemsim.game.outcomes import KINDS
from clemsim.results.episode_index.episode_facts import FLAGS
from clemsim.results.episode_index.full_text import TextIn, match_expression
from clemsim.results.episode_index.index_schema import SORTS
from clemsim.results.episode_index.value_range import UNLIMITED, ValueRange
from clemsim.store.reader import UNENDED

STATUSES = ("done", *UNENDED)
WHOLE = "="  # begins a reason that is given in full; alone: no reason
NOBODY = "-"  # in place of a blamed seat: none
TEXTS = ("agent", "cast", "arena", "experiment", "instance", "status", "outcome", "reason", "blame", "text")
RANGES = ("score", "turns", "tokens", "seconds")
LIMITS = ("min", "max")  # min_score and max_score are what a form sends in place of a range
KEYS = (*TEXTS, "in", "flag", *RANGES, "sort")
LONGEST = 2000  # characters of a value


@dataclass(frozen=True, slots=True)
class EpisodeFilter:
    """The episodes to show; what is empty lets all of them through.

    `agent`: a cast, or an agent that sits in one; `cast`: a cast. `outcome`: success, failure or aborted. `reason`: part of
    it, in any case of letters, … for anything; with = at its beginning a whole kind of reason, as `Ending` names it.
    `blame`: a seat; a minus sign: nobody.
    `flags`: all of them. Ranges include their limits. `text`: words and "quoted phrases" that were said or asked, all of
    them; `text_in`: whether they were said by a player, or thought. `sort`: a column; ties are in the order of the episodes.
    """

    agent: str = ""
    cast: str = ""
    arena: str = ""
    experiment: str = ""
    instance: str = ""
    status: str = ""
    outcome: str = ""
    reason: str = ""
    blame: str = ""
    flags: tuple[str, ...] = ()
    score: ValueRange = UNLIMITED
    turns: ValueRange = UNLIMITED
    tokens: ValueRange = UNLIMITED
    seconds: ValueRange = UNLIMITED
    text: str = ""
    text_in: TextIn = "dialogue"
    sort: str = "id"
    descending: bool = False

    def __post_init__(self) -> None:
        """Raise UsageError, which names the choices, where a value is none."""
        _check("outcome", self.outcome, KINDS)
        _check("status", self.status, STATUSES)
        _check("sort", self.sort, tuple(SORTS))
        _check("in", self.text_in, get_args(TextIn))
        for flag in self.flags:
            _check("flag", flag, tuple(FLAGS))
        if self.text:
            match_expression(self.text, self.text_in)

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return any(getattr(self, own.name) for own in fields(self) if own.name not in ("text_in", "sort", "descending"))

    @classmethod
    def from_query(cls, query: Mapping[str, str], beside: Collection[str] = ("page",)) -> Self:
        """Return the filter in an address. Empty values are none; `beside`: keys that are of the page.

        `sort` begins with a minus for descending order; several flags are joined by commas. Raises UsageError.
        """
        given = {key: value.strip() for key, value in query.items() if value.strip() and key not in beside}
        for key, value in given.items():
            _check("a filter of this name", key, (*KEYS, *(f"{limit}_{name}" for name in RANGES for limit in LIMITS)))
            if len(value) > LONGEST:
                raise UsageError(f"{key} is too long: give at most {LONGEST} characters")
            if encodable(value) != value:
                raise UsageError(f"{key} has bytes in it that are no text: write it in UTF-8")
        values: dict[str, Any] = {key: given[key] for key in TEXTS if key in given}
        values |= {name: found for name in RANGES if (found := _range(name, given))}
        if "in" in given:
            values["text_in"] = given["in"]
        if "flag" in given:
            values["flags"] = flags_of(given["flag"].split(","))
        sort = given.get("sort", "id")
        return cls(**values, sort=sort.removeprefix("-"), descending=sort.startswith("-"))

    def to_query(self) -> dict[str, str]:
        """Return what `from_query` reads: only what is set, always in the same order."""
        written = {key: str(getattr(self, key)) for key in (*TEXTS, *RANGES)}
        written["in"] = self.text_in if self.text and self.text_in != "dialogue" else ""
        written["flag"] = ",".join(self.flags)
        written["sort"] = f"-{self.sort}" if self.descending else self.sort if self.sort != "id" else ""
        return {key: written[key] for key in KEYS if written[key]}


def flags_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return flags in their usual order, each once. Those that there are not are kept at the end, for whoever checks."""
    given = [name.strip() for name in names if name.strip()]
    known = [name for name in FLAGS if name in given]
    return (*known, *(name for name in given if name not in FLAGS))


def _range(name: str, given: Mapping[str, str]) -> ValueRange:
    if name in given:
        return ValueRange.parse(name, given[name])
    low, high = (given.get(f"{limit}_{name}", "") for limit in LIMITS)
    return ValueRange.parse(name, f"{low}..{high}") if low or high else UNLIMITED


def _check(what: str, value: str, choices: Sequence[str]) -> None:
    if value and value not in choices:
        raise UsageError(f"{what} {value!r}: there is none; choose from {', '.join(choices)}")


ALL_EPISODES = EpisodeFilter()
