"""Does any command line make clemsim show a traceback, hang, or leave with another code than 0, 1 or 2?

Calls commands with random options, values, names and files of the wrong kind, each in a process of its own and in a copy of
one folder that holds a run, a study, a report and much that is none. All commands but `play`, `serve-fake` and what needs a
model, a server or Ray. Prints JSON and a table: how many calls left with which code, and each call that did something else.
usage: python benchmarks/cli_fuzz.py [--calls 2000] [--seed 1] [--limit 60]
"""

import argparse
import os
import random
import shlex
import shutil
import signal
import socket
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer
from report import show

from clemsim._util.files import write_files
from clemsim.cli.app import program
from clemsim.cli.main import main as clemsim

SKIPPED = {"play", "serve-fake"}
DEARER = {"analyze": 0.3, "compare": 0.3, "stress": 0.5}  # weight: they load much, or wait for servers
NEVER = {"--workers", "--ray", "--help"}
PLAYED = {"run", "branch", "stress"}  # without an agent they would load a model

STUDY = 'name = "s"\narenas = ["taboo"]\ninstances = 1\n'
STUDY += '[[model]]\nname = "b"\n[[model.variant]]\naccess = "x"\nagent = "random"\n'
GAME = """
from clemsim import Arena, Instance, Outcome
class Twin(Arena[Instance]):
    name, seats = "twin", ("one",)
    def instances(self): return [Instance(), Instance()]
    async def play(self, table, instance, /): return Outcome.success()
class Nameless(Twin):
    name = ""
class Odd(Twin):
    name = "odd"
    def instances(self): return [Instance()]
    async def play(self, table, instance, /): return Outcome.success(float("nan"))
class Sync(Odd):
    name = "sync"
    def play(self, table, instance, /): return Outcome.success()
"""
FILES: dict[str, str | bytes] = {
    "study.toml": STUDY,
    "bom.toml": b"\xef\xbb\xbf" + STUDY.encode(),
    "crlf.toml": STUDY.replace("\n", "\r\n"),
    "latin.toml": b'name = "\xe9"\n',
    "deep.toml": "a = " + "[" * 5000 + "]" * 5000,
    "digits.toml": "seed = " + "9" * 5000,
    "types.toml": "name = 3\narenas = 4\nmodel = true\n",
    "huge.toml": STUDY + f"\nseeds = [{10**30}]\n",
    "unknown.toml": STUDY.replace("instances", "instanzes"),
    "nan.toml": STUDY.replace("[[model]]", "temperature = nan\n[[model]]", 1),
    "suite.toml": 'name = "own"\n[arenas.taboo.experiments]\nlow_en = 1\n',
    "many.toml": "[arenas.taboo.experiments]\nlow_en = 300\n",
    "minus.toml": "[arenas.taboo.experiments]\nlow_en = -1\n",
    "models.toml": '[[model]]\nname = "a"\nparameters = -1\n',
    "suite/suite.toml": "[arenas.taboo]\n",
    "suite/taboo/instances.jsonl": '{"target": "dog", "related": []}\n{"target": "cat", "related": []}\n',
    "broken/suite.toml": "[arenas.taboo]\n",
    "broken/taboo/instances.jsonl": '{"target": 3}\nnonsense',
    "wide.json": "[" * 100_000,
    "numbers.json": '{"a": 1e999, "b": ' + "9" * 400 + "}",
    "report.json": '{"clemsim_stress": 1}',
    "table.csv": "model,clemscore\na,1\n",
    "quotes.csv": 'model,"x\n',
    "null.csv": b"model,\x00\n",
    "lines.jsonl": '{"a": 1}\n\u2028\n[]\n',
    "weights.gguf": b"GGUFxxxx",
    "game.py": GAME,
    "empty": b"",
    "noise.bin": bytes(range(256)),
}
ODD = (
    *("", " ", "-1", "0", "1", "2", "3.5", "1e12", "nan", "inf", "-inf", "9" * 30, "9" * 5000, "a" * 300, "x\ny", "\t"),
    *("\udcff\udcfe", "..", "/", "/dev/null", "/dev/zero", "/proc/self/mem", "~", "*", "a=b", "=", "one=", "=x", ":", "::"),
    *("@", "m@", "m@http://", "m@http://127.0.0.1:9/v1", "m@ftp://x", "m@http://a:b@127.0.0.1:9", "é", "e\u0301", "\u202e"),
    *("${HOME}", "${", "${NO_SUCH}", "${MY_KEY}", "\x1b[31m", "[red]", "[/]", "😀", "taboo", "guesser=random"),
    *("baseline", "random", "replay:r", "plyer1=baseline", "a > b", "ci(x) < 1", "low_en/0", "taboo/low_en/0", "10s", "1:4"),
    *("game.py:Twin", "game.py:Nameless", "game.py:Odd", "game.py:Sync", "game.py:None", "game.py:", ".py:X", "taboo=1"),
)
RUNS = ["r", "r2", "st", "torn", "nodb"]
LIKELY = {
    "what": ["arenas", "agents", "suites", "models"],
    "format_": ["jsonl", "clembench", "parquet", "trace"],
    "path": ["study.toml", "bom.toml", "crlf.toml", "huge.toml", "nan.toml", "st"],
    "suite_": ["quick", "suite", "suite.toml", "many.toml", "minus.toml", "broken"],
    **dict.fromkeys(("folder", "run_a", "run_b", "sources"), RUNS),
    "agent": ["random", "baseline"],
    "episode": ["1", "taboo/low_en/0"],
    "out": ["new", "r", "fifo", "link", "loop", "no/new"],
    "arena": ["taboo", "game.py:Odd", "game.py:Twin"],
    "results": ["results"],
}


