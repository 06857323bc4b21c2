"""A small run that all tests of the viewer may read, and a client of a viewer that shows it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import hdrs
from aiohttp.test_utils import TestClient, TestServer

import clemsim
from clemsim.viewer.access import Access
from clemsim.viewer.application import application
from clemsim.viewer.library import Library
from clemsim.viewer.site import Site


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two agents and two games."""
    folder = tmp_path_factory.mktemp("played") / "first"
    made = clemsim.run(
        suite="quick", arenas=["taboo", "privateshared"], agents=["baseline", "random"], instances=1, out=folder
    )
    asyncio.run(made)
    return folder


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compute in this process what the viewer computes in others, which takes seconds to begin."""
    monkeypatch.setattr(
        "clemsim.viewer.result_cache.in_other_process", lambda function, *values, **named: function(*values, **named)
    )


class Viewer:
    """A client of a viewer."""

    def __init__(self, client: TestClient, access: Access, hosts: set[str]) -> None:  # type: ignore[type-arg]
        self.client = client
        self.access = access
        self.origin = f"http://{client.host}:{client.port}"
        hosts.add(f"{client.host}:{client.port}")

    async def page(self, path: str, status: int = 200) -> str:
        """Return a page as a reader gets it."""
        async with self.client.get(path) as response:
            assert response.status == status
            return await response.text()

    async def sign_in(self) -> None:
        """Open the address that the terminal prints."""
        await self.page(self.access.address("/"))

    async def post(self, path: str, status: int = 200, origin: str | None = None, **data: object) -> tuple[str, str]:
        """Send a form, and return the address and the text of the page that it ends in."""
        headers = {hdrs.ORIGIN: self.origin if origin is None else origin}
        async with self.client.post(path, headers=headers, data={k: str(v) for k, v in data.items()}) as response:
            assert response.status == status, await response.text()
            return response.url.path, await response.text()


@pytest.fixture
def folder(played: Path, tmp_path: Path) -> Path:
    """A folder with a copy of the run, in which more can be made."""
    shutil.copytree(played, tmp_path / "runs" / "first")
    return tmp_path / "runs"


@pytest.fixture
async def viewer(folder: Path) -> AsyncIterator[Viewer]:
    """A viewer of the folder."""
    hosts, access = set[str](), Access()
    app = application(Site(Library([folder])), access, hosts)
    async with TestClient(TestServer(app)) as client:
        yield Viewer(client, access, hosts)
