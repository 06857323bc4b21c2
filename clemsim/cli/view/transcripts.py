"""A transcript to read in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from clemsim._util.text import plain
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
from clemsim.game.instances import EpisodeKey

SEAT_STYLES = ("cyan", "magenta", "green", "blue", "yellow")
MOST = 4000  # characters of one message
# Others are words of the server.
STOPS = {"length": "cut at the token limit", "thinking": "cut while thinking", "overflow": "context overflow"}


def transcript(
    key: EpisodeKey, events: list[Event], costs: Mapping[int, Mapping[str, Any]], *, note: str = ""
) -> RenderableType:
    """Return all events of an episode, each seat in its colour, with the cost of each request."""
    styles: dict[str, str] = {}
    parts: list[RenderableType] = [Rule(plain(f"{key.label} · {key.cast}", "bold"), align="left")]
    for (_, content), same in groupby(events, _broadcast):
        group = list(same)
        if content is not None and len(group) > 1:
            seats = ", ".join(event.seat for event in group if isinstance(event, Told))
            parts.append(_panel(content, f"to {seats}", "dim", dim=True))
        else:
            parts += [part for event in group for part in _event(event, styles, costs)]
    if not events or not isinstance(events[-1], Ended):
        parts.append(plain(f"unfinished{': ' + note if note else ''}", "yellow"))
    return Group(*parts)


def _broadcast(event: Event) -> tuple[bool, str | None]:
    """Return what several seats may have been told one after another; None: nothing of the kind."""
    told = isinstance(event, Told) and not event.echo
    return told, event.content if isinstance(event, Told) and told else None


def _event(event: Event, styles: dict[str, str], costs: Mapping[int, Mapping[str, Any]]) -> Iterator[RenderableType]:
    match event:
        case Told(seat, content, echo):
            yield _panel(content, f"to {seat}", _style(seat, styles), dim=True)
            if echo:
                yield _panel(echo, f"{seat}, put into its mouth", _style(seat, styles), dim=True)
        case Instructed(seat, content):
            yield _panel(content, f"system text of {seat}", _style(seat, styles), dim=True)
        case Forgot(seat, keep, opening):
            yield plain(f"  · {seat} forgets all but {'the first and ' if opening else ''}the last {keep} exchanges", "dim")
        case Continued(turn, seat, content):
            title = f"turn {turn}: {seat} goes on"
            yield _panel(content, title, _style(seat, styles), dim=True) if content else plain(f"  · {title}", "dim")
        case Asked(turn, seat, content, keep):
            aside = "" if keep else ", aside"
            yield _panel(content, f"turn {turn}: {seat} is asked{aside}", _style(seat, styles), dim=True)
        case Replied(turn, seat, _, reasoning, stop):
            if reasoning:
                yield _panel(reasoning, f"{seat} thinks", "dim", dim=True)
            title = f"{seat}, {STOPS.get(stop, stop)}" if stop != "stop" else seat
            title += ", calls" if isinstance(event, Called) else ""
            yield _panel(event.said, title, f"bold {_style(seat, styles)}", cost=_cost(costs.get(turn)))
        case Returned(_, seat, tool, _, content, failed):
            yield _panel(content, f"{tool} {'fails' if failed else 'returns'}", _style(seat, styles), dim=True)
        case Rejected(_, reason, violation):
            yield plain(f"  ✗ {'breaks the format' if violation else 'no use'}: {reason}", "red", MOST)
        case Noted(key, value):
            yield plain(f"  · {key}: {value}", "dim", MOST)
        case Scored(by_seat):
            scores = ", ".join(f"{seat} {score:g}" for seat, score in by_seat.items())
            yield plain(f"scores: {scores}", "bold", MOST)
        case Ended(kind, reason, blame, quality):
            yield _ending(kind, reason, blame, quality)
        case Parsed():
            pass


def _ending(kind: str, reason: str, blame: str | None, quality: float | None) -> Text:
    style = {"success": "bold green", "failure": "bold yellow"}.get(kind, "bold red")
    text = f"{kind}" + (f" (quality {quality:.2f})" if quality is not None else "")
    text += f": {reason}" if reason else ""
    return plain(text + (f", by {blame}" if blame else ""), style, MOST)


def _panel(content: str, title: str, style: str, *, dim: bool = False, cost: str = "") -> Panel:
    body = plain(content, "dim" if dim else "", MOST)
    return Panel(body, title=plain(title), subtitle=plain(cost, "dim"), border_style=style, title_align="left")


def _style(seat: str, styles: dict[str, str]) -> str:
    return styles.setdefault(seat, SEAT_STYLES[len(styles) % len(SEAT_STYLES)])


def _cost(cost: Mapping[str, Any] | None) -> str:
    if cost is None:
        return ""
    retries = f", {cost['retries']} retries" if cost["retries"] else ""
    return f"{cost['tokens_in']} in, {cost['tokens_out']} out, {cost['seconds']:.2f} s{retries}"
