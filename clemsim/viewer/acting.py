"""The requests that change something: resume a run, branch off from a turn, take a seat, reply from it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from clemsim._util.files import dated_places
from clemsim.errors import UsageError
from clemsim.viewer.access import Access
from clemsim.viewer.commands import StartedCommands
from clemsim.viewer.library import Entry, Kind
from clemsim.viewer.live import OVER, send_changes
from clemsim.viewer.pages.seat import seat_page, seated
from clemsim.viewer.person_runs import PersonRuns, room_of
from clemsim.viewer.seats import DESK
from clemsim.viewer.site import Site

LONGEST_SPEC = 2000  # characters


@dataclass(frozen=True, slots=True)
class Acting:
    """The handlers of such requests. `site`: how pages that they show are made."""

    site: Site
    access: Access
    commands: StartedCommands = field(default_factory=StartedCommands)
    person_runs: PersonRuns = field(default_factory=PersonRuns)

    def add_to(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_post("/run/{slug}/act/resume", self._allowed(self._resume))
        app.router.add_post("/run/{slug}/act/branch", self._allowed(self._branch))
        app.router.add_post("/run/{slug}/act/seat", self._allowed(self._take_seat))
        app.router.add_post("/run/{slug}/seat", self._allowed(self._reply))
        app.router.add_get("/run/{slug}/seat", self._seat)
        app.router.add_get("/run/{slug}/seat/changes", self._changes)
        app.on_shutdown.append(self._stop)

    def _allowed(self, handler: Handler) -> Handler:
        async def allowed(request: web.Request) -> web.StreamResponse:
            self.access.check(request)
            return await handler(request)

        return allowed

    async def _entry(self, request: web.Request) -> Entry:
        return await asyncio.to_thread(self.site.library.find, request.match_info["slug"], Kind.run)

    async def _resume(self, request: web.Request) -> web.StreamResponse:
        entry = await self._entry(request)
        if await asyncio.to_thread(room_of, entry.folder) is not None:
            await self.person_runs.go_on(entry.folder)
            raise _see(self.site.links.seat(entry.slug))
        await self.commands.begin(["resume", str(entry.folder)], entry.folder)
        raise _see(self.site.links.run(entry.slug))

    async def _branch(self, request: web.Request) -> web.StreamResponse:
        entry, form = await self._entry(request), await request.post()
        episode, turn, n = (_number(form.get(name), name) for name in ("episode", "turn", "n"))
        place = next(place for place in dated_places(entry.folder.parent, "-branch") if not place.exists())
        words = ["branch", str(entry.folder), str(episode), f"--turn={turn}", f"-n{n}", f"--out={place}"]
        words += [f"--{name}={_text(form.get(name), name)}" for name in ("agent", "temperature")]
        await self.commands.begin(words, place)
        raise _see(self.site.links.run((await asyncio.to_thread(self.site.library.include, place)).slug))

    async def _take_seat(self, request: web.Request) -> web.StreamResponse:
        entry, form = await self._entry(request), await request.post()
        folder = await self.person_runs.take_seat(
            entry.folder, _number(form.get("episode"), "episode"), _number(form.get("turn"), "turn")
        )
        raise _see(self.site.links.seat((await asyncio.to_thread(self.site.library.include, folder)).slug))

    async def _reply(self, request: web.Request) -> web.StreamResponse:
        entry, form = await self._entry(request), await request.post()
        stands = await asyncio.to_thread(seated, self.site, entry.slug)
        turn = _number(form.get("turn"), "turn")
        waiting = stands.turn
        if waiting is None or waiting.turn != turn or waiting.reply.done():
            raise UsageError(f"turn {turn} does not wait for a reply any more")
        waiting.reply.set_result(str(form.get("text", "")).replace("\r\n", "\n"))
        raise _see(self.site.links.seat(entry.slug))

    async def _seat(self, request: web.Request) -> web.StreamResponse:
        entry = await self._entry(request)
        site = self.site.for_actor(may_act=self.access.may_act(request))
        page = await asyncio.to_thread(seat_page, site, entry.slug, self.person_runs.problem(entry.folder))
        return web.Response(text=page, content_type="text/html", headers={hdrs.CACHE_CONTROL: "no-store"})

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        slug = (await self._entry(request)).slug

        def stamp() -> object:
            stands = seated(self.site, slug)
            return stands.stamp if stands.playing or not stands.outcome else OVER

        return await send_changes(request, stamp)

    async def _stop(self, app: web.Application) -> None:
        DESK.close()
        await self.person_runs.stop()
        await self.commands.stop()


def _see(address: str) -> web.HTTPSeeOther:
    return web.HTTPSeeOther(address)


def _number(value: object, name: str) -> int:
    text = str(value or "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text)):
        raise UsageError(f"{name}: give a number from 1 on, not {text[:20]!r}")
    return int(text)


def _text(value: object, name: str) -> str:
    text = str(value or "").strip()
    if not text or len(text) > LONGEST_SPEC:
        raise UsageError(f"{name}: give a text of up to {LONGEST_SPEC} characters")
    return text
