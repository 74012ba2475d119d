"""A Python function of tensors that runs as a graph, traced once per kind of argument."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

import flowgraph as tf

__all__ = ["Traced", "traced"]


class Traced:
    """Calls a function's graph; made by `traced`.

    Attributes:
        graph: holds one traced form of the function per signature.
        traces: how often the function was run to build graph.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self.graph = tf.Graph()
        self.traces = 0
        self._function = function
        self._session = tf.Session(graph=self.graph)
        self._forms: dict[Any, Callable[..., Any]] = {}
        self._lock = threading.Lock()

    def __call__(self, *args: Any) -> Any:
        """The function's value for `args`, arrays or what NumPy makes arrays of."""
        arrays = [_as_array(argument) for argument in args]
        signature = tuple((array.dtype.str, array.shape) for array in arrays)
        form = self._forms.get(signature)
        if form is None:
            with self._lock:
                form = self._forms.get(signature) or self._trace(arrays)
                self._forms[signature] = form
        return form(*arrays)

    def _trace(self, arrays: list[Any]) -> Callable[..., Any]:
        self.traces += 1
        with self.graph.as_default():
            inputs = [tf.placeholder(array.dtype, array.shape) for array in arrays]
            outputs = self._function(*inputs)
        call: Callable[..., Any] = self._session.make_callable(outputs, inputs)
        return call


def _as_array(value: Any) -> Any:
    """An array of the dtype that a constant made of `value` has: float32 and int32 for Python's
    numbers."""
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value)
    array = np.asarray(value)
    narrow = {"float64": np.float32, "int64": np.int32}.get(array.dtype.name)
    return array if narrow is None else array.astype(narrow)


def traced(function: Callable[..., Any]) -> Traced:
    """Decorator: the function is run once for each combination of argument dtypes and shapes, on
    placeholders; calls then run the graph it built.

    >>> @traced
    ... def product(a, b):
    ...     return a * b
    >>> product([2], [5]), product([3], [4]), product.traces
    (array([10], dtype=int32), array([12], dtype=int32), 1)
    """
    return Traced(function)
