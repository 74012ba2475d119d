"""Lists of tensors as values: what a loop keeps of each turn for its gradient.

A list is never changed: pushing makes a new one that shares the rest, in constant time. At run time
it is None (empty) or a pair of the last element and the list before it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import errors
from flowgraph.dims import Dims
from flowgraph.dtypes import int32, int64
from flowgraph.graph.build import apply
from flowgraph.graph.opdef import Operand, attr, op, types
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["empty_list", "pop", "push"]

List = tuple[Any, Any] | None


@op(
    "EmptyTensorList",
    "element_shape: shape_type, max_num_elements: int32 -> handle: variant",
    element_dtype=attr("type"),
    shape_type=types((int32, int64)),
)
class EmptyTensorList:
    """A list without elements."""

    grad = None

    def shape(element_shape: Operand, max_num_elements: Operand) -> Dims:
        return ()

    def numpy(element_shape: Any, max_num_elements: Any) -> List:
        return None


@op(
    "TensorListPushBack",
    "input_handle: variant, tensor: element_dtype -> output_handle: variant",
    element_dtype=attr("type"),
)
class TensorListPushBack:
    """The list with `tensor` after its last element."""

    def shape(handle: Operand, tensor: Operand) -> Dims:
        return ()

    def numpy(handle: List, tensor: Any) -> List:
        # The array may be a buffer that the next turn writes to.
        kept = tensor.copy() if isinstance(tensor, np.ndarray) else tensor
        return (kept, handle)

    def grad(op: Operation, dhandle: Tensor) -> list[Any]:
        before, tensor = pop(dhandle, op.inputs[1])
        return [before, tensor]


@op(
    "TensorListPopBack",
    "input_handle: variant, element_shape: int32 -> output_handle: variant, tensor: element_dtype",
    element_dtype=attr("type"),
)
class TensorListPopBack:
    """The list without its last element, and that element."""

    def shape(handle: Operand, element_shape: Operand) -> list[Dims]:
        # A scalar stands for an unknown rank.
        return [(), None if element_shape.dims == () else element_shape.const_dims()]

    def numpy(handle: List, element_shape: Any) -> tuple[List, Any]:
        if handle is None:
            raise errors.InvalidArgumentError(None, None, "Trying to pop from an empty list.")
        tensor, before = handle
        return before, tensor

    def grad(op: Operation, dhandle: Tensor, dtensor: Tensor) -> list[Any]:
        if dtensor is None:
            return [None, None]
        if dhandle is None:
            dhandle = empty_list(op.outputs[1].dtype)
        return [push(dhandle, dtensor), None]


def empty_list(dtype: Any) -> Tensor:
    """A list without elements, for elements of a type."""
    made: Tensor = apply("EmptyTensorList", -1, -1, element_dtype=dtype.base_dtype)
    return made


def push(handle: Tensor, tensor: Tensor) -> Tensor:
    """The list with `tensor` after its last element."""
    made: Tensor = apply("TensorListPushBack", handle, tensor)
    return made


def pop(handle: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    """The list without its last element, and that element, of the type and shape of `like`."""
    shape = -1 if like.dims is None else [-1 if size is None else size for size in like.dims]
    before, tensor = apply(
        "TensorListPopBack", handle, np.array(shape, np.int32), element_dtype=like.dtype.base_dtype
    )
    tensor.dims = like.dims
    return before, tensor
