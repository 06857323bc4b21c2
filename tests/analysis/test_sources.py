"""Names, characteristics, published tables, and the notes on what they lack."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from clemsim.analysis.sources import names
from clemsim.analysis.sources.characteristics import characteristics_frame, parse_characteristics, read_characteristics
from clemsim.analysis.sources.reading import read, read_games
from clemsim.analysis.sources.runs import check_rules
from clemsim.catalog.models import Characteristics
from clemsim.errors import UsageError
from clemsim.store.description import ArenaDescription
from tests.analysis.conftest import HEADER, RESULTS


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("openchat_3.5-t0.0--openchat_3.5-t0.0", "openchat-3.5"),
        (" Yi-34B-Chat-t0.0--Yi-34B-Chat-t0.0 ", "yi-34b-chat"),
        ("qwen-t0.7", "qwen"),
        ("Plain-7B ", "plain-7b"),
    ],
)
def test_names_as_all_tables_share_them(name: str, clean: str) -> None:
    assert names.clean(name) == clean


@pytest.mark.parametrize(
    ("name", "weights", "family", "bits", "access"),
    [
        ("meta-llama-3-70b-instruct-gguf-q4", "llama-3-70b-instruct", "llama-3", 4, "llama.cpp"),
        ("llama-3-70b-groq", "llama-3-70b-instruct", "llama-3", None, "groq"),
        ("llama-3-70b-instruct-anyscale", "llama-3-70b-instruct", "llama-3", None, "anyscale"),
        ("meta-llama-3-8b-instruct-hf", "llama-3-8b-instruct", "llama-3", None, "huggingface-local"),
        ("c4ai-command-r-plus-gguf-q8", "command-r-plus", "command", 8, "llama.cpp"),
        ("qwen1.5-0.5b-chat", "qwen1.5-0.5b-chat", "qwen1.5", None, None),
        ("mixtral-8x7b-instruct-v0.1", "mixtral-8x7b-instruct-v0.1", "mixtral", None, None),
        ("gpt-4-0613", "gpt-4-0613", "gpt-4", None, None),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13", "gpt-4o", None, None),
        ("openchat-3.5-1210", "openchat-3.5-1210", "openchat-3.5", None, None),
    ],
)
def test_facts_that_a_name_implies(name: str, weights: str, family: str, bits: float | None, access: str | None) -> None:
    facts = names.weights(name, {"llama-3-70b-instruct"}), names.family(name), names.bits(name), names.served_by(name)
    assert facts == (weights, family, bits, access)


def test_a_host_without_a_model_of_the_longer_name_keeps_its_name() -> None:
    assert names.weights("llama-3-70b-groq") == "llama-3-70b"


def test_characteristics_by_published_headers(tables: Path) -> None:
    models = read_characteristics(tables / "models.csv")
    ant = models["ant-70b"]
    assert (ant.parameters, ant.training_tokens, ant.context, ant.open_weights) == (70, None, 8000, False)
    assert (ant.released, ant.cutoff, ant.base_model) == (date(2023, 6, 1), date(2023, 4, 1), None)
    assert models["bee-7b-tuned"].parameters is None and models["bee-7b-tuned"].tuning_data == "Dances, all of them"


def test_characteristics_by_field(tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text("name,parameters,open_weights,quantisation,released,context\nx,unknown,true,4,2024-05,4096\n")
    (facts,) = read_characteristics(path).values()
    assert facts == Characteristics(name="x", open_weights=True, quantisation=4, released=date(2024, 5, 1), context=4096)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x,-7,,", "line 2: parameters: Input should be greater than 0"),
        ("x,many,,", "line 2: parameters: Input should be a valid number"),
        ("x,0,,", "line 2: parameters: Input should be greater than 0"),
        ("x,1,perhaps,", "line 2: open_weights: Input should be a valid boolean"),
        ("x,1,,yesterday", "line 2: released: .*'yesterday' is no date"),
        (",1,,", "line 2: a model needs a name"),
        ("x,1,,\nX ,2,,", "line 3: x appears twice"),
    ],
)
def test_characteristics_that_cannot_be_read(row: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text(f"name,parameters,open_weights,released\n{row}\n")
    with pytest.raises(UsageError, match=message):
        read_characteristics(path)


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(
        UsageError, match=r"somewhere: colour: .*; known are provider, parameters, size_known, training_tokens"
    ):
        parse_characteristics({"colour": "red"}, "somewhere")


@pytest.mark.parametrize(
    ("column", "cell", "tokens"),
    [("context", "4096", 4096), ("Context Length (in thousands)", "32.768", 32768), ("context", "4096.4", 4096)],
)
def test_a_context_is_a_whole_number_of_tokens(column: str, cell: str, tokens: int, tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text(f"name,{column}\nx,{cell}\n")
    models = read_characteristics(path)
    assert models["x"].context == tokens and characteristics_frame(models)["context"].to_list() == [float(tokens)]


def test_a_folder_of_tables_becomes_one(tables: Path) -> None:
    evidence = read([tables])
    assert evidence.models[:2] == ("ant-70b-groq", "ant-70b") and len(evidence.models) == 8
    assert evidence.games == ("taboo", "wordle") and len(evidence.facts) == 5
    scores = {(row["model"], row["game"]): row for row in evidence.scores.to_dicts()}
    assert scores["ant-1b", "wordle"]["quality"] is None and scores["ant-1b", "wordle"]["played"] == 0
    assert ("bee-7b", "wordle") not in scores and scores["ant-7b", "taboo"]["episodes"] == 60
    costs = {row["model"]: row for row in evidence.costs.to_dicts()}
    assert costs["ant-7b"] == {"model": "ant-7b", "latency": 0.5, "tokens_in": 2.0, "tokens_out": 0.1}


def test_the_report_names_what_was_left_out(tables: Path) -> None:
    notes = "\n".join(read([tables]).left_out())
    assert "wordle was not run with bee-7b: it is in neither of their averages" in notes
    assert "wordle was never played to its end by 1 model, and is left out of their average Quality: ant-1b" in notes
    assert "taboo was never played to its end by 1 model, and is left out of their average Quality: stranger" in notes
    assert "3 models have no characteristics" in notes and "stranger" in notes


def test_averages_are_computed_where_none_are_printed_and_checked_where_they_are(tmp_path: Path) -> None:
    plain = tmp_path / "plain.csv"
    plain.write_text(
        'model,"taboo, % Played","taboo, Quality Score","wordle, % Played","wordle, Quality Score"\nx,90,50,0,\n'
    )
    assert read([plain]).overall.row(0) == ("x", 45.0, 50.0, 22.5)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(HEADER + "x-t0.0,99.0,50.0,50.0,100.0,50.0,1.0,0.0,,\n")
    evidence = read([wrong])
    assert evidence.overall["clemscore"][0] == 99
    assert "x: its table prints a clemscore of 99.00, its games give 25.00; the printed one is used" in evidence.left_out()


def test_of_a_model_in_two_tables_the_first_holds(tables: Path) -> None:
    (tables / "other.csv").write_text(HEADER + "Ant-7B-t0.0,23.5,75.0,30.0,100.0,40.0,30.0,50.0,20.0,25.0\n")
    evidence = read([tables])
    assert evidence.overall.filter(pl.col("model") == "ant-7b")["clemscore"][0] == 22.5
    assert "ant-7b: a first table gives a clemscore of 22.5, a later one 23.5; the first is used" in evidence.left_out()


def test_a_raw_table_is_clustered_by_instance(tmp_path: Path) -> None:
    path = tmp_path / "raw.csv"
    rows = [("high", 0, 0, 100), ("high", 1, 1, "nan"), ("low", 0, 0, 50), ("low", 1, "", "")]
    lines = [",game,model,experiment,episode,metric,value"]
    for number, (experiment, episode, aborted, score) in enumerate(rows):
        for metric, value in (("Aborted", aborted), ("Main Score", score), ("Request Count", 7000)):
            lines.append(f"{number},taboo,Ant-7B-t0.0--Ant-7B-t0.0,{experiment},{episode},{metric},{value}")
    path.write_text("\n".join(lines))
    evidence = read([path])
    assert evidence.clusters["instance"].to_list() == ["high/0", "high/1", "low/0"]  # the last one is unfinished
    assert evidence.scores.row(0)[2:4] == (pytest.approx(200 / 3), 75.0)
    assert evidence.sample.paired and len(evidence.sample.clusters[evidence.models[0]]["taboo"]) == 3


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "a,b\n1,2\n", "is no table that clemsim knows"),
        ("t.csv", RESULTS.replace("22.5", "lots"), "t.csv, line 3: 'lots' is no number"),
        ("t.csv", RESULTS.replace("22.5", "122.5"), "t.csv, line 3: 122.5 is not between 0 and 100"),
        ("t.csv", RESULTS.replace("Ant-7B", "Ant-1B"), "t.csv, line 3: ant-1b appears twice"),
        ("t.csv", RESULTS.replace("Ant-7B-t0.0--Ant-7B-t0.0", ""), "t.csv, line 3: a row needs the name of a model"),
        ("t.csv", "model,latency\nx,1\n", "nothing was played in what was named"),
        ("t.csv", b"\xff\xfe\x00", "cannot be read"),
        ("index.toml", "member = 3\n", "lists no runs"),
        ("index.toml", "[[member]]\nmodel = 'x'\n", "member 1: name its run"),
        ("index.toml", "[[member", "is not TOML"),
        ("index.toml", "[[member]]\nrun = 'r'\n", "nothing was played"),
    ],
)
def test_sources_that_cannot_be_read(name: str, text: str | bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError, match=message):
        read([path if name == "t.csv" else tmp_path])


def test_a_source_that_does_not_exist_or_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist: name a run"):
        read([tmp_path / "nowhere"])
    with pytest.raises(UsageError, match="holds no tables"):
        read([tmp_path])


def test_games_between_models(tmp_path: Path) -> None:
    path = tmp_path / "games.csv"
    path.write_text("first,second,score,instance\na,b,1,x\nb,a,0.5,x\n")
    assert [(game.first, game.score, game.instance) for game in read_games(path)] == [("a", 1, "x"), ("b", 0.5, "x")]
    path.write_text("first,second,score\na,b,\n")
    with pytest.raises(UsageError, match="line 2: a game needs a score"):
        read_games(path)
    path.write_text("one,two\n")
    with pytest.raises(UsageError, match="has the columns first, second and score"):
        read_games(path)


def test_runs_by_different_rules_are_not_mixed() -> None:
    one, other = {"taboo": ArenaDescription(version="1.6+2")}, {"taboo": ArenaDescription(version="3.0+2")}
    unknown = {"taboo": ArenaDescription(), "chess": ArenaDescription(version=3)}
    check_rules({Path("a"): one, Path("b"): unknown, Path("c"): one})
    with pytest.raises(UsageError, match=r"taboo was played by version 1\.6\+2 of its rules in a, and by 3\.0\+2 in b"):
        check_rules({Path("a"): one, Path("b"): other})
