"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.complex import conj
from flowgraph.ops.kinds import COMPLEX, FLOATS, INDEX

__all__ = ["matmul", "matvec", "unbroadcast_batch"]

Gradients = list[Any]
PRODUCTS = (*FLOATS, *INDEX, *COMPLEX)
A23 = np.arange(6.0).reshape(2, 3) - 2
B34 = np.arange(12.0).reshape(3, 4) / 4 - 1
Z23 = (A23 + 1j * A23[::-1]).astype(np.complex64)
STACK = np.sin(np.arange(12.0)).reshape(2, 2, 3)
FACTORS = np.cos(np.arange(12.0)).reshape(2, 3, 2)


def _sizes(operand: Operand, flipped: bool) -> tuple[int | None, int | None]:
    if operand.dims is None:
        return None, None
    rows, columns = operand.dims[-2:]
    return (columns, rows) if flipped else (rows, columns)


def _check_inner(a: int | None, b: int | None) -> None:
    if a is not None and b is not None and a != b:
        raise ValueError(f"Dimensions must be equal, but are {a} and {b}")


def _in_float32(x: Any) -> Any:
    """Half-precision factors are multiplied and summed in float32."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


@op("MatMul", "a: T, b: T -> product: T", T=PRODUCTS, transpose_a=False, transpose_b=False)
class MatMul:
    """The matrix product of two rank-2 tensors, [m, k] and [k, n] to [m, n].

    ``product[i, j] = sum_k a[i, k] * b[k, j]``; a factor may be given transposed.
    """

    samples = (
        case(A23, B34),
        case(A23.T.copy(), B34, transpose_a=True),
        case(A23, B34.T.copy(), transpose_b=True),
        case(A23.T.copy(), B34.T.copy(), transpose_a=True, transpose_b=True),
        case(A23.astype(np.float32), B34.astype(np.float32)),
        case(A23.astype(np.float16), B34.astype(np.float16)),
        case(A23.astype(np.int32), B34.astype(np.int32)),
        case(Z23, Z23, transpose_b=True),
        case(A23[:0], B34),
        case(A23[:, :0], B34[:0]),
        case(A23, A23, raises="Dimensions must be equal, but are 3 and 2"),
        case(A23[0], B34, raises="Shape must be rank 2 but is rank 1"),
    )

    def shape(a: Operand, b: Operand, *, transpose_a: bool, transpose_b: bool) -> Dims:
        for operand in (a, b):
            if operand.dims is not None and len(operand.dims) != 2:
                raise ValueError(f"Shape must be rank 2 but is rank {len(operand.dims)}")
        rows, inner_a = _sizes(a, transpose_a)
        inner_b, columns = _sizes(b, transpose_b)
        _check_inner(inner_a, inner_b)
        return rows, columns

    def numpy(a: Any, b: Any, *, transpose_a: bool, transpose_b: bool, out: Any = None) -> Any:
        if transpose_a:
            a = a.T
        if transpose_b:
            b = b.T
        if a.dtype.itemsize == 2:
            return _stored(np.dot(_in_float32(a), _in_float32(b)), a.dtype, out)
        return np.dot(a, b, out=out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        a, b = conj(op.inputs[0]), conj(op.inputs[1])
        transpose_a, transpose_b = op.attrs["transpose_a"], op.attrs["transpose_b"]
        if not transpose_a and not transpose_b:
            return [_product(dy, b, False, True), _product(a, dy, True, False)]
        if not transpose_a:
            return [_product(dy, b, False, False), _product(dy, a, True, False)]
        if not transpose_b:
            return [_product(b, dy, False, True), _product(a, dy, False, False)]
        return [_product(b, dy, True, True), _product(dy, a, True, True)]


def _stored(result: Any, dtype: Any, out: Any) -> Any:
    if out is None:
        return result.astype(dtype)
    out[...] = result
    return out


def _product(a: Tensor, b: Tensor, transpose_a: bool, transpose_b: bool) -> Tensor:
    result: Tensor = apply("MatMul", a, b, transpose_a=transpose_a, transpose_b=transpose_b)
    return result


def _batch_kernel(x: Any, y: Any, *, adj_x: bool, adj_y: bool, out: Any = None) -> Any:
    if adj_x:
        x = _adjoint(x)
    if adj_y:
        y = _adjoint(y)
    if x.dtype.itemsize == 2:
        return _stored(np.matmul(_in_float32(x), _in_float32(y)), x.dtype, out)
    return np.matmul(x, y, out=out)


def _adjoint(x: Any) -> Any:
    swapped = x.swapaxes(-1, -2)
    return swapped.conj() if x.dtype.kind == "c" else swapped


def _batch_shape(x: Operand, y: Operand, adj_x: bool, adj_y: bool, batch: Any) -> Dims:
    for operand in (x, y):
        if operand.dims is not None and len(operand.dims) < 2:
            raise ValueError(f"Shape must be at least rank 2 but is rank {len(operand.dims)}")
    rows, inner_x = _sizes(x, adj_x)
    inner_y, columns = _sizes(y, adj_y)
    outer = batch(None if x.dims is None else x.dims[:-2], None if y.dims is None else y.dims[:-2])
    _check_inner(inner_x, inner_y)
    return None if outer is None else (*outer, rows, columns)


def _same_batch(a: Dims, b: Dims) -> Dims:
    if a is not None and b is not None:
        if len(a) != len(b):
            raise ValueError(f"Shapes must be equal rank, but are {len(a) + 2} and {len(b) + 2}")
        for x, y in zip(a, b, strict=True):
            _check_inner(x, y)
    return dims.merge(a, b)


def _batch_grad(op: Operation, dy: Tensor) -> Gradients:
    x, y = op.inputs
    adj_x, adj_y = op.attrs["adj_x"], op.attrs["adj_y"]
    kind = op.type

    def product(a: Tensor, b: Tensor, adj_a: bool, adj_b: bool) -> Tensor:
        result: Tensor = apply(kind, a, b, adj_x=adj_a, adj_y=adj_b, name="MatMul")
        return result

    if not adj_x and not adj_y:
        return [product(dy, y, False, True), product(x, dy, True, False)]
    if not adj_x:
        return [product(dy, y, False, False), product(dy, x, True, False)]
    if not adj_y:
        return [product(y, dy, False, True), product(x, dy, False, False)]
    return [product(y, dy, True, True), product(dy, x, True, True)]


BATCHES = (
    case(STACK, FACTORS),
    case(FACTORS, FACTORS, adj_x=True),
    case(STACK, STACK, adj_y=True),
    case(FACTORS, STACK, adj_x=True, adj_y=True),
    case(STACK.astype(np.float32), FACTORS.astype(np.float32)),
    case((STACK * 4).astype(np.int64), (FACTORS * 4).astype(np.int64)),
    case(STACK[:0], FACTORS[:0]),
    case(np.stack([Z23, Z23[::-1]]), np.stack([Z23, Z23]), adj_x=True),
    case(STACK, STACK, raises="Dimensions must be equal, but are 3 and 2"),
    case(STACK[0, 0], FACTORS, raises="Shape must be at least rank 2 but is rank 1"),
)


@op("BatchMatMul", "x: T, y: T -> output: T", T=PRODUCTS, adj_x=False, adj_y=False)
class BatchMatMul:
    """Matrix products of two stacks of matrices: [..., m, k] and [..., k, n] to [..., m, n].

    A factor may be given as its adjoint (transposed, and conjugated where it is complex).
    """

    samples = BATCHES
    numpy = _batch_kernel
    grad = _batch_grad

    def shape(x: Operand, y: Operand, *, adj_x: bool, adj_y: bool) -> Dims:
        return _batch_shape(x, y, adj_x, adj_y, _same_batch)


@op("BatchMatMulV2", "x: T, y: T -> output: T", T=PRODUCTS, adj_x=False, adj_y=False)
class BatchMatMulV2:
    """`BatchMatMul` whose leading axes are broadcast against each other."""

    numpy = _batch_kernel
    samples = (
        *BATCHES,
        case(STACK, FACTORS[:1]),
        case(STACK, FACTORS[0]),
        case(STACK[:, None], FACTORS[None], adj_x=False),
    )

    def shape(x: Operand, y: Operand, *, adj_x: bool, adj_y: bool) -> Dims:
        return _batch_shape(x, y, adj_x, adj_y, dims.broadcast)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        return unbroadcast_batch(op, _batch_grad(op, dy))


def unbroadcast_batch(op: Operation, gradients: Gradients) -> Gradients:
    """The gradients of an op's two stacks of matrices, summed where a leading axis was repeated."""
    x, y = (None if each.dims is None else each.dims[:-2] for each in op.inputs)
    if x is not None and x == y and None not in x:
        return gradients
    shapes = [apply("Shape", each) for each in op.inputs]
    batches = [apply("StridedSlice", each, [0], [-2], [1], begin_mask=1) for each in shapes]
    axes = apply("BroadcastGradientArgs", *batches)
    return [
        apply("Reshape", apply("Sum", gradient, repeated), shape)
        for gradient, repeated, shape in zip(gradients, axes, shapes, strict=True)
    ]


