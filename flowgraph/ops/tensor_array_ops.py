"""The ops that a `TensorArray` is made of. At run time a handle is an `Elements`.

They run in the order that `flow` leads through them, a scalar that stands for the state of the
array. The gradients of accesses are accesses to an array of gradients: what was read is written,
what was written is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE
from flowgraph.ops.tensor_array_access import (
    FLOW,
    gradients_to_read,
    gradients_to_write,
    invalid,
    static_size,
    typed,
)
from flowgraph.ops.tensor_array_kernels import Elements
from flowgraph.shapes import TensorShape

__all__: list[str] = []

Gradients = list[Any]
HANDLE_DIMS = (2,)


@op(
    "TensorArrayV3",
    "size: int32 -> handle: resource, flow: float32",
    dtype=ANY_TYPE,
    element_shape=attr("shape", TensorShape(None)),
    dynamic_size=False,
    clear_after_read=True,
    identical_element_shapes=False,
    tensor_array_name="",
)
class TensorArrayV3:
    """A new array of `size` elements, and its first state."""

    stateful = True
    grad = None

    def shape(size: Operand) -> list[Dims]:
        static_size(size, 0)
        return [HANDLE_DIMS, ()]

    def numpy(
        size: Any,
        *,
        dtype: DType,
        element_shape: TensorShape,
        dynamic_size: bool,
        clear_after_read: bool,
        identical_element_shapes: bool,
        tensor_array_name: str,
    ) -> tuple[Elements, Any]:
        if size.ndim:
            shape = dims.show_list(size.shape)
            raise invalid(f"TensorArray size must be scalar, but had shape: {shape}")
        if size < 0:
            raise invalid("Size should be >= 0.")
        array = Elements(
            dtype,
            int(size),
            element_shape._dims,
            dynamic=dynamic_size,
            clear=clear_after_read,
            identical=identical_element_shapes,
            name=tensor_array_name or "TensorArray",
        )
        return array, FLOW


@op(
    "TensorArrayGradV3",
    "handle: resource, flow_in: float32 -> grad_handle: resource, flow_out: float32",
    source=attr("string"),
)
class TensorArrayGradV3:
    """The array of the elements' gradients in the backward pass named `source`."""

    stateful = True
    grad = None

    def shape(handle: Operand, flow_in: Operand) -> list[Dims]:
        return [HANDLE_DIMS, ()]

    def numpy(handle: Elements, flow_in: Any, *, source: str) -> tuple[Elements, Any]:
        return handle.gradient(source), FLOW


@op(
    "TensorArrayGradWithShape",
    "handle: resource, flow_in: float32, shape_to_prepend: int32 -> grad_handle: resource, "
    "flow_out: float32",
    source=attr("string"),
)
class TensorArrayGradWithShape:
    """As TensorArrayGradV3, with more sizes before those of the elements."""

    stateful = True
    grad = None

    def shape(handle: Operand, flow_in: Operand, shape_to_prepend: Operand) -> list[Dims]:
        return [HANDLE_DIMS, ()]

    def numpy(
        handle: Elements, flow_in: Any, shape_to_prepend: Any, *, source: str
    ) -> tuple[Elements, Any]:
        return handle.gradient(source, tuple(shape_to_prepend.tolist())), FLOW


@op(
    "TensorArrayReadV3",
    "handle: resource, index: int32, flow_in: float32 -> value: dtype",
    dtype=ANY_TYPE,
)
class TensorArrayReadV3:
    """The element at `index`."""

    stateful = True

    def shape(handle: Operand, index: Operand, flow_in: Operand) -> Dims:
        static_size(index, 0)
        return None

    def numpy(handle: Elements, index: Any, flow_in: Any, *, dtype: DType) -> Any:
        return typed(handle, dtype).read(int(index))

    def grad(op: Operation, dy: Any) -> Gradients:
        _, index, flow = op.inputs
        return [None, None, gradients_to_write(op, flow, dy).write(index, dy).flow]


@op(
    "TensorArrayWriteV3",
    "handle: resource, index: int32, value: T, flow_in: float32 -> flow_out: float32",
    T=ANY_TYPE,
)
class TensorArrayWriteV3:
    """The state after `value` was written at `index`."""

    stateful = True

    def shape(handle: Operand, index: Operand, value: Operand, flow_in: Operand) -> Dims:
        static_size(index, 0)
        return ()

    def numpy(handle: Elements, index: Any, value: Any, flow_in: Any) -> Any:
        handle.write(int(index), value)
        return FLOW

    def grad(op: Operation, dflow: Tensor) -> Gradients:
        gradients, flow = gradients_to_read(op, dflow)
        value = gradients.read(op.inputs[1])
        value.set_shape(op.inputs[2].shape)
        return [None, None, value, flow]


@op("TensorArraySizeV3", "handle: resource, flow_in: float32 -> size: int32")
class TensorArraySizeV3:
    """The number of elements."""

    stateful = True
    grad = None

    def shape(handle: Operand, flow_in: Operand) -> Dims:
        return ()

    def numpy(handle: Elements, flow_in: Any) -> Any:
        return np.int32(handle.size)


@op("TensorArrayCloseV3", "handle: resource ->")
class TensorArrayCloseV3:
    """Gives the memory of the array back."""

    stateful = True
    grad = None

    def shape(handle: Operand) -> list[Dims]:
        return []

    def numpy(handle: Elements) -> tuple[()]:
        handle.close()
        return ()
