"""Conditions on models, games that are left out, and own groups."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from clemsim.analysis.analyze import analyze
from clemsim.analysis.sources.conditions import Kind, parse_condition
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.sources.own_groups import read_groups, with_groups
from clemsim.analysis.sources.reading import read
from clemsim.analysis.sources.subsets import Subset, columns_of, narrow
from clemsim.errors import UsageError

COLUMNS: dict[str, Kind] = {
    "model": "text",
    "parameters": "number",
    "open_weights": "yes or no",
    "multilingual": "yes or no",
    "released": "date",
    "taboo.quality": "number",
}
ROW = {"model": "Ant-7B", "parameters": 7.0, "open_weights": True, "multilingual": None, "released": date(2024, 3, 1)}


@pytest.fixture
def evidence(tables: Path) -> Evidence:
    return read([tables])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("open and parameters < 1000", True),
        ("not open", False),
        ("parameters = 7", True),
        ("6 < parameters <= 7", True),
        ("6 < parameters < 7", False),
        ("parameters in (1, 7)", True),
        ("parameters not in [1, 7]", False),
        ("parameters > -1e2", True),
        ("model = 'ant-7b' or parameters > 8", True),
        ('model in ("bee", "ANT-7B")', True),
        ('released >= "2024-03"', True),
        ("'2024-04-01' <= released", False),
        ("open = yes and not (parameters != 7)", True),
        ("open or parameters > 8 and parameters > 9", True),  # and binds more tightly
        ("multilingual", None),
        ("not multilingual", None),
        ("multilingual or open", True),
        ("multilingual and not open", False),
        ("taboo.quality > 3", None),
    ],
)
def test_conditions(text: str, answer: bool | None) -> None:
    assert parse_condition(text, COLUMNS).meets(ROW) is answer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the condition is empty"),
        ("colour = 3", "there is no column 'colour': there are model, parameters, open_weights"),
        ("taboo.colour = 3", "GAME.quality, where GAME is one of taboo"),
        ("parameters", "parameters is a number: compare it with something, e.g. parameters < 1000"),
        ("parameters = 'many'", "parameters is a number and the other side a text"),
        ("open < 3", "open_weights is a yes or no and the other side a number"),
        ("open < multilingual", "open_weights is yes or no: < does not compare that"),
        ("released > 'soon'", "'soon' is no date"),
        ("parameters <", "is missing after '<'"),
        ("and open", "is missing after 'the start'"),
        ("(open", "a ')' is missing"),
        ("open)", "')' does not go on"),
        ("open open", "'open' does not go on"),
        ("parameters in 7", "`in` needs a list in brackets"),
        ("parameters in ()", "is missing after '('"),
        ("__import__('os')", "there is no column '__import__'"),
        ("open.__class__", "there is no column 'open.__class__'"),
        ("__import__('os').system('true')", "cannot be read"),
        ("parameters ** 2 > 3", "cannot be read"),
        ("model = 'ant", "cannot be read"),
        (f"{'(' * 99}open{')' * 99}", "more than 40 deep"),
        (f"{'not ' * 99}open", "more than 40 deep"),
        ("open or " * 999, "may have 2000 characters"),
    ],
)
def test_conditions_that_cannot_be_read(text: str, expected: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_condition(text, COLUMNS)
    assert expected in str(error.value) and str(error.value).startswith("--where: ") and "\n" not in str(error.value)


def test_models_are_chosen_by_what_is_known_of_them(evidence: Evidence) -> None:
    chosen = narrow(evidence, Subset("open and parameters < 70"))
    assert set(chosen.models) == {"ant-1b", "ant-7b", "bee-7b"}
    assert chosen.subset == (
        "models where open and parameters < 70: 3 of 8",
        "of 4 models that is not known, and they are left out",
    )
    assert any("whether open and parameters < 70 is not known" in note and "stranger" in note for note in chosen.notes)
    assert set(chosen.costs["model"]) == {"ant-1b", "ant-7b", "bee-7b", "unheard-of"}
    with pytest.raises(UsageError, match="none of the 8 models meets 'parameters > 1000'; of 4 it is not known"):
        narrow(evidence, Subset("parameters > 1000"))


def test_a_choice_by_scores_is_called_one(evidence: Evidence) -> None:
    chosen = narrow(evidence, Subset("taboo.quality >= 40 and family = 'ant'"))
    assert set(chosen.models) == {"ant-7b", "ant-70b", "ant-70b-gguf-q4", "ant-70b-groq"}
    assert "chosen by their scores" in chosen.subset[-1]


def test_without_a_game_no_printed_average_is_left(evidence: Evidence) -> None:
    rest = narrow(evidence, Subset(without=("wordle",)))
    rows = {row["model"]: row for row in rest.overall.to_dicts()}
    assert rest.games == ("taboo",) and (rows["ant-7b"]["played"], rows["ant-7b"]["clemscore"]) == (100.0, 40.0)
    assert rest.subset == ("without wordle: 1 of 2 games, also in all scores over games",)
    assert rest.costs["tokens_in"].count() == 0 and any("tokens of all games together" in note for note in rest.notes)
    assert "wordle.quality" not in columns_of(rest)[0]
    for wrong, message in (
        (("chess",), "no game 'chess' here: there are taboo, wordle"),
        (("taboo", "wordle"), "all games"),
    ):
        with pytest.raises(UsageError, match=message):
            narrow(evidence, Subset(without=wrong))


def test_other_columns_of_numbers_are_kept(tables: Path) -> None:
    (tables / "more.csv").write_text(
        "Model,MMLU (5-shot),parameters,comment,half,share\nant-1b,25.5,2,5,1,10%\nANT-7b,-3,,nice,?,20%\nant-70b,70,,9,x,\n"
    )
    evidence = read([tables / "results.csv"], [tables / "models.csv", tables / "more.csv"])
    assert evidence.outside_columns == ("mmlu", "share")
    assert evidence.outside_value("ant-7b", "mmlu") == -3 and evidence.outside_value("ant-70b", "share") is None
    assert narrow(evidence, Subset("mmlu < 30")).models == ("ant-7b", "ant-1b")
    facts = evidence.characteristics("ant-1b")
    assert facts and facts.parameters == 1  # of the first table


@pytest.mark.slow
def test_own_groups_are_families_and_lineages(evidence: Evidence, tmp_path: Path) -> None:
    table, toml = tmp_path / "groups.csv", tmp_path / "groups.toml"
    table.write_text("model,group\nBee-7B,seven\nAnt-7B,seven\nAnt-70B-gguf-q4,large\nant-70b,large\nnobody,large\n")
    toml.write_text('[groups]\nseven = ["Bee-7B", "Ant-7B"]\nlarge = ["Ant-70B-gguf-q4", "ant-70b", "nobody"]\n')
    assert read_groups(table) == read_groups(toml)
    grouped = with_groups(evidence, read_groups(table))
    assert [grouped.lineage(model) for model in ("bee-7b", "ant-70b", "ant-1b")] == ["seven", "large", "ant"]
    assert any("groups were given for 4 models" in note for note in grouped.notes)
    assert any("no scores here: nobody" in note for note in grouped.notes)
    assert narrow(grouped, Subset("group = 'seven'")).models == ("ant-7b", "bee-7b")
    variants = next(analysis for analysis in analyze(grouped) if analysis.key == "e")
    frames = {table.name: table.frame for table in variants.tables}
    pairs = {row["model"]: row["reference"] for row in frames["group_differences"].to_dicts() if "group:" in row["group"]}
    assert pairs == {"ant-7b": "bee-7b", "ant-70b": "ant-70b-gguf-q4"}  # the first of the file is the reference
    spread = {(row["group"], row["score"]): row for row in frames["group_spread"].to_dicts()}
    assert spread["seven", "clemscore"]["spread"] == pytest.approx(4.5)
    assert not [row for row in frames["group_differences"].to_dicts() if "family: bee" in row["group"]]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("g.csv", "model,family\na,b\n", "is no file of groups"),
        ("g.csv", "model,group\n", "names no groups"),
        ("g.csv", "model,group\na,b\nA,c\n", "line 3: a appears twice"),
        ("g.csv", "model,group\na,\n", "line 2: a model and its group are needed"),
        ("g.toml", "groups = 3\n", "is no file of groups"),
        ("g.toml", "[groups]\nb = 'a'\n", "its models are a list of names"),
    ],
)
def test_groups_that_cannot_be_read(tmp_path: Path, name: str, text: str, expected: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=expected):
        read_groups(tmp_path / name)


def test_groups_of_other_models(evidence: Evidence) -> None:
    with pytest.raises(UsageError, match="--groups names none of the models here: there are ant-70b-groq"):
        with_groups(evidence, {"whale": "fish"})
