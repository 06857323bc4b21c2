"""The dialogue of an episode for notebooks, where it shows itself."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field

from clemsim._util.text import safe
from clemsim.game.content import Image
from clemsim.game.image_headers import MEDIA_TYPES
from clemsim.html.environment import render
from clemsim.results.dialogue.model import Dialogue

Bytes = Callable[[str], bytes]  # of the picture of a digest


@dataclass(frozen=True)
class EpisodeView:
    """An episode of a run. `dialogue` has all of it, typed; notebooks show it, and `str` gives its replies as text."""

    dialogue: Dialogue
    _bytes_of: Bytes = field(repr=False)

    def __str__(self) -> str:
        lines = [f"{turn.seat}: {turn.reply.text}" for turn in self.dialogue.turns if turn.reply]
        return "\n".join([self.dialogue.key.label, *map(safe, lines), self.ending])

    @property
    def ending(self) -> str:
        """How the episode has ended, in words."""
        outcome = self.dialogue.outcome
        if outcome is None:
            return safe(f"unfinished: {self.dialogue.unfinished}" if self.dialogue.unfinished else "unfinished")
        quality = "" if outcome.quality is None else f" (quality {outcome.quality:g})"
        return safe(f"{outcome.kind}{quality}{': ' if outcome.reason else ''}{outcome.reason}")

    def _repr_html_(self) -> str:
        return render("episode_fragment.html", dialogue=self.dialogue, ending=self.ending, marked=safe, source=self._source)

    def _source(self, image: Image) -> str:
        """Return a picture as an address that holds it; empty for a kind that is never shown, as some run scripts."""
        if image.media_type not in MEDIA_TYPES:
            return ""
        return f"data:{image.media_type};base64,{b64encode(self._bytes_of(image.digest)).decode('ascii')}"
