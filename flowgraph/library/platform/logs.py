"""The log of TF1 programs: Python's ``logging``, under the logger that they know."""

from __future__ import annotations

import itertools
import logging
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from logging import DEBUG, ERROR, FATAL, INFO, WARN
from typing import Any

__all__ = [
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "WARN",
    "TaskLevelStatusMessage",
    "debug",
    "error",
    "fatal",
    "flush",
    "get_logger",
    "get_verbosity",
    "info",
    "log",
    "log_every_n",
    "log_first_n",
    "log_if",
    "set_verbosity",
    "vlog",
    "warn",
    "warning",
]

_NAME = "tensorflow"
_lock = threading.Lock()
_counts: defaultdict[Any, Iterator[int]] = defaultdict(itertools.count)


class _Handler(logging.StreamHandler[Any]):
    """Writes to what ``sys.stderr`` is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def get_logger() -> logging.Logger:
    """The logger; it writes to stderr unless the program has set up logging itself."""
    logger = logging.getLogger(_NAME)
    with _lock:
        if not logger.handlers and not logging.getLogger().handlers:
            handler = _Handler()
            handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
            logger.addHandler(handler)
            logger.propagate = False
    return logger


def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log ``msg % args`` at a level."""
    get_logger().log(level, msg, *args, **kwargs)


def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log ``msg % args`` for whoever looks for a fault."""
    get_logger().debug(msg, *args, **kwargs)


def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log ``msg % args`` as news."""
    get_logger().info(msg, *args, **kwargs)


def warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log ``msg % args`` as a warning."""
    get_logger().warning(msg, *args, **kwargs)


warn = warning


def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log ``msg % args`` as an error."""
    get_logger().error(msg, *args, **kwargs)


def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log ``msg % args`` at the highest level; the program goes on."""
    get_logger().critical(msg, *args, **kwargs)


def vlog(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """The same as `log`."""
    get_logger().log(level, msg, *args, **kwargs)


def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """`log` if the condition holds."""
    if condition:
        log(level, msg, *args)


def _calls(msg: Any) -> int:
    """How often the line that calls the caller has come here before."""
    frame = sys._getframe(2)
    with _lock:
        return next(_counts[frame.f_code, frame.f_lineno, msg])


def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """`log` on the first call from a line and on every n-th one after it."""
    if _calls(msg) % n == 0:
        log(level, msg, *args)


def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """`log` on the first n calls from a line."""
    if _calls(msg) < n:
        log(level, msg, *args)


def TaskLevelStatusMessage(msg: Any) -> None:
    """Log a message at the level of errors."""
    error(msg)


def flush() -> None:
    """Write out what handlers still hold."""
    for handler in get_logger().handlers:
        handler.flush()


def set_verbosity(v: int) -> None:
    """Log only messages of level `v` and above."""
    get_logger().setLevel(v)


def get_verbosity() -> int:
    """The lowest level that is logged."""
    return get_logger().getEffectiveLevel()
