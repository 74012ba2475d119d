"""Sets along the last axis of tensors: sizes, unions, intersections and differences."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.sample_values import i32, i64
from flowgraph.ops.sparse_functions import convert_to_tensor_or_sparse_tensor
from flowgraph.ops.sparse_kernels import (
    check_indices,
    check_parts,
    keys_of,
    same_dims,
    sparse_shapes,
)

__all__ = ["set_difference", "set_intersection", "set_size", "set_union"]

TYPES = (
    dtypes.int8,
    dtypes.int16,
    dtypes.int32,
    dtypes.int64,
    dtypes.uint8,
    dtypes.uint16,
    dtypes.string,
)
OPERATION = attr("string")
RESULT = "result_indices: int64, result_values: T, result_shape: int64"
A = i32([[1, 2, 2], [3, 4, 5], [6, 6, 6]])
B = i32([[2, 7], [5, 3], [1, 2]])
SPARSE_A = (i64([[0, 0], [0, 1], [2, 0], [2, 2]]), i64([5, 3, 4, 4]), i64([3, 3]))
SPARSE_B = (i64([[0, 0], [1, 0], [2, 0]]), i64([3, 1, 9]), i64([3, 2]))
TEXTS = np.array([[b"a", b"b"], [b"b", b"b"]], object)
DEEP = i64([[[1, 2], [3, 3]], [[0, 0], [4, 5]]])

Elements = tuple[Any, Any]


def _refuse(message: str) -> NoReturn:
    raise InvalidArgumentError(None, None, message)


def _of_dense(x: Any) -> Elements:
    """The number of each element's group, and the elements."""
    if x.ndim < 2:
        _refuse(f"Shape {list(x.shape)} has rank {x.ndim} < 2")
    return np.repeat(np.arange(dims.product(x.shape[:-1])), x.shape[-1]), x.reshape(-1)


def _of_sparse(indices: Any, values: Any, shape: Any, validate: bool) -> Elements:
    check_parts(indices, values, shape)
    if len(shape) < 2:
        _refuse(f"Invalid rank {len(shape)}.")
    check_indices(indices, shape, ordered=validate)
    return keys_of(shape[:-1], indices[:, :-1])[0], values


def _numbered(*sides: Elements) -> tuple[Any, list[Any]]:
    """All distinct elements in order, and those of each side by their numbers."""
    found, numbers = np.unique(np.concatenate([each for _, each in sides]), return_inverse=True)
    ends = np.cumsum([len(each) for _, each in sides])[:-1]
    return found, np.split(numbers.reshape(-1), ends)


def _combined(a: Elements, b: Elements, groups: tuple[int, ...], operation: str) -> Any:
    """The results of all groups as a sparse tensor, the elements of each in order."""
    found, numbers = _numbered(a, b)
    width = max(len(found), 1)
    left, right = (
        np.unique(keys * width + number) for (keys, _), number in zip((a, b), numbers, strict=True)
    )
    match operation.lower():
        case "a-b":
            chosen = np.setdiff1d(left, right, assume_unique=True)
        case "b-a":
            chosen = np.setdiff1d(right, left, assume_unique=True)
        case "intersection":
            chosen = np.intersect1d(left, right, assume_unique=True)
        case "union":
            chosen = np.union1d(left, right)
        case _:
            _refuse(f"Invalid set_operation {operation}.")
    keys, number = np.divmod(chosen, width)
    counts = np.bincount(keys, minlength=dims.product(groups))
    starts = np.cumsum(counts) - counts
    within = np.arange(len(keys)) - starts[keys]
    places = np.stack([*np.unravel_index(keys, groups), within], axis=1).astype(np.int64)
    longest = int(counts.max(initial=0))
    return places, found[number], np.array([*groups, longest], np.int64)


def _groups_of(*shapes: Any) -> tuple[int, ...]:
    """The shape of the groups, which all operands must share."""
    leads = [tuple(int(size) for size in shape[:-1]) for shape in shapes]
    if leads[0] != leads[-1]:
        _refuse(f"Mismatched group shapes {list(leads[0])} vs {list(leads[-1])}.")
    return leads[0]


def _result_dims(*ranks: int | None) -> list[Dims]:
    known = next((rank for rank in ranks if rank is not None), None)
    for rank in ranks:
        if rank is not None and rank != known:
            raise ValueError(f"Ranks must be equal, but are {known} and {rank}")
    if known is not None and known < 2:
        raise ValueError(f"Input {0} rank must be at least 2 but is {known}")
    return [(None, known), (None,), (known,)]


