"""Recorded episodes of clembench's own game masters and of real models, by both rule sets: the arenas agree with every one
of them, in outcome, every score and every ask.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from clemsim.catalog import suites
from clemsim.catalog.suites import Suite
from clemsim.interop.clembench.checkout import import_checkout
from clemsim.interop.clembench.port import ports
from clemsim.interop.clembench.verify import RecordingAgreement, verify

GOLDEN = Path(__file__).parents[3] / "shared" / "golden"
INSTANCES = {"v1.6": 420, "v3.0": 813}
FILES = {"v1.6": ("dev/{}.jsonl", "adversarial/{}.jsonl"), "v3.0": ("v3/real/{}.jsonl.xz", "v3/adv/{}.dev.jsonl.xz")}
FEW = {"v1.6": FILES["v1.6"][:1], "v3.0": FILES["v3.0"][1:]}
RECORDED = [(name, version) for version in FILES for name in ports() if (GOLDEN / FEW[version][0].format(name)).exists()]
BOTH = [name for name in ports() if (name, "v1.6") in RECORDED]
PLAYSCHOOL = GOLDEN / "v3" / "adv" / "clean_up_playschool.dev.jsonl.xz"

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded episodes (../shared/golden) are not here")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Suite]:
    folder = tmp_path_factory.mktemp("imported")
    for version, instances in INSTANCES.items():
        counts = import_checkout(GOLDEN / f"clembench-{version}", version, folder / version)
        assert sum(counts.values()) == instances
    return {version: suites.load_suite(str(folder / version)) for version in INSTANCES}


def agreement(files: list[Path], suite: Suite) -> RecordingAgreement:
    (found,) = verify([file for file in files if file.exists()], suite).values()
    assert found.rules in (suite.rules, "playschool")
    return found


@pytest.mark.parametrize(("name", "version"), RECORDED)
def test_a_tenth_of_the_episodes_agree(name: str, version: str, imported: Mapping[str, Suite], tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"".join(list(lines(GOLDEN / FEW[version][0].format(name)))[::10]))
    found = agreement([few], imported[version])
    assert found.mismatches == [] and found.complete and found.episodes >= 2
    assert found.asks >= 2 or ports()[name].unordered


@pytest.mark.slow
@pytest.mark.parametrize(("name", "version"), RECORDED)
def test_all_episodes_agree(name: str, version: str, imported: Mapping[str, Suite]) -> None:
    found = agreement([GOLDEN / file.format(name) for file in FILES[version]], imported[version])
    assert (
        found.mismatches == [] and found.complete and found.episodes >= 40 and (found.asks > 150 or ports()[name].unordered)
    )


def test_the_suite_of_v1_6_is_played_as_its_prompts_teach(imported: Mapping[str, Suite]) -> None:
    rules = {name: part.rules for name, part in imported["v1.6"].arenas.items() if part.rules}
    assert rules == {"wordle_withclue": "v1.6-as-taught", "wordle_withcritic": "v1.6-as-taught"}
    assert all(part.rules is None for part in imported["v3.0"].arenas.values())


@pytest.mark.parametrize("name", BOTH)
def test_other_rules_do_not_agree_with_all(name: str, imported: Mapping[str, Suite]) -> None:
    """What differs between the rule sets is seen in the recorded episodes; of three games nothing does."""
    other = verify([GOLDEN / FEW["v3.0"][0].format(name)], imported["v3.0"], rules="v1.6", verbatim=True)[name]
    assert other.complete == (name in ("taboo", "referencegame"))


def test_recordings_that_name_no_rules_are_driven_by_those_that_agree(imported: Mapping[str, Suite], tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"".join(list(lines(GOLDEN / "v3" / "real" / "clean_up.jsonl.xz"))[::9]))
    real = agreement([few], imported["v3.0"])
    assert (real.episodes, real.complete, real.rules) == (6, True, "playschool")
    assert not verify([few], imported["v3.0"], rules="v3.0")["clean_up"].complete


@pytest.mark.slow
def test_all_episodes_of_the_playschool_agree(imported: Mapping[str, Suite]) -> None:
    found = agreement([PLAYSCHOOL], imported["v3.0"])
    assert found.mismatches == [] and found.complete and found.episodes >= 150


def lines(file: Path) -> Iterator[bytes]:
    with lzma.open(file) if file.suffix == ".xz" else file.open("rb") as content:
        yield from content


def test_a_separator_of_unicode_ends_no_line(imported: Mapping[str, Suite], tmp_path: Path) -> None:
    record: dict[str, Any] = json.loads(next(lines(GOLDEN / "dev" / "taboo.jsonl")))
    record["replies"][0]["text"] = "no clue \u2028 \u0085 \x0b"
    record |= {"replies": record["replies"][:1], "outcome": "aborted", "scores": {"Main Score": None}, "round_scores": {}}
    (tmp_path / "one.jsonl").write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    assert agreement([tmp_path / "one.jsonl"], imported["v1.6"]).complete
