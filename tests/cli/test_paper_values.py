"""The reference values of the paper's data, through the command line: every one that can be asked."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Clemsim

DATA = Path(__file__).parents[3] / "shared" / "data"
MAIN = (str(DATA / "results_main.csv"), "--characteristics", str(DATA / "model_characteristics.csv"))
ADDED = "name,parameters,open_weights\ncodegemma-7b-it,7,yes\ncodellama-34b-instruct-hf,34,yes\ngemma-1.1-2b-it,2,yes\n"
BASES = {  # with the models that their makers tuned from the same bases, which the table gives no base
    "gemma-7b": ("gemma-1.1-7b-it", "codegemma-7b-it", "gemma-7b-it"),
    "llama-2-70b": ("llama-2-70b-chat-hf", "sheep-duck-llama-2-70b-v1.1", "wizardlm-70b-v1.0", "tulu-2-dpo-70b"),
    "mistral-7b": ("mistral-7b-instruct-v0.1", "openchat-3.5", "openchat-3.5-1210", "openchat-3.5-0106",
                   "starling-lm-7b-beta"),
    "mixtral-8x7b": ("mixtral-8x7b-instruct-v0.1", "dolphin-2.5-mixtral-8x7b", "nous-hermes-2-mixtral-8x7b-sft"),
}  # fmt: skip

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the published tables (../shared/data) are not here")

Table = list[dict[str, str]]
Ask = Callable[..., Callable[[str], Table]]


@pytest.fixture
def ask(clemsim: Clemsim, tmp_path: Path) -> Ask:
    """Return a function that analyses what it is given, and returns one that reads a table of the result."""

    def analysed(only: str, *words: str) -> Callable[[str], Table]:
        out = tmp_path / "out"
        result = clemsim("analyze", *words, "--only", only, "--figures", "none", "--out", out)
        assert result.code == 0, result.err

        def table(name: str) -> Table:
            with (out / "tables" / f"{name}.csv").open(newline="") as file:
                return list(csv.DictReader(file))

        return table

    return analysed


def shown(row: dict[str, str], *columns: str, digits: int = 4) -> list[str]:
    return [f"{float(row[column]):.{digits}f}" for column in columns]


@pytest.mark.slow
def test_size_against_every_score(ask: Ask) -> None:
    table = ask("a", *MAIN)
    fit, both, data = table("size_regressions")
    assert (fit["n"], *shown(fit, "r_squared", "r_squared_adjusted")) == ("39", "0.7302", "0.7229")
    assert shown(fit, "f", digits=3) == ["100.145"]
    assert [row["n"] for row in (both, data)] == ["17", "17"] and shown(data, "r_squared", digits=3) == ["0.681"]
    terms = [row for row in table("size_coefficients") if row["sample"] == fit["sample"]]
    assert [shown(row, "estimate") for row in terms] == [["-4.8343"], ["6.5787"]] and shown(terms[1], "error") == ["0.6574"]
    assert shown(table("size_ranks")[0], "pearson", "spearman") == ["0.8545", "0.7540"]
    rows = {(row["game"], row["score"]): row for row in table("size_scores")}
    assert shown(rows["overall", "played"], "pearson", "spearman") == ["0.7622", "0.7355"]
    assert shown(rows["overall", "quality"], "pearson", "spearman") == ["0.7947", "0.7089"]
    assert len([key for key in rows if key[0] != "overall" and key[1] != "worth"]) == 14
    assert all(row["pearson"] and row["spearman"] and row["slope_low"] for row in rows.values())
    single = {(row["kind"], row["without"]): row for row in table("size_leave_one_out")}
    assert len([key for key in single if key[0] == "model"]) == 39
    without = {(row["sample"], row["model"], row["formula"]): row for row in table("size_without_one")}
    own = without[both["sample"], "gemini-1.5-pro-latest", "clemscore ~ ln(P)"]
    assert shown(own, "r_squared_without", digits=5) == ["0.39594"]


@pytest.mark.slow
def test_three_models_more(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "added.csv").write_text(ADDED)
    latency = str(DATA / "v1.6_latency.csv")
    table = ask("ah", *MAIN, "--characteristics", str(tmp_path / "added.csv"), latency)
    assert shown(table("size_ranks")[0], "n", "pearson", "spearman") == ["42.0000", "0.8554", "0.7393"]
    assert shown(table("size_regressions")[0], "r_squared") == ["0.7318"]
    assert shown(table("size_regressions")[0], "f", digits=3) == ["109.121"]
    by_size = {row["sample"]: row for row in table("latency_size")}
    assert shown(by_size["open weights"], "n", "spearman") == ["33.0000", "0.5259"]


SUBSETS = [
    pytest.param("open", ["30.0000", "0.4839", "0.4790"], marks=pytest.mark.slow),
    pytest.param("parameters <= 1000", ["32.0000", "0.5665", "0.5597"], marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("where", "expected"), SUBSETS)
def test_subsets_of_models(ask: Ask, where: str, expected: list[str]) -> None:
    table = ask("a", *MAIN, "--where", where)
    assert shown(table("size_ranks")[0], "n", "pearson", "spearman") == expected
    if "parameters" in where:
        assert shown(table("size_regressions")[0], "r_squared") == ["0.3209"]


@pytest.mark.slow
def test_quantisation_and_access(ask: Ask) -> None:
    table = ask("fg", str(DATA))
    differences = {row["model"]: row for row in table("quantisation_differences")}
    single = {(row["model"], row["without"]): row for row in table("quantisation_without_one")}
    small, large = "meta-llama-3-8b-instruct-gguf-q4", "c4ai-command-r-plus-gguf"
    assert shown(single[small, "imagegame"], "difference", digits=2) == ["-9.61"]
    assert shown(differences[small], "never_played_as_0", digits=2) == ["-7.06"]
    assert shown(single[f"{large}-q4", "imagegame"], "difference", digits=2) == ["-7.21"]
    assert shown(single[f"{large}-q8", "imagegame"], "difference", digits=2) == ["-0.15"]
    values = [shown(differences[f"{large}-{bits}"], "never_played_as_0", "common_games", digits=2) for bits in ("q4", "q8")]
    assert values == [["-4.09", "-6.66"], ["1.10", "1.13"]]
    spread = {(row["group"], row["score"]): row for row in table("access_spread")}["llama-3-70b-instruct", "clemscore"]
    assert shown(spread, "spread", "mean", "deviation", digits=2) == ["5.08", "35.98", "2.28"]
    access = {row["model"]: shown(row, "difference", digits=2) for row in table("access_differences")}
    names = ("llama-3-70b-groq", "llama-3-70b-together.ai", "llama-3-70b-instruct-anyscale", "llama-3-8b-instruct-anyscale")
    assert [access[name] for name in names] == [["4.23"], ["0.09"], ["-0.85"], ["-0.68"]]


@pytest.mark.slow
def test_five_games_only(ask: Ask) -> None:
    table = ask("f", str(DATA), "--without", "imagegame,privateshared")
    rows = {row["model"]: row for row in table("quantisation_differences")}
    assert shown(rows["meta-llama-3-70b-instruct-gguf-q8"], "difference", digits=2) == ["-2.73"]
    assert {row["subset"] for row in rows.values()} == {
        "without imagegame, privateshared: 5 of 7 games, also in all scores over games"
    }


@pytest.mark.slow
def test_models_of_one_base(ask: Ask, tmp_path: Path) -> None:
    groups = tmp_path / "bases.csv"
    groups.write_text("model,group\n" + "".join(f"{model},{base}\n" for base, models in BASES.items() for model in models))
    table = ask("e", str(DATA), "--groups", str(groups))
    rows = {row["group"]: row for row in table("group_spread") if row["score"] == "clemscore"}
    assert [rows[base]["n"] for base in BASES] == ["3", "4", "5", "3"]
    assert [shown(rows[base], "spread", digits=2)[0] for base in BASES] == ["13.48", "20.69", "17.08", "6.93"]
