"""Keys, certificates, proxies, headers and time limits of `clemsim run`, as a user gives them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Timer
from time import sleep

import orjson
import pytest
from aiohttp import web

from tests.cli.conftest import Clemsim, CommandResult, start
from tests.engines.proxy import proxying
from tests.engines.servers import MODEL, FakeServer, Handler, answer, says, serving_in_thread
from tests.engines.test_chat import free_port

CERTIFICATES = Path(__file__).parents[1] / "engines" / "certificates"
KEY = "sk-very-secret-3"
ESCAPED = KEY.replace("-", "\\u002d")


def play(clemsim: Clemsim, *urls: str, more: tuple[object, ...] = ()) -> CommandResult:
    """Play three episodes with a model at each address."""
    agents = [word for url in urls for word in ("--agent", f"{MODEL}@{url}")]
    return clemsim("run", "--suite", "quick", "--arena", "taboo", "--instances", 1, *agents, "--out", "r", "--json", *more)


def tls(name: str = "server") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem")
    return context


def variable(server: FakeServer) -> str:
    return f"CLEMSIM_API_KEY_127_0_0_1_{server.url.rpartition(':')[2]}"


def written(folder: Path) -> bytes:
    """Return all bytes of a run's folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


# keys


def test_two_servers_get_a_key_each(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serving_in_thread(FakeServer()) as one, serving_in_thread(FakeServer()) as two:
        monkeypatch.setenv(variable(one), "first-secret")
        (tmp_path / "key").write_text("second-secret\n")
        (tmp_path / "key").chmod(0o600)
        monkeypatch.setenv(f"{variable(two)}_FILE", str(tmp_path / "key"))
        said = play(clemsim, one.url, two.url)
    assert said.code == 0, said.err
    assert "Bearer first-secret" in one.log and "second-secret" not in one.log
    assert "Bearer second-secret" in two.log and "first-secret" not in two.log
    assert {headers.get("Authorization") for _, headers in one.seen} == {"Bearer first-secret"}
    assert b"-secret" not in written(tmp_path / "r")


def test_an_agent_names_the_variable_of_its_key(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TEAM_A", "first-secret")
    monkeypatch.setenv("CLEMSIM_API_KEY", "second-secret")
    with serving_in_thread(FakeServer()) as one, serving_in_thread(FakeServer()) as two:
        said = play(clemsim, f"{one.url}#key_env=TEAM_A", two.url)
        missing = play(clemsim, f"{one.url}#key_env=TEAM_C")
        odd = play(clemsim, f"{one.url}#key=abc")
    assert said.code == 0, said.err
    assert "second-secret" not in one.log and "key_env" not in one.log and "first-secret" in one.log
    assert "first-secret" not in two.log and "second-secret" in two.log
    assert "#key_env=TEAM_A" in (tmp_path / "r" / "run.toml").read_text()
    assert missing.code == 2 and "TEAM_C is not set" in missing.err and missing.err.count("\n") == 1
    assert odd.code == 2 and "#key_env=" in odd.err and "abc" not in odd.err


def test_one_key_for_two_servers_is_refused(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY", KEY)
    with serving_in_thread(FakeServer()) as one, serving_in_thread(FakeServer()) as two:
        said = play(clemsim, one.url, two.url)
        assert said.code == 2 and said.err.count("\n") == 1 and not (tmp_path / "r").exists()
        assert variable(one) in said.err and variable(two) in said.err and KEY not in said.err
        assert not one.seen and not two.seen
        replicas = play(clemsim, f"{one.url},{two.url}")  # they belong together
        assert replicas.code == 0 and KEY in one.log


def test_a_study_is_refused_one_key_for_two_servers(
    clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY", KEY)
    with serving_in_thread(FakeServer()) as one, serving_in_thread(FakeServer()) as two:
        variants = [
            f'[[model]]\nname="m{number}"\n[[model.variant]]\naccess="x"\nagent="{MODEL}@{server.url}"\n'
            for number, server in enumerate((one, two))
        ]
        study = 'name="s"\narenas=["taboo"]\ninstances=1\n'
        (tmp_path / "s.toml").write_text(study + "".join(variants))
        refused = clemsim("study", "s.toml")
        assert refused.code == 2 and "MODEL@URL#key_env=NAME" in refused.err and not one.seen and not two.seen
        monkeypatch.setenv("OTHER", "second-secret")
        (tmp_path / "s.toml").write_text(study + variants[0] + variants[1] + 'key_env="OTHER"\n')
        played = clemsim("study", "s.toml", "--json")
    assert played.code == 0, played.err
    assert KEY not in two.log and "second-secret" in two.log and "second-secret" not in one.log


def test_a_key_that_travels_unencrypted_is_warned_of_once(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY", KEY)
    with serving_in_thread(FakeServer()) as server:
        assert "unencrypted" not in play(clemsim, server.url).err
        elsewhere = server.url.replace("127.0.0.1", "0.0.0.0")  # which is no loopback address, but reaches this machine
        said = play(clemsim, elsewhere, more=("--out", "r2"))
        assert said.code == 0 and said.err.count(f"the key for {elsewhere} travels unencrypted: use https") == 1
        monkeypatch.delenv("CLEMSIM_API_KEY")
        assert "unencrypted" not in play(clemsim, elsewhere, more=("--out", "r3")).err


def test_a_redirect_gets_no_key(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY", KEY)
    with serving_in_thread(FakeServer()) as thief:
        away = says(307, Location=f"{thief.url}/v1/chat/completions")
        listing = says(307, Location=f"{thief.url}/v1/models")
        with serving_in_thread(FakeServer([away] * 9)) as server, serving_in_thread(FakeServer(models=listing)) as other:
            assert play(clemsim, server.url).code == 2
            assert play(clemsim, other.url).code == 2
    assert KEY in server.log and not thief.seen


def echo(text: str) -> Handler:
    return says(200, orjson.dumps(answer("TEXT", system_fingerprint="TEXT")).decode().replace("TEXT", text))


@pytest.mark.parametrize(
    "echoed", [KEY, ESCAPED, KEY.replace("-", "%2D"), ESCAPED.replace("\\", "\\\\"), "&#x73;" + KEY[1:]]
)
def test_a_key_that_comes_back_is_stored_nowhere(
    clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, echoed: str
) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY", KEY)
    refusal = says(400, f'{{"error": {{"message": "{"x" * 285} wrong {echoed}"}}}}')
    thought = answer("CLUE: yes", system_fingerprint="")
    thought["choices"][0]["message"]["reasoning"] = "THOUGHT"
    thinking = says(200, orjson.dumps(thought).decode().replace("THOUGHT", echoed))
    server = FakeServer([echo(echoed), refusal, thinking, refusal], owner="vllm", version={"version": f"1 {KEY}"})
    with serving_in_thread(server):
        said = play(clemsim, server.url, more=("--width", 1))
    assert said.code == 1
    everything = written(tmp_path / "r") + said.err.encode() + said.out.encode()
    assert b"(key)" in everything
    for secret in (KEY, echoed, KEY[-8:]):
        assert secret.encode() not in everything


# certificates


def test_a_private_ca_is_trusted_by_option_or_variable(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = CERTIFICATES / "ca.pem"
    with serving_in_thread(FakeServer(), tls()) as server:
        refused = play(clemsim, server.url)
        assert refused.code == 2 and refused.err.count("\n") == 1
        assert f"the certificate of {server.url} is not trusted" in refused.err and "--ca-file" in refused.err
        given = play(clemsim, server.url, more=("--ca-file", authority))
        assert given.code == 0, given.err
        asked = len(server.bodies)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        by_variable = clemsim("resume", "r")
        assert by_variable.code == 0
        doctor = clemsim("doctor", "--agent", f"{MODEL}@{server.url}", "--json")
        assert [check["ok"] for check in doctor.json["checks"]][-1]
        monkeypatch.setenv("SSL_CERT_FILE", "nowhere.pem")
        assert "there is no file nowhere.pem" in play(clemsim, server.url).err
    assert asked >= 3


@pytest.mark.parametrize(("name", "problem"), [("expired", "has expired"), ("other", "is for another host")])
def test_what_is_wrong_with_a_certificate_is_said(clemsim: Clemsim, name: str, problem: str) -> None:
    with serving_in_thread(FakeServer(), tls(name)) as server:
        said = play(clemsim, server.url, more=("--ca-file", CERTIFICATES / "ca.pem"))
    assert said.code == 2 and f"the certificate of {server.url} {problem}" in said.err and said.err.count("\n") == 1


@pytest.mark.parametrize("content", [None, "nonsense"])
def test_a_ca_file_that_cannot_be_read(clemsim: Clemsim, tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "ca.pem").write_text(content)
    said = play(clemsim, "https://127.0.0.1:9", more=("--ca-file", "ca.pem"))
    assert said.code == 2 and "--ca-file: ca.pem cannot be read" in said.err and said.err.count("\n") == 1


# proxies


def test_a_proxy_sees_the_requests(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serving_in_thread(FakeServer()) as server, proxying() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("//", "//me:hunter%212%21x@"))
        said = play(clemsim, server.url)
        assert said.code == 0, said.err
        lines = {head.partition(" HTTP/")[0] for head in proxy.heads}
        assert lines >= {f"GET {server.url}/v1/models", f"POST {server.url}/v1/chat/completions"}
        assert all("Proxy-Authorization: Basic bWU6aHVudGVyITIheA==" in head for head in proxy.heads)
        assert b"hunter" not in written(tmp_path / "r")
        monkeypatch.setenv("NO_PROXY", "example.org, 127.0.0.1")
        proxy.heads.clear()
        assert play(clemsim, server.url, more=("--out", "r2")).code == 0
        assert proxy.heads == []


def test_tls_goes_through_a_proxy(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY", KEY)
    monkeypatch.setenv("CLEMSIM_CA_FILE", str(CERTIFICATES / "ca.pem"))
    with serving_in_thread(FakeServer(), tls()) as server, proxying() as proxy:
        monkeypatch.setenv("all_proxy", proxy.url)
        said = play(clemsim, server.url)
    assert said.code == 0, said.err
    assert proxy.heads and all(head.startswith(f"CONNECT {server.url[8:]} ") for head in proxy.heads)
    assert KEY not in "".join(proxy.heads) and KEY in server.log


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        ("http://me:hunter2@127.0.0.1:9", "through the proxy http://127.0.0.1:9"),
        ("socks5://me:hunter2@127.0.0.1:9", "kind socks5 cannot be used"),
        ("http://me:hunter2@127.0.0.1:x", "the address of the proxy in the environment is wrong"),
    ],
)
def test_a_proxy_that_cannot_be_used(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch, proxy: str, expected: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    said = play(clemsim, "http://127.0.0.1:9")
    assert said.code == 2 and expected in said.err and said.err.count("\n") == 1 and "hunter2" not in said.err


# addresses and headers


def test_queries_of_addresses_are_kept(clemsim: Clemsim) -> None:
    with serving_in_thread(FakeServer()) as server:
        assert play(clemsim, f"{server.url}/v1/?api-version=2024").code == 0
        refused = play(clemsim, f"{server.url}/v1?api-key=hunter2hunter2")
    assert {path for path, _ in server.seen} >= {"/v1/models?api-version=2024", "/v1/chat/completions?api-version=2024"}
    assert refused.code == 2 and "must not hold a secret" in refused.err and "hunter2" not in refused.err


def test_headers_are_sent_to_every_server(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TEAM_SECRET", "zeppelin-17")
    with serving_in_thread(FakeServer([echo("zeppelin-17")])) as server, serving_in_thread(FakeServer()) as other:
        said = play(clemsim, server.url, more=("--header", "X-Team: a b", "--header", "api-key: ${TEAM_SECRET}"))
        assert said.code == 0, said.err
        assert {(headers["X-Team"], headers["api-key"]) for _, headers in server.seen} == {("a b", "zeppelin-17")}
        assert b"zeppelin" not in written(tmp_path / "r")
        both = play(clemsim, server.url, other.url, more=("--header", "api-key: ${TEAM_SECRET}"))
        assert both.code == 2 and "the header api-key would go to" in both.err and not other.seen
        plain = play(clemsim, server.url, other.url, more=("--header", "X-Team: a", "--out", "r3"))
        assert plain.code == 0 and other.seen


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("X-Team", "give it as in --header"),
        ("X Team: a", "give it as in --header"),
        ("Host: a", "clemsim sets it itself"),
        ("X-Team: ${CLEMSIM_NOWHERE}", "CLEMSIM_NOWHERE is not set"),
        ("X-Team: hunter2\nX: b", "no header can carry"),
    ],
)
def test_headers_that_are_refused(clemsim: Clemsim, header: str, expected: str) -> None:
    said = play(clemsim, "http://127.0.0.1:9", more=("--header", header))
    assert said.code == 2 and expected in said.err and said.err.count("\n") == 1 and "hunter2" not in said.err


# waiting


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.sleep(60)
    return web.Response()


async def drip(request: web.Request) -> web.StreamResponse:
    """Send a byte again and again, and never an answer."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(600):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


def test_a_server_that_hangs_costs_an_attempt_for_as_long_as_was_said(clemsim: Clemsim) -> None:
    for limit in ("--timeout", "--idle-timeout"):
        with serving_in_thread(FakeServer([hang, hang])) as server:
            said = play(clemsim, server.url, more=(limit, 0.3, "--out", limit))
        assert said.code == 0, said.err
        assert said.json["throughput"]["retries"] == 2


def test_a_server_that_drips_is_not_idle_but_late(clemsim: Clemsim, tmp_path: Path) -> None:
    with serving_in_thread(FakeServer([drip])) as server:
        said = play(clemsim, server.url, more=("--timeout", 1, "--idle-timeout", 0.6))
    assert said.code == 0 and said.json["throughput"]["retries"] == 1


def test_an_idle_limit_holds_over_tls_too(clemsim: Clemsim) -> None:
    with serving_in_thread(FakeServer([hang]), tls()) as server:
        said = play(clemsim, server.url, more=("--idle-timeout", 0.3, "--ca-file", CERTIFICATES / "ca.pem"))
    assert said.code == 0 and said.json["throughput"]["retries"] == 1, said.err


FAILING = """
from clemsim import Engine
from clemsim.errors import EngineUnavailable
class Failing(Engine):
    name = "failing"
    def __init__(self, arg): pass
    async def complete(self, request):
        error = EngineUnavailable("gone")
        error.retries = 5
        raise error
"""


def test_retries_of_turns_that_failed_are_counted(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    said = clemsim("run", "--arena", "taboo", "--instances", 1, "--agent", "failing.py:Failing", "--out", "r", "--json")
    assert said.code == 1 and said.json["throughput"]["retries"] == 5 * said.json["unfinished"] > 0
    again = clemsim("resume", "r", "--json")
    assert again.json["throughput"]["retries"] == 2 * said.json["throughput"]["retries"]


@pytest.mark.slow
def test_a_server_process_that_is_killed_and_started_again_costs_no_episode(tmp_path: Path) -> None:
    port = free_port()
    fake = ("serve-fake", "--port", port, "--ttft", "300ms")
    server = start(*fake, cwd=tmp_path)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(port))
        run = start("run", "--suite", "quick", "--agent", f"fake@{url}", "--out", "r", "--width", 8, "--json", cwd=tmp_path)
        wait_until(lambda: (tmp_path / "r" / "run.db").exists())
        sleep(3)
        server.kill()
        server.communicate()
        sleep(10)
        assert run.poll() is None
        server = start(*fake, cwd=tmp_path)
        out, err = run.communicate(timeout=300)
    finally:
        server.kill()
        server.communicate()
    assert run.returncode == 0, err
    assert orjson.loads(out)["unfinished"] == 0 and f"waiting for {url}/v1: no answer for" in err


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        sleep(0.1)
    raise TimeoutError


def test_a_server_that_stays_away_is_given_up(clemsim: Clemsim) -> None:
    stack, server = ExitStack(), FakeServer()
    stack.enter_context(serving_in_thread(server))

    async def last(request: web.Request) -> web.StreamResponse:
        Timer(0.0, stack.close).start()
        await asyncio.sleep(60)
        return web.Response()

    server.faults.append(last)
    said = play(clemsim, server.url, more=("--patience", 1, "--width", 1))
    assert said.code == 1 and said.json["causes"] == {"unavailable": 3}


# refusals


def test_a_run_whose_first_requests_are_all_refused_ends_with_the_reason(clemsim: Clemsim) -> None:
    faults = [says(400, f'{{"error": "no such account (request {number})"}}') for number in range(8)]
    server = FakeServer(faults)
    with serving_in_thread(server):
        said = clemsim("run", "--suite", "paper", "--arena", "taboo", "--agent", f"{MODEL}@{server.url}", "--width", 4)
        assert said.code == 2 and "tiny refuses every request: the server said 400: no such account" in said.err
        assert said.err.strip().count("\n") == 1 and len(server.bodies) < 20
        (folder,) = Path("runs").iterdir()
        again = clemsim("resume", folder, "--json")
    assert again.code == 0 and again.json["episodes"] == 60 and again.json["unfinished"] == 0


def test_a_run_with_a_reply_goes_on_whatever_is_refused_then(clemsim: Clemsim) -> None:
    server = FakeServer([says(200, orjson.dumps(answer("CLUE: it is a thing")).decode()), *[says(400, "no")] * 4])
    with serving_in_thread(server):
        said = play(clemsim, server.url, more=("--width", 1))
    assert said.code == 1 and said.json["causes"] == {"bad request": 3}


# descriptors


async def late(request: web.Request) -> web.StreamResponse:
    """Answer when all others have asked."""
    await asyncio.sleep(0.5)
    return web.json_response(answer("CLUE: it is a thing"))


@pytest.mark.parametrize(
    ("soft", "hard", "code", "expected"),
    [
        (64, 4096, 0, ""),
        (100, 100, 0, "turns of an agent are in flight: few files may be open here (ulimit -n)"),
        (48, 48, 2, "only 48 files may be open here, too few for a run: raise the limit (ulimit -n 1024)"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_few_files_may_be_open(tmp_path: Path, soft: int, hard: int, code: int, expected: str) -> None:
    with serving_in_thread(FakeServer([late] * 60)) as server:
        words = ("run", "--suite", "paper", "--arena", "taboo", "--agent", f"{MODEL}@{server.url}", "--width", "60")
        command = [sys.executable, "-m", "clemsim.cli.main", *words, "--out", "r"]
        script = f'ulimit -Sn {soft} && ulimit -Hn {hard} && exec "$@"'
        ran = subprocess.run(["sh", "-c", script, "sh", *command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == code and expected in ran.stderr, ran.stderr
    told = [line for line in ran.stderr.splitlines() if "turns/s" not in line]  # what is told of progress on a slow machine
    assert len(told) == 1 + bool(expected and not code), ran.stderr
