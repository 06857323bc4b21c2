"""Pictures as a simulated server sees them: which ones they are, and how many tokens."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Hashable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from clemsim.engines.base import Request
from clemsim.engines.images import image_tokens
from clemsim.game.content import images_of
from clemsim.game.image_headers import read_header

IMAGES = "images"  # the key of a message under which its pictures are, once they were read
_URI = re.compile(r"data:(image/[a-z]+);base64,(.+)", re.DOTALL)


class SeenImage(NamedTuple):
    """A picture in a message: its digest, and the tokens that it takes."""

    digest: str
    tokens: int

    def each(self) -> Iterator[Hashable]:
        """Yield its tokens; those of the same picture are the same."""
        return ((self.digest, number) for number in range(self.tokens))


def seen_images(parts: Sequence[Any]) -> list[SeenImage]:
    """Return the pictures among the parts of a message as OpenAI's chat completions have them.

    Raises ValueError where one is no picture in a data URI; none is fetched.
    """
    pictured = [part for part in parts if isinstance(part, dict) and part.get("type") == "image_url"]
    return [_read(part.get("image_url")) for part in pictured]


def _read(value: Any) -> SeenImage:
    url = value.get("url") if isinstance(value, dict) else value
    found = _URI.fullmatch(url) if isinstance(url, str) else None
    if found is None:
        raise ValueError("image_url: a data URI with a picture in base64 is needed, for nothing is fetched")
    try:
        raw = b64decode(found[2], validate=True)
    except ValueError as error:
        raise ValueError(f"image_url: the data is no base64: {error}") from None
    header = read_header(raw)
    if header is None or header.media_type != found[1]:
        raise ValueError(f"image_url: the data is no {found[1]}")
    return SeenImage(sha256(raw).hexdigest(), image_tokens(header.width, header.height))


def pictured(request: Request) -> Sequence[Mapping[str, Any]]:
    """Return the messages of a request, with their pictures under IMAGES."""
    messages: list[dict[str, Any]] = [{**message} for message in request.messages]
    for place, parts in (request.parts or {}).items():
        messages[place][IMAGES] = [
            SeenImage(image.digest, image_tokens(image.width, image.height)) for image in images_of(parts)
        ]
    return messages
