"""Tests do not depend on the keys, proxies and certificates of whoever runs them, nor on what he has run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Tests try the same examples each time; the fuzzers in `benchmarks/` draw new ones by their seeds.
settings.register_profile("usual", derandomize=True, deadline=None)
settings.load_profile("usual")

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR", "OPENAI_API_KEY")


@pytest.fixture(autouse=True, scope="session")
def _state_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("configuration")))
        yield


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [*NETWORK, *PROXIES, *map(str.lower, PROXIES)]
    for name in [*names, *(name for name in os.environ if name.startswith("CLEMSIM_") and "TEST" not in name)]:
        monkeypatch.delenv(name, raising=False)
