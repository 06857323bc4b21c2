"""A game and its player whose every text tries to be something else than text."""

from __future__ import annotations

from clemsim import Agent, AgentOptions, Arena, Instance, Invalid, Message, Outcome, Parser, Table, View

MARK = "document.title='broken into'"
EVIL = (
    f"<script>{MARK}</script>",
    f'<img src="http://attacker.example/x.png" onerror="{MARK}">',
    f"\"><svg onload={MARK}> '{{{{7*7}}}}{{% raw %}}",
    "</script></style></textarea></template><!-- <h1>not a heading</h1>",
    f"javascript:{MARK}",
    "\x1b[31mred\x1b[2J\x1b]8;;http://attacker.example\x07link\x1b]8;;\x07\x00\x07",
    "\u202egnp.exe\u2066 turned\u2069 \u200b\ufeff",
    "&lt;b&gt; &amp; &#60;b&#62;",
    "<think>" + "(" * 200 + "</think>",
)
LONG = "x" * 1_000_000


class Trap(Instance):
    """What is asked."""

    text: str = ""


class Traps(Arena[Trap]):
    """Asks a seat to say something, tells it what it said, and writes it down."""

    name, version = "traps", 1
    seats = ("one", "two")

    async def play(self, table: Table, trap: Trap, /) -> Outcome:
        """Two asks of each seat; the second reply of all but the first episode breaks a rule."""
        table.system("one", f"System: {trap.text}")
        for seat in self.seats:
            said = await table.ask(seat, f"Repeat: {trap.text}", parse=Parser(str))
            table.tell("two" if seat == "one" else "one", f"They said {said}")
            table.note(f"{seat} {trap.text[:40]}", said)
        if trap.id:
            await table.ask("two", trap.text, parse=Parser(refuse))
        return Outcome.failure(trap.text[:200], blame="two")

    def instances(self) -> list[Trap]:
        """One for each text, and one for a line of a million characters."""
        texts = [*EVIL, LONG]
        return [Trap(experiment=f"e{place}<i>&\u202e", id=place, text=text) for place, text in enumerate(texts)]


def refuse(text: str) -> str:
    """Refuse any text, and say it."""
    raise Invalid(f"not {text}"[:300])


class Echo(Agent):
    """Says what it is asked to say."""

    def __init__(self, arg: str, options: AgentOptions) -> None:
        self.name = "<u>echo</u>"

    async def reply(self, view: View) -> Message:
        """Repeat the ask, and think it."""
        text = view.ask.content.removeprefix("Repeat: ")
        return Message(view.seat, text, reasoning=text[:2000])
