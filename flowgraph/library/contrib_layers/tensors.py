"""Small helpers on tensors (`tf.contrib.framework`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices, SparseTensor
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.library.training.global_step import assert_global_step, get_global_step
from flowgraph.library.variables import Variable
from flowgraph.ops.assertions import assert_equal
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.sums import add_n
from flowgraph.shapes import TensorShape

__all__ = [
    "assert_or_get_global_step",
    "get_name_scope",
    "is_tensor",
    "reduce_sum_n",
    "with_same_shape",
    "with_shape",
]


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor, sparse or not, or a variable."""
    return isinstance(x, Tensor | SparseTensor | IndexedSlices | Variable)


def get_name_scope() -> str:
    """The current name scope of the default graph, without the last slash."""
    return get_default_graph().get_name_scope()


def reduce_sum_n(tensors: Sequence[Any], name: str | None = None) -> Tensor:
    """The sum of all elements of all tensors.

    Raises:
        ValueError: if there are none.
    """
    if not tensors:
        raise ValueError("No tensors provided.")
    with name_scope(name, "reduce_sum_n", list(tensors)) as scope:
        sums = [reduce_sum(tensor, name=f"{_short(tensor)}/sum") for tensor in tensors]
        return sums[0] if len(sums) == 1 else add_n(sums, name=scope)


def _short(tensor: Any) -> str:
    found = getattr(getattr(tensor, "op", None), "name", "tensor")
    return str(found)


def with_shape(expected_shape: Any, tensor: Any) -> Any:
    """`tensor`, checked to have that shape: at once where it is known, otherwise when run.

    Args:
        expected_shape: a shape, or a vector tensor.

    Raises:
        ValueError: if the shape is known to be another.
    """
    tensor = convert_to_tensor(tensor)
    if isinstance(expected_shape, Tensor):
        wanted = TensorShape(expected_shape.const_dims())
    else:
        wanted = TensorShape(expected_shape)
    if not tensor.get_shape().is_compatible_with(wanted):
        raise ValueError(
            f"Invalid shape for tensor {tensor.name}, expected {wanted}, got {tensor.get_shape()}."
        )
    if tensor.get_shape().is_fully_defined() and wanted.is_fully_defined():
        return tensor
    if not isinstance(expected_shape, Tensor) and not wanted.is_fully_defined():
        tensor.set_shape(wanted)
        return tensor
    check = assert_equal(apply("Shape", tensor), expected_shape, message="Wrong shape")
    with control_dependencies([check]):
        checked = apply("Identity", tensor)
    checked.set_shape(wanted)
    return checked


def with_same_shape(expected_tensor: Any, tensor: Any) -> Any:
    """`tensor`, checked to have the shape of another; see `with_shape`."""
    expected = convert_to_tensor(expected_tensor)
    if expected.get_shape().is_fully_defined():
        return with_shape(expected.get_shape(), tensor)
    return with_shape(apply("Shape", expected), tensor)


def assert_or_get_global_step(graph: Any = None, global_step_tensor: Any = None) -> Any:
    """The given step counter, or the graph's if it is None.

    Raises:
        TypeError: if it is no integer scalar.
    """
    if global_step_tensor is None:
        return get_global_step(graph)
    assert_global_step(global_step_tensor)
    return global_step_tensor
