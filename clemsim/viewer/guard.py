"""What every answer says to the browser, and who may ask at all.

A page of another site can make a browser send requests here. It may not read them: only requests that name this machine by
its own address are answered (DNS rebinding), pages may not be framed, and they load nothing but what this server sends.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from clemsim.errors import ClemsimError, UsageError
from clemsim.html.environment import render
from clemsim.html.frame import SERVED, Frame
from clemsim.viewer.access import ForbiddenError

LONGEST, SHOWN = 8000, 300  # characters of an address, and of what a message says
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOGGER = logging.getLogger("clemsim")
HEADERS = {
    "Content-Security-Policy": SERVED,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # none at all would take the origin from forms, by which `access` knows them
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def guarded(hosts: Collection[str]) -> Middleware:
    """Return the middleware of the viewer, for requests to one of `hosts` (with their port)."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host not in hosts:
            return web.Response(status=421, text="this server answers to its own address only\n", headers=HEADERS)
        try:
            if len(request.raw_path) > LONGEST:
                raise web.HTTPRequestURITooLong
            response = await handler(request)
        except web.HTTPException as error:
            if error.status < 400:  # a redirect
                raise
            response = message(error.status, error.reason, f"{request.path[:SHOWN]} cannot be had: {error.reason}.")
        except ForbiddenError as error:
            response = message(403, "Not allowed", f"{error}.")
        except UsageError as error:
            acting = request.method == hdrs.METH_POST
            response = message(400 if acting else 404, "This cannot be done" if acting else "Not found", str(error))
        except ClemsimError as error:
            response = message(500, "This cannot be read", str(error))
        except Exception:
            LOGGER.exception("the page %s cannot be made", request.path)
            response = message(500, "This page cannot be made", "It is a mistake of clemsim; the terminal tells more.")
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return guard


def message(status: int, title: str, text: str) -> web.Response:
    """Return a page that says one thing."""
    page = render("message.html", frame=Frame(title, home="/"), text=text, back="/", back_text="All runs")
    return html(page, status)


def html(page: str, status: int = 200) -> web.Response:
    """Return a page as an answer. Nobody keeps it: the run may go on."""
    return web.Response(text=page, status=status, content_type="text/html", headers={hdrs.CACHE_CONTROL: "no-store"})
