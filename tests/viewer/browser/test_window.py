"""The window itself: it sees what pages must not do."""

from __future__ import annotations

import pytest

from clemsim.viewer.server import ViewerServer
from tests.viewer.browser.conftest import OpenWindow
from tests.viewer.browser.window import NARROW

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FAULTY = """<html><body><div style="width: 900px">wide</div><input><p style="color: #ccc; background: #fff">pale</p>
<img src="http://127.0.0.1:1/x.png"><script>console.log("said"); throw Error("broken")</script></body></html>"""


async def test_it_sees_what_is_wrong(window: OpenWindow, server: ViewerServer, axe_script: str) -> None:
    seen = await window(server.url, NARROW)
    await seen.page.set_content(FAULTY)
    found = " ".join(await seen.violations(axe_script))
    assert all(rule in found for rule in ("color-contrast:", "label:", "image-alt:", "html-has-lang:"))
    assert "DIV" in " ".join(await seen.sideways())
    told, seen.complaints = " ".join(seen.complaints), []
    assert all(text in told for text in ("console: said", "script: broken", "request: http://127.0.0.1:1/x.png"))
