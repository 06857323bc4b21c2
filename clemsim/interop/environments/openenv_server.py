"""A server of OpenEnv that plays an arena: many sessions at once, each with episodes of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from contextlib import nullcontext, suppress
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from clemsim._util.extras import library
from clemsim._util.open_files import raise_limit
from clemsim.errors import ClemsimError, UsageError
from clemsim.interop.environments.learning_seat import LearningSeat, line_of
from clemsim.interop.environments.openenv import ArenaEnvironment, EpisodeState, SeatAction, SeatObservation

MOST_SESSIONS = 4096
IDLE = 600.0  # seconds without a message after which a session is closed
LONGEST_MESSAGE = 2**20  # bytes of a message of a client
BACKLOG = 2048  # connections that may wait to be accepted: a trainer opens many at once
Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]
_USE = ("openenv", "a server of OpenEnv")
_FILES = 128  # that are open besides connections


def application(seat: LearningSeat, sessions: int = MOST_SESSIONS, idle: float | None = IDLE) -> Any:
    """Return the FastAPI application of a learning seat that is open. `sessions`: at once at most; `idle`: seconds, after
    which a session that nobody moves is closed, checked every five seconds or every quarter of that time.
    """
    server = library("openenv.core.env_server.http_server", *_USE)
    types = library("openenv.core.env_server.types", *_USE)
    app = server.create_fastapi_app(
        partial(ArenaEnvironment, seat),
        SeatAction,
        SeatObservation,
        concurrency_config=types.ConcurrencyConfig(max_concurrent_envs=sessions, session_timeout=idle),
        env_name=seat.arena.name,
        state_cls=EpisodeState,
        mode="simulation",
    )
    answer = library("fastapi.responses", *_USE).JSONResponse

    async def told(_: object, error: ClemsimError) -> Any:
        return answer({"detail": line_of(error)}, status_code=400 if isinstance(error, UsageError) else 502)

    app.add_exception_handler(ClemsimError, told)
    return app


def guarded(app: Application, hosts: Collection[str] = ()) -> Application:
    """Return the application for those alone whom no page of another site sends: it would have the agents called.

    `hosts`: what the server is called by, with its port; empty: anything.
    """

    async def guard(
        scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope.get("headers", ())}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        foreign = (hosts and host not in hosts) or (origin is not None and urlsplit(origin).netloc != host)
        if scope["type"] == "lifespan" or not foreign:
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "a page of another site may not play"})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"this server answers to its own address only\n"})

    return guard


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address; port 0: any that is free. Raises UsageError where it is taken."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, port))
        except OSError:
            bound.close()
            raise
    except OSError as error:
        raise UsageError(f"{host}:{port} cannot be used: choose another --port or --host ({error.strerror})") from None
    return bound


async def serve(
    seat: LearningSeat,
    bound: socket.socket,
    ready: Callable[[str], None],
    stopped: asyncio.Event,
    sessions: int = MOST_SESSIONS,
    idle: float | None = IDLE,
) -> None:
    """Serve at a bound socket until `stopped` is set; `ready` is told the address. Raises UsageError, and what opening the
    agents raises.
    """
    uvicorn = library("uvicorn", *_USE)
    files = raise_limit()
    if sessions + _FILES > files:
        raise UsageError(f"{files} files may be open here: lower --sessions to {max(1, files - _FILES)}, or raise ulimit -n")
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    own = {f"{name}:{port}" for name in (shown, "localhost")} if ip_address(host).is_loopback else ()
    async with seat.opened():
        config = uvicorn.Config(
            guarded(application(seat, sessions, idle), own),
            log_level="error",
            backlog=BACKLOG,
            ws_max_size=LONGEST_MESSAGE,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        server.capture_signals = nullcontext  # whoever serves handles signals
        running = asyncio.ensure_future(server.serve(sockets=[bound]))
        stopping = asyncio.ensure_future(stopped.wait())
        try:
            await _begun(server, running)
            ready(f"http://{shown}:{port}")
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            server.should_exit = True
            with suppress(asyncio.CancelledError):
                await running


async def _begun(server: Any, running: asyncio.Future[None]) -> None:
    while not server.started:
        if running.done():
            await running
            raise UsageError("the server of OpenEnv did not start")
        await asyncio.sleep(0.01)
