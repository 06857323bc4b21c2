"""The instances of privateshared."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from clemsim import Instance


class SlotRequest(BaseModel):
    """The questioner's text that asks for a slot."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    slot: str
    text: str


class Slots(Instance):
    """The private table, the questioner's requests in their order, and the sets of probes (slot: question): one for before
    the first round, and one for after each.
    """

    tag: str
    situation: str
    slots: dict[str, str]
    requests: tuple[SlotRequest, ...]
    probes: tuple[dict[str, str], ...]
