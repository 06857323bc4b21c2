"""A board game with re-asks: connect four. Each seat has a score of its own, so a win of yellow is yellow's.

clemsim run --arena examples/cookbook/connect_four.py:ConnectFour \
    --agent yellow=examples/cookbook/connect_four.py:Careful --agent red=random
"""

from collections.abc import Mapping, Sequence

from clemsim import Agent, AgentOptions, Arena, Grid, Instance, Invalid, Message, Outcome, Table, Transcript, View, tagged
from clemsim.formats import literal, one_of

WIDTH, HEIGHT, TRIES = 7, 6, 3
COLUMNS = [str(column) for column in range(1, WIDTH + 1)]
FORMAT = literal("DROP: ") + one_of(*COLUMNS)
STEPS = ((1, 0), (0, 1), (1, 1), (1, -1))
RULES = "Connect four. You are {seat}. Drop a disc into a column from 1 to 7; four in a row win. Reply: DROP: <column>\n"

Board = dict[tuple[int, int], str]  # by column and height, both from 0


class Opening(Instance):
    """Columns into which discs have been dropped before the game begins, red's first."""

    moves: tuple[int, ...] = ()


def drop(board: Board, column: int, seat: str) -> tuple[int, int]:
    """Drop a disc and return where it lies. Raises Invalid, a reply of no use, where the column is full."""
    height = sum((column, own) in board for own in range(HEIGHT))
    if height == HEIGHT:
        raise Invalid(f"column {column + 1} is full", violation=False)
    board[column, height] = seat
    return column, height


def wins(board: Board, place: tuple[int, int]) -> bool:
    """Whether four discs in a row go through this place."""

    def run(dx: int, dy: int) -> int:
        x, y = place
        length = 0
        while board.get((x := x + dx, y := y + dy)) == board[place]:
            length += 1
        return length

    return any(run(dx, dy) + run(-dx, -dy) >= 3 for dx, dy in STEPS)


def drawn(board: Board) -> str:
    """Return the board as text, r and y on dots."""
    rows = ("".join(board.get((x, y), ".")[0] for x in range(WIDTH)) for y in reversed(range(HEIGHT)))
    return "\n".join((*rows, "".join(COLUMNS)))


def again(problem: Invalid, tries: int) -> str | None:
    """Say what was wrong, twice; the third time the game ends."""
    return f"That is no move: {problem.reason}. Reply: DROP: <column>" if tries < TRIES else None


class ConnectFour(Arena[Opening]):
    """Two players take turns until one has four in a row."""

    name, version = "connect_four", 1
    seats = ("red", "yellow")
    max_turns = WIDTH * HEIGHT * TRIES
    shown = ("Moves", "Red Won")

    async def play(self, table: Table, opening: Opening, /) -> Outcome:
        """Play from the opening; a full board is a draw."""
        board: Board = {}
        for column in opening.moves:
            drop(board, column - 1, self.seats[len(board) % 2])
        for seat in self.seats:
            table.tell(seat, RULES.format(seat=seat))
        while len(board) < WIDTH * HEIGHT:
            seat = self.seats[len(board) % 2]

            def move(text: str, seat: str = seat) -> tuple[int, int]:
                if text not in COLUMNS:
                    raise Invalid(f"{text!r} is no column from 1 to {WIDTH}")
                return drop(board, int(text) - 1, seat)

            place = await table.ask(seat, drawn(board), parse=tagged("DROP:", FORMAT).then(move), reask=again)
            if wins(board, place):
                return Outcome.scores({other: float(other == seat) for other in self.seats}, reason=f"{seat} has four")
        return Outcome.scores(dict.fromkeys(self.seats, 0.5), reason="the board is full")

    def metrics(self, transcript: Transcript[Opening], /) -> Mapping[str, float | None]:
        """How long it took, and whether red won, of games that were not drawn."""
        outcome = transcript.outcome
        scores = (outcome.by_seat if outcome else None) or {}
        moves = sum(len(transcript.moves(seat)) for seat in self.seats)
        return {"Moves": moves, "Red Won": None if scores.get("red") in (None, 0.5) else scores["red"]}

    def render(self, transcript: Transcript[Opening], /) -> Sequence[Grid]:
        """The board after each move."""
        board: Board = {}
        for column in transcript.instance.moves:
            drop(board, column - 1, self.seats[len(board) % 2])
        pieces = []
        for turn in (turn for turn in transcript.turns if turn.parsed):
            board[turn.move[0], turn.move[1]] = turn.seat
            rows, after = drawn(board).splitlines(), turn.asked.turn
            pieces.append(
                Grid.of(rows, {"r": "bad", "y": "near"}, legend={"bad": "red", "near": "yellow"}, title="Board", after=after)
            )
        return pieces

    def instances(self) -> list[Opening]:
        """Every first pair of discs of which the second does not lie on the first."""
        pairs = [(red, yellow) for red in range(1, WIDTH + 1) for yellow in range(1, WIDTH + 1) if red != yellow]
        return [Opening(id=number, moves=pair) for number, pair in enumerate(pairs[::4])]


class Careful(Agent):
    """Wins where it can, blocks where it must, and else plays near the middle."""

    def __init__(self, arg: str = "", options: AgentOptions | None = None) -> None:
        """`arg` is what stands behind a second colon in the SPEC."""
        self.name = "careful"

    async def reply(self, view: View) -> Message:
        """Look for the best column on the board in the last ask but re-asks."""
        text = next(message.content for message in reversed(view) if "\n1234567" in message.content)
        rows = text.splitlines()[-HEIGHT - 1 : -1]
        names = {"r": "red", "y": "yellow"}
        found = {(x, HEIGHT - 1 - y): names[cell] for y, row in enumerate(rows) for x, cell in enumerate(row) if cell != "."}
        other = "yellow" if view.seat == "red" else "red"
        best = max(
            range(WIDTH), key=lambda column: (*(_good(found, column, who) for who in (view.seat, other)), -abs(3 - column))
        )
        return Message(view.seat, f"DROP: {best + 1}")


def _good(board: Board, column: int, seat: str) -> int:
    """Return 1 where a disc of the seat wins, 0 where it does not, -1 where the column is full."""
    after = dict(board)
    try:
        return int(wins(after, drop(after, column, seat)))
    except Invalid:
        return -1
