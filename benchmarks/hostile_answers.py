"""What a hostile server sends, and the server: in a process of its own, plainly and over TLS."""

import asyncio
import gzip
import json
import logging
import random
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

DELAY = 0.01  # seconds that a sound reply takes
FLOOD = 100 * 2**20  # bytes
SOUND = b'{"choices": [{"message": {"content": "VOTE: yes"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 9}}'


def junk(rng: random.Random, depth: int = 3) -> Any:
    """Return any JSON, with numbers that no count can be and texts that no store takes."""
    simple: list[Any] = [
        *(None, True, False, 0, -1, 2**31, 2**63, 2**64, 10**300, 1e30, -1e30, float("nan"), float("inf"), 0.5),
        *("", "stop", "overflow", "\x00", "\ud800", "\x1b[2J", "\u2028", "x" * 2000, rng.randbytes(9).decode("latin-1")),
    ]
    kind = rng.random()
    if depth == 0 or kind < 0.6:
        return rng.choice(simple)
    if kind < 0.8:
        return [junk(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {str(rng.choice(simple)): junk(rng, depth - 1) for _ in range(rng.randrange(4))}


def junk_header(rng: random.Random) -> bytes:
    """Return a header line that HTTP allows, often a Retry-After of any shape."""
    after = ["Wed, 21 Oct 2015 99999999999999999999:28:00 GMT", "-1", "nan", "1e999", "9" * 500, "\u00b2", "soon", "0x7"]
    return rng.choice([f"Retry-After: {rng.choice(after)}", "X-Odd: \u00e9\u00ff", "Server:", "Link: " + "a" * 4000]).encode(
        "latin-1"
    )


def framed(rng: random.Random, body: bytes, status: bytes = b"200 OK") -> bytes:
    """Return a whole response in one of the ways in which HTTP frames a body."""
    head = b"HTTP/1.1 " + status + b"\r\n" + b"".join(junk_header(rng) + b"\r\n" for _ in range(rng.randrange(3)))
    if rng.random() < 0.1:
        head = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + head
    match rng.randrange(3):
        case 0:
            return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        case 1:
            cut = rng.randrange(len(body) + 1)
            chunks = [part for part in (body[:cut], body[cut:]) if part]
            framed_chunks = b"".join(b"%x\r\n" % len(chunk) + chunk + b"\r\n" for chunk in chunks)
            return head + b"Transfer-Encoding: chunked\r\n\r\n" + framed_chunks + b"0\r\n\r\n"
    return head + b"Connection: close\r\n\r\n" + body


def sound(rng: random.Random) -> bytes:
    """Return a reply with junk in all that a reply does not need."""
    text = rng.choice(["VOTE: yes", "VOTE: yes\ud800", "VOTE: yes\x00\x1b]0;x\x07"])
    content = rng.choice(
        [text, [{"type": "text", "text": text}], [{"type": "text", "text": "VOTE: "}, {"type": "text", "text": "yes"}]]
    )
    reason: object = rng.choice(["stop", "length", None, "eos", 7, [], "overflow", "x" * 500])
    counts = {name: junk(rng) for name in ("prompt_tokens", "completion_tokens", "prompt_tokens_details")}
    times = {name: junk(rng) for name in ("queue_time_ms", "time_to_first_token_ms")}
    message = {"content": content, "reasoning": junk(rng)}
    payload = {
        "choices": [{"message": message, "finish_reason": reason, "index": junk(rng)}],
        "usage": rng.choice([junk(rng), counts]),
        "metrics": rng.choice([junk(rng), times]),
        "system_fingerprint": junk(rng),
        "more": junk(rng),
    }
    return framed(rng, json.dumps(payload).encode())


def withheld(rng: random.Random) -> bytes:
    """Return what stands for a reply that the provider kept back."""
    message, reason = rng.choice(
        [({"content": None}, "content_filter"), ({"content": "VOTE"}, "content_filter"), ({"content": None}, "tool_calls")]
    )
    return framed(rng, json.dumps({"choices": [{"message": message, "finish_reason": reason}], "usage": junk(rng)}).encode())


def garbage(rng: random.Random) -> bytes:
    """Return no reply."""
    statuses = [
        b"500 No",
        b"502 Bad",
        b"503 Busy",
        b"429 Slow",
        b"408 Late",
        b"400 Bad",
        b"422 No",
        b"302 Away",
        b"204 Nothing",
    ]
    statuses += [b"401 Who", b"403 No", b"404 None"]
    body = json.dumps(junk(rng)).encode()
    half = SOUND[: rng.randrange(1, len(SOUND))]
    message = json.dumps(
        {"choices": [{"message": rng.choice([None, {}, 3, [], {"content": 3}, {"content": [{}]}])}]}
    ).encode()
    options: list[Callable[[], bytes]] = [
        lambda: rng.randbytes(rng.randrange(1, 300)),
        lambda: b"HTTP/1.1 " + rng.choice([b"abc", b"-1 X", b"99999 X", b"", b"\xff"]) + b"\r\n\r\n" + SOUND,
        lambda: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n" + SOUND,
        lambda: b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2**18,
        lambda: (
            b"HTTP/1.1 200 OK\r\nContent-Length: "
            + rng.choice([b"-5", b"9" * 40, b"1e3", b"5000000000"])
            + b"\r\n\r\n"
            + SOUND
        ),
        lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 5\r\n\r\n" + SOUND,
        lambda: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + SOUND,
        lambda: b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(SOUND),
        lambda: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(SOUND) + half,
        lambda: framed(rng, body, rng.choice(statuses)),
        lambda: framed(rng, b"<html>\x1b[2J gateway</html>"),
        lambda: framed(rng, b"data: " + SOUND + b"\n\n"),
        lambda: framed(rng, half),
        lambda: framed(rng, body),
        lambda: framed(rng, message),
        lambda: framed(rng, b"[" * 5000),
        lambda: framed(rng, json.dumps({"error": junk(rng), "message": "model overloaded"}).encode()),
        lambda: b"",
    ]
    return rng.choice(options)()


def random_answer(seed: int, number: int) -> tuple[str, bytes]:
    """Return what the answer to episode `number` is called, and its bytes: the same for client and server."""
    rng = random.Random(f"{seed}/{number}")
    kind = rng.choices(["sound", "withheld", "garbage"], [3, 1, 5])[0]
    return kind, {"sound": sound, "withheld": withheld, "garbage": garbage}[kind](rng)


Writer = asyncio.StreamWriter
GZIPPED = gzip.compress(b"x" * 2**20, 9) * 1024  # members add up: 1 GB


async def flood(writer: Writer) -> None:
    """100 MB of a text that begins as a reply does."""
    begin = b'{"choices": [{"message": {"content": "'
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(begin), begin))
    for _ in range(FLOOD >> 20):
        writer.write(b"100000\r\n" + b"x" * 2**20 + b"\r\n")
        await writer.drain()


