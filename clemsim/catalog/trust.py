"""Whose code is loaded. A SPEC such as `path/to/file.py:Class` is Python that runs with all rights of its user.

What the user names himself, on the command line or in Python, is loaded, and its digest is remembered. What a file names
(the description of a run, a suite, a study) may come from somebody else: it is loaded where the user has run that very code
before, or says that he trusts it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import EntryPoint
from pathlib import Path

from clemsim._util.files import read_bytes
from clemsim.catalog.agents import borrowed_variables, split_seat
from clemsim.catalog.plugins import load_entry, registered
from clemsim.errors import UsageError

REMEMBERED = "code"  # the file of digests: a line for each, its digest and the path that it had


@dataclass(frozen=True, slots=True)
class Trust:
    """What may be loaded. `named_by`: the file or run that names the code; None: the user himself.

    `given`: the user trusts whatever is named. `recorded`: the digests of the code that a run was played with, by path.
    `of_run`: a run names it, which may be somebody else's without a look at it; a study is a file that its user has written.
    """

    given: bool = False
    named_by: str | None = None
    recorded: Mapping[str, str] = field(default_factory=dict)
    of_run: bool = False

    def admit(self, specs: Iterable[str]) -> None:
        """Raise UsageError unless the code that `specs` name may be loaded; SPECs that name no file are passed over."""
        for path in dict.fromkeys(loaded_paths(specs)):
            digest = digest_of(path)
            if self.named_by is not None and not self.given:
                self._check(path, digest)
            remember(digest, path.name)

    def admit_secrets(self, specs: Iterable[str]) -> None:
        """Raise UsageError unless what the agents of a run take from the environment may go to their servers: the user has
        sent it there before, or says that he trusts the run. Call `admit` first.
        """
        for spec in dict.fromkeys(split_seat(spec)[1] for spec in specs):
            names = borrowed_variables(spec)
            digest = sha256(f"agent {spec}".encode()).hexdigest()
            if not names or digest in remembered():
                continue
            if self.of_run and not self.given:
                raise UsageError(
                    f"{self.named_by} sends what is in {', '.join(names)} to a server that you have not sent it to before:"
                    " look at its agents, and repeat with --trust if it is to go there"
                )
            remember(digest, "agent")

    def of(self, named_by: str) -> Trust:
        """Return the trust in what a file names that is not the run's own."""
        return Trust(self.given, named_by)

    def _check(self, path: Path, digest: str) -> None:
        if self.recorded.get(str(path), digest) != digest:
            raise UsageError(
                f"{path} is not the code that {self.named_by} was played with: look at it, and repeat with --trust if it is"
                " to be run"
            )
        if digest not in remembered():
            raise UsageError(
                f"{self.named_by} names code that you have not run before: look at {path}, and repeat with --trust if it is"
                " to be run"
            )


def code_paths(specs: Iterable[str]) -> list[Path]:
    """Return the absolute paths of the files that SPECs name, `path/to/file.py:Class` or `seat=path/to/file.py:Class`."""
    named = [split_seat(spec)[1].partition("?")[0] for spec in specs]  # without settings
    paths = [Path(spec.rpartition(":")[0]) for spec in named if ".py" in spec]
    return [path.resolve() for path in paths if path.is_file()]


def loaded_paths(specs: Iterable[str]) -> list[Path]:
    """Return the absolute paths of all files of code that SPECs name: those of `code_paths`, and those that a scheme of
    arenas would load (`clembench:path/to/checkout/taboo`).
    """
    specs = list(specs)
    schemed = [path for spec, entry in _of_schemes(specs) for path in load_entry(entry)(spec.partition(":")[2])]
    return code_paths(specs) + schemed


def _of_schemes(specs: Sequence[str]) -> list[tuple[str, EntryPoint]]:
    """Return the SPECs whose scheme loads code from files, each with the entry point that names these."""
    schemes = registered("arenas.schemes.code") if any(":" in spec for spec in specs) else {}
    return [(spec, schemes[scheme]) for spec in specs if (scheme := spec.partition(":")[0]) in schemes]


def code_digests(specs: Iterable[str]) -> dict[str, str]:
    """Return the digests of the files that SPECs name, by path. Raises UsageError."""
    return {str(path): digest_of(path) for path in loaded_paths(specs)}


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file. Raises UsageError."""
    return sha256(read_bytes(path)).hexdigest()


def remember(digest: str, label: str) -> None:
    """Remember that the user has run this code, or this agent. Where that cannot be written down, he will be asked again."""
    file = _memory()
    if file is None or digest in remembered():
        return
    with suppress(OSError):
        file.parent.mkdir(0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, f"{digest} {label!r}\n".encode(errors="replace"))  # one line, which no other process splits
        finally:
            os.close(handle)


def remembered() -> set[str]:
    """Return the digests of the code and of the agents that the user has run."""
    file = _memory()
    if file is None:
        return set()
    with suppress(OSError, UnicodeDecodeError):
        return {line.partition(" ")[0] for line in file.read_text(encoding="utf-8").splitlines()}
    return set()


def _memory() -> Path | None:
    state = os.environ.get("XDG_STATE_HOME", "")
    if Path(state).is_absolute():
        return Path(state) / "clemsim" / REMEMBERED
    with suppress(RuntimeError):
        return Path.home() / ".local" / "state" / "clemsim" / REMEMBERED
    return None
