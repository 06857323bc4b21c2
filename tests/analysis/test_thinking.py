"""What thinking buys and costs, and the language that is thought in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import altair as alt
import polars as pl
import pytest

from clemsim.analysis.analyze import analyze
from clemsim.analysis.kinds import DEFAULTS, choose
from clemsim.analysis.questions.thinking import answer
from clemsim.analysis.questions.variant_groups import all_groups, thinking_groups
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.evidence import Evidence, merge, scores_of
from clemsim.analysis.sources.languages import LANGUAGES, UNKNOWN, language_of
from clemsim.analysis.sources.published import EPISODES
from clemsim.analysis.sources.reading import read
from clemsim.analysis.sources.thinking import LANGUAGES as LANGUAGES_SEEN
from clemsim.analysis.sources.thinking import TURNS
from clemsim.catalog.models import Characteristics
from clemsim.runs.run import play
from clemsim.store.config import RunConfig

PLAYER = Path(__file__).parent / "thoughtful.py"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The secret word is an almond, which is a nut. I can't say the word for it.", "English"),
        ("Ich denke, dass das Wort nicht mit dem anderen verwandt ist.", "German"),
        ("Je pense que le mot est dans la liste, mais ce n'est pas pour moi.", "French"),
        ("La palabra que busco es una fruta, pero no está en la lista.", "Spanish"),
        ("A palavra que procuro não está na lista, mas é uma fruta.", "Portuguese"),
        ("La parola che cerco non è nella lista, ma sono sicuro che è un frutto.", "Italian"),
        ("Het woord dat ik zoek staat niet in de lijst, maar het is een vrucht.", "Dutch"),
        ("Слово, которое мы ищем, не в списке, но это фрукт для всех.", "Russian"),
        ("Слово, яке ми шукаємо, не в списку, але це фрукт для всіх, якщо є.", "Ukrainian"),
        ("Kelime bir meyve ve çok güzel, ama daha kolay değil.", "Turkish"),
        ("Słowo nie jest na liście, ale to jest owoc i tak może być.", "Polish"),
        ("用户让我猜一个五个字母的单词,我先想想。", "Chinese"),
        ("ユーザーは五文字の単語を当ててほしいと言っている。", "Japanese"),
        ("다섯 글자 단어를 맞혀야 한다고 생각합니다 그래서 먼저 생각해 봅니다", "Korean"),
        ("الكلمة التي نبحث عنها هي فاكهة حمراء أو خضراء", "Arabic"),
        ("Η λέξη που ψάχνουμε είναι ένα φρούτο", "Greek"),
        ("GUESS: apple\n" + "用户说这个词不对,我需要再想一个单词,应该是水果。", "Chinese"),
        ("GUESS: crane", UNKNOWN),
        ("42 + 17 = 59", UNKNOWN),
        ("qwrtz plmnk vbxcy dfghj klpqw rtzuv", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert language_of(text) == language
    assert language in (*LANGUAGES, UNKNOWN)


def test_of_a_long_text_only_the_beginning_counts() -> None:
    assert (
        language_of("The word is not in the list that we have. " * 50 + "Das Wort ist nicht auf der Liste. " * 9999)
        == "English"
    )


def model(name: str, thinking: str | None, won: Sequence[int]) -> Evidence:
    """Return a model that won this many of ten episodes of each of some instances, in two games."""
    rows = [(name, game, f"e/{i}", 10.0, 10.0, 10.0, 100.0 * (n + shift)) for game, shift in (("taboo", 0), ("wordle", 1))
            for i, n in enumerate(won)]  # fmt: skip
    clusters = pl.DataFrame(rows, EPISODES, orient="row")
    facts = Characteristics(name="m", thinking=thinking, access="vllm")
    return Evidence(scores_of(clusters), clusters=clusters, described={name: facts})


def turns(name: str, thought: float, cut: float = 0, price: float | None = None) -> pl.DataFrame:
    """Return the turns of a model: 40 of ten episodes, of both games the same."""
    rows = [(name, game, 10.0, 40.0, thought + 400, thought, cut, 40 + thought / 10, price) for game in ("taboo", "wordle")]
    return pl.DataFrame(rows, TURNS, orient="row")


OFF = replace(model("m off", "off", [1, 2, 3, 2, 1, 3, 2, 2]), turns=turns("m off", 0, price=1.0))
ON = replace(model("m on", "2000", [6, 7, 8, 7, 6, 8, 7, 8]), turns=turns("m on", 4000, cut=4, price=5.0))


def table(analysis: Analysis, name: str) -> list[dict[str, object]]:
    return next(table.frame for table in analysis.tables if table.name == name).to_dicts()


def test_what_thinking_buys_and_costs() -> None:
    analysis = answer(merge([ON, OFF]), DEFAULTS)
    rows = {row["game"]: row for row in table(analysis, "thinking_gains")}
    taboo = rows["taboo"]
    assert (taboo["model"], taboo["reference"], taboo["worth"]) == ("m on", "m off", pytest.approx(51.25))
    assert taboo["worth_low"] > 0  # type: ignore[operator]
    assert (taboo["thought_a_turn"], taboo["thought_an_episode"], taboo["cut"]) == (100, 400, 0.1)
    assert (taboo["more_tokens_an_episode"], taboo["more_seconds_an_episode"]) == (400, 40)
    assert rows["overall"]["more_price_an_episode"] == pytest.approx(0.4)
    said = " ".join(analysis.sentences)
    assert "m on lies 51.2 points above m off" in said and "(m on in taboo +51.2; m on in wordle +51.2)" in said
    assert "m on thought 100 tokens a turn, 400 an episode (means of the games); " in said
    assert "; beside m off an episode took +40.0 s of requests and +400 tokens out" in said
    assert "10 % of its replies were cut while it thought" in said and "and its price was +0.4000" in said
    assert "128.1 points of worth for 1,000 tokens" in said
    (figure,) = analysis.figures
    alt.Chart.from_dict(dict(figure.specification))  # validates


def test_a_gain_that_is_not_seen_is_not_claimed() -> None:
    same = replace(ON, clusters=OFF.clusters.with_columns(model=pl.lit("m on")))
    said = " ".join(answer(merge([replace(same, scores=scores_of(same.clusters)), OFF]), DEFAULTS).sentences)
    assert "no difference is seen between m on and m off" in said and "leaves 0 out in 0 of 2;" in said
    assert "points of worth for 1,000 tokens" not in said


def test_episodes_that_are_aborted_do_not_pass_for_cheap_ones() -> None:
    aborted = ON.clusters.with_columns(played=pl.lit(4.0), scored=pl.lit(4.0), total=pl.lit(0.0))
    on = replace(ON, clusters=aborted, scores=scores_of(aborted))
    assert "but fewer of its episodes were played to their end" in " ".join(answer(merge([on, OFF]), DEFAULTS).sentences)
    assert "to their end" not in " ".join(answer(merge([ON, OFF]), DEFAULTS).sentences)


def test_what_is_not_known_of_the_cost_is_left_out() -> None:
    on, off = (replace(own, turns=pl.DataFrame(schema=TURNS)) for own in (ON, OFF))
    analysis = answer(merge([on, off]), DEFAULTS)
    assert not analysis.figures and "thought" not in " ".join(analysis.sentences[-1:])
    assert "no run of theirs is here: m on, m off" in analysis.left_out[0]
    mute = answer(merge([replace(ON, turns=turns("m on", 0)), OFF]), DEFAULTS)
    assert "not one token of thinking was recorded, though it was asked for: m on" in mute.left_out


def test_agents_that_differ_in_more_than_thinking_are_not_compared() -> None:
    hot = replace(model("m hot", "2000", [1, 2, 3, 2, 1]), turns=turns("m hot", 10))
    hot = replace(hot, described={"m hot": Characteristics(name="m", thinking="2000", access="vllm", temperature=0.7)})
    analysis = answer(merge([OFF, hot]), DEFAULTS)
    assert analysis.sentences == ["No two agents here differ in nothing but how they were told to think."]
    assert [group.kind for group in all_groups(merge([OFF, hot, ON])) if "m hot" in group.others] == ["settings"]


def test_the_reference_thinks_least_and_each_pair_is_of_one_group() -> None:
    told = {"a": "high", "b": None, "c": "off", "d": "300"}
    evidence = merge([model(name, thinking, [1, 2, 3, 2, 1]) for name, thinking in told.items()])
    (group,) = thinking_groups(evidence)
    assert (group.reference, group.others) == ("c", ("b", "d", "a"))
    assert [each.kind for each in all_groups(evidence)] == ["thinking"]


def test_languages_are_said_as_far_as_they_are_known() -> None:
    def said(*rows: tuple[str, str, int]) -> str:
        counts = [("m", "taboo", asked, thought, count) for asked, thought, count in rows]
        evidence = replace(OFF, languages=pl.DataFrame(counts, LANGUAGES_SEEN, orient="row"))
        return answer(evidence, DEFAULTS).sentences[-1]

    assert said(("English", "English", 9)) == "m thought in English: the language of the game."
    assert said(("English", "English", 3), ("English", "Chinese", 1), ("English", UNKNOWN, 4)) == (
        "m thought in English (75 %), Chinese (25 %), as far as that is known (4 turns of 8); in 25 % of these turns that "
        "is not the language of the game (taboo)."
    )
    assert said((UNKNOWN, "Polish", 2)) == "m thought in Polish."
    assert said(("English", UNKNOWN, 2)) == "In which language m thought is not known."


async def test_runs_tell_what_turns_took_and_in_which_language_was_thought(tmp_path: Path) -> None:
    agents = tuple(f"{PLAYER}:Thoughtful?thinking={thinking}&price_out=1000&name={thinking}" for thinking in ("off", "on"))
    config = RunConfig(agents=agents, arenas=("taboo",), instances=2, constrain=True)
    await play(config, tmp_path / "run")
    evidence = read([tmp_path / "run"])
    off, on = (evidence.turns.filter(pl.col("model") == name).to_dicts()[0] for name in ("off", "on"))
    assert (off["thought"], off["seconds"], on["thought"], on["seconds"]) == (
        0,
        off["turns"],
        20 * on["turns"],
        2 * on["turns"],
    )
    assert on["price"] == pytest.approx(0.03 * on["turns"]) and on["tokens_out"] == 30 * on["turns"]
    (spoken,) = evidence.languages.to_dicts()
    assert spoken == {"model": "on", "game": "taboo", "asked": "English", "thought": "German", "turns": on["turns"]}
    analysis = analyze(evidence, choose("thinking"))[-1]
    assert analysis.sentences[-1] == (
        "on thought in German; in 100 % of these turns that is not the language of the game (taboo)."
    )
    assert table(analysis, "thinking_gains")[0]["more_seconds_an_episode"] is not None