async def endless_header(writer: Writer) -> None:
    """A header line of 100 MB that does not end."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    for _ in range(FLOOD >> 20):
        writer.write(b"x" * 2**20)
        await writer.drain()


async def bomb(writer: Writer) -> None:
    """One GB in about one MB."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(GZIPPED) + GZIPPED)
    await writer.drain()


async def good(writer: Writer) -> None:
    """A sound reply."""
    await asyncio.sleep(DELAY)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(SOUND) + SOUND)


ATTACKS: dict[str, Callable[[Writer], Awaitable[None]]] = {"flood": flood, "header": endless_header, "bomb": bomb}


def serve(ready: Connection, seed: int, certificate: str) -> None:
    """Serve plainly and over TLS; the first part of the path says what is sent."""

    async def answer(path: str, body: bytes, writer: Writer) -> bool:
        """Send an answer; return whether the connection stays open."""
        name = path.split("/")[1]
        if not path.endswith("/chat/completions"):
            writer.write(b"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n")
        elif name == "good":
            await good(writer)
        elif name == "random":
            text = json.loads(body)["messages"][0]["content"]
            writer.write(random_answer(seed, int(text.split()[1].strip(".")))[1])
            return False
        else:
            await ATTACKS[name](writer)
            return False
        return True

    async def talk(reader: asyncio.StreamReader, writer: Writer) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            goes_on = True
            while goes_on:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lengths = [int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:")]
                goes_on = await answer(head.split()[1], await reader.readexactly(sum(lengths)), writer)
                await writer.drain()
        writer.close()

    logging.getLogger("asyncio").setLevel(logging.ERROR)  # clients that leave are what is wanted

    async def main() -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        servers = [await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context, backlog=1024) for context in (None, tls)]
        ready.send([server.sockets[0].getsockname()[1] for server in servers])
        await asyncio.Event().wait()

    asyncio.run(main())


@contextmanager
def hostile(seed: int, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Run the server in a process of its own; give its plain address, its TLS address, and the file of its certificate."""
    path = str(folder / "certificate.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hostile"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path + ".key", "-out", path + ".crt"]
    subprocess.run(command, check=True, capture_output=True)
    crt = Path(path + ".crt").read_text()
    Path(path).write_text(Path(path + ".key").read_text() + crt)
    here, there = Pipe()
    process = get_context("spawn").Process(target=serve, args=(there, seed, path), daemon=True)
    process.start()
    try:
        plain, tls = here.recv()
        yield f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{tls}", path + ".crt"
    finally:
        process.kill()
