"""A real vLLM server: run with `pytest -m vllm` and CLEMSIM_TEST_VLLM=MODEL@URL."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clemsim.engines.base import ChatMessage, Request, Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.errors import UnknownModel
from clemsim.folder import RunConfig
from clemsim.formats import letters, literal
from clemsim.run import play
from tests.engines.servers import ask

SPEC = os.environ.get("CLEMSIM_TEST_VLLM", "")

pytestmark = [pytest.mark.vllm, pytest.mark.skipif(not SPEC, reason="set CLEMSIM_TEST_VLLM to MODEL@URL")]


def engine() -> ChatEngine:
    model, _, url = SPEC.partition("@")
    return ChatEngine(model, url)


async def test_it_is_known_as_vllm() -> None:
    async with engine() as vllm:
        assert vllm.server.dialect == "vllm" and vllm.constrains
        assert vllm.describe()["server"].startswith("vllm 0.")


async def test_a_completion_is_held_to_its_format() -> None:
    form = literal("guess: ") + letters(5)
    async with engine() as vllm:
        said = await vllm.complete(ask("Name a word of five letters.", form=form))
    assert form.accepts(said.text)
    assert said.usage.tokens_in > 0 and said.usage.tokens_out > 0


async def test_a_reply_is_cut_at_the_token_limit() -> None:
    async with engine() as vllm:
        said = await vllm.complete(ask("Tell me a long story.", max_tokens=4))
    assert said.stop == "length" and said.usage.tokens_out == 4


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
        said = await vllm.complete(ask("word " * 200_000))
    assert said.stop == "overflow"


async def test_an_unknown_model() -> None:
    with pytest.raises(UnknownModel, match="does not serve 'other'"):
        async with ChatEngine("other", engine().url):
            pass


@pytest.mark.parametrize("constrain", [False, True])
async def test_the_quick_suite_is_played_to_its_end(tmp_path: Path, constrain: bool) -> None:
    summary = await play(RunConfig(agents=(SPEC,), constrain=constrain), tmp_path / "run")
    assert summary["unfinished"] == 0 and summary["constrained"] is constrain
    if constrain:
        assert summary["played"] == 100
