"""Drives recorded episodes through the arenas, without any model, and compares what came out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from pathlib import Path
from typing import Any

from clemsim._util.files import parse_json, read_text
from clemsim.arena import Arena, find_arena
from clemsim.catalog.suites import Suite
from clemsim.errors import UsageError
from clemsim.game.driver import EpisodeDriver
from clemsim.game.instances import Instance
from clemsim.game.messages import Message
from clemsim.interop.clembench.checkout import convert, naming
from clemsim.interop.clembench.port import JsonObject, Port, ports

MAIN = "Main Score"
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where an episode parts from its recording: line of the file, turn (None: all were played), and what differs."""

    line: int
    turn: int | None
    what: str
    file: str = ""


@dataclass(slots=True)
class Agreement:
    """How many recorded episodes of an arena came out alike: in outcome, in main score, in every other metric."""

    episodes: int = 0
    outcome_agree: int = 0
    score_agree: int = 0
    metrics_agree: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything agrees."""
        return self.episodes == self.outcome_agree == self.score_agree == self.metrics_agree


def verify(files: Sequence[Path], suite: Suite | None = None) -> dict[str, Agreement]:
    """Agreement by arena. The suite gives word lists and prompts. Raises UsageError naming file and line."""
    found: dict[str, Agreement] = {}
    arenas: dict[str, Arena[Any]] = {}
    for file in files:
        for line, record in _records(file):
            with naming(f"{file}, line {line}"):
                name = str(record["game"])
                arena = arenas.setdefault(name, _arena(name, suite))
                instance = recorded_instance(arena, record, ports().get(name))
                _compare(arena, instance, record, found.setdefault(name, Agreement()), file, line)
    return found


def recorded_instance(arena: Arena[Any], record: JsonObject, port: Port | None) -> Instance:
    """The instance of a recorded episode: through the arena's port, else as the arena itself writes them."""
    data = record["instance"]
    if port is None:
        plain: Instance = arena.load(data)
        return plain
    experiment = {"name": record["experiment"], **record.get("experiment_config", {})}
    return convert(port, arena, experiment, {"game_id": record["game_id"], **data}, data.get("resources", {}))


def redrive(arena: Arena[Any], instance: Instance, replies: Sequence[JsonObject]) -> tuple[EpisodeDriver, Mismatch | None]:
    """Give the recorded replies one after another; the turn at which that is not possible, if there is one."""
    driven = arena.drive(instance, in_turn=True)
    for number, reply in enumerate(replies, 1):
        if driven.outcome is not None:
            over = f"ended in {driven.outcome.kind} ({driven.outcome.reason}) before the recorded reply {number}"
            return driven, Mismatch(0, number, over)
        ask = driven.pending[0]
        seat = arena.seats[int(str(reply["player"]).split()[-1]) - 1]
        if ask.seat != seat:
            return driven, Mismatch(0, ask.turn, f"asks {ask.seat}, but {seat} replied in the recording")
        driven.answer(ask.turn, Message(seat, str(reply["text"])))
    if driven.outcome is None:
        ask = driven.pending[0]
        return driven, Mismatch(0, ask.turn, f"asks {ask.seat} again after the last recorded reply")
    return driven, None


def _arena(name: str, suite: Suite | None) -> Arena[Any]:
    kind = find_arena(name)
    return kind(suite.folder_of(name)) if suite else kind()


def _compare(arena: Arena[Any], instance: Instance, record: JsonObject, found: Agreement, file: Path, line: int) -> None:
    found.episodes += 1
    driven, parted = redrive(arena, instance, record["replies"])
    problems = [parted] if parted else list(_differences(arena, driven, record))
    kinds = {problem.what.split(":")[0] for problem in problems}
    found.outcome_agree += not parted and "outcome" not in kinds
    found.score_agree += not parted and MAIN not in kinds
    found.metrics_agree += not parted and not kinds - {"outcome", MAIN}
    found.mismatches += [Mismatch(line, each.turn, each.what, str(file)) for each in problems]


def _differences(arena: Arena[Any], driven: EpisodeDriver, record: JsonObject) -> Iterator[Mismatch]:
    outcome = driven.outcome
    assert outcome is not None
    last = driven.transcript.turns[-1].asked.turn
    if outcome.kind != record["outcome"]:
        yield Mismatch(0, last, f"outcome: {outcome.kind} ({outcome.reason}), recorded {record['outcome']}")
    scores, _ = arena.scores(driven.transcript)
    for name, expected in record["scores"].items():
        if name not in scores:
            yield Mismatch(0, None, f"{name}: the arena has no such metric")
        elif not alike(scores[name], expected):
            yield Mismatch(0, last if name == MAIN else None, f"{name}: {scores[name]}, recorded {expected}")


def alike(one: float | None, other: float | None) -> bool:
    """Equal to within 1e-6, or both undefined."""
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=0, abs_tol=TOLERANCE)


def _records(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        record = parse_json(line, f"{file}, line {number}")
        if not isinstance(record, dict):
            raise UsageError(f"{file}, line {number} is no recorded episode: an object is expected")
        yield number, record
