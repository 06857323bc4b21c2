"""Files: reading them, writing them whole, and naming them; one message for each thing that can go wrong.

Every function that takes `error` raises that class: UsageError for a file that the user names, StoreError for a file of
a run.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import re
import stat
import tomllib
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

import orjson
import tomli_w

from clemsim._util.drafts import PREFIX, Draft, drafting_file, drafting_folder, replace_file
from clemsim.errors import StoreError, UsageError

SHARED, PRIVATE, PRIVATE_FOLDER = 0o666, 0o600, 0o700  # permissions, of which the umask takes away
LONGEST_LINE = 256 * 2**20  # bytes
LONGEST = 200  # bytes of a name that is made; file systems allow 255
MOST_PLACES = 10_000  # names of one second
HINT = "choose another --out"
FileError = type[UsageError] | type[StoreError]


def reason_of(error: Exception) -> str:
    """Return the reason for which the system refused something, without the name of the file."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


@contextmanager
def reading_file(path: Path, error: FileError = UsageError) -> Iterator[None]:
    """Raise `error` ("PATH cannot be read: REASON") where the block fails to read `path`."""
    try:
        yield
    except UnicodeDecodeError as reason:
        raise error(f"{path} cannot be read: it is not UTF-8 text ({reason.reason} at byte {reason.start})") from reason
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as reason:  # the latter of a packed file that is damaged
        raise error(f"{path} cannot be read: {reason_of(reason)}") from reason


@contextmanager
def writing_file(path: Path, error: FileError = StoreError) -> Iterator[None]:
    """Raise `error` ("PATH cannot be written: REASON") where the block fails to write `path`, a file or a folder."""
    try:
        yield
    except OSError as reason:
        raise error(f"{path} cannot be written: {reason_of(reason)}") from reason


def check_regular(path: Path, error: FileError = UsageError) -> None:
    """Raise `error` unless `path` is a file: to read a pipe or a device may take for ever."""
    with reading_file(path, error):
        mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
        raise error(f"{path} cannot be read: it is {kinds.get(stat.S_IFMT(mode), 'a device')}, not a file")


def read_bytes(path: Path, error: FileError = UsageError) -> bytes:
    """Return the content of `path`."""
    check_regular(path, error)
    with reading_file(path, error):
        return path.read_bytes()


def read_lines(path: Path, error: FileError = UsageError) -> Iterator[bytes]:
    """Yield the lines of `path`, which end in a line feed and nothing else; of a file packed with xz, gzip or bzip2 those
    of its content. No line is longer than LONGEST_LINE bytes.
    """
    check_regular(path, error)
    with reading_file(path, error), _unpacked(path) as file:
        while line := file.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise error(f"{path} cannot be read: one of its lines is longer than {LONGEST_LINE // 2**20} MB")
            yield line.removesuffix(b"\n")


def _unpacked(path: Path) -> IO[bytes]:
    """Open a file for reading its content, by its name."""
    match path.suffix:
        case ".xz":
            return lzma.open(path)
        case ".gz":
            return gzip.open(path)  # type: ignore[return-value]
        case ".bz2":
            return bz2.open(path)
    return path.open("rb")


def read_text(path: Path, error: FileError = UsageError) -> str:
    """Return the content of `path`, which is UTF-8, without a byte order mark."""
    with reading_file(path, error):
        return read_bytes(path, error).decode("utf-8-sig").replace("\r\n", "\n")


def read_json(path: Path, error: FileError = UsageError) -> Any:
    """Return the JSON value that `path` holds."""
    return parse_json(read_bytes(path, error).removeprefix(codecs.BOM_UTF8), str(path), error)


def read_toml(path: Path, error: FileError = UsageError) -> dict[str, Any]:
    """Return the TOML document that `path` holds."""
    try:
        return tomllib.loads(read_text(path, error))
    except ValueError as reason:  # a TOMLDecodeError, and a number of thousands of digits
        raise error(f"{path} is not TOML: {reason}") from reason
    except RecursionError as reason:
        raise error(f"{path} cannot be read: it is nested too deeply") from reason


