"""What a run may spend."""

from __future__ import annotations

from dataclasses import dataclass

from clemsim.errors import LimitReached
from clemsim.runtime.progress import Progress


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may spend; None: no limit. Turns in flight when a limit is reached still end."""

    requests: int | None = None  # of the whole run
    tokens: int | None = None  # of the whole run, in and out
    episode_tokens: int | None = None  # of one episode, in and out
    episode_seconds: float | None = None  # of one episode, from its start in this process on
    cost: float | None = None  # of the tokens of the whole run, in the currency of the agents' prices

    @property
    def any(self) -> bool:
        """Whether requests or tokens are limited at all."""
        return not (self.requests is self.tokens is self.episode_tokens is self.cost is None)

    def check(self, progress: Progress, requesting: int) -> None:
        """Raise LimitReached when a run with `requesting` requests in flight has spent what it may."""
        if self.requests is not None and progress.requests + requesting >= self.requests:
            raise LimitReached(f"{self.requests} requests were made, and no more are allowed", "request limit")
        if self.tokens is not None and progress.tokens_in + progress.tokens_out >= self.tokens:
            raise LimitReached(f"{self.tokens} tokens were spent, and no more are allowed", "token limit")
        if self.cost is not None and progress.cost >= self.cost:
            raise LimitReached(f"{progress.cost:.6g} was spent, and no more than {self.cost:.6g} is allowed", "cost limit")

    def may_exceed(self, progress: Progress, requesting: int, turn: float) -> bool:
        """Return whether one more turn beside those in flight could cost more than is allowed, if each of them costs as much
        as the dearest so far, or `turn` where none has ended. It then waits for one of them to end, so that the limit is
        passed by less than the price of a turn.
        """
        if self.cost is None or not requesting:
            return False
        return progress.cost + (requesting + 1) * (progress.dearest or turn) > self.cost

    def check_episode(self, tokens: int) -> None:
        """Raise LimitReached when an episode has spent what it may."""
        if self.episode_tokens is not None and tokens >= self.episode_tokens:
            raise LimitReached(f"the episode has spent {tokens} tokens, and no more are allowed", "episode token limit")
