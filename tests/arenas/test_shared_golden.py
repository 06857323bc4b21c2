"""Recorded episodes of clembench's own game masters: outcome, scores and every metric agree, and every ask word by word."""

from __future__ import annotations

from pathlib import Path

import pytest

from clemsim.catalog import suites
from clemsim.catalog.suites import Suite
from clemsim.interop.clembench.checkout import import_checkout
from clemsim.interop.clembench.port import ports
from clemsim.interop.clembench.verify import verify

GOLDEN = Path(__file__).parents[3] / "shared" / "golden"
FOLDERS = {"v1.6": ("dev", "adversarial"), "v3.0": ("v3/real", "v3/adv")}
EPISODES = {"v1.6": 420, "v3.0": 330}

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded episodes (../shared/golden) are not here")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Suite]:
    """The suites of clembench's two versions."""
    folder = tmp_path_factory.mktemp("imported")
    for version, episodes in EPISODES.items():
        counts = import_checkout(GOLDEN / f"clembench-{version}", version, folder / version)
        assert sum(counts.values()) == episodes
    return {version: suites.load_suite(str(folder / version)) for version in EPISODES}


def check(name: str, version: str, folder: str, suite: Suite) -> None:
    files = [path for path in (GOLDEN / folder).iterdir() if path.name.split(".")[0] == name]
    assert files or folder == "adversarial"
    for agreement in verify(files, suite).values():
        assert agreement.mismatches == []
        assert agreement.rules == version and agreement.asks and agreement.complete and agreement.episodes >= 15


@pytest.mark.parametrize("name", ports())
def test_episodes_of_v1_6_agree(name: str, imported: dict[str, Suite]) -> None:
    check(name, "v1.6", "dev", imported["v1.6"])


@pytest.mark.parametrize("name", ["taboo", "wordle", "privateshared"])
def test_hostile_episodes_of_v3_0_agree(name: str, imported: dict[str, Suite]) -> None:
    check(name, "v3.0", "v3/adv", imported["v3.0"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ports())
@pytest.mark.parametrize(("version", "folder"), [(version, folder) for version, own in FOLDERS.items() for folder in own])
def test_all_of_them_agree(name: str, version: str, folder: str, imported: dict[str, Suite]) -> None:
    check(name, version, folder, imported[version])
