"""vLLM inside the process; its real tests need vllm installed, `-m vllm` and CLEMSIM_TEST_VLLM_MODEL=MODEL?flags."""

from __future__ import annotations

import os
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

from clemsim.engines.vllm_inprocess import SchedulerStats, VllmInProcessEngine
from clemsim.errors import EngineUnavailable, UsageError
from clemsim.game.formats import letters, literal
from clemsim.runtime.agent import Cast
from clemsim.runtime.scheduler import Scheduler
from clemsim.stress.games.talk import Talk, topics
from tests.engines.servers import ask
from tests.talk import Watching, seat

SPEC = os.environ.get("CLEMSIM_TEST_VLLM_MODEL", "")
INSTALLED = find_spec("vllm") is not None

needs_vllm = pytest.mark.skipif(not (SPEC and INSTALLED), reason="needs vllm here, and CLEMSIM_TEST_VLLM_MODEL=MODEL?flags")


@pytest.mark.skipif(INSTALLED, reason="vllm is installed")
async def test_without_vllm_it_says_what_to_install() -> None:
    with pytest.raises(UsageError, match=r"pip install 'clemsim\[vllm\]'"):
        await VllmInProcessEngine("org/m").open()


async def test_it_answers_only_when_it_is_open() -> None:
    with pytest.raises(EngineUnavailable, match="not open"):
        await VllmInProcessEngine("org/m?max-model-len=512").complete(ask())


def test_the_statistics_of_its_scheduler_are_a_load() -> None:
    stats = SchedulerStats()
    stats.begin(SimpleNamespace(cache_config=SimpleNamespace(num_gpu_blocks=10, block_size=16)))
    prefix_cache = SimpleNamespace(queries=30, hits=20)
    scheduler = SimpleNamespace(num_running_reqs=3, num_waiting_reqs=2, kv_cache_usage=0.5, prefix_cache_stats=prefix_cache)
    for _ in range(2):
        stats.record(scheduler, SimpleNamespace(num_preempted_reqs=1, num_generation_tokens=7))
    load = stats.load
    assert load and (load.running, load.waiting, load.kv_usage, load.kv_tokens) == (3, 2, 0.5, 160)
    assert (load.preemptions, load.generated, load.prefix_queries, load.prefix_hits) == (2, 14, 60, 40)


@pytest.mark.vllm
@pytest.mark.filterwarnings("default")  # those of torch and vllm are not ours
@needs_vllm
async def test_the_real_engine_plays_constrains_counts_and_stops() -> None:
    async with VllmInProcessEngine(SPEC) as engine:
        form = literal("guess: ") + letters(5)
        word = await engine.complete(ask("Name a word of five letters.", form=form))
        assert form.accepts(word.text) and word.usage.tokens_in > 0 and word.usage.tokens_out > 0
        cut = await engine.complete(ask("Tell me a long story.", max_tokens=4))
        assert cut.stop == "length" and cut.usage.tokens_out == 4
        assert (await engine.complete(ask("word " * 20_000))).stop == "overflow"
        watching, agent = Watching(), seat(engine, longest=8)
        await Scheduler(watching).play(Talk().episodes(topics(20), Cast.of(agent)))
        assert all(result.outcome for result in watching.results.values())
        load = await engine.load()
        assert load and load.kv_tokens > 0 and load.generated > 0
    with pytest.raises(EngineUnavailable):
        await engine.complete(ask())
