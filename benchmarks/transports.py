"""Why turns go over our own wire: what a request costs with each client.

A server in a process of its own answers every chat completion at once. The same requests are sent by httpx, by aiohttp
and by `clemsim.engines.wire`, in turn and several times, so many at a time. Prints JSON and a table: requests a second,
CPU microseconds of a request (the client's), and the ratio of that to aiohttp's; all of one run.
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
from report import show
from zero import zero_latency_server

from clemsim.cli.common import run_async
from clemsim.engines.http11 import Http11Transport
from clemsim.engines.transport import AiohttpTransport, Transport

HEADERS = {"Content-Type": "application/json"}
SENT = orjson.dumps({"model": "fake", "messages": [{"role": "user", "content": "word " * 200}], "max_tokens": 300})

Post = Callable[[], Awaitable[object]]


async def measure(post: Post, requests: int, width: int) -> tuple[float, float]:
    """Seconds and CPU seconds of so many requests, `width` at a time."""
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
    """httpx with no limit of its own."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(headers=HEADERS, limits=limits, timeout=None, trust_env=False) as client:
        return await measure(lambda: client.post(url, content=SENT), requests, width)


async def with_aiohttp(url: str, requests: int, width: int) -> tuple[float, float]:
    """aiohttp, as it carries turns over TLS."""
    return await _with(AiohttpTransport(url, HEADERS), requests, width)


async def with_wire(url: str, requests: int, width: int) -> tuple[float, float]:
    """Ours, as it carries turns to plain addresses."""
    return await _with(Http11Transport(url, HEADERS), requests, width)


async def _with(transport: Transport, requests: int, width: int) -> tuple[float, float]:
    try:
        return await measure(lambda: transport.post(SENT), requests, width)
    finally:
        await transport.close()


CLIENTS = {"httpx": with_httpx, "aiohttp": with_aiohttp, "wire": with_wire}


async def at(url: str, requests: int, width: int, rounds: int) -> dict[str, dict[str, Any]]:
    """All clients at one width; medians."""
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in CLIENTS}
    for _ in range(rounds):
        for name, client in CLIENTS.items():
            took[name].append(await client(url, requests, width))
    seconds = {name: median(each[0] for each in some) for name, some in took.items()}
    cpu = {name: median(each[1] for each in some) for name, some in took.items()}
    return {
        name: {
            "requests_per_second": round(requests / seconds[name]),
            "cpu_microseconds": round(1e6 * cpu[name] / requests),
            "cpu_of_aiohttp": round(cpu[name] / cpu["aiohttp"], 2),
        }
        for name in CLIENTS
    }


async def main(options: argparse.Namespace, address: str) -> None:
    """All widths."""
    url = f"{address}/v1/chat/completions"
    found = {width: await at(url, options.requests, width, options.rounds) for width in options.widths}
    show({"benchmark": "transports", "requests": options.requests, "width": found})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--widths", type=int, nargs="+", default=[64, 1000])
    parser.add_argument("--rounds", type=int, default=3)
    with zero_latency_server() as where:
        run_async(main(parser.parse_args(), where))
