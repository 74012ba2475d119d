"""Arrays of strings: what the kernels of text ops share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from flowgraph import errors

__all__ = ["decoded", "encoded", "invalid", "mapped", "strings", "text_array", "texts"]


def texts(*values: bytes) -> Any:
    """A vector of strings."""
    return text_array(values, (len(values),))


def text_array(values: Iterable[bytes], shape: tuple[int, ...]) -> Any:
    """An array of strings from its elements in order."""
    array = np.empty(shape, np.object_)
    array.reshape(-1)[:] = list(values)
    return array


def strings(value: Any) -> Any:
    """An argument of a kernel as an array: a scalar may come as bytes."""
    return np.asarray(value, np.object_)


def mapped(function: Callable[[bytes], bytes], value: Any) -> Any:
    """`function` of every element."""
    array = strings(value)
    return text_array(map(function, array.reshape(-1).tolist()), array.shape)


def decoded(value: bytes) -> str:
    """A string as text; bytes that are no UTF-8 are kept apart."""
    return value.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """The inverse of `decoded`."""
    return text.encode("utf-8", "surrogateescape")


def invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)
