"""The episodes of a lane that have not begun, and which of them begins next."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable

from clemsim.runtime.episode import Episode
from clemsim.runtime.estimates import EpisodeEstimates


class EpisodeQueue:
    """A queue of episodes. Half-played episodes go first.

    Then arenas go side by side, each in proportion to what it has left, so that all near their end together; within an
    arena, episodes of one experiment go together, for they share their first prompts. At the end, the episodes that will
    last longest begin, so that no straggler is left alone. With `in_order`, episodes go as they are given.
    """

    def __init__(self, episodes: Iterable[Episode], estimates: EpisodeEstimates, *, in_order: bool = False) -> None:
        self._estimates = estimates
        self._in_order = in_order
        self._begun: deque[Episode] = deque()
        self._arenas: dict[str, dict[Hashable, deque[Episode]]] = {}
        self._left: dict[str, int] = {}
        for episode in episodes:
            self._add(episode)
        self._all = dict(self._left)
        self._size = len(self._begun) + sum(self._left.values())
        self._begun = deque(sorted(self._begun, key=lambda episode: -episode.turns))

    def _add(self, episode: Episode) -> None:
        if episode.turns:
            self._begun.append(episode)
            return
        arena, group = ("", ("", "")) if self._in_order else (episode.key.arena, episode.group)
        self._arenas.setdefault(arena, {}).setdefault(group, deque()).append(episode)
        self._left[arena] = self._left.get(arena, 0) + 1

    def __len__(self) -> int:
        return self._size

    def next(self, *, ending: bool) -> Episode:
        """Take the episode that begins next; `ending`: the last ones begin. Raises IndexError when there is none."""
        if not self._size:
            raise IndexError("no episode waits")
        self._size -= 1
        if self._begun:
            return self._begun.popleft()
        arena, group = self._longest() if ending else self._fairest()
        groups = self._arenas[arena]
        episode = groups[group].popleft()
        if not groups[group]:
            del groups[group]
        self._left[arena] -= 1
        if not self._left[arena]:
            del self._left[arena]
        return episode

    def _fairest(self) -> tuple[str, Hashable]:
        arena = max(self._left, key=lambda name: self._left[name] / self._all[name])
        return arena, next(iter(self._arenas[arena]))

    def _longest(self) -> tuple[str, Hashable]:
        groups = [(arena, group) for arena in self._left for group in self._arenas[arena]]
        return max(groups, key=lambda pair: self._estimates.left(pair[1], 0))
