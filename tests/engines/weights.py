"""Tells whether the embedded model can be played here."""

from __future__ import annotations

from importlib.util import find_spec

from clemsim.engines.llamacpp import default_weights
from clemsim.errors import UsageError


def missing() -> str:
    """Return what the embedded model lacks; empty when nothing."""
    if find_spec("xllamacpp") is None:
        return "xllamacpp is not installed: pip install 'clemsim[local]'"
    try:
        default_weights()
    except UsageError as error:
        return str(error)
    return ""
