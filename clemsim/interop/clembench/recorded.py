"""Read clembench's results: a folder of one model or a tree of many, in the old layout or the new one, whole or in part.

The old layout is `MODEL/GAME/0_EXPERIMENT/episode_3` (clemcore before 3.3), the new one is
`MODEL/GAME/EXPERIMENT/instance_00003`. An episode may lack its scores or its dialogue; `RecordedEpisode.missing` names what
is not there. The files are untrusted: no link in them is followed, and a file that is too large is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from json import JSONDecodeError, loads
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from clemsim._util.files import read_bytes, reading_file
from clemsim.errors import UsageError
from clemsim.game.outcomes import Kind, Outcome
from clemsim.interop.clembench.port import JsonObject

MAIN = "Main Score"
GM = "GM"
SCORES, LOG, INSTANCE, ERROR, RUN = "scores.json", "interactions.json", "instance.json", "error.json", "run.json"
LARGEST = 64 * 2**20  # bytes of one file
TURN = "turn"  # the field of a call in which clemsim exports the number of its turn
KINDS: dict[str, Kind] = {"Aborted": "aborted", "Success": "success", "Lose": "failure"}

_EPISODE = re.compile(r"(instance|episode)_(\d+)")
_BRANCH, _EPOCH = re.compile(r"branch_\d+"), re.compile(r"epoch_\d+")
_NUMBERED = re.compile(r"\d+_")  # begins the name of an experiment's folder in the old layout


@dataclass(frozen=True, slots=True)
class RecordedModel:
    """A model of a results tree: its name, which is that of its folder, and the folders of its episodes, sorted."""

    name: str
    episodes: Sequence[Path]

    @property
    def facts(self) -> JsonObject:
        """What clemcore wrote of the model in `run.json`; empty where there is none that can be read."""
        for home in dict.fromkeys(path.parents[2] for path in self.episodes):
            if (home / RUN).is_file() and not (home / RUN).is_symlink():
                models = read_object(home / RUN).get("player_models") or {}
                first: Any = next(iter(models.values()), {}) if isinstance(models, dict) else {}
                if isinstance(first, dict):
                    return first
        return {}


class RecordedCall(NamedTuple):
    """A reply as a player's model gave it. `turn`: its number in clemsim, where clemsim exported it."""

    text: str
    turn: int | None = None


@dataclass(frozen=True)
class RecordedEpisode:
    """One recorded episode, as its files describe it. `scores` and `log` are None where their file is missing."""

    path: Path
    model: str
    game: str
    experiment: str
    number: int
    clem_version: str | None
    scores: JsonObject | None
    rounds: Mapping[str, dict[str, float | None]]  # the scores of rounds by number, in order
    log: JsonObject | None
    instance: JsonObject | None
    config: JsonObject = field(repr=False)

    @property
    def missing(self) -> tuple[str, ...]:
        """The files that are not there, of scores and dialogue."""
        return tuple(name for name, found in ((SCORES, self.scores), (LOG, self.log)) if found is None)

    @property
    def outcome(self) -> Outcome | None:
        """The outcome that the scores record, with the main score as it stands, of an aborted episode too; None where they
        record none. A game that was neither won nor lost is a failure.
        """
        if self.scores is None:
            return None
        kind = next((kind for name, kind in KINDS.items() if self.scores.get(name) == 1), None)
        if kind is None and number(self.scores.get("Aborted")) is not None:
            kind = "failure"
        return None if kind is None else Outcome(kind, "", None, number(self.scores.get(MAIN)))

    @property
    def logged(self) -> Iterator[JsonObject]:
        """The logged events in order."""
        return (event for turn in (self.log or {}).get("turns", ()) for event in turn)

    @property
    def replies(self) -> list[dict[str, str]]:
        """The replies of the players in order as they are logged, without those that the game master wrote for them."""
        return [
            {"player": str(event["from"]), "text": str(event["action"]["content"])}
            for event in self.logged
            if event["to"] == GM and event["from"] != GM and event["action"].get("label") != "pseudo"
        ]

    @cached_property
    def calls(self) -> dict[str, list[RecordedCall]]:
        """The replies that each player's model gave, by player, from `player_N.requests.json`; empty where there is none."""
        return {f"Player {seat}": calls for seat in (1, 2) if (calls := _calls(self.path / f"player_{seat}.requests.json"))}

    @property
    def problem(self) -> str:
        """Why the episode has neither scores nor dialogue, in clemcore's words where it says so."""
        path = self.path / ERROR
        if path.is_file() and not path.is_symlink():
            told = read_object(path)
            return f"{told.get('error', 'an error')}: {told.get('message', '')}"[:300]
        return f"{' and '.join(self.missing)} missing"


