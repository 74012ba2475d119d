"""A sparse tensor's elements with those of a dense tensor that is broadcast to its shape."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.arithmetic import realdiv
from flowgraph.ops.cast import cast
from flowgraph.ops.complex import conj
from flowgraph.ops.kinds import NUMBERS
from flowgraph.ops.sample_values import f32, i64
from flowgraph.ops.sparse_kernels import check_parts, sparse_shapes

__all__: list[str] = []

Gradients = list[Any]
SIGNATURE = "sp_indices: int64, sp_values: T, sp_shape: int64, dense: T -> output: T"
SPARSE = (i64([[0, 1], [1, 0], [1, 2]]), np.array([1.5, -2.0, 0.75]), i64([2, 3]))
GRID = np.arange(6.0).reshape(2, 3) + 1.5
SAMPLES = (
    case(*SPARSE, GRID),
    case(*SPARSE, GRID[:, :1]),
    case(*SPARSE, GRID[0]),
    case(*SPARSE, GRID[:1]),
    case(SPARSE[0], f32(SPARSE[1]), SPARSE[2], f32(GRID)),
    case(SPARSE[0], (SPARSE[1] * 4).astype(np.int32), SPARSE[2], GRID.astype(np.int32)),
    case(SPARSE[0][:0], f32([]), SPARSE[2], f32(GRID), grad=False),
    case(*SPARSE, GRID[:, :2], raises="broadcasts dense to sparse only"),
)


def _shape(indices: Operand, values: Operand, shape: Operand, dense: Operand) -> Dims:
    return (sparse_shapes(indices, values, shape)[0],)


def _chosen(indices: Any, values: Any, shape: Any, dense: Any) -> Any:
    """The elements of `dense` that stand at the sparse tensor's places."""
    check_parts(indices, values, shape)
    sizes = tuple(shape.tolist())
    fits = dense.ndim <= len(sizes) and all(
        own in (1, size)
        for own, size in zip(dense.shape, sizes[len(sizes) - dense.ndim :], strict=True)
    )
    if not fits:
        message = (
            "SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: "
            f"{list(sizes)} vs. {list(dense.shape)}"
        )
        raise InvalidArgumentError(None, None, message)
    if ((indices < 0) | (indices >= shape)).any():
        message = "Provided indices are out-of-bounds w.r.t. dense side with broadcasted shape"
        raise InvalidArgumentError(None, None, message)
    return np.broadcast_to(dense, sizes)[tuple(indices.T)]


def _places(op: Operation) -> tuple[Tensor, Tensor]:
    """The places of the elements in `dense` itself, and its shape."""
    indices, _, shape, dense = op.inputs
    own_shape = apply("Shape", dense, out_type=dtypes.int64)
    missing = apply("ExpandDims", apply("Size", shape) - apply("Size", own_shape), 0)
    begin = apply("ConcatV2", [[0], missing], 0)
    kept = apply("Slice", indices, begin, [-1, -1])
    # Along an axis of length 1 every place is 0.
    return apply("Minimum", kept, own_shape - 1), own_shape


def _summed(places: Tensor, by_element: Tensor, own_shape: Tensor) -> Tensor:
    """A tensor of what reaches each element of `dense`."""
    gradient: Tensor = apply("ScatterNd", places, by_element, own_shape)
    return gradient


@op("SparseDenseCwiseMul", SIGNATURE, T=NUMBERS)
class SparseDenseCwiseMul:
    """A sparse tensor's elements times those of a dense one that is broadcast to its shape."""

    shape = _shape
    samples = SAMPLES

    def numpy(indices: Any, values: Any, shape: Any, dense: Any) -> Any:
        return values * _chosen(indices, values, shape, dense)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        places, own_shape = _places(op)
        chosen = apply("GatherNd", op.inputs[3], places)
        by_element = dy * conj(op.inputs[1])
        return [None, dy * conj(chosen), None, _summed(places, by_element, own_shape)]


@op("SparseDenseCwiseDiv", SIGNATURE, T=NUMBERS)
class SparseDenseCwiseDiv:
    """A sparse tensor's elements by those of a dense one that is broadcast to its shape.

    The quotient of integers is cut toward 0.
    """

    shape = _shape
    samples = SAMPLES

    def numpy(indices: Any, values: Any, shape: Any, dense: Any) -> Any:
        divisors = _chosen(indices, values, shape, dense)
        if values.dtype.kind not in "iu":
            return values / divisors
        if not divisors.all():
            raise InvalidArgumentError(None, None, "Integer division by zero")
        return (values - np.fmod(values, divisors)) // divisors

    def grad(op: Operation, dy: Tensor) -> Gradients:
        places, own_shape = _places(op)
        chosen = apply("GatherNd", op.inputs[3], places)
        dx = realdiv(dy, conj(chosen))
        by_element = -dx * conj(realdiv(op.inputs[1], chosen))
        return [None, dx, None, _summed(places, by_element, own_shape)]


@op("SparseDenseCwiseAdd", SIGNATURE, T=NUMBERS)
class SparseDenseCwiseAdd:
    """A sparse tensor's elements plus those of a dense one that is broadcast to its shape.

    Only the places of the sparse tensor count.
    """

    shape = _shape
    # TensorFlow has no gradient here.
    samples = tuple(replace(each, grad=False) for each in SAMPLES)

    def numpy(indices: Any, values: Any, shape: Any, dense: Any) -> Any:
        return values + _chosen(indices, values, shape, dense)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        places, own_shape = _places(op)
        return [None, dy, None, _summed(places, dy, own_shape)]


def _with_dense(op_type: str, name: str) -> Callable[[SparseTensor, Any], SparseTensor]:
    """The operator of a sparse tensor with a dense one to its right."""

    def operator(sparse: SparseTensor, other: Any) -> SparseTensor:
        with name_scope(None, name, [*sparse.components(), other]) as scope:
            dense = convert_to_tensor(other, sparse.dtype.base_dtype, name="y")
            values = apply(op_type, *sparse.components(), dense, name=scope)
        return SparseTensor(sparse.indices, values, sparse.dense_shape)

    return operator


def _true_quotient(sparse: SparseTensor, other: Any) -> SparseTensor:
    """The quotient; integers become floating point first."""
    with name_scope(None, "truediv", [*sparse.components(), other]) as scope:
        dense = convert_to_tensor(other, sparse.dtype.base_dtype, name="y")
        values = sparse.values
        if values.dtype.is_integer:
            wanted = dtypes.float32 if values.dtype.size < 4 else dtypes.float64
            values, dense = cast(values, wanted), cast(dense, wanted)
        parts = (sparse.indices, values, sparse.dense_shape)
        found = apply("SparseDenseCwiseDiv", *parts, dense, name=scope)
    return SparseTensor(sparse.indices, found, sparse.dense_shape)


def _reflected_product(sparse: SparseTensor, other: Any) -> SparseTensor:
    with name_scope(None, "mul", [other, *sparse.components()]) as scope:
        dense = convert_to_tensor(other, sparse.dtype.base_dtype, name="x")
        values = apply("SparseDenseCwiseMul", *sparse.components(), dense, name=scope)
    return SparseTensor(sparse.indices, values, sparse.dense_shape)


_OPERATORS = {
    "__mul__": _with_dense("SparseDenseCwiseMul", "mul"),
    "__rmul__": _reflected_product,
    "__div__": _with_dense("SparseDenseCwiseDiv", "div"),
    "__truediv__": _true_quotient,
}
for _name, _operator in _OPERATORS.items():
    setattr(SparseTensor, _name, _operator)
