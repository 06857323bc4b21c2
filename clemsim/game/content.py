"""What a seat is told or asked: a text, or parts of which some are pictures.

    await table.ask("describer", (Text("What do you see?"), Image.file("cat.png", alt="a cat")))

A content without a picture is a plain text wherever it goes. Of one with pictures, events and messages have a text as well,
in which a line says of each picture what it is and how its digest begins, and beside it the parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeAlias

from clemsim.errors import ArenaError
from clemsim.game.encodable import encodable
from clemsim.game.image_headers import MEDIA_TYPES, MediaType, read_header

MOST_BYTES = 5_000_000  # of one picture: what Anthropic's API takes at most
MOST_PIXELS = 8000  # of its width and height: the same
MOST_IMAGES = 100  # in one content: the same
MOST_ALT = 300  # characters of what a picture is called
MOST_SHOWN = 60  # characters of what is no content, in messages
DIGITS = 16  # of a digest, in the line that describes a picture


@dataclass(frozen=True, slots=True)
class Text:
    """A part that is text."""

    text: str
    type: Literal["text"] = field(default="text", init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise TypeError(f"Text is made of a text (str), not {type(self.text).__name__}")


@dataclass(frozen=True, slots=True)
class Image:
    """A part that is a picture; made with `Image.file` or `Image.data`.

    `digest`: SHA-256 of its bytes, in hexadecimal. `alt`: what it is called where it is not shown; no model sees it. `size`
    in bytes, `width` and `height` in pixels. Two are equal where these are. In an event that was read from a record it has
    no bytes: the run store keeps those by digest.
    """

    digest: str
    media_type: MediaType
    size: int
    width: int
    height: int
    alt: str = ""
    type: Literal["image"] = field(default="image", init=False)
    _raw: bytes = field(default=b"", repr=False, compare=False)  # orjson writes no field that begins with an underscore

    @classmethod
    def data(cls, raw: bytes, media_type: str, *, alt: str = "") -> Image:
        """Return a picture of these bytes, which must be what `media_type` says: image/png, image/jpeg, image/webp or
        image/gif. Raises ArenaError where they are something else, or more than MOST_BYTES or MOST_PIXELS.
        """
        if not isinstance(raw, bytes):
            raise ArenaError(f"Image.data takes the bytes of a picture, not {type(raw).__name__}: for a path, Image.file")
        if media_type not in MEDIA_TYPES:
            raise ArenaError(f"pictures are {', '.join(MEDIA_TYPES)}, not {str(media_type)[:MOST_SHOWN]!r}: convert it")
        return _checked(raw, media_type, alt, "the picture")

    @classmethod
    def file(cls, path: str | Path, *, alt: str = "") -> Image:
        """Return the picture in a file; its bytes, not its name, say what it is. Raises ArenaError where it cannot be read,
        and as `data` does.
        """
        if Path(path).exists() and not Path(path).is_file():  # to read a pipe may take for ever
            raise ArenaError(f"the picture {path} cannot be read: it is no file")
        try:
            with Path(path).open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise ArenaError(f"the picture {path} cannot be read: {error.strerror or error}") from error
        return _checked(raw, None, alt, f"the picture {path}")

    @property
    def raw(self) -> bytes:
        """Its bytes. Raises ArenaError where it comes from a record: `run.image(digest)` has them."""
        if not self._raw:
            raise ArenaError(f"{self.line} has no bytes here, as it was read from a record: run.image(digest) returns them")
        return self._raw

    @property
    def is_whole(self) -> bool:
        """Whether its bytes are there."""
        return bool(self._raw)

    @property
    def suffix(self) -> str:
        """The usual end of its file's name, such as `.png`."""
        return "." + self.media_type.removeprefix("image/").replace("jpeg", "jpg")

    @property
    def line(self) -> str:
        """What it is, on one line, such as `[image: a cat, 320x200 png, sha256 0f343b0931126a20]`."""
        kind = self.media_type.removeprefix("image/")
        alt = f"{' '.join(self.alt.split())}, " if self.alt else ""
        return f"[image: {alt}{self.width}x{self.height} {kind}, sha256 {self.digest[:DIGITS]}]"

    def bare(self) -> Image:
        """Return the same without its bytes."""
        return replace(self, _raw=b"")


Part: TypeAlias = Text | Image
Content: TypeAlias = str | tuple[Part, ...]
REMEDY = "write a text, or a tuple of parts: (Text('...'), Image.file('...'))"


