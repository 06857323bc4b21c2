"""Engines without a model: a script, and the replies of a recorded run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from time import time
from typing import Any

from clemsim.engines.base import Completion, Engine, Request
from clemsim.engines.images import tokens_of_images
from clemsim.errors import BadRequest
from clemsim.game.messages import Usage

Script = Callable[[Request], str] | Sequence[str]


class ScriptedEngine(Engine):
    """Answers with a function of the request, or with texts in turn by the request's turn; counts words as tokens."""

    def __init__(self, script: Script, *, delay: float = 0.0, width: int | None = None, name: str = "scripted") -> None:
        """Prepare to follow `script`; every reply takes `delay` seconds."""
        self.name = name
        self.width = width
        self._script = script
        self._delay = delay

    @property
    def constrains(self) -> bool:
        """True: the script sees the format and may keep to it."""
        return True

    @property
    def takes_images(self) -> bool:
        """True: the script sees them."""
        return True

    def describe(self) -> dict[str, Any]:
        """Return name and delay."""
        return {"engine": "scripted", "model": self.name, "delay": self._delay}

    async def complete(self, request: Request) -> Completion:
        """Return the scripted text, cut to the token limit."""
        started = time()
        await asyncio.sleep(self._delay)
        text = self._script(request) if callable(self._script) else self._script[(request.turn - 1) % len(self._script)]
        words = text.split(" ")
        limit = request.sampling.max_tokens
        tokens_in = sum(len(message["content"].split()) for message in request.messages) + tokens_of_images(request)
        usage = Usage(self.name, request.seed, started, self._delay, tokens_in, min(len(words), limit))
        return Completion(" ".join(words[:limit]), "", "length" if len(words) > limit else "stop", usage)


class ReplayEngine(Engine):
    """Answers with recorded completions, by episode and turn."""

    def __init__(self, recorded: Mapping[tuple[str, int], Completion], name: str = "replay") -> None:
        self.name = name
        self._recorded = recorded

    @property
    def constrains(self) -> bool:
        """True: what was recorded stays as it is."""
        return True

    @property
    def calls_tools(self) -> bool:
        """True: recorded calls are returned."""
        return True

    @property
    def takes_images(self) -> bool:
        """True: what was recorded stays as it is."""
        return True

    async def complete(self, request: Request) -> Completion:
        """Return the recorded completion. Raises BadRequest where there is none."""
        await asyncio.sleep(0)  # nothing is waited for, so let other tasks run
        completion = self._recorded.get((request.episode, request.turn))
        if completion is None:
            raise BadRequest(f"no reply was recorded for {request.episode}, turn {request.turn}")
        return completion
