"""What is scheduled, what becomes of it, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clemsim.game.driver import EpisodeDriver
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.outcomes import Outcome
from clemsim.game.transcript import Transcript
from clemsim.runtime.agent import Cast


@dataclass(frozen=True, slots=True)
class Episode:
    """One instance to be played by one cast. `drive` starts `play`, or brings it to where it was: behind `turns` turns."""

    key: EpisodeKey
    instance: Instance
    cast: Cast
    drive: Callable[[], EpisodeDriver]
    turns: int = 0

    @property
    def group(self) -> tuple[str, str]:
        """Arena and experiment: episodes of one group begin with much the same prompts and last about as long."""
        return self.key.arena, self.instance.experiment


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an episode; without an outcome it is unfinished, for this cause."""

    key: EpisodeKey
    transcript: Transcript[Instance]
    outcome: Outcome | None
    cause: str = ""
    detail: str = ""
