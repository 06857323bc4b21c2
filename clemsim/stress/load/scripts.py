"""Scripts: conversations whose requests are known beforehand, by their text or by their sizes, to be sent as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clemsim.engines.base import ChatMessage
from clemsim.game.content import Part
from clemsim.runs.recorded_requests import RecordedRequest, chains, recorded_requests


@dataclass(frozen=True, slots=True)
class ScriptedTurn:
    """One request. `messages` are the whole conversation if it is `whole`, else what is new in it: then the replies of
    the server become part of the conversation. `tokens`: how long the reply is made; None: not known. `delay` in seconds,
    between the answer before it and this request. `parts`: texts and pictures of those messages of a whole conversation
    that have pictures, by place.
    """

    messages: Sequence[ChatMessage]
    whole: bool
    tokens: int | None = None
    seed: int = 0
    delay: float = 0.0
    parts: Mapping[int, Sequence[Part]] | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """Requests that follow each other; the first is due `at` this many seconds after the trace began, None: at any time."""

    name: str
    at: float | None
    turns: Sequence[ScriptedTurn]


def scripts_of_run(folder: Path, *, trust: bool = False) -> list[Script]:
    """Return the requests of a recorded run, word for word, with the lengths that its replies had.

    Requests that were asked in parallel are in scripts of their own. Raises StoreError and UsageError.
    """
    requests = recorded_requests(folder, trust=trust)
    begun = requests[0].started
    return [_script(number, chain, begun) for number, chain in enumerate(chains(requests))]


def _script(number: int, chain: Sequence[RecordedRequest], begun: float) -> Script:
    turns, before = list[ScriptedTurn](), chain[0].started
    for request in chain:
        delay = max(0.0, request.started - before)
        turns.append(ScriptedTurn(request.messages, True, request.tokens_out, request.seed, delay, request.parts or None))
        before = request.ended
    return Script(f"{chain[0].episode}-{number}", chain[0].started - begun, turns)
