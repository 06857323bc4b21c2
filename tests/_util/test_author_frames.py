"""Frames of a thread that runs."""

from __future__ import annotations

import sys
from types import FrameType

from clemsim._util.author_frames import describe_running


def _over() -> FrameType:
    return sys._getframe()


def test_the_frames_of_a_thread_are_described_from_the_outer_one_on() -> None:
    here = sys._getframe()
    assert "test_author_frames.py" in "".join(describe_running(here, here))


def test_a_thread_that_has_left_the_outer_frame_is_described_by_nothing() -> None:
    assert list(describe_running(_over(), sys._getframe())) == []
