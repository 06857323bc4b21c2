"""The page of the games names all of them, with the sizes that the bundled suite has."""

from __future__ import annotations

import re
from pathlib import Path

from clemsim.arena import find_arena
from clemsim.catalog.suites import load_suite

PAGE = Path(__file__).parents[1] / "docs" / "games.md"
ROW = re.compile(r"^\| (\w+) \| (\d+) \| (\d+) \| ", re.MULTILINE)


def test_the_page_has_the_sizes_of_the_suite() -> None:
    suite, sizes = load_suite("clembench-v3"), {}
    for name in suite.arenas:
        game = suite.game(find_arena(name))
        instances = list(suite.instances(game))
        sizes[name] = (len(instances), len({instance.experiment for instance in instances}))
    told = {name: (int(instances), int(experiments)) for name, instances, experiments in ROW.findall(PAGE.read_text())}
    assert told == sizes


def test_the_page_tells_the_metrics_and_replies_of_every_game() -> None:
    sections = PAGE.read_text().split("\n## ")[1:]
    assert len(sections) == 4
    for section in sections:
        assert {name for name in load_suite("clembench-v3").arenas if not re.search(rf"\b{name}\b", section)} == set()
