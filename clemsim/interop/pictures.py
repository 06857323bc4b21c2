"""The pictures of a run, out of its store: as files, and as they stand in exports."""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path

from clemsim._util.files import writing_file
from clemsim.errors import UsageError
from clemsim.game.content import DIGITS, Image
from clemsim.game.events import Asked, Event, Told
from clemsim.store import reader


def named_in(events: Iterable[Event]) -> list[Image]:
    """Return the pictures that events name, each once, in the order in which they were shown."""
    shown = {image.digest: image for event in events if isinstance(event, Asked | Told) for image in event.images}
    return list(shown.values())


def file_name(image: Image) -> str:
    """Return the name of the file of a picture, such as `0f343b0931126a20.png`."""
    return f"{image.digest[:DIGITS]}{image.suffix}"


def save_images(base: sqlite3.Connection, events: Iterable[Event], folder: Path) -> int:
    """Write the pictures that events name into a folder, by the beginning of their digests, and return how many they are.

    Raises UsageError, and StoreError where one is missing or damaged.
    """
    images = named_in(events)
    for image in images:
        raw = reader.image(base, image.digest)
        with writing_file(folder, UsageError):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / file_name(image)).write_bytes(raw)
    return len(images)


def encoded(base: sqlite3.Connection, images: Iterable[Image]) -> dict[str, dict[str, str]]:
    """Return pictures by digest: media type, and the bytes in base64. Raises StoreError."""
    return {
        image.digest: {
            "media_type": image.media_type,
            "data": b64encode(reader.image(base, image.digest)).decode("ascii"),
        }
        for image in images
    }
