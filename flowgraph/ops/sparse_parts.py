"""Sparse tensors cut into parts, and joined."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, reshape
from flowgraph.ops.joining import concat
from flowgraph.ops.kinds import NUMBERS
from flowgraph.ops.reduce import reduce_max
from flowgraph.ops.sample_values import f32, i64
from flowgraph.ops.sparse_kernels import (
    as_sparse,
    check_parts,
    checked_rank,
    keys_of,
    positions,
    sparse_shapes,
)

__all__ = ["sparse_concat", "sparse_slice", "sparse_split"]

Gradients = list[Any]
PLACES = i64([[0, 1], [0, 3], [1, 0], [2, 2]])
VALUES = np.array([1.5, -2.0, 0.75, 4.0])
SHAPE = i64([3, 4])
OTHER = (i64([[0, 0], [2, 1]]), np.array([7.0, 8.0]), i64([3, 2]))
TEXTS = np.array([b"a", b"b", b"c", b"d"], object)


def _refuse(message: str) -> NoReturn:
    raise InvalidArgumentError(None, None, message)


@op(
    "SparseSlice",
    "indices: int64, values: T, shape: int64, start: int64, size: int64 "
    "-> output_indices: int64, output_values: T, output_shape: int64",
    T=ANY_TYPE,
)
class SparseSlice:
    """The block of a sparse tensor that begins at `start`; what lies outside is left out."""

    samples = (
        case(PLACES, VALUES, SHAPE, i64([0, 1]), i64([2, 3])),
        case(PLACES, VALUES, SHAPE, i64([1, 0]), i64([9, 3])),
        case(PLACES, f32(VALUES), SHAPE, i64([0, 0]), i64([1, 1]), grad=False),
        case(PLACES, TEXTS, SHAPE, i64([0, 0]), i64([3, 4])),
        case(PLACES, VALUES, SHAPE, i64([0]), i64([1]), raises="must be equal|size 2 but got"),
    )

    def shape(
        indices: Operand, values: Operand, shape: Operand, start: Operand, size: Operand
    ) -> list[Dims]:
        _, rank = sparse_shapes(indices, values, shape)
        sizes: Dims = (rank,)
        for each in (start, size):
            one, other = dims.with_rank(checked_rank(each, 1), 1)[0], (sizes or (None,))[0]
            if None not in (one, other) and one != other:
                raise ValueError(f"Dimensions must be equal, but are {other} and {one}")
            sizes = dims.merge(sizes, (one,))
        return [(None, (sizes or (None,))[0]), (None,), sizes]

    def numpy(indices: Any, values: Any, shape: Any, start: Any, size: Any) -> Any:
        check_parts(indices, values, shape)
        if not len(start) == len(size) == len(shape):
            _refuse(f"Expected start and size to have size {len(shape)} but got {len(start)}")
        if (start < 0).any() or (size < 0).any():
            _refuse("start and size must be non-negative")
        inside = ((indices >= start) & (indices < start + size)).all(axis=1)
        left = np.clip(np.minimum(start + size, shape) - start, 0, None)
        return indices[inside] - start, values[inside], left

    def grad(op: Operation, _: Any, dy: Tensor, __: Any) -> Gradients:
        indices, start = op.inputs[0], op.inputs[3]
        dx = apply("SparseSliceGrad", dy, indices, start, op.outputs[0])
        return [None, dx, None, None, None]


@op(
    "SparseSliceGrad",
    "backprop_val_grad: T, input_indices: int64, input_start: int64, output_indices: int64 "
    "-> val_grad: T",
    T=NUMBERS,
)
class SparseSliceGrad:
    """The gradient of SparseSlice for its values: 0 for those outside the block."""

    grad = None
    samples = (
        case(np.array([5.0, 6]), PLACES, i64([0, 1]), i64([[0, 0], [0, 2]])),
        case(f32([5]), PLACES, i64([1, 0]), i64([[1, 2]])),
        case(f32([]), PLACES, i64([0, 0]), i64([]).reshape(0, 2)),
    )

    def shape(dy: Operand, indices: Operand, start: Operand, kept: Operand) -> Dims:
        checked_rank(kept, 2)
        return (dims.with_rank(checked_rank(indices, 2), 2)[0],)

    def numpy(dy: Any, indices: Any, start: Any, kept: Any) -> Any:
        result = np.zeros(len(indices), dy.dtype)
        at, present = positions(indices, kept + start)
        result[present] = dy[at[present]]
        return result


def sparse_slice(sp_input: Any, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """The block of a sparse tensor of the given size that begins at `start`.

    Args:
        start: int64 [rank].
        size: int64 [rank]; the block ends where the tensor ends.
    """
    sparse = as_sparse(sp_input)
    start = convert_to_tensor(start, dtypes.int64)
    size = convert_to_tensor(size, dtypes.int64)
    with name_scope(name, "SparseSlice", sparse.components()) as scope:
        return SparseTensor(*apply("SparseSlice", *sparse.components(), start, size, name=scope))


@op(
    "SparseConcat",
    "indices: N * int64, values: N * T, shapes: N * int64 "
    "-> output_indices: int64, output_values: T, output_shape: int64",
    concat_dim=attr("int"),
    N=attr("int", minimum=2),
    T=ANY_TYPE,
)
class SparseConcat:
    """Sparse tensors joined along one axis, the elements in row-major order."""

    grad = None
    samples = (
        case([PLACES, OTHER[0]], [VALUES, OTHER[1]], [SHAPE, OTHER[2]], concat_dim=1),
        case([PLACES, PLACES], [VALUES, -VALUES], [SHAPE, SHAPE], concat_dim=0),
        case([PLACES, OTHER[0]], [f32(VALUES), f32(OTHER[1])], [SHAPE, OTHER[2]], concat_dim=-1),
        case([PLACES, PLACES], [TEXTS, TEXTS], [SHAPE, SHAPE], concat_dim=0),
        case(
            [PLACES, OTHER[0]],
            [VALUES, OTHER[1]],
            [SHAPE, OTHER[2]],
            concat_dim=0,
            raises="Concat dimensions must match|All dimensions except",
        ),
    )

    def shape(indices: list[Operand], values: list[Operand], shapes: list[Operand]) -> list[Dims]:
        total: int | None = 0
        rank: Dims = (None,)
        for parts in zip(indices, values, shapes, strict=True):
            count, width = sparse_shapes(*parts)
            rank = dims.merge(rank, (width,))
            total = None if total is None or count is None else total + count
        return [(total, (rank or (None,))[0]), (total,), rank]

    def numpy(indices: list[Any], values: list[Any], shapes: list[Any], *, concat_dim: int) -> Any:
        rank = len(shapes[0])
        for parts in zip(indices, values, shapes, strict=True):
            check_parts(*parts)
            if len(parts[2]) != rank:
                _refuse(f"Ranks of all input tensors must match: expected {rank}")
        if not -rank <= concat_dim < rank:
            _refuse(f"Concat dimension must be in range [{-rank}, {rank}), got {concat_dim}")
        axis = concat_dim % rank
        result = shapes[0].copy()
        for number, shape in enumerate(shapes[1:], 1):
            differ = np.flatnonzero((shape != shapes[0]) & (np.arange(rank) != axis))
            if len(differ):
                at = int(differ[0])
                _refuse(
                    f"Concat dimensions must match: expected {shapes[0][at]} but got {shape[at]} "
                    f"at position {number}"
                )
        lengths = [int(shape[axis]) for shape in shapes]
        places = np.concatenate(indices)
        offsets = np.cumsum([0, *lengths[:-1]])
        places[:, axis] += np.repeat(offsets, [len(each) for each in indices])
        result[axis] = sum(lengths)
        order = np.argsort(keys_of(result, places)[0], kind="stable")
        return places[order], np.concatenate(values)[order], result


def _widened(shapes: list[Tensor], axis: int) -> list[Tensor]:
    """The shapes, each with the largest of all lengths along all axes but `axis`."""
    largest = reduce_max(concat([reshape(shape, [1, -1]) for shape in shapes], 0), 0)
    front = largest[:axis]
    if axis == -1:
        return [concat([front, shape[-1:]], 0) for shape in shapes]
    return [concat([front, shape[axis : axis + 1], largest[axis + 1 :]], 0) for shape in shapes]


def sparse_concat(
    axis: int | None,
    sp_inputs: Any,
    name: str | None = None,
    expand_nonconcat_dim: bool = False,
    concat_dim: int | None = None,
    expand_nonconcat_dims: bool | None = None,
) -> SparseTensor:
    """Sparse tensors joined along one axis.

    Args:
        axis: may be negative; None where `concat_dim` is given.
        sp_inputs: a list of sparse tensors; their elements in row-major order.
        expand_nonconcat_dim: let them differ along the other axes; the longest counts.
        concat_dim: the old name of `axis`.
        expand_nonconcat_dims: another name of `expand_nonconcat_dim`.

    Raises:
        TypeError: if `sp_inputs` is no list of sparse tensors.
    """
    if axis is not None and concat_dim is not None:
        raise ValueError("Cannot specify both 'axis' and 'concat_dim'.")
    place = concat_dim if axis is None else axis
    if expand_nonconcat_dims is not None:
        expand_nonconcat_dim = expand_nonconcat_dims
    if not isinstance(sp_inputs, list | tuple):
        raise TypeError("Inputs must be a list or tuple.")
    if not isinstance(place, int | np.integer):
        raise ValueError("sparse_concat needs the axis to join along.")
    parts = [as_sparse(each) for each in sp_inputs]
    if len(parts) == 1:
        return parts[0]
    shapes = [each.dense_shape for each in parts]
    if expand_nonconcat_dim:
        shapes = _widened(shapes, int(place))
    indices, values, shape = apply(
        "SparseConcat",
        [each.indices for each in parts],
        [each.values for each in parts],
        shapes,
        concat_dim=place,
        name=name,
    )
    known = [each.shape.as_list() for each in parts if each.shape.is_fully_defined()]
    if len(known) == len(parts):
        sizes = [max(lengths) for lengths in zip(*known, strict=True)]
        sizes[place] = sum(each[place] for each in known)
        return SparseTensor(indices, values, convert_to_tensor(sizes, dtypes.int64))
    return SparseTensor(indices, values, shape)


@op(
    "SparseSplit",
    "split_dim: int64, indices: int64, values: T, shape: int64 -> output_indices: num_split * "
    "int64, output_values: num_split * T, output_shape: num_split * int64",
    num_split=attr("int", minimum=1),
    T=ANY_TYPE,
)
class SparseSplit:
    """A sparse tensor cut along one axis, the first parts one longer where it does not divide."""

    samples = (
        case(np.int64(1), PLACES, VALUES, SHAPE, num_split=2, grad=False),
        case(np.int64(0), PLACES, VALUES, SHAPE, num_split=2, grad=False),
        case(np.int64(1), PLACES, f32(VALUES), SHAPE, num_split=3, grad=False),
        case(np.int64(0), PLACES, TEXTS, SHAPE, num_split=1),
        case(np.int64(2), PLACES, VALUES, SHAPE, num_split=2, raises="in range|between"),
        case(np.int64(0), PLACES, VALUES, SHAPE, num_split=4, raises="num_split|Invalid"),
    )

    def shape(
        axis: Operand, indices: Operand, values: Operand, shape: Operand, *, num_split: int
    ) -> list[Dims]:
        _, rank = sparse_shapes(indices, values, shape)
        each: list[Dims] = [(None, rank), (None,), (rank,)]
        return [part for part in each for _ in range(num_split)]

    def numpy(axis: Any, indices: Any, values: Any, shape: Any, *, num_split: int) -> Any:
        check_parts(indices, values, shape)
        place, rank = int(np.asarray(axis).reshape(-1)[0]), len(shape)
        if not -rank <= place < rank:
            _refuse(f"Input split_dim should be in range [0, {rank}), got {place}")
        length = int(shape[place])
        if not 1 <= num_split <= length:
            _refuse(
                f"Input num_split should be between 1 and the splitting dimension size ({length}), "
                f"got {num_split}"
            )
        size, longer = divmod(length, num_split)
        lengths = np.full(num_split, size) + (np.arange(num_split) < longer)
        starts = np.cumsum([0, *lengths[:-1]])
        owners = np.searchsorted(starts, indices[:, place], side="right") - 1
        found = []
        for number in range(num_split):
            chosen = owners == number
            places = indices[chosen]
            places[:, place] -= starts[number]
            sizes = shape.copy()
            sizes[place] = lengths[number]
            found.append((places, values[chosen], sizes))
        return [part for parts in zip(*found, strict=True) for part in parts]


class _KeywordRequired:
    def __repr__(self) -> str:
        return "KeywordRequired()"


_KEYWORD_REQUIRED = _KeywordRequired()


def sparse_split(
    keyword_required: Any = _KEYWORD_REQUIRED,
    sp_input: Any = None,
    num_split: int | None = None,
    axis: Any = None,
    name: str | None = None,
    split_dim: Any = None,
) -> list[SparseTensor]:
    """A sparse tensor cut into parts along one axis; takes keyword arguments only.

    Args:
        num_split: how many parts; the first ones are longer by 1 where the axis does not divide.
        axis: the axis.
        split_dim: the old name of `axis`.

    Raises:
        ValueError: if an argument is missing or has no name.
    """
    if keyword_required is not _KEYWORD_REQUIRED:
        raise ValueError("Keyword arguments are required for this function.")
    if axis is not None and split_dim is not None:
        raise ValueError("Cannot specify both 'axis' and 'split_dim'.")
    place = split_dim if axis is None else axis
    for what, given in {"sp_input": sp_input, "num_split": num_split, "axis": place}.items():
        if given is None:
            raise ValueError(f"{what} is required")
    assert num_split is not None
    sparse = as_sparse(sp_input)
    found = apply("SparseSplit", place, *sparse.components(), num_split=num_split, name=name)
    lists = [found[start : start + num_split] for start in range(0, len(found), num_split)]
    return [SparseTensor(*parts) for parts in zip(*lists, strict=True)]
