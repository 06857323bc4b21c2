"""Plays the same episodes alone and under load, for a verdict on the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import count, cycle
from typing import Any

from clemsim.engines.stream_timing import EventMeter
from clemsim.errors import EngineError, LimitReached, Unauthorized, UnknownModel
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import Message
from clemsim.game.slot import UNSCHEDULED, TurnSlot
from clemsim.game.view import View
from clemsim.runtime.agent import Agent, Cast, opened
from clemsim.runtime.moderator import Moderator
from clemsim.stress.measure.verdict import PlayedEpisode, judge
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.mix import Item
from clemsim.stress.plan.plan import Plan

ATTEMPTS = 4  # a fault is not to be taken for an answer
Notify = Callable[[str], None]


class CheckHost:
    """Hosts one episode; counts its requests."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def turn(self, agent: Agent) -> AbstractAsyncContextManager[TurnSlot]:
        """No waiting."""
        return _Counted(self._budget, agent)

    def record(self, index: int, events: list[Event]) -> None:
        """The drive has them."""

    def request(self, agent: Agent, view: View, message: Message) -> None:
        """Costs are no matter here."""


class _Counted:
    def __init__(self, budget: Budget, agent: Agent) -> None:
        self._budget = budget
        self._agent = agent

    async def __aenter__(self) -> TurnSlot:
        if self._budget.spent:
            raise LimitReached(self._budget.spent, "limit")
        if self._agent.requests:
            self._budget.take()
        return UNSCHEDULED

    async def __aexit__(self, *_: object) -> None:
        pass


async def check(plan: Plan, budget: Budget, told: Notify, stopped: asyncio.Event) -> dict[str, Any]:
    """The verdict on `plan.check` conversations at once against one. Raises ClemsimError; what is stopped or spent early is
    judged by what was played. Each pass has a prefix cache of its own (vLLM), so that the second is no lighter.
    """
    width = plan.check or 1
    items = _items(plan)
    if budget.begun is None:
        budget.begin()
    alone = await _play(plan, items, 1, budget, stopped, told)
    some = [item for item in items if item.key in alone]
    loaded = await _play(plan, some, width, budget, stopped, told)
    pairs = [(alone[key], loaded[key]) for key in alone if key in loaded]
    return {
        **judge(pairs, width, len(items) - len(pairs)),
        "stopped": budget.spent or ("stopped" if stopped.is_set() else ""),
    }


def _items(plan: Plan) -> list[Item]:
    """The first conversations of the mix, none of them twice."""
    mix = plan.deal(plan.cast(EventMeter()))
    found: dict[EpisodeKey, Item] = {}
    while len(found) < plan.episodes:
        item = mix.next()
        if plan.temperature == 0 and item.key.repetition:
            break  # at temperature 0 the same again tells nothing new
        found.setdefault(item.key, item)
    return list(found.values())


async def _play(
    plan: Plan, items: list[Item], width: int, budget: Budget, stopped: asyncio.Event, told: Notify
) -> dict[EpisodeKey, PlayedEpisode]:
    """What the episodes came to, so many at once. Behind the last of them others go on, so that the load stays."""
    cast = plan.cast(EventMeter(), attempts=ATTEMPTS)
    found: dict[EpisodeKey, PlayedEpisode] = {}
    left = set(range(len(items)))
    coming = iter(enumerate(items))
    filling = cycle(items)
    done = asyncio.Event()

    async def work() -> None:
        while not done.is_set():
            index, item = next(coming, (None, None))
            played = await _episode(item or next(filling), cast, budget)
            if index is not None and item is not None:
                left.discard(index)
                if played:
                    found[item.key] = played
            if not left or budget.spent:
                done.set()

    if not items:
        return found
    async with opened(cast.agents):
        tasks = [asyncio.ensure_future(work()) for _ in range(width)]
        waits = [asyncio.ensure_future(each.wait()) for each in (done, stopped)]
        for number in count(1):
            over, _ = await asyncio.wait([*waits, *tasks], timeout=5.0, return_when=asyncio.FIRST_COMPLETED)
            if over:
                break
            told(f"checking answers, {width} at once: {len(items) - len(left)}/{len(items)} episodes, {5 * number} s")
        for task in (*tasks, *waits):
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
    return found


async def _episode(item: Item, cast: Cast, budget: Budget) -> PlayedEpisode | None:
    """None where the infrastructure failed, or no more may be asked."""
    drive = item.drive()
    try:
        outcome = await Moderator(drive, cast, CheckHost(budget)).run()
    except (Unauthorized, UnknownModel):
        raise
    except (EngineError, LimitReached):
        return None
    finally:
        drive.close()
    return PlayedEpisode.of(drive.events, outcome)