def _checked(raw: bytes, media_type: str | None, alt: str, what: str) -> Image:
    if len(raw) > MOST_BYTES:
        raise ArenaError(f"{what} is larger than {MOST_BYTES:,} bytes: make it smaller")
    header = read_header(raw)
    if header is None:
        raise ArenaError(f"{what} is none of {', '.join(MEDIA_TYPES)}, by its first bytes: convert it")
    if media_type is not None and header.media_type != media_type:
        raise ArenaError(f"{what} is {header.media_type} by its first bytes, not {media_type}")
    if max(header.width, header.height) > MOST_PIXELS:
        size = f"{header.width} x {header.height} pixels"
        raise ArenaError(f"{what} is {size}, more than {MOST_PIXELS} a side: make it smaller")
    if not isinstance(alt, str) or len(alt) > MOST_ALT:
        raise ArenaError(f"alt is a text of at most {MOST_ALT} characters that says what the picture shows")
    digest, width, height = sha256(raw).hexdigest(), header.width, header.height
    return Image(digest, header.media_type, len(raw), width, height, encodable(alt), _raw=raw)


def checked_parts(content: object, what: str) -> str | tuple[Part, ...]:
    """Return the content, which is no plain text; as one where no part is a picture. `what` it is, for the message.

    Raises TypeError for what is no content.
    """
    if isinstance(content, str):
        return content
    shown = str(content)[:MOST_SHOWN]
    if not isinstance(content, tuple) or not content:
        raise TypeError(f"{what} is text (str) or a tuple of parts, not {type(content).__name__}: {shown}; {REMEDY}")
    for part in content:
        if not isinstance(part, Text | Image):
            raise TypeError(f"{what} has a part that is {type(part).__name__}, not Text or Image: {shown}; {REMEDY}")
    images = images_of(content)
    if len(images) > MOST_IMAGES:
        raise ArenaError(f"{what} has {len(images)} pictures: show at most {MOST_IMAGES} at once")
    for image in images:
        _ = image.raw  # raises where it has none
    return content if images else as_text(content)


def as_text(parts: Iterable[Part]) -> str:
    """Return the parts as one text, each on lines of its own; a picture is the line that says what it is."""
    return "\n".join(part.text if isinstance(part, Text) else part.line for part in parts)


def joined_parts(messages: Sequence[Sequence[Part]]) -> list[Part]:
    """Return the parts of messages one after another; an empty line is between texts of two of them."""
    joined = list(messages[0])
    for first, *rest in messages[1:]:
        if isinstance(first, Text) and isinstance(before := joined[-1], Text):
            joined[-1] = Text(f"{before.text}\n\n{first.text}")
        else:
            joined.append(first)
        joined += rest
    return joined


def images_of(parts: Iterable[Part]) -> tuple[Image, ...]:
    """Return the pictures among the parts, in order."""
    return tuple(part for part in parts if isinstance(part, Image))


def without_bytes(parts: Iterable[Part], known: Collection[str]) -> tuple[Part, ...]:
    """Return the parts without the bytes of the pictures whose digests are known."""
    return tuple(part.bare() if isinstance(part, Image) and part.digest in known else part for part in parts)


def read_parts(values: object) -> tuple[Part, ...]:
    """Return parts as JSON holds them, pictures without their bytes. Raises ValueError where they are none."""
    if not isinstance(values, Sequence) or not values:
        raise ValueError(f"its parts are {str(values)[:MOST_SHOWN]}")
    return tuple(_read_part(value) for value in values)


def _read_part(value: Any) -> Part:
    match value:
        case {"type": "text", "text": str() as text}:
            return Text(text)
        case {"type": "image", "digest": str() as digest, "media_type": str() as media_type, **rest}:
            return Image(digest, _media_type(media_type), *_numbers(rest), alt=str(rest.get("alt") or ""))
    raise ValueError(f"a part is {str(value)[:MOST_SHOWN]}")


def _media_type(value: str) -> MediaType:
    for known in MEDIA_TYPES:
        if value == known:
            return known  # type: ignore[return-value]
    raise ValueError(f"a picture is {value[:MOST_SHOWN]!r}")


def _numbers(fields: Mapping[Any, Any]) -> tuple[int, int, int]:
    found = [fields.get(name) for name in ("size", "width", "height")]
    if not all(type(number) is int for number in found):
        raise ValueError(f"size, width and height of a picture are {found}")
    return found[0], found[1], found[2]  # type: ignore[return-value]
