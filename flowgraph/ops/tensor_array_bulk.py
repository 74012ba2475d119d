"""The ops that read or write many elements of a `TensorArray` at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.dtypes import DType, string
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
ANY_SHAPE = attr("shape", TensorShape(None))


def _indices(indices: Any) -> list[int]:
    if indices.ndim != 1:
        shape = dims.show_list(indices.shape)
        raise invalid(f"Expected indices to be a vector, but received shape: {shape}")
    found: list[int] = indices.tolist()
    return found


def _empty(array: Elements, known: Dims, what: str, doing: str) -> Any:
    """No rows at all, of a shape that must be known."""
    if not dims.is_known(known):
        text = (
            f"TensorArray has size zero, but {what} {dims.show_list(known)} is not fully defined. "
            f"Currently only static shapes are supported when {doing} zero-size TensorArrays."
        )
        raise errors.UnimplementedError(None, None, text)
    return np.zeros((0, *known), array.dtype.np)


@op(
    "TensorArrayGatherV3",
    "handle: resource, indices: int32, flow_in: float32 -> value: dtype",
    dtype=ANY_TYPE,
    element_shape=ANY_SHAPE,
)
class TensorArrayGatherV3:
    """The elements at `indices`, stacked."""

    stateful = True

    def shape(
        handle: Operand, indices: Operand, flow_in: Operand, *, element_shape: TensorShape
    ) -> Dims:
        count = static_size(indices, 1)
        return None if element_shape._dims is None else (count, *element_shape._dims)

    def numpy(
        handle: Elements, indices: Any, flow_in: Any, *, dtype: DType, element_shape: TensorShape
    ) -> Any:
        values = typed(handle, dtype).read_many(_indices(indices))
        if not values:
            known = dims.merge(handle.element_shape, element_shape._dims)
            return _empty(handle, known, "element shape", "packing")
        first = values[0].shape
        for index, value in enumerate(values):
            if value.shape != first:
                raise invalid(
                    "TensorArray has inconsistent shapes.  Index 0 has shape: "
                    f"{dims.show_list(first)} but index {index} has shape: "
                    f"{dims.show_list(value.shape)}"
                )
        if first:
            return np.concatenate(values).reshape(len(values), *first)
        if dtype is string:
            values = [value.item() for value in values]
        return np.array(values, dtype.np)

    def grad(op: Operation, dy: Any) -> Gradients:
        _, indices, flow = op.inputs
        return [None, None, gradients_to_write(op, flow, dy).scatter(indices, dy).flow]


@op(
    "TensorArrayScatterV3",
    "handle: resource, indices: int32, value: T, flow_in: float32 -> flow_out: float32",
    T=ANY_TYPE,
)
class TensorArrayScatterV3:
    """The state after the rows of `value` were written at `indices`."""

    stateful = True

    def shape(handle: Operand, indices: Operand, value: Operand, flow_in: Operand) -> Dims:
        static_size(indices, 1)
        return ()

    def numpy(handle: Elements, indices: Any, value: Any, flow_in: Any) -> Any:
        places = _indices(indices)
        if not value.ndim:
            text = "Input value for unpack must be at least a vector but received shape: []"
            raise invalid(text)
        if len(places) != len(value):
            raise invalid(
                f"Expected len(indices) == values.shape[0], but saw: {len(places)} vs. {len(value)}"
            )
        handle.write_rows(places, value)
        return FLOW

    def grad(op: Operation, dflow: Tensor) -> Gradients:
        gradients, flow = gradients_to_read(op, dflow)
        value = gradients.gather(op.inputs[1])
        value.set_shape(op.inputs[2].shape)
        return [None, None, value, flow]


@op(
    "TensorArrayConcatV3",
    "handle: resource, flow_in: float32 -> value: dtype, lengths: int64",
    dtype=ANY_TYPE,
    element_shape_except0=ANY_SHAPE,
)
class TensorArrayConcatV3:
    """All elements joined along their first axis, and their first sizes."""

    stateful = True

    def shape(
        handle: Operand, flow_in: Operand, *, element_shape_except0: TensorShape
    ) -> list[Dims]:
        known = element_shape_except0._dims
        return [None if known is None else (None, *known), (None,)]

    def numpy(
        handle: Elements, flow_in: Any, *, dtype: DType, element_shape_except0: TensorShape
    ) -> tuple[Any, Any]:
        values = typed(handle, dtype).read_many(range(handle.size))
        if not values:
            known = element_shape_except0._dims
            empty = _empty(handle, known, "element_shape_except0", "concatenating")
            return empty, np.zeros(0, np.int64)
        for index, value in enumerate(values):
            if not value.ndim:
                raise invalid(
                    f"Concat saw a scalar shape at index {index} but requires at least vectors.  "
                    "Did you mean to call pack?"
                )
            if value.shape[1:] != values[0].shape[1:]:
                raise invalid(
                    "TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) "
                    f"shape: {dims.show_list(values[0].shape[1:])} but index {index} has "
                    f"(excepting dimension 0) shape: {dims.show_list(value.shape[1:])}"
                )
        return np.concatenate(values), np.array([len(value) for value in values], np.int64)

    def grad(op: Operation, dy: Any, dlengths: Any) -> Gradients:
        array = gradients_to_write(op, op.inputs[1], dy)
        return [None, array.split(dy, op.outputs[1]).flow]


@op(
    "TensorArraySplitV3",
    "handle: resource, value: T, lengths: int64, flow_in: float32 -> flow_out: float32",
    T=ANY_TYPE,
)
class TensorArraySplitV3:
    """The state after parts of `value`, of these `lengths`, were written one after the other."""

    stateful = True

    def shape(handle: Operand, value: Operand, lengths: Operand, flow_in: Operand) -> Dims:
        static_size(lengths, 1)
        return ()

    def numpy(handle: Elements, value: Any, lengths: Any, flow_in: Any) -> Any:
        if lengths.ndim != 1:
            shape = dims.show_list(lengths.shape)
            raise invalid(f"Expected lengths to be a vector, received shape: {shape}")
        if not value.ndim:
            raise invalid("Expected value to be at least a vector, but received shape: []")
        if lengths.sum() != len(value):
            raise invalid(
                "Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
                f"{lengths.sum()} and value's shape is: {dims.show_list(value.shape)}"
            )
        handle.write_parts(value, lengths.tolist())
        return FLOW

    def grad(op: Operation, dflow: Tensor) -> Gradients:
        gradients, flow = gradients_to_read(op, dflow)
        value = gradients.concat()
        value.set_shape(op.inputs[1].shape)
        return [None, value, None, flow]
