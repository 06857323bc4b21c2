"""The frames of an error that lie in the code of its author: neither in clemsim or pydantic nor in Python's own library."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from traceback import FrameSummary, StackSummary, extract_tb
from types import FrameType

from clemsim.errors import describe_frame

CLEMSIM = Path(__file__).resolve().parents[1]
LIBRARY = Path(sysconfig.get_paths()["stdlib"]).resolve()


def author_frames(error: BaseException) -> list[FrameSummary]:
    """Return the author's frames, the outermost first, of the first of the errors that led to this one that has any.

    Where an error was raised from a bug in clemsim itself, return all frames of that.
    """
    chain = [error]
    while chain[0].__cause__ is not None:
        chain.insert(0, chain[0].__cause__)
    for one in chain:
        if frames := [frame for frame in extract_tb(one.__traceback__) if _is_authors(Path(frame.filename))]:
            return frames
    return list(extract_tb(chain[0].__traceback__)) if len(chain) > 1 else []


def describe_frames(error: BaseException) -> Iterator[str]:
    """Yield file, line and source line of each of the author's frames, as Python's tracebacks write them."""
    return _described(author_frames(error))


def describe_running(frames: Sequence[FrameType]) -> Iterator[str]:
    """Yield the same of the author's frames among some of a thread that may go on meanwhile, given the innermost first."""
    stack = StackSummary.extract((frame, frame.f_lineno) for frame in reversed(frames))
    return _described(frame for frame in stack if _is_authors(Path(frame.filename)))


def _described(frames: Iterable[FrameSummary]) -> Iterator[str]:
    for frame in frames:
        yield from describe_frame(frame)


def _is_authors(path: Path) -> bool:
    path = path.resolve()
    if path.is_relative_to(CLEMSIM) or not path.is_file():  # compiled code names files that are not here
        return False
    if "pydantic" in path.parts:  # checks the fields of instances
        return False
    return not path.is_relative_to(LIBRARY) or "site-packages" in path.parts
