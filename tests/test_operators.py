"""Tensor operators: the nodes they make, their names and types, and what they refuse."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.graph import Graph
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import reduce, rounding
from flowgraph.runtime.session import Session


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    with Graph().as_default() as graph:
        yield graph


def placeholder(dtype: Any = dtypes.float32, shape: Any = (2, 3)) -> Tensor:
    tensor: Tensor = apply("Placeholder", dtype=dtype, shape=shape, name="p")
    return tensor


@pytest.mark.parametrize(
    ("build", "op_type", "nodes"),
    [
        (lambda x: x + 1, "AddV2", ["add/y", "add"]),
        (lambda x: 1 + x, "AddV2", ["add/x", "add"]),
        (lambda x: x - x, "Sub", ["sub"]),
        (lambda x: [1.0, 2.0, 3.0] * x, "Mul", ["mul/x", "mul"]),
        (lambda x: np.ones((2, 3)) / x, "RealDiv", ["truediv/x", "truediv"]),
        (lambda x: x // 2, "FloorDiv", ["floordiv/y", "floordiv"]),
        (lambda x: x % 2, "FloorMod", ["mod/y", "mod"]),
        (lambda x: 2**x, "Pow", ["pow/x", "pow"]),
        (lambda x: -x, "Neg", ["Neg"]),
        (abs, "Abs", ["Abs"]),
        (lambda x: x < 1, "Less", ["Less/y", "Less"]),
        (lambda x: x >= x, "GreaterEqual", ["GreaterEqual"]),
    ],
)
def test_nodes(graph: Graph, build: Callable[[Any], Any], op_type: str, nodes: list[str]) -> None:
    result = build(placeholder())
    assert result.op.type == op_type
    assert [op.name for op in graph.get_operations()] == ["p", *nodes]
    assert result.shape.as_list() == [2, 3]


def test_division_of_integers_casts_to_floating_point(graph: Graph) -> None:
    assert (placeholder(dtypes.int32) / 2).dtype is dtypes.float64
    assert (placeholder(dtypes.uint8) / 2).dtype is dtypes.float32
    names = [op.name for op in graph.get_operations()]
    assert names[:5] == ["p", "truediv/y", "truediv/Cast", "truediv/Cast_1", "truediv"]
    assert rounding.div(placeholder(dtypes.int32), 2).op.type == "FloorDiv"


def test_logical_operators(graph: Graph) -> None:
    x = placeholder(dtypes.bool)
    assert [(~x).op.type, (x & x).op.type, (x | True).op.type] == [
        "LogicalNot",
        "LogicalAnd",
        "LogicalOr",
    ]
    assert operator.xor(x, x).name == "xor:0"
    assert (placeholder(dtypes.int32) & 3).op.type == "BitwiseAnd"


def test_equality_is_identity() -> None:
    x = placeholder()
    y = x + 0
    assert x == x
    assert x != y
    assert len({x, y, x}) == 2


class Foreign:
    """A class that knows how to be added to a tensor."""

    def __radd__(self, other: Any) -> str:
        return "combined"


def test_foreign_operands_get_their_turn() -> None:
    combined: Any = placeholder() + Foreign()
    assert combined == "combined"


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda x: x + placeholder(dtypes.int32), TypeError, "type int32 that does not match"),
        (lambda x: x + "a", TypeError, "float32"),
        (lambda x: x + None, ValueError, "None values not supported"),
        (lambda x: x / placeholder(dtypes.int32), TypeError, "must have the same dtype"),
        (lambda x: x + placeholder(shape=(2, 4)), ValueError, "must be equal, but are 3 and 4"),
        (lambda x: placeholder(dtypes.int32) + 1.5, TypeError, "int32"),
    ],
)
def test_refusals(build: Callable[[Any], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build(placeholder())


@pytest.mark.parametrize("axis", [1, -1, [1], (1,), np.int64(1), np.array([1], np.int32)])
def test_axis_spellings(axis: Any) -> None:
    x = placeholder()
    total = reduce.reduce_sum(x, axis)
    assert total.shape.as_list() == [2]
    value = np.arange(6, dtype=np.float32).reshape(2, 3)
    with Session() as session:
        np.testing.assert_array_equal(session.run(total, {x: value}), [3, 12])


def test_reduction_over_all_axes(graph: Graph) -> None:
    x = placeholder()
    assert reduce.reduce_sum(x).shape.as_list() == []
    assert [op.name for op in graph.get_operations()] == ["p", "Const", "Sum"]
    unknown = placeholder(shape=None)
    total = reduce.reduce_mean(unknown)
    assert total.shape.as_list() == []
    with Session() as session:
        assert session.run(total, {unknown: np.ones((2, 2), np.float32)}) == 1


def test_axis_as_a_tensor() -> None:
    x, axis = placeholder(), placeholder(dtypes.int32, ())
    largest = reduce.reduce_max(x, axis, keepdims=True)
    assert largest.shape.as_list() == [None, None]
    value = np.arange(6, dtype=np.float32).reshape(2, 3)
    with Session() as session:
        np.testing.assert_array_equal(session.run(largest, {x: value, axis: 0}), [[3, 4, 5]])
        np.testing.assert_array_equal(session.run(largest, {x: value, axis: -1}), [[2], [5]])
