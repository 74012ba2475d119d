"""Array functions: slices against NumPy's, static shapes through shape tensors, gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf
from flowgraph.graph.opdef import lookup

CUBE = np.arange(60.0, dtype=np.float32).reshape(3, 4, 5)


def evaluate(tensor: Any, feeds: Any = None) -> Any:
    with tf.Session(graph=tf.get_default_graph()) as session:
        return session.run(tensor, feeds)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


bounds = st.none() | st.integers(-7, 7)
slices = st.builds(slice, bounds, bounds, st.none() | st.sampled_from([-3, -2, -1, 1, 2, 3]))


@st.composite
def keys(draw: Any) -> Any:
    """A key for a [3, 4, 5] array, of everything `tensor[...]` takes."""
    entries: list[Any] = []
    for size in (3, 4, 5)[: draw(st.integers(0, 3))]:
        entries.append(draw(slices | st.integers(-size, size - 1)))
    if draw(st.booleans()):
        entries.append(Ellipsis)
    for place in draw(st.lists(st.integers(0, len(entries)), max_size=2)):
        entries.insert(place, None)
    return tuple(entries)


@settings(deadline=None, max_examples=150)
@given(keys(), st.tuples(*[st.booleans()] * 3))
def test_slices_are_those_of_numpy(key: Any, hidden: tuple[bool, ...]) -> None:
    with tf.Graph().as_default():
        shape = [None if hide else size for hide, size in zip(hidden, CUBE.shape, strict=True)]
        x = tf.placeholder(tf.float32, shape)
        y = x[key]
        expected = CUBE[key]
        assert y.shape.is_compatible_with(expected.shape)
        assert len(y.shape) == expected.ndim
        if not any(hidden):
            assert y.shape.as_list() == list(expected.shape)
        found, dx = evaluate([y, tf.gradients(y * y, x)[0]], {x: CUBE})
        np.testing.assert_array_equal(found, expected)
        written = np.zeros_like(CUBE)
        written[key] = 2 * expected
        np.testing.assert_array_equal(dx, written)


def test_tensors_as_indices() -> None:
    x = tf.constant(CUBE)
    i = tf.placeholder(tf.int32, [])
    j = tf.placeholder(tf.int64, [])
    feeds = {i: 2, j: 3}
    np.testing.assert_array_equal(evaluate(x[i], feeds), CUBE[2])
    np.testing.assert_array_equal(evaluate(x[:, 1:i], feeds), CUBE[:, 1:2])
    np.testing.assert_array_equal(evaluate(x[..., j], feeds), CUBE[..., 3])
    np.testing.assert_array_equal(evaluate(x[0, j, 2], feeds), CUBE[0, 3, 2])
    assert x[i].shape.as_list() == [4, 5]


@pytest.mark.parametrize("key", [1.5, "a", (0, 2.0), slice(0.5, None)])
def test_other_indices_are_refused(key: Any) -> None:
    with pytest.raises(TypeError, match="Only integers, slices"):
        tf.constant(CUBE)[key]


def test_index_out_of_range() -> None:
    with pytest.raises(ValueError, match="slice index 3 of dimension 0 out of bounds"):
        tf.constant(CUBE)[3]
    with pytest.raises(ValueError, match="input has only 3 dims"):
        tf.constant(CUBE)[0, 0, 0, 0]
    x = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="out of bounds"):
        evaluate(x[4], {x: CUBE})


def test_mask_as_index() -> None:
    x = tf.placeholder(tf.float32, [None, 4, 5])
    mask = CUBE[..., 0] % 2 == 0
    np.testing.assert_array_equal(evaluate(x[mask], {x: CUBE}), CUBE[mask])
    masked = tf.boolean_mask(x, mask[0], axis=1)
    assert masked.shape.as_list() == [None, None, 5]
    np.testing.assert_array_equal(evaluate(masked, {x: CUBE}), CUBE[:, mask[0]])


def test_assignment_to_a_slice_of_a_variable() -> None:
    variable = tf.Variable(CUBE)
    sliced: Any = variable[1:, 0, ::2]
    assign = sliced.assign(np.full((2, 3), -1.0))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(assign)
        expected = CUBE.copy()
        expected[1:, 0, ::2] = -1
        np.testing.assert_array_equal(session.run(variable), expected)
    with pytest.raises(ValueError, match="only supported for variables"):
        sliced = tf.constant(CUBE)[0]
        sliced.assign(CUBE[0])
    assert not hasattr(tf.constant(1.0), "assign")


def shape_of(build: Any) -> list[int | None]:
    return build(tf.placeholder(tf.float32, [None, 4, 5])).shape.as_list()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda x: tf.reshape(x, [tf.shape(x)[0], -1]), [None, None]),
        (lambda x: tf.reshape(x, [-1, tf.shape(x)[1] * tf.shape(x)[2]]), [None, 20]),
        (lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:1], [20]], 0)), [None, 20]),
        (lambda x: tf.reshape(x[0], [tf.shape(x)[0], 10]), [2, 10]),
        (lambda x: tf.zeros([tf.shape(x)[0], 3]), [None, 3]),
        (lambda x: tf.fill(tf.expand_dims(tf.shape(x)[2], 0), 1.0), [5]),
        (lambda x: tf.range(tf.shape(x)[1]), [4]),
        (lambda x: tf.ones(tf.gather(tf.shape(x), [2, 0])), [5, None]),
        (lambda x: tf.ones(tf.slice(tf.shape(x), [1], [-1])), [4, 5]),
        (lambda x: tf.tile(x, [2, 2, tf.shape(x)[0]]), [None, 8, None]),
        (lambda x: tf.broadcast_to(x[0], tf.shape(x)), [None, 4, 5]),
    ],
)
def test_shapes_travel_as_tensors(build: Any, expected: list[int | None]) -> None:
    assert shape_of(build) == expected


def test_split_sizes() -> None:
    x = tf.constant(CUBE)
    for axis, sizes in ((0, [1, 2]), (1, [3, -1]), (-1, [1, 0, 4])):
        pieces = tf.split(x, sizes, axis)
        found = evaluate(pieces)
        bounds = np.cumsum([size if size >= 0 else 1 for size in sizes])[:-1]
        for piece, value, expected in zip(pieces, found, np.split(CUBE, bounds, axis), strict=True):
            assert piece.shape.as_list() == list(expected.shape)
            np.testing.assert_array_equal(value, expected)
    pieces = tf.split(x, [1, 3], 1)
    dx = evaluate(tf.gradients(2 * pieces[0] + tf.reduce_sum(pieces[1], 1, keepdims=True), x)[0])
    np.testing.assert_array_equal(
        dx, np.where(np.arange(4)[:, None] == 0, 2, 1) * np.ones_like(CUBE)
    )


def test_split_along_an_axis_known_only_when_running() -> None:
    axis = tf.placeholder(tf.int32, [])
    pieces = tf.split(tf.constant(CUBE), [1, 3], axis)
    assert pieces[0].shape.as_list() == [None, None, None]
    np.testing.assert_array_equal(evaluate(pieces[1], {axis: 1}), CUBE[:, 1:])


@pytest.mark.parametrize(
    ("axis", "batch_dims"), [(1, 1), (2, 1), (2, 2), (-1, -1), (1, 0), (-1, 0)]
)
def test_gather_within_batches(axis: int, batch_dims: int) -> None:
    batch = batch_dims + 3 if batch_dims < 0 else batch_dims
    places = axis % 3
    indices = np.random.default_rng(1).integers(
        0, CUBE.shape[places], (*CUBE.shape[:batch], 2, 3)[:3]
    )
    indices = indices if batch_dims >= 0 else indices[..., :2]
    batch = batch_dims + indices.ndim if batch_dims < 0 else batch_dims
    x = tf.constant(CUBE.astype(np.float64))
    found = tf.gather(x, indices, axis=axis, batch_dims=batch_dims)
    expected = np.empty([size or 0 for size in found.shape.as_list()])
    for lead in np.ndindex(CUBE.shape[:batch]):
        expected[lead] = np.take(CUBE[lead], indices[lead], places - batch)
    np.testing.assert_array_equal(evaluate(found), expected)
    compute_gradient_error: Any = tf.test.compute_gradient_error
    with tf.Session():
        error = compute_gradient_error(x, [3, 4, 5], found, found.shape.as_list())
    assert error < 1e-6


def test_gather_nd_within_batches() -> None:
    found = tf.gather_nd(tf.constant(CUBE), [[[1, 0]], [[0, 4]], [[3, 2]]], batch_dims=1)
    np.testing.assert_array_equal(
        evaluate(found), [[CUBE[0, 1, 0]], [CUBE[1, 0, 4]], [CUBE[2, 3, 2]]]
    )


def test_gather_keeps_its_gradient_sparse() -> None:
    x = tf.constant(CUBE)
    slices = tf.gradients(tf.gather(x, [2, 0, 2]), x)[0]
    assert isinstance(slices, tf.IndexedSlices)
    indices, shape = evaluate([slices.indices, slices.dense_shape])
    assert indices.tolist() == [2, 0, 2]
    assert shape.tolist() == [3, 4, 5]


VIEWS: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("Transpose", [np.array([2, 0, 1])], {}),
    ("Reshape", [np.array([12, 5])], {}),
    ("ExpandDims", [np.array(1)], {}),
    ("Slice", [np.array([1, 0, 0]), np.array([1, 4, -1])], {}),
    ("ReverseV2", [np.array([0])], {}),
]


@pytest.mark.parametrize(("op_type", "others", "attrs"), VIEWS, ids=[view[0] for view in VIEWS])
def test_views_copy_nothing(op_type: str, others: list[Any], attrs: dict[str, Any]) -> None:
    kernel: Any = lookup(op_type).numpy
    assert np.shares_memory(kernel(CUBE, *others, **attrs), CUBE)


def test_what_was_fed_does_not_change_with_a_fetched_view() -> None:
    x = tf.placeholder(tf.float32, [3, 4, 5])
    for view in (tf.transpose(x), x[1:], tf.reshape(x, [12, 5])):
        fed = CUBE.copy()
        found = evaluate(view, {x: fed})
        found += 1
        np.testing.assert_array_equal(fed, CUBE)


def test_many_joined_tensors() -> None:
    parts = [tf.placeholder(tf.float32, [None, 2]) for _ in range(20)]
    whole = tf.concat(parts, 0)
    grads = tf.gradients(whole * whole, parts)
    feeds = {part: np.full((i % 3, 2), float(i)) for i, part in enumerate(parts)}
    for part, grad in zip(parts, evaluate(grads, feeds), strict=True):
        np.testing.assert_array_equal(grad, 2 * feeds[part])


def test_meshgrid() -> None:
    axes = [np.arange(2.0), np.arange(3.0), np.arange(4.0)]
    for indexing in ("xy", "ij"):
        found = evaluate(tf.meshgrid(*axes, indexing=indexing))
        for ours, theirs in zip(found, np.meshgrid(*axes, indexing=indexing), strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("build", "names"),
    [
        (lambda x: tf.zeros([2]), ["zeros"]),
        (lambda x: tf.zeros([2000]), ["zeros/shape_as_tensor", "zeros/Const", "zeros"]),
        (lambda x: tf.expand_dims(x, 0), ["ExpandDims/dim", "ExpandDims"]),
        (lambda x: tf.split(x, 2), ["split/split_dim", "split"]),
        (lambda x: tf.concat([x, x], 0), ["concat/axis", "concat"]),
        (lambda x: tf.stack([x, x], 1), ["stack"]),
        (lambda x: tf.transpose(x), ["transpose/perm", "transpose"]),
        (lambda x: tf.range(3), ["range/start", "range/limit", "range/delta", "range"]),
        (
            lambda x: x[0],
            [
                "strided_slice/stack",
                "strided_slice/stack_1",
                "strided_slice/stack_2",
                "strided_slice",
            ],
        ),
    ],
)
def test_names(build: Any, names: list[str]) -> None:
    x = tf.placeholder(tf.float32, [4, 3], name="x")
    build(x)
    assert [op.name for op in tf.get_default_graph().get_operations()] == ["x", *names]
