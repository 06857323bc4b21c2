"""Pictures through the command line: shown, saved, on a page, in exports, before a person, in other processes."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from base64 import b64decode, b64encode
from contextlib import closing
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aiohttp import web

import clemsim as package
from clemsim.cli.view.transcript_page import transcript_page
from clemsim.game.content import Image
from clemsim.game.events import AskedParts, Event, Replied
from clemsim.game.instances import EpisodeKey
from clemsim.results.dialogue.read import dialogue_of
from tests.cli.conftest import Clemsim
from tests.engines.servers import MODEL, FakeServer, answer, serving_in_thread
from tests.pictures import png, shade

SHADES = "from tests.pictures import Shades\n"
NAMES = [f"{shade(grey).digest[:16]}.png" for grey in (1, 2, 3)]


async def script(request: web.Request) -> web.StreamResponse:
    """Say what a page must not run."""
    return web.json_response(answer("SAY: <script>"))


@pytest.fixture
def played(clemsim: Clemsim, tmp_path: Path) -> Clemsim:
    """Play a run `r` of a game with pictures."""
    (tmp_path / "game.py").write_text(SHADES)
    with serving_in_thread(FakeServer(faults=[script] * 3)) as server:
        agent = f"{MODEL}@{server.url}"
        run = clemsim("run", "--arena", "game.py:Shades", "--agent", agent, "--instances", 1, "--out", "r")
    assert run.code == 0, run.err
    return clemsim


def test_a_transcript_says_which_pictures_were_shown_and_saves_them(played: Clemsim, tmp_path: Path) -> None:
    shown = played("show", "r", 1)
    assert shown.code == 0 and shade(1).line in shown.out and "[image: <b>, 30x20 png, sha256" in shown.out
    saved = played("show", "r", 1, "--images", "pictures")
    assert saved.code == 0 and "3 pictures: pictures" in saved.out
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == sorted(NAMES)
    assert (tmp_path / "pictures" / NAMES[1]).read_bytes() == png(grey=2)
    assert package.open_run(tmp_path / "r").image(shade(3).digest) == png(grey=3)


class Tags(HTMLParser):
    """Keeps all tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs)))


def test_a_page_has_the_pictures_and_nothing_that_runs_or_loads(played: Clemsim, tmp_path: Path) -> None:
    assert played("show", "r", "--html", "page.html").code == 0
    page = (tmp_path / "page.html").read_text()
    tags = Tags(page).tags
    pictures = [attributes for tag, attributes in tags if tag == "img"]
    assert [attributes["alt"] for attributes in pictures] == ["grey", "<b>", "grey", "grey"]
    sources = [attributes["src"] or "" for attributes in pictures]
    assert all(re.fullmatch(r"data:image/png;base64,[A-Za-z0-9+/=]+", source) for source in sources)
    assert b64decode(sources[0].partition(",")[2]) == png(grey=1)
    assert not {tag for tag, _ in tags} & {"iframe", "object", "embed", "form", "base"}
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    allowed = b64encode(sha256(script.encode()).digest()).decode()
    policy = next(attributes["content"] for _, attributes in tags if "http-equiv" in attributes)
    assert policy and policy.startswith(f"default-src 'none'; script-src 'sha256-{allowed}'; style-src 'sha256-")
    assert "img-src data:;" in policy and "unsafe" not in policy
    assert "SAY: &lt;script&gt;" in page
    again = played("show", "r", "--html", "page.html")
    assert again.code == 2 and "page.html already exists" in again.err


def test_no_other_kind_of_picture_stands_on_a_page() -> None:
    svg = Image("00", "image/svg+xml", 1, 1, 1, '"><script>')  # type: ignore[arg-type]
    events: list[Event] = [AskedParts(1, "a", "x", True, (svg,)), Replied(1, "a", '"><img src=x>\u202e')]
    page = transcript_page([(dialogue_of(EpisodeKey("g", "<b>/0", 0, "m"), events), ())], lambda image: b"<svg/>")
    assert "<img" not in page and "svg+xml" in page and page.count("<script") == 1 and "\u202e" not in page


def test_exports_have_each_picture_once(played: Clemsim, tmp_path: Path) -> None:
    digests = [shade(grey).digest for grey in (1, 2, 3)]
    for name in ("jsonl", "parquet", "clembench", "trace", "guidellm", "otel"):
        assert played("export", "r", "--format", name, "--out", f"out-{name}", "--trust").code == 0
    row = json.loads((tmp_path / "out-jsonl").read_text())
    assert list(row["images"]) == digests and b64decode(row["images"][digests[0]]["data"]) == png(grey=1)
    assert [part["digest"] for part in row["events"][0]["parts"] if part["type"] == "image"] == digests[:1]
    tables = {path.stem for path in (tmp_path / "out-parquet").iterdir()}
    assert tables == {"episodes", "turns", "scores", "seats", "images", "details", "calls"}
    assert package.open_run(tmp_path / "r").pandas("images").data[1] == png(grey=2)
    logs = list((tmp_path / "out-clembench").rglob("interactions.json"))
    turns = [event["action"] for turn in json.loads(logs[0].read_text())["turns"] for event in turn]
    assert [action["image"] for action in turns if "image" in action] == [
        [f"images/{name}" for name in NAMES[:2]],
        [f"images/{NAMES[0]}", f"images/{NAMES[2]}"],
    ]
    assert sorted(path.name for path in (tmp_path / "out-clembench" / "images").iterdir()) == sorted(NAMES)
    first = json.loads((tmp_path / "out-trace").read_text().splitlines()[0])["messages"][0]["content"]
    assert [part["type"] for part in first] == ["image_url", "text", "image_url"]
    assert first[0]["image_url"]["url"].startswith("data:image/png;base64,")
    assert '"blob"' in (tmp_path / "out-otel").read_text()


def test_doctor_names_a_picture_that_is_lost(played: Clemsim, tmp_path: Path) -> None:
    assert "3 of 3 are right" in played("doctor", "r").out
    with closing(sqlite3.connect(tmp_path / "r" / "run.db", isolation_level=None)) as base:
        base.execute("DELETE FROM images WHERE digest = ?", (shade(2).digest,))
    found = played("doctor", "r")
    assert found.code == 1 and "2 of 3 are right" in found.out
    assert "there is no picture" in played("show", "r", "--html", "page.html").err and not (tmp_path / "page.html").exists()


def test_a_person_gets_the_path_of_a_picture(clemsim: Clemsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "game.py").write_text(SHADES)
    monkeypatch.setattr("sys.stdin", io.StringIO("SAY: 1\n\n"))
    result = clemsim("play", "game.py:Shades", "--seat", "a", "--agent", "random")
    assert result.code == 0, result.err
    assert re.search(rf"^\[image: <b>, .*\]: /.*/{NAMES[1]}$", result.err, re.MULTILINE)


@pytest.mark.slow
def test_two_workers_store_each_picture_once(clemsim: Clemsim, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    (tmp_path / "game.py").write_text(SHADES)
    assert clemsim("run", "--arena", "game.py:Shades", "--agent", "random", "--workers", 2, "--out", "two").code == 0
    assert "3 of 3 are right" in clemsim("doctor", "two").out
    assert clemsim("replay", "two", "--trust").code == 0