@dataclass(frozen=True, slots=True)
class Result:
    """What a call did. `code` is None for one that took too long."""

    words: Sequence[str]
    code: int | None
    said: str

    @property
    def wrong(self) -> str:
        """What is wrong with it; empty: nothing."""
        if self.code is None:
            return "hang"
        if "Traceback" in self.said:
            return "traceback"
        return "" if self.code in (0, 1, 2) else f"exit code {self.code}"


def furnish(folder: Path) -> None:
    """Fill a folder with what calls may name."""
    write_files(folder, FILES)
    for words in (
        ["run", "--arena", "taboo", "--instances", "1", "--agent", "random", "--out", "r"],
        ["run", "--arena", "taboo", "--instances", "1", "--agent", "baseline", "--out", "r2"],
        ["study", "study.toml", "--out", "st"],
        ["export", "r", "--format", "clembench", "--out", "results"],
    ):
        result = finish(begin(words, folder), 600)
        assert result.code == 0, result.said
    (folder / "torn").mkdir()
    for name in ("run.toml", "run.db"):
        content = (folder / "r" / name).read_bytes()
        (folder / "torn" / name).write_bytes(content[: len(content) // 2])
    shutil.copytree(folder / "r", folder / "nodb")
    (folder / "nodb" / "run.db").unlink()
    (folder / "folder").mkdir()


def add_odd_files(folder: Path) -> None:
    """Make what cannot be copied."""
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to("folder")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket is short
        server.bind("socket")
        os.chdir(here)


NAMES = [
    *FILES,
    "r",
    "r2",
    "st",
    "results",
    "torn",
    "nodb",
    "folder",
    "fifo",
    "link",
    "dangling",
    "loop",
    "socket",
    "new",
    "no/new",
]
NAMES += ["r/run.db", "r/run.toml", "suite", "broken", "empty/under", "st/index.toml", "fifo/x", "loop/x"]


def commands() -> dict[tuple[str, ...], Any]:
    """All commands by their words."""
    found: dict[tuple[str, ...], Any] = {}

    def add(command: Any, words: tuple[str, ...]) -> None:
        for name, inner in getattr(command, "commands", {}).items():
            add(inner, (*words, name))
        if words and not hasattr(command, "commands") and words[0] not in SKIPPED:
            found[words] = command

    add(typer.main.get_command(program()), ())
    return found


def call(dice: random.Random, words: tuple[str, ...], command: Any) -> list[str]:
    """Make a random call of a command."""
    said = list(words)
    for parameter in command.params:
        if NEVER & {*parameter.opts}:
            continue
        is_option = parameter.opts[0].startswith("-")
        if is_option and dice.random() > (0.9 if parameter.required else 0.25):
            continue
        if not is_option and dice.random() < 0.03:
            continue
        for _ in range(dice.choice((1, 1, 1, 2)) if parameter.multiple or parameter.nargs == -1 else 1):
            said += [dice.choice(parameter.opts)] if is_option else []
            if not getattr(parameter, "is_flag", False):
                said += [value(dice, parameter) for _ in range(max(1, parameter.nargs))]
    if words[0] in PLAYED and "--agent" not in said:
        said += ["--agent", dice.choice(("random", "baseline", "replay:r", "m@http://127.0.0.1:9/v1"))]
    if words[0] == "run" and dice.random() < 0.8:
        said += ["--arena", "taboo", "--instances", "1"]
    if dice.random() < 0.05:
        said.insert(dice.randrange(len(said) + 1), dice.choice(ODD))
    return said


def value(dice: random.Random, parameter: Any) -> str:
    """A value for an option or argument, a likely one in half of all cases."""
    is_number = parameter.min is not None or isinstance(parameter.default, int | float)
    likely = LIKELY.get(parameter.name, ["1", "3"] if is_number else [])
    if likely and dice.random() < 0.6:
        return dice.choice(likely)
    return dice.choice(ODD if dice.random() < 0.5 else NAMES)


def begin(words: Sequence[str], folder: Path) -> tuple[int, Sequence[str], Path]:
    """Begin a call in a process of its own, which has loaded clemsim before."""
    said = folder.with_name(f"{folder.name}.said")
    process = os.fork()
    if process:
        return process, words, said
    code = 70
    try:
        os.setsid()
        handle = os.open(said, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        for target in (1, 2):
            os.dup2(handle, target)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.chdir(folder)
        sys.argv = ["clemsim", *words]
        code = clemsim()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def finish(begun: tuple[int, Sequence[str], Path], limit: float) -> Result:
    """Wait for a call, and end it when it takes too long."""
    process, words, said = begun
    end = time.monotonic() + limit
    while (ended := os.waitpid(process, os.WNOHANG)) == (0, 0) and time.monotonic() < end:
        time.sleep(0.005)
    code = os.waitstatus_to_exitcode(ended[1]) if ended[0] else None
    if code is None:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
    text = said.read_text(errors="replace") if said.exists() else ""
    said.unlink(missing_ok=True)
    return Result(words, code, text)


def fuzz(calls: int, seed: int, limit: float, scratch: Path) -> Iterator[Result]:
    """Make calls, each in a fresh copy of the same folder."""
    model = scratch / "model"
    model.mkdir()
    furnish(model)
    dice, every = random.Random(seed), commands()
    weights = [DEARER.get(words[0], 1.0) for words in every]
    for number in range(calls):
        folder = scratch / f"call{number}"
        shutil.copytree(model, folder)
        add_odd_files(folder)
        (words,) = dice.choices(list(every), weights)
        yield finish(begin(call(dice, words, every[words]), folder), limit)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that a call may take")
    options = parser.parse_args()
    for name in ("CLEMSIM_API_KEY", "OPENAI_API_KEY"):
        os.environ.pop(name, None)
    codes: Counter[str] = Counter()
    wrong: list[str] = []
    with TemporaryDirectory() as scratch:
        for result in fuzz(options.calls, options.seed, options.limit, Path(scratch)):
            codes[str(result.code)] += 1
            if result.wrong:
                wrong.append(f"{result.wrong}: {shlex.join(result.words)[:300]!a}")
                print(wrong[-1], "\n", result.said[-1500:], file=sys.stderr, flush=True)
    show({"calls": options.calls, "codes": dict(sorted(codes.items())), "wrong": wrong})
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
