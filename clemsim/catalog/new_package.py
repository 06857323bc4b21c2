"""Packages to begin with: copies of a working one, in which only the name is another."""

from __future__ import annotations

import keyword
import re
from importlib.util import find_spec
from pathlib import Path

from clemsim._util.files import new_folder
from clemsim.catalog.plugins import registered
from clemsim.errors import UsageError

TEMPLATES = Path(__file__).parent / "templates"
STEMS = {"arena": "newgame", "agent": "newagent"}  # the name in the templates
CLASSES = {"arena": "NewGame", "agent": "NewAgent"}


def make_package(kind: str, name: str, folder: Path) -> list[Path]:
    """Make a package with a new game (`arena`) or `agent` of this name in `folder`, and return its files, from there.

    Raises UsageError for a name that cannot be one, or that is taken, and for a folder that exists.
    """
    _check_name(kind, name)
    words = {STEMS[kind]: name, CLASSES[kind]: class_name(name)}
    template = TEMPLATES / kind
    written = []
    with new_folder(folder, error=UsageError, hint="choose another folder with --out") as draft:
        for source in _files(template):
            place = Path(_renamed(str(source.relative_to(template)), words))
            (draft.path / place).parent.mkdir(parents=True, exist_ok=True)
            (draft.path / place).write_text(_renamed(source.read_text(encoding="utf-8"), words), encoding="utf-8")
            written.append(place)
    return written


def class_name(name: str) -> str:
    """Return the name of the class: `TwoWords` for `two_words`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _renamed(text: str, words: dict[str, str]) -> str:
    return re.sub("|".join(words), lambda found: words[found[0]], text)


def _files(folder: Path) -> list[Path]:
    """Return the files of a template, without what Python and its tools leave there."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        path
        for path in paths
        if not any(part[0] in "._" and part != "__init__.py" for part in path.relative_to(folder).parts)
    ]


def _check_name(kind: str, name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UsageError(f"{name!r} cannot be a package: take small letters, digits and _, such as my_{STEMS[kind][3:]}")
    if name in registered(f"{kind}s"):
        raise UsageError(f"there is an {kind} {name} already: choose another name")
    if name == "tests" or find_spec(name):
        raise UsageError(f"there is a Python module {name} already, which the package would hide: choose another name")
