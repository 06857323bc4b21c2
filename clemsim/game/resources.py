"""Files that belong to an arena: prompts, word lists, instances. A suite may bring its own, which come first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from string import Template

from clemsim.errors import ArenaError
from clemsim.game.content import Image


@dataclass(frozen=True)
class Resources:
    """Folders searched in order."""

    folders: tuple[Path, ...]

    def path(self, name: str) -> Path:
        """Return the first file of this name. Raises ArenaError when there is none."""
        for folder in self.folders:
            if (folder / name).is_file():
                return folder / name
        raise ArenaError(f"no file {name!r} in {', '.join(map(str, self.folders))}")

    def text(self, name: str) -> str:
        """Return the text of a file. Read once: a run plays with the texts that it began with."""
        if name not in self._texts:
            self._texts[name] = self._read(self.path(name))
        return self._texts[name]

    def _read(self, path: Path) -> str:
        """Return the text of a file, without a byte order mark. Raises ArenaError where it is not UTF-8."""
        try:
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ArenaError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start})") from error

    def image(self, name: str, alt: str) -> Image:
        """Return the picture in a file, which is read once. Raises ArenaError."""
        if (name, alt) not in self._images:
            self._images[name, alt] = Image.file(self.path(name), alt=alt)
        return self._images[name, alt]

    def lines(self, name: str) -> tuple[str, ...]:
        """Return the lines of a file that are not blank."""
        return tuple(line for line in self.text(name).split("\n") if line.strip())

    def digest(self, *parts: str) -> str:
        """16 hexadecimal digits that stand for the files under these parts, those that come first alone."""
        files: dict[str, Path] = {}
        for folder in reversed(self.folders):
            paths = (path for part in parts for path in (folder / part).glob("*") if path.is_file())
            files.update({path.relative_to(folder).as_posix(): path for path in paths})
        digest = blake2b(digest_size=8)
        for name in sorted(files):
            content = files[name].read_bytes()
            digest.update(f"{name} {len(content)}\n".encode() + content)
        return digest.hexdigest()

    def prompt(self, name: str, fields: dict[str, object]) -> str:
        """`prompts/NAME.txt` with its `$fields` filled in. Raises ArenaError when a field is missing."""
        try:
            return self._template(name).substitute(fields)
        except KeyError as error:
            field = error.args[0]
            text = f"prompt {name!r} has a field ${field}: pass {field}=..., or write $${field} where that is text"
            raise ArenaError(text) from error
        except ValueError as error:
            raise ArenaError(f"prompt {name!r}: {str(error).lower()}: write $$ for a dollar") from error

    def _template(self, name: str) -> Template:
        if (template := self._templates.get(name)) is None:
            text = self.text(f"prompts/{name}.txt")
            template = Template(text.removesuffix("\n"))  # editors end a file so; all else belongs to the prompt
            self._templates[name] = template
        return template

    @cached_property
    def _sets(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _images(self) -> dict[tuple[str, str], Image]:
        return {}

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {}

    @cached_property
    def _templates(self) -> dict[str, Template]:
        return {}

    def word_set(self, name: str) -> frozenset[str]:
        """Return the words of a file, blanks between them."""
        if name not in self._sets:
            self._sets[name] = frozenset(self.text(name).split())
        return self._sets[name]

    @cached_property
    def words(self) -> frozenset[str]:
        """The lines of `resources/valid.txt` as a set."""
        return frozenset(self.lines("resources/valid.txt"))
