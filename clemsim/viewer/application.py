"""The web application: which address is which page. Pages are made in threads, as they read stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from aiohttp import hdrs, web

from clemsim.html.environment import ASSETS, asset
from clemsim.viewer.guard import guarded, html
from clemsim.viewer.pages.home import home
from clemsim.viewer.pages.run import run_page
from clemsim.viewer.site import Site

FOREVER = "public, max-age=31536000, immutable"  # an asset's address changes with its content
MEDIA = {"css": "text/css", "js": "text/javascript"}
SITE = web.AppKey("site", Site)


def application(site: Site, hosts: Collection[str]) -> web.Application:
    """Return the application that serves `site` to requests that name one of `hosts`."""
    app = web.Application(middlewares=[guarded(hosts)])
    app[SITE] = site
    app.router.add_get("/", _home)
    app.router.add_get("/run/{slug}", _run)
    app.router.add_get("/assets/{name}", _asset)
    return app


async def _page(make: Callable[..., str], *values: object) -> web.Response:
    return html(await asyncio.to_thread(make, *values))


async def _home(request: web.Request) -> web.Response:
    return await _page(home, request.app[SITE], request.query.get("q", ""), request.query.get("sort", "begun"))


async def _run(request: web.Request) -> web.Response:
    return await _page(run_page, request.app[SITE], request.match_info["slug"])


async def _asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in ASSETS:
        raise web.HTTPNotFound
    media = MEDIA[name.rpartition(".")[2]]
    return web.Response(text=asset(name), content_type=media, headers={hdrs.CACHE_CONTROL: FOREVER})
