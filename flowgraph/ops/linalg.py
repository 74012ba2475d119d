"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.kinds import NUMBERS

Gradients = list[Any]
A23 = np.arange(6.0).reshape(2, 3) - 2
B34 = np.arange(12.0).reshape(3, 4) / 4 - 1


@op("MatMul", "a: T, b: T -> product: T", T=NUMBERS, transpose_a=False, transpose_b=False)
class MatMul:
    """The matrix product of two rank-2 tensors, [m, k] and [k, n] to [m, n]."""

    samples = (
        case(A23, B34),
        case(A23.T.copy(), B34, transpose_a=True),
        case(A23, B34.T.copy(), transpose_b=True),
        case(A23.T.copy(), B34.T.copy(), transpose_a=True, transpose_b=True),
    )

    def shape(a: Operand, b: Operand, *, transpose_a: bool, transpose_b: bool) -> Dims:
        for operand in (a, b):
            if operand.dims is not None and len(operand.dims) != 2:
                raise ValueError(f"Shape must be rank 2 but is rank {len(operand.dims)}")
        rows, inner_a = a.dims if a.dims is not None else (None, None)
        inner_b, columns = b.dims if b.dims is not None else (None, None)
        if transpose_a:
            rows, inner_a = inner_a, rows
        if transpose_b:
            inner_b, columns = columns, inner_b
        if inner_a is not None and inner_b is not None and inner_a != inner_b:
            raise ValueError(f"Dimensions must be equal, but are {inner_a} and {inner_b}")
        return rows, columns

    def numpy(a: Any, b: Any, *, transpose_a: bool, transpose_b: bool, out: Any = None) -> Any:
        return np.dot(a.T if transpose_a else a, b.T if transpose_b else b, out=out)

    def grad(op: Operation, dy: Tensor) -> Gradients:
        a, b = op.inputs
        transpose_a, transpose_b = op.attrs["transpose_a"], op.attrs["transpose_b"]
        if not transpose_a and not transpose_b:
            return [_matmul(dy, b, False, True), _matmul(a, dy, True, False)]
        if not transpose_a:
            return [_matmul(dy, b, False, False), _matmul(dy, a, True, False)]
        if not transpose_b:
            return [_matmul(b, dy, False, True), _matmul(a, dy, False, False)]
        return [_matmul(b, dy, True, True), _matmul(dy, a, True, True)]


def _matmul(a: Tensor, b: Tensor, transpose_a: bool, transpose_b: bool) -> Tensor:
    result: Tensor = apply("MatMul", a, b, transpose_a=transpose_a, transpose_b=transpose_b)
    return result
