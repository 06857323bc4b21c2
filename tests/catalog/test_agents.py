"""Finding arenas and agents; casts."""

from __future__ import annotations

from pathlib import Path

import pytest

from clemsim.arena import find_arena
from clemsim.catalog.agents import expanded, make_agent, make_casts
from clemsim.catalog.kinds import AgentOptions
from clemsim.errors import UsageError
from clemsim.runtime.model_agent import ModelAgent

OPTIONS = AgentOptions()


def test_arenas_by_name() -> None:
    assert find_arena("taboo").name == "taboo"
    with pytest.raises(UsageError, match=r"there is no arena 'chess': choose one of .*taboo"):
        find_arena("chess")


@pytest.mark.parametrize(
    ("text", "spec", "expected"),
    [
        ("", "game.py:Chess", "has no 'Chess'"),
        ("Chess = 3", "game.py:Chess", "is not an Arena"),
        ("import nowhere", "game.py:Chess", "cannot be loaded: ModuleNotFoundError"),
        ("def (", "game.py:Chess", "cannot be loaded: SyntaxError"),
        ("", "game.py", "say which class"),
    ],
)
def test_a_file_that_has_no_arena(tmp_path: Path, text: str, spec: str, expected: str) -> None:
    (tmp_path / "game.py").write_text(text)
    with pytest.raises(UsageError, match=expected):
        find_arena(str(tmp_path / spec))


def test_plain_specs_make_a_cast_each() -> None:
    casts = make_casts(["baseline", "random"], OPTIONS)
    assert [cast.name for cast in casts] == ["baseline", "random"]
    assert casts[0].agent("any seat") is casts[0].agents[0]


def test_a_seat_overrides_in_all_casts() -> None:
    casts = make_casts(["baseline", "random", "guesser=human"], OPTIONS)
    assert [cast.name for cast in casts] == ["baseline,guesser=human", "random,guesser=human"]
    guesser = casts[0].agent("guesser")
    assert guesser is casts[1].agent("guesser") and guesser is not None and guesser.name == "human"


def test_seats_alone_make_one_cast_with_empty_seats() -> None:
    (cast,) = make_casts(["describer=baseline"], OPTIONS)
    assert cast.agent("guesser") is None


def test_one_agent_serves_all_seats_that_name_it() -> None:
    (cast,) = make_casts(["a=random", "b=random"], OPTIONS)
    assert len(cast.agents) == 1


def test_twins_go_by_their_specs() -> None:
    specs = ["m@http://127.0.0.1:1/v1", "m@http://127.0.0.1:2/v1"]
    assert [cast.name for cast in make_casts(specs, OPTIONS)] == specs


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("qwen", "there is no agent 'qwen'"),
        ("remote", "there is no agent 'remote'"),
        ("@http://127.0.0.1:1", "name the model"),
        ("m@http://user:secret@127.0.0.1:1", "must not hold a name or password"),
        ("baseline:x", "baseline takes no argument"),
        ("human:x", "human takes no argument"),
        ("replay:", "say which run"),
    ],
)
def test_what_is_no_agent(spec: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected) as caught:
        make_agent(spec, OPTIONS)
    assert "secret" not in str(caught.value)


def test_local_weights_may_have_a_projector(tmp_path: Path) -> None:
    agent = make_agent(f"local:{tmp_path}/a.gguf?mmproj={tmp_path}/b.gguf&temperature=0.5", OPTIONS)
    assert isinstance(agent, ModelAgent) and agent.engine.takes_images and agent.sampling.temperature == 0.5
    plain = make_agent("local", OPTIONS)
    assert isinstance(plain, ModelAgent) and not plain.engine.takes_images
    both = make_agent("local:a.gguf?chat_template=t.jinja&thinking=9&mmproj=b.gguf", OPTIONS)
    assert isinstance(both, ModelAgent) and both.engine.takes_images and both.sampling.thinking == 9
    for wrong in ("local:a.gguf?mmproj", "local:a.gguf?ctx=4", "local:a?mmproj=b&ctx=4", "local:a?mmproj=b&mmproj=c"):
        with pytest.raises(
            UsageError,
            match=r"stands nothing, or \?mmproj=PATH.gguf for pictures, .*chat_template=FILE for another template",
        ):
            make_agent(wrong, OPTIONS)


def test_a_spec_may_leave_a_place_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_TEST_PORT", "81")
    assert expanded("m@http://127.0.0.1:${CLEMSIM_TEST_PORT}/${CLEMSIM_TEST_NONE:-v1}") == "m@http://127.0.0.1:81/v1"
    (cast,) = make_casts(["${CLEMSIM_TEST_NONE:-random}"], OPTIONS)
    assert cast.name == "random"
    with pytest.raises(UsageError, match="CLEMSIM_TEST_NONE is not set"):
        expanded("local:${CLEMSIM_TEST_NONE}/x.gguf")
    monkeypatch.setenv("SOME_API_KEY", "hush")
    with pytest.raises(UsageError, match="a key is no part of a SPEC") as caught:
        expanded("m@http://127.0.0.1/${SOME_API_KEY}")
    assert "hush" not in str(caught.value)


def test_replicas_and_what_shares_a_server_with_them_are_one_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY", "bare-key-of-one")
    make_casts(["m@http://a,http://b", "n@http://b/v1,http://c:80", "o@http://C"], OPTIONS)
    with pytest.raises(UsageError, match=r"CLEMSIM_API_KEY would go to http://a:80 and http://d:80"):
        make_casts(["m@http://a,http://b", "guesser=n@http://d"], OPTIONS)
    make_casts(["m@http://a", "baseline", "random"], OPTIONS)


def test_hosts_with_names_that_are_too_much_alike_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY_A_B", "key-of-one-host")
    with pytest.raises(UsageError, match=r"CLEMSIM_API_KEY_A_B would be the key of a-b and of a\.b"):
        make_casts(["m@https://a-b", "n@https://a.b"], OPTIONS)
    make_casts(["m@https://a-b", "n@https://a-b:8443/v1"], OPTIONS)
