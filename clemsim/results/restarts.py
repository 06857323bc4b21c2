"""Episodes that began anew, since the framework whose game they are did not play them again as they were recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from clemsim.store import reader


class Restarts(BaseModel):
    """The restarts of a game. `turns`, `tokens_in` and `tokens_out` are those of what was played before and counts no more;
    they are in no other number of the summary. `why`: of the first.
    """

    model_config = ConfigDict(frozen=True)
    episodes: int
    foreign: str  # the framework
    turns: int
    tokens_in: int
    tokens_out: int
    why: str

    def line(self, game: str) -> str:
        """Return what a reader of the run should know, as one sentence."""
        many = "1 episode" if self.episodes == 1 else f"{self.episodes} episodes"
        spent = f"{self.turns} turns, {self.tokens_in + self.tokens_out} tokens"
        return (
            f"{many} of {game} began anew, as {self.foreign or 'it'} does not play again as recorded; set apart with what"
            f" was played before: {spent}"
        )


def restarts_of(base: sqlite3.Connection, foreign: Mapping[str, str]) -> dict[str, Restarts]:
    """Return the restarts of each game of which something had been played. `foreign`: the framework of each game."""
    by_game: dict[str, list[reader.RestartRow]] = {}
    for row in reader.restarts(base):
        if row.turns:
            by_game.setdefault(row.arena, []).append(row)
    return {
        game: Restarts(
            episodes=len({row.episode for row in rows}),
            foreign=foreign.get(game, ""),
            turns=sum(row.turns for row in rows),
            tokens_in=sum(row.tokens_in for row in rows),
            tokens_out=sum(row.tokens_out for row in rows),
            why=rows[0].why,
        )
        for game, rows in by_game.items()
    }
