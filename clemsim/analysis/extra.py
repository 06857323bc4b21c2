"""Loads the modules that need the libraries of the extra `analysis`, which are optional and slow to import."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from clemsim.errors import UsageError

LIBRARIES = {"altair", "numpy", "polars", "scipy", "statsmodels", "vl_convert"}


def load(name: str) -> ModuleType:
    """Import the module `name`. Raises UsageError where a library of the extra is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        if (error.name or "").split(".")[0] not in LIBRARIES:
            raise
        raise UsageError("analyses need the extra `analysis`: pip install 'clemsim[analysis]'") from error
