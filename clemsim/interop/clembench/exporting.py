"""Write runs in clembench's results layout, as clemcore writes it, so that clemcore can score, transcribe and evaluate them.

`MODEL/run.json`, and below it `GAME/EXPERIMENT/experiment.json` and `GAME/EXPERIMENT/instance_00003/` with `instance.json`,
`interactions.json`, `scores.json`, one file of requests for each player, and `completed.json`. Beside the models lie the
tables that clembench's leaderboard reads: `results.csv`, `raw.csv` and `benchmark_runs.json`. Where a stopping rule ended a
run, `stopped.json` holds its answer.

Pictures that were shown are in `images/`, and `interactions.json` names them under `image` (clemcore finds them with
IMAGE_ROOT set to this folder). An episode that was imported is given back as it came. Unfinished episodes are left out, as
clembench has no status for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from clemsim._util.files import dump_json, safe_names, write_files, write_json
from clemsim.arena import Arena
from clemsim.errors import UsageError
from clemsim.game.events import Event, Replied
from clemsim.game.transcript import Transcript
from clemsim.interop.clembench.gamelog import GM, GameLog, LogBuilder, timestamp
from clemsim.interop.clembench.master_export import game_of, master_files
from clemsim.interop.clembench.originals import EXPERIMENT, originals, place_of, requests_file
from clemsim.interop.clembench.port import JsonObject, Metrics, Port, ports
from clemsim.interop.clembench.recorded import INSTANCE, LOG, RUN, SCORES, TURN, parse_object
from clemsim.interop.clembench.tables import ResultTables
from clemsim.interop.clemcore.game import ClembenchGame
from clemsim.interop.clemcore.seats import player_of
from clemsim.interop.items.importing import SUITE as ITEMS
from clemsim.interop.pictures import save_images
from clemsim.results.stopping_result import ended_by
from clemsim.runs.prepare import recorded_arenas
from clemsim.store import reader
from clemsim.store.description import ArenaDescription, RunDescription
from clemsim.store.folder import STORE, read_description
from clemsim.store.reader import EpisodeRow

LAYOUT = "3.7.2"  # the version of clemcore whose layout this is
TODAYS = (3, 3)  # the version from which the layout is today's


def export_results(folder: Path, out: Path, *, trust: bool = False) -> int:
    """Write the finished episodes of a run and return their number. Raises StoreError and UsageError."""
    return export_runs([folder], out, trust=trust)


def export_runs(folders: Iterable[Path], out: Path, *, trust: bool = False) -> int:
    """Write the finished episodes of several runs, whose models have names of their own, and return their number.

    Raises StoreError and UsageError.
    """
    tables, written, versions = ResultTables(), 0, set[str]()
    for folder in folders:
        description = read_description(folder)
        if description.suite.name == ITEMS:
            raise UsageError(f"{folder} holds scores of items, and not the dialogues that clembench's results are made of")
        arenas = {} if description.config.imported else recorded_arenas(folder, trust=trust)
        export = _Export(folder, out, description, tables, arenas)
        versions |= {rules_of(arena) for arena in description.arenas.values()} - {""}
        with originals(folder) as kept, reader.reading(folder / STORE) as base:
            written += export.write(base, kept)
        if stopped := ended_by(folder):
            write_json(out / "stopped.json", {"stopped_when": stopped.text, **stopped.model_dump(mode="json")}, UsageError)
    version = versions.pop() if len(versions) == 1 else "clemsim"
    write_files(out, tables.files(version, f"{date.today():%Y-%m-%d}"), UsageError)
    return written


def rules_of(arena: ArenaDescription) -> str:
    """Return the rule set of an arena of a run, such as `v3.0`; empty where it has none."""
    version = str(arena.version or "")
    return f"v{version.partition('+')[0]}" if "+" in version and version[0].isdecimal() else ""


@dataclass(slots=True)
class _Export:
    folder: Path
    out: Path
    description: RunDescription
    tables: ResultTables
    arenas: Mapping[str, Arena[Any]]
    experiments: set[Path] = field(default_factory=set)

    def write(self, base: Any, kept: ZipFile | None) -> int:
        """Write all finished episodes and return their number."""
        rows = [row for row in reader.episodes(base) if row.outcome is not None]
        names = safe_names(self._model(row) for row in rows)
        inside = set(kept.namelist()) if kept else set()
        for row in rows:
            home = self.out / names[self._model(row)]
            self._write_run(home, row)
            episode = ExportedEpisode(
                row, list(reader.events(base, row.id)), reader.requests(base, row.id), *_scores(base, row)
            )
            game = self._game(row)
            place = place_of(row.key._replace(arena=game), row.experiment, int(row.data["id"]))
            if kept:
                self._give_back(kept, inside, home, place, episode)
            else:
                self._write_anew(home, place, episode)
            save_images(base, episode.events, self.out / "images")
            self.tables.add(home.name, game, row.experiment, place.rpartition("/")[2], episode.scores)
        return len(rows)

    def _game(self, row: EpisodeRow) -> str:
        """Return clembench's name of a game."""
        return game_of(self.arenas.get(row.key.arena), row.key.arena)

    def _model(self, row: EpisodeRow) -> str:
        """Return the name of the model's folder: that of an imported run, else the cast's with its temperature."""
        config = self.description.config
        return row.key.cast if config.imported else f"{row.key.cast}-t{config.temperature}"

    def _give_back(self, kept: ZipFile, inside: set[str], home: Path, place: str, episode: ExportedEpisode) -> None:
        """Write an imported episode as it came: file by file where it came in today's layout, else in that layout."""
        log = _read(kept, f"{place}/{LOG}", inside)
        instance = _read(kept, f"{place}/{INSTANCE}", inside) or {}
        config = _read(kept, f"{place.rpartition('/')[0]}/{EXPERIMENT}", inside) or {}
        files: dict[str, Any] = _as_recorded(episode, home.name, instance, log or {})
        written = {name: dump_json(content) for name, content in files.items()}
        if log is not None and _version(log) >= TODAYS:
            written |= {name.rpartition("/")[2]: kept.read(name) for name in inside if name.startswith(f"{place}/")}
        elif f"{place}/{SCORES}" in inside:
            written[SCORES] = kept.read(f"{place}/{SCORES}")
        write_files(home / place, written, UsageError)
        self._write_experiment(home / place, episode.row, config)

    def _write_anew(self, home: Path, place: str, episode: ExportedEpisode) -> None:
        """Write an episode that clemsim played, in clembench's words."""
        arena = episode.row.of(self.arenas)
        verbatim = bool(self.description.config.verbatim)
        files = episode_files(arena, episode, home.name, self._player_models(episode.row), verbatim=verbatim)
        write_files(home / place, {name: dump_json(content) for name, content in files.items()}, UsageError)
        self._write_experiment(home / place, episode.row, {})

    def _write_experiment(self, place: Path, row: EpisodeRow, config: JsonObject) -> None:
        path = place.parent / EXPERIMENT
        if path in self.experiments:
            return
        self.experiments.add(path)
        own: dict[str, Any] = {}
        if not self.description.config.imported:
            arena = row.of(self.arenas)
            own = _experiment_of(arena, arena.load(row.data))
        described = self.description.arenas.get(row.key.arena, ArenaDescription())
        if rules := rules_of(described) or self._earlier(row.key.arena, described):
            own["rules"] = rules  # clembench has no such field; an import heeds it
        write_json(path, {"name": row.experiment, **own, **config, "game_name": self._game(row)}, UsageError)

    def _earlier(self, name: str, arena: ArenaDescription) -> str:
        """Return the version of a game that had no rule sets yet; empty of one that has none still."""
        return str(arena.version) if name in self.arenas and self.arenas[name].RULES else ""

    def _write_run(self, home: Path, row: EpisodeRow) -> None:
        if home / RUN in self.experiments:
            return
        self.experiments.add(home / RUN)
        data = {
            "clem_version": LAYOUT,
            "created": self.description.made.started,
            "player_models": self._player_models(row),
            "games": {name: {"version": description.version} for name, description in self.description.arenas.items()},
        }
        write_json(home / RUN, data, UsageError)

    def _player_models(self, row: EpisodeRow) -> dict[str, Any]:
        config = self.description.config
        settings = {"temperature": config.temperature, "max_tokens": config.max_tokens}
        described = self.description.agents
        own = [described[name] for name in row.key.cast.split(", ") if name in described] or list(described.values())[:1]
        specs = [{"model_name": row.key.cast, **agent} for agent in own] or [{"model_name": row.key.cast}]
        return {str(number): {"model_spec": spec, "gen_args": settings} for number, spec in enumerate(specs)}


