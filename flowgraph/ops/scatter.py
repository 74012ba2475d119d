"""Looking up and writing single elements (or blocks) by their coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, GRID, WORDS, shape
from flowgraph.ops.gather import gather
from flowgraph.ops.kinds import INDEX
from flowgraph.ops.sample_values import f32, i32, i64

__all__ = [
    "batch_gather",
    "gather_nd",
    "scatter_nd",
    "tensor_scatter_add",
    "tensor_scatter_sub",
    "tensor_scatter_update",
]

Gradients = list[Any]
F32 = GRID.astype(np.float32)
I32 = GRID.astype(np.int32)
CUBE = np.arange(24.0).reshape(2, 3, 4)


def _rows(indices: Any, sizes: tuple[int, ...], what: str) -> Any:
    """The coordinates as numbers of rows of an array of shape ``[product(sizes), ...]``.

    Raises:
        InvalidArgumentError: if one lies outside `sizes`.
    """
    lead = indices.shape[:-1]
    flat = indices.reshape((dims.product(lead), len(sizes)))
    bad = ((flat < 0) | (flat >= np.array(sizes))).any(axis=1)
    if bad.any():
        first = int(np.argmax(bad))
        place = np.unravel_index(first, lead) if lead else ()
        shown = f"[{','.join(map(str, place))}]" if place else ""
        text = f"indices{shown} = {dims.show_list(tuple(flat[first].tolist()))} {what}"
        raise errors.InvalidArgumentError(None, None, text)
    steps = np.array([dims.product(sizes[i + 1 :]) for i in range(len(sizes))], np.int64)
    return flat.astype(np.int64) @ steps if len(sizes) else np.zeros(len(flat), np.int64)


@op(
    "GatherNd",
    "params: Tparams, indices: Tindices -> output: Tparams",
    Tparams=ANY_TYPE,
    Tindices=types(INDEX),
)
class GatherNd:
    """The elements (or blocks) of `params` at the coordinates in the last axis of `indices`."""

    samples = (
        case(GRID, i32([[0, 1], [1, 2]])),
        case(GRID, i64([[1], [0], [1]])),
        case(CUBE, i32([[[1, 2]], [[0, 0]]])),
        case(F32, i32([1, 1])),
        case(I32, np.zeros((2, 0), np.int32)),
        case(WORDS, i32([[1, 1]])),
        case(F32, np.zeros((0, 2), np.int32)),
        case(GRID, i32([[0, 3]]), raises="does not index into param shape .2,3."),
        case(GRID, i32([[0, 0, 0]]), raises="index innermost dimension length must be <="),
    )

    def shape(params: Operand, indices: Operand) -> Dims:
        p, q = params.dims, indices.dims
        if q is not None and not q:
            raise ValueError("Shape must be at least rank 1 but is rank 0")
        if p is None or q is None or q[-1] is None:
            return None
        if q[-1] > len(p):
            raise ValueError(
                "indices.shape[-1] must be <= params.rank, but saw indices shape: "
                f"{dims.show_list(q)} and params shape: {dims.show_list(p)} "
                "(index innermost dimension length must be <= params rank)"
            )
        return (*q[:-1], *p[q[-1] :])

    def numpy(params: Any, indices: Any) -> Any:
        depth = indices.shape[-1]
        if depth > params.ndim:
            text = (
                f"index innermost dimension length must be <= params rank; saw: {depth} vs. "
                f"{params.ndim}"
            )
            raise errors.InvalidArgumentError(None, None, text)
        sizes = params.shape[:depth]
        what = f"does not index into param shape {dims.show_list(params.shape)}"
        rows = _rows(indices, sizes, what)
        flat = params.reshape((dims.product(sizes), *params.shape[depth:]))
        return flat[rows].reshape((*indices.shape[:-1], *params.shape[depth:]))

    def grad(op: Operation, dy: Tensor) -> Gradients:
        params, indices = op.inputs
        whole = shape(params, out_type=indices.dtype)
        if indices.dims is not None and len(indices.dims) == 2 and indices.dims[1] == 1:
            rows = apply("Squeeze", indices, squeeze_dims=[-1])
            return [IndexedSlices(dy, rows, whole), None]
        return [apply("ScatterNd", indices, dy, whole), None]


def _scattered_shape(whole: Dims, indices: Operand, updates: Operand) -> Dims:
    """Check that the updates fit the coordinates; returns `whole`."""
    q, u = indices.dims, updates.dims
    if q is not None and not q:
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    if whole is None or q is None or u is None or q[-1] is None:
        return whole
    expected = (*q[:-1], *whole[q[-1] :])
    if not dims.compatible(expected, u):
        raise ValueError(
            f"Dimensions of the updates must match: indices.shape[:-1] + shape[{q[-1]}:] is "
            f"{dims.show_list(expected)}, updates.shape is {dims.show_list(u)}"
        )
    return whole


def _scatter(target: Any, indices: Any, updates: Any, combine: Any) -> Any:
    """`target`, changed at the given coordinates."""
    depth = indices.shape[-1]
    sizes = target.shape[:depth]
    expected = (*indices.shape[:-1], *target.shape[depth:])
    if depth > target.ndim or updates.shape != expected:
        text = (
            f"Dimensions of the updates must match: expected {dims.show_list(expected)}, got "
            f"{dims.show_list(updates.shape)}"
        )
        raise errors.InvalidArgumentError(None, None, text)
    what = f"does not index into shape {dims.show_list(target.shape)}"
    rows = _rows(indices, sizes, what)
    blocks = target.shape[depth:]
    flat = target.reshape((dims.product(sizes), *blocks))
    values = updates.reshape((len(rows), *blocks))
    if combine is None:
        flat[rows] = values
    else:
        combine.at(flat, rows, values)
    return target


@op(
    "ScatterNd",
    "indices: Tindices, updates: T, shape: Tindices -> output: T",
    T=ANY_TYPE,
    Tindices=types(INDEX),
)
class ScatterNd:
    """Zeros of the given shape, `updates` added at the coordinates in `indices`' last axis."""

    samples = (
        case(i32([[4], [1], [4]]), np.array([9.0, 10, 11]), i32([6])),
        case(i64([[1]]), GRID[:1], i64([2, 3])),
        case(i32([[0, 1], [1, 2]]), f32([5, 6]), i32([2, 3])),
        case(i32([[2]]), i32([7]), i32([3])),
        case(np.zeros((0, 1), np.int32), np.zeros((0,), np.float32), i32([3])),
        case(i32([[3]]), f32([7]), i32([3]), raises="does not index into shape .3."),
        case(i32([[0]]), f32([7, 8]), i32([3]), raises="must match|must have"),
    )

    def shape(indices: Operand, updates: Operand, shape: Operand) -> Dims:
        return _scattered_shape(shape.const_dims(), indices, updates)

    def numpy(indices: Any, updates: Any, shape: Any, *, out: Any = None) -> Any:
        if out is None:
            out = np.zeros(shape.tolist(), updates.dtype)
        else:
            out.fill(0)
        return _scatter(out, indices, updates, np.add)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [None, apply("GatherNd", dy, op.inputs[0]), None]


