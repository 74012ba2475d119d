"""The stack of default sessions, one per thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph.graph import hooks
from flowgraph.graph.graph import Graph

__all__ = ["default_session", "get_default_session"]


class _Stack(threading.local):
    def __init__(self) -> None:
        self.sessions: list[Any] = []


_stack = _Stack()


def get_default_session() -> Any:
    """The innermost session entered by ``with session:`` in this thread, or None."""
    return _stack.sessions[-1] if _stack.sessions else None


@contextmanager
def default_session(session: Any) -> Iterator[Any]:
    """Make `session` the default inside."""
    _stack.sessions.append(session)
    try:
        yield session
    finally:
        _stack.sessions.remove(session)


def push(session: Any) -> None:
    _stack.sessions.append(session)


def drop(session: Any) -> None:
    if session in _stack.sessions:
        _stack.sessions.remove(session)


def _session_for(session: Any, graph: Graph, caller: str) -> Any:
    """`session`, or the default one; it must run `graph`."""
    what = (
        "evaluate tensor using `eval()`" if caller == "eval" else "execute operation using `run()`"
    )
    if session is None:
        session = get_default_session()
        if session is None:
            raise ValueError(
                f"Cannot {what}: No default session is registered. Use `with sess.as_default()` or "
                f"pass an explicit session to `{caller}(session=sess)`"
            )
        if session.graph is not graph:
            raise ValueError(
                f"Cannot use the default session to {what}: it runs a different graph. "
                f"Pass an explicit session to `{caller}(session=sess)`."
            )
    elif session.graph is not graph:
        raise ValueError(f"Cannot use the given session to {what}: it runs a different graph.")
    return session


hooks.default_session = _session_for
