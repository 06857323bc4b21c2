"""The public API: complete, sorted, and enough for a whole run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import clemsim
from clemsim.errors import StoreError, UsageError
from tests.games import Guessing, Number

EXAMPLES = Path(__file__).parents[1] / "examples"
PUBLIC = {"clemsim", "clemsim.formats", "clemsim.testing", "clemsim_arenas.adventures"}


def test_all_names_are_sorted_and_load() -> None:
    names = clemsim.__all__
    assert names == sorted(names) and len(names) == len(set(names))
    for name in names:
        assert getattr(clemsim, name) is not None, name
    assert set(names) <= set(dir(clemsim))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = clemsim.nothing


def test_type_checkers_see_the_names_where_they_are_loaded_from() -> None:
    tree = ast.parse(Path(clemsim.__file__).read_text())
    (typed,) = (node for node in tree.body if isinstance(node, ast.If))
    imports = {alias.name: node.module for node in typed.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imports == {name: clemsim._HOME_OF[name] for name in clemsim.__all__}


@pytest.mark.parametrize(
    "path", sorted([*EXAMPLES.glob("*.py"), *EXAMPLES.glob("cookbook/*.py")]), ids=lambda path: path.stem
)
def test_examples_use_nothing_else(path: Path) -> None:
    tree = ast.parse(path.read_text())
    used = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    used |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name for name in used if name.startswith("clemsim")} <= PUBLIC


async def test_a_run_is_exported_from_python(tmp_path: Path) -> None:
    run = await clemsim.run(suite="quick", arenas="taboo", agents="baseline", instances=1, out=tmp_path / "run")
    made = clemsim.export(run, "training")
    assert (made.path, made.count, made.unit) == (tmp_path / "run.training.jsonl", 6, "conversations")
    assert len(made.path.read_text().splitlines()) == 6
    with pytest.raises(UsageError, match="already exists"):
        clemsim.export(run, "training")
    with pytest.raises(UsageError, match=r"no format 'nothing': choose one of clembench, .*, training"):
        clemsim.export(run, "nothing")
    with pytest.raises(UsageError, match="--dataset goes with --format hf"):
        clemsim.export(run, "pairs", dataset="a/b")


async def test_a_run_from_python(tmp_path: Path) -> None:
    run = await clemsim.run(suite="quick", arenas="taboo", agents="baseline", instances=1, out=tmp_path / "run")
    assert isinstance(run, clemsim.Run) and run.folder == tmp_path / "run"
    assert run.summary.agents["baseline"].arenas["taboo"].success == 3 and run.summary.unfinished == 0
    assert run.config.agents == ("baseline",)
    assert len(run.pandas("episodes")) == 3 and set(run.pandas().outcome) == {"success"}
    transcript = run.transcript(2)
    assert transcript.outcome and transcript.outcome.kind == "success"
    assert run.transcript(transcript.key.label) == transcript
    with pytest.raises(UsageError, match="there is no episode '9'"):
        run.transcript(9)
    again = await clemsim.resume(run)
    assert again.summary == run.summary and repr(again) == f"Run({str(run.folder)!r})"


async def test_a_run_shows_itself_in_a_notebook(tmp_path: Path) -> None:
    run = await clemsim.run(arenas=["taboo"], agents=["baseline", "random"], instances=1, out=tmp_path / "<b>run")
    html = run._repr_html_()
    assert html.count("<tr") >= 5 and "taboo" in html and "clemscore" in html
    assert "<b>run" not in html and "&lt;b&gt;run" in html


async def test_two_runs_are_compared(tmp_path: Path) -> None:
    first = await clemsim.run(arenas="taboo", agents="baseline", out=tmp_path / "a")
    second = await clemsim.run(arenas="taboo", agents="random", out=tmp_path / "b")
    comparison = clemsim.compare(first, second)
    assert "baseline lies 100.0 points above random" in str(comparison.sentences) and "<table" in comparison._repr_html_()
    with pytest.raises(StoreError, match="there is no run"):
        clemsim.compare(first, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"agent": ["baseline"]}, "agent: Extra inputs are not permitted"),
        ({"agents": "nobody"}, "there is no agent 'nobody'"),
        ({"repetitions": 0}, "repetitions: .* greater than or equal to 1"),
        ({"batch": 2, "temperature": 1.0}, "--batch needs --temperature 0"),
    ],
)
async def test_what_is_wrong_is_one_line(tmp_path: Path, fields: dict[str, object], expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        await clemsim.run(out=tmp_path / "run", **fields)  # type: ignore[arg-type]
    assert not (tmp_path / "run").exists()


async def test_only_the_width_and_the_rule_of_a_resumed_run_may_change(tmp_path: Path) -> None:
    run = await clemsim.run(arenas="taboo", agents="baseline", instances=1, out=tmp_path / "run")
    with pytest.raises(UsageError, match="can change its width and leave out stop_when, not seed"):
        await clemsim.resume(run, seed=3)


async def test_agents_by_spec_wherever_an_agent_is_wanted() -> None:
    taboo = clemsim.find_arena("taboo")()
    casts: list[str | dict[str, clemsim.Agent | str]] = [
        "baseline",
        {"describer": "baseline", "guesser": clemsim.make_agent("baseline")},
    ]
    for cast in casts:
        (result,) = await taboo.run(taboo.instances()[:1], cast)
        assert result.outcome and result.outcome.kind == "success"
        assert result.scores["Main Score"] == result.outcome.quality and len(result.rounds) >= 1
    with pytest.raises(UsageError, match="there is no agent 'nobody'"):
        await taboo.run(taboo.instances()[:1], "nobody")


async def test_a_result_has_the_scores_of_its_game() -> None:
    (result,) = await Guessing().run([Number()], "random")
    assert result.scores["Request Count"] == len(result.transcript.turns)