def parse_json(text: str | bytes, where: str, error: FileError = UsageError) -> Any:
    """Return the JSON value in `text`; `where` names its file, or its file and line, in the error."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as reason:
        raise error(f"{where} is not JSON: {reason}") from reason


def dump_json(data: object) -> bytes:
    """Return `data` as indented JSON, without a line break at its end."""
    return orjson.dumps(data, option=orjson.OPT_INDENT_2)


def write_bytes(path: Path, content: bytes, error: FileError = StoreError, mode: int = SHARED) -> None:
    """Write `path` through a draft of its own, so that a reader finds the old content or the new one, never a part.

    Its folder is made where it is missing. `mode`: the permissions of a file that is new.
    """
    with writing_file(path, error):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content, mode)


def write_text(path: Path, text: str, error: FileError = StoreError, mode: int = SHARED) -> None:
    """Write `path` as `write_bytes` does, in UTF-8."""
    write_bytes(path, text.encode(), error, mode)


def write_json(path: Path, data: object, error: FileError = StoreError) -> None:
    """Write `path` as `write_bytes` does, as indented JSON."""
    write_bytes(path, dump_json(data), error)


def write_toml(path: Path, data: Mapping[str, Any], error: FileError = StoreError, mode: int = SHARED) -> None:
    """Write `path` as `write_bytes` does, as TOML; `data` must hold no None."""
    write_bytes(path, tomli_w.dumps(data).encode(), error, mode)


def write_files(folder: Path, files: Mapping[str, str | bytes], error: FileError = StoreError) -> None:
    """Write several files by their paths within `folder`."""
    for name, content in files.items():
        write_bytes(folder / name, content.encode() if isinstance(content, str) else content, error)


def make_folder(path: Path, error: FileError = StoreError, mode: int = 0o777) -> None:
    """Make `path` and the folders above it, unless it is there. `mode`: its permissions where it is new."""
    with writing_file(path, error):
        path.mkdir(mode, parents=True, exist_ok=True)


@contextmanager
def new_folder(*places: Path, error: FileError = StoreError, hint: str = HINT, mode: int = 0o777) -> Iterator[Draft]:
    """Write a folder at `draft.path`, which gets the first of `places` that is free once the block is over.

    Nothing is replaced, and nothing is left where the block fails. Raises `error`, and UsageError where no place is free.
    """
    with writing_file(places[0], error), drafting_folder(places, hint, mode) as draft:
        yield draft


@contextmanager
def new_file(place: Path, error: FileError = StoreError, hint: str = HINT) -> Iterator[Draft]:
    """Write a file at `draft.path`, which gets its place as a folder does with `new_folder`."""
    with writing_file(place, error), drafting_file(place, hint) as draft:
        yield draft


def dated_places(folder: Path, ending: str = "") -> list[Path]:
    """Return `folder/DATE-TIME` with an ending, and the names with a number behind it for those of the same second: places
    for `new_folder`, which takes the first that is free.
    """
    stem = f"{datetime.now():%Y%m%d-%H%M%S}{ending}"
    return [folder / name for name in (stem, *(f"{stem}-{number}" for number in range(2, MOST_PLACES)))]


def check_new(path: Path, detail: str = "", hint: str = HINT, beside: Collection[str] = ()) -> None:
    """Raise UsageError ("PATH already exists DETAIL: HINT") unless `path` is free: missing, or a folder that is empty but
    for the files named in `beside` and drafts.
    """
    with reading_file(path):
        if path.is_symlink():
            raise UsageError(f"{path} is a link: name the place that it leads to")
        if path.exists() and (not path.is_dir() or any(_counts(entry, beside) for entry in path.iterdir())):
            raise UsageError(f"{path} already exists{' ' if detail else ''}{detail}: {hint}")


def safe_names(texts: Iterable[str]) -> dict[str, str]:
    """Return the name of a file or folder for each text, no two of them alike, also where case makes no difference.

    A text that is as safe as its name keeps it; of others that would have the same one, and of those that are too long,
    the name ends in a digest of the text.
    """
    unique = list(dict.fromkeys(texts))
    wanted = Counter(safe_name(text).casefold() for text in unique)
    kept = {text.casefold(): text for text in reversed(unique) if safe_name(text) == text}
    names = {}
    for text in unique:
        name = safe_name(text)
        alone = wanted[name.casefold()] == 1 or kept.get(name.casefold()) == text
        digest = blake2b(text.encode(errors="surrogatepass"), digest_size=4).hexdigest()
        names[text] = name if alone and len(name.encode()) <= LONGEST else f"{name[: LONGEST // 4]}-{digest}"
    return names


def _counts(entry: Path, beside: Collection[str]) -> bool:
    return entry.name not in beside and not entry.name.startswith(PREFIX)


def safe_name(text: str, filler: str = "_", allowed: str = r"\w.=,@+-") -> str:
    """Return `text` as the name of a file or folder: each run of characters outside the class `allowed` is one `filler`."""
    return re.sub(f"[^{allowed}]+", filler, text).strip(".") or filler
