"""The variable that counts training steps."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library import initializers
from flowgraph.library.variable_scope import get_variable

__all__ = [
    "assert_global_step",
    "create_global_step",
    "get_global_step",
    "get_or_create_global_step",
    "global_step",
]


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The value of a global step in a session.

    Args:
        sess: the session.
        global_step_tensor: the variable or tensor.
    """
    return int(sess.run(global_step_tensor))


def get_global_step(graph: Graph | None = None) -> Any:
    """The global step of `graph` (the default graph if None), or None if there is none.

    It is the member of the collection GLOBAL_STEP, or else the tensor ``global_step:0``.

    Raises:
        TypeError: if what is found is no integer scalar.
    """
    graph = get_default_graph() if graph is None else graph
    steps = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(steps) == 1:
        found = steps[0]
    elif steps:
        return None
    else:
        try:
            found = graph.get_tensor_by_name("global_step:0")
        except KeyError:
            return None
    assert_global_step(found)
    return found


def create_global_step(graph: Graph | None = None) -> Any:
    """A new global step: an int64 variable ``global_step`` that starts at zero.

    Raises:
        ValueError: if the graph has one already.
    """
    graph = get_default_graph() if graph is None else graph
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=dtypes.int64,
            initializer=initializers.Zeros(),
            trainable=False,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )


def get_or_create_global_step(graph: Graph | None = None) -> Any:
    """The global step of `graph`, made if there is none."""
    graph = get_default_graph() if graph is None else graph
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def assert_global_step(global_step_tensor: Any) -> None:
    """Raise TypeError unless this is an integer scalar that may be a global step."""
    if not isinstance(global_step_tensor, Tensor) and not hasattr(global_step_tensor, "_ref"):
        raise TypeError(
            f'Existing "global_step" must be a Variable or Tensor: {global_step_tensor}.'
        )
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError(
            f'Existing "global_step" does not have integer type: {global_step_tensor.dtype}'
        )
    shape = global_step_tensor.get_shape()
    if shape.ndims not in (None, 0):
        raise TypeError(f'Existing "global_step" is not scalar: {shape}')
