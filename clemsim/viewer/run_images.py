"""The pictures of a run: as answers of the server, and as addresses in pages."""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections.abc import Callable

from clemsim.errors import StoreError, UsageError
from clemsim.game.content import Image
from clemsim.game.image_headers import MEDIA_TYPES, read_header
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.viewer.library import Kind
from clemsim.viewer.site import Site


def image_of(site: Site, slug: str, digest: str) -> tuple[bytes, str]:
    """Return the bytes of a picture of a run, and what they are by themselves, whatever events say of them. Raises
    UsageError where there is none that may be shown.
    """
    entry = site.library.find(slug, Kind.run)
    with reader.reading(entry.folder / STORE) as base:
        raw = _bytes(base, digest)
    header = read_header(raw)
    if header is None:
        raise UsageError(f"the picture {digest} is none that is shown: these are {', '.join(MEDIA_TYPES)}")
    return raw, header.media_type


def image_sources(site: Site, slug: str, base: sqlite3.Connection) -> Callable[[Image], str]:
    """Return what gives the address of a picture, of one in a page that is a file its data; empty where it is not shown."""

    def source(image: Image) -> str:
        if image.media_type not in MEDIA_TYPES:  # no other kind is ever shown: some run scripts
            return ""
        if not site.inline:
            return site.links.image(slug, image.digest)
        try:
            return f"data:{image.media_type};base64,{b64encode(_bytes(base, image.digest)).decode('ascii')}"
        except UsageError:
            return ""

    return source


def _bytes(base: sqlite3.Connection, digest: str) -> bytes:
    try:
        return reader.image(base, digest)
    except StoreError as error:
        raise UsageError(str(error)) from error
