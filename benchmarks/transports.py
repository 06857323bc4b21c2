"""Why plain addresses have a transport of their own: what a request costs with each client.

A server in a process of its own answers every chat completion at once. The same requests are sent by httpx, by aiohttp
and by `clemsim.engines.http11`, in turn and several times, at each width. Prints JSON and a table: requests per second,
the client's CPU microseconds per request, and the ratio of those to aiohttp's; all of one run.
usage: python benchmarks/transports.py [--requests 4000] [--widths 64 1000] [--rounds 3]
"""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter, process_time
from typing import Any

import httpx
import orjson
from chat_server import chat_server
from report import show

from clemsim.cli.common import run_async
from clemsim.engines.connect import NetworkPolicy
from clemsim.engines.http11 import Http11Transport
from clemsim.engines.transport import AiohttpTransport, Transport

POLICY = NetworkPolicy({"Content-Type": "application/json"})
BODY = orjson.dumps({"model": "fake", "messages": [{"role": "user", "content": "word " * 200}], "max_tokens": 300})

Post = Callable[[], Awaitable[object]]


async def measure(post: Post, requests: int, width: int) -> tuple[float, float]:
    """Return the seconds and CPU seconds of `requests` requests, `width` at a time."""
    left = requests

    async def work() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await post()

    begun, cpu = perf_counter(), process_time()
    await asyncio.gather(*(work() for _ in range(width)))
    return perf_counter() - begun, process_time() - cpu


async def with_httpx(url: str, requests: int, width: int) -> tuple[float, float]:
    """Measure httpx without a limit of its own."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(headers=POLICY.headers, limits=limits, timeout=None, trust_env=False) as client:
        return await measure(lambda: client.post(url, content=BODY), requests, width)


async def with_aiohttp(url: str, requests: int, width: int) -> tuple[float, float]:
    """Measure aiohttp, as it carries turns over TLS."""
    return await _measure_transport(AiohttpTransport(url, POLICY), requests, width)


async def with_http11(url: str, requests: int, width: int) -> tuple[float, float]:
    """Measure the transport that carries turns to plain addresses."""
    return await _measure_transport(Http11Transport(url, POLICY), requests, width)


async def _measure_transport(transport: Transport, requests: int, width: int) -> tuple[float, float]:
    try:
        return await measure(lambda: transport.post(BODY), requests, width)
    finally:
        await transport.close()


CLIENTS = {"httpx": with_httpx, "aiohttp": with_aiohttp, "http11": with_http11}


async def compare(url: str, requests: int, width: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Return the medians of all clients at one width."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in CLIENTS}
    for _ in range(rounds):
        for name, client in CLIENTS.items():
            times[name].append(await client(url, requests, width))
    seconds = {name: median(time[0] for time in times[name]) for name in CLIENTS}
    cpu = {name: median(time[1] for time in times[name]) for name in CLIENTS}
    return {
        name: {
            "requests_per_second": round(requests / seconds[name]),
            "cpu_microseconds": round(1e6 * cpu[name] / requests),
            "cpu_of_aiohttp": round(cpu[name] / cpu["aiohttp"], 2),
        }
        for name in CLIENTS
    }


async def main(options: argparse.Namespace, address: str) -> None:
    """Compare the clients at all widths."""
    url = f"{address}/v1/chat/completions"
    widths = {width: await compare(url, options.requests, width, options.rounds) for width in options.widths}
    show({"benchmark": "transports", "requests": options.requests, "width": widths})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--widths", type=int, nargs="+", default=[64, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    with chat_server() as server:
        run_async(main(parser.parse_args(), server.address))
