"""A dialogue to read in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from clemsim._util.text import plain
from clemsim.game.events import Ended, Event, Rejected, Replied, Scored
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.results.dialogue.model import (
    STOPS,
    Dialogue,
    DialogueStep,
    DialogueTurn,
    Forgetting,
    Heard,
    Note,
    ReplyCost,
    Telling,
    TurnBatch,
)

SEAT_STYLES = ("cyan", "magenta", "green", "blue", "yellow")
MOST = 4000  # characters of one message
MOST_OF_FACT = 200  # characters of a field of the instance
FEW_SEATS = 4  # with a score each
BRIEF = 300  # characters of a line that stands for one

Styles = dict[str, str]  # of the seats so far


def transcript(dialogue: Dialogue, *, reasoning: bool = False) -> RenderableType:
    """Return all of an episode, each seat in its colour, with the cost of each request, the scores, and what was played.
    `reasoning`: in full, not folded to a line.
    """
    parts = [heading(dialogue.key), *passage(dialogue.steps, {}, reasoning=reasoning)]
    if dialogue.outcome is None:
        parts.append(unfinished(dialogue.unfinished))
    else:
        parts += ending(dialogue.outcome)
    return Group(*parts, *(plain(line, "dim", MOST) for line in about_lines(dialogue)))


def heading(key: EpisodeKey) -> RenderableType:
    """Return the line above an episode."""
    return Rule(plain(f"{key.label} · {key.cast}", "bold"), align="left")


def unfinished(note: str) -> Text:
    """Return the line below an episode that has not ended; `note`: why."""
    return plain(f"unfinished{': ' + note if note else ''}", "yellow")


def passage(steps: Iterable[DialogueStep], styles: Styles, *, reasoning: bool = False) -> Iterator[RenderableType]:
    """Yield some steps of a dialogue that follow each other."""
    for step in steps:
        match step:
            case TurnBatch():
                yield from _batch(step, styles, reasoning=reasoning)
            case Telling(seats, heard):
                yield from _all_heard((heard,), ", ".join(seats), styles)
            case Note(key):
                yield plain(f"  · {key}: {step.text}", "dim", MOST)
            case Forgetting(seat, keep, opening):
                first = "the first and " if opening else ""
                yield plain(f"  · {seat} forgets all but {first}the last {keep} exchanges", "dim")


def brief(key: EpisodeKey, event: Event) -> Text | None:
    """Return a line for a reply, for what was wrong with it, and for the end of an episode; None for other events."""
    of = f"{key.label} · {key.cast}  "
    match event:
        case Replied(turn, seat, content, _, stop):
            cut = f", {STOPS.get(stop, stop)}" if stop != "stop" else ""
            return plain(f"{of}{turn} {seat}{cut}: {' '.join(content.split())}", "", BRIEF)
        case Rejected(_, reason, violation):
            return plain(f"{of}{refusal(reason, violation=violation)}", "red", BRIEF)
        case Ended():
            return plain(of, "") + _outcome(event.outcome)
        case Scored(by_seat):
            return plain(f"{of}scores: {scores_by_seat(by_seat)}", "bold", BRIEF)
    return None


def scores_by_seat(by_seat: Mapping[str, float], most: int | None = None) -> str:
    """Return the score of each seat as text, `red 1, yellow 0`; of many seats by score, the highest first, `1: a, b; 0: c`,
    where more than `most` seats of one score are counted: `1: a; 0: 4 seats`.
    """
    if len(by_seat) <= FEW_SEATS:
        return ", ".join(f"{seat} {score:g}" for seat, score in by_seat.items())
    groups: dict[float, list[str]] = {score: [] for score in sorted(by_seat.values(), reverse=True)}
    for seat, score in by_seat.items():
        groups[score].append(seat)
    names = {score: f"{len(same)} seats" if most and len(same) > most else ", ".join(same) for score, same in groups.items()}
    return "; ".join(f"{score:g}: {same}" for score, same in names.items())


def _batch(batch: TurnBatch, styles: Styles, *, reasoning: bool) -> Iterator[RenderableType]:
    """Yield the turns that were asked at once; what all of them were told is said once."""
    seats, shared = [turn.seat for turn in batch.turns], batch.shared
    yield from _all_heard(shared, ", ".join(dict.fromkeys(seats)), styles)
    if len(seats) > 1:
        yield plain(f"  {len(seats)} asked at once: {', '.join(dict.fromkeys(seats))}", "bold", MOST)
    for turn in batch.turns:
        yield from _turn(turn, turn.heard[len(shared) :], styles, reasoning=reasoning)


def _turn(turn: DialogueTurn, told: Iterable[Heard], styles: Styles, *, reasoning: bool) -> Iterator[RenderableType]:
    style = _style(turn.seat, styles)
    yield from _all_heard(told, turn.seat, styles)
    verb = "is asked" if turn.goes_on_after is None else "goes on"
    title = f"turn {turn.number}: {turn.seat} {verb}{', aside' if turn.aside else ''}"
    yield _panel(turn.asked_text, title, style, dim=True) if turn.asked else plain(f"  · {title}", "dim")
    if (reply := turn.reply) is None:
        yield plain(f"  · no reply to turn {turn.number} so far", "dim")
        return
    if reply.reasoning:
        yield _reasoning(reply.reasoning, turn.seat, whole=reasoning)
    title = ", ".join([turn.seat, *([reply.stop_words] if reply.stop_words else []), *(["calls"] if reply.calls else [])])
    yield _panel(reply.said, title, f"bold {style}", cost=cost_line(turn.cost))
    for result in reply.returned:
        yield _panel(result.content, f"{result.tool} {'fails' if result.failed else 'returns'}", style, dim=True)
    yield from _judged(turn, reply.said)


def _judged(turn: DialogueTurn, said: str) -> Iterator[Text]:
    """Yield what the reply was taken for, where that is not what it says, or what was wrong with it."""
    if turn.rejected:
        again = f"; asked again in turn {turn.asked_again}" if turn.asked_again else ""
        told = refusal(turn.rejected.reason, violation=turn.rejected.violation)
        yield plain(f"  {told}", "red", MOST) + plain(again, "red")
    elif turn.parsed and turn.move_text != said.strip():
        yield plain(f"  ✓ {' '.join(turn.move_text.split())}", "green", BRIEF)


def refusal(reason: str, *, violation: bool) -> str:
    """Return what is said of a reply that was no move."""
    return f"✗ {'breaks the format' if violation else 'no use'}: {reason}"


def _reasoning(text: str, seat: str, *, whole: bool) -> RenderableType:
    if whole:
        return _panel(text, f"{seat} thinks", "dim", dim=True)
    begin = " ".join(text[:BRIEF].split())
    words = f" ({len(text)} characters: --reasoning shows them)" if len(text) > len(begin) else ""
    return plain(f"  · {seat} thinks: {begin[:100]}{'…' if len(begin) > 100 else ''}{words}", "dim")


def _all_heard(told: Iterable[Heard], seats: str, styles: Styles) -> Iterator[Panel]:
    """Yield what was heard one after another; what is of one kind stands together."""
    titles = {"told": f"to {seats}", "echo": f"{seats}, put into its mouth", "system": f"system text of {seats}"}
    style = "dim" if ", " in seats else _style(seats, styles)
    for kind, same in groupby(told, lambda heard: heard.kind):
        yield _panel("\n".join(heard.text for heard in same), titles[kind], style, dim=True)


def ending(outcome: Outcome) -> Iterator[Text]:
    """Yield the lines that say how an episode ended."""
    if outcome.by_seat is not None:
        yield plain(f"scores: {scores_by_seat(outcome.by_seat)}", "bold", MOST)
    yield _outcome(outcome)


def outcome_line(outcome: Outcome) -> str:
    """Return the outcome without scores by seat, on one line."""
    text = f"{outcome.kind}" + (f" (quality {outcome.quality:.2f})" if outcome.quality is not None else "")
    text += f": {outcome.reason}" if outcome.reason else ""
    return text + (f", by {outcome.blame}" if outcome.blame else "")


def _outcome(outcome: Outcome) -> Text:
    style = {"success": "bold green", "failure": "bold yellow"}.get(outcome.kind, "bold red")
    return plain(outcome_line(outcome), style, MOST)


def about_lines(dialogue: Dialogue) -> Iterator[str]:
    """Yield the scores of the episode, who sat where, what was played, and the seeds, each on one line."""
    metrics = [f"{name} {'n/a' if value is None else f'{value:g}'}" for name, value in dialogue.metrics.items()]
    if metrics:
        yield f"scores: {', '.join(metrics)}"
    if len({seat.agent for seat in dialogue.seats}) > 1 or any(seat.role != seat.name for seat in dialogue.seats):
        roles = [f"{seat.name} {'' if seat.role == seat.name else f'({seat.role}) '}{seat.agent}" for seat in dialogue.seats]
        yield f"seats: {', '.join(roles)}"
    for name, text in dialogue.facts:
        flat = " ".join(text[:MOST].split())
        yield f"{name}: {flat if len(flat) <= MOST_OF_FACT else f'{flat[:MOST_OF_FACT]}…'}"
    seeds = {"instance": dialogue.instance_seed, "run": dialogue.run_seed}
    known = [f"{seed} of the {what}" for what, seed in seeds.items() if seed is not None]
    if known:
        yield f"seed: {', '.join(known)}"


def _panel(content: str, title: str, style: str, *, dim: bool = False, cost: str = "") -> Panel:
    body = plain(content, "dim" if dim else "", MOST)
    return Panel(body, title=plain(title), subtitle=plain(cost, "dim"), border_style=style, title_align="left")


def _style(seat: str, styles: Styles) -> str:
    return styles.setdefault(seat, SEAT_STYLES[len(styles) % len(SEAT_STYLES)])


def cost_line(cost: ReplyCost | None) -> str:
    """Return what a turn cost, on one line; empty where that is not known."""
    if cost is None:
        return ""
    out = f"{cost.tokens_out} out" + (f" ({cost.tokens_thought} thought)" if cost.tokens_thought else "")
    cached = f" ({cost.tokens_cached} cached)" if cost.tokens_cached else ""
    parts = [f"{cost.tokens_in} in{cached}", out, f"{cost.seconds:.2f} s" if cost.seconds is not None else ""]
    parts += [f"{cost.retries} retries" if cost.retries else "", cost.replica]
    return ", ".join(part for part in parts if part)
