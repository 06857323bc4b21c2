"""Settings of one agent, behind the ? of its SPEC."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim.catalog.agent_settings import AgentSettings, read_spec, with_settings
from clemsim.catalog.agents import kind_of, make_agent, make_casts
from clemsim.catalog.kinds import AgentOptions
from clemsim.engines.chat import ChatEngine
from clemsim.errors import UsageError
from clemsim.runtime.model_agent import ModelAgent

SERVER = "qwen@http://127.0.0.1:8000/v1"


@pytest.mark.parametrize(
    ("spec", "bare", "settings"),
    [
        (SERVER, SERVER, {}),
        (f"{SERVER}?temperature=0.7&max_tokens=50", SERVER, {"temperature": 0.7, "max_tokens": 50}),
        (f"{SERVER}?thinking=off#key_env=K", f"{SERVER}#key_env=K", {"thinking": "off"}),
        (f"{SERVER}?thinking=512&key_env=K", f"{SERVER}#key_env=K", {"thinking": 512}),
        (f"{SERVER}?api-version=2026-01-01&top_p=0.9", f"{SERVER}?api-version=2026-01-01", {"top_p": 0.9}),
        ("local?system=Be%20brief%26kind.&name=brief", "local", {"system": "Be brief&kind.", "name": "brief"}),
        ("local?stop=A&stop=B", "local", {"stop": ("A", "B")}),
        ('local?extra_body={"b": 1, "a": [true]}', "local", {"extra_body": '{"a":[true],"b":1}'}),
        ("vllm:Qwen/Q?max-model-len=4096&temperature=1", "vllm:Qwen/Q?max-model-len=4096", {"temperature": 1.0}),
        (f"{SERVER}?session_header=x-user-id", SERVER, {"session_header": "x-user-id"}),
        (f"{SERVER}?header.X-Tag=a b&timeout=5&width=3", SERVER, {"headers": {"X-Tag": "a b"}, "timeout": 5.0, "width": 3}),
    ],
)
def test_a_spec_is_taken_apart(spec: str, bare: str, settings: dict[str, Any]) -> None:
    parted = read_spec(spec)
    assert (parted.bare, parted.settings.given()) == (bare, settings)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (f"{SERVER}?temprature=1", "has no setting 'temprature': did you mean temperature?"),
        (f"{SERVER}?temperature=hot", "temperature=hot: Input should be a valid number"),
        (f"{SERVER}?temperature=-1", "temperature=-1: Input should be greater than or equal to 0"),
        (f"{SERVER}?temperature=nan", "temperature=nan: Input should be"),
        (f"{SERVER}?top_p=0", "top_p=0: Input should be greater than 0"),
        (f"{SERVER}?temperature=1&temperature=2", "temperature=2: it is given twice"),
        (f"{SERVER}?thinking=maybe", "thinking=maybe: give off, on, low"),
        (f"{SERVER}?extra_body=[1]", "extra_body=.1.: give a JSON object"),
        (f"{SERVER}?extra_body=x", "extra_body=x: "),
        (f"{SERVER}?header.Authorization=x", "a SPEC is recorded and holds no secret"),
        (f"{SERVER}?session_header=My Session", "session_header=My Session: give the name of a header"),
        (f"{SERVER}?session_header=Authorization", "session_header=Authorization: this header means something else"),
        (f"{SERVER}?stop=", "String should have at least 1 character"),
        ("local?system=@/no/such/file", "/no/such/file"),
        ("local?timeout=3", "local takes no timeout"),
        ("baseline?temperature=1", "baseline takes no temperature: its settings are name"),
        ("baseline?x=1", "baseline has no setting 'x'"),
        (f"{SERVER}?dialect=plain", "dialect=plain: Input should be 'openai'"),
    ],
)
def test_what_is_no_setting(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        make_agent(spec)
    assert "\n" not in str(caught.value)


def test_an_agent_gets_its_settings(tmp_path: Path) -> None:
    (tmp_path / "brief.txt").write_text("Be brief.\n")
    query = f"temperature=0.7&top_k=5&thinking=low&seed=9&width=4&timeout=7&dialect=vllm&system=@{tmp_path}/brief.txt"
    agent = make_agent(f"{SERVER}?{query}", AgentOptions())
    assert isinstance(agent, ModelAgent) and isinstance(agent.engine, ChatEngine)
    assert agent.sampling.describe() | {"temperature": 0.7, "top_k": 5, "thinking": "low"} == agent.sampling.describe()
    assert (agent.system, agent.seed, agent.most_turns, agent.name) == ("Be brief.", 9, 4, "qwen")
    about = agent.describe()
    assert (about["system"], about["seed"], about["sampling"]["thinking"]) == ("Be brief.", 9, "low")


def test_an_agent_without_settings_is_described_as_ever() -> None:
    about = make_agent(SERVER).describe()
    assert not {"system", "seed"} & set(about)
    assert not {"stop", "thinking", "extra_body"} & set(about["sampling"])


def test_agents_of_one_model_go_by_their_settings() -> None:
    specs = ["local", "local?temperature=0.7", "local?system=Be brief.", "local?temperature=0.7&name=hot"]
    names = [cast.name for cast in make_casts(specs, AgentOptions())]
    assert names == ["local", "local?temperature=0.7", "local?system=Be brief.", "hot"]


def test_the_kind_of_a_spec_knows_no_settings() -> None:
    kind, arg = kind_of(f"spy={SERVER}?temperature=1#key_env=K")
    assert kind.addresses(arg) == ["http://127.0.0.1:8000/v1"] and kind.key_variable(arg) == "K"


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 2),
        "thinking": st.sampled_from(["off", "on", "high"]) | st.integers(1, 1000),
        "system": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(lambda t: t[0] != "@"),
        "stop": st.lists(st.text("a&#%=?\n", min_size=1), min_size=1, max_size=3).map(tuple),
        "headers": st.just({"X-A": "1 & 2"}),
    },
)


@given(SETTINGS, st.sampled_from(["local", SERVER, f"{SERVER}#key_env=K", "vllm:Q?max-model-len=10"]))
def test_what_is_written_is_read(given: dict[str, Any], spec: str) -> None:
    settings = AgentSettings(**given)
    parted = read_spec(with_settings(spec, settings))
    assert parted.settings == settings and parted.bare == spec