def find_models(folders: Sequence[Path]) -> list[RecordedModel]:
    """Return the models below some folders, each of which is a results tree, a model's or a part of one.

    A model that lies below several of them is one model. Raises UsageError where there is no episode.
    """
    found: dict[str, list[Path]] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"there is no folder {folder}")
        paths = list(_episode_folders(folder.absolute()))
        for path in paths:
            found.setdefault(_model_of(path, folder), []).append(path)
        if not paths:
            needed = f"no MODEL/GAME/EXPERIMENT/EPISODE with {SCORES} or {LOG} in it"
            raise UsageError(f"{folder} has no clembench results: {needed}")
    return [RecordedModel(name, sorted(dict.fromkeys(paths))) for name, paths in sorted(found.items())]


def described_experiments(models: Sequence[RecordedModel]) -> dict[tuple[str, str], Path]:
    """Return a folder in which each experiment is described, by game and experiment, of whichever model that is."""
    found: dict[tuple[str, str], Path] = {}
    for model in models:
        for home in dict.fromkeys(_home(path) for path in model.episodes):
            key = home.parts[-3], _experiment(home)
            if key not in found and any(home.parent.glob("experiment*.json")):
                found[key] = home.parent
    return found


def read_episode(
    path: Path,
    model: str,
    configs: dict[Path, JsonObject] | None = None,
    described: Mapping[tuple[str, str], Path] | None = None,
) -> RecordedEpisode:
    """Read one episode. `configs` keeps what the episodes of an experiment share; where its folder lacks that, it is that of
    the same experiment in `described`. Raises UsageError with file and field.
    """
    scores, log, instance = (_optional(path / name) for name in (SCORES, LOG, INSTANCE))
    home = _home(path)
    configs = {} if configs is None else configs
    if home.parent not in configs:
        configs.clear()  # episodes come experiment by experiment
        other = (described or {}).get((home.parts[-3], _experiment(home)), home.parent)
        configs[home.parent] = _config(home.parent) or _config(other)
    try:
        meta = {**((scores or {}).get("meta") or {}), **(log["meta"] if log is not None else {})}
        episode = RecordedEpisode(
            path,
            model,
            str(meta.get("game_name") or home.parts[-3]),
            str(meta.get("experiment_name") or _experiment(home)),
            int(_first(meta.get("game_id"), (instance or {}).get("game_id"), _number(home))),
            str(meta["clem_version"]) if meta.get("clem_version") else None,
            None if scores is None else dict(scores["episode scores"]),
            _rounds(scores or {}),
            log,
            instance,
            configs[home.parent],
        )
        if log is not None:
            _ = log["turns"], episode.replies
    except KeyError as error:
        raise UsageError(f"{path}: field {error} is missing") from error
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise UsageError(f"{path}: {error}") from error
    return episode


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file, in which Python may have written NaN for undefined numbers (None).

    Raises UsageError.
    """
    with reading_file(path):
        size = path.stat().st_size
    if size > LARGEST:
        raise UsageError(f"{path} is larger than {LARGEST // 2**20} MB: that is no recorded episode")
    return parse_object(read_bytes(path), str(path))


def parse_object(content: bytes, where: str) -> dict[str, Any]:
    """Return the JSON object in `content`, as `read_object` does; `where` names it in the error. Raises UsageError."""
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError:  # it knows neither NaN nor half a surrogate pair, both of which Python writes
        try:
            data = loads(content, parse_constant=lambda name: None)
        except (JSONDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise UsageError(f"{where} is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{where}: an object is expected")
    return data


def number(value: object) -> float | None:
    """Return a score; None for a value that is none."""
    if isinstance(value, bool | int | float) and isfinite(value):
        return float(value)
    return None


def is_fact(value: object) -> bool:
    """Return whether what stands among scores is none: a name, a list, a table."""
    return isinstance(value, str | list | dict)


def numbers(scores: Mapping[str, object]) -> dict[str, float | None]:
    """Return scores by name, without facts; None for what is no number."""
    return {str(name): number(value) for name, value in scores.items() if not is_fact(value)}


def _episode_folders(top: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(top):
        names.sort()
        here = {name for name in files if name in (SCORES, LOG, INSTANCE) and not Path(folder, name).is_symlink()}
        if here - {INSTANCE} or (here and _EPISODE.fullmatch(Path(folder).name)):
            yield Path(folder)


def _home(path: Path) -> Path:
    """Return the folder of the instance, of which an episode may be a branch."""
    return path.parent if _BRANCH.fullmatch(path.name) else path


def _model_of(path: Path, folder: Path) -> str:
    home = _home(path)
    if len(home.parts) < 5:
        raise UsageError(f"{folder} has no clembench results: {path} is not MODEL/GAME/EXPERIMENT/EPISODE")
    return home.parts[-5] if _EPOCH.fullmatch(home.parts[-4]) and len(home.parts) > 5 else home.parts[-4]


def _experiment(home: Path) -> str:
    """Return the experiment that a folder is named after."""
    name = home.parts[-2]
    return name[match.end() :] if (match := _NUMBERED.match(name)) and home.name.startswith("episode_") else name


def _number(home: Path) -> int:
    match = re.search(r"(\d+)$", home.name)
    if match is None:
        raise ValueError("the number of the instance is nowhere")
    return int(match.group(1))


def _rounds(scores: JsonObject) -> dict[str, dict[str, float | None]]:
    """Return the scores of the rounds in order. Raises ValueError for a round without a number."""
    told = dict(scores.get("round scores") or scores.get("turn scores") or {})
    ordered = sorted(told.items(), key=lambda item: int(item[0]))
    return {at: numbers(own) for at, own in ordered if isinstance(own, Mapping)}


def _first(*values: Any) -> Any:
    return next(value for value in values if value is not None)


def _config(folder: Path) -> JsonObject:
    """Return what the episodes of an experiment share: `experiment.json`, in the old layout `experiment_NAME.json`."""
    path = next((path for path in sorted(folder.glob("experiment*.json")) if path.is_file()), None)
    return read_object(path) if path and not path.is_symlink() else {}


def _optional(path: Path) -> dict[str, Any] | None:
    return read_object(path) if path.is_file() and not path.is_symlink() else None


def _calls(path: Path) -> list[RecordedCall]:
    """Return the replies in a file of requests; none where that of some call is not in it."""
    data = _optional(path)
    calls = data.get("calls") if data else None
    found = [_call(call) for call in calls if isinstance(call, Mapping)] if isinstance(calls, list) else []
    known = [call for call in found if call is not None]
    return known if len(known) == len(found) else []


def _call(call: Mapping[str, Any]) -> RecordedCall | None:
    """Return the reply in a call: what clemcore noted of it for itself, or what clemsim exported; None where neither is."""
    raw = (call.get("call") or {}).get("raw_response_obj") or {}
    noted = raw.get("clem_player") or {}
    text, turn = noted.get("response", raw.get("content")), raw.get(TURN)
    return RecordedCall(text, turn if type(turn) is int else None) if isinstance(text, str) else None
