"""`tf.gradients` and what goes with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf


@pytest.fixture(autouse=True)
def session() -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def run(fetch: Any, feed: Any = None) -> Any:
    return tf.get_default_session().run(fetch, feed)


def test_products_and_chains() -> None:
    x, y, z = (tf.constant(v) for v in (2.0, 3.0, 1.5))
    f = x * x + y * y + z * z
    assert run(f) == 15.25
    assert run(tf.gradients(f, [x, y, z])) == [4.0, 6.0, 3.0]


def test_higher_orders_by_differentiating_again() -> None:
    x = tf.constant(2.0)
    first = tf.gradients(x**3, x)[0]
    second = tf.gradients(first, x)[0]
    third = tf.gradients(second, x)[0]
    assert run([first, second, third]) == [12.0, 12.0, 6.0]


def test_several_ys_add_up_and_grad_ys_weigh() -> None:
    x = tf.constant([1.0, 2.0])
    assert run(tf.gradients([x * 2, x * x], x))[0].tolist() == [4.0, 6.0]
    weighted = tf.gradients([x * 2, x * x], x, grad_ys=[tf.constant([1.0, 0.0]), None])
    assert run(weighted)[0].tolist() == [4.0, 4.0]
    with pytest.raises(ValueError, match="grad_ys"):
        tf.gradients(x, x, grad_ys=[None, None])


def test_unconnected() -> None:
    x, other = tf.constant(1.0), tf.constant([1.0, 2.0])
    assert tf.gradients(x * 2, other) == [None]
    zeros = tf.gradients(x * 2, other, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    assert run(zeros)[0].tolist() == [0.0, 0.0]


def test_stop_gradients_and_stop_gradient() -> None:
    x = tf.constant(3.0)
    y = x * x
    z = y * x
    assert run(tf.gradients(z, x))[0] == 27.0
    assert run(tf.gradients(z, x, stop_gradients=[y]))[0] == 9.0
    assert run(tf.gradients(tf.stop_gradient(y) * x, x))[0] == 9.0


@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (2, 3), ()])
@pytest.mark.parametrize("known", [True, False])
def test_broadcast_operands_get_gradients_of_their_own_shape(
    shape: tuple[int, ...], known: bool
) -> None:
    static = shape if known else [None] * len(shape)
    x = tf.placeholder(tf.float32, static)
    y = tf.placeholder(tf.float32, (2, 3) if known else None)
    gradient = tf.gradients(x * y, x)[0]
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    result = run(gradient, {x: np.ones(shape), y: values})
    expected = values
    while expected.ndim > len(shape):
        expected = expected.sum(0)
    for axis, size in enumerate(shape):
        if size == 1:
            expected = expected.sum(axis, keepdims=True)
    np.testing.assert_allclose(result, expected)


def test_a_gradient_through_gather_is_sparse_and_adds_up() -> None:
    table = tf.Variable(np.ones((4, 2), np.float32))
    rows = tf.gather(table, [1, 3, 1])
    gradient = tf.gradients(rows * [[1.0], [2.0], [3.0]], table)[0]
    assert isinstance(gradient, tf.IndexedSlices)
    run(tf.global_variables_initializer())
    value = run(gradient)
    assert value.indices.tolist() == [1, 3, 1]
    assert run(tf.convert_to_tensor(gradient)).tolist() == [[0, 0], [4, 4], [0, 0], [2, 2]]
    twice = tf.gradients([rows, tf.gather(table, [0])], table)[0]
    assert sorted(run(twice).indices.tolist()) == [0, 1, 1, 3]


def test_a_sparse_and_a_dense_contribution_give_a_dense_sum() -> None:
    table = tf.Variable(np.ones((3, 2), np.float32))
    run(table.initializer)
    loss = tf.reduce_sum(tf.gather(table, [2])) + tf.reduce_sum(table * 2)
    assert run(tf.gradients(loss, table))[0].tolist() == [[2, 2], [2, 2], [3, 3]]


def test_a_variable_and_its_value_have_one_gradient() -> None:
    variable = tf.Variable(3.0)
    run(variable.initializer)
    assert run(tf.gradients(variable * variable, variable))[0] == 6.0
    assert run(tf.gradients(variable * variable, [variable.value()]))[0] == 6.0


def test_names_follow_the_forward_ops() -> None:
    variable = tf.Variable((3,))
    gradient = tf.gradients(tf.reduce_sum(variable), variable)[0]
    assert gradient.name == "gradients/Sum_grad/Tile:0"
    assert gradient.dtype == tf.int32
    run(variable.initializer)
    assert run(gradient).tolist() == [1]


def test_an_op_without_gradient_is_named_with_the_users_line() -> None:
    from flowgraph.graph.opdef import define, registered

    if "TestNoGradient" not in registered():
        define(
            "TestNoGradient",
            "x: T -> y: T",
            {"T": (tf.float32,)},
            shape=lambda x: x.dims,
            numpy=lambda x: x,
        )
    from flowgraph.graph.build import apply

    x = tf.constant(1.0)
    y = apply("TestNoGradient", x)
    with pytest.raises(LookupError, match=r"No gradient defined .*TestNoGradient(.|\n)*test_grad"):
        tf.gradients(y, x)


def test_not_differentiable_ops_cut_the_path() -> None:
    x = tf.constant([1.0, 2.0])
    assert tf.gradients(tf.cast(tf.argmax(x), tf.float32), x) == [None]
    assert tf.gradients(tf.cast(tf.cast(x, tf.int32), tf.float32), x) == [None]


def test_registered_gradient_and_override_map() -> None:
    @tf.RegisterGradient("TestDouble")
    def double(op: Any, dy: Any) -> Any:
        return dy * 100.0

    x = tf.constant(2.0)
    with tf.get_default_graph().gradient_override_map({"Square": "TestDouble"}):
        y = tf.square(x)
    assert run(tf.gradients(y, x))[0] == 100.0
    assert run(tf.gradients(tf.square(x), x))[0] == 4.0
    with pytest.raises(KeyError, match="two gradient"):
        tf.RegisterGradient("TestDouble")(double)


def test_custom_gradient() -> None:
    @tf.custom_gradient
    def log1pexp(x: Any) -> Any:
        e = tf.exp(x)
        return tf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))

    x = tf.constant(100.0)
    assert run(tf.gradients(log1pexp(x), x))[0] == 1.0


def test_hessians() -> None:
    x = tf.constant([1.0, 2.0, 3.0])
    f = x[0] ** 2 * x[1] + 5 * x[2] ** 2
    expected = [[4.0, 2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 10.0]]
    np.testing.assert_allclose(run(tf.hessians(f, x))[0], expected, rtol=1e-6)


def test_the_checker_agrees_and_finds_a_wrong_gradient() -> None:
    x = tf.placeholder(tf.float64, [2, 3])
    y = tf.tanh(tf.matmul(x, tf.transpose(x)))
    assert tf.test.compute_gradient_error(x, [2, 3], y, [2, 2]) < 1e-5

    @tf.custom_gradient
    def wrong(v: Any) -> Any:
        return v * 2, lambda dy: dy * 3

    assert tf.test.compute_gradient_error(x, [2, 3], wrong(x), [2, 3]) > 0.9


def test_gradients_of_a_graph_of_many_ops_are_linear_in_their_number() -> None:
    x = tf.constant(1.0)
    y = x
    for _ in range(3000):
        y = y * 1.0 + x
    before = len(tf.get_default_graph().get_operations())
    tf.gradients(y, x)
    assert len(tf.get_default_graph().get_operations()) - before < 3000 * 6
