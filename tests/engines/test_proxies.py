"""Which proxy an address goes through."""

from __future__ import annotations

import pytest

from clemsim.engines.proxies import find_proxy


@pytest.mark.parametrize(
    ("variables", "url", "proxy"),
    [
        ({}, "http://127.0.0.1:8000/v1", None),
        ({"HTTP_PROXY": "http://p:3128"}, "http://127.0.0.1:8000/v1", "http://p:3128"),
        ({"http_proxy": "p:3128"}, "http://host/v1", "http://p:3128"),
        ({"HTTP_PROXY": "http://p"}, "https://host/v1", None),
        ({"HTTPS_PROXY": "https://p"}, "https://host/v1", "https://p:443"),
        ({"ALL_PROXY": "http://p"}, "https://host/v1", "http://p:80"),
        ({"ALL_PROXY": "http://q", "HTTPS_PROXY": "http://p"}, "https://host/v1", "http://p:80"),
        ({"HTTP_PROXY": ""}, "http://host/v1", None),
        ({"HTTP_PROXY": "http://p", "NO_PROXY": "*"}, "http://host/v1", None),
        ({"HTTP_PROXY": "http://p", "NO_PROXY": "127.0.0.1, HOST"}, "http://host:80/v1", None),
        ({"HTTP_PROXY": "http://p", "NO_PROXY": ".example.org"}, "http://a.b.example.org/v1", None),
        ({"HTTP_PROXY": "http://p", "NO_PROXY": "example.org"}, "http://badexample.org/v1", "http://p:80"),
        ({"HTTP_PROXY": "http://p", "no_proxy": "host:8000"}, "http://host:8000/v1", None),
        ({"HTTP_PROXY": "http://p", "no_proxy": "host:8000"}, "http://host:8001/v1", "http://p:80"),
        ({"HTTP_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8"}, "http://10.1.2.3/v1", None),
        ({"HTTP_PROXY": "http://p", "NO_PROXY": "10.0.0.0/8"}, "http://11.1.2.3/v1", "http://p:80"),
        ({"HTTP_PROXY": "http://p", "NO_PROXY": "::1"}, "http://[::1]:8000/v1", None),
    ],
)
def test_the_environment_names_the_proxy(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, proxy: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = find_proxy(url)
    assert (found and found.url) == proxy


def test_name_and_password_are_no_part_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://me:hunter%3a2@p:3128/")
    found = find_proxy("http://host/v1")
    assert found and (found.url, found.user, found.password) == ("http://p:3128", "me", "hunter:2")
    assert "hunter" not in repr(found)
