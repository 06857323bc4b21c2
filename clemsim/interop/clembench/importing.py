"""Turn a folder of clembench results, in the old layout (`MODEL/GAME/0_EXPERIMENT/episode_3`) or the new one, into a run.

Outcomes and scores are those that were recorded. Where the instance is recorded and the arena is known, the recorded replies
are driven through it and the agreement is reported; such an episode gets the arena's own transcript, any other the logged
events. The files are untrusted: no path or link in them is followed, and a file that is too large is refused.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from clemsim._util.files import check_new, parse_json, read_bytes, reading_file
from clemsim.arena import Arena
from clemsim.catalog.plugins import registered
from clemsim.catalog.suites import Suite
from clemsim.errors import ClemsimError, UsageError
from clemsim.game.events import Asked, Ended, Event, Replied
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.outcomes import Outcome
from clemsim.interop.clembench.checkout import convert
from clemsim.interop.clembench.port import JsonObject, ports
from clemsim.interop.clembench.redriving import arena_for, redrive, seated
from clemsim.interop.clembench.verify import MAIN, alike
from clemsim.results.run_summary import write_summary
from clemsim.store.description import ArenaDescription, Origin, RecordedConfig, RunDescription, SuiteDescription
from clemsim.store.folder import STORE, making, write_description
from clemsim.store.writer import RunStore

LARGEST = 64 * 2**20  # bytes of one file
KINDS = {"Aborted": "aborted", "Success": "success", "Lose": "failure"}


class RecordedInstance(Instance):
    """An instance as clembench keeps it."""

    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecordedEpisode:
    """One recorded episode, as its files describe it."""

    path: Path
    model: str
    game: str
    experiment: str
    number: int
    scores: JsonObject
    rounds: JsonObject
    log: JsonObject
    instance: JsonObject | None
    config: JsonObject

    @property
    def outcome(self) -> Outcome:
        """The outcome that the scores record. Raises UsageError when they record none."""
        kind = next((kind for name, kind in KINDS.items() if self.scores.get(name) == 1), None)
        if kind is None:
            raise UsageError(f"{self.path / 'scores.json'}: none of {', '.join(KINDS)} is 1")
        quality = number(self.scores.get(MAIN))
        return Outcome(kind, "", None, None if kind == "aborted" else quality)  # type: ignore[arg-type]

    @property
    def replies(self) -> list[dict[str, str]]:
        """The replies of the players in order, without those that the game master wrote for them."""
        return [
            {"player": str(event["from"]), "text": str(event["action"]["content"])}
            for event in self.logged
            if event["to"] == "GM" and event["from"] != "GM" and event["action"].get("label") != "pseudo"
        ]

    @property
    def logged(self) -> Iterator[JsonObject]:
        """The logged events in order."""
        return (event for turn in self.log["turns"] for event in turn)


@dataclass(slots=True)
class ImportedGame:
    """The number of imported episodes of a game, and how many of them its arena agrees with."""

    episodes: int = 0
    driven: int = 0  # whose replies were driven through the arena
    agree: int = 0  # of these, how many came to the same outcome and main score
    notes: list[str] = field(default_factory=list)


def import_results(results: Path, out: Path, suite: Suite | None = None) -> dict[str, ImportedGame]:
    """Write the run and return its games by name. The suite gives word lists and prompts. Raises UsageError."""
    if not results.is_dir():
        raise UsageError(f"there is no folder {results}")
    check_new(out)
    episodes = list(read_episodes(results))
    if not episodes:
        raise UsageError(f"{results} has no clembench results: no MODEL/GAME/EXPERIMENT/EPISODE/scores.json in it")
    arenas = {name: arena_for(name, suite) for name in {episode.game for episode in episodes} & registered("arenas").keys()}
    games: defaultdict[str, ImportedGame] = defaultdict(ImportedGame)
    with making(out) as draft:
        write_description(draft.path, _description(results, episodes))
        writer = RunStore(draft.path / STORE)
        repetitions: Counter[tuple[str, ...]] = Counter()
        for episode in episodes:
            name = (episode.model, episode.game, episode.experiment, str(episode.number))
            key = EpisodeKey(episode.game, f"{episode.experiment}/{episode.number}", repetitions[name], episode.model)
            repetitions[name] += 1
            _write(writer, key, episode, arenas.get(episode.game), games[episode.game])
        writer.close()
    write_summary(out)
    return dict(games)


def read_episodes(results: Path) -> Iterator[RecordedEpisode]:
    """Yield the recorded episodes below a folder, in the order of their paths. Raises UsageError naming file and field."""
    for path in sorted(results.rglob("scores.json")):
        if path.is_symlink() or not path.resolve().is_relative_to(results.resolve()):
            continue
        yield _read(path.parent)


def number(value: object) -> float | None:
    """Return a score; None for a value that is none (clembench writes NaN for undefined scores)."""
    if isinstance(value, bool | int | float) and isfinite(value):
        return float(value)
    return None


def _read(folder: Path) -> RecordedEpisode:
    scores, log = _json(folder / "scores.json"), _json(folder / "interactions.json")
    try:
        meta, config = log["meta"], _config(folder.parent)
        model, game = folder.parts[-4], str(meta["game_name"])
        episode = RecordedEpisode(
            folder,
            model,
            game,
            str(meta["experiment_name"]),
            int(meta["game_id"]),
            dict(scores["episode scores"]),
            dict(scores.get("round scores") or scores.get("turn scores") or {}),
            log,
            _json(folder / "instance.json") if (folder / "instance.json").is_file() else None,
            config,
        )
        _ = episode.replies
    except KeyError as error:
        raise UsageError(f"{folder}: field {error} is missing") from error
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise UsageError(f"{folder}: {error}") from error
    return episode


def _config(folder: Path) -> JsonObject:
    """Return what the episodes of an experiment share: `experiment.json`, in the old layout `experiment_NAME.json`."""
    path = next((path for path in sorted(folder.glob("experiment*.json")) if path.is_file()), None)
    return _json(path) if path else {}


def _json(path: Path) -> dict[str, Any]:
    with reading_file(path):
        size = path.stat().st_size
    if size > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST // 2**20} MB: that is no recorded episode")
    data = parse_json(read_bytes(path).replace(b": NaN", b": null"), str(path))  # Python writes NaN for undefined values
    if not isinstance(data, dict):
        raise UsageError(f"{path}: an object is expected")
    return data


def _write(
    writer: RunStore, key: EpisodeKey, episode: RecordedEpisode, arena: Arena[Any] | None, game: ImportedGame
) -> None:
    game.episodes += 1
    outcome, events = episode.outcome, None
    instance: Instance = RecordedInstance(
        experiment=episode.experiment, id=episode.number, data=dict(episode.instance or {})
    )
    if arena is not None and episode.instance is not None:
        try:
            instance, events = _drive(arena, episode, outcome, game)
        except (ClemsimError, KeyError, IndexError, TypeError, ValueError) as error:
            game.notes.append(f"{episode.path}: not driven: {type(error).__name__} {error}")
    writer.enlist(key, instance, arena.rules_version if arena else 0)
    writer.record(key, 0, events or _as_logged(episode, outcome))
    rounds = [_numbers(scores) for _, scores in sorted(episode.rounds.items(), key=lambda item: int(item[0]))]
    writer.ended(key, outcome, _numbers(episode.scores), rounds)


def _drive(
    arena: Arena[Any], episode: RecordedEpisode, outcome: Outcome, game: ImportedGame
) -> tuple[Instance, list[Event] | None]:
    """Return the arena's instance, and its events where it comes to the recorded outcome (None elsewhere)."""
    instance = _instance(arena, episode)
    replies = [reply for reply in episode.replies if int(reply["player"].split()[-1]) <= len(arena.seats)]
    driven = redrive(arena, instance, seated(arena, replies))
    game.driven += 1
    if driven.trouble:
        game.notes.append(f"{episode.path}: turn {driven.turn}: {driven.problem}")
        return instance, None
    replayed = driven.outcome
    if replayed is None or replayed.kind != outcome.kind or not alike(replayed.quality, outcome.quality):
        game.notes.append(f"{episode.path}: recorded {outcome.kind} {outcome.quality}, driven again {replayed}")
        return instance, None
    game.agree += 1
    return instance, list(driven.transcript.events)


