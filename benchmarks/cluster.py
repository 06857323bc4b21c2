"""Two hosts, one run: is it the same as in one process, when only the driver has the game and the key, and one host dies?

Makes two hosts out of network namespaces (`ip netns`, a veth pair between them), each with its own /tmp, /dev/shm,
process table and host name, so that they share nothing but the network and the installed software. A Ray head runs on the
first, a node on the second, both with Ray's token. The driver plays a game of its own, whose folder lies where neither node
sees it, against a server that wants a key. Before that `clemsim doctor --ray` asks the nodes, once as they are and once for
a server whose address is each node itself. In the midst of it all processes of the second host are killed. Then the same run
in one process.

Prints JSON; exit code 1 unless both runs end with exit code 0, the doctor found what is so, all transcripts and scores are
the same, the loss was told in one sentence, and the key is not in run.toml. Linux, root, extra `ray`.
usage: sudo python benchmarks/cluster.py [--instances 150] [--cut] (cut the wire instead of killing)
"""

import argparse
import json
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from report import show

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
HOSTS = {"one": "10.77.0.1", "two": "10.77.0.2"}
RAY, SERVER = 6399, 8411
RAY_START = f"{BIN}/ray start --num-cpus 2 --disable-usage-stats"
KEY = "key-of-the-driver-alone"

GAME = """
import sys
from pathlib import Path

from clemsim import Arena, Instance, Outcome, Table, tagged

sys.path.insert(0, str(Path(__file__).parent))
from helper import LIMIT


class Number(Instance):
    target: int = 5


class Counting(Arena[Number]):
    name, version, seats, max_turns = "counting", 1, ("counter",), 20

    async def play(self, table: Table, number: Number, /) -> Outcome:
        for turn in range(6):
            ask = self.prompt("ask", limit=LIMIT, number=number.target + turn)
            said = await table.ask("counter", ask, parse=tagged("SAY:"))
            if said.endswith("0"):
                return Outcome.success(100 / (turn + 1))
        return Outcome.failure("no zero")
"""
SERVE = """
import asyncio, hashlib, sys
from aiohttp import web

async def chat(request):
    if request.headers.get("Authorization") != "Bearer " + sys.argv[2]:
        return web.json_response({"error": {"message": "no key"}}, status=401)
    body = await request.json()
    await asyncio.sleep(0.15)
    text = "SAY: " + str(int(hashlib.sha256(repr(body["messages"]).encode()).hexdigest(), 16) % 100)
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 2}})

async def models(request):
    return web.json_response({"data": [{"id": "m", "owned_by": "someone"}]})

app = web.Application()
app.router.add_post("/v1/chat/completions", chat)
app.router.add_get("/v1/models", models)
web.run_app(app, host="0.0.0.0", port=int(sys.argv[1]), print=None)
"""
# Gives a command a host of its own: $1 its name, $2 the root of the installed software; the rest is the command.
HOST = """
hostname clemsim-$1
mount --make-rprivate /
mkdir -p /mnt/keep
mount --bind $2 /mnt/keep
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /dev/shm
mkdir -p $2
mount --bind /mnt/keep $2
umount /mnt/keep
mount -t proc proc /proc
shift 2
exec "$@"
"""


def sh(*words: str, check: bool = True) -> None:
    """Run a command."""
    subprocess.run(words, check=check, capture_output=True)


@contextmanager
def network() -> Iterator[None]:
    """The two namespaces, and a wire between them."""
    try:
        for name in HOSTS:
            sh("ip", "netns", "add", f"clemsim-{name}")
        sh(
            "ip",
            "link",
            "add",
            "cs-one",
            "netns",
            "clemsim-one",
            "type",
            "veth",
            "peer",
            "name",
            "cs-two",
            "netns",
            "clemsim-two",
        )
        for name, address in HOSTS.items():
            inside = ("ip", "-n", f"clemsim-{name}")
            sh(*inside, "addr", "add", f"{address}/24", "dev", f"cs-{name}")
            sh(*inside, "link", "set", f"cs-{name}", "up")
            sh(*inside, "link", "set", "lo", "up")
        yield
    finally:
        for name in HOSTS:
            sh("ip", "netns", "del", f"clemsim-{name}", check=False)


