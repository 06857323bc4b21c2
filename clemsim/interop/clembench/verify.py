"""Compare recorded episodes, driven again without any model, with what was recorded: outcome, scores and asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from typing import Any, NamedTuple

from clemsim._util.files import parse_json, read_lines
from clemsim.arena import Arena
from clemsim.catalog.suites import Suite
from clemsim.errors import UsageError
from clemsim.game.instances import Instance
from clemsim.interop.clembench.checkout import convert, naming
from clemsim.interop.clembench.port import JsonObject, Metrics, Port, ports
from clemsim.interop.clembench.recorded import is_fact
from clemsim.interop.clembench.redriving import Redriven, arena_for, redrive, seat_of, seated
from clemsim.interop.clembench.rules import STRIPPED

MAIN = "Main Score"
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A difference between an episode and its recording: line of the file, turn (None: all were played), text, file, and
    kind: the score that differs, `outcome`, `ask`, or why the recording did not fit.
    """

    line: int
    turn: int | None
    what: str
    file: str = ""
    kind: str = ""


@dataclass(slots=True)
class RecordingAgreement:
    """The number of recorded episodes of an arena, and of those that agree in outcome, main score, every other metric, the
    scores of every round, and every ask. `asks`: how many recorded asks were compared. `kinds`: in how many episodes each
    kind of mismatch occurs.
    """

    episodes: int = 0
    outcome_agree: int = 0
    score_agree: int = 0
    metrics_agree: int = 0
    rounds_agree: int = 0
    asks_agree: int = 0
    asks: int = 0
    rules: str | None = None  # the rule set; the first where the recordings name several
    kinds: dict[str, int] = field(default_factory=dict)
    mismatches: list[Mismatch] = field(default_factory=list)

    def count(self, comparison: _Comparison) -> list[RecordedDifference]:
        """Count an episode, and return in what it differs."""
        kinds = {difference.kind for difference in comparison.scores}
        self.episodes += 1
        self.outcome_agree += not comparison.trouble and "outcome" not in kinds
        self.score_agree += not comparison.trouble and MAIN not in kinds
        self.metrics_agree += not kinds - {"outcome", MAIN}
        self.rounds_agree += not comparison.trouble and not comparison.rounds
        self.asks_agree += not comparison.other_asks
        self.asks += comparison.asks
        found = [*comparison.scores, *comparison.rounds, *comparison.other_asks]
        for kind in dict.fromkeys(difference.kind for difference in found):
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
        return found

    @property
    def complete(self) -> bool:
        """True if everything agrees in all episodes."""
        counts = (self.outcome_agree, self.score_agree, self.metrics_agree, self.rounds_agree, self.asks_agree)
        return all(count == self.episodes for count in counts)


class RecordedDifference(NamedTuple):
    """One thing in which an episode differs from its recording."""

    kind: str
    turn: int | None
    what: str


@dataclass(frozen=True, slots=True)
class _Comparison:
    """A recording, driven again by a rule set: in what scores, scores of rounds and asks differ, and how many asks were
    compared. `trouble`: why the recording does not fit.
    """

    rules: str | None
    trouble: str | None
    scores: Sequence[RecordedDifference]
    rounds: Sequence[RecordedDifference]
    asks: int
    other_asks: Sequence[RecordedDifference]


def verify(
    files: Sequence[Path],
    suite: Suite | None = None,
    rules: str | None = None,
    verbatim: bool | None = None,
    tell: Callable[[Path, int], None] | None = None,
) -> dict[str, RecordingAgreement]:
    """Return the agreement by arena. The suite gives word lists, prompts and rule set; without its prompts, asks are not
    compared. `rules`: the rule set; one that a recording names itself comes first. `verbatim`: whether replies were judged
    as they came; None: as a recording says by its key `verbatim` or, by default, all but those of v1.6, whose recordings
    were judged after stripping each reply of white space, and those of no `model` where the game's port says so. `tell` is
    called with file and line.

    Raises UsageError naming file and line.
    """
    agreements: dict[str, RecordingAgreement] = {}
    arenas: dict[tuple[str, str | None, bool], Arena[Any]] = {}

    def arena_of(name: str, own: str | None, as_given: bool) -> Arena[Any]:
        if (name, own, as_given) not in arenas:
            arenas[name, own, as_given] = arena_for(name, suite, own, verbatim=as_given)
        return arenas[name, own, as_given]

    for file in files:
        for line, record in _records(file):
            if tell:
                tell(file, line)
            with naming(f"{file}, line {line}"):
                name, own = str(record["game"]), record.get("rules") or rules
                as_given = _verbatim(arena_of(name, own, True), record) if verbatim is None else verbatim
                arenas_ = (arena_of(name, each, as_given) for each in _possible_rules(name, own, suite))
                comparison = _best(record, arenas_, with_asks=_has_prompts(suite, name))
                agreement = agreements.setdefault(name, RecordingAgreement(rules=comparison.rules))
                differences = agreement.count(comparison)
            agreement.mismatches += [Mismatch(line, each.turn, each.what, str(file), each.kind) for each in differences]
    return agreements


def recorded_instance(arena: Arena[Any], record: JsonObject, port: Port | None) -> Instance:
    """Return the instance of a recorded episode: read by the arena's port, or by the arena where it has none."""
    data = record["instance"]
    if port is None:
        instance: Instance = arena.load(data)
        return instance
    experiment = {"name": record["experiment"], **record.get("experiment_config", {})}
    return convert(port, arena, experiment, {"game_id": record["game_id"], **data}, data.get("resources", {}))