def _rank(x: Operand) -> int | None:
    if x.dims is not None and len(x.dims) < 2:
        raise ValueError(f"Input rank must be at least 2 but is {len(x.dims)}")
    return None if x.dims is None else len(x.dims)


@op(
    "DenseToDenseSetOperation",
    f"set1: T, set2: T -> {RESULT}",
    set_operation=OPERATION,
    validate_indices=True,
    T=TYPES,
)
class DenseToDenseSetOperation:
    """A set operation on the rows of two dense tensors that agree in all axes but the last."""

    grad = None
    samples = (
        case(A, B, set_operation="a-b"),
        case(A, B, set_operation="b-a"),
        case(A, B, set_operation="intersection"),
        case(A, B, set_operation="union"),
        case(TEXTS, TEXTS[::-1].copy(), set_operation="union"),
        case(DEEP, DEEP[::-1].copy(), set_operation="a-b"),
        case(DEEP, DEEP, set_operation="a-b"),
        case(A, B[:2], set_operation="union", raises="must be equal|Mismatched group shapes"),
    )

    def shape(a: Operand, b: Operand) -> list[Dims]:
        found = _result_dims(_rank(a), _rank(b))
        if a.dims is not None and b.dims is not None:
            same_dims(a.dims[:-1], b.dims[:-1])
        return found

    def numpy(a: Any, b: Any, *, set_operation: str) -> Any:
        groups = _groups_of(a.shape, b.shape)
        return _combined(_of_dense(a), _of_dense(b), groups, set_operation)


@op(
    "DenseToSparseSetOperation",
    f"set1: T, set2_indices: int64, set2_values: T, set2_shape: int64 -> {RESULT}",
    set_operation=OPERATION,
    validate_indices=True,
    T=TYPES,
)
class DenseToSparseSetOperation:
    """A set operation on the rows of a dense and of a sparse tensor."""

    grad = None
    samples = (
        case(A.astype(np.int64), *SPARSE_B, set_operation="a-b"),
        case(A.astype(np.int64), *SPARSE_B, set_operation="b-a"),
        case(A.astype(np.int64), *SPARSE_A, set_operation="intersection"),
        case(A.astype(np.int64), *SPARSE_A, set_operation="union"),
    )

    def shape(a: Operand, indices: Operand, values: Operand, shape: Operand) -> list[Dims]:
        return _result_dims(_rank(a), sparse_shapes(indices, values, shape)[1])

    def numpy(
        a: Any,
        indices: Any,
        values: Any,
        shape: Any,
        *,
        set_operation: str,
        validate_indices: bool,
    ) -> Any:
        second = _of_sparse(indices, values, shape, validate_indices)
        return _combined(_of_dense(a), second, _groups_of(a.shape, shape), set_operation)


@op(
    "SparseToSparseSetOperation",
    "set1_indices: int64, set1_values: T, set1_shape: int64, set2_indices: int64, set2_values: T, "
    f"set2_shape: int64 -> {RESULT}",
    set_operation=OPERATION,
    validate_indices=True,
    T=TYPES,
)
class SparseToSparseSetOperation:
    """A set operation on the rows of two sparse tensors."""

    grad = None
    samples = (
        case(*SPARSE_A, *SPARSE_B, set_operation="a-b"),
        case(*SPARSE_A, *SPARSE_B, set_operation="b-a"),
        case(*SPARSE_A, *SPARSE_B, set_operation="intersection"),
        case(*SPARSE_A, *SPARSE_B, set_operation="union"),
        case(
            SPARSE_A[0][::-1].copy(),
            *SPARSE_A[1:],
            *SPARSE_B,
            set_operation="union",
            raises="out of order",
        ),
    )

    def shape(
        indices_a: Operand,
        values_a: Operand,
        shape_a: Operand,
        indices_b: Operand,
        values_b: Operand,
        shape_b: Operand,
    ) -> list[Dims]:
        _, rank = sparse_shapes(indices_a, values_a, shape_a)
        _, other = sparse_shapes(indices_b, values_b, shape_b)
        return _result_dims(rank, other)

    def numpy(
        indices_a: Any,
        values_a: Any,
        shape_a: Any,
        indices_b: Any,
        values_b: Any,
        shape_b: Any,
        *,
        set_operation: str,
        validate_indices: bool,
    ) -> Any:
        first = _of_sparse(indices_a, values_a, shape_a, validate_indices)
        second = _of_sparse(indices_b, values_b, shape_b, validate_indices)
        return _combined(first, second, _groups_of(shape_a, shape_b), set_operation)


