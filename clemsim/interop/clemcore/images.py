"""The pictures that a game of clembench shows: files of its checkout, named in several ways, or data."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from clemsim.errors import ArenaError, UsageError
from clemsim.game.content import Image

KEPT = 256  # pictures in memory
DATA, URLS = "data:image/", ("http://", "https://")
KINDS = (".png", ".jpg", ".jpeg", ".webp", ".gif")
LONGEST = 120  # characters of a name that is told


def picture(reference: str, checkout: Path, folder: Path) -> Image:
    """Return a picture of the game in `folder`. Raises ArenaError where it is not there."""
    if reference.startswith(DATA):
        return _data(reference)
    if not reference.startswith(URLS) and Path(reference).is_file():  # the game itself has just drawn it
        return Image.file(reference, alt=Path(reference).stem)
    return _kept(reference, checkout, folder)


@lru_cache(maxsize=KEPT)
def _kept(reference: str, checkout: Path, folder: Path) -> Image:
    if reference.startswith(URLS):
        return _saved(reference, folder)
    for home in (checkout, folder):
        parts = PurePosixPath(reference).parts
        for first in range(len(parts)):  # the name begins with where somebody's checkout was
            path = home.joinpath(*(part for part in parts[first:] if part not in ("/", "..")))
            if path.is_file():
                return Image.file(path, alt=path.stem)
    raise ArenaError(f"there is no picture {reference[:LONGEST]} in {checkout}")


def _data(reference: str) -> Image:
    kind, _, data = reference.removeprefix("data:").partition(";base64,")
    try:
        return Image.data(b64decode(data, validate=True), kind)
    except Error as error:
        raise ArenaError(f"a picture that is given as data cannot be read: {error}") from error


def _saved(url: str, folder: Path) -> Image:
    """Return a picture of the web that was saved; nothing is fetched while episodes are played."""
    path = _place(url, folder)
    if not path.is_file():
        raise ArenaError(f"the picture {url[:LONGEST]} is not here: save it as {path}")
    return Image.file(path, alt=path.stem)


def check_saved(data: Iterable[object], instances: Path, folder: Path) -> None:
    """Raise UsageError where instances name pictures of the web that were not saved. `instances`: their file."""
    urls = {text for each in data for text in _texts(each) if text.startswith(URLS) and text.lower().endswith(KINDS)}
    missing = [url for url in sorted(urls) if not _place(url, folder).is_file()]
    if missing:
        how = f"grep -oE 'https?://[^\" ]+' {instances} | sort -u | xargs wget -nc -P {_place('', folder)}"
        raise UsageError(f"{len(missing)} pictures of the web are not here, such as {missing[0]}: save them with {how}")


def _place(url: str, folder: Path) -> Path:
    return folder / "resources" / "web" / PurePosixPath(url.split("?")[0]).name


def _texts(data: object) -> Iterator[str]:
    """Yield all texts in JSON."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for each in data.values() if isinstance(data, dict) else data:
            yield from _texts(each)