def begin_host(name: str, script: str, log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Begin a host whose first process runs a script; when that is killed the whole host is gone."""
    alone = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child=KILL"]
    words = ["ip", "netns", "exec", f"clemsim-{name}", *alone, "sh", "-ec", HOST, "sh", name, str(ROOT), "sh", "-ec", script]
    with log.open("wb") as out:
        return subprocess.Popen(words, stdout=out, stderr=out, env=environment, start_new_session=True, cwd="/")


def wait_for(what: str, ready: Any, seconds: float = 90) -> None:
    """Wait until something is ready."""
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            raise SystemExit(f"{what} took over {seconds:g} s")
        time.sleep(0.2)


def driver_script(options: argparse.Namespace, place: Path) -> str:
    """What the first host runs: the server, Ray's head, and the driver with its game, which lies in a mount of its own."""
    game = "--arena /mnt/game/counting.py:Counting"
    run = f"{BIN}/clemsim run {game} --agent m@http://{HOSTS['one']}:{SERVER}/v1 --width 16"
    doctor = f"{BIN}/clemsim doctor --ray {HOSTS['one']}:{RAY} {game} --json"
    driver = f"""
mount -t tmpfs tmpfs /mnt
mkdir -p /mnt/game/prompts
cp {place}/game/*.* /mnt/game/
cp {place}/game/prompts/* /mnt/game/prompts/
export CLEMSIM_API_KEY={KEY}
cd {place}
{doctor} --agent m@http://{HOSTS["one"]}:{SERVER}/v1 > ready.json 2> ready.err && rc=0 || rc=$?; echo $rc > ready.rc
{doctor} --agent m@http://127.0.0.1:{SERVER}/v1 > amiss.json 2> amiss.err && rc=0 || rc=$?; echo $rc > amiss.rc
{run} --out many --ray {HOSTS["one"]}:{RAY} --workers 4 --json > many.json 2> many.err && rc=0 || rc=$?; echo $rc > many.rc
{run} --out single --json > single.json 2> single.err && rc=0 || rc=$?; echo $rc > single.rc
"""
    (place / "driver.sh").write_text(driver)
    return f"""
{sys.executable} {place}/serve.py {SERVER} {KEY} &
{RAY_START} --head --node-ip-address {HOSTS["one"]} --port {RAY} --include-dashboard=false
touch {place}/head
while [ ! -e {place}/begin ]; do sleep 0.2; done
unshare --mount sh -e {place}/driver.sh
touch {place}/over
{BIN}/ray stop --force || true
"""


def digest(run: Path) -> tuple[str, int]:
    """What stands for all transcripts and scores of a run, and the number of its episodes."""
    with sqlite3.connect(run / "run.db") as base:
        names = {
            row[0]: row[1:] for row in base.execute('SELECT id, arena, instance, repetition, "cast", outcome FROM episodes')
        }
        events = [(names[e], *rest) for e, *rest in base.execute("SELECT episode, number, type, body FROM events")]
        scores = [(names[e], *rest) for e, *rest in base.execute("SELECT episode, round, metric, value FROM scores")]
    return sha256(repr((sorted(events), sorted(scores, key=repr))).encode()).hexdigest(), len(names)


def events_of(run: Path) -> int:
    """How many events a run has so far."""
    with suppress(sqlite3.Error), sqlite3.connect(f"file:{run}/run.db?mode=ro", uri=True) as base:
        return int(base.execute("SELECT count(*) FROM events").fetchone()[0])
    return 0


def write_game(place: Path, instances: int) -> None:
    """Write the game, with a module and a prompt beside it."""
    (place / "game" / "prompts").mkdir(parents=True)
    (place / "game" / "counting.py").write_text(GAME)
    (place / "game" / "helper.py").write_text("LIMIT = 100\n")
    (place / "game" / "prompts" / "ask.txt").write_text("Say a number below $limit, such as $number.\n")
    rows = [json.dumps({"experiment": "default", "id": number, "target": number}) for number in range(instances)]
    (place / "game" / "instances.jsonl").write_text("\n".join(rows) + "\n")
    (place / "serve.py").write_text(SERVE)


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a host."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def play(options: argparse.Namespace, place: Path, stack: ExitStack) -> None:
    """Play both runs, and lose the second host in the midst of the first."""
    token = secrets.token_hex(16)
    base = {"PATH": os.environ["PATH"], "HOME": "/tmp", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token, "LANG": "C.UTF-8"}
    one = begin_host("one", driver_script(options, place), place / "one.log", base)
    stack.callback(end, one)
    wait_for("Ray's head", (place / "head").exists)
    node = f"{RAY_START} --address {HOSTS['one']}:{RAY} --node-ip-address {HOSTS['two']} --block"
    two = begin_host("two", node, place / "two.log", base)
    stack.callback(end, two)
    time.sleep(8)
    (place / "begin").touch()
    wait_for("the first events", lambda: events_of(place / "many") > 6 * options.instances // 2, 180)
    if options.cut:
        sh("ip", "-n", "clemsim-two", "link", "set", "cs-two", "down")
    else:
        end(two)
    wait_for("the rest", (place / "over").exists, 240)


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description="A run on two hosts, of which one is lost")
    parser.add_argument("--instances", type=int, default=150)
    parser.add_argument("--cut", action="store_true", help="cut the wire instead of killing the host")
    options = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("unshare"):
        raise SystemExit("needs root, ip and unshare (Linux)")
    place = Path(
        tempfile.mkdtemp(prefix=".cluster-", dir=ROOT)
    )  # seen by both hosts, as the software is: holds no game for nodes
    try:
        write_game(place, options.instances)
        with ExitStack() as stack:
            stack.enter_context(network())
            play(options, place, stack)
        codes = [int((place / f"{name}.rc").read_text()) for name in ("many", "single")]
        said = [line for line in (place / "many.err").read_text().splitlines() if " lost: " in line]
        (many, episodes), (single, _) = digest(place / "many"), digest(place / "single")
        asked = [int((place / f"{name}.rc").read_text()) for name in ("ready", "amiss")]
        nodes = [node for name in ("ready", "amiss") for node in json.loads((place / f"{name}.json").read_text())["nodes"]]
        ok = codes == [0, 0] and many == single and len(said) == 1 and asked == [0, 1] and len(nodes) == 4
        requests = [
            json.loads((place / f"{name}.json").read_text())["throughput"]["requests"] for name in ("many", "single")
        ]
        leaked = KEY in (place / "many" / "run.toml").read_text()
        show(
            {
                "benchmark": "cluster",
                "episodes": episodes,
                "codes": codes,
                "same": many == single,
                "requests": requests,
                "said": said,
                "doctor": [node["found"] for node in nodes],
                "key in run.toml": leaked,
            }
        )
        return 0 if ok and not leaked else 1
    finally:
        for name in ("one.log", "two.log", "many.err", "single.err"):
            if (place / name).exists() and os.environ.get("CLUSTER_LOGS"):
                print(f"--- {name}\n{(place / name).read_text(errors='replace')[-6000:]}", file=sys.stderr)
        if not os.environ.get("CLUSTER_LOGS"):
            shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
