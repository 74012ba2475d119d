"""Sums of many tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.convert import convert_to_tensor, first_tensor_dtype
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import NUMBERS
from flowgraph.ops.select import same_shape
from flowgraph.shapes import TensorShape

__all__ = ["accumulate_n", "add_n"]

Gradients = list[Any]
GRID = np.arange(6.0).reshape(2, 3)
LISTS = (
    case([GRID, -2 * GRID, GRID + 1]),
    case([GRID]),
    case([GRID.astype(np.float32), GRID.astype(np.float32)]),
    case([np.array([1, 2], np.int32), np.array([3, 4], np.int32)]),
    case([np.array(1.0), np.array(2.0)]),
    case([GRID[:0], GRID[:0]]),
)


def _sum_of(arrays: list[Any], out: Any) -> Any:
    if len(arrays) == 1:
        return np.add(arrays[0], 0, out=out)
    total = np.add(arrays[0], arrays[1], out=out)
    for array in arrays[2:]:
        total = np.add(total, array, out=total if isinstance(total, np.ndarray) else None)
    return total


@op("AddN", "inputs: N*T -> sum: T", T=NUMBERS)
class AddN:
    """The sum of tensors of one shape, elementwise."""

    samples = (
        *LISTS,
        case([GRID, GRID[:, :2]], raises="Dimension 1 in both shapes must be equal"),
    )

    def shape(inputs: list[Operand]) -> Dims:
        shape = inputs[-1].dims
        for operand in inputs[-2::-1]:
            shape = same_shape(operand.dims, shape)
        return shape

    def numpy(arrays: list[Any], *, out: Any = None) -> Any:
        if out is not None and any(np.may_share_memory(out, array) for array in arrays[2:]):
            out[...] = _sum_of(arrays, None)
            return out
        return _sum_of(arrays, out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [dy] * len(op.inputs)


@op("AccumulateNV2", "inputs: N*T -> sum: T", T=NUMBERS, shape=attr("shape"))
class AccumulateNV2:
    """The sum of tensors of one shape, elementwise; the shape is an attribute."""

    samples = tuple(
        case(each.inputs[0], shape=TensorShape(each.inputs[0][0].shape)) for each in LISTS
    )

    def shape(inputs: list[Operand], *, shape: TensorShape) -> Dims:
        return shape._dims

    def numpy(arrays: list[Any]) -> Any:
        return _sum_of(arrays, None)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [dy] * len(op.inputs)


def _terms(inputs: Any) -> list[Any]:
    """The terms of a sum as tensors (or `IndexedSlices`) of one type."""
    error = (
        "Inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and "
        "shape."
    )
    if isinstance(inputs, Tensor | IndexedSlices):
        inputs = [inputs]
    if not isinstance(inputs, list | tuple) or not inputs:
        raise ValueError(error)
    dtype = first_tensor_dtype(list(inputs))
    terms = [
        each if isinstance(each, IndexedSlices) else convert_to_tensor(each, dtype_hint=dtype)
        for each in inputs
    ]
    if any(each.dtype.base_dtype is not terms[0].dtype.base_dtype for each in terms):
        raise ValueError(error)
    return terms


def _renamed(tensor: Tensor, name: str | None) -> Tensor:
    result: Tensor = apply("Identity", tensor, name=name)
    return result


def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """The sum of a list of tensors or `IndexedSlices` of one type and shape.

    Raises:
        ValueError: if the list is empty, or types or shapes differ.
    """
    terms = _terms(inputs)
    if len(terms) == 1:
        total = convert_to_tensor(terms[0])
        return _renamed(total, name) if name else total
    result: Tensor = apply("AddN", [convert_to_tensor(each) for each in terms], name=name)
    return result


def accumulate_n(
    inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Tensor:
    """The sum of a list of tensors of one type and shape.

    Args:
        shape: their shape; read off them if None.
        tensor_dtype: their type, which is checked.

    Raises:
        ValueError: if the list is empty, or types or shapes differ.
        TypeError: if they are not of type `tensor_dtype`.
    """
    terms = [convert_to_tensor(each) for each in _terms(inputs)]
    merged = TensorShape(shape)
    for each in terms:
        merged = merged.merge_with(each.shape)
    if tensor_dtype is not None and terms[0].dtype.base_dtype != tensor_dtype:
        raise TypeError(
            f"tensor_dtype is {tensor_dtype}, but input is of type {terms[0].dtype.name}"
        )
    if len(terms) == 1 and name is None:
        return terms[0]
    if len(terms) == 1:
        return _renamed(terms[0], name)
    result: Tensor = apply("AccumulateNV2", terms, shape=merged, name=name)
    return result
