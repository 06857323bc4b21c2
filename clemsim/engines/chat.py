"""Any OpenAI-compatible server, over HTTP.

aiohttp carries the turns (one pool, no limit of its own; the scheduler sets the width), httpx asks the server once who
it is, tenacity says when to try again.
"""

from __future__ import annotations

import asyncio
from asyncio import sleep
from time import monotonic, time
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from clemsim.aside import stepping_aside
from clemsim.engines import protocol
from clemsim.engines.base import Completion, Engine, Request
from clemsim.engines.protocol import Dialect
from clemsim.errors import EngineTimeout, EngineUnavailable, Transient, Unauthorized, UnknownModel, UsageError

CONTROL_TIMEOUT = 10.0  # seconds, for questions about the server itself
LONGEST_RETRY_AFTER = 120.0  # seconds


class ChatEngine(Engine):
    """A model behind `URL/chat/completions`. Transient faults are tried again, `attempts` times in all."""

    def __init__(
        self,
        model: str,
        url: str,
        *,
        key: str | None = None,
        width: int | None = 64,
        timeout: float = 600.0,
        attempts: int = 6,
        first_wait: float = 0.5,
        longest_wait: float = 30.0,
        name: str | None = None,
    ) -> None:
        """`timeout` and the waits in seconds. Raises UsageError for an address that can't be one."""
        self.name = name or model
        self.model = model
        self.url = checked_url(url)
        self.width = width
        self.dialect: Dialect = "openai"
        self.server = ""
        self._key = checked_key(key)
        self._headers = {"Content-Type": "application/json"} | _authorization(self._key)
        self._timeout = timeout
        self._attempts = attempts
        self._backoff = wait_random_exponential(multiplier=first_wait, max=longest_wait)
        self._session: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Reach the server, check that it serves the model and find out what it understands."""
        async with self._opening:
            if self._session is None:
                await self._ask_server()
                self._session = self._connect()

    async def _ask_server(self) -> None:
        async with httpx.AsyncClient(headers=self._headers, timeout=CONTROL_TIMEOUT, trust_env=False) as client:
            owners = await self._check_model(client)
            await self._detect(client, owners)

    def _connect(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            headers=self._headers,
            read_bufsize=2**18,
        )

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    @property
    def constrains(self) -> bool:
        """vLLM and llama.cpp can."""
        return self.dialect != "openai"

    def describe(self) -> dict[str, Any]:
        """Model, address and what the server said of itself."""
        return {
            "engine": "chat",
            "model": self.model,
            "url": self.url,
            "dialect": self.dialect,
            "server": self.server or "unknown",
        }

    async def complete(self, request: Request) -> Completion:
        """One chat completion; waits between attempts hold up nobody else."""
        sent = orjson.dumps(protocol.body(self.model, request, self.dialect))
        session, started = self._opened(), time()
        try:
            return await self._attempt(session, sent, request, started, 0)
        except Transient as error:
            return await self._again(error, session, sent, request, started)

    async def _again(
        self, first: Transient, session: aiohttp.ClientSession, sent: bytes, request: Request, started: float
    ) -> Completion:
        """Retry after a first attempt that failed, which counts as one of all; most requests never come here."""
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=self._wait,
            retry=retry_if_exception_type(Transient),
            reraise=True,
            sleep=_aside,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    retries = attempt.retry_state.attempt_number - 1
                    if retries == 0:
                        raise first
                    return await self._attempt(session, sent, request, started, retries)
        except Transient as error:
            error.args = (f"{error.args[0]}, after {self._attempts} attempts",)
            raise
        raise AssertionError("tenacity gave neither a result nor an error")

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise EngineUnavailable(f"{self.name} is not open")
        return self._session

    async def _attempt(
        self, session: aiohttp.ClientSession, sent: bytes, request: Request, started: float, retries: int
    ) -> Completion:
        begun = monotonic()
        status, payload, wait = await self._post(session, sent)
        seconds = monotonic() - begun
        if status == 200:
            said = _json(payload)
            return protocol.read(said, request, self.name, started=started, seconds=seconds, retries=retries)
        fault = protocol.fault(status, self._hide_key(payload.decode(errors="replace")), protocol.retry_after(wait))
        if fault is not None:
            raise fault
        return protocol.overflow(request, self.name, started=started, seconds=seconds, retries=retries)

    async def _post(self, session: aiohttp.ClientSession, sent: bytes) -> tuple[int, bytes, str | None]:
        """Status, body and the wait asked for; a redirect is an answer like any other, so the key stays here."""
        try:
            async with session.post(f"{self.url}/chat/completions", data=sent, allow_redirects=False) as response:
                return response.status, await response.read(), response.headers.get("Retry-After")
        except TimeoutError as error:
            raise EngineTimeout(f"no answer from {self.url} within {self._timeout:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            said = self._hide_key(protocol.shorten(str(error) or type(error).__name__))
            raise EngineUnavailable(f"{self.url}: {said}") from error

    def _hide_key(self, text: str) -> str:
        """The text without the key, which some servers repeat."""
        return text.replace(self._key, "(key)") if self._key else text

    def _wait(self, state: RetryCallState) -> float:
        """Jittered exponential back-off, and never less than the server asked for."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Transient) else None
        return max(float(self._backoff(state)), min(asked or 0.0, LONGEST_RETRY_AFTER))

    async def _check_model(self, client: httpx.AsyncClient) -> set[str]:
        """Raise unless the server is there and serves the model; who owns its models hints at what it is."""
        try:
            answer = await client.get(f"{self.url}/models")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EngineUnavailable(
                f"no server answers at {self.url}: start it or correct the address ({type(error).__name__})"
            ) from error
        if answer.status_code in (401, 403):
            raise Unauthorized(f"{self.url} refused the key: set CLEMSIM_API_KEY to one that it accepts")
        if answer.status_code in (404, 405):
            return set()
        if answer.status_code != 200:
            said = protocol.shorten(self._hide_key(answer.text))
            raise EngineUnavailable(f"{self.url}/models said {answer.status_code}: {said}")
        try:
            models = [model for model in answer.json()["data"] if isinstance(model, dict)]
        except (ValueError, KeyError, TypeError) as error:
            raise EngineUnavailable(f"{self.url} is no OpenAI-compatible server: /models sent no list") from error
        names = [str(model.get("id")) for model in models]
        if names and self.model not in names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            raise UnknownModel(f"{self.url} does not serve {self.model!r}, only {', '.join(names[:5])}{more}")
        return {str(model.get("owned_by")) for model in models}

    async def _detect(self, client: httpx.AsyncClient, owners: set[str]) -> None:
        """vLLM owns its models and tells its version; llama.cpp owns its models or tells its properties."""
        root = self.url.removesuffix("/v1")
        if "vllm" in owners:
            version = (await _get(client, f"{root}/version")).get("version", "")
            self.dialect, self.server = "vllm", f"vllm {version}".strip()
            return
        properties = await _get(client, f"{root}/props")
        if "llamacpp" in owners or "build_info" in properties:
            self.dialect, self.server = "llamacpp", f"llama.cpp {properties.get('build_info', '')}".strip()


async def _aside(seconds: float) -> None:
    """Wait before another attempt, without keeping others from their turns."""
    async with stepping_aside.get()():
        await sleep(seconds)


def checked_url(url: str) -> str:
    """The address without a slash at its end; `/v1` is added where there is no path. Raises UsageError."""
    if "@" in url:
        raise UsageError("an address must not hold a name or password: put the key into CLEMSIM_API_KEY")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{url!r} is no address: give one such as http://127.0.0.1:8000/v1")
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def checked_key(key: str | None) -> str:
    """The key without blanks around it, empty for none. Raises UsageError for one that no header can carry."""
    key = (key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise UsageError("the key holds characters that no key has: correct CLEMSIM_API_KEY")
    return key


def _authorization(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


async def _get(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    try:
        answer = await client.get(url)
        said = answer.json() if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _json(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise EngineUnavailable("the server sent an unreadable answer: it is not JSON") from error
