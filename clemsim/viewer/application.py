"""The web application: which address is which page. Pages are made in threads, as they read stores."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from aiohttp import hdrs, web

from clemsim.html.environment import ASSETS, asset
from clemsim.store.folder import is_played
from clemsim.viewer.access import Access
from clemsim.viewer.acting import Acting
from clemsim.viewer.guard import guarded, html
from clemsim.viewer.library import Kind, stamp_of
from clemsim.viewer.links import Query
from clemsim.viewer.live import OVER, send_changes
from clemsim.viewer.other_process import stop_all
from clemsim.viewer.pages.compare import CompareChoice, compare_page, is_computing
from clemsim.viewer.pages.episode import episode_page
from clemsim.viewer.pages.episodes import episodes_page, query_of
from clemsim.viewer.pages.home import NEWEST, home
from clemsim.viewer.pages.run import run_page
from clemsim.viewer.pages.stress import stress_page
from clemsim.viewer.pages.study import study_page
from clemsim.viewer.run_images import image_of
from clemsim.viewer.site import Site

FOREVER = "public, max-age=31536000, immutable"  # an asset's address changes with its content
MEDIA = {"css": "text/css", "js": "text/javascript"}
SITE, ACCESS = web.AppKey("site", Site), web.AppKey("access", Access)


def application(site: Site, access: Access, hosts: Collection[str]) -> web.Application:
    """Return the application that serves `site` to requests that name one of `hosts`; `access` tells who may act."""
    app = web.Application(middlewares=[guarded(hosts)])
    app[SITE], app[ACCESS] = site, access
    app.router.add_get("/", _home)
    app.router.add_get("/run/{slug}", _run)
    app.router.add_get("/run/{slug}/changes", _run_changes)
    app.router.add_get("/study/{slug}", _study)
    app.router.add_get("/stress/{slug}", _stress)
    app.router.add_get("/compare", _compare)
    app.router.add_get("/compare/changes", _compare_changes)
    app.router.add_get("/run/{slug}/episodes", _episodes)
    app.router.add_get(r"/run/{slug}/episode/{number:[0-9]{1,9}}", _episode)
    app.router.add_get("/run/{slug}/image/{digest}", _image)
    app.router.add_get("/assets/{name}", _asset)
    Acting(site, access).add_to(app)
    app.on_shutdown.append(_stop)
    app.on_cleanup.append(_close)
    return app


async def _stop(app: web.Application) -> None:
    stop_all()


async def _page(request: web.Request, make: Callable[..., str], *values: object) -> web.Response:
    """Return a page, which `make` returns for the site as the user of the request may use it, and `values`."""
    site = request.app[SITE].for_actor(may_act=request.app[ACCESS].may_act(request))
    return html(await asyncio.to_thread(make, site, *values))


async def _home(request: web.Request) -> web.Response:
    admitted = request.app[ACCESS].admit(request)
    return admitted or await _page(request, home, request.query.get("q", ""), request.query.get("sort", NEWEST))


async def _run(request: web.Request) -> web.Response:
    return await _page(request, run_page, request.match_info["slug"])


async def _episodes(request: web.Request) -> web.Response:
    return await _page(request, episodes_page, request.match_info["slug"], _query(request))


async def _episode(request: web.Request) -> web.Response:
    number = int(request.match_info["number"])
    return await _page(request, episode_page, request.match_info["slug"], number, _query(request))


async def _image(request: web.Request) -> web.Response:
    place = request.match_info["slug"], request.match_info["digest"]
    raw, media_type = await asyncio.to_thread(image_of, request.app[SITE], *place)
    return web.Response(body=raw, content_type=media_type, headers={hdrs.CACHE_CONTROL: FOREVER})  # a digest is of one


async def _run_changes(request: web.Request) -> web.StreamResponse:
    entry = await asyncio.to_thread(request.app[SITE].library.find, request.match_info["slug"], Kind.run)
    return await send_changes(request, lambda: stamp_of(entry.folder) if is_played(entry.folder) else OVER)


async def _study(request: web.Request) -> web.Response:
    shown = request.query.get("score", "worth"), request.query.get("against", "")
    return await _page(request, study_page, request.match_info["slug"], *shown)


async def _stress(request: web.Request) -> web.Response:
    return await _page(request, stress_page, request.match_info["slug"])


async def _compare(request: web.Request) -> web.Response:
    return await _page(request, compare_page, CompareChoice.of(request.query))


async def _compare_changes(request: web.Request) -> web.StreamResponse:
    site, choice = request.app[SITE], CompareChoice.of(request.query)
    return await send_changes(request, lambda: choice if is_computing(site, choice) else OVER)


def _query(request: web.Request) -> Query:
    return query_of(request.query, {"flag": request.query.getall("flag", [])})


async def _close(app: web.Application) -> None:
    await asyncio.to_thread(app[SITE].indexes.close)


async def _asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in ASSETS:
        raise web.HTTPNotFound
    media = MEDIA[name.rpartition(".")[2]]
    return web.Response(text=asset(name), content_type=media, headers={hdrs.CACHE_CONTROL: FOREVER})
