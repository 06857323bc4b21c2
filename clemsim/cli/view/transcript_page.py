"""Dialogues as one HTML file that needs nothing else: pictures are in it, and the drawings of the games.

All text comes from games and models and is escaped; the page loads nothing, and runs nothing of theirs, which it also tells
the browser.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from clemsim.cli.view.transcripts import about_lines, cost_line, outcome_line, refusal, scores_by_seat
from clemsim.game.content import Image, Part, Text
from clemsim.game.image_headers import MEDIA_TYPES
from clemsim.game.pieces import Piece, latest_of_each
from clemsim.html.environment import render
from clemsim.html.frame import Frame
from clemsim.results.dialogue.model import Dialogue, DialogueStep, DialogueTurn, Forgetting, Heard, Note, Telling, TurnBatch

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
    """A message under its title, in parts of text and pictures. `kind`: `reply` for what a model said; `folded`: it is shown
    on demand.
    """

    title: str
    parts: Sequence[str | PagePicture]
    kind: str = ""
    folded: bool = False


@dataclass(frozen=True, slots=True)
class PageDialogue:
    """An episode: messages, and between them facts in one line; and how its game draws it."""

    title: str
    messages: Sequence[PageMessage | str]
    drawing: Sequence[Piece]


def transcript_page(episodes: Iterable[tuple[Dialogue, Sequence[Piece]]], bytes_of: Bytes) -> str:
    """Return a page with dialogues and the drawings of their games. Raises what `bytes_of` raises."""
    made = [
        PageDialogue(f"{one.key.label} · {one.key.cast}", list(_messages(one, bytes_of)), latest_of_each(pieces))
        for one, pieces in episodes
    ]
    title = made[0].title if len(made) == 1 else "Transcripts"
    return render("transcripts.html", frame=Frame(title, inline=True), transcripts=made)


def _messages(dialogue: Dialogue, bytes_of: Bytes) -> Iterator[PageMessage | str]:
    for step in dialogue.steps:
        yield from _step(step, bytes_of)
    if dialogue.outcome is None:
        yield f"unfinished{': ' if dialogue.unfinished else ''}{dialogue.unfinished}"
    else:
        if dialogue.outcome.by_seat is not None:
            yield f"scores: {scores_by_seat(dialogue.outcome.by_seat)}"
        yield outcome_line(dialogue.outcome)
    yield from about_lines(dialogue)


def _step(step: DialogueStep, bytes_of: Bytes) -> Iterator[PageMessage | str]:
    match step:
        case TurnBatch():
            seats, shared = [turn.seat for turn in step.turns], step.shared
            yield from (_heard(heard, ", ".join(dict.fromkeys(seats)), bytes_of) for heard in shared)
            if len(seats) > 1:
                yield f"{len(seats)} asked at once: {', '.join(dict.fromkeys(seats))}"
            for turn in step.turns:
                yield from (_heard(heard, turn.seat, bytes_of) for heard in turn.heard[len(shared) :])
                yield from _turn(turn, bytes_of)
        case Telling(seats=told, heard=heard):
            yield _heard(heard, ", ".join(told), bytes_of)
        case Note(key=key):
            yield f"{key}: {step.text}"
        case Forgetting(seat, keep, opening):
            yield f"{seat} forgets all but {'the first and ' if opening else ''}the last {keep} exchanges"


def _turn(turn: DialogueTurn, bytes_of: Bytes) -> Iterator[PageMessage | str]:
    verb = "is asked" if turn.goes_on_after is None else "goes on"
    yield _message(f"turn {turn.number}: {turn.seat} {verb}{', aside' if turn.aside else ''}", turn.asked, bytes_of)
    if (reply := turn.reply) is None:
        yield f"no reply to turn {turn.number} so far"
        return
    if reply.reasoning:
        yield PageMessage(f"{turn.seat} thinks", (reply.reasoning,), folded=True)
    about = [reply.stop_words, "calls" if reply.calls else "", cost_line(turn.cost)]
    yield PageMessage(", ".join([turn.seat, *filter(None, about)]), (reply.said,), "reply")
    for result in reply.returned:
        yield PageMessage(f"{result.tool} {'fails' if result.failed else 'returns'}", (result.content,))
    if turn.rejected:
        again = f"; asked again in turn {turn.asked_again}" if turn.asked_again else ""
        yield refusal(turn.rejected.reason, violation=turn.rejected.violation) + again
    elif turn.parsed and turn.move_text != reply.said.strip():
        yield f"✓ {turn.move_text}"


def _heard(heard: Heard, seats: str, bytes_of: Bytes) -> PageMessage:
    titles = {"told": f"to {seats}", "echo": f"{seats}, put into its mouth", "system": f"system text of {seats}"}
    return _message(titles[heard.kind], heard.parts, bytes_of)


def _message(title: str, parts: Iterable[Part], bytes_of: Bytes) -> PageMessage:
    return PageMessage(title, [_part(part, bytes_of) for part in parts])


def _part(part: Part, bytes_of: Bytes) -> str | PagePicture:
    if isinstance(part, Text):
        return part.text
    if part.media_type not in MEDIA_TYPES:  # no other kind is ever shown: some run scripts
        return part.line
    data = b64encode(bytes_of(part)).decode("ascii")
    return PagePicture(f"data:{part.media_type};base64,{data}", int(part.width), int(part.height), part.alt, part.line)
