"""Parameters that a server refuses, by the words of providers."""

from __future__ import annotations

import orjson
import pytest

from clemsim.engines.refused_parameters import RefusedParameters, refused_parameter

BODY = {"model": "m", "max_tokens": 300, "temperature": 0.0, "top_p": 1.0, "seed": 1, "messages": [], "cache_control": {}}
OPENAI = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
VALUE = "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported."


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ({"error": {"message": OPENAI, "param": "max_tokens", "code": "unsupported_parameter"}}, "max_tokens"),
        ({"error": {"message": OPENAI}}, "max_tokens"),
        ({"error": {"message": VALUE, "param": "temperature", "code": "unsupported_value"}}, "temperature"),
        ({"error": {"message": "`temperature` and `top_p` cannot both be specified for this model."}}, "temperature"),
        ({"error": {"message": "Unrecognized request argument supplied: seed"}}, "seed"),
        ({"type": "error", "error": {"message": "cache_control: Extra inputs are not permitted"}}, "cache_control"),
        ({"detail": "property 'top_p' is unsupported"}, "top_p"),
        ({"error": {"message": "temperature must be between 0 and 2", "param": "temperature"}}, ""),  # a wrong value
        ({"error": {"message": "unknown model m"}}, ""),
        ({"error": {"message": "messages: not supported", "param": "messages"}}, ""),
        ({"error": {"message": "min_p is not supported"}}, ""),  # it was not sent
        ("temperature is not supported", "temperature"),
        ("<html>bad request</html>", ""),
    ],
)
def test_words_of_providers(answer: object, name: str) -> None:
    text = answer if isinstance(answer, str) else orjson.dumps(answer).decode()
    assert refused_parameter(text, BODY) == name


def test_what_is_refused_is_left_out_or_renamed_and_told_once() -> None:
    refused, sent = RefusedParameters("o9"), orjson.dumps(BODY)
    assert not refused
    assert refused.learn(OPENAI, sent) and refused.learn(OPENAI, sent)  # two turns that were under way
    assert refused.learn(VALUE, sent)
    body = refused.without(BODY)
    assert body == {"model": "m", "top_p": 1.0, "seed": 1, "messages": [], "cache_control": {}, "max_completion_tokens": 300}
    assert refused.notices == [
        "o9 refuses max_tokens: it is sent as max_completion_tokens",
        "o9 refuses temperature=0.0: it plays with the server's own temperature",
    ]
    assert not refused.learn(VALUE, orjson.dumps(body))  # it was not sent: the error is another one
