"""Diagonals and bands of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import ANY_TYPE, GRID
from flowgraph.ops.constants import ones, zeros
from flowgraph.ops.joining import concat
from flowgraph.ops.kinds import COMPLEX, FLOATS, INDEX
from flowgraph.ops.sample_values import i32, i64
from flowgraph.ops.select import same_shape

__all__ = [
    "diag",
    "diag_part",
    "eye",
    "matrix_band_part",
    "matrix_diag",
    "matrix_diag_part",
    "matrix_set_diag",
]

Gradients = list[Any]
F32 = GRID.astype(np.float32)
I32 = GRID.astype(np.int32)
CUBE = np.arange(12.0).reshape(2, 3, 2)
SQUARE = np.arange(9.0).reshape(3, 3)
DIAGONAL_TYPES = (*FLOATS, *INDEX, *COMPLEX)


@op("Diag", "diagonal: T -> output: T", T=DIAGONAL_TYPES)
class Diag:
    """A tensor of twice the rank with the input on its diagonal and zeros elsewhere.

    ``output[i, ..., k, i, ..., k] = diagonal[i, ..., k]``.
    """

    samples = (case(GRID), case(F32[0]), case(I32[1]), case(np.zeros(0, np.float32)))

    def shape(x: Operand) -> Dims:
        return None if x.dims is None else (*x.dims, *x.dims)

    def numpy(x: Any) -> Any:
        return np.diag(x.reshape(-1)).reshape(*x.shape, *x.shape)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("DiagPart", dy)]


@op("DiagPart", "input: T -> diagonal: T", T=DIAGONAL_TYPES)
class DiagPart:
    """The diagonal of a tensor of shape ``s + s``.

    ``diagonal[i, ..., k] = input[i, ..., k, i, ..., k]``.
    """

    samples = (
        case(SQUARE),
        case(np.arange(16.0).reshape(2, 2, 2, 2).astype(np.float32)),
        case(SQUARE.astype(np.int32)),
        case(GRID, raises="Dimensions must be equal, but are 2 and 3|matching dimensions"),
        case(CUBE, raises="must have even and non-zero rank|even rank"),
    )

    def shape(x: Operand) -> Dims:
        if x.dims is None:
            return None
        half, odd = divmod(len(x.dims), 2)
        if odd or not half:
            text = f"Input must have even and non-zero rank, input rank is {len(x.dims)}"
            raise ValueError(text)
        for a, b in zip(x.dims[:half], x.dims[half:], strict=True):
            if a is not None and b is not None and a != b:
                raise ValueError(f"Dimensions must be equal, but are {a} and {b}")
        return dims.merge(x.dims[:half], x.dims[half:])

    def numpy(x: Any) -> Any:
        half = x.ndim // 2
        if x.ndim % 2 or x.shape[:half] != x.shape[half:]:
            text = f"Input shape must be of the form s + s, matching dimensions, got {x.shape}"
            raise errors.InvalidArgumentError(None, None, text)
        count = dims.product(x.shape[:half])
        return x.reshape(count, count).diagonal().reshape(x.shape[:half]).copy()

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("Diag", dy)]


@op("MatrixDiag", "diagonal: T -> output: T", T=ANY_TYPE)
class MatrixDiag:
    """Square matrices with the last axis of the input on their diagonals and zeros elsewhere."""

    samples = (case(GRID), case(F32[0]), case(I32), case(np.zeros((2, 0), np.float32)))

    def shape(x: Operand) -> Dims:
        if x.dims is None:
            return None
        if not x.dims:
            raise ValueError("Shape must be at least rank 1 but is rank 0")
        return (*x.dims, x.dims[-1])

    def numpy(x: Any, *, out: Any = None) -> Any:
        size = x.shape[-1]
        if out is None:
            out = np.zeros((*x.shape, size), x.dtype)
        else:
            out.fill(0)
        _diagonal(out)[...] = x
        return out

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("MatrixDiagPart", dy, name="diag_part")]


def _diagonal(matrices: Any) -> Any:
    """A writable view of the diagonals."""
    return np.einsum("...ii->...i", matrices[..., : matrices.shape[-1], : matrices.shape[-2]])


@op("MatrixDiagPart", "input: T -> diagonal: T", T=ANY_TYPE)
class MatrixDiagPart:
    """The diagonals of matrices: ``diagonal[..., i] = input[..., i, i]``."""

    samples = (
        case(SQUARE),
        case(CUBE),
        case(F32),
        case(I32),
        case(GRID[0], raises="Shape must be at least rank 2 but is rank 1|must be at least 2-dim"),
    )

    def shape(x: Operand) -> Dims:
        if x.dims is None:
            return None
        if len(x.dims) < 2:
            raise ValueError(f"Shape must be at least rank 2 but is rank {len(x.dims)}")
        return (*x.dims[:-2], _least(x.dims[-2], x.dims[-1]))

    def numpy(x: Any) -> Any:
        if x.ndim < 2:
            text = f"input must be at least 2-dim, received shape: {dims.show_list(x.shape)}"
            raise errors.InvalidArgumentError(None, None, text)
        return x.diagonal(axis1=-2, axis2=-1).copy()

    def grad(op: Operation, dy: Tensor) -> Gradients:
        x = op.inputs[0]
        sizes = (None, None) if x.dims is None else x.dims[-2:]
        if sizes[0] == sizes[1] and sizes[0] is not None:
            return [apply("MatrixDiag", dy, name="diag")]
        return [apply("MatrixSetDiag", apply("ZerosLike", x), dy, name="set_diag")]


def _least(a: int | None, b: int | None) -> int | None:
    if a == 0 or b == 0:
        return 0
    return None if a is None or b is None else min(a, b)


@op("MatrixSetDiag", "input: T, diagonal: T -> output: T", T=ANY_TYPE)
class MatrixSetDiag:
    """The input with other numbers on its matrices' diagonals."""

    samples = (
        case(SQUARE, np.array([-1.0, -2, -3])),
        case(CUBE, GRID[:, :2]),
        case(F32, F32[0, :2]),
        case(I32, I32[1, :2]),
        case(GRID, GRID[0], raises="must be equal, but are|must have shape|diagonal"),
    )

    def shape(x: Operand, diagonal: Operand) -> Dims:
        if x.dims is None:
            return None if diagonal.dims is None else (*diagonal.dims[:-1], None, None)
        if len(x.dims) < 2:
            raise ValueError(f"Shape must be at least rank 2 but is rank {len(x.dims)}")
        if diagonal.dims is None:
            return x.dims
        if len(diagonal.dims) != len(x.dims) - 1:
            text = f"Shape must be rank {len(x.dims) - 1} but is rank {len(diagonal.dims)}"
            raise ValueError(text)
        smallest = _least(x.dims[-2], x.dims[-1])
        merged = same_shape((*x.dims[:-2], smallest), diagonal.dims)
        assert merged is not None
        return (*merged[:-1], *x.dims[-2:])

    def numpy(x: Any, diagonal: Any) -> Any:
        result = np.array(x)
        target = _diagonal(result)
        if target.shape != diagonal.shape:
            text = (
                f"must have shape {dims.show_list(target.shape)}, the diagonal has shape "
                f"{dims.show_list(diagonal.shape)}"
            )
            raise errors.InvalidArgumentError(None, None, text)
        target[...] = diagonal
        return result

    def grad(op: Operation, dy: Tensor) -> Gradients:
        diagonal = op.inputs[1]
        kept = apply("MatrixSetDiag", dy, apply("ZerosLike", diagonal), name="set_diag")
        return [kept, apply("MatrixDiagPart", dy, name="diag_part")]