def _hint(a: Tensor, b: Any) -> Any:
    """The type that `b` takes where it can; an array keeps its kind, lest it lose its fractions."""
    kind = getattr(getattr(b, "dtype", None), "kind", a.dtype.kind)
    return a.dtype.base_dtype if kind == a.dtype.kind else None


def _may_be_stack(tensor: Tensor) -> bool:
    return tensor.dims is None or len(tensor.dims) > 2


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The matrix product: [..., m, k] and [..., k, n] to [..., m, n].

    Args:
        a: a matrix, or a stack of matrices whose leading axes are broadcast against those of `b`.
        b: of the same type.
        transpose_a: multiply the transpose of `a`; `adjoint_a` its conjugate transpose.
        transpose_b: multiply the transpose of `b`; `adjoint_b` its conjugate transpose.
        a_is_sparse: `a` has many zeros; a hint, which changes nothing.
        b_is_sparse: the same for `b`.

    Raises:
        ValueError: if the sizes do not fit, or if a factor is to be both transposed and adjoint.
    """
    with name_scope(name, "MatMul", [a, b]) as scope:
        if transpose_a and adjoint_a:
            raise ValueError("Only one of transpose_a and adjoint_a can be True.")
        if transpose_b and adjoint_b:
            raise ValueError("Only one of transpose_b and adjoint_b can be True.")
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, name="b", preferred_dtype=_hint(a, b))
        if _may_be_stack(a) or _may_be_stack(b):
            a = conj(a) if transpose_a else a
            b = conj(b) if transpose_b else b
            flags = {
                "adj_x": bool(transpose_a or adjoint_a),
                "adj_y": bool(transpose_b or adjoint_b),
            }
            stack: Tensor = apply("BatchMatMulV2", a, b, name=scope, **flags)
            return stack
        a = conj(a) if adjoint_a else a
        b = conj(b) if adjoint_b else b
        flags = {
            "transpose_a": bool(transpose_a or adjoint_a),
            "transpose_b": bool(transpose_b or adjoint_b),
        }
        result: Tensor = apply("MatMul", a, b, name=scope, **flags)
        return result


def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of matrices and vectors: [..., m, k] and [..., k] to [..., m].

    The arguments are those of `matmul`.
    """
    with name_scope(name, "MatVec", [a, b]):
        column = apply("ExpandDims", convert_to_tensor(b), -1)
        output = matmul(
            a,
            column,
            transpose_a=transpose_a,
            adjoint_a=adjoint_a,
            a_is_sparse=a_is_sparse,
            b_is_sparse=b_is_sparse,
        )
        result: Tensor = apply("Squeeze", output, squeeze_dims=[-1])
        return result
