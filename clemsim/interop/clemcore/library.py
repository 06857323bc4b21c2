"""The library clemcore: imported quietly, and only when a game of it is named."""

from __future__ import annotations

import logging
import logging.config
from functools import cache
from importlib import import_module
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from clemsim._util.extras import needing

EXTRA = "clembench"
PURPOSE = "a game of clembench"
SILENT = logging.CRITICAL + 1


@cache
def clemcore() -> Any:
    """Return what is needed of clemcore by name. Raises UsageError where it is not installed.

    Importing it would set up logging of its own, to the terminal and to a file in the current folder; that is left out.
    """
    with needing(EXTRA, PURPOSE), patch.object(logging.config, "dictConfig"):
        games = import_module("clemcore.clemgame")
        environment = import_module("clemcore.clemgame.envs.pettingzoo.master")
        backends = import_module("clemcore.backends")
        import_module("greenlet")  # which suspends game masters; told here, and not in the middle of a run
    logging.getLogger("clemcore").setLevel(SILENT)
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("clemcore.")]:
        logging.getLogger(name).setLevel(logging.NOTSET)
    return SimpleNamespace(
        GameMasterEnv=environment.GameMasterEnv,
        GameBenchmark=games.GameBenchmark,
        GameBenchmarkCallbackList=games.GameBenchmarkCallbackList,
        GameInteractionsRecorder=games.GameInteractionsRecorder,
        GameRegistry=games.GameRegistry,
        GameSpec=games.GameSpec,
        Model=backends.Model,
        ModelSpec=backends.ModelSpec,
    )


@cache
def clemcore_version() -> str:
    """Return the version of the library that is installed."""
    return version("clemcore")