@op(
    "MatrixBandPart",
    "input: T, num_lower: Tindex, num_upper: Tindex -> band: T",
    T=ANY_TYPE,
    Tindex=types(INDEX, dtypes.int64),
)
class MatrixBandPart:
    """The matrices with zeros outside a band around the diagonal.

    Element (m, n) stays if ``m - n <= num_lower`` and ``n - m <= num_upper``; a negative number
    sets no limit.
    """

    samples = (
        case(SQUARE, i64(1), i64(0)),
        case(CUBE, i64(-1), i64(0)),
        case(F32, i32(0), i32(-1)),
        case(I32, i64(0), i64(0)),
        case(GRID[0], i64(0), i64(0), raises="at least rank 2|at least 2-dim"),
    )

    def shape(x: Operand, lower: Operand, upper: Operand) -> Dims:
        if x.dims is not None and len(x.dims) < 2:
            raise ValueError(f"Shape must be at least rank 2 but is rank {len(x.dims)}")
        return x.dims

    def numpy(x: Any, lower: Any, upper: Any) -> Any:
        rows, columns = x.shape[-2:]
        distance = np.arange(columns) - np.arange(rows)[:, None]
        inside = np.ones((rows, columns), bool)
        if lower >= 0:
            inside &= distance >= -int(lower)
        if upper >= 0:
            inside &= distance <= int(upper)
        return np.where(inside, x, np.zeros((), x.dtype))

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return [apply("MatrixBandPart", dy, op.inputs[1], op.inputs[2]), None, None]


