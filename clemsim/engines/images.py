"""Pictures in requests: as parts of a chat message, as tokens, and as what a server without eyes refuses."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from clemsim.engines.base import ChatMessage, Request
from clemsim.errors import ArenaError, BadRequest, EngineError
from clemsim.game.content import Image, Part, Text, images_of

PATCH = 28  # pixels a side that are one token: patches of 14, merged by two (Qwen2-VL: Wang et al. 2024, section 2.1)

# Signs of an error message that says that the model takes no pictures: vLLM's, llama.cpp's, OpenAI's and others'.
BLIND = (
    "not a multimodal model",
    "at most 0 image",
    "image input is not supported",
    "image_url is only supported by certain models",
    "does not support image",
)
_URI = re.compile(r"data:([a-z+/]+);base64,(.+)", re.DOTALL)
REMEDY = "serve one that does (llama.cpp: with --mmproj), or seat another agent"


def openai_part(part: Part) -> dict[str, Any]:
    """Return a part as OpenAI's chat completions have it; vLLM, SGLang, llama.cpp and OpenRouter take the same.

    A picture travels as a data URI: no server is told to fetch one.
    """
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "image_url", "image_url": {"url": data_uri(part)}}


def chat_messages(
    messages: Sequence[ChatMessage],
    parts: Mapping[int, Sequence[Part]],
    as_sent: Callable[[Part], dict[str, Any]] = openai_part,
) -> list[dict[str, Any]]:
    """Return messages of which those with `parts` (by place) have a list of them as content, each `as_sent`."""
    return [
        {**message, "content": [as_sent(part) for part in parts.get(place, ())] or message["content"]}
        for place, message in enumerate(messages)
    ]


def parts_as_sent(content: Sequence[Any]) -> list[Part]:
    """Return the parts of a message as it was sent, the reverse of `chat_messages`. Raises ValueError for a part that is
    neither text nor a picture in a data URI: none is fetched.
    """
    return [_as_sent(part) for part in content]


def _as_sent(part: Any) -> Part:
    match part:
        case {"type": "text", "text": str() as text}:
            return Text(text)
        case {"type": "image_url", "image_url": {"url": str() as url}}:
            return image_of(url)
    raise ValueError("a part of a message is neither text nor a picture: image_url: {url: a data URI}")


def image_of(url: str) -> Image:
    """Return the picture in a data URI. Raises ValueError where there is none in it; nothing is fetched."""
    found = _URI.fullmatch(url)
    if found is None:
        raise ValueError("image_url: a data URI with a picture in base64 is needed, for nothing is fetched")
    try:
        return Image.data(b64decode(found[2], validate=True), found[1])
    except (ValueError, ArenaError) as error:
        raise ValueError(f"image_url: {error}") from None


def data_uri(image: Image) -> str:
    """Return a picture as a `data:` URI."""
    return f"data:{image.media_type};base64,{base64_of(image)}"


def base64_of(image: Image) -> str:
    """Return the bytes of a picture in base64."""
    return b64encode(image.raw).decode("ascii")


def image_tokens(width: int, height: int) -> int:
    """Return about how many tokens a picture of so many pixels is: one for each patch."""
    return -(-width // PATCH) * -(-height // PATCH)


def tokens_of_images(request: Request) -> int:
    """Return about how many tokens the pictures of a request are."""
    return sum(image_tokens(image.width, image.height) for image in _images(request))


def _images(request: Request) -> Iterator[Image]:
    for parts in (request.parts or {}).values():
        yield from images_of(parts)


def blind(name: str) -> BadRequest:
    """Return the error of an engine that takes no pictures."""
    return BadRequest(f"{name} takes no pictures, and the game shows one: {REMEDY}")


def told_apart(error: EngineError, text: str, name: str) -> EngineError:
    """Return the error of a request with pictures: that the model takes none, where the server's answer says so."""
    if any(sign in text.lower() for sign in BLIND):
        return BadRequest(f"{name} takes no pictures, and the game shows one: {error.args[0]}; {REMEDY}")
    return error
