"""A transcript as one HTML file that needs nothing else: pictures are in it.

All text comes from games and models and is escaped; the page loads nothing, and runs nothing of theirs, which it also tells
the browser.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from clemsim.game.content import Image, Part, Text
from clemsim.game.events import (
    Asked,
    Called,
    Continued,
    Ended,
    Event,
    Forgot,
    Instructed,
    Noted,
    Parsed,
    Rejected,
    Replied,
    Returned,
    Scored,
    Told,
)
from clemsim.game.image_headers import MEDIA_TYPES
from clemsim.game.instances import EpisodeKey
from clemsim.html.environment import render
from clemsim.html.frame import Frame
from clemsim.results.dialogue.model import STOPS

Bytes = Callable[[Image], bytes]  # the bytes of a picture that an event names


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A picture with its data as an address, its size in pixels, what it shows, and its line of text."""

    source: str
    width: int
    height: int
    alt: str
    line: str


@dataclass(frozen=True, slots=True)
class PageMessage:
    """A message under its title, in parts of text and pictures. `kind`: `reply` for what a model said."""

    title: str
    parts: Sequence[str | PagePicture]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptPart:
    """An episode: messages, and between them facts in one line."""

    title: str
    pieces: Sequence[PageMessage | str]


def transcript_page(episodes: Iterable[tuple[EpisodeKey, Sequence[Event]]], bytes_of: Bytes) -> str:
    """Return a page with the events of episodes. Raises what `bytes_of` raises."""
    made = [TranscriptPart(f"{key.label} · {key.cast}", list(_pieces(events, bytes_of))) for key, events in episodes]
    title = made[0].title if len(made) == 1 else "Transcripts"
    return render("transcripts.html", frame=Frame(title, inline=True), transcripts=made)


def _pieces(events: Sequence[Event], bytes_of: Bytes) -> Iterator[PageMessage | str]:
    for event in events:
        yield from _event(event, bytes_of)
    if not events or not isinstance(events[-1], Ended):
        yield "unfinished"


def _event(event: Event, bytes_of: Bytes) -> Iterator[PageMessage | str]:
    match event:
        case Told(seat, content, echo):
            yield _section(f"to {seat}", event.parts or (Text(content),), bytes_of)
            if echo:
                yield _section(f"{seat}, put into its mouth", (Text(echo),), bytes_of)
        case Instructed(seat, content):
            yield _section(f"system text of {seat}", (Text(content),), bytes_of)
        case Continued(turn, seat, content):
            yield _section(f"turn {turn}: {seat} goes on", event.parts or ([Text(content)] if content else []), bytes_of)
        case Asked(turn, seat, content, keep):
            title = f"turn {turn}: {seat} is asked{'' if keep else ', aside'}"
            yield _section(title, event.parts or (Text(content),), bytes_of)
        case Replied(_, seat, _, reasoning, stop):
            if reasoning:
                yield _section(f"{seat} thinks", (Text(reasoning),), bytes_of)
            title = seat if stop == "stop" else f"{seat}, {STOPS.get(stop, stop)}"
            title += ", calls" if isinstance(event, Called) else ""
            yield _section(title, (Text(event.said),), bytes_of, "reply")
        case Returned(_, _, tool, _, content, failed):
            yield _section(f"{tool} {'fails' if failed else 'returns'}", (Text(content),), bytes_of)
        case Parsed():
            pass
        case _:
            yield _fact(event)


def _fact(event: Event) -> str:
    match event:
        case Forgot(seat, keep, opening):
            return f"{seat} forgets all but {'the first and ' if opening else ''}the last {keep} exchanges"
        case Rejected(_, reason, violation):
            return f"{'breaks the format' if violation else 'no use'}: {reason}"
        case Noted(key, value):
            return f"{key}: {value}"
        case Scored(by_seat):
            return "scores: " + ", ".join(f"{seat} {score:g}" for seat, score in by_seat.items())
        case Ended(kind, reason, blame, quality):
            told = kind if quality is None else f"{kind} (quality {quality:.2f})"
            return f"{told}{': ' if reason else ''}{reason}{f', by {blame}' if blame else ''}"
    return str(event)


def _section(title: str, parts: Iterable[Part], bytes_of: Bytes, kind: str = "") -> PageMessage:
    return PageMessage(title, [_part(part, bytes_of) for part in parts], kind)


def _part(part: Part, bytes_of: Bytes) -> str | PagePicture:
    if not isinstance(part, Image):
        return part.text
    if part.media_type not in MEDIA_TYPES:  # no other kind is ever shown: some run scripts
        return part.line
    data = b64encode(bytes_of(part)).decode("ascii")
    return PagePicture(f"data:{part.media_type};base64,{data}", int(part.width), int(part.height), part.alt, part.line)
