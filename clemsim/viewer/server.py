"""Serves the viewer until it is stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from clemsim.errors import UsageError
from clemsim.viewer.access import Access
from clemsim.viewer.application import application
from clemsim.viewer.site import Site

LOCAL = ("127.0.0.1", "localhost", "[::1]")
LONGEST_LINE = 2**16  # bytes of an address that is answered with a page; longer ones get a line of text

logger = logging.getLogger(__name__)
logger.addFilter(lambda record: not isinstance((record.exc_info or (None, None))[1], HttpProcessingError))  # no bug of ours


class ViewerServer:
    """The web server of the viewer."""

    def __init__(self, site: Site) -> None:
        """Make a server that listens to nothing yet."""
        self._site = site
        self._access = Access()
        self._runner: web.AppRunner | None = None
        self.url = self.own_url = ""  # of the first page: for readers, and for the user, who may act too

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes any free one. Raises UsageError where the address cannot be used."""
        hosts = set[str]()
        app = application(self._site, self._access, hosts)
        self._runner = web.AppRunner(app, access_log=None, logger=logger, max_line_size=LONGEST_LINE, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise UsageError(f"{host}:{port} cannot be used: choose another --port ({error.strerror})") from error
        bound = self._runner.addresses[0][1]
        hosts.update(f"{name}:{bound}" for name in (*LOCAL, host))
        self.url = f"http://{host}:{bound}/"
        self.own_url = self._access.address(self.url)

    async def stop(self) -> None:
        """Stop listening, and end what is open."""
        if self._runner:
            await self._runner.cleanup()


async def serve(site: Site, host: str, port: int, on_ready: Callable[[str], None], stopped: asyncio.Event) -> None:
    """Serve until `stopped` is set. `on_ready` gets the address of the first page for its user. Raises UsageError."""
    server = ViewerServer(site)
    await server.start(host, port)
    try:
        on_ready(server.own_url)
        await stopped.wait()
    finally:
        await server.stop()
