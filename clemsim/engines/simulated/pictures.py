"""Pictures as a simulated server sees them: which ones they are, and how many tokens."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from clemsim.engines.base import Request
from clemsim.engines.images import image_of, image_tokens
from clemsim.game.content import Image, images_of

IMAGES = "images"  # the key of a message under which its pictures are, once they were read


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
    urls = [part.get("image_url") for part in parts if isinstance(part, dict) and part.get("type") == "image_url"]
    return [_seen(image_of(str(url.get("url") if isinstance(url, dict) else url))) for url in urls]


def _seen(image: Image) -> SeenImage:
    return SeenImage(image.digest, image_tokens(image.width, image.height))


def pictured(request: Request) -> Sequence[Mapping[str, Any]]:
    """Return the messages of a request, with their pictures under IMAGES."""
    messages: list[dict[str, Any]] = [{**message} for message in request.messages]
    for place, parts in (request.parts or {}).items():
        messages[place][IMAGES] = [_seen(image) for image in images_of(parts)]
    return messages