@dataclass(frozen=True, slots=True)
class ExportedEpisode:
    """An episode as it is stored: its row, its events, the costs of its turns, and its scores."""

    row: EpisodeRow
    events: Sequence[Event]
    requests: Mapping[int, Mapping[str, Any]]
    scores: dict[str, float | None]
    rounds: list[dict[str, float | None]]


def episode_files(
    arena: Arena[Any], episode: ExportedEpisode, model: str, player_models: JsonObject, *, verbatim: bool = False
) -> dict[str, Any]:
    """Return the files that clembench keeps of an episode that clemsim played: their contents by name.

    `model`: the name of its folder. `verbatim`: whether replies were judged as they came.
    """
    transcript = Transcript(episode.row.key, arena.load(episode.row.data), tuple(episode.events))
    if isinstance(arena, ClembenchGame):
        return _files_of_master(arena, episode, transcript, model, player_models, verbatim=verbatim)
    started = {turn: float(cost.get("started") or 0) for turn, cost in episode.requests.items()}
    log, game_log = LogBuilder(arena, transcript, verbatim, started), _log_of(arena)
    game_log.write(log)
    row = episode.row
    players = {log.player(seat): _player(episode, game_log, seat) for seat in arena.seats}
    players |= {name: {"game_role": role, "model_name": "programmatic"} for name, role in game_log.scripted.items()}
    roles = {GM: {"game_role": "Game Master", "model_name": "programmatic"}, **players}
    meta = _meta(row, model, len(log.turns))
    own = game_log.instance(arena, log.transcript.instance)
    files: dict[str, Any] = {
        INSTANCE: {"game_id": int(row.data["id"]), **own},
        LOG: {"meta": meta, "player_models": player_models, "players": roles, "turns": log.turns, **log.keys},
        SCORES: {
            "meta": meta,
            "player_models": player_models,
            "players": roles,
            "turn scores": _numbered(arena.name, episode.rounds),
            "episode scores": {**episode.scores, **game_log.facts(transcript)},
        },
        "completed.json": {"timestamp": timestamp(0)},
    }
    for seat in arena.seats:
        player = log.player(seat)
        described = {**meta, "player_name": player, **players[player]}
        calls = [_call(number, turn.replied, log.text(turn), episode) for number, turn in log.calls if turn.seat == seat]
        if calls:
            files[requests_file(player)] = {"meta": described, "calls": calls}
    return files


