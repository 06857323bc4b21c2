"""What is compared with what is fixed before the scores are seen, and a difference has one verdict in a whole report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl
import pytest

from clemsim.analysis.analyze import analyze
from clemsim.analysis.kinds import choose
from clemsim.analysis.questions.model_comparison import compare_groups, compare_models
from clemsim.analysis.questions.size_fits import lineages_of
from clemsim.analysis.questions.variant_groups import all_groups
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.evidence import Evidence, merge, scores_of
from clemsim.analysis.sources.published import EPISODES
from clemsim.analysis.statistics.rank_intervals import rank_intervals
from clemsim.analysis.statistics.sample import Sample, sample_of
from clemsim.catalog.models import Characteristics
from clemsim.results.clusters import Cluster
from clemsim.results.holm import holm, holm_levels

WINS = {  # of 40 instances of one game
    "ant-1b": 4,
    "ant-7b": 20,
    "ant-7b-q4-llama": 19,
    "ant-7b-q4-vllm": 19,
    "ant-70b": 36,
    "bee-7b": 12,
    "silent-7b": None,  # never played to the end
}


def played(wins: Mapping[str, int | None], instances: int = 40) -> pl.DataFrame:
    """Return clusters of two games in which each model has so many wins of each."""
    rows = [
        (
            model,
            game,
            str(index),
            1.0,
            float(won is not None),
            float(won is not None),
            100.0 * (won is not None and index < won),
        )
        for model, won in wins.items()
        for game in ("taboo", "wordle")
        for index in range(instances)
    ]
    return pl.DataFrame(rows, EPISODES, orient="row")


def facts(**values: object) -> Characteristics:
    return Characteristics.model_validate(values)


DESCRIBED = {
    "ant-1b": facts(parameters=1, released=date(2023, 1, 1), open_weights=True),
    "ant-7b": facts(parameters=7, released=date(2023, 1, 1), open_weights=True, access="vllm"),
    "ant-7b-q4-llama": facts(name="ant-7b", quantisation=4, access="llama.cpp", base_model="ant"),
    "ant-7b-q4-vllm": facts(name="ant-7b", quantisation=4, access="vllm", base_model="ant"),
    "ant-70b": facts(parameters=70, released=date(2022, 1, 1), open_weights=False),
    "bee-7b": facts(parameters=7, released=date(2023, 2, 1), base_model="ant-7b"),
    "silent-7b": facts(parameters=7, released=date(2023, 3, 1), open_weights=True, base_model="ant-7b"),
}


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    clusters = played(WINS)
    return Evidence(scores_of(clusters), clusters=clusters, described=DESCRIBED)


@pytest.fixture(scope="module")
def analyses(evidence: Evidence) -> dict[str, Analysis]:
    return {analysis.key: analysis for analysis in analyze(evidence, choose("abcefgi"))}


def rows(analysis: Analysis, name: str) -> list[dict[str, object]]:
    return next(table.frame for table in analysis.tables if table.name == name).to_dicts()


def test_references_do_not_depend_on_the_scores(evidence: Evidence) -> None:
    other = played({model: None if won is None else 40 - won for model, won in WINS.items()})
    turned = Evidence(scores_of(other), clusters=other, described=DESCRIBED)
    groups = [
        {(group.title, group.reference, frozenset(group.others)) for group in all_groups(own)} for own in (evidence, turned)
    ]
    assert groups[0] == groups[1] and evidence.models != turned.models
    references = {group.title: group.reference for group in all_groups(evidence)}
    assert references["family: ant"] == "ant-70b" and references["tuned from: ant-7b"] == "ant-7b"  # the oldest, the base


def test_the_same_weights_in_two_engines_are_access_and_not_tuning(analyses: dict[str, Analysis]) -> None:
    (access,) = rows(analyses["g"], "access_differences")
    assert (access["group"], access["model"], access["reference"]) == (
        *("access: ant-7b, 4 bits", "ant-7b-q4-vllm", "ant-7b-q4-llama"),
    )
    assert not any(row["base_model"] == "ant" and row["n"] != 1 for row in rows(analyses["c"], "base_spread"))
    assert "the weights of another model here, served in another way: ant-7b-q4-vllm" in "; ".join(analyses["c"].left_out)
    assert "Tuning" not in " ".join(analyses["c"].sentences)


def test_a_difference_has_one_verdict_in_a_report_and_whatever_is_asked_for(
    evidence: Evidence, analyses: dict[str, Analysis]
) -> None:
    found: dict[tuple[object, object], set[tuple[object, ...]]] = {}
    tables = {"c": "base_differences", "e": "group_differences", "f": "quantisation_differences", "g": "access_differences"}
    for letter, name in tables.items():
        for row in rows(analyses[letter], name):
            key = row["model"], row["reference"]
            found.setdefault(key, set()).add((row["p_holm"], row["verdict"], row["joint_low"], row["tests"]))
    assert {len(values) for values in found.values()} == {1} and len(found) > 4
    (alone,) = (own for own in analyze(evidence, choose("f")) if own.key == "f")
    assert rows(alone, "quantisation_differences") == rows(analyses["f"], "quantisation_differences")


def test_a_joint_interval_leaves_0_out_exactly_where_the_difference_is_decided(evidence: Evidence) -> None:
    comparisons = compare_groups(evidence, all_groups(evidence))
    verdicts = set()
    for own in comparisons:
        assert own.joint.interval is not None
        decided = own.verdict in ("higher", "lower")
        assert decided is not (own.joint.interval[0] <= 0 <= own.joint.interval[1]), own.model
        verdicts.add(decided)
    assert verdicts == {True, False}


def test_a_pair_that_occurs_twice_is_one_test(evidence: Evidence) -> None:
    once = compare_models(evidence.sample, [("g", "ant-7b", "bee-7b"), ("g", "ant-1b", "ant-7b")])
    twice = compare_models(
        evidence.sample, [("g", "ant-7b", "bee-7b"), ("h", "bee-7b", "ant-7b"), ("g", "ant-1b", "ant-7b")]
    )
    assert [own.adjusted for own in once] == [twice[0].adjusted, twice[2].adjusted] and twice[1].tests == 2
    assert twice[0].difference.value == -(twice[1].difference.value or 0)


def test_the_levels_of_holm() -> None:
    ps = [0.03, 0.001, None, 0.012, 0.5]
    assert holm(ps)[0] == pytest.approx(0.06)
    assert holm_levels(ps) == [
        pytest.approx(level) for level in (1 - 0.05 / 2, 1 - 0.05 / 4, 1 - 0.05 / 2, 1 - 0.05 / 3, 1 - 0.05 / 2)
    ]


def test_models_that_never_played_stay(evidence: Evidence, analyses: dict[str, Analysis]) -> None:
    scores = {row["model"]: row for row in rows(analyses["scores"], "scores")}
    silent = scores["silent-7b"]
    assert (silent["clemscore"], silent["worth"], silent["rank"], silent["never_played"]) == (None, 0.0, 7, True)
    assert any("1 model without a clemscore never played a game to its end" in text for text in analyses["scores"].sentences)
    bucket = {row["bucket"]: row for row in rows(analyses["b"], "buckets")}
    assert bucket["(6,10]"]["lowest"] == 0.0 and bucket["(6,10]"]["lowest_model"] == "silent-7b"
    (tuned,) = (row for row in rows(analyses["c"], "base_differences") if row["model"] == "silent-7b")
    assert (tuned["score"], tuned["verdict"], tuned["difference"]) == ("worth", "lower", -50.0)
    assert "silent-7b" in [row["model"] for row in rows(analyses["i"], "dynamics")]
    (fit, *_) = rows(analyses["a"], "size_regressions")
    assert fit["n"] == 5


def test_rank_intervals_hold_the_ranks_that_differences_leave_open(evidence: Evidence) -> None:
    ranks = rank_intervals(evidence.sample)
    assert (ranks["ant-70b"].low, ranks["ant-70b"].high, ranks["ant-70b"].tier) == (1, 1, 1)
    assert (ranks["ant-7b"].low, ranks["ant-7b"].high) == (2, 4) and ranks["ant-7b-q4-vllm"].tier == 2
    assert (ranks["silent-7b"].low, ranks["silent-7b"].high) == (7, 7)
    assert rank_intervals(evidence.sample, "worth")["ant-70b"].high == 1


def test_rank_intervals_of_equal_models_hold_all_ranks_and_of_unequal_ones_need_no_more_than_one() -> None:
    rng = np.random.default_rng(4)

    def sample(shares: list[float]) -> Sample:
        won = {f"m{number}": rng.random(60) < share for number, share in enumerate(shares)}
        games = {name: {"g": {str(n): Cluster(1, 1, 1, 100.0 * w) for n, w in enumerate(own)}} for name, own in won.items()}
        return sample_of(games, {}, list(games))

    equal = [rank_intervals(sample([0.5] * 6)) for _ in range(20)]
    held = [own.better + own.worse == 0 for ranks in equal for own in ranks.values()]
    assert sum(held) >= 0.9 * len(held)
    steps = rank_intervals(sample([0.02, 0.5, 0.98]))
    assert [(own.low, own.high, own.tier) for own in steps.values()] == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]


def test_what_is_decided_makes_room_for_the_rest() -> None:
    """A difference that is not shown among ten equals is shown where nine of them are far off."""
    wins = {"best": 45, "second": 29, **{f"far{number}": 1 + number // 3 for number in range(9)}}
    games = {
        name: {"g": {str(n): Cluster(1, 1, 1, 100.0 * ((n * 7 + 30 * (name == "second")) % 60 < count)) for n in range(60)}}
        for name, count in wins.items()
    }
    sample = sample_of(games, {}, list(games))
    p = sample.difference("best", "second", "worth").p or 1.0
    assert 0.05 / 10 < p < 0.05
    assert rank_intervals(sample, "worth")["best"].high == 1


def test_sizes_of_closed_models_are_rumours_unless_a_table_says_otherwise(evidence: Evidence) -> None:
    known = dict(evidence.facts.select("model", "size_known").iter_rows())
    assert known["ant-70b"] is False and known["ant-7b"] is True and known["bee-7b"] is True
    assert known["ant-7b-q4-vllm"] is None  # of no known size
    said = Evidence(evidence.scores, described={"ant-70b": facts(parameters=70, open_weights=False, size_known=True)})
    assert said.facts["size_known"].to_list() == [True]


def test_models_of_one_origin_are_one_lineage(evidence: Evidence) -> None:
    assert lineages_of(evidence, ["bee-7b", "ant-70b", "silent-7b"]) == ("ant", "ant", "ant")


def test_characteristics_of_several_tables_are_merged_field_by_field() -> None:
    first = Evidence(described={"ant": facts(parameters=7, released=date(2023, 1, 1))})
    second = Evidence(described={"ant": facts(parameters=8, context=4096), "bee": facts(parameters=1)})
    merged = merge([first, second]).described
    assert (merged["ant"].parameters, merged["ant"].released, merged["ant"].context) == (7, date(2023, 1, 1), 4096)
    assert merged["bee"].parameters == 1


def test_a_second_run_of_a_model_has_its_characteristics() -> None:
    clusters = played({"ant": 3, "ant #2": 5})
    decoding = {"ant": "plain", "ant #2": "constrained"}
    evidence = Evidence(scores_of(clusters), clusters=clusters, described={"ant": facts(parameters=7)}, decoding=decoding)
    assert evidence.facts["parameters"].to_list() == [7, 7]
    (group,) = (own for own in all_groups(evidence) if own.kind == "decoding")
    assert (group.reference, group.others) == ("ant", ("ant #2",))
