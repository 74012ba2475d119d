"""The catalogue's engine demonstrations about derivatives."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import viz
from flowgraph.datasets import digits
from flowgraph.models import symbolic
from flowgraph.models.dual import DERIVATIVES, Dual, jvp


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def scalars(*values: float) -> list[Any]:
    """float64 placeholders that stand at `values` unless they are fed."""
    return [tf.placeholder_with_default(np.float64(value), []) for value in values]


def numeric_gradient(f: Callable[[Any], float], x: Any, step: float = 1e-5) -> Any:
    """Central differences of `f` at the float64 array `x`."""
    result = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        moved = [x.copy(), x.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        result[place] = (f(moved[0]) - f(moved[1])) / (2 * step)
    return result


def test_sum_of_squares_gradient(sess: Any) -> None:
    x, y, z = scalars(2.0, 3.0, 1.5)
    f = x**2 + y**2 + z**2
    assert sess.run([f, *tf.gradients(f, [x, y, z])]) == [15.25, 4.0, 6.0, 3.0]
    cube = x**3
    (first,) = tf.gradients(cube, x)
    (second,) = tf.gradients(first, x)
    assert sess.run([first, second]) == [12.0, 12.0]


def test_small_mlp_gradient_shapes(sess: Any) -> None:
    tf.set_random_seed(4)
    x = tf.placeholder(tf.float64, [None, 2])
    y = tf.constant([3.4, 4.7], tf.float64)

    def dense(inputs: Any, units: int, scope: str) -> Any:
        with tf.variable_scope(scope):
            shape = [inputs.shape.as_list()[1], units]
            kernel = tf.get_variable("kernel", shape, tf.float64)
            bias = tf.get_variable("bias", [units], tf.float64, tf.zeros_initializer())
            return tf.matmul(inputs, kernel) + bias

    hidden = tf.nn.relu(dense(x, 5, "dense"))
    prediction = tf.reshape(dense(hidden, 1, "dense_1"), [-1])
    loss = tf.reduce_mean(tf.square(y - prediction))
    variables = tf.trainable_variables()
    gradients = tf.gradients(loss, variables)

    names = ["dense/kernel:0", "dense/bias:0", "dense_1/kernel:0", "dense_1/bias:0"]
    shapes = [[2, 5], [5], [5, 1], [1]]
    assert [v.name for v in variables] == names
    assert [g.shape.as_list() for g in gradients] == shapes
    report = viz.summary(variables).splitlines()
    counts = {line.split()[0]: line.split()[3] for line in report if line.startswith("dense")}
    assert list(counts.values()) == ["10", "5", "5", "1"]
    assert "Parameters: 21 " in "\n".join(report)

    sess.run(tf.global_variables_initializer())
    feed = {x: [[2.0, 2.0], [1.0, 1.0]]}

    def loss_at(variable: Any, value: Any) -> float:
        return float(sess.run(loss, {**feed, variable: value}))

    for variable, found in zip(variables, sess.run(gradients, feed), strict=True):
        assert found.shape == tuple(variable.shape.as_list())
        numeric = numeric_gradient(functools.partial(loss_at, variable), sess.run(variable))
        np.testing.assert_allclose(found, numeric, rtol=1e-4, atol=1e-4)


def test_gradient_cut_by_feeding(sess: Any) -> None:
    tf.set_random_seed(5)
    states = tf.constant(np.random.RandomState(5).randn(6, 4))
    w = tf.Variable(tf.random_normal([4, 2], dtype=tf.float64))
    logits = tf.matmul(states, w)
    probabilities = tf.nn.softmax(logits)
    given = tf.placeholder(tf.float64, [6, 2])
    weights = np.arange(12.0).reshape(6, 2)
    loss_of_fed = tf.reduce_sum(weights * tf.log(given))
    loss = tf.reduce_sum(weights * tf.log(probabilities))
    assert tf.gradients(loss_of_fed, [w]) == [None]
    assert tf.gradients(tf.multinomial(logits, 1), [w]) == [None]
    assert tf.gradients(tf.cast(tf.cast(logits, tf.int32), tf.float64), [w]) == [None]

    (gradient,) = tf.gradients(loss, [w])
    sess.run(tf.global_variables_initializer())
    computed, found, start = sess.run([probabilities, gradient, w])
    assert np.isclose(sess.run(loss_of_fed, {given: computed}), sess.run(loss))
    numeric = numeric_gradient(lambda value: sess.run(loss, {w: value}), start)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, numeric, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("start", [0.0, 1.0, None])
def test_zero_embedding_symmetry(sess: Any, start: float | None) -> None:
    tf.set_random_seed(6)
    of_e, of_w = (None if start is None else tf.constant_initializer(v) for v in (start, 0.125))
    embeddings = tf.get_variable("E", [64, 8], initializer=of_e)
    weights = tf.get_variable("W", [8, 64], initializer=of_w)
    # Each word is followed by the next one and the last by the first; 1/64 is exact, so symmetric
    # gradients cancel without rounding.
    words = np.arange(64)
    logits = tf.matmul(tf.nn.embedding_lookup(embeddings, words), weights)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=np.roll(words, -1), logits=logits
    )
    train = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_mean(losses))
    sess.run(tf.global_variables_initializer())
    for _ in range(100):
        sess.run(train)
    rows = sess.run(embeddings)
    equal_rows = (rows == rows[:1]).all()
    assert equal_rows if start is not None else not (rows[1:] == rows[:1]).all(axis=1).any()


@pytest.mark.parametrize("constant", [True, False])
def test_constant_hidden_layer_stays_one_unit(sess: Any, constant: bool) -> None:
    tf.set_random_seed(7)
    data = digits.load()
    images = data.train_images[:100].reshape(100, 784).astype(np.float32) / 255
    initializer = tf.constant_initializer(0.01) if constant else None
    kernel = tf.get_variable("kernel", [784, 6], initializer=initializer)
    out = tf.get_variable("out", [6, 10], initializer=initializer)
    logits = tf.matmul(tf.nn.relu(tf.matmul(images, kernel)), out)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=data.train_labels[:100].astype(np.int32), logits=logits
    )
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(losses))
    sess.run(tf.global_variables_initializer())
    for _ in range(100):
        sess.run(train)
    units = sess.run(kernel)
    assert bool((units == units[:, :1]).all()) is constant
    assert not (units == np.float32(0.01)).all()


def test_bias_gradient_sign(sess: Any) -> None:
    data = digits.load()
    image, label = data.train_images[0].reshape(1, 784) / 255.0, int(data.train_labels[0])
    rate = 0.5
    tf.set_random_seed(8)
    w = tf.Variable(tf.random_normal([784, 10], stddev=0.1, dtype=tf.float64))
    b = tf.Variable(tf.random_normal([10], stddev=0.1, dtype=tf.float64))
    logits = tf.matmul(image, w) + b
    probabilities = tf.nn.softmax(logits)
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[label], logits=logits)
    train = tf.train.GradientDescentOptimizer(rate).minimize(loss)
    sess.run(tf.global_variables_initializer())
    before, (p,) = sess.run([b, probabilities])
    sess.run(train)
    update = sess.run(b) - before
    expected = rate * (np.eye(10)[label] - p)
    np.testing.assert_allclose(update, expected, rtol=0, atol=1e-6)
    assert update[label] > 0 and (np.delete(update, label) < 0).all()
    assert abs(update.sum()) <= 1e-6


def test_autodiff_manual_and_reverse(sess: Any) -> None:
    x = tf.placeholder_with_default(np.float64(3), [], name="n1")
    y = tf.placeholder_with_default(np.float64(4), [], name="n2")
    two = tf.constant(2.0, tf.float64, name="n3")
    n4 = tf.multiply(x, x, name="n4")
    n5 = tf.multiply(n4, y, name="n5")
    n6 = tf.add(y, two, name="n6")
    n7 = tf.add(n5, n6, name="n7")
    nodes = [x, y, two, n4, n5, n6, n7]
    adjoints = tf.gradients(n7, nodes)
    values, slopes = sess.run([nodes, adjoints])
    assert values == [3.0, 4.0, 2.0, 9.0, 36.0, 6.0, 42.0]
    assert slopes == [24.0, 10.0, 1.0, 4.0, 1.0, 1.0, 1.0]
    manual = [2 * 3 * 4, 3**2 + 1]
    # One reverse pass serves both inputs, and no op of it is built twice.
    count = len(tf.get_default_graph().get_operations())
    both = tf.gradients(n7, [x, y])
    for_both = len(tf.get_default_graph().get_operations()) - count
    tf.gradients(n7, [x])
    for_one = len(tf.get_default_graph().get_operations()) - count - for_both
    assert sess.run(both) == manual and for_both < 2 * for_one

    shown = {
        node.op.name: f"{value:g}, adjoint {slope:g}"
        for node, value, slope in zip(nodes, values, slopes, strict=True)
    }
    page = viz.to_html([n7], plan=shown)
    for text in ("9, adjoint 4", "36, adjoint 1", "6, adjoint 1", "42, adjoint 1"):
        assert text in page


def test_symbolic_differentiation(sess: Any) -> None:
    x, y = (tf.placeholder(tf.float64, [], name=name) for name in "xy")
    g = 5 + x * y
    by_x, by_y = symbolic.differentiate(g, x), symbolic.differentiate(g, y)
    assert symbolic.leaves(by_x) == ["0", "0", "x", "y", "1"]
    assert symbolic.leaves(by_y) == ["0", "1", "x", "y", "0"]
    assert sess.run([by_x, by_y], {x: 7.0, y: 11.0}) == [11.0, 7.0]
    assert symbolic.simplify(by_x) is y and symbolic.simplify(by_y) is x
    other = tf.sin(x)
    with pytest.raises(ValueError, match="no rule for Sin"):
        symbolic.differentiate(other, x)


def test_autodiff_python_function(sess: Any) -> None:
    a, b = scalars(0.2, 0.3)
    z: Any = tf.constant(0.0, tf.float64)
    for i in range(100):
        z = a * tf.cos(z + i) + z * tf.sin(b - i)
    found = sess.run([z, *tf.gradients(z, [a, b])])
    expected = [-0.21253923284754914, -1.138859682365425, 0.1967160324549639]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_numerical_gradient_check(sess: Any) -> None:
    x, y = scalars(3.0, 4.0)
    f = x * x * y + y + 2

    def derivative(x_eps: float, y_eps: float) -> float:
        moved = sess.run(f, {x: 3 + x_eps, y: 4 + y_eps})
        return float((moved - sess.run(f)) / (x_eps + y_eps))

    assert derivative(1e-5, 0) == 24.000039999805264
    assert derivative(0, 1e-5) == 10.000000000331966
    with sess.as_default():
        for function, low, high in elementwise_domains():
            if function in STEPS:
                continue
            start = np.linspace(low, high, 5)
            point = tf.placeholder_with_default(start, [5])
            error = tf.test.compute_gradient_error(
                point, [5], function(point), [5], x_init_value=start, delta=1e-6
            )
            assert error <= 1e-4, function


NARROW = {tf.acos: (-0.9, 0.9), tf.asin: (-0.9, 0.9), tf.atanh: (-0.9, 0.9), tf.acosh: (1.1, 3)}
STEPS = (tf.ceil, tf.floor, tf.round, tf.sign)
POSITIVE = (tf.log, tf.log1p, tf.lgamma, tf.reciprocal, tf.rsqrt, tf.sqrt)


def elementwise_domains() -> list[tuple[Any, float, float]]:
    """Each function of the table of derivatives with an interval free of its kinks and poles."""
    found = []
    for function in DERIVATIVES:
        low, high = (0.3, 2.7) if function in POSITIVE else (-1.3, 1.2)
        found.append((function, *NARROW.get(function, (low, high))))
    return found


def test_forward_mode_dual_numbers(sess: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        return x * x * y + y + 2

    assert sess.run(jvp(f, [3.0, 4.0], [1.0, 0.0])) == (42.0, 24.0)
    assert sess.run(jvp(f, [3.0, 4.0], [0.0, 1.0])) == (42.0, 10.0)
    random = np.random.RandomState(9)
    for function, low, high in elementwise_domains():
        x = tf.constant(random.uniform(low, high, 7))
        slope = tf.constant(random.randn(7))
        forward = Dual(x, slope).apply(function)
        (reverse,) = tf.gradients(function(x), x, grad_ys=slope)
        expected = np.zeros(7) if reverse is None else sess.run(reverse)
        np.testing.assert_allclose(sess.run(forward.slope), expected, rtol=1e-12, atol=1e-12)
    a, b = Dual(tf.constant(2.0, tf.float64), 1.0), Dual(tf.constant(5.0, tf.float64))
    quotient = 1 - (3 - a) / b + (2 / a) ** 3 - (-a)
    assert sess.run([quotient.value, quotient.slope]) == [3.8, 0.2 - 1.5 + 1]


def test_op_with_gradient_subgraph(sess: Any) -> None:
    @tf.custom_gradient
    def square(x: Any) -> Any:
        return x * x, lambda dy: dy * 2 * x

    @tf.RegisterGradient("CatalogueSquare")
    def _square_grad(op: Any, dy: Any) -> Any:
        return dy * 2 * op.inputs[0]

    (x,) = scalars(3.0)
    graph = tf.get_default_graph()
    with graph.gradient_override_map({"Square": "CatalogueSquare"}):
        overridden = tf.square(x)
    for y in (square(x), overridden):
        (first,) = tf.gradients(y, x)
        (second,) = tf.gradients(first, x)
        third = tf.gradients(second, x)[0]
        assert sess.run([y, first, second]) == [9.0, 6.0, 2.0]
        assert third is None or sess.run(third) == 0.0
    with graph.gradient_override_map({"Square": "CatalogueUnheardOf"}):
        unknown = tf.square(x, name="unheard")
    with pytest.raises(LookupError, match="unheard"):
        tf.gradients(unknown, x)
