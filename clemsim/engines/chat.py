"""Any OpenAI-compatible server, over HTTP.

aiohttp carries the turns (one pool, no limit of its own; the scheduler sets the width), httpx asks the server once who
it is, tenacity says when to try again.
"""

from __future__ import annotations

from time import monotonic, time
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

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
        width: int = 64,
        timeout: float = 600.0,
        attempts: int = 6,
        first_wait: float = 0.5,
        longest_wait: float = 30.0,
    ) -> None:
        """`timeout` and the waits in seconds. Raises UsageError for an address that can't be one."""
        self.name = model
        self.url = checked_url(url)
        self.width = width
        self.dialect: Dialect = "openai"
        self.server = ""
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._timeout = timeout
        self._attempts = attempts
        self._backoff = wait_random_exponential(multiplier=first_wait, max=longest_wait)
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Reach the server, check that it serves the model and find out what it understands."""
        if self._session is not None:
            return
        async with httpx.AsyncClient(headers=self._headers, timeout=CONTROL_TIMEOUT, trust_env=False) as client:
            owners = await self._check_model(client)
            await self._detect(client, owners)
        self._session = aiohttp.ClientSession(
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
            "model": self.name,
            "url": self.url,
            "dialect": self.dialect,
            "server": self.server or "unknown",
        }

    async def complete(self, request: Request) -> Completion:
        """One chat completion; waits between attempts hold up nobody else."""
        sent = orjson.dumps(protocol.body(self.name, request, self.dialect))
        attempts = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            wait=self._wait,
            retry=retry_if_exception_type(Transient),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                return await self._post(sent, request, attempt.retry_state.attempt_number - 1)
        raise AssertionError("tenacity gave neither a result nor an error")

    async def _post(self, sent: bytes, request: Request, retries: int) -> Completion:
        if self._session is None:
            raise EngineUnavailable(f"{self.name} is not open")
        started, begun = time(), monotonic()
        try:
            async with self._session.post(f"{self.url}/chat/completions", data=sent) as response:
                payload = await response.read()
                status, wait = response.status, response.headers.get("Retry-After")
        except TimeoutError as error:
            raise EngineTimeout(f"no answer from {self.url} within {self._timeout:g} s") from error
        except aiohttp.ClientError as error:
            raise EngineUnavailable(f"{self.url}: {protocol.shorten(str(error) or type(error).__name__)}") from error
        seconds = monotonic() - begun
        if status != 200:
            fault = protocol.fault(status, payload.decode(errors="replace"), protocol.retry_after(wait))
            if fault is None:
                return protocol.overflow(request, self.name, started=started, seconds=seconds, retries=retries)
            raise fault
        return protocol.read(_json(payload), request, self.name, started=started, seconds=seconds, retries=retries)

    def _wait(self, state: RetryCallState) -> float:
        """Jittered exponential back-off, and never less than the server asked for."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, Transient) else None
        return max(float(self._backoff(state)), min(asked or 0.0, LONGEST_RETRY_AFTER))

    async def _check_model(self, client: httpx.AsyncClient) -> set[str]:
        """Raise unless the server is there and serves the model; who owns its models hints at what it is."""
        try:
            answer = await client.get(f"{self.url}/models")
        except httpx.HTTPError as error:
            raise EngineUnavailable(
                f"no server answers at {self.url}: start it or correct the address ({type(error).__name__})"
            ) from error
        if answer.status_code in (401, 403):
            raise Unauthorized(f"{self.url} refused the key: set CLEMSIM_API_KEY to one that it accepts")
        if answer.status_code in (404, 405):
            return set()
        if answer.status_code != 200:
            raise EngineUnavailable(f"{self.url}/models said {answer.status_code}: {protocol.shorten(answer.text)}")
        try:
            models = [model for model in answer.json()["data"] if isinstance(model, dict)]
        except (ValueError, KeyError, TypeError) as error:
            raise EngineUnavailable(f"{self.url} is no OpenAI-compatible server: /models sent no list") from error
        names = [str(model.get("id")) for model in models]
        if names and self.name not in names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            raise UnknownModel(f"{self.url} does not serve {self.name!r}, only {', '.join(names[:5])}{more}")
        return {str(model.get("owned_by")) for model in models}

    async def _detect(self, client: httpx.AsyncClient, owners: set[str]) -> None:
        """Ask, never assume: vLLM tells its version, llama.cpp its properties."""
        root = self.url.removesuffix("/v1")
        if "vllm" in owners and (said := await _get(client, f"{root}/version")):
            self.dialect, self.server = "vllm", f"vllm {said.get('version', '')}".strip()
        elif "llamacpp" in owners and (said := await _get(client, f"{root}/props")):
            self.dialect, self.server = "llamacpp", f"llama.cpp {said.get('build_info', '')}".strip()


def checked_url(url: str) -> str:
    """The address without a slash at its end; `/v1` is added where there is no path. Raises UsageError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url!r} is no address: give one such as http://127.0.0.1:8000/v1")
    if parts.username or parts.password:
        raise UsageError("an address must not hold a password: put the key into CLEMSIM_API_KEY")
    path = parts.path.rstrip("/") or "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


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
