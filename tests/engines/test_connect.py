"""One network policy reaches all three clients."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from aiohttp import web

from clemsim.engines.connect import NetworkPolicy, control_client
from clemsim.engines.http11 import Http11Transport
from clemsim.engines.transport import AiohttpTransport, make_transport

HEADERS = {"Content-Type": "application/json", "X-Team": "a"}


def anonymous_tls(*, server: bool) -> ssl.SSLContext:
    """Return a context for TLS without certificates, which no client uses unless it is given one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    if not server:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.set_ciphers("AECDH:@SECLEVEL=0")
    except ssl.SSLError:
        pytest.skip("this OpenSSL has no TLS without certificates")
    return context


@asynccontextmanager
async def echoing(tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve the header `X-Team` of every request as the body of its response."""

    async def echo(request: web.Request) -> web.Response:
        return web.Response(text=request.headers.get("X-Team", "none"))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def post_by_all(url: str, policy: NetworkPolicy) -> list[bytes]:
    """Return the bodies that the control client and the transport of an address get."""
    transport = make_transport(url, policy)
    try:
        async with control_client(policy) as client:
            return [(await client.post(url)).content, (await transport.post(b"")).body]
    finally:
        await transport.close()


@pytest.mark.parametrize(("url", "kind"), [("http://host/v1", Http11Transport), ("https://host/v1", AiohttpTransport)])
async def test_the_address_decides_the_transport(url: str, kind: type) -> None:
    transport = make_transport(url, NetworkPolicy())
    assert type(transport) is kind
    await transport.close()


async def test_headers_are_sent_by_all_clients() -> None:
    async with echoing() as url:
        assert await post_by_all(url, NetworkPolicy(HEADERS)) == [b"a", b"a"]
        aiohttp = AiohttpTransport(url, NetworkPolicy(HEADERS))
        assert (await aiohttp.post(b"")).body == b"a"
        await aiohttp.close()


async def test_tls_settings_reach_all_clients_that_use_tls() -> None:
    async with echoing(anonymous_tls(server=True)) as url:
        assert await post_by_all(url, NetworkPolicy(HEADERS, tls=anonymous_tls(server=False))) == [b"a", b"a"]
        with pytest.raises(httpx.ConnectError):
            async with control_client(NetworkPolicy()) as client:
                await client.get(url)
        transport = make_transport(url, NetworkPolicy())
        with pytest.raises(OSError):
            await transport.post(b"")
        await transport.close()


async def test_connections_are_given_up_after_the_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.sleep(100)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "create_connection", hang, raising=False)
    transport = Http11Transport("http://127.0.0.1:9/v1", NetworkPolicy(connect_timeout=0.01))
    with pytest.raises(TimeoutError):
        await transport.post(b"")
