"""Asks a server once who it is and what it understands. Nothing is assumed: what it does not show, it does not get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from clemsim.engines import protocol
from clemsim.engines.metrics import read_load
from clemsim.engines.protocol import Dialect
from clemsim.errors import EngineUnavailable, Unauthorized, UnknownModel

TIMEOUT = 10.0  # seconds
BATCH = "/v1/chat/completions/batch"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a server said of itself."""

    dialect: Dialect = "openai"
    name: str = ""  # and version
    metrics: bool = False  # it tells how busy it is
    batch: bool = False  # it takes several conversations in one request
    priority: bool = False  # it answers the request with the lowest priority number first
    slots: int | None = None  # how many requests it answers at once, where that is fixed

    def describe(self) -> dict[str, Any]:
        """As it is written into a run."""
        features = [name for name in ("metrics", "batch", "priority") if getattr(self, name)]
        return {"dialect": self.dialect, "server": self.name or "unknown", "features": features}


@dataclass(frozen=True, slots=True)
class ServerProbe:
    """The control plane of one server: `url` ends in `/v1` or the like, `hide` takes the key out of a text."""

    url: str
    headers: dict[str, str]
    hide: Callable[[str], str]

    @property
    def root(self) -> str:
        """Where the pages lie that are not part of the OpenAI protocol."""
        return self.url.removesuffix("/v1")

    async def ask(self, model: str) -> ServerInfo:
        """Who it is. Raises EngineUnavailable, Unauthorized, and UnknownModel where it does not serve the model."""
        async with self._client() as client:
            owners = await self._check_model(client, model)
            if "vllm" in owners:
                return await self._vllm(client, model)
            properties = await self._get(client, f"{self.root}/props")
            if "llamacpp" in owners or "build_info" in properties:
                slots = properties.get("total_slots")
                name = f"llama.cpp {properties.get('build_info', '')}".strip()
                return ServerInfo("llamacpp", name, slots=slots if isinstance(slots, int) and slots > 0 else None)
        return ServerInfo()

    async def alive(self) -> bool:
        """Whether it answers at all."""
        try:
            async with self._client() as client:
                return (await client.get(f"{self.url}/models")).status_code < 500
        except httpx.HTTPError:
            return False

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(headers=self.headers, timeout=TIMEOUT, trust_env=False)

    async def _vllm(self, client: httpx.AsyncClient, model: str) -> ServerInfo:
        version = (await self._get(client, f"{self.root}/version")).get("version", "")
        pages = (await self._get(client, f"{self.root}/openapi.json")).get("paths") or {}
        metrics = read_load(await self._text(client, f"{self.root}/metrics")) is not None
        priority = await self._takes_priority(client, model)
        return ServerInfo("vllm", f"vllm {version}".strip(), metrics, BATCH in pages, priority)

    async def _takes_priority(self, client: httpx.AsyncClient, model: str) -> bool:
        """vLLM says nowhere how it schedules, but refuses a priority where it means nothing; so one token is asked for."""
        sent = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1, "priority": 1}
        try:
            answer = await client.post(f"{self.url}/chat/completions", json=sent)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    async def _check_model(self, client: httpx.AsyncClient, model: str) -> set[str]:
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
            said = protocol.shorten(self.hide(answer.text))
            raise EngineUnavailable(f"{self.url}/models said {answer.status_code}: {said}")
        return self._owners(answer, model)

    def _owners(self, answer: httpx.Response, model: str) -> set[str]:
        try:
            models = [each for each in answer.json()["data"] if isinstance(each, dict)]
        except (ValueError, KeyError, TypeError) as error:
            raise EngineUnavailable(f"{self.url} is no OpenAI-compatible server: /models sent no list") from error
        names = [str(each.get("id")) for each in models]
        if names and model not in names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            raise UnknownModel(f"{self.url} does not serve {model!r}, only {', '.join(names[:5])}{more}")
        return {str(each.get("owned_by")) for each in models}

    async def _get(self, client: httpx.AsyncClient, url: str) -> dict[str, Any]:
        try:
            answer = await client.get(url)
            said = answer.json() if answer.status_code == 200 else {}
        except (httpx.HTTPError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}

    async def _text(self, client: httpx.AsyncClient, url: str) -> str:
        try:
            answer = await client.get(url)
        except httpx.HTTPError:
            return ""
        return answer.text if answer.status_code == 200 else ""
