"""`bestof:SPEC?n=8`: a model that draws several replies to each ask and gives the best, by a vote or by a judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from string import Template
from typing import Any
from urllib.parse import unquote

from clemsim.catalog.agents import kind_of, make_agent
from clemsim.catalog.kinds import AgentKind, AgentOptions
from clemsim.engines.backend import Backend
from clemsim.engines.base import Sampling
from clemsim.engines.load import ServerLoad
from clemsim.errors import UsageError
from clemsim.formats import one_of
from clemsim.game.content import MOST_IMAGES, Text
from clemsim.game.messages import MODERATOR, Message, Usage
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.price import Price

DEFAULT, MOST = 8, 128
SPENT = ("tokens_in", "tokens_cached", "tokens_out")  # of a judge's reply
MOST_SHOWN = 20_000  # characters of the conversation that a judge reads, from its end
JUDGE = Template(
    "Several replies were drafted for one player of a game. Read what the player has seen, then say which reply serves the"
    " player best.\n\nWhat the player has seen:\n$seen\n\nThe drafts:\n$drafts\n\nReply with the number of the best one and"
    " nothing else."
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which candidate was chosen, and how: by a vote, or by a judge, whose reply costs `spent`."""

    place: int
    by: str
    spent: dict[str, Any] | None = None


class BestOf(Agent):
    """Draws `n` replies of one model, of one prompt where its server can, and gives one of them.

    Replies that the ask's format accepts go before others. Without a judge the commonest wins, of equally common ones the
    first; a judge names a number, and where it names none the vote decides.
    """

    requests = True

    def __init__(self, inner: ModelAgent, n: int, judge: Agent | None = None) -> None:
        self.name = f"{inner.name} (best of {n})"
        self.inner, self.n, self.judge = inner, n, judge

    async def open(self) -> None:
        """Open the model, then the judge. Raises EngineError and UsageError."""
        await self.inner.open()
        try:
            if self.judge:
                await self.judge.open()
        except BaseException:
            await self.inner.close()
            raise
        self.width, self.adaptive = self.inner.width, self.inner.adaptive

    async def close(self) -> None:
        """Close both."""
        if self.judge:
            await self.judge.close()
        await self.inner.close()

    async def load(self) -> ServerLoad | None:
        """Return the load of the model's servers."""
        return await self.inner.load()

    @property
    def backend(self) -> Backend:
        """What computes the model's replies."""
        return self.inner.backend

    @property
    def waiting(self) -> str:
        """What the model or the judge waits for."""
        return self.inner.waiting or (self.judge.waiting if self.judge else "")

    @property
    def notices(self) -> Sequence[str]:
        """What both have to say."""
        return [*self.inner.notices, *(self.judge.notices if self.judge else ())]

    @property
    def price(self) -> Price | None:
        """That of the model; the judge has its own."""
        return self.inner.price

    @price.setter
    def price(self, price: Price | None) -> None:
        self.inner.price = price

    @property
    def priced(self) -> bool:
        """Whether tokens of the model or of the judge have a price."""
        return self.inner.priced or (self.judge is not None and self.judge.priced)

    def cost_of(self, usage: Usage) -> float:
        """Return what the tokens of the model and those of the judge cost, each by its own price."""
        price = self.judge.price if self.judge else None
        spent = ((usage.details or {}).get("candidates") or {}).get("judge") if price else None
        judged = price.of_tokens(*(spent.get(name, 0) for name in SPENT)) if price and spent else 0.0
        return self.inner.cost_of(usage) + judged

    @property
    def dearest_turn(self) -> float:
        """That of all its replies, and of the judge's."""
        return self.n * self.inner.dearest_turn + (self.judge.dearest_turn if self.judge else 0.0)

    def settle(self, *, system: str, seed: int, width: int | None, written_calls: bool = False) -> None:
        """Tell the model its settings."""
        self.most_turns = width
        self.inner.settle(system=system, seed=seed, width=width, written_calls=written_calls)

    def describe(self) -> dict[str, Any]:
        """Return the model, the number of its replies, and the judge."""
        about = self.inner.describe() | {"name": self.name, "best_of": self.n}
        return about | ({"judge": self.judge.describe()} if self.judge else {})

    async def reply(self, view: View) -> Message:
        """Draw the replies and return the chosen one; its usage counts them all, and names the candidates."""
        drafts = await self.inner.draw(view, self.n)
        choice = await self._choose(view, drafts)
        chosen = drafts[choice.place]
        if usage := chosen.usage:
            about = {"texts": [draft.said for draft in drafts], "chosen": choice.place, "by": choice.by}
            judged = {"judge": choice.spent} if choice.spent else {}
            usage.details = {**(usage.details or {}), "candidates": about | judged}
        return chosen

    async def _choose(self, view: View, drafts: Sequence[Message]) -> Chosen:
        held_to = view.format
        fitting = [place for place, draft in enumerate(drafts) if held_to and held_to.accepts(draft.said.strip())]
        places = fitting or list(range(len(drafts)))
        texts = {place: drafts[place].said.strip() for place in places}
        if self.judge and len(set(texts.values())) > 1:
            return await self._ask_judge(self.judge, view, texts)
        return Chosen(_voted(texts), "vote")

    async def _ask_judge(self, judge: Agent, view: View, texts: dict[int, str]) -> Chosen:
        numbers = dict(enumerate(dict.fromkeys(texts.values()), 1))
        seen = "\n\n".join(f"{_speaker(message, view)}: {message.said}" for message in view)[-MOST_SHOWN:]
        drafts = "\n\n".join(f"{number}. {text}" for number, text in numbers.items())
        text = JUDGE.substitute(seen=seen, drafts=drafts)
        images = [image for message in view for image in message.images][-MOST_IMAGES:]
        ask = Message(MODERATOR, text, parts=(*images, Text(text)) if images else ())
        form = one_of(*map(str, numbers))
        said = await judge.reply(replace(view, format=form, seen=(), size=0, ask=ask, sampling=None, offer=None))
        spent: dict[str, Any] = {"model": judge.name, "reply": said.content}
        if said.usage:
            spent |= {name: getattr(said.usage, name) for name in SPENT}
        number = _number(said.content)
        if number not in numbers:
            return Chosen(_voted(texts), "vote, for the judge named none", spent)
        return Chosen(next(place for place, text in texts.items() if text == numbers[number]), "judge", spent)


