"""Asks a server once what it is and what it understands. Nothing is assumed: a server is not sent what it does not show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from clemsim.engines.address import root, subpage
from clemsim.engines.answers import read_count
from clemsim.engines.connect import NetworkPolicy, control_client
from clemsim.engines.credentials import BARE, own_variables
from clemsim.engines.dialects import DIALECTS, Dialect, DialectName
from clemsim.engines.metrics import read_load, read_ranks
from clemsim.engines.pages import Page, fetch_page
from clemsim.engines.protocol import shorten
from clemsim.engines.tls import certificate_problem
from clemsim.errors import EngineUnavailable, Unauthorized, UnknownModel
from clemsim.game.encodable import encodable

MOST_NAME = 100  # characters of a name that a server gives
BATCH_PATH = "/v1/chat/completions/batch"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a server is and what it can do."""

    dialect: DialectName = "openai"
    name: str = ""  # name and version
    metrics: bool = False  # it reports how busy it is
    batch: bool = False  # it takes several conversations in one request
    priority: bool = False  # it answers the request with the lowest priority number first
    slots: int | None = None  # requests that it answers at once, where that is fixed
    ranks: int = 1  # engines behind it that a request can choose between

    @property
    def speaks(self) -> Dialect:
        """The dialect of the server."""
        return DIALECTS[self.dialect]

    def describe(self) -> dict[str, Any]:
        """Return what a run records about the server."""
        features = [name for name in ("metrics", "batch", "priority") if getattr(self, name)]
        if self.ranks > 1:
            features.append(f"{self.ranks} engines")
        return {"dialect": self.dialect, "server": self.name or "unknown", "features": features}


@dataclass(frozen=True, slots=True)
class ServerProbe:
    """The control plane of one server. `url` ends in `/v1` or the like; `hide` removes the secrets from a text; `dialect`:
    what the server is known to speak, so that it need not be found out.
    """

    url: str
    network: NetworkPolicy
    hide: Callable[[str], str]
    dialect: DialectName | None = None

    async def identify(self, model: str) -> ServerInfo:
        """Find out what the server is and check that it serves `model`.

        Raises EngineUnavailable, Unauthorized, and UnknownModel where it does not serve the model.
        """
        async with control_client(self.network) as client:
            owners = await self._check_model(client, model)
            if self.dialect == "vllm" or (self.dialect is None and "vllm" in owners):
                return await self._identify_vllm(client, model)
            if self.dialect == "sglang" or (self.dialect is None and "sglang" in owners):
                return await self._identify_sglang(client)
            if self.dialect not in (None, "llamacpp"):
                return ServerInfo(self.dialect)
            properties = await self._json(client, subpage(root(self.url), "props"))
            if "llamacpp" in owners or "build_info" in properties:
                slots = read_count(properties.get("total_slots"))
                name = self._name(f"llama.cpp {properties.get('build_info', '')}")
                return ServerInfo("llamacpp", name, slots=slots or None)
        return ServerInfo(self.dialect or "openai")

    async def alive(self) -> bool:
        """Return whether the server answers, if only with an error of the client."""
        try:
            async with control_client(self.network) as client:
                return (await fetch_page(client, subpage(self.url, "models"))).status < 500
        except (httpx.HTTPError, OSError):
            return False

    def _name(self, name: str) -> str:
        """Return a name that the server gives itself, such as can be printed."""
        return shorten(self.hide(name), MOST_NAME)

    async def _identify_vllm(self, client: httpx.AsyncClient, model: str) -> ServerInfo:
        version = (await self._json(client, subpage(root(self.url), "version"))).get("version", "")
        paths = (await self._json(client, subpage(root(self.url), "openapi.json"))).get("paths")
        batch = isinstance(paths, dict) and BATCH_PATH in paths
        page = await self._text(client, subpage(root(self.url), "metrics"))
        priority = await self._takes_priority(client, model)
        name, metrics = self._name(f"vllm {version}"), read_load(page) is not None
        return ServerInfo("vllm", name, metrics, batch, priority, ranks=read_ranks(page))

    async def _identify_sglang(self, client: httpx.AsyncClient) -> ServerInfo:
        about = await self._json(client, subpage(root(self.url), "get_server_info"))
        metrics = read_load(await self._text(client, subpage(root(self.url), "metrics"))) is not None
        priority = about.get("enable_priority_scheduling") is True
        return ServerInfo("sglang", self._name(f"sglang {about.get('version', '')}"), metrics, priority=priority)

    async def _takes_priority(self, client: httpx.AsyncClient, model: str) -> bool:
        """Return whether vLLM schedules by priority. No page says it, but a priority is refused where it means nothing; so
        one token is requested.
        """
        body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1, "priority": 1}
        try:
            page = await fetch_page(client, subpage(self.url, "chat/completions"), post=body)
        except (httpx.HTTPError, OSError):
            return False
        return page.status == 200

    async def _check_model(self, client: httpx.AsyncClient, model: str) -> set[str]:
        """Return the owners of the server's models, which hint at what it is. Raises unless it serves the model."""
        page = await self._models(client)
        if page.status in (401, 403):
            names = " or ".join([BARE, *own_variables(self.url)[-1:]])
            raise Unauthorized(f"{self.url} refused the key: set {names} to one that it accepts")
        if page.status in (404, 405):
            return set()
        if page.status != 200:
            text = shorten(self.hide(page.text))
            raise EngineUnavailable(f"{subpage(self.url, 'models')} said {page.status}: {text}")
        return self._owners(page, model)

    async def _models(self, client: httpx.AsyncClient) -> Page:
        """Return the page of models. Raises EngineUnavailable."""
        try:
            return await fetch_page(client, subpage(self.url, "models"))
        except OSError as error:
            reason = f"{subpage(self.url, 'models')}: {error or type(error).__name__}"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = certificate_problem(error, self.url) or self._unreachable(error)
        raise EngineUnavailable(self.hide(reason))

    def _unreachable(self, error: Exception) -> str:
        where = f"at {self.url}"
        if self.network.proxy:
            where += f" through the proxy {self.network.proxy.url} (NO_PROXY names what is reached straight)"
        what = str(error) if isinstance(error, httpx.ProxyError) else type(error).__name__
        return f"no server answers {where}: start it or correct the address ({what})"

    def _owners(self, page: Page, model: str) -> set[str]:
        data = page.fields.get("data")
        if not isinstance(data, list):
            raise EngineUnavailable(f"{self.url} is not an OpenAI-compatible server: /models sent no list")
        cards = [card for card in data if isinstance(card, dict)]
        names = [self.hide(encodable(str(card.get("id")))) for card in cards]
        if names and model not in names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            known = ", ".join(shorten(name, MOST_NAME) for name in names[:5])
            raise UnknownModel(f"{self.url} does not serve {model!r}, only {known}{more}")
        return {str(card.get("owned_by")) for card in cards}

    async def _json(self, client: httpx.AsyncClient, url: str) -> dict[str, Any]:
        """Return the JSON object of a page; an empty one where there is none."""
        try:
            return (await fetch_page(client, url)).fields
        except (httpx.HTTPError, OSError):
            return {}

    async def _text(self, client: httpx.AsyncClient, url: str) -> str:
        """Return the text of a page; empty where there is none."""
        try:
            page = await fetch_page(client, url)
        except (httpx.HTTPError, OSError):
            return ""
        return page.text if page.status == 200 else ""
