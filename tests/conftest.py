"""Tests do not depend on the keys, proxies and certificates of whoever runs them."""

from __future__ import annotations

import os

import pytest

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR", "OPENAI_API_KEY")


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [*NETWORK, *PROXIES, *map(str.lower, PROXIES)]
    for name in [*names, *(name for name in os.environ if name.startswith("CLEMSIM_") and "TEST" not in name)]:
        monkeypatch.delenv(name, raising=False)
