"""Drive recorded episodes through the arenas, without any model, and compare outcomes and scores with the recorded ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from typing import Any

from clemsim._util.files import parse_json, read_text
from clemsim.arena import Arena, find_arena
from clemsim.catalog.plugins import registered
from clemsim.catalog.suites import Suite
from clemsim.errors import ParserError, UsageError
from clemsim.game.driver import EpisodeDriver
from clemsim.game.instances import Instance
from clemsim.game.messages import Message
from clemsim.interop.clembench.checkout import convert, naming
from clemsim.interop.clembench.port import JsonObject, Port, ports

MAIN = "Main Score"
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A difference between an episode and its recording: line of the file, turn (None: all were played), and text."""

    line: int
    turn: int | None
    what: str
    file: str = ""


@dataclass(slots=True)
class RecordingAgreement:
    """The number of recorded episodes of an arena, and of those that agree in outcome, main score and every other metric."""

    episodes: int = 0
    outcome_agree: int = 0
    score_agree: int = 0
    metrics_agree: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True if outcome, main score and metrics agree in all episodes."""
        return self.episodes == self.outcome_agree == self.score_agree == self.metrics_agree


def verify(files: Sequence[Path], suite: Suite | None = None) -> dict[str, RecordingAgreement]:
    """Return the agreement by arena. The suite gives word lists and prompts. Raises UsageError naming file and line."""
    agreements: dict[str, RecordingAgreement] = {}
    arenas: dict[str, Arena[Any]] = {}
    for file in files:
        for line, record in _records(file):
            with naming(f"{file}, line {line}"):
                name = str(record["game"])
                arena = arenas.setdefault(name, arena_for(name, suite))
                instance = recorded_instance(arena, record, ports().get(name))
                _compare(arena, instance, record, agreements.setdefault(name, RecordingAgreement()), file, line)
    return agreements


def recorded_instance(arena: Arena[Any], record: JsonObject, port: Port | None) -> Instance:
    """Return the instance of a recorded episode: read by the arena's port, or by the arena where it has none."""
    data = record["instance"]
    if port is None:
        instance: Instance = arena.load(data)
        return instance
    experiment = {"name": record["experiment"], **record.get("experiment_config", {})}
    return convert(port, arena, experiment, {"game_id": record["game_id"], **data}, data.get("resources", {}))


def redrive(arena: Arena[Any], instance: Instance, replies: Sequence[JsonObject]) -> tuple[EpisodeDriver, Mismatch | None]:
    """Give the recorded replies one after another. Return the driver, and the turn at which a reply did not fit, if any."""
    driver = arena.drive(instance, in_turn=True)
    for number, reply in enumerate(replies, 1):
        if driver.outcome is not None:
            difference = f"ended in {driver.outcome.kind} ({driver.outcome.reason}) before the recorded reply {number}"
            return driver, Mismatch(0, number, difference)
        ask = driver.pending[0]
        seat = arena.seats[int(str(reply["player"]).split()[-1]) - 1]
        if ask.seat != seat:
            return driver, Mismatch(0, ask.turn, f"asks {ask.seat}, but {seat} replied in the recording")
        try:
            driver.answer(ask.turn, Message(seat, str(reply["text"])))
        except ParserError as error:
            return driver, Mismatch(0, ask.turn, str(error))
    if driver.outcome is None:
        ask = driver.pending[0]
        return driver, Mismatch(0, ask.turn, f"asks {ask.seat} again after the last recorded reply")
    return driver, None


def arena_for(name: str, suite: Suite | None) -> Arena[Any]:
    """Return the arena with the word lists and prompts of the suite, or with its own where there is none."""
    if name not in registered("arenas"):  # a recording may come from anybody, and must not name code
        raise UsageError(f"there is no arena {name!r}: choose one of {', '.join(registered('arenas'))}")
    kind = find_arena(name)
    return kind(suite.folder_of(name)) if suite else kind()


def _compare(
    arena: Arena[Any], instance: Instance, record: JsonObject, agreement: RecordingAgreement, file: Path, line: int
) -> None:
    agreement.episodes += 1
    driver, mismatch = redrive(arena, instance, record["replies"])
    problems = [mismatch] if mismatch else list(_differences(arena, driver, record))
    kinds = {problem.what.split(":")[0] for problem in problems}
    agreement.outcome_agree += not mismatch and "outcome" not in kinds
    agreement.score_agree += not mismatch and MAIN not in kinds
    agreement.metrics_agree += not mismatch and not kinds - {"outcome", MAIN}
    agreement.mismatches += [Mismatch(line, problem.turn, problem.what, str(file)) for problem in problems]


def _differences(arena: Arena[Any], driver: EpisodeDriver, record: JsonObject) -> Iterator[Mismatch]:
    outcome = driver.outcome
    assert outcome is not None
    last = driver.transcript.turns[-1].asked.turn
    if outcome.kind != record["outcome"]:
        yield Mismatch(0, last, f"outcome: {outcome.kind} ({outcome.reason}), recorded {record['outcome']}")
    scores, _ = arena.scores(driver.transcript)
    for name, expected in record["scores"].items():
        if name not in scores:
            yield Mismatch(0, None, f"{name}: the arena has no such metric")
        elif not alike(scores[name], expected):
            yield Mismatch(0, last if name == MAIN else None, f"{name}: {scores[name]}, recorded {expected}")


def alike(first: float | None, second: float | None) -> bool:
    """Return True where two scores are equal to within 1e-6, or both undefined."""
    if first is None or second is None:
        return first is second
    return isclose(first, second, rel_tol=0, abs_tol=TOLERANCE)


def _records(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        record = parse_json(line, f"{file}, line {number}")
        if not isinstance(record, dict):
            raise UsageError(f"{file}, line {number} is no recorded episode: an object is expected")
        yield number, record
