"""Adapters (LoRA) of servers that are started for a run, with a stand-in for the `vllm` command."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import pytest

from clemsim.engines.adapters import accepted_rank, read_adapter, split_adapter
from clemsim.engines.vllm_inprocess import VllmInProcessEngine
from clemsim.engines.vllm_server import ServerPool, VllmServerEngine
from clemsim.errors import UsageError
from tests.engines.adapters import make_adapter
from tests.engines.servers import ask

SERVER = """
import asyncio, json, sys
from pathlib import Path
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer

async def main():
    _, serve, model, *flags = sys.argv
    with Path(__file__).with_name("started").open("a") as log:
        log.write(json.dumps(flags) + "\\n")
    modules = [json.loads(word) for word in flags[flags.index("--lora-modules") + 1 :]] if "--lora-modules" in flags else []
    spec = Spec(model=model, adapters=tuple(each["name"] for each in modules), first_token=0.001)
    await SimulatedServer(spec).start(int(flags[3]))
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The folder of a model that is small enough."""
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    config = {"hidden_size": 8, "num_attention_heads": 2, "num_key_value_heads": 1, "num_hidden_layers": 1}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let CLEMSIM_VLLM name a command that serves as vLLM does; return the file of the flags of each start."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    monkeypatch.setenv("CLEMSIM_VLLM", f"{sys.executable} {script}")
    return tmp_path / "started"


def starts(started: Path) -> list[list[str]]:
    return [json.loads(line) for line in started.read_text().splitlines()]


async def test_one_server_is_started_for_a_base_and_all_its_adapters(base: Path, started: Path) -> None:
    poet = make_adapter(base, base.parent / "poet", rank=4, seed=1)
    clerk = make_adapter(base, base.parent / "clerk", rank=12, seed=2)
    other = make_adapter(base, base.parent / "other" / "poet", rank=2, seed=3)
    pool = ServerPool()
    specs = [f"{base}?seed=3", f"{base}+{poet}?seed=3", f"{base}+{clerk}?seed=3", f"{base}+{other}?seed=3"]
    engines = [VllmServerEngine(spec, pool) for spec in specs]
    assert [engine.name for engine in engines] == ["tiny", "tiny+poet", "tiny+clerk", "tiny+poet"]
    for engine in engines:
        await engine.open()
    assert len({engine.backend.key for engine in engines}) == 1
    assert engines[1].backend.name == "vllm:tiny --seed 3"
    for engine in engines:
        assert (await engine.complete(ask())).text
    described = [engine.describe() for engine in engines]
    for engine in engines:
        await engine.close()
    (flags,) = starts(started)
    lora = flags[flags.index("--enable-lora") :]
    assert lora[:5] == ["--enable-lora", "--max-lora-rank", "16", "--max-loras", "3"]
    assert [json.loads(word)["name"] for word in lora[6:]] == ["tiny+poet", "tiny+clerk", "tiny+poet-2"]
    assert "adapter" not in described[0] and described[1]["adapter"] == described[3]["adapter"] == "poet"
    assert len({each.get("adapter_digest") for each in described}) == 4
    assert str(base.parent) not in json.dumps(described)
    assert {each["model"] for each in described} == {"tiny"} and described[1]["flags"] == ["--seed", "3"]


async def test_a_kept_server_that_lacks_an_adapter_is_started_anew_unless_it_was_expected(base: Path, started: Path) -> None:
    first, second, third = (make_adapter(base, base.parent / name) for name in ("a", "b", "c"))
    async with ServerPool(keep=True) as pool:
        pool.expect([f"{base}+{first}", f"{base}+{second}"])
        for adapter in (first, second, third):
            async with VllmServerEngine(f"{base}+{adapter}", pool) as engine:
                assert (await engine.complete(ask())).text
                if adapter == third:
                    late = VllmServerEngine(f"{base}+{make_adapter(base, base.parent / 'd')}", pool)
                    with pytest.raises(UsageError, match="name all adapters in one run"):
                        await late.open()
    assert [len(flags) - flags.index("--lora-modules") - 1 for flags in starts(started)] == [2, 3]


def test_what_is_no_adapter_of_the_base_is_told_in_one_line(base: Path) -> None:
    adapter = make_adapter(base, base.parent / "poet", name="org/Other-7B")
    pool = ServerPool()
    with pytest.raises(UsageError, match=r"made for org/Other-7B, not for .*tiny: name that base, or add any-base"):
        VllmServerEngine(f"{base}+{adapter}", pool)
    assert VllmServerEngine(f"{base}+{adapter}?any-base&dtype=float16", pool)._server.flags == ("--dtype", "float16")
    assert VllmServerEngine(f"org/other-7b+{adapter}", pool).name == "other-7b+poet"
    for wrong in (base, base / "missing"):
        with pytest.raises(UsageError, match=r"is no adapter: it must be a folder with adapter_config\.json"):
            VllmServerEngine(f"{base}+{wrong}", pool)
    with pytest.raises(UsageError, match="sets --lora-modules itself"):
        VllmServerEngine(f"org/other-7b+{adapter}?lora-modules=x", pool)
    with pytest.raises(UsageError, match="takes no adapter: give vllm:"):
        VllmInProcessEngine(f"org/other-7b+{adapter}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"peft_type": "IA3"}, "serves LoRA adapters, and this one is IA3"),
        ({"r": None}, "names no rank"),
        ({"rank_pattern": {"q_proj": "9"}}, "names no rank"),
    ],
)
def test_a_configuration_that_vllm_does_not_take(base: Path, change: dict[str, object], message: str) -> None:
    adapter = make_adapter(base, base.parent / "poet")
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**config, **change}))
    with pytest.raises(UsageError, match=message):
        read_adapter(str(adapter), str(base))


def test_the_rank_is_the_largest_of_all_modules_rounded_up(base: Path) -> None:
    adapter = make_adapter(base, base.parent / "poet", rank=4)
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**config, "rank_pattern": {"q_proj": 65}}))
    read = read_adapter(str(adapter), str(base))
    assert read.rank == 65 and accepted_rank([read]) == 128
    (adapter / "adapter_config.json").write_text(json.dumps({**config, "r": 600}))
    with pytest.raises(UsageError, match="at most 512"):
        accepted_rank([read_adapter(str(adapter), str(base))])


def test_a_plus_may_be_part_of_a_path(tmp_path: Path) -> None:
    odd = tmp_path / "c++" / "model"
    adapter = tmp_path / "a+b"
    for folder in (odd, adapter):
        folder.mkdir(parents=True)
    assert split_adapter(str(odd)) == (str(odd), "")
    assert split_adapter(f"{odd}+{adapter}") == (str(odd), str(adapter))
    assert split_adapter("org/m+nowhere") == ("org/m", "nowhere") and split_adapter("org/m") == ("org/m", "")
