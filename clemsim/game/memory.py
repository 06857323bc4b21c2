"""What a seat still sees after it was made to forget."""

from __future__ import annotations

from itertools import takewhile

from clemsim.game.messages import SYSTEM, TOOL, Message


def remembered(seen: list[Message], seat: str, keep: int, *, opening: bool) -> list[Message]:
    """Return what is left of `seen`: its system text, the first exchange where `opening`, the last `keep` exchanges, and
    what the seat was told since. An exchange is a reply with all that came since the reply before it; calls of tools and
    their results belong to the reply that follows them. Where nothing is forgotten it is the same list, else a new one: the
    old one belongs to views that were given away.
    """
    system = len([*takewhile(lambda message: message.author == SYSTEM, seen)])
    own = [message.author in (seat, TOOL) for message in seen]
    ends = [place + 1 for place in range(len(seen)) if own[place] and not (place + 1 < len(seen) and own[place + 1])]
    begin = ends[0] if opening and ends else system
    cut = ends[-keep - 1] if keep < len(ends) else system
    return seen if cut <= begin else seen[:begin] + seen[cut:]
