"""Which key goes to which server."""

from __future__ import annotations

from pathlib import Path

import pytest

from clemsim.engines.credentials import api_key, own_variables
from clemsim.errors import UsageError

OPENAI, HOST = "https://api.openai.com/v1", "http://10.0.0.1:8000/v1"


@pytest.mark.parametrize(
    ("variables", "url", "key"),
    [
        ({}, HOST, None),
        ({"CLEMSIM_API_KEY": "bare"}, HOST, "bare"),
        ({"CLEMSIM_API_KEY": "bare", "CLEMSIM_API_KEY_10_0_0_1": "own"}, HOST, "own"),
        ({"CLEMSIM_API_KEY_10_0_0_1": "own", "CLEMSIM_API_KEY_10_0_0_1_8000": "port"}, HOST, "port"),
        ({"CLEMSIM_API_KEY_10_0_0_1_8001": "port"}, HOST, None),
        ({"CLEMSIM_API_KEY_10_0_0_1": ""}, HOST, None),
        ({"OPENAI_API_KEY": "openai"}, HOST, None),
        ({"OPENAI_API_KEY": "openai"}, OPENAI, "openai"),
        ({"OPENAI_API_KEY": "openai"}, "http://api.openai.com/v1", None),
        ({"OPENAI_API_KEY": "openai"}, "https://api.openai.com.example.org/v1", None),
        ({"OPENAI_API_KEY": "openai", "CLEMSIM_API_KEY": "bare"}, OPENAI, "openai"),
        ({"OPENAI_API_KEY": "openai", "CLEMSIM_API_KEY_API_OPENAI_COM": "own"}, OPENAI, "own"),
        ({"CLEMSIM_API_KEY_FILE": "nowhere"}, "http://x.file/v1", "error"),
    ],
)
def test_the_first_variable_that_holds_one(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], url: str, key: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    if key == "error":
        with pytest.raises(UsageError, match=r"^CLEMSIM_API_KEY_FILE: nowhere cannot be read"):
            api_key(url)
        return
    found = api_key(url)
    assert (found and found.value) == key
    assert key is None or key not in repr(found)


def test_a_file_that_others_can_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret")
    (tmp_path / "key").chmod(0o644)
    monkeypatch.setenv("CLEMSIM_API_KEY_10_0_0_1_FILE", str(tmp_path / "key"))
    with pytest.raises(UsageError, match=r"CLEMSIM_API_KEY_10_0_0_1_FILE: others can read .* chmod 600") as caught:
        api_key(HOST)
    assert "secret" not in str(caught.value)
    (tmp_path / "key").chmod(0o600)
    assert api_key(HOST) == ("secret", "CLEMSIM_API_KEY_10_0_0_1")


def test_names_of_variables() -> None:
    assert own_variables("https://my-host.example.org:8443/v1") == [
        "CLEMSIM_API_KEY_MY_HOST_EXAMPLE_ORG_8443",
        "CLEMSIM_API_KEY_MY_HOST_EXAMPLE_ORG",
    ]
    assert own_variables("http://[::1]/v1") == ["CLEMSIM_API_KEY___1"]
    assert own_variables("http://file/v1") == []
