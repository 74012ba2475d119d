"""How a kernel waits: within the time limit of its run, and open to Ctrl-C."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flowgraph import errors

__all__ = ["time_limit", "wait_until"]

_SLICE_SECONDS = 0.25


class _Run(threading.local):
    deadline: float | None = None


_run = _Run()


@contextmanager
def time_limit(milliseconds: float) -> Iterator[None]:
    """Let kernels that this thread runs inside wait no longer than so."""
    before = _run.deadline
    _run.deadline = time.monotonic() + milliseconds / 1000
    try:
        yield
    finally:
        _run.deadline = before


def wait_until(condition: threading.Condition, ready: Callable[[], bool]) -> None:
    """Wait on `condition`, which is held, until `ready`.

    Raises:
        DeadlineExceededError: when the time limit of the run is over.
    """
    while not ready():
        seconds = _SLICE_SECONDS
        if _run.deadline is not None:
            seconds = min(seconds, _run.deadline - time.monotonic())
            if seconds <= 0:
                raise errors.DeadlineExceededError(None, None, "Timed out waiting for notification")
        condition.wait(seconds)
