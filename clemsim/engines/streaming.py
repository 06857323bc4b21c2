"""A chat server whose replies are streamed and timed token by token, for stress tests; `run` does not, as it costs more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from clemsim.engines import answers
from clemsim.engines.affinity import CachePlace
from clemsim.engines.base import Completion, Request
from clemsim.engines.chat import ChatEngine
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.dialects import DialectName
from clemsim.engines.event_stream import read_stream
from clemsim.engines.http11 import HttpResponse
from clemsim.engines.stream_timing import EventMeter, make_timed_transport
from clemsim.engines.transport import Transport
from clemsim.errors import UsageError
from clemsim.game.messages import StreamTiming


@dataclass(frozen=True, slots=True)
class Streaming:
    """How replies are streamed. `tokens`: every reply is made exactly so long; `exact`: as long as its request allows.
    `timeout` in seconds.
    """

    meter: EventMeter = field(default_factory=EventMeter)
    tokens: int | None = None
    exact: bool = False
    timeout: float = 600.0
    attempts: int = 1  # a load test counts faults instead of hiding them

    @property
    def forces(self) -> bool:
        """Whether replies are held to a length."""
        return self.tokens is not None or self.exact


class StreamingEngine(ChatEngine):
    """A model behind `URL/chat/completions`, streamed.

    What an instance left in the prefix cache when it was played before is not used (vLLM): a conversation that is repeated
    to make load should cost as much as a new one.
    """

    def __init__(
        self,
        model: str,
        url: str,
        streaming: Streaming,
        *,
        key: str | None = None,
        network: NetworkOptions | None = None,
        dialect: DialectName | None = None,
    ) -> None:
        """Check the address and the key; the time limit is that of `streaming`. Raises UsageError."""
        network = replace(network or NetworkOptions(), timeout=streaming.timeout)
        super().__init__(model, url, key=key, network=network, attempts=streaming.attempts, dialect=dialect)
        self._streaming = streaming

    async def open(self) -> None:
        """Reach the server as any chat engine does. Raises UsageError, too, where replies cannot be held to a length."""
        await super().open()
        if self._streaming.forces and not self.server.speaks.holds_length:
            await self.close()
            raise UsageError(f"{self.url} cannot hold replies to a length: leave out --no-model-text or --verbatim")

    def _make_transport(self, url: str) -> Transport:
        return make_timed_transport(url, self._network, self._streaming.meter)

    def _places(self) -> Sequence[CachePlace]:
        """Return none: what is measured is how the server itself shares out its load."""
        return ()

    def _body(self, request: Request) -> dict[str, Any]:
        body = {**super()._body(request), "stream": True, "stream_options": {"include_usage": True}}
        if self._streaming.forces:
            body |= {"max_tokens": self._streaming.tokens or request.sampling.max_tokens, "ignore_eos": True}
        if self.server.dialect == "vllm":
            body["cache_salt"] = f"{self._run_id}#{_repetition(request.episode)}"
            if self._streaming.forces:
                body["min_tokens"] = body["max_tokens"]
        return body

    def _completion(
        self, response: HttpResponse, request: Request, started: float, seconds: float, retries: int
    ) -> Completion:
        if response.status != 200:
            return super()._completion(response, request, started, seconds, retries)
        sent = monotonic() - seconds
        answer = read_stream(response, self._secrets.hide)
        completion = answers.read_completion(
            answer.payload, request, self.name, started=started, seconds=seconds, retries=retries
        )
        completion.usage.timing = StreamTiming(sent, answer.times, response.parts[-1][0], answer.events)
        return completion


def _repetition(episode: str) -> str:
    """Return the number behind the # of an episode's label; 1 where there is none."""
    return episode.rpartition("#")[2] if "#" in episode else "1"
