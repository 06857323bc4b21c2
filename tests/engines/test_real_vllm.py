"""A real vLLM server: run with `pytest -m vllm` and CLEMSIM_TEST_VLLM=MODEL@URL."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from clemsim.engines.base import ChatMessage, Request, Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.errors import BadRequest, UnknownModel
from clemsim.game.formats import letters, literal
from clemsim.game.tools import Offer, tool
from clemsim.runs.api import open_run
from clemsim.runs.replay import replay
from clemsim.runs.run import play
from clemsim.store.config import RunConfig
from tests.engines.servers import ask

WAREHOUSE = f"{Path(__file__).parents[2] / 'examples' / 'cookbook' / 'warehouse.py'}:Warehouse"
SPEC = os.environ.get("CLEMSIM_TEST_VLLM", "")

pytestmark = [pytest.mark.vllm, pytest.mark.skipif(not SPEC, reason="set CLEMSIM_TEST_VLLM to MODEL@URL")]


def engine(**options: Any) -> ChatEngine:
    model, _, url = SPEC.partition("@")
    return ChatEngine(model, url, **options)


async def test_it_is_recognized_as_vllm() -> None:
    async with engine() as vllm:
        assert vllm.server.dialect == "vllm" and vllm.constrains
        assert vllm.describe()["server"].startswith("vllm 0.")


async def test_its_features_and_its_load_are_found_out() -> None:
    async with engine() as vllm:
        assert {"metrics", "batch"} <= set(vllm.describe()["features"]) and vllm.adaptive
        before = await vllm.load()
        completion = await vllm.complete(ask())
        after = await vllm.load()
    assert before and after and after.kv_tokens > 0
    assert after.generated - before.generated == completion.usage.tokens_out
    assert completion.usage.fingerprint.startswith("vllm")


async def test_cached_tokens_are_counted_and_a_salt_keeps_others_out() -> None:
    async with engine(isolated=True) as vllm, engine(isolated=True) as other:
        prompt = ask("word " * 400, max_tokens=2)
        cached = [(await server.complete(prompt)).usage.tokens_cached for server in (vllm, vllm, other)]
    assert cached[0] == cached[2] == 0 and cached[1] >= 128


async def test_a_batch_is_answered_as_its_requests_alone_would_be() -> None:
    form = literal("guess: ") + letters(5)
    texts = ("Name a fruit.", "Name a tree, please, in five letters.")
    async with engine(batch=2) as vllm:
        batched = await asyncio.gather(*(vllm.complete(ask(text, form=form)) for text in texts))
        alone = [await vllm.complete(ask(text, form=form)) for text in texts]
    assert all(form.accepts(completion.text) and completion.usage.batched for completion in batched)
    assert not any(completion.usage.batched for completion in alone)
    tokens_in = [sum(completion.usage.tokens_in for completion in completions) for completions in (batched, alone)]
    assert tokens_in[0] == tokens_in[1]
    assert all(completion.usage.tokens_out > 0 for completion in batched)


async def test_a_completion_is_held_to_its_format() -> None:
    form = literal("guess: ") + letters(5)
    async with engine() as vllm:
        completion = await vllm.complete(ask("Name a word of five letters.", form=form))
    assert form.accepts(completion.text)
    assert completion.usage.tokens_in > 0 and completion.usage.tokens_out > 0


async def test_a_reply_is_cut_at_the_token_limit() -> None:
    async with engine() as vllm:
        completion = await vllm.complete(ask("Tell me a long story.", max_tokens=4))
    assert completion.stop == "length" and completion.usage.tokens_out == 4


async def test_a_seed_decides_the_reply() -> None:
    async def sample(seed: int) -> str:
        sampling = Sampling(temperature=1.0, max_tokens=30)
        request = Request(
            [ChatMessage(role="user", content="Tell me a story.")], sampling, seed, "taboo/0", "guesser", 1, None
        )
        return (await vllm.complete(request)).text

    async with engine() as vllm:
        replies = [await sample(seed) for seed in (1, 1, 2)]
    assert replies[0] == replies[1] != replies[2]


async def test_a_context_overflow_is_a_fact_about_the_model() -> None:
    async with engine() as vllm:
        completion = await vllm.complete(ask("word " * 200_000))
    assert completion.stop == "overflow"


async def test_an_unknown_model() -> None:
    with pytest.raises(UnknownModel, match="does not serve 'other'"):
        async with ChatEngine("other", engine().url):
            pass


@pytest.mark.parametrize("constrain", [False, True])
async def test_the_quick_suite_is_played_to_its_end(tmp_path: Path, constrain: bool) -> None:
    summary = await play(RunConfig(agents=(SPEC,), constrain=constrain), tmp_path / "run")
    assert summary.unfinished == 0 and summary.constrained is constrain
    if constrain:
        assert summary.played == 100


async def test_tools_are_called_in_the_form_of_the_server(tmp_path: Path) -> None:
    """The server needs --enable-auto-tool-choice --tool-call-parser NAME."""
    request = ask("How many bolts are there? Look it up.", max_tokens=64)
    request.offer = Offer((tool(count_of),), "required")
    async with engine() as vllm:
        try:
            completion = await vllm.complete(request)
        except BadRequest as error:
            assert "--tool-call-parser NAME" in str(error)
            return
    assert {call.tool for call in completion.calls} <= {"count_of"}


@pytest.mark.parametrize("constrain", [True, False])
async def test_a_game_with_tools_is_played_as_it_is_recorded(tmp_path: Path, constrain: bool) -> None:
    spec = SPEC if constrain else f"{SPEC}?calls=written"
    config = RunConfig(arenas=(WAREHOUSE,), agents=(spec,), instances=2, constrain=constrain)
    summary = await play(config, tmp_path / "run")
    assert summary.episodes == 2 and not summary.unfinished
    assert not [episode.problem for episode in replay(tmp_path / "run", trust=True) if episode.problem]
    calls = open_run(tmp_path / "run").columns("calls")
    assert not constrain or (set(calls["tool"]) <= {"stock", "price"} and len(calls["tool"]) >= 2)


def count_of(item: str) -> int:
    """How many of an item there are."""
    return len(item)
