"""The rules: a number from 1 to `most` is to be found in a few guesses."""

from collections.abc import Mapping, Sequence

from clemsim import (
    Arena,
    Grid,
    Instance,
    Invalid,
    Outcome,
    Parser,
    Piece,
    Table,
    Toned,
    Transcript,
    tagged,
)
from clemsim.formats import literal, one_of

GUESSER = "guesser"


class Secret(Instance):
    """What one episode needs: the number to be found, the greatest that there is, and how many guesses there are."""

    number: int
    most: int
    guesses: int


class NewGame(Arena[Secret]):
    """Find a number in a few guesses. One object plays every episode: nothing is stored on `self`."""

    name = "newgame"
    version = 1  # raise it whenever the rules change
    seats = (GUESSER,)
    max_turns = 50  # no episode takes more

    async def play(self, table: Table, secret: Secret, /) -> Outcome:
        """Guess until it is right; each wrong guess is told on which side the number lies."""
        ask = self.prompt("start", most=secret.most, guesses=secret.guesses)
        for count in range(1, secret.guesses + 1):
            guess = await table.ask(GUESSER, ask, parse=guess_of(secret.most))
            if guess == secret.number:
                return Outcome.success(quality=100 / count)
            ask = self.prompt(
                "higher" if guess < secret.number else "lower", guess=guess
            )
        return Outcome.failure("out of guesses")

    def metrics(self, transcript: Transcript[Secret], /) -> Mapping[str, float | None]:
        """Return how many guesses were made, of however the episode ended."""
        return {"Guesses": len(transcript.turns)}

    def render(self, transcript: Transcript[Secret], /) -> Sequence[Piece]:
        """Draw the guesses so far, for `clemsim show` and for pages."""
        number = transcript.instance.number
        guesses = [turn.move for turn in transcript.turns if turn.parsed]
        rows = [
            [Toned(str(guess), "good" if guess == number else "bad")]
            for guess in guesses
        ]
        return [Grid.of(rows, legend={"good": "the number"}, title="Guesses")]


def guess_of(most: int) -> Parser[int]:
    """Read `GUESS: 7`. Another reply is invalid: it ends the episode, and the seat is to blame."""

    def within(text: str) -> int:
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= most):
            raise Invalid(f"{text!r} is no number from 1 to {most}")
        return int(text)

    # The format is what --constrain holds a model to, and what `random` and the tests draw their replies from.
    numbers = literal("GUESS: ") + one_of(*map(str, range(1, most + 1)))
    return tagged("GUESS:", numbers).then(within)
