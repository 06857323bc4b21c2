"""What computes the replies of an engine."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple


class Backend(NamedTuple):
    """A server, several replicas, or weights in this process: what has a queue and a KV cache of its own.

    Engines whose backends have equal keys share it, and so share the width, the room for episodes and one reading of its
    metrics. `name` is how records call it.
    """

    key: Hashable
    name: str
