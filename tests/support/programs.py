"""Test programs: small builders in TensorFlow 1's API, run with TensorFlow and with flowgraph.

A program is a function of the module `tf`. It builds a graph and returns a dict of results, which
may be

- tensors, operations and variables, `IndexedSlices`: they are run after the program, in one session
  in which all variables are initialized; value, dtype, static shape and name count;
- arrays and numbers the program computed in sessions of its own: value and dtype count;
- texts, names, lists, dicts, None: they must be equal;
- `Raised`, from `raised`: the class must be equal and the message contain the phrase.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from support.messages import short_message

__all__ = ["Program", "Raised", "all_programs", "observe", "program", "raised"]

_IN_GRADIENTS = re.compile(r"(.*/)?grad(ient)?s(_\d+)?/|grad_")
Build = Callable[[Any], dict[str, Any]]


@dataclass(frozen=True)
class Program:
    """A builder and how its results are compared.

    Attributes:
        exact: floating-point results must agree in every bit.
        graph: the names of all operations of the graph count, too, but for those of gradients:
            sums over broadcast axes are made of other ops here than in TensorFlow.
        factor: multiplies the tolerance of the dtype.
    """

    name: str
    topic: str
    build: Build
    exact: bool = False
    graph: bool = False
    factor: float = 1.0


_PROGRAMS: dict[str, Program] = {}


@overload
def program(build: Build) -> Build: ...
@overload
def program(
    *, exact: bool = False, graph: bool = False, factor: float = 1.0
) -> Callable[[Build], Build]: ...
def program(
    build: Build | None = None, *, exact: bool = False, graph: bool = False, factor: float = 1.0
) -> Build | Callable[[Build], Build]:
    """Registers a program, named after its module and function."""

    def register(function: Build) -> Build:
        topic = function.__module__.rpartition(".")[2]
        name = f"{topic}.{function.__name__}"
        if name in _PROGRAMS:
            raise ValueError(f"two programs are named {name}")
        _PROGRAMS[name] = Program(name, topic, function, exact, graph, factor)
        return function

    return register if build is None else register(build)


def all_programs() -> dict[str, Program]:
    """Every program of the package `programs`, by name."""
    package = importlib.import_module("programs")
    for module in pkgutil.iter_modules(package.__path__, "programs."):
        importlib.import_module(module.name)
    return dict(sorted(_PROGRAMS.items()))


@dataclass(frozen=True)
class Raised:
    """An error that a program provoked.

    Attributes:
        kinds: the names of its class and of those that class derives from.
        phrase: what the message must contain, as a regular expression that ignores case.
    """

    kinds: tuple[str, ...]
    message: str
    phrase: str


def raised(function: Callable[[], Any], phrase: str = "") -> Raised:
    """What `function` raises."""
    try:
        function()
    except Exception as error:
        classes = type(error).__mro__[: -len(Exception.__mro__)]
        kinds = tuple(each.__name__ for each in classes)
        return Raised(kinds, short_message(error), phrase)
    return Raised(("nothing",), "", phrase)


def observe(tf: Any, made: Program, session: Callable[[], Any]) -> dict[str, Any]:
    """Runs a program in a graph of its own; its results as plain values, by name."""
    with tf.Graph().as_default() as graph:
        results = made.build(tf)
        names = [op.name for op in graph.get_operations() if not _IN_GRADIENTS.match(op.name)]
        fetched = {key: value for key, value in results.items() if _is_fetched(tf, value)}
        values: dict[str, Any] = {}
        if fetched:
            with session() as run:
                run.run(
                    tf.group(tf.global_variables_initializer(), tf.local_variables_initializer())
                )
                values = run.run(fetched)
    observed = {
        key: _describe(tf, value, values.get(key)) if key in fetched else _plain(value)
        for key, value in results.items()
    }
    if made.graph:
        observed["all ops"] = {"plain": names}
    return observed


def _is_fetched(tf: Any, value: Any) -> bool:
    kinds = (tf.Tensor, tf.Operation, tf.Variable, tf.IndexedSlices, tf.SparseTensor)
    return isinstance(value, kinds)


def _describe(tf: Any, element: Any, value: Any) -> dict[str, Any]:
    """Something that was fetched, with its value."""
    if isinstance(element, tf.Operation):
        return {"operation": element.name}
    if isinstance(element, tf.IndexedSlices | tf.SparseTensor):
        parts = [part for part in value if part is not None]
        return {"parts": [_array(part) for part in parts]}
    shape = element.shape
    return {
        "name": element.name,
        "dtype": element.dtype.name,
        "shape": None if shape.ndims is None else shape.as_list(),
        "value": _array(value),
    }


def _plain(value: Any) -> dict[str, Any]:
    match value:
        case Raised(kinds, message, phrase):
            return {"raised": [list(kinds), message, phrase]}
        case np.ndarray() | np.generic():
            return {"value": _array(value)}
        case list() | tuple() if value and all(
            isinstance(each, np.ndarray | np.generic) for each in value
        ):
            return {"parts": [_array(each) for each in value]}
        case float():
            return {"value": np.float64(value)}
    return {"plain": _texts(value)}


def _array(value: Any) -> Any:
    if isinstance(value, bytes | str):
        return np.array(value, np.object_)
    return np.asarray(value)


def _texts(value: Any) -> Any:
    """A structure of plain values, with lists for tuples."""
    match value:
        case dict():
            return {str(key): _texts(each) for key, each in value.items()}
        case list() | tuple():
            return [_texts(each) for each in value]
        case None | bool() | int() | float() | str():
            return value
        case bytes():
            return value.decode("latin-1")
    raise TypeError(f"a program returned {value!r}, which cannot be recorded")
