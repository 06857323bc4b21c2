"""Thinking on and off on a real vLLM server: run with `pytest -m vllm`, `vllm` on the PATH, and with
CLEMSIM_TEST_VLLM_MODEL naming the folder of a small chat model in ChatML.

The model was never trained to think: its tokenizer gets the tags, a template the switch, and the server ends the thinking
at its budget.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from clemsim.engines.base import Sampling
from clemsim.engines.vllm_server import ServerPool, VllmServerEngine
from clemsim.game.events import Replied
from clemsim.game.formats import letters, literal
from clemsim.runs.run import play
from clemsim.store import reader
from clemsim.store.config import RunConfig
from tests.engines.servers import ask
from tests.engines.thinker import make_thinker

BASE = os.environ.get("CLEMSIM_TEST_VLLM_MODEL", "")
BUDGET = 20
AWAKE = '{"min_tokens": 24}'  # an untrained model would end at once

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(not (Path(BASE) / "config.json").is_file(), reason="set CLEMSIM_TEST_VLLM_MODEL to a model's folder"),
]


def replies(folder: Path) -> dict[str, list[tuple[str, str, int]]]:
    """Return what each agent replied, what it thought before, and the tokens of that."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    with closing(sqlite3.connect(folder / "run.db")) as base:
        for episode in reader.episodes(base):
            details = reader.details(base, episode.id)
            for event in reader.events(base, episode.id):
                if isinstance(event, Replied):
                    tokens = details.get(event.turn, {}).get("tokens_thought", 0)
                    found.setdefault(episode.key.cast, []).append((event.content, event.reasoning, tokens))
    return found


async def test_thinking_on_and_off(tmp_path: Path) -> None:
    template = make_thinker(Path(BASE), tmp_path / "thinker")
    spec = f"{template.parent}?max-model-len=2048&enforce-eager&reasoning-parser=qwen3&chat-template={template}"
    async with ServerPool() as pool, VllmServerEngine(spec, pool) as engine:
        url = engine._server.url
        agents = tuple(
            f"{template.parent}@{url}?thinking={way}&name={way}&extra_body={AWAKE}" for way in ("off", str(BUDGET))
        )
        plain = RunConfig(agents=agents, arenas=("taboo",), instances=1, max_tokens=40)
        await play(plain, tmp_path / "plain")
        await play(plain.model_copy(update={"constrain": True}), tmp_path / "held")
        form = literal("GUESS: ") + letters(5)
        request = ask("Name a fruit.", max_tokens=20, form=form)
        request.sampling = Sampling(max_tokens=20, thinking=BUDGET, extra_body=AWAKE)
        completion = await engine.complete(request)
    assert form.accepts(completion.text) and completion.reasoning
    for run in ("plain", "held"):
        said = replies(tmp_path / run)
        assert said["off"] and not any(thought or tokens for _, thought, tokens in said["off"])
        assert all(thought and 0 < tokens <= BUDGET + 2 for _, thought, tokens in said[str(BUDGET)])
        assert not any("think>" in text or thought in text for text, thought, _ in said[str(BUDGET)])
    assert all(text.startswith(("CLUE: ", "GUESS: ")) for own in replies(tmp_path / "held").values() for text, *_ in own)