def diag(diagonal: Any, name: str | None = None) -> Tensor:
    """A tensor of twice the rank with `diagonal` on its diagonal and zeros elsewhere."""
    result: Tensor = apply("Diag", diagonal, name=name)
    return result


def diag_part(input: Any, name: str | None = None) -> Tensor:
    """The diagonal of a tensor of shape ``s + s``."""
    result: Tensor = apply("DiagPart", input, name=name)
    return result


def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """The matrices in the last two axes of `input` with zeros outside a band around the diagonal.

    Args:
        num_lower: how many subdiagonals to keep; all if negative.
        num_upper: how many superdiagonals to keep; all if negative.
    """
    result: Tensor = apply("MatrixBandPart", input, num_lower, num_upper, name=name)
    return result


def _check_main(k: Any, padding: Any = 0) -> None:
    if isinstance(k, Tensor) or np.any(np.asarray(k) != 0) or padding != 0:
        raise ValueError(f"Only the main diagonal (k=0) with padding 0 is supported, got k={k!r}")


def matrix_diag(
    diagonal: Any,
    name: str = "diag",
    k: Any = 0,
    num_rows: Any = -1,
    num_cols: Any = -1,
    padding_value: Any = 0,
) -> Tensor:
    """Matrices with the last axis of `diagonal` on their diagonals and zeros elsewhere.

    Args:
        k: 0, the main diagonal.
        num_rows: rows of the matrices; as many as the diagonal has elements if -1.
        num_cols: their columns, likewise.

    Raises:
        ValueError: for other diagonals than the main one.
    """
    _check_main(k, padding_value)
    square: Tensor = apply("MatrixDiag", diagonal, name=name)
    if num_rows == -1 and num_cols == -1:
        return square
    sizes = square.shape.as_list()
    more = [
        max(want - (size or 0), 0)
        for want, size in zip((num_rows, num_cols), sizes[-2:], strict=True)
    ]
    paddings = [[0, 0]] * (len(sizes) - 2) + [[0, extra] for extra in more]
    result: Tensor = apply("Pad", square, paddings)
    return result


def matrix_diag_part(
    input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0
) -> Tensor:
    """The main diagonals of the matrices in the last two axes of `input`.

    Raises:
        ValueError: for other diagonals.
    """
    _check_main(k, padding_value)
    result: Tensor = apply("MatrixDiagPart", input, name=name)
    return result


def matrix_set_diag(input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0) -> Tensor:
    """`input` with other numbers on the main diagonals of its matrices.

    Raises:
        ValueError: for other diagonals.
    """
    _check_main(k)
    result: Tensor = apply("MatrixSetDiag", input, diagonal, name=name)
    return result


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Matrices with ones on the diagonal and zeros elsewhere.

    Args:
        num_columns: as many as rows if None.
        batch_shape: the axes before those of the matrix.
    """
    with name_scope(name, "eye", [num_rows, num_columns, batch_shape]):
        square = num_columns is None or num_columns is num_rows
        columns = num_rows if num_columns is None else num_columns
        batch = [] if batch_shape is None else batch_shape
        if any(isinstance(each, Tensor) for each in (num_rows, columns, batch)):
            if isinstance(num_rows, Tensor) or isinstance(columns, Tensor):
                smaller = apply("Minimum", num_rows, columns)
            else:
                smaller = min(num_rows, columns)
            lead = convert_to_tensor(batch, dtypes.int32, "shape")
            diagonal: Any = concat([lead, [smaller]], 0)
            whole: Any = None if square else concat([lead, [num_rows, columns]], 0)
        else:
            square = num_rows == columns
            diagonal = [*batch, min(num_rows, columns)]
            whole = [*batch, num_rows, columns]
        ones_there = ones(diagonal, dtype)
        if square:
            return matrix_diag(ones_there)
        return matrix_set_diag(zeros(whole, dtype), ones_there)
