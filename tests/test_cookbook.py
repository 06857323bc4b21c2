"""The games of the cookbook: each keeps to what every arena must, and plays as its rules say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import clemsim
from clemsim import ToolCall, UsageError, find_arena
from clemsim.cli.common import out
from clemsim.runs.replay import replay
from clemsim.testing import assert_golden, check_arena, drive, render
from tests.cli.conftest import Clemsim
from tests.cli.conftest import clemsim as clemsim_command  # noqa: F401 (a fixture)

COOKBOOK = Path(__file__).parents[1] / "examples" / "cookbook"
GOLDEN = Path(__file__).parent / "golden" / "cookbook"
GAMES = {
    "adventure": "Adventure",
    "connect_four": "ConnectFour",
    "lighthouse": "Lighthouse",
    "lookalikes": "Lookalikes",
    "negotiation": "Negotiation",
    "undercover": "Undercover",
    "warehouse": "Warehouse",
    "yes_no": "YesNo",
}

SEEN: dict[
    str, tuple[int, list[Any]]
] = {  # one way to end of each game, and some in which it goes wrong: the number of the instance, and the replies
    "adventure-won": (
        0,
        ["DO: go east", "DO: sing", "DO: go down", "DO: take lamp", "DO: go up", "DO: go west", "DO: leave"],
    ),
    "adventure-left": (5, ["DO: look", "jump", "DO: leave"]),
    "connect_four-won": (0, [f"DROP: {column}" for column in (3, 2, 3, 2, 4, 2)]),
    "connect_four-aborted": (10, ["DROP: 7", "DROP: 8", "drop 7", "DROP: 0"]),
    "lighthouse-lit": (
        0,
        ["> light the great lamp", "> take dry matches", "> pick up box of matches", "> climb up tower", "> light lamp"],
    ),
    "lookalikes-fooled": (1, ["SAY: a red square", "SAY: a red square", "ANSWER: same", "ANSWER: different"]),
    "negotiation-agreed": (0, ["OFFER: 9 0 0", "OFFER: 0 2 1", "OFFER: 3 1 0", "ACCEPT", "FAIRER: nobody"]),
    "negotiation-none": (4, ["ACCEPT", *["OFFER: 1 2 2"] * 5]),
    "undercover-caught": (1, [*[f"CLUE: clue {n}" for n in range(5)], *[f"VOTE: player{n}" for n in (2, 1, 2, 2, 2)]]),
    "warehouse-found": (
        0,
        [
            [ToolCall.of("stock", item="bolts", warehouse="north"), ToolCall.of("stock", item="bolts")],
            ToolCall.of("price", item="bolts", warehouse="north"),
            "SEND: north",
        ],
    ),
    "yes_no-found": (6, ["ASK: can fly", "ANSWER: yes", "a bat?", "GUESS: bat"]),
    "yes_no-wrong": (0, ["ASK: eats meat", "ANSWER: no"]),
}


def spec(name: str) -> str:
    return f"{COOKBOOK / name}.py:{GAMES[name]}"


def game(name: str) -> Any:
    return find_arena(spec(name))()


def seen(way: str) -> Any:
    """Return the transcript of a way to end."""
    arena, (number, replies) = game(way.partition("-")[0]), SEEN[way]
    return drive(arena, arena.instances()[number], replies)


def test_every_file_of_the_cookbook_is_here() -> None:
    assert {path.stem for path in COOKBOOK.glob("*.py")} == set(GAMES)
    assert all(len(path.read_text().splitlines()) <= 145 for path in COOKBOOK.glob("*.py"))


@pytest.mark.parametrize("name", GAMES)
def test_a_game_keeps_to_what_every_arena_must(name: str) -> None:
    arena = game(name)
    assert check_arena(arena, arena.instances(), examples=8) > 0


@pytest.mark.parametrize("way", SEEN)
def test_a_transcript_of_each_reads_as_it_should(way: str) -> None:
    assert_golden(seen(way), GOLDEN / f"{way}.txt")


def test_every_game_has_a_transcript() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(SEEN)
    assert {way.partition("-")[0] for way in SEEN} == set(GAMES)


def test_connect_four_is_won_by_the_seat_that_has_four() -> None:
    arena = game("connect_four")
    won = drive(arena, arena.load({}), [f"DROP: {column}" for column in (1, 2, 1, 2, 1, 2, 3, 2)]).outcome
    assert won and won.by_seat == {"red": 0.0, "yellow": 1.0} and won.quality is None
    full = drive(arena, arena.load({}), [*["DROP: 1"] * 7, "DROP: 2", "DROP: 9", "DROP: 9", "DROP: 9"])
    assert full.outcome and (full.outcome.kind, full.outcome.blame) == ("aborted", "yellow")
    assert "no use: column 1 is full" in render(full)


def test_undercover_is_won_by_the_side_that_is_left() -> None:
    arena = game("undercover")
    words = next(each for each in arena.instances() if each.players == 5 and each.spy == 2)
    clues, spy = ["CLUE: hot"] * 5, ["VOTE: player3"] * 2 + ["VOTE: player1"] + ["VOTE: player3"] * 2
    caught = drive(arena, words, [*clues, *spy]).outcome
    assert caught and caught.by_seat == {f"player{n}": float(n != 3) for n in range(1, 6)}
    wrong = [f"VOTE: player{n}" for n in (2, 1, 1, 1, 1)]
    last = [f"VOTE: player{n}" for n in (3, 2, 2, 2)]
    escaped = drive(arena, words, [*clues, *wrong, *clues[:4], *last]).outcome
    assert escaped and escaped.reason == "spy won" and escaped.by_seat and escaped.by_seat["player3"] == 1.0


def test_the_judge_of_a_negotiation_scores_nothing() -> None:
    arena = game("negotiation")
    deal = arena.load({"goods": [3, 2, 1], "values": {"buyer": [1, 2, 3], "seller": [3, 2, 1]}})
    transcript = drive(arena, deal, ["OFFER: 9 0 0", "OFFER: 0 2 1", "ACCEPT", "FAIRER: buyer"])
    assert transcript.outcome and transcript.outcome.by_seat == {"buyer": 7.0, "seller": 9.0}
    assert transcript.outcome.quality == 100.0 and list(transcript.notes("fairer")) == ["buyer"]
    assert arena.metrics(transcript) == {"Agreed": 1.0, "Offers": 2.0}


def test_a_wrong_answer_loses_the_yes_no_game() -> None:
    arena = game("yes_no")
    secret = arena.load({"animal": "bat"})
    found = drive(arena, secret, ["ASK: can fly", "ANSWER: yes", "GUESS: bat"]).outcome
    assert found and found.quality == 80.0
    wrong = drive(arena, secret, ["ASK: can fly", "ANSWER: no"]).outcome
    assert wrong and (wrong.kind, wrong.blame) == ("failure", "answerer")


def test_both_players_of_lookalikes_must_be_right() -> None:
    arena = game("lookalikes")
    same, different = arena.instances()[:2]
    said = ["SAY: a red square"] * 2
    assert drive(arena, same, [*said, *["ANSWER: same"] * 2]).outcome.quality == 100.0  # type: ignore[union-attr]
    lost = drive(arena, different, [*said, "ANSWER: same", "ANSWER: different"])
    assert lost.outcome and lost.outcome.kind == "failure" and arena.metrics(lost) == {"Right Answers": 1.0}
    left, right = (turn.asked.images[0] for turn in lost.turns[:2])
    assert (left.width, left.height, left.alt) == (96, 64, "coloured shapes")
    digest = "c60957044b887af652fcb048a6e93626647487671a50610044d4cb030c786e95"
    assert digest == drive(arena, same, [*said, *["ANSWER: same"] * 2]).turns[0].asked.images[0].digest, "on any machine"
    assert left != right and left.raw != right.raw


async def test_a_player_who_sees_wins_lookalikes_in_memory_and_from_the_record(tmp_path: Path) -> None:
    agents = [f"{COOKBOOK / 'lookalikes.py'}:Sighted", "random"]
    run = await clemsim.run(arenas=spec("lookalikes"), agents=agents, out=tmp_path / "run")
    assert run.summary.agents["sighted"].quality == 100.0 and (run.summary.agents["random"].quality or 0) < 80
    assert not [episode.problem for episode in _replayed(run.folder) if episode.problem]
    digests = run.images["digest"]
    assert len(digests) == len(set(digests)) == 18 and all(run.image(digest).startswith(b"\x89PNG") for digest in digests)


async def test_hidden_roles_with_5_7_and_9_players_by_agent_and_role(tmp_path: Path) -> None:
    """Seats that do not play need no agent; the roles have different ones."""
    agents = ["spy=random", "civilian=" + str(COOKBOOK / "../../tests/players.py") + ":Bland"]
    run = await clemsim.run(arenas=spec("undercover"), agents=agents, out=tmp_path / "run")
    scores = run.summary.seat_scores
    assert scores is not None and set(scores["undercover"]) == {"random", "bland"}
    spies, civilians = scores["undercover"]["random"], scores["undercover"]["bland"]
    assert set(spies.seats) == {"spy"} and set(civilians.seats) == {"civilian"}
    assert spies.episodes == 18 and civilians.episodes == 6 * (4 + 6 + 8)
    seats = run.pandas("seats")
    assert sorted(seats.groupby("episode").size().unique()) == [5, 7, 9]
    assert set(seats[seats.role == "spy"].agent) == {"random"}
    again = await clemsim.resume(run)
    assert again.summary == run.summary
    assert not [episode.problem for episode in _replayed(run.folder) if episode.problem]


async def test_each_repetition_of_the_adventure_is_another(tmp_path: Path) -> None:
    run = await clemsim.run(arenas=spec("adventure"), agents="random", repetitions=3, seed=5, out=tmp_path / "run")
    lamps = {next(iter(run.transcript(number).notes("lamp"))) for number in range(1, 19)}
    assert len(lamps) == 4
    assert not [episode.problem for episode in _replayed(run.folder) if episode.problem]
    assert run.summary.metrics is not None and set(run.summary.metrics["random"]["adventure"]) == {"Commands", "Lamp Found"}


def _replayed(folder: Path) -> list[Any]:
    return list(replay(folder, trust=True))


async def test_games_scored_by_seat_are_in_no_comparison_and_in_no_stopping_rule_of_worth(tmp_path: Path) -> None:
    connect_four, agents = spec("connect_four"), ["random", f"yellow={COOKBOOK / 'connect_four.py'}:Careful"]
    run = await clemsim.run(arenas=connect_four, agents=agents, instances=3, out=tmp_path / "run")
    with pytest.raises(
        UsageError, match="no finished episode that could be compared: connect_four of run is scored by seat"
    ):
        clemsim.compare(run, run)
    both = await clemsim.run(arenas=[connect_four, "taboo"], agents="random", instances=1, out=tmp_path / "both")
    assert {row.game for row in clemsim.compare(both, both).rows} == {"taboo", "overall"}
    assert both.summary.worth == 0.0 and both.summary.arenas["connect_four"].worth is None
    with pytest.raises(UsageError, match="--stop-when: a game of this run is scored by seat alone"):
        await clemsim.run(arenas=connect_four, agents=agents, stop_when="ci(worth) < 20", out=tmp_path / "stopped")


async def test_a_judge_is_in_no_table_of_scores(tmp_path: Path) -> None:
    run = await clemsim.run(arenas=spec("negotiation"), agents="random", out=tmp_path / "run")
    scores = run.summary.seat_scores
    assert scores is not None and set(scores["negotiation"]["random"].seats) == {"buyer", "seller"}
    assert run.summary.quality is not None and run.summary.worth is not None


async def test_the_clerk_of_the_warehouse_looks_things_up_with_tools(tmp_path: Path) -> None:
    agents = [f"{COOKBOOK / 'warehouse.py'}:Thorough", "random"]
    run = await clemsim.run(arenas=spec("warehouse"), agents=agents, out=tmp_path / "run")
    metrics = run.summary.metrics
    assert metrics is not None
    assert metrics["thorough"]["warehouse"]["Calls"].mean == 6.0
    scores = run.pandas("episodes").groupby("agent").quality.mean()
    assert scores["thorough"] == 100.0 and scores["random"] < 100.0
    calls = run.pandas("calls")
    assert set(calls.tool) == {"stock", "price"} and set(calls.failed) == {0, 1}
    assert not [episode.problem for episode in _replayed(run.folder) if episode.problem]


def test_the_lamp_of_the_lighthouse_is_lit() -> None:
    arena = game("lighthouse")
    commands = [
        "> light the great lamp",
        "> take dry matches",
        "> pick up box of matches",
        "> climb up tower",
        "> light lamp",
    ]
    found = drive(arena, arena.load({}), commands)
    assert found.outcome and found.outcome.quality == 50.0 and found.outcome.reason.startswith("The lamp burns.\nFar out")
    assert list(found.notes("failure")) == ["not_here", "undefined_repr_str", None, None, None]


def test_the_list_of_episodes_has_scores_by_seat(
    clemsim_command: Clemsim,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(out, "width", 140)
    heads = {}
    for name in ("undercover", "connect_four", "negotiation"):
        run = ("run", "--arena", spec(name), "--instances", 1, "--agent", "random", "--out", name)
        assert clemsim_command(*run).code == 0
        said = clemsim_command("show", name).out
        heads[name] = next(line for line in said.splitlines() if "┃ outcome" in line)
        assert name != "undercover" or "; 0: 4 seats" in said or "1: 4 seats; " in said
    assert all("scores" in head for head in heads.values())
    assert [name for name, head in heads.items() if "quality" in head] == ["negotiation"]