def _declare_tensor_scatter(name: str, combine: Any, doc: str, grads: Any) -> None:
    signature = "tensor: T, indices: Tindices, updates: T -> output: T"

    def numpy(tensor: Any, indices: Any, updates: Any) -> Any:
        return _scatter(np.array(tensor), indices, updates, combine)

    def infer(tensor: Operand, indices: Operand, updates: Operand) -> Dims:
        return _scattered_shape(tensor.dims, indices, updates)

    body = type(
        name,
        (),
        {
            "__doc__": doc,
            "shape": infer,
            "numpy": numpy,
            "grad": grads,
            "samples": (
                case(GRID, i32([[1]]), GRID[:1]),
                case(F32, i64([[0, 1], [1, 2]]), f32([5, 6])),
                case(I32, i32([[0, 1]]), i32([5])),
                case(F32, i32([[2]]), F32[:1], raises="does not index into shape"),
            ),
        },
    )
    op(name, signature, T=ANY_TYPE, Tindices=types(INDEX))(body)


def _update_grad(op: Operation, dy: Tensor) -> Gradients:
    indices, updates = op.inputs[1:]
    kept = apply("TensorScatterUpdate", dy, indices, apply("ZerosLike", updates))
    return [kept, None, apply("GatherNd", dy, indices)]


