"""Engines without a model: a script, and the replies of a recorded run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from time import time
from typing import Any

from clemsim.engines.base import Completion, Engine, Request
from clemsim.errors import BadRequest
from clemsim.game.messages import Usage

Script = Callable[[Request], str] | Sequence[str]


class ScriptedEngine(Engine):
    """Answers with a function of the request, or with texts in turn by the request's turn; counts words as tokens."""

    def __init__(self, script: Script, *, delay: float = 0.0, width: int | None = None, name: str = "scripted") -> None:
        """`delay`: seconds that every answer takes."""
        self.name = name
        self.width = width
        self._script = script
        self._delay = delay

    @property
    def constrains(self) -> bool:
        """The script sees the format and may keep to it."""
        return True

    def describe(self) -> dict[str, Any]:
        """Its name and pace."""
        return {"engine": "scripted", "model": self.name, "delay": self._delay}

    async def complete(self, request: Request) -> Completion:
        """The scripted text, cut to the token limit."""
        started = time()
        await asyncio.sleep(self._delay)
        said = self._script(request) if callable(self._script) else self._script[(request.turn - 1) % len(self._script)]
        words = said.split(" ")
        most = request.sampling.max_tokens
        tokens_in = sum(len(message["content"].split()) for message in request.messages)
        usage = Usage(self.name, request.seed, started, self._delay, tokens_in, min(len(words), most))
        return Completion(" ".join(words[:most]), "", "length" if len(words) > most else "stop", usage)


class ReplayEngine(Engine):
    """Answers with recorded completions, by episode and turn."""

    def __init__(self, recorded: Mapping[tuple[str, int], Completion], name: str = "replay") -> None:
        self.name = name
        self._recorded = recorded

    @property
    def constrains(self) -> bool:
        """What was recorded is as it is."""
        return True

    async def complete(self, request: Request) -> Completion:
        """The recorded answer. Raises BadRequest where there is none."""
        await asyncio.sleep(0)  # nothing is waited for; let the others on
        found = self._recorded.get((request.episode, request.turn))
        if found is None:
            raise BadRequest(f"no reply was recorded for {request.episode}, turn {request.turn}")
        return found
