"""An agent that draws several replies and gives the best."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from clemsim_agents.bestof import BestOf

from clemsim.catalog.agents import kind_of, make_agent, make_casts
from clemsim.catalog.kinds import AgentOptions
from clemsim.engines.base import Candidate, Completion, Engine, Request, Sampling
from clemsim.errors import EngineUnavailable, UsageError
from clemsim.formats import one_of
from clemsim.game.content import images_of
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import MODERATOR, Message, Usage
from clemsim.game.view import View
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.price import Price
from tests.pictures import shade

VIEW = View(EpisodeKey("taboo", "x/0", 1, "a"), "guesser", 1, 7, None, (), 0, Message(MODERATOR, "Guess."))


class Several(Engine):
    """Gives its texts, all for one request or one after another."""

    name = "several"

    def __init__(self, texts: list[str], *, many: bool) -> None:
        self.texts, self.many, self.requests = texts, many, list[Request]()
        self.most = len(texts)

    @property
    def most_samples(self) -> int:
        return self.most if self.many else 1

    async def complete(self, request: Request) -> Completion:
        self.requests.append(request)
        place = len(self.requests) - 1
        usage = Usage(self.name, request.seed, 100.0 + place, 2.0, tokens_in=10, tokens_out=3)
        if self.texts[place] == "fails":
            raise EngineUnavailable("no luck")
        samples = [Candidate(text, "", "stop") for text in self.texts] if self.many else []
        return Completion(self.texts[place], "", "stop", usage, samples)


def best(texts: list[str], judge: str = "", *, many: bool = True) -> tuple[BestOf, Several]:
    engine = Several(texts, many=many)
    judges = ModelAgent(Several([judge], many=False), Sampling()) if judge else None
    return BestOf(ModelAgent(engine, Sampling(temperature=1.0)), len(texts), judges), engine


async def chosen(texts: list[str], judge: str = "", **view: Any) -> tuple[str, dict[str, Any]]:
    agent, _ = best(texts, judge)
    message = await agent.reply(replace(VIEW, **view))
    assert message.usage and message.usage.details
    return message.content, message.usage.details["candidates"]


async def test_the_commonest_reply_wins() -> None:
    content, about = await chosen(["a", "b", " b ", "c"])
    assert (content, about["chosen"], about["by"]) == ("b", 1, "vote")
    assert about["texts"] == ["a", "b", " b ", "c"]
    assert (await chosen(["a", "b"]))[0] == "a"  # of equally common ones the first


async def test_replies_that_the_format_accepts_go_first() -> None:
    assert (await chosen(["no", "no", "GUESS: x"], format=one_of("GUESS: x")))[0] == "GUESS: x"


@pytest.mark.parametrize(
    ("judge", "content", "by"),
    [
        ("2", "b", "judge"),
        ("The best is 1.", "a", "judge"),
        ("none", "a", "vote, for the judge named none"),
        ("9", "a", "vote"),
    ],
)
async def test_a_judge_names_a_number(judge: str, content: str, by: str) -> None:
    said, about = await chosen(["a", "a", "b"], judge)
    assert said == content and about["by"].startswith(by)
    assert about["judge"]["tokens_in"] == 10


async def test_a_judge_is_not_asked_where_all_agree() -> None:
    assert (await chosen(["a", "a"], "2"))[1]["by"] == "vote"


async def test_the_judge_has_a_price_of_its_own() -> None:
    agent, _ = best(["a", "b"], "2")
    assert agent.judge and not best(["a"])[0].priced
    agent.judge.price = Price(tokens_in=1e6, tokens_out=2e6)
    message = await agent.reply(VIEW)
    assert agent.priced and message.usage and agent.cost_of(message.usage) == 10 + 2 * 3
    agent.price = Price(tokens_in=1e3)
    assert agent.inner.price and agent.cost_of(message.usage) == pytest.approx(16 + 0.01)  # the model's 10 tokens in
    about = agent.describe()
    assert (about["price"], about["judge"]["price"]) == ({"tokens_in": 1e3}, {"tokens_in": 1e6, "tokens_out": 2e6})
    assert agent.dearest_turn == 2 * 0.3 + 300 * 3


async def test_one_request_or_several() -> None:
    agent, engine = best(["a", "b", "b"])
    await agent.reply(VIEW)
    assert [request.samples for request in engine.requests] == [3]
    agent, engine = best(["a", "b", "b"], many=False)
    message = await agent.reply(VIEW)
    assert [request.samples for request in engine.requests] == [1, 1, 1]
    assert len({request.seed for request in engine.requests}) == 3
    usage = message.usage
    assert usage and (usage.tokens_in, usage.tokens_out, usage.seconds) == (30, 9, 4.0)


async def test_replies_that_a_server_left_out_are_asked_for_again() -> None:
    agent, engine = best(["a", "b", "b"])
    agent.n = engine.most = 5  # the server gives three
    message = await agent.reply(VIEW)
    assert [request.samples for request in engine.requests] == [5, 1, 1]
    assert message.usage and message.usage.tokens_in == 30
    assert message.usage.details and message.usage.details["candidates"]["texts"] == ["a", "b", "b", "b", "b"]


async def test_as_many_replies_to_a_request_as_the_server_draws() -> None:
    agent, engine = best(["a", "b", "c"])
    agent.n, engine.most = 5, 2
    await agent.reply(VIEW)
    assert [(request.samples, request.seed - VIEW.seed) for request in engine.requests] == [(2, 0), (2, 2), (1, 4)]


async def test_a_failure_of_one_is_a_failure_of_the_turn() -> None:
    agent, _ = best(["a", "fails"], many=False)
    with pytest.raises(EngineUnavailable):
        await agent.reply(VIEW)


SERVER = "qwen@http://127.0.0.1:8000/v1"


def test_spec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K", "a-key")
    agent = make_agent(f"bestof:{SERVER}?n=4&temperature=0.8&system=Think.&judge=local%3Ftemperature=0#key_env=K")
    assert isinstance(agent, BestOf) and isinstance(agent.judge, ModelAgent)
    assert (agent.n, agent.name, agent.inner.system) == (4, "qwen (best of 4)", "Think.")
    assert (agent.inner.sampling.temperature, agent.judge.sampling.temperature) == (0.8, 0.0)
    kind, arg = kind_of(f"bestof:{SERVER}?n=4&judge=m@http://127.0.0.1:9000/v1#key_env=K")
    assert kind.addresses(arg) == ["http://127.0.0.1:8000/v1", "http://127.0.0.1:9000/v1"]
    assert [within.key_variable(own) for within, own in kind.parts(arg)] == ["K", ""]


def test_one_key_goes_to_model_and_judge_only_where_they_belong_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_API_KEY", "bare-key-of-one")
    spec = "bestof:m@http://a/v1?temperature=1&judge=j@http://{}/v1"
    with pytest.raises(UsageError, match=r"CLEMSIM_API_KEY would go to http://a:80 and http://d:80"):
        make_casts([spec.format("d")], AgentOptions())
    make_casts([spec.format("a")], AgentOptions())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("bestof:local", "at temperature 0 all replies are the same"),
        ("bestof:local?n=1&temperature=1", "n=1: give a number of replies from 2 to 128"),
        ("bestof:?temperature=1", "name the model"),
        ("bestof:baseline", "is no model"),
        ("bestof:local?temperature=1&judge=nobody", "there is no agent 'nobody'"),
        ("bestof:local?temperature=1&m=3", r"local:\?m=3: behind the weights stands nothing"),
    ],
)
def test_what_is_no_bestof(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make_agent(spec)


async def test_the_model_and_its_judge_see_the_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Several, "takes_images", True)
    agent, engine = best(["a", "b"], "2")
    ask = Message(MODERATOR, shade(1).line, parts=(shade(1),))
    assert (await agent.reply(replace(VIEW, ask=ask))).content == "b"
    assert isinstance(agent.judge, ModelAgent) and isinstance(agent.judge.engine, Several)
    (judged,) = agent.judge.engine.requests
    assert engine.requests[0].parts == {0: [shade(1)]} and judged.parts is not None
    assert images_of(judged.parts[0]) == (shade(1),) and shade(1).line in judged.messages[0]["content"]


def test_it_shares_the_server_of_its_model_and_keeps_its_cap() -> None:
    agent = make_agent("bestof:qwen@http://127.0.0.1:1?n=4&temperature=1&width=3")
    assert isinstance(agent, BestOf)
    assert agent.backend == agent.inner.backend and agent.most_turns == 3
