"""Optional libraries: what is missing is named with the extra that installs it."""

from __future__ import annotations

import sys

import pytest

from clemsim._util.extras import library, needing
from clemsim.errors import UsageError


def test_a_library_that_is_there() -> None:
    assert library("json", "frames").loads("1") == 1


def test_a_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError) as caught:
        library("pandas", "frames")
    assert str(caught.value) == "pandas needs the extra `frames`: pip install 'clemsim[frames]'"
    with pytest.raises(UsageError, match=r"a table needs the extra `frames`: pip install 'clemsim\[frames\]'"):
        library("pandas", "frames", "a table")


def test_a_missing_module_of_clemsim_is_a_bug() -> None:
    with pytest.raises(ImportError, match="nowhere"), needing("frames", "a table"):
        from clemsim import nowhere  # noqa: F401, PLC0415
