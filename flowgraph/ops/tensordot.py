"""Contraction of two tensors over any of their axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array, constants, joining, layout, select
from flowgraph.ops.linalg import matmul
from flowgraph.ops.reduce import reduce_prod

__all__ = ["tensordot"]

_INTEGERS = (int, np.integer)


def _axes_pair(a: Tensor, axes: Any) -> tuple[Any, Any]:
    """The contracted axes of a and of b."""
    if isinstance(axes, _INTEGERS):
        return _last_and_first(a, int(axes))
    if isinstance(axes, list | tuple) or (isinstance(axes, np.ndarray) and axes.ndim):
        if len(axes) != 2:
            raise ValueError("'axes' must be an integer or have length 2.")
        of_a, of_b = axes
        if isinstance(of_a, _INTEGERS) and isinstance(of_b, _INTEGERS):
            of_a, of_b = [of_a], [of_b]
        of_a, of_b = (_plain(each) for each in (of_a, of_b))
        if not isinstance(of_a, Tensor) and not isinstance(of_b, Tensor) and len(of_a) != len(of_b):
            raise ValueError(
                f"Different number of contraction axes 'a' and 'b', {len(of_a)} != {len(of_b)}."
            )
        return of_a, of_b
    tensor = convert_to_tensor(axes, dtypes.int32, name="axes")
    known = tensor.const_value()
    if known is not None and known.ndim == 2:
        return known[0].tolist(), known[1].tolist()
    return tensor[0], tensor[1]


def _plain(axes: Any) -> Any:
    if isinstance(axes, Tensor):
        known = axes.const_value()
        return axes if known is None else known.reshape(-1).tolist()
    return [int(axis) for axis in np.asarray(axes).reshape(-1)]


def _last_and_first(a: Tensor, count: int) -> tuple[Any, Any]:
    if count < 0:
        raise ValueError("'axes' must be at least 0.")
    if a.dims is None:
        rank = array.rank(a)
        last = constants.range(rank - count, rank, dtype=dtypes.int32)
        return last, constants.range(count, dtype=dtypes.int32)
    ndims = len(a.dims)
    if count > ndims:
        raise ValueError(f"'axes' must not be larger than the number of dimensions of tensor {a}.")
    return list(range(ndims - count, ndims)), list(range(count))


def _as_matrix(tensor: Tensor, axes: Any, flipped: bool) -> tuple[Tensor, Any, Any]:
    """`tensor` with its free and its contracted axes each merged into one.

    Returns:
        The matrix, the free sizes (a list where they are known), and what is known of them.
    """
    if not isinstance(axes, list) or not dims.is_known(tensor.dims):
        return _as_matrix_dynamic(tensor, axes, flipped)
    known = tensor.dims or ()
    rank = len(known)
    axes = [axis + rank if axis < 0 else axis for axis in axes]
    free = [axis for axis in range(rank) if axis not in axes]
    sizes = [known[axis] for axis in free]
    rows = dims.num_elements(tuple(sizes))
    columns = dims.num_elements(tuple(known[axis] for axis in axes))
    order = axes + free if flipped else free + axes
    shape = [columns, rows] if flipped else [rows, columns]
    if order != list(range(rank)):
        tensor = layout.transpose(tensor, order)
    return array.reshape(tensor, shape), sizes, sizes


def _as_matrix_dynamic(tensor: Tensor, axes: Any, flipped: bool) -> tuple[Tensor, Any, Any]:
    shape = array.shape(tensor)
    sizes: Any = None
    if tensor.dims is not None and isinstance(axes, list):
        rank = len(tensor.dims)
        axes = [axis + rank if axis < 0 else axis for axis in axes]
        rest = [axis for axis in range(rank) if axis not in axes]
        sizes = [tensor.dims[axis] for axis in rest]
        axes = convert_to_tensor(axes, dtypes.int32, name="axes")
        free = convert_to_tensor(rest, dtypes.int32, name="free")
    else:
        count = array.rank(tensor)
        axes = convert_to_tensor(axes, dtypes.int32, name="axes")
        axes = select.where(axes >= 0, axes, axes + count)
        free, _ = apply("ListDiff", constants.range(count), axes)
    free_sizes = apply("GatherV2", shape, free, 0)
    axes_sizes = apply("GatherV2", shape, axes, 0)
    pair = [reduce_prod(free_sizes), reduce_prod(axes_sizes)]
    order = joining.concat([axes, free] if flipped else [free, axes], 0)
    merged = joining.stack(pair[::-1] if flipped else pair)
    matrix = array.reshape(layout.transpose(tensor, order), merged)
    return matrix, free_sizes, sizes


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """The sum of products over pairs of axes of two tensors.

    Args:
        a: a tensor.
        b: of the same type.
        axes: n for the last n axes of `a` with the first n of `b` (0: the outer product), or two
            lists of as many axes, ``(axes of a, axes of b)``, or a [2, n] tensor.

    Returns:
        The other axes of `a`, then those of `b`.

    Raises:
        ValueError: if the axes are not paired, or their sizes differ.
    """
    with name_scope(name, "Tensordot", [a, b, axes]) as scope:
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, name="b")
        of_a, of_b = _axes_pair(a, axes)
        rows, free_a, known_a = _as_matrix(a, of_a, flipped=False)
        columns, free_b, known_b = _as_matrix(b, of_b, flipped=True)
        product = matmul(rows, columns)
        if isinstance(free_a, list) and isinstance(free_b, list):
            return array.reshape(product, free_a + free_b, name=scope)
        free_a = convert_to_tensor(free_a, dtypes.int32)
        free_b = convert_to_tensor(free_b, dtypes.int32)
        result = array.reshape(product, joining.concat([free_a, free_b], 0), name=scope)
        if known_a is not None and known_b is not None:
            result.set_shape(known_a + known_b)
        return result