def _has_prompts(suite: Suite | None, arena: str) -> bool:
    port = ports().get(arena) or Port()
    return port.tells_all or (suite is not None and (suite.folder_of(arena) / "prompts").is_dir())


def _verbatim(arena: Arena[Any], record: JsonObject) -> bool:
    port = ports().get(arena.name) or Port()
    stripped = arena.rules_name in STRIPPED or (port.stripped and "model" not in record)
    return bool(record.get("verbatim", not stripped))


def _possible_rules(name: str, own: str | None, suite: Suite | None) -> Sequence[str | None]:
    """Return the rule sets by which a recording may have been made; `own`: that which it names, or which is asked for."""
    several = (ports().get(name) or Port()).rule_sets
    return [own] if own or (suite is not None and suite.rules not in several) else several or [own]


def _best(record: JsonObject, arenas: Iterable[Arena[Any]], *, with_asks: bool) -> _Comparison:
    """Return how a recording compares with the first arena that agrees with it; with the first of all where none does."""
    first: _Comparison | None = None
    for arena in arenas:
        comparison = _compare(arena, record, with_asks=with_asks)
        if not comparison.scores:
            return comparison
        first = first or comparison
    assert first is not None
    return first


def _compare(arena: Arena[Any], record: JsonObject, *, with_asks: bool) -> _Comparison:
    port = ports().get(arena.name)
    instance = recorded_instance(arena, record, port)
    driven = redrive(arena, instance, seated(arena, record["replies"]), verbatim=arena.verbatim)
    facts = port.log.facts(driven.transcript) if port and not driven.trouble else {}
    port = port or Port()
    now, recorded = port.numbered(driven.rounds), settled(port.unsettled, record.get("round_scores") or {})
    return _Comparison(
        arena.rules_name,
        driven.trouble,
        list(_score_differences(driven, record, facts)),
        [] if driven.trouble else list(round_differences(now, recorded)),
        *(_ask_differences(arena, driven, record) if with_asks and not port.unordered else (0, [])),
    )


def _score_differences(driven: Redriven, record: JsonObject, facts: JsonObject) -> Iterator[RecordedDifference]:
    """Yield in what outcome and scores differ; a recording of an episode that its scorer failed at has none."""
    if driven.trouble:
        yield RecordedDifference(driven.trouble, driven.turn, driven.problem)
        return
    outcome = driven.outcome
    assert outcome is not None
    if record["outcome"] is None:
        return
    last = driven.transcript.turns[-1].asked.turn
    if outcome.kind != record["outcome"]:
        yield RecordedDifference(
            "outcome", last, f"outcome: {outcome.kind} ({outcome.reason}), recorded {record['outcome']}"
        )
    yield from _metric_differences({**driven.scores, **facts}, record["scores"], last)


def _metric_differences(scores: Mapping[str, Any], recorded: Mapping[str, Any], last: int) -> Iterator[RecordedDifference]:
    for name, expected in recorded.items():
        if is_fact(expected) and name not in scores:
            continue
        if name not in scores:
            yield RecordedDifference(name, None, f"{name}: the arena has no such metric")
        elif not alike(scores[name], expected):
            turn = last if name == MAIN else None
            yield RecordedDifference(name, turn, f"{name}: {scores[name]}, recorded {expected}")


def settled(unsettled: Sequence[str], rounds: Mapping[str, Metrics]) -> Mapping[str, Metrics]:
    """Return the scores of rounds without those that are not compared (`Port.unsettled`)."""
    if not unsettled:
        return rounds
    return {at: {name: score for name, score in own.items() if name not in unsettled} for at, own in rounds.items()}


def round_differences(now: Mapping[str, Metrics], recorded: Mapping[str, Metrics]) -> Iterator[RecordedDifference]:
    """Yield the first difference of each score of rounds, which come by the numbers that clembench gives them."""
    told = set()
    for number, expected_scores in recorded.items():
        scores = now.get(str(number), {})
        for name, expected in expected_scores.items():
            if is_fact(expected):
                continue
            if name not in told and (name not in scores or not alike(scores[name], expected)):
                told.add(name)
                own = scores.get(name, "nothing")
                yield RecordedDifference(f"round {name}", None, f"round {number}: {name}: {own}, recorded {expected}")


def _ask_differences(arena: Arena[Any], driven: Redriven, record: JsonObject) -> tuple[int, list[RecordedDifference]]:
    """Return how many recorded asks were compared, and the first difference; a recorded one may lack its content."""
    compared, differing, first = 0, 0, None
    for number, (ask, recorded) in enumerate(zip(driven.asks, record.get("asks") or (), strict=False), 1):
        seat, content = seat_of(arena, str(recorded["player"])), recorded.get("content")
        compared += content is not None
        if ask.seat != seat or content not in (None, ask.content):
            differing += 1
            first = first or (number, ask, f"{seat} got {content!r}")
    if first is None:
        return compared, []
    number, ask, other = first
    what = f"ask: {differing} differ; number {number} gives {ask.seat} {ask.content!r}, in the recording {other}"
    return compared, [RecordedDifference("ask", number, what)]


def alike(first: Any, second: Any) -> bool:
    """Return True where two scores are equal to within 1e-6, or both undefined; or two facts are the same."""
    if is_fact(first) or is_fact(second):
        return bool(first == second)
    if first is None or second is None:
        return first is second
    return isclose(first, second, rel_tol=0, abs_tol=TOLERANCE)


def _records(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(read_lines(file), 1):
        if not line.strip():
            continue
        record = parse_json(line.replace(b": NaN", b": null"), f"{file}, line {number}")  # Python's undefined scores
        if not isinstance(record, dict):
            raise UsageError(f"{file}, line {number} is no recorded episode: an object is expected")
        yield number, record
