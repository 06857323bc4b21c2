"""The files of an episode that clembench's own game master led: its own record, made again from the recorded replies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clemsim.game.transcript import Transcript
from clemsim.interop.clembench.gamelog import timestamp
from clemsim.interop.clembench.recorded import INSTANCE, LOG, SCORES
from clemsim.interop.clemcore.game import ClembenchGame, MasterRecord
from clemsim.interop.clemcore.seats import player_of


def master_files(
    record: MasterRecord,
    transcript: Transcript[Any],
    model: str,
    player_models: Mapping[str, Any],
    agents: Mapping[str, str],
) -> dict[str, Any]:
    """Return the files that clemcore keeps of an episode, without those of requests: their contents by name.

    `model`: the name of its folder; `agents`: who played, by seat.
    """
    players = {name: dict(about) for name, about in record.interactions["players"].items()}
    for seat, agent in agents.items():
        players[player_of(seat)]["model_name"] = agent
    meta = {**record.interactions["meta"], "results_folder": model}
    about = {"meta": meta, "player_models": player_models, "players": players}
    return {
        INSTANCE: transcript.instance.data,
        LOG: {**record.interactions, **about},
        SCORES: {**record.scores, **about},
        "completed.json": {"timestamp": timestamp(0)},
    }


def game_of(arena: object, name: str) -> str:
    """Return clembench's name of a game: that of its folder of results."""
    return arena.code.name if isinstance(arena, ClembenchGame) else name