def _files_of_master(
    arena: ClembenchGame,
    episode: ExportedEpisode,
    transcript: Transcript[Any],
    model: str,
    player_models: JsonObject,
    *,
    verbatim: bool,
) -> dict[str, Any]:
    """Return the files of an episode that clembench's own game master led."""
    record = arena.record(transcript, verbatim=verbatim)
    agents = {seat: _player(episode, GameLog(), seat)["model_name"] for seat in arena.seats}
    files = master_files(record, transcript, model, player_models, agents)
    for seat in arena.seats:
        of = [(round_, turn) for round_, turn in zip(record.rounds, transcript.turns, strict=True) if turn.seat == seat]
        text = [turn.replied.content if verbatim else turn.replied.content.strip() for _, turn in of]
        calls = [_call(round_, turn.replied, said, episode) for (round_, turn), said in zip(of, text, strict=True)]
        player = player_of(seat)
        about = {**files[LOG]["meta"], "player_name": player, **files[LOG]["players"][player]}
        files |= {requests_file(player): {"meta": about, "calls": calls}} if calls else {}
    return files


def _experiment_of(arena: Arena[Any], instance: Any) -> dict[str, Any]:
    if isinstance(arena, ClembenchGame):
        return arena.settings(instance)
    return _log_of(arena).experiment(arena, instance)


