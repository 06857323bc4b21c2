"""Files that belong to an arena: prompts, word lists, instances. A suite may bring its own, which come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from string import Template

from clemsim.errors import ArenaError


@dataclass(frozen=True)
class Resources:
    """Folders searched in order."""

    folders: tuple[Path, ...]

    def path(self, name: str) -> Path:
        """The first file of this name. Raises ArenaError when there is none."""
        for folder in self.folders:
            if (folder / name).is_file():
                return folder / name
        raise ArenaError(f"no file {name!r} in {', '.join(map(str, self.folders))}")

    def text(self, name: str) -> str:
        """The text of a file."""
        path = self.path(name)
        return _read(path, path.stat().st_mtime_ns)

    def lines(self, name: str) -> tuple[str, ...]:
        """The lines of a file that are not blank."""
        return tuple(line for line in self.text(name).splitlines() if line.strip())

    def digest(self, *parts: str) -> str:
        """16 hexadecimal digits that stand for the files under these parts, those that come first alone."""
        found: dict[str, Path] = {}
        for folder in reversed(self.folders):
            paths = (path for part in parts for path in (folder / part).glob("*") if path.is_file())
            found.update({path.relative_to(folder).as_posix(): path for path in paths})
        digest = blake2b(digest_size=8)
        for name in sorted(found):
            content = found[name].read_bytes()
            digest.update(f"{name} {len(content)}\n".encode() + content)
        return digest.hexdigest()

    def prompt(self, name: str, fields: dict[str, object]) -> str:
        """`prompts/NAME.txt` with its `$fields` filled in. Raises ArenaError when a field is missing."""
        try:
            path = self.path(f"prompts/{name}.txt")
            return _template(path, path.stat().st_mtime_ns).substitute(fields)
        except (KeyError, ValueError) as error:
            raise ArenaError(f"prompt {name!r}: {type(error).__name__} {error}") from error

    @cached_property
    def words(self) -> frozenset[str]:
        """The lines of `resources/valid.txt` as a set."""
        return frozenset(self.lines("resources/valid.txt"))


def resources_of(folders: Sequence[Path]) -> Resources:
    """Resources in these folders."""
    return Resources(tuple(folders))


# Read once, and once more when the file has changed.


@lru_cache(maxsize=256)
def _read(path: Path, changed: int) -> str:
    return path.read_text(encoding="utf-8")


@lru_cache(maxsize=256)
def _template(path: Path, changed: int) -> Template:
    return Template(_read(path, changed).removesuffix("\n"))  # editors end a file so; all else belongs to the prompt