def _voted(texts: dict[int, str]) -> int:
    """Return the place of the commonest text, of equally common ones the first."""
    common = Counter(texts.values()).most_common(1)[0][0]
    return next(place for place, text in texts.items() if text == common)


def _speaker(message: Message, view: View) -> str:
    return "player" if message.author == view.seat else message.author


def _number(text: str) -> int:
    """Return the first number in a text; 0 for none."""
    digits = "".join(char if char.isascii() and char.isdigit() else " " for char in text).split()
    return int(digits[0][:6]) if digits else 0


@dataclass(frozen=True, slots=True)
class BestOfSpec:
    """The argument of `bestof:SPEC?n=8&judge=SPEC` taken apart."""

    spec: str
    n: int
    judge: str


def parse(arg: str) -> BestOfSpec:
    """Take the argument apart. Raises UsageError."""
    head, _, rest = arg.partition("?")
    query, mark, fragment = rest.partition("#")
    own = dict(part.partition("=")[::2] for part in query.split("&") if part.startswith(("n=", "judge=")))
    left = "&".join(part for part in query.split("&") if part and not part.startswith(("n=", "judge=")))
    number = own.get("n", str(DEFAULT))
    if not (number.isascii() and number.isdecimal() and 2 <= int(number) <= MOST):
        raise UsageError(f"bestof: n={number}: give a number of replies from 2 to {MOST}")
    if not head:
        raise UsageError("bestof: name the model, as in bestof:local?n=8&temperature=0.8")
    return BestOfSpec(head + (f"?{left}" if left else "") + mark + fragment, int(number), unquote(own.get("judge", "")))


def make(arg: str, options: AgentOptions) -> Agent:
    """Make the agent of `bestof:SPEC?n=8&judge=SPEC`. Raises UsageError."""
    parts = parse(arg)
    inner = make_agent(parts.spec, options)
    if not isinstance(inner, ModelAgent):
        raise UsageError(f"bestof:{parts.spec}: {inner.name} is no model, and draws no other reply to the same ask")
    if inner.sampling.temperature == 0:
        raise UsageError(f"bestof:{parts.spec}: at temperature 0 all replies are the same: add temperature=0.8")
    judge = make_agent(parts.judge, replace(options, sampling=Sampling(max_tokens=16))) if parts.judge else None
    return BestOf(inner, parts.n, judge)


def parts_of(arg: str) -> Sequence[tuple[AgentKind, str]]:
    """Return the model and the judge, kind and argument of each."""
    parts = parse(arg)
    return [kind_of(spec) for spec in (parts.spec, parts.judge) if spec]


def addresses(arg: str) -> Sequence[str]:
    """Return the addresses of the servers that the model and the judge call."""
    return list(dict.fromkeys(url for kind, own in parts_of(arg) for url in kind.addresses(own)))


BESTOF = AgentKind(
    name="bestof",
    spec="bestof:SPEC?n=8&temperature=0.8&judge=SPEC (best of several replies)",
    help="bestof:SPEC?n=8, the commonest of several replies of a model, or the one that a judge chooses",
    make=make,
    options=frozenset({"sampling", "constrain", "isolate_cache", "servers", "network", "flags"}),
    wraps=True,
    addresses=addresses,
    parts=parts_of,
)
