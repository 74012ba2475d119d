"""Python functions as ops."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply, graph_of
from flowgraph.graph.convert import string_array
from flowgraph.graph.opdef import Operand, attr, op

__all__ = ["numpy_function", "py_func"]

_LISTS = {"Tin": attr("list(type)", minimum=0), "Tout": attr("list(type)", minimum=0)}
_numbers = itertools.count()


class _Registered:
    """A function that can be referred to weakly."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function


# Graphs own the functions that they call; the nodes know them by a token.
_functions: weakref.WeakValueDictionary[str, _Registered] = weakref.WeakValueDictionary()


def _open_shapes(inputs: list[Operand], *, Tout: tuple[DType, ...]) -> list[Dims]:
    return [None] * len(Tout)


def _call(inputs: list[Any], *, token: str, Tout: tuple[DType, ...]) -> list[Any]:
    registered = _functions.get(token)
    if registered is None:
        raise errors.InvalidArgumentError(
            None, None, f"callback {token} is not found: functions are not saved with a graph"
        )
    try:
        # The function may change what it is given.
        returned = registered.function(*[_argument(each) for each in inputs])
    except errors.OpError:
        raise
    except Exception as error:
        raise _as_op_error(error) from error
    if returned is None:
        returned = []
    values = list(returned) if isinstance(returned, list | tuple) else [returned]
    if len(values) != len(Tout):
        raise errors.InvalidArgumentError(
            None,
            None,
            f"{token} returns {len(values)} values, but expects to see {len(Tout)} values.",
        )
    pairs = zip(values, Tout, strict=True)
    return [_result(index, value, dtype, token) for index, (value, dtype) in enumerate(pairs)]


def _argument(value: Any) -> Any:
    return np.array(value) if np.ndim(value) else np.asarray(value)[()]


_C_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


def _result(index: int, value: Any, dtype: DType, token: str) -> Any:
    array = np.array(value)
    if array.dtype.kind in "SUO":
        array = string_array(value)
    found = dtypes.as_dtype(array.dtype)
    if found is not dtype:
        names = [_C_NAMES.get(each.name, each.name) for each in (found, dtype)]
        raise errors.InvalidArgumentError(
            None,
            None,
            f"{index}-th value returned by {token} is {names[0]}, but expects {names[1]}",
        )
    return array


def _as_op_error(error: Exception) -> errors.OpError:
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, ValueError | TypeError):
        return errors.InvalidArgumentError(None, None, text)
    if isinstance(error, StopIteration):
        return errors.OutOfRangeError(None, None, text)
    if isinstance(error, MemoryError):
        return errors.ResourceExhaustedError(None, None, text)
    if isinstance(error, NotImplementedError):
        return errors.UnimplementedError(None, None, text)
    return errors.UnknownError(None, None, text)


@op("PyFunc", "input: Tin[] -> output: Tout[]", token=attr("string"), **_LISTS)
class PyFunc:
    """What a Python function makes of the inputs, which it receives as NumPy arrays."""

    grad = None
    stateful = True
    shape = _open_shapes
    numpy = _call


@op("PyFuncStateless", "input: Tin[] -> output: Tout[]", token=attr("string"), **_LISTS)
class PyFuncStateless:
    """PyFunc of a function that always gives the same result for the same inputs."""

    grad = None
    shape = _open_shapes
    numpy = _call


def py_func(
    func: Callable[..., Any], inp: Any, Tout: Any, stateful: bool = True, name: str | None = None
) -> Any:
    """Call a Python function whenever the op runs.

    The shapes of the results are not known beforehand: use `set_shape`. Nothing is differentiated
    through it. The function lives in this process: it is not saved with the graph.

    Args:
        func: takes one NumPy array per input, scalars as NumPy scalars; returns an array or a list
            of them.
        inp: a list of tensors.
        Tout: the type of the result, or a list of types.
        stateful: False for functions that may be skipped where the result is known.

    Returns:
        A tensor, or a list of them if `Tout` is a list; the operation if that is empty.

    Raises:
        InvalidArgumentError: when run, if the results do not fit `Tout`, and for the function's
            ValueError and TypeError; other exceptions become UnknownError and kin.
    """
    graph = graph_of(inp)
    token = f"pyfunc_{next(_numbers)}"
    registered = _Registered(func)
    _functions[token] = registered
    graph._scope_state.setdefault("py_funcs", []).append(registered)
    is_list = isinstance(Tout, list | tuple)
    types = tuple(Tout) if is_list else (Tout,)
    op_type = "PyFunc" if stateful else "PyFuncStateless"
    made = apply(op_type, list(inp), token=token, Tout=types, name=name)
    if not types:
        # There is no tensor to reach the operation by.
        return graph._operations[-1]
    return made if is_list else made[0]


def numpy_function(func: Callable[..., Any], inp: Any, Tout: Any, name: str | None = None) -> Any:
    """`py_func` for a function that may have effects."""
    return py_func(func, inp, Tout, stateful=True, name=name)
