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

    @property
    def any(self) -> bool:
        """Whether requests or tokens are limited at all."""
        return not (self.requests is self.tokens is self.episode_tokens is None)

    def check(self, progress: Progress, requesting: int) -> None:
        """Raise LimitReached when a run with `requesting` requests in flight has spent what it may."""
        if self.requests is not None and progress.requests + requesting >= self.requests:
            raise LimitReached(f"{self.requests} requests were made, and no more are allowed", "request limit")
        if self.tokens is not None and progress.tokens_in + progress.tokens_out >= self.tokens:
            raise LimitReached(f"{self.tokens} tokens were spent, and no more are allowed", "token limit")

    def check_episode(self, tokens: int) -> None:
        """Raise LimitReached when an episode has spent what it may."""
        if self.episode_tokens is not None and tokens >= self.episode_tokens:
            raise LimitReached(f"the episode has spent {tokens} tokens, and no more are allowed", "episode token limit")
