"""Drive a recorded episode of clembench's results through the game master that made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clemsim.errors import ClemsimError, UsageError
from clemsim.game.driver import EpisodeDriver
from clemsim.game.messages import Message
from clemsim.interop.clembench.recorded import RecordedEpisode, number
from clemsim.interop.clembench.verify import alike
from clemsim.interop.clemcore.game import EPISODE, ClembenchGame, ClembenchInstance, noted
from clemsim.interop.clemcore.seats import player_of


@dataclass(frozen=True, slots=True)
class MasterReplay:
    """What came of a recorded episode. `scores`: all that the game's scorer says of it, empty where it did not end, as
    `problem` then says. `differing`: the scores that were recorded otherwise.
    """

    turns: int
    scores: Mapping[str, Any]
    differing: tuple[str, ...] = ()
    problem: str = ""


def instance_of(episode: RecordedEpisode) -> ClembenchInstance:
    """Return the instance that was played. Raises UsageError where the recording has none."""
    if episode.instance is None:
        raise UsageError(f"{episode.path} has no instance.json: the episode cannot be played again")
    number_ = episode.number
    about = {"experiment": episode.experiment, "id": number_, "seed": number_}
    return ClembenchInstance(**about, data=dict(episode.instance), settings=dict(episode.config))


def replies_of(episode: RecordedEpisode) -> dict[str, list[str]]:
    """Return the recorded replies of each player, in order: as its model gave them, else as they were logged."""
    calls = {player: [call.text for call in calls] for player, calls in episode.calls.items()}
    for reply in episode.replies if not calls else ():
        calls.setdefault(reply["player"], []).append(reply["text"])
    return calls


def drive_recorded(arena: ClembenchGame, episode: RecordedEpisode) -> MasterReplay:
    """Give the recorded replies, each player's in its order, and compare the scores. Raises UsageError."""
    instance = instance_of(episode)
    calls, turns = replies_of(episode), 0
    try:
        driver = arena.drive(instance, verbatim=True)
        while driver.pending:
            ask = driver.pending[0]
            left = calls.get(player_of(ask.seat))
            if not left:
                driver.close()
                return MasterReplay(turns, {}, problem=f"asks {ask.seat} again after the last recorded reply")
            driver.answer(ask.turn, Message(ask.seat, left.pop(0)))
            turns += 1
    except ClemsimError as error:
        return MasterReplay(turns, {}, problem=str(error))
    return _compared(driver, episode, turns, sum(map(len, calls.values())))


def _compared(driver: EpisodeDriver, episode: RecordedEpisode, turns: int, left: int) -> MasterReplay:
    scores = noted(driver.transcript, EPISODE)
    recorded = episode.scores or {}
    names = [*dict.fromkeys([*recorded, *scores])]
    differing = tuple(name for name in names if not alike_scores(scores.get(name), recorded.get(name)))
    return MasterReplay(turns, scores, differing, f"{left} recorded replies were not asked for" if left else "")


def alike_scores(own: Any, recorded: Any) -> bool:
    """Return whether two scores are the same; numbers to within rounding, and undefined ones."""
    if isinstance(own, str | list | dict) or isinstance(recorded, str | list | dict):
        return bool(own == recorded)
    return alike(number(own), number(recorded))
