"""What the first bytes of a picture say: its media type and its size in pixels. Nothing is decoded.

Layouts: PNG (RFC 2083, 11.2.1), GIF89a (logical screen descriptor), JPEG (ITU-T T.81, B.2.2), WebP (RFC 9649, 2.5 to 2.7).
"""

from __future__ import annotations

from collections.abc import Callable
from struct import error, unpack_from
from typing import Literal, NamedTuple, get_args

MediaType = Literal["image/png", "image/jpeg", "image/webp", "image/gif"]
MEDIA_TYPES: tuple[str, ...] = get_args(MediaType)


class Header(NamedTuple):
    """Media type, and width and height in pixels."""

    media_type: MediaType
    width: int
    height: int


def read_header(raw: bytes) -> Header | None:
    """Return what the bytes are by their signature; None where they are none of MEDIA_TYPES, or break off in the header."""
    for media_type, (signed, size) in _READERS.items():
        if signed(raw):
            try:
                found = size(raw)
            except (error, IndexError):
                return None
            return Header(media_type, *found) if found and min(found) > 0 else None
    return None


def _png(raw: bytes) -> tuple[int, int] | None:
    return unpack_from(">II", raw, 16) if raw[12:16] == b"IHDR" else None


def _gif(raw: bytes) -> tuple[int, int] | None:
    return unpack_from("<HH", raw, 6)


def _jpeg(raw: bytes) -> tuple[int, int] | None:
    """Return the size that the first frame header has, walking over the segments before it."""
    at = 2
    while at + 4 <= len(raw) and raw[at] == 0xFF:
        marker = raw[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = unpack_from(">HH", raw, at + 5)
            return width, height
        elif marker == 0xDA:  # the image itself, with no frame header before it
            return None
        else:
            at += 2 + max(2, unpack_from(">H", raw, at + 2)[0])
    return None


def _webp(raw: bytes) -> tuple[int, int] | None:
    match raw[12:16]:
        case b"VP8 " if raw[23:26] == b"\x9d\x01\x2a":
            width, height = unpack_from("<HH", raw, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L" if raw[20] == 0x2F:
            (bits,) = unpack_from("<I", raw, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return int.from_bytes(_whole(raw, 24), "little") + 1, int.from_bytes(_whole(raw, 27), "little") + 1
    return None


def _whole(raw: bytes, at: int) -> bytes:
    """Return three bytes. Raises IndexError where they are not all there."""
    return bytes(raw[place] for place in range(at, at + 3))


_READERS: dict[MediaType, tuple[Callable[[bytes], bool], Callable[[bytes], tuple[int, int] | None]]] = {
    "image/png": (lambda raw: raw.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    "image/jpeg": (lambda raw: raw.startswith(b"\xff\xd8\xff"), _jpeg),
    "image/webp": (lambda raw: raw.startswith(b"RIFF") and raw[8:12] == b"WEBP", _webp),
    "image/gif": (lambda raw: raw.startswith((b"GIF87a", b"GIF89a")), _gif),
}