@op(
    "SetSize",
    "set_indices: int64, set_values: T, set_shape: int64 -> size: int32",
    validate_indices=True,
    T=TYPES,
)
class SetSize:
    """The number of distinct elements in each row of a sparse tensor."""

    grad = None
    samples = (
        case(*SPARSE_A),
        case(*SPARSE_B),
        case(i64([[0, 1, 0], [1, 0, 0], [1, 0, 1]]), i32([1, 2, 3]), i64([2, 2, 2])),
        case(SPARSE_A[0], np.array([b"a", b"a", b"b", b"c"], object), SPARSE_A[2]),
        case(SPARSE_A[0][::-1].copy(), *SPARSE_A[1:], raises="out of order"),
    )

    def shape(indices: Operand, values: Operand, shape: Operand) -> Dims:
        sparse_shapes(indices, values, shape)
        known = shape.const_dims()
        return None if known is None else known[:-1]

    def numpy(indices: Any, values: Any, shape: Any, *, validate_indices: bool) -> Any:
        keys, elements = _of_sparse(indices, values, shape, validate_indices)
        found, (numbers,) = _numbered((keys, elements))
        groups = tuple(int(size) for size in shape[:-1])
        width = max(len(found), 1)
        distinct = np.unique(keys * width + numbers) // width
        counts = np.bincount(distinct, minlength=dims.product(groups))
        return counts.reshape(groups).astype(np.int32)


def set_size(a: Any, validate_indices: bool = True) -> Tensor:
    """The number of distinct elements in each row (last axis) of a sparse tensor, int32.

    Args:
        validate_indices: whether its indices are checked to be in order.

    Raises:
        TypeError: if `a` is no sparse tensor of integers or strings.
    """
    sparse = convert_to_tensor_or_sparse_tensor(a, name="a")
    if not isinstance(sparse, SparseTensor):
        raise TypeError(f"Expected `SparseTensor`, got {sparse}.")
    if sparse.dtype.base_dtype not in TYPES:
        raise TypeError(f"Invalid dtype {sparse.dtype.name}.")
    size: Tensor = apply("SetSize", *sparse.components(), validate_indices=validate_indices)
    return size


def _operands(a: Any, b: Any) -> tuple[Any, Any, bool]:
    """Both operands, and whether they changed places to have the dense one first."""
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    if a.dtype.base_dtype not in TYPES:
        raise TypeError(f"'a' invalid dtype {a.dtype.name}.")
    b = convert_to_tensor_or_sparse_tensor(b, name="b")
    if a.dtype.base_dtype is not b.dtype.base_dtype:
        raise TypeError(f"Types don't match, {a.dtype.name} vs {b.dtype.name}.")
    if isinstance(a, SparseTensor) and not isinstance(b, SparseTensor):
        return b, a, True
    return a, b, False


def _operation(a: Any, b: Any, operation: str, validate: bool) -> SparseTensor:
    kinds = ["Sparse" if isinstance(each, SparseTensor) else "Dense" for each in (a, b)]
    parts = [
        part
        for each in (a, b)
        for part in (each.components() if isinstance(each, SparseTensor) else [each])
    ]
    result = apply(
        f"{kinds[0]}To{kinds[1]}SetOperation",
        *parts,
        set_operation=operation,
        validate_indices=validate,
    )
    return SparseTensor(*result)


def set_intersection(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """The elements that a row of `a` and the same row of `b` share.

    Args:
        a: a dense or sparse tensor of integers or strings; its last axis is a set.
        b: one of the same type, with the same shape but for the last axis.
        validate_indices: whether the indices of sparse tensors are checked to be in order.

    Returns:
        A sparse tensor; the elements of each row ascend.

    Raises:
        TypeError: if types differ or are no integers or strings.
    """
    a, b, _ = _operands(a, b)
    return _operation(a, b, "intersection", validate_indices)


def set_difference(
    a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True
) -> SparseTensor:
    """The elements of a row of `a` that the same row of `b` does not have.

    Args:
        aminusb: False for ``b - a``.
        a, b, validate_indices: see `set_intersection`.
    """
    a, b, flipped = _operands(a, b)
    return _operation(a, b, "a-b" if aminusb != flipped else "b-a", validate_indices)


def set_union(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """The elements that a row of `a` or the same row of `b` has; see `set_intersection`."""
    a, b, _ = _operands(a, b)
    return _operation(a, b, "union", validate_indices)
