"""The check of answers: the same episodes are played alone and under load, for a verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import count, cycle
from typing import Any

from clemsim._util.extras import library
from clemsim.engines.stream_timing import EventMeter
from clemsim.errors import EngineError, LimitReached, Unauthorized, UnknownModel
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import Message
from clemsim.game.slot import UNSCHEDULED, TurnSlot
from clemsim.game.view import View
from clemsim.runtime.agent import Agent, Cast, opened
from clemsim.runtime.moderator import Moderator
from clemsim.stress.measure.paired_measures import PlayedEpisode
from clemsim.stress.measure.verdict import AnswerVerdict, judge
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.mix import PlannedConversation
from clemsim.stress.plan.plan import Plan

ATTEMPTS = 4  # at each request, so that a fault is not taken for an answer
NOTIFY_PERIOD = 5.0  # seconds

Notify = Callable[[str], None]


class CheckHost:
    """The host of one episode; it counts the requests."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def turn(self, agent: Agent) -> AbstractAsyncContextManager[TurnSlot]:
        """Return a turn that does not wait."""
        return _CountedTurn(self._budget, agent)

    def record(self, index: int, events: list[Event]) -> None:
        """Keep nothing: the driver has the events."""

    def request(self, agent: Agent, view: View, message: Message) -> None:
        """Keep nothing: costs do not matter here."""


class _CountedTurn:
    def __init__(self, budget: Budget, agent: Agent) -> None:
        self._budget = budget
        self._agent = agent

    async def __aenter__(self) -> TurnSlot:
        if reason := self._budget.exhausted:
            raise LimitReached(reason, "limit")
        if self._agent.requests:
            self._budget.take_request()
        return UNSCHEDULED

    async def __aexit__(self, *_: object) -> None:
        pass


async def check_answers(plan: Plan, budget: Budget, notify: Notify, stopped: asyncio.Event) -> AnswerVerdict:
    """Return the verdict on `plan.check` conversations at once against one. Raise ClemsimError.

    A check that is `stopped`, or whose budget is exhausted, is judged by the episodes that were played. Each pass has a
    prefix cache of its own (vLLM), so that the second pass is no lighter than the first. Raises UsageError at once where
    numpy, which the verdict needs, is missing.
    """
    library("numpy", "analysis", "a check of answers")
    width = plan.check or 1
    conversations = _conversations(plan)
    if budget.started is None:
        budget.start()
    alone = await _Pass(plan, conversations, 1, budget).play(notify, stopped)
    played_alone = [conversation for conversation in conversations if conversation.key in alone]
    loaded = await _Pass(plan, played_alone, width, budget).play(notify, stopped)
    pairs = {key: (alone[key], loaded[key]) for key in alone if key in loaded}
    reason = budget.exhausted or ("stopped" if stopped.is_set() else "")
    return judge(pairs, width, len(conversations) - len(pairs), reason)


def _conversations(plan: Plan) -> list[PlannedConversation]:
    """Return the first conversations of the mix, each of them once."""
    mix = plan.make_mix(plan.make_cast(EventMeter()))
    conversations: dict[EpisodeKey, PlannedConversation] = {}
    while len(conversations) < plan.episodes:
        conversation = mix.next()
        if plan.temperature == 0 and conversation.key.repetition:
            break  # at temperature 0 a repetition tells nothing new
        conversations.setdefault(conversation.key, conversation)
    return list(conversations.values())


class _Pass:
    """One pass over conversations, `width` at once. Behind the last of them others go on, so that the load stays."""

    def __init__(self, plan: Plan, conversations: Sequence[PlannedConversation], width: int, budget: Budget) -> None:
        self._cast = plan.make_cast(EventMeter(), attempts=ATTEMPTS)
        self._budget = budget
        self._width = width
        self._count = len(conversations)
        self._open = set(range(self._count))  # indices of conversations that are not over
        self._coming = iter(enumerate(conversations))
        self._filling = cycle(conversations)
        self._done = asyncio.Event()
        self._played: dict[EpisodeKey, PlayedEpisode] = {}

    async def play(self, notify: Notify, stopped: asyncio.Event) -> dict[EpisodeKey, PlayedEpisode]:
        """Play until all are over, the budget is exhausted, or `stopped` is set; return the episodes that ended."""
        if not self._count:
            return {}
        async with opened(self._cast.agents):
            workers = [asyncio.ensure_future(self._work()) for _ in range(self._width)]
            ends = [asyncio.ensure_future(event.wait()) for event in (self._done, stopped)]
            await self._wait([*ends, *workers], notify)
            for task in (*workers, *ends):
                task.cancel()
            for outcome in await asyncio.gather(*workers, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome
        return self._played

    async def _wait(self, tasks: Iterable[asyncio.Future[Any]], notify: Notify) -> None:
        """Wait until one of the tasks is over, and tell the progress meanwhile."""
        for number in count(1):
            over, _ = await asyncio.wait(tasks, timeout=NOTIFY_PERIOD, return_when=asyncio.FIRST_COMPLETED)
            if over:
                return
            progress = f"{self._count - len(self._open)}/{self._count} episodes"
            notify(f"checking answers, {self._width} at once: {progress}, {NOTIFY_PERIOD * number:.0f} s")

    async def _work(self) -> None:
        """Play one conversation after another until the pass is over."""
        while not self._done.is_set():
            index, conversation = next(self._coming, (None, None))
            episode = await _play(conversation or next(self._filling), self._cast, self._budget)
            if index is not None and conversation is not None:
                self._open.discard(index)
                if episode:
                    self._played[conversation.key] = episode
            if not self._open or self._budget.exhausted:
                self._done.set()


async def _play(conversation: PlannedConversation, cast: Cast, budget: Budget) -> PlayedEpisode | None:
    """Play an episode; return None where the infrastructure failed, or no more requests may be made."""
    drive = conversation.drive()
    try:
        outcome = await Moderator(drive, cast, CheckHost(budget)).run()
    except (Unauthorized, UnknownModel):
        raise
    except (EngineError, LimitReached):
        return None
    finally:
        drive.close()
    return PlayedEpisode.of(drive.events, outcome)
