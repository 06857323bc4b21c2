"""Optional libraries, and what to install for them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from clemsim.errors import UsageError


def library(name: str) -> Any:
    """An optional library."""
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(f"{name} is not installed: pip install 'clemsim[frames]'") from error
