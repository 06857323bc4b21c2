"""The simulated machine on a virtual clock: its times, its queue, its memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from clemsim.engines.metrics import read_load
from clemsim.engines.simulated.answers import prompt, tokens
from clemsim.engines.simulated.machine import Machine, Spec
from clemsim.engines.simulated.metrics import MetricsPage, exposition
from clemsim.testing import run_virtually

SPEC = Spec(seats=2, first_token=0.08, interval=0.02, prefill=1e9)


def let_work(spec: Spec, work: Callable[[Machine], Awaitable[object]]) -> tuple[Machine, float]:
    """Let a machine work; return it, and the virtual seconds that the work took."""

    async def main() -> Machine:
        machine = Machine(spec)
        await work(machine)
        return machine

    return run_virtually(main())


def test_times_of_one_request() -> None:
    machine = Machine(SPEC)
    served, seconds = run_virtually(machine.generate("prompt", "x" * 100))
    assert (served.cached, served.queued) == (0, 0.0)
    assert [served.first_token, served.seconds, seconds] == pytest.approx([0.08, 0.08 + 99 * 0.02, 0.08 + 99 * 0.02])


def test_tokens_are_streamed_one_by_one_when_they_are_made() -> None:
    calls: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await Machine(SPEC).generate("prompt", "xyz", on_token=lambda number: calls.extend((number, loop.time())))

    run_virtually(main())
    assert calls == pytest.approx([1, 0.08, 2, 0.10, 3, 0.12])


async def four_requests(machine: Machine) -> None:
    await asyncio.gather(*(machine.generate(str(n), "xxx") for n in range(4)))


def test_no_more_requests_run_than_there_are_seats() -> None:
    assert let_work(SPEC, four_requests)[1] == pytest.approx(2 * 0.12)


def test_prompts_are_computed_one_after_the_other() -> None:
    spec = Spec(seats=4, first_token=0.0, interval=0.0, prefill=100.0)
    _, seconds = let_work(spec, lambda machine: asyncio.gather(*(machine.generate(str(n) * 50, "x") for n in range(4))))
    assert seconds == pytest.approx(2.0)


def test_cached_tokens_are_not_computed_again() -> None:
    async def twice(machine: Machine) -> None:
        await machine.generate("a" * 64, "b" * 16)
        assert (await machine.generate("a" * 64 + "b" * 15 + "c", "d")).cached == 64

    machine, seconds = let_work(Spec(first_token=0.0, interval=0.0, prefill=100.0), twice)
    assert seconds == pytest.approx(0.64 + 0.16)
    assert (machine.counters.queries, machine.counters.hits) == (144, 64)


def test_when_memory_is_full_the_request_that_came_last_begins_again() -> None:
    ended: list[str] = []

    async def say(machine: Machine, text: str) -> None:
        await machine.generate(text * 16, "x" * 48)
        ended.append(text)

    spec = Spec(seats=4, blocks=6, first_token=0.0, interval=0.01)
    machine, _ = let_work(spec, lambda machine: asyncio.gather(*(say(machine, text) for text in "abc")))
    assert ended[0] == "a" and sorted(ended) == ["a", "b", "c"]
    assert machine.counters.preemptions > 0 and machine.counters.generated == 3 * 48
    assert machine.usage == machine.running == machine.waiting == 0


def test_a_lower_priority_number_is_served_first() -> None:
    ended: list[int] = []

    async def say(machine: Machine, priority: int) -> None:
        await machine.generate("a", "b", priority)
        ended.append(priority)

    spec = Spec(seats=1, priority=True)
    let_work(spec, lambda machine: asyncio.gather(*(say(machine, number) for number in (0, 3, 1, 2))))
    assert ended == [0, 1, 2, 3]


def test_a_cancelled_request_leaves_no_trace() -> None:
    async def work(machine: Machine) -> None:
        tasks = [asyncio.ensure_future(machine.generate("a" * 40, "b" * 400)) for _ in range(4)]
        await asyncio.sleep(0.5)
        assert (machine.running, machine.waiting) == (2, 2)
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        assert machine.running == machine.waiting == machine.usage == 0

    let_work(SPEC, work)


def test_a_request_that_can_never_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="must fit"):
        run_virtually(Machine(Spec(blocks=2)).generate("a" * 30, "b" * 3))


def test_a_conversation_continues_where_its_last_reply_ended() -> None:
    first = [{"role": "user", "content": "Describe the word."}]
    then = [*first, {"role": "assistant", "content": "It is red."}, {"role": "user", "content": "An apple?"}]
    before = [*prompt(first), *tokens("It is red.")]
    assert prompt(then)[: len(before)] == before


def test_metrics_are_read_as_those_of_any_server() -> None:
    async def main() -> Machine:
        machine = Machine(Spec(seats=2, blocks=10))
        tasks = [asyncio.ensure_future(machine.generate("a" * 40, "b" * 40)) for _ in range(3)]
        await asyncio.sleep(0.05)
        load = read_load(exposition(machine))
        assert load and (load.running, load.waiting, load.kv_tokens) == (2, 1, 160)
        assert load.kv_usage == pytest.approx(0.4) and load.prefix_hits == 32 and load.prefix_queries == 80
        await asyncio.gather(*tasks)
        return machine

    load = read_load(exposition(run_virtually(main())[0]))
    assert load and load.generated == 120 and load.running == 0


def test_the_page_stands_still_while_a_long_step_computes_prompts() -> None:
    spec = Spec(seats=4, first_token=0.0, interval=1.0, prefill=100.0)
    seen: list[tuple[int, int, int | None]] = []

    async def main() -> None:
        machine = Machine(spec)
        page = MetricsPage(machine)
        async with asyncio.TaskGroup() as group:
            for number in range(4):
                group.create_task(machine.generate(str(number) * 50, "x" * 9))
            for _ in range(5):
                await asyncio.sleep(0.6)
                load = read_load(page.read())
                assert load
                seen.append((load.running, load.waiting, load.steps))

    run_virtually(main())
    assert seen[0] == seen[1] == seen[2] and seen[3][:2] == (4, 0)
