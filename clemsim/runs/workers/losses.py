"""Lost workers, told in one sentence for each node."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

GATHER = 1.0  # seconds for which the losses of one node are gathered

_log = logging.getLogger("clemsim")


class LostWorkers:
    """Gathers the workers that were lost, and tells of them by `tell`: of each node once, not of each worker."""

    def __init__(self) -> None:
        self.tell: Callable[[str], None] = _log.warning
        self.nodes: set[str] = set()
        self._workers: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._not_begun: Counter[str] = Counter()

    def add(self, node: str, under_way: int, not_begun: int) -> None:
        """Add a worker, with its episodes that go to another one."""
        if node:
            self.nodes.add(node)
        if not self._workers[node]:
            asyncio.get_running_loop().call_later(GATHER, self._tell, node)
        self._workers[node] += 1
        self._under_way[node] += under_way
        self._not_begun[node] += not_begun

    def tell_all(self) -> None:
        """Tell of what is still gathered."""
        for node in list(self._workers):
            self._tell(node)

    def _tell(self, node: str) -> None:
        if workers := self._workers.pop(node, 0):
            self.tell(sentence(node, workers, self._under_way.pop(node), self._not_begun.pop(node)))


def sentence(node: str, workers: int, under_way: int, not_begun: int) -> str:
    """Return what was lost and what becomes of it."""
    lost = "1 worker" if workers == 1 else f"{workers} workers"
    moved = under_way + not_begun
    episodes = "1 episode moves" if moved == 1 else f"{moved} episodes move"
    parts = f"{under_way} of them under way, which go on from their last recorded turn" if under_way else "none under way"
    return f"{lost} on node {node or '(not yet known)'} lost: {episodes} to other workers ({parts})"
