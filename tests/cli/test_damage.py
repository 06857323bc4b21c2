"""Damaged stores: every command says so in one line or answers as before, and none ends in a traceback."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import orjson
import pytest

from tests.cli.conftest import Clemsim

READ = [
    ("show", "d"),
    ("show", "d", "1"),
    ("show", "d", "--json"),
    ("replay", "d"),
    ("export", "d", "--format", "jsonl", "--out", "lines"),
    ("export", "d", "--format", "clembench", "--out", "files"),
    ("export", "d", "--format", "trace", "--out", "trace"),
    ("doctor", "d"),
    ("score", "d"),
    ("resume", "d"),
]
ANALYSE = ("analyze", "d", "--only", "d", "--figures", "none", "--out", "analysis")
PAGE = 4096
KINDS = ("bit", "digit", "cut", "page")


def damaged(content: bytes, rng: random.Random) -> bytes:
    """The content with one thing changed."""
    changed = bytearray(content)
    match rng.choice(KINDS):
        case "bit":
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        case "digit":
            where = rng.choice([match.start() for match in re.finditer(rb"[a-z0-9]", content)])
            changed[where] = changed[where] ^ 1
        case "cut":
            del changed[rng.randrange(len(changed)) :]
        case "page":
            begin = rng.randrange(len(changed) // PAGE) * PAGE
            changed[begin : begin + PAGE] = bytes(PAGE)
    return bytes(changed)


def played(clemsim: Clemsim) -> None:
    """A run of two games, some of whose episodes are unfinished."""
    words = ("run", "--arena", "taboo", "--arena", "privateshared", "--instances", "1", "--agent", "baseline")
    assert clemsim(*words, "--out", "r").code == 0


def told(path: Path) -> list[dict[str, object]]:
    """What an export tells of the episodes, but for what the checksums leave out: scores, which can be computed anew."""
    return [{**orjson.loads(line), "scores": None} for line in path.read_bytes().splitlines()]


def check(clemsim: Clemsim, folder: Path, seeds: range, *, analyse: bool) -> None:
    played(clemsim)
    assert clemsim("export", "r", "--format", "jsonl", "--out", "whole").code == 0
    content = (folder / "r" / "run.db").read_bytes()
    for seed in seeds:
        changed = damaged(content, random.Random(seed))
        for words in (*READ, *([ANALYSE] if analyse else [])):
            for name in ("d", "lines", "files", "trace", "analysis"):
                shutil.rmtree(folder / name, ignore_errors=True)
                (folder / name).unlink(missing_ok=True)
            shutil.copytree(folder / "r", folder / "d")
            (folder / "d" / "run.db").write_bytes(changed)
            try:
                said = clemsim(*words)
            except BaseException as error:
                raise AssertionError(f"seed {seed}: {words} raised {error!r}") from error
            assert said.code in (0, 1, 2), f"seed {seed}: {words} exits with {said.code}"
            assert said.code != 2 or len(said.err.splitlines()) <= 2, said.err
            if words[0] == "doctor" and said.code == 0:
                assert clemsim("show", "d").code == 0, f"seed {seed}: the doctor finds nothing"
            if words[3:4] == ("jsonl",) and said.code == 0:
                assert told(folder / "lines") == told(folder / "whole"), f"seed {seed}: the export is another, silently"


def test_damage_is_told_in_one_line(clemsim: Clemsim, tmp_path: Path) -> None:
    check(clemsim, tmp_path, range(8), analyse=False)


@pytest.mark.slow
def test_damage_of_every_kind_is_told_in_one_line(clemsim: Clemsim, tmp_path: Path) -> None:
    check(clemsim, tmp_path, range(100, 250), analyse=True)
