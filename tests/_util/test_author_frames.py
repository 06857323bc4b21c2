"""Frames of authors, as they are told."""

from __future__ import annotations

import sys
from types import FrameType

from clemsim._util.author_frames import describe_running


def outer() -> list[FrameType]:
    return inner()


def inner() -> list[FrameType]:
    return [sys._getframe(), sys._getframe(1)]


def test_frames_are_told_though_their_thread_has_left_them() -> None:
    told = list(describe_running(outer()))
    assert "in outer" in told[0] and "in inner" in told[2]
