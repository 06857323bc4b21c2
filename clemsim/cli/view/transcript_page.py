"""A transcript as one HTML file that needs nothing else: pictures are in it.

All text comes from games and models and is escaped; the page loads and runs nothing, which it also tells the browser.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from clemsim._util.text import safe
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
from clemsim.results.dialogue.model import STOPS

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 0.86rem; color: #555; margin: 1.1rem 0 0.2rem; }
p { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.2rem 0; }
section { border-left: 3px solid #ccc; padding-left: 0.8rem; } .reply { border-color: #36c; } .fact { color: #777; }
img { max-width: 100%; height: auto; border: 1px solid #ddd; display: block; margin: 0.3rem 0; }
"""

Bytes = Callable[[Image], bytes]  # the bytes of a picture that an event names


def transcript_page(episodes: Iterable[tuple[EpisodeKey, Sequence[Event]]], bytes_of: Bytes) -> str:
    """Return a page with the events of episodes. Raises what `bytes_of` raises."""
    parts = [part for key, events in episodes for part in _episode(key, events, bytes_of)]
    head = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>Transcripts</title><style>{STYLE}</style>'
    return f"<!doctype html>\n<html lang=en><meta charset=utf-8>{head}\n" + "\n".join(parts) + "\n</html>\n"


def _episode(key: EpisodeKey, events: Sequence[Event], bytes_of: Bytes) -> Iterator[str]:
    yield f"<h1>{_escaped(f'{key.label} · {key.cast}')}</h1>"
    for event in events:
        yield from _event(event, bytes_of)
    if not events or not isinstance(events[-1], Ended):
        yield "<p class=fact>unfinished</p>"


def _event(event: Event, bytes_of: Bytes) -> Iterator[str]:
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
            yield f"<p class=fact>{_escaped(_fact(event))}</p>"


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


def _section(title: str, parts: Iterable[Part], bytes_of: Bytes, kind: str = "") -> str:
    body = "".join(_part(part, bytes_of) for part in parts)
    return f'<section class="{kind}"><h2>{_escaped(title)}</h2>{body}</section>'


def _part(part: Part, bytes_of: Bytes) -> str:
    return _picture(part, bytes_of) if isinstance(part, Image) else f"<p>{_escaped(part.text)}</p>"


def _picture(image: Image, bytes_of: Bytes) -> str:
    if image.media_type not in MEDIA_TYPES:  # no other kind is ever shown: some run scripts
        return f"<p>{_escaped(image.line)}</p>"
    data = b64encode(bytes_of(image)).decode("ascii")
    size = f"width={image.width:d} height={image.height:d}"
    source = f"data:{image.media_type};base64,{data}"
    return f'<img {size} alt="{_escaped(image.alt)}" src="{source}"><p class=fact>{_escaped(image.line)}</p>'


def _escaped(text: str) -> str:
    return escape(safe(text), quote=True)