def _instance(arena: Arena[Any], episode: RecordedEpisode) -> Instance:
    data = dict(episode.instance or {})
    own = {name: value for name, value in data.items() if name != "game_id"}
    try:
        instance: Instance = arena.load(own)
    except ClemsimError:
        port = ports()[arena.name]
        config = {**episode.config, "name": episode.experiment}
        return convert(port, arena, config, {"game_id": episode.number, **data}, port.stand_ins(data))
    return instance


def _as_logged(episode: RecordedEpisode, outcome: Outcome) -> list[Event]:
    """Return asks and replies as they were logged, and the end."""
    events: list[Event] = []
    turn = 0
    for event in episode.logged:
        content = str(event["action"]["content"])
        if event["from"] == "GM" and event["to"] != "GM":
            turn += 1
            events.append(Asked(turn, str(event["to"]), content, event["action"].get("label") != "forget"))
        elif event["to"] == "GM" and event["from"] != "GM":
            events.append(Replied(turn, str(event["from"]), content, "", "stop"))
    return [*events, Ended(outcome.kind, outcome.reason, outcome.blame, outcome.quality)]


def _numbers(scores: Mapping[str, object]) -> dict[str, float | None]:
    return {str(name): number(value) for name, value in scores.items()}


def _description(results: Path, episodes: list[RecordedEpisode]) -> RunDescription:
    models = dict.fromkeys(episode.model for episode in episodes)
    return RunDescription(
        config=RecordedConfig(suite="clembench results", agents=(), imported=str(results)),
        suite=SuiteDescription(name=f"clembench results of {results.name}"),
        arenas={name: ArenaDescription() for name in dict.fromkeys(episode.game for episode in episodes)},
        agents={model: {"name": model, "engine": "clembench"} for model in models},
        made=Origin(started=datetime.now().astimezone().isoformat(timespec="seconds")),
    )
