"""A clerk looks things up with tools, then answers: which warehouse can send an order at the lowest price?

clemsim run --arena examples/cookbook/warehouse.py:Warehouse --agent local --constrain
clemsim run --arena examples/cookbook/warehouse.py:Warehouse --agent examples/cookbook/warehouse.py:Thorough
"""

import re
from collections.abc import Mapping
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from clemsim import (
    Agent,
    AgentOptions,
    Arena,
    Instance,
    Invalid,
    Message,
    Outcome,
    Table,
    ToolCall,
    Tools,
    Transcript,
    View,
    tagged,
)
from clemsim.formats import literal, one_of

Item = Literal["bolts", "nuts", "screws", "hinges"]
Place = Literal["north", "south", "west"]
ITEMS: tuple[Item, ...] = ("bolts", "nuts", "screws", "hinges")
PLACES: tuple[Place, ...] = ("north", "south", "west")
CALLS = 8
ASK = """A customer orders {count} {item}. Which of the warehouses {places} has so many, at the lowest price?
Look it up, then reply SEND: <warehouse>"""


class Order(Instance):
    """What is ordered, what each warehouse has of it, and what one costs there (cents)."""

    item: Item
    count: int
    stock: dict[Place, int]
    price: dict[Place, int]


class Warehouse(Arena[Order]):
    """One seat, and two tools that the game runs. The quality is 100 for the best warehouse, 50 for one that can send."""

    name, version = "warehouse", 1
    seats = ("clerk",)
    max_turns = CALLS + 2
    shown = ("Calls", "Failed Calls")

    async def play(self, table: Table, order: Order, /) -> Outcome:
        """Calls of tools until the answer."""

        def stock(item: Item, warehouse: Place) -> int:
            """How many of an item are in a warehouse."""
            return order.stock[warehouse] if item == order.item else 0

        def price(item: Item, warehouse: Place, count: Annotated[int, Field(ge=1, le=999)] = 1) -> str:
            """What so many of an item cost in a warehouse."""
            if item != order.item:
                raise Invalid(f"{warehouse} sells no {item}")  # the model sees it as the result
            return f"{count * order.price[warehouse] / 100:.2f} euros"

        ask = ASK.format(item=order.item, count=order.count, places=", ".join(PLACES))
        parse = tagged("SEND:", literal("SEND: ") + one_of(*PLACES))
        sender = await table.ask("clerk", ask, parse=parse, tools=Tools.of(stock, price, least=1, most=CALLS))
        able = [place for place in PLACES if order.stock[place] >= order.count]
        if sender not in able:
            return Outcome.failure(f"{sender} cannot send it", quality=0)
        best = min(able, key=lambda place: order.price[place])
        return Outcome.success(100 if sender == best else 50)

    def metrics(self, transcript: Transcript[Order], /) -> Mapping[str, float | None]:
        """How many calls were made, and how many of them could not be answered."""
        calls = transcript.calls("clerk")
        return {"Calls": float(len(calls)), "Failed Calls": float(sum(call.failed for call in calls))}

    def instances(self) -> list[Order]:
        """An order of each item, three times."""
        return [_order(number, item) for number, item in enumerate(ITEMS * 3)]


def _order(number: int, item: Item) -> Order:
    """Return an order that two warehouses can send."""
    draw = Random(number)
    count, short = draw.randint(20, 80), draw.choice(PLACES)
    stock = {place: draw.randint(1, 19) if place == short else count + draw.randint(0, 20) for place in PLACES}
    prices = draw.sample(range(5, 60), len(PLACES))
    return Order(id=number, item=item, count=count, stock=stock, price=dict(zip(PLACES, prices, strict=True)))


class Thorough(Agent):
    """Asks each warehouse for both, in one reply; then answers."""

    name = "thorough"

    def __init__(self, arg: str, options: AgentOptions) -> None:
        """It has no options."""

    async def reply(self, view: View) -> Message:
        """Return calls, and after their results the answer."""
        (count, item), *_ = re.findall(r"orders (\d+) (\w+)", view[0].content)
        found = {
            (call.tool, call.values["warehouse"]): each.content
            for each in view
            for call in each.calls
            if each.author == "tool"
        }
        if not found:
            calls = [ToolCall.of(tool, item=item, warehouse=place) for place in PLACES for tool in ("stock", "price")]
            return Message(view.seat, "", calls=tuple(calls))
        able = [place for place in PLACES if int(found["stock", place]) >= int(count)]
        best = min(able, key=lambda place: float(found["price", place].split()[0]))
        return Message(view.seat, f"SEND: {best}")
