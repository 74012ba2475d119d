"""`TensorShape`, `Dimension` and the arithmetic of partly known shapes."""

from __future__ import annotations

import pytest

from flowgraph import dims
from flowgraph.shapes import Dimension, TensorShape


@pytest.mark.parametrize(
    ("shape", "shown", "text"),
    [
        (None, "TensorShape(None)", "<unknown>"),
        ([], "TensorShape([])", "()"),
        ([2], "TensorShape([Dimension(2)])", "(2,)"),
        ([None, 3], "TensorShape([Dimension(None), Dimension(3)])", "(?, 3)"),
        (7, "TensorShape([Dimension(7)])", "(7,)"),
    ],
)
def test_reprs_are_those_of_tf1(shape: object, shown: str, text: str) -> None:
    assert repr(TensorShape(shape)) == shown
    assert str(TensorShape(shape)) == text


def test_as_list_needs_a_rank() -> None:
    assert TensorShape([None, 2]).as_list() == [None, 2]
    with pytest.raises(ValueError, match="unknown TensorShape"):
        TensorShape(None).as_list()


def test_merge_keeps_what_either_knows() -> None:
    merged = TensorShape([None, 3]).merge_with([2, None])
    assert merged.as_list() == [2, 3]
    assert TensorShape(None).merge_with([1]).as_list() == [1]
    with pytest.raises(ValueError, match="not compatible"):
        TensorShape([2]).merge_with([3])


@pytest.mark.parametrize(
    ("a", "b", "fits"),
    [
        ([2, 3], [2, 3], True),
        ([None, 3], [2, 3], True),
        (None, [2, 3], True),
        ([2], [2, 3], False),
        ([2, 3], [2, 4], False),
    ],
)
def test_compatibility(a: object, b: object, fits: bool) -> None:
    assert TensorShape(a).is_compatible_with(b) is fits
    assert TensorShape(b).is_compatible_with(a) is fits


def test_indexing_and_concatenation() -> None:
    shape = TensorShape([None, 3, 4])
    assert shape[1].value == 3
    assert shape[0].value is None
    assert shape[1:].as_list() == [3, 4]
    assert (shape + TensorShape([5])).as_list() == [None, 3, 4, 5]
    assert len(shape) == 3
    assert [d.value for d in shape] == [None, 3, 4]


def test_an_unknown_dimension_makes_arithmetic_and_comparison_unknown() -> None:
    unknown = Dimension(None)
    assert (unknown + 1).value is None
    assert (unknown == 3) is None
    assert (Dimension(7) // 2).value == 3
    assert (Dimension(2) * Dimension(3)).value == 6
    assert int(Dimension(4)) == 4
    assert list(range(3))[Dimension(1)] == 1


@pytest.mark.parametrize("bad", ["three", -1, 2.5])
def test_a_size_is_a_natural_number(bad: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        Dimension(bad)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((2, 3), (3,), (2, 3)),
        ((2, 1), (1, 3), (2, 3)),
        ((), (4,), (4,)),
        ((None, 3), (1, 3), (None, 3)),
        ((None,), (5,), (5,)),
        ((None,), (None,), (None,)),
        (None, (2,), None),
        ((0, 3), (1, 3), (0, 3)),
    ],
)
def test_broadcasting_of_static_shapes(a: dims.Dims, b: dims.Dims, expected: dims.Dims) -> None:
    assert dims.broadcast(a, b) == expected
    assert dims.broadcast(b, a) == expected


def test_shapes_that_do_not_broadcast() -> None:
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 2 and 3"):
        dims.broadcast((2,), (3,))
