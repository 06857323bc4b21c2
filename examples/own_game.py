"""A game of one's own: find a number. Run it: python examples/own_game.py"""

from clemsim import Arena, Instance, Invalid, Outcome, Table, tagged
from clemsim.formats import literal, one_of
from clemsim.testing import drive, render

NUMBERS = [str(number) for number in range(1, 21)]


class Secret(Instance):
    """The number to be found."""

    number: int


def number(text: str) -> int:
    """A number from 1 to 20."""
    if text not in NUMBERS:
        raise Invalid(f"{text!r} is no number from 1 to 20")
    return int(text)


class HigherLower(Arena[Secret]):
    """Find a number between 1 and 20 in five guesses."""

    name, version = "higherlower", 1
    seats = ("guesser",)

    async def play(self, table: Table, secret: Secret, /) -> Outcome:
        """Guess until it is right; each wrong guess is told whether it was too low."""
        guess_format = literal("GUESS: ") + one_of(*NUMBERS)
        ask = "Guess a number from 1 to 20. Reply in this form:\nGUESS: <number>"
        for round_ in range(1, 6):
            guess = await table.ask("guesser", ask, parse=tagged("GUESS:", guess_format).then(number))
            if guess == secret.number:
                return Outcome.success(quality=100 / round_)
            ask = "The secret number is higher." if guess < secret.number else "The secret number is lower."
        return Outcome.failure("out of guesses")

    def instances(self) -> list[Secret]:
        """Ten numbers."""
        return [Secret(id=index, number=index * 7 % 20 + 1) for index in range(10)]


if __name__ == "__main__":
    print(render(drive(HigherLower(), Secret(number=5), ["GUESS: 10", "GUESS: 5"])), end="")