def _add_grad(op: Operation, dy: Tensor) -> Gradients:
    return [dy, None, apply("GatherNd", dy, op.inputs[1])]


def _sub_grad(op: Operation, dy: Tensor) -> Gradients:
    return [dy, None, -apply("GatherNd", dy, op.inputs[1])]


_declare_tensor_scatter(
    "TensorScatterUpdate",
    None,
    "A copy of `tensor` with `updates` at the coordinates in the last axis of `indices`.",
    _update_grad,
)
_declare_tensor_scatter(
    "TensorScatterAdd",
    np.add,
    "`tensor` with `updates` added at the coordinates in the last axis of `indices`.",
    _add_grad,
)
_declare_tensor_scatter(
    "TensorScatterSub",
    np.subtract,
    "`tensor` with `updates` subtracted at the coordinates in the last axis of `indices`.",
    _sub_grad,
)


def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: int = 0) -> Tensor:
    """The elements (or blocks) of `params` at the coordinates in the last axis of `indices`.

    Args:
        indices: ``[..., k]``, coordinates along the k axes of `params` behind the batch.
        batch_dims: the number of leading axes common to `params` and `indices`; their sizes in
            `indices` must be known.
    """
    result: Tensor
    if not batch_dims:
        result = apply("GatherNd", params, indices, name=name)
        return result
    with name_scope(name, "BatchGatherND", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        sizes = indices.shape.as_list()[:batch_dims]
        if None in sizes:
            raise ValueError(f"The batch sizes of indices must be known, got {indices.shape}")
        # Every coordinate gets the indices of its own batch element in front.
        grid = np.moveaxis(np.indices(sizes), 0, -1).astype(indices.dtype.base_dtype.np)
        inner = indices.shape.as_list()[batch_dims:-1]
        grid = grid.reshape(*sizes, *[1] * len(inner), batch_dims)
        lead = apply("ConcatV2", [shape(indices)[:-1], [batch_dims]], 0, name="concat")
        full = apply("ConcatV2", [apply("BroadcastTo", grid, lead), indices], -1, name="concat")
        result = apply("GatherNd", params, full)
        return result


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """`params` looked up along the last axis of `indices`, the axes before being common to both."""
    with name_scope(name, "BatchGather", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if indices.dims is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        batch = len(indices.dims) - 1
        return gather(params, indices, axis=batch, batch_dims=batch)


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Tensor:
    """Zeros of the given shape, `updates` added at the coordinates in `indices`.

    Args:
        indices: ``[..., k]``, coordinates along the first k axes; what meets at one place adds up.
        updates: ``indices.shape[:-1] + shape[k:]``.
    """
    result: Tensor = apply("ScatterNd", indices, updates, shape, name=name)
    return result


def tensor_scatter_update(
    tensor: Any, indices: Any, updates: Any, name: str | None = None
) -> Tensor:
    """A copy of `tensor` with `updates` at the coordinates in the last axis of `indices`."""
    result: Tensor = apply("TensorScatterUpdate", tensor, indices, updates, name=name)
    return result


def tensor_scatter_add(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """`tensor` with `updates` added at the coordinates in the last axis of `indices`."""
    result: Tensor = apply("TensorScatterAdd", tensor, indices, updates, name=name)
    return result


def tensor_scatter_sub(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """`tensor` with `updates` subtracted at the coordinates in the last axis of `indices`."""
    result: Tensor = apply("TensorScatterSub", tensor, indices, updates, name=name)
    return result