def _as_recorded(episode: ExportedEpisode, model: str, instance: JsonObject, log: JsonObject) -> dict[str, Any]:
    """Return the files of an imported episode: its log as it came, its scores as they are stored."""
    row = episode.row
    files: dict[str, Any] = {INSTANCE: {**instance, "game_id": int(row.data["id"])}}
    meta = _meta(row, model, len(log.get("turns") or ()))
    if log:
        files[LOG] = {**log, "meta": {**meta, **log.get("meta", {})}}
    files[SCORES] = {
        "meta": meta,
        "players": log.get("players", {}),
        "turn scores": _numbered(row.key.arena, episode.rounds),
        "episode scores": episode.scores,
    }
    return files | {"completed.json": {"timestamp": timestamp(0)}}


def _meta(row: EpisodeRow, model: str, rounds: int) -> dict[str, Any]:
    return {
        "game_name": row.key.arena,
        "experiment_name": row.experiment,
        "game_id": int(row.data["id"]),
        "results_folder": model,
        "clem_version": LAYOUT,
        "round_count": rounds,
        "completed": True,
    }


def _log_of(arena: Arena[Any]) -> GameLog:
    port = _port_of(arena.name)
    return port.log if port else GameLog()


def _numbered(arena: str, rounds: Sequence[Metrics]) -> dict[str, Metrics]:
    """Return the scores of rounds by the numbers that clembench gives them."""
    return (_port_of(arena) or Port()).numbered(rounds)


@cache
def _port_of(arena: str) -> Port | None:
    return ports().get(arena)


def _scores(base: Any, row: EpisodeRow) -> tuple[dict[str, float | None], list[dict[str, float | None]]]:
    """Return the scores of an episode and of its rounds as they are stored."""
    query = "SELECT round, metric, value FROM scores WHERE episode = ? ORDER BY round, metric"
    by_round: dict[int, dict[str, float | None]] = {}
    for number, metric, value in base.execute(query, (row.id,)):
        by_round.setdefault(number, {})[metric] = value
    last = max(by_round, default=0)
    return by_round.get(0, {}), [by_round.get(number, {}) for number in range(1, last + 1)]


def _player(episode: ExportedEpisode, game_log: GameLog, seat: str) -> dict[str, str]:
    names = (str(cost["agent"]) for cost in episode.requests.values() if cost["seat"] == seat)
    return {"game_role": game_log.roles.get(seat, seat), "model_name": next(names, episode.row.key.cast)}


def _call(number: int, reply: Replied, text: str, episode: ExportedEpisode) -> dict[str, Any]:
    cost = dict(episode.requests.get(reply.turn, {}))
    model = str(cost.get("agent") or episode.row.key.cast)
    noted = {"response": text, "model_name": model}
    own = {"content": reply.content, "reasoning": reply.reasoning, "stop": reply.stop}
    raw = {**own, **cost, TURN: reply.turn, "clem_player": noted}
    return {"round": number, "call": {"timestamp": timestamp(cost.get("started") or 0), "raw_response_obj": raw}}


def _read(kept: ZipFile, name: str, inside: set[str]) -> dict[str, Any] | None:
    """Return a JSON object out of an archive; None where it is not in it."""
    return parse_object(kept.read(name), name) if name in inside else None


def _version(log: JsonObject) -> tuple[int, int]:
    parts = str((log.get("meta") or {}).get("clem_version") or "").split(".")
    numbers = [int(part) for part in parts[:2] if part.isdecimal()]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)
