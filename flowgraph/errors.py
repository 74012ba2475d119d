"""Exceptions raised when a graph runs, with TensorFlow 1's names and codes.

::

    OpError
    ├── CancelledError              AbortedError
    ├── UnknownError                OutOfRangeError
    ├── InvalidArgumentError        UnimplementedError
    ├── DeadlineExceededError       InternalError
    ├── NotFoundError               UnavailableError
    ├── AlreadyExistsError          DataLossError
    ├── PermissionDeniedError       UnauthenticatedError
    ├── ResourceExhaustedError
    └── FailedPreconditionError

Mistakes that show while a graph is built are plain ``ValueError`` and ``TypeError``, as in
TensorFlow; `DTypeMismatchError` is both.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "ABORTED",
    "ALREADY_EXISTS",
    "CANCELLED",
    "DATA_LOSS",
    "DEADLINE_EXCEEDED",
    "FAILED_PRECONDITION",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "OK",
    "OUT_OF_RANGE",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "UNIMPLEMENTED",
    "UNKNOWN",
    "AbortedError",
    "AlreadyExistsError",
    "CancelledError",
    "DTypeMismatchError",
    "DataLossError",
    "DeadlineExceededError",
    "FailedPreconditionError",
    "InternalError",
    "InvalidArgumentError",
    "NotFoundError",
    "OpError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
]

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class OpError(Exception):
    """An error while running a graph.

    Attributes:
        op: the `Operation` that failed, or None when no op of the graph is to blame.
        node_def: that op's NodeDef, where one was given.
        message: what was wrong.
        error_code: one of the integer codes of this module.
    """

    code = UNKNOWN

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int | None = None) -> None:
        super().__init__(message)
        self._node_def = node_def
        self._op = op
        self.message = message
        self.error_code = self.code if error_code is None else error_code

    @property
    def op(self) -> Any:
        return self._op

    @property
    def node_def(self) -> Any:
        if self._node_def is None and self._op is not None:
            return getattr(self._op, "node_def", None)
        return self._node_def

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (None, None, self.message)

    def __str__(self) -> str:
        return self.message


class DTypeMismatchError(TypeError, ValueError):
    """Operands of different types. TF 1.0 raised ValueError for it and TF 1.15 TypeError."""


class CancelledError(OpError):
    """The step was cancelled."""

    code = CANCELLED


class UnknownError(OpError):
    """An error of no known kind."""

    code = UNKNOWN


class InvalidArgumentError(OpError):
    """An op received a value it cannot work with, or a placeholder was not fed."""

    code = INVALID_ARGUMENT


class DeadlineExceededError(OpError):
    """The step's time limit ran out."""

    code = DEADLINE_EXCEEDED


class NotFoundError(OpError):
    """A file, or a name in a checkpoint, does not exist."""

    code = NOT_FOUND


class AlreadyExistsError(OpError):
    """What was to be created exists."""

    code = ALREADY_EXISTS


class PermissionDeniedError(OpError):
    """The operating system refused access."""

    code = PERMISSION_DENIED


class ResourceExhaustedError(OpError):
    """Memory or disk ran out."""

    code = RESOURCE_EXHAUSTED


class FailedPreconditionError(OpError):
    """The session is not in the state that the op needs; a variable is uninitialized, say."""

    code = FAILED_PRECONDITION


class AbortedError(OpError):
    """The step was aborted."""

    code = ABORTED


class OutOfRangeError(OpError):
    """An input source has ended."""

    code = OUT_OF_RANGE


class UnimplementedError(OpError):
    """The op has no kernel for these dtypes or attributes."""

    code = UNIMPLEMENTED


class InternalError(OpError):
    """The engine broke one of its own rules."""

    code = INTERNAL


class UnavailableError(OpError):
    """The runtime is not reachable."""

    code = UNAVAILABLE


class DataLossError(OpError):
    """A file is truncated or damaged."""

    code = DATA_LOSS


class UnauthenticatedError(OpError):
    """The caller has no valid credentials."""

    code = UNAUTHENTICATED
