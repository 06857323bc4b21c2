"""The files that an imported run was made of, kept in a zip archive beside it, for an export to give them back.

The archive has the layout that clembench's results have today: `GAME/EXPERIMENT/experiment.json` and, for each episode,
`GAME/EXPERIMENT/instance_00003/` with its files. Of the requests only the replies are kept, and only where the dialogue
lacks some of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from clemsim._util.files import PRIVATE, dump_json, read_bytes, safe_name, writing_file
from clemsim.errors import StoreError
from clemsim.game.instances import EpisodeKey
from clemsim.interop.clembench.recorded import INSTANCE, LOG, SCORES, TURN, RecordedEpisode, read_object

ORIGINALS = "clembench.zip"
EXPERIMENT, COMPLETED = "experiment.json", "completed.json"
SPEED = 3  # of the compression: twice as fast as usual, and a tenth larger


def place_of(key: EpisodeKey, experiment: str, number: int) -> str:
    """Return the folder of an episode within its model's, as clembench lays results out; repetitions are numbered."""
    again = f"_{key.repetition + 1}" if key.repetition else ""
    return f"{safe_name(key.arena)}/{safe_name(experiment)}/instance_{number:05d}{again}"


class OriginalsWriter:
    """Writes the archive, one episode after another."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._experiments: set[str] = set()

    def add(self, episode: RecordedEpisode, key: EpisodeKey, players: Iterable[str] = ()) -> None:
        """Add the files of an episode, and the replies of the `players` of whom its dialogue lacks some."""
        place = place_of(key, episode.experiment, episode.number)
        for name in (INSTANCE, LOG, SCORES, COMPLETED):
            if (episode.path / name).is_file() and not (episode.path / name).is_symlink():
                self._archive.writestr(f"{place}/{name}", read_bytes(episode.path / name))
        for player in players:
            self._archive.writestr(f"{place}/{requests_file(player)}", dump_json(_replies(episode.path, player)))
        home = place.rpartition("/")[0]
        if home not in self._experiments and episode.config:
            self._experiments.add(home)
            self._archive.writestr(f"{home}/{EXPERIMENT}", dump_json(episode.config))


def requests_file(player: str) -> str:
    """Return the name of the file of a player's requests, such as `player_1.requests.json`."""
    return f"{player.replace(' ', '_').lower()}.requests.json"


@contextmanager
def keeping_originals(folder: Path) -> Iterator[OriginalsWriter]:
    """Yield a writer of the archive of the run in `folder`. Raises StoreError."""
    path = folder / ORIGINALS
    with writing_file(path):
        path.touch(PRIVATE)
        with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=SPEED) as archive:
            yield OriginalsWriter(archive)


@contextmanager
def originals(folder: Path) -> Iterator[ZipFile | None]:
    """Yield the archive of a run; None where it has none. Raises StoreError."""
    path = folder / ORIGINALS
    if not path.is_file():
        yield None
        return
    try:
        with ZipFile(path) as archive:
            yield archive
    except (BadZipFile, OSError, EOFError) as error:
        raise StoreError(f"{path} cannot be read: {error}") from error


def _replies(folder: Path, player: str) -> dict[str, Any]:
    """Return a file of requests without the prompts that were sent, which repeat the dialogue many times."""
    data = read_object(folder / requests_file(player))
    calls = [
        {"round": each.get("round"), "call": {"timestamp": call.get("timestamp"), "raw_response_obj": _noted(call)}}
        for each in data.get("calls", ())
        for call in [each.get("call") or {}]
    ]
    return {"meta": data.get("meta", {}), "calls": calls}


def _noted(call: Mapping[str, Any]) -> dict[str, Any]:
    raw = call.get("raw_response_obj") or {}
    return {name: raw[name] for name in ("clem_player", "content", TURN) if name in raw}
