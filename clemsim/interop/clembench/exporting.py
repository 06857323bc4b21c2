"""Write a run in clembench's results layout, so that clembench can make its evaluation and transcripts from it.

`MODEL/GAME/EXPERIMENT/instance_00003/` holds `instance.json`, `interactions.json`, `scores.json`, one file of requests for
each player, and `completed.json`. Unfinished episodes are left out, as clembench has no status for them. Where a stopping
rule ended the run, `stopped.json` beside the models holds its answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from clemsim._util.files import dump_json, safe_name, safe_names, write_files, write_json
from clemsim.arena import Arena
from clemsim.errors import UsageError
from clemsim.game.events import Asked, Ended, Event, Noted, Parsed, Rejected, Replied, Told
from clemsim.game.transcript import Transcript
from clemsim.results.stopping_result import ended_by
from clemsim.runs.prepare import recorded_arenas
from clemsim.store import reader
from clemsim.store.description import RunDescription
from clemsim.store.folder import STORE, read_description
from clemsim.store.reader import EpisodeRow

GM = "GM"
LAYOUT = "3.7.2"  # the version of clemcore whose layout this is


def export_results(folder: Path, out: Path, *, trust: bool = False) -> int:
    """Write the finished episodes of a run and return their number. Raises StoreError and UsageError."""
    arenas, description = recorded_arenas(folder, trust=trust), read_description(folder)
    written = set()
    with reader.reading(folder / STORE) as base:
        rows = [row for row in reader.episodes(base) if row.outcome is not None]
        casts = safe_names(row.key.cast for row in rows)
        experiments = safe_names(row.experiment for row in rows)
        for row in rows:
            arena = row.of(arenas)
            model = out / f"{casts[row.key.cast]}-t{description.config.temperature}"
            place = model / safe_name(row.key.arena) / experiments[row.experiment] / _episode(arena, row)
            files = episode_files(arena, row, reader.events(base, row.id), reader.requests(base, row.id), description)
            write_files(place, {name: dump_json(content) for name, content in files.items()}, UsageError)
            experiment = {"name": row.experiment, "game_name": row.key.arena}
            write_json(place.parent / "experiment.json", experiment, UsageError)
            written.add(place)
    if stopped := ended_by(folder):
        write_json(out / "stopped.json", {"stopped_when": stopped.text, **stopped.model_dump(mode="json")}, UsageError)
    return len(written)


def episode_files(
    arena: Arena[Any],
    row: EpisodeRow,
    events: Sequence[Event],
    requests: Mapping[int, Mapping[str, Any]],
    description: RunDescription,
) -> dict[str, Any]:
    """Return the files that clembench keeps of an episode: their contents by name."""
    players = {seat: f"Player {number}" for number, seat in enumerate(arena.seats, 1)}
    transcript = Transcript(row.key, arena.load(row.data), tuple(events))
    scores, rounds = arena.scores(transcript)
    meta = {
        "game_name": row.key.arena,
        "experiment_name": row.experiment,
        "game_id": row.data["id"],
        "results_folder": row.key.cast,
        "clem_version": LAYOUT,
        "round_count": len(rounds),
        "completed": True,
    }
    models = {players[seat]: _model(requests, seat, row.key.cast) for seat in arena.seats}
    roles = {GM: {"game_role": "Game Master", "model_name": "programmatic"}}
    roles |= {player: {"game_role": seat, "model_name": models[player]} for seat, player in players.items()}
    turns = [[_action(event, players, requests) for event in part] for part in _rounds(events, arena.seats[0])]
    files = {
        "instance.json": {**row.data, "game_id": row.data["id"]},
        "interactions.json": {"meta": meta, "player_models": description.agents, "players": roles, "turns": turns},
        "scores.json": {
            "meta": meta,
            "players": roles,
            "round scores": {str(number): metrics for number, metrics in enumerate(rounds)},
            "episode scores": scores,
        },
        "completed.json": {"timestamp": _time(0)},
    }
    for seat, player in players.items():
        calls = [_call(event, requests) for event in events if isinstance(event, Replied) and event.seat == seat]
        described = {**meta, "player_name": player, "game_role": seat, "model_name": models[player]}
        files[f"{player.replace(' ', '_').lower()}.requests.json"] = {"meta": described, "calls": calls}
    return files


def _rounds(events: Sequence[Event], first: str) -> Iterator[list[Event]]:
    """Yield the events of each round; a round begins with an ask of the first seat that its view keeps."""
    part: list[Event] = []
    asked = False
    for event in events:
        if isinstance(event, Asked) and event.seat == first and event.keep:
            if asked:
                yield part
                part = []
            asked = True
        part.append(event)
    yield part


def _action(event: Event, players: Mapping[str, str], requests: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """Return an event as clembench logs it."""
    match event:
        case Told(seat, content):
            return _logged(GM, players[seat], "send message", content, "context")
        case Asked(turn, seat, content, keep):
            label = "context" if keep else "forget"
            return _logged(GM, players[seat], "send message", content, label, _started(requests, turn))
        case Replied(turn, seat, content):
            return _logged(players[seat], GM, "get message", content, "response", _started(requests, turn))
        case Parsed(_, move):
            return _logged(GM, GM, "parse", move)
        case Rejected(_, reason):
            return _logged(GM, GM, "invalid format", reason)
        case Noted(key, value):
            return _logged(GM, GM, str(key), value)
        case Ended(kind, reason):
            return _logged(GM, GM, "end", f"{kind}: {reason}" if reason else kind)


def _logged(from_: str, to: str, kind: str, content: object, label: str = "", started: float = 0) -> dict[str, Any]:
    action = {"type": kind, "content": content if isinstance(content, str) else orjson.dumps(content).decode()}
    return {"from": from_, "to": to, "timestamp": _time(started), "action": action | ({"label": label} if label else {})}


def _call(event: Replied, requests: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    cost = dict(requests.get(event.turn, {}))
    raw = {"content": event.content, "reasoning": event.reasoning, "stop": event.stop, **cost}
    return {"round": event.turn - 1, "call": {"timestamp": _time(cost.get("started") or 0), "raw_response_obj": raw}}


def _model(requests: Mapping[int, Mapping[str, Any]], seat: str, cast: str) -> str:
    return next((str(cost["agent"]) for cost in requests.values() if cost["seat"] == seat), cast)


def _started(requests: Mapping[int, Mapping[str, Any]], turn: int) -> float:
    return float(requests.get(turn, {}).get("started") or 0)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


def _episode(arena: Arena[Any], row: EpisodeRow) -> str:
    again = f"_{row.key.repetition + 1}" if row.key.repetition else ""
    return f"instance_{arena.load(row.data).id:05d}{again}"
