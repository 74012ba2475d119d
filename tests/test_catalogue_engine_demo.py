"""The catalogue's engine demonstrations: tensors, sessions, variables, worked numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_hello_world_constant(sess: Any) -> None:
    greeting = tf.constant("Hello World")
    assert str(greeting) == 'Tensor("Const:0", shape=(), dtype=string)'
    assert sess.run(greeting) == b"Hello World"


def test_placeholder_addition(sess: Any) -> None:
    x = tf.constant(2.0)
    z = tf.placeholder(tf.float32)
    total = tf.add(x, z)
    assert [sess.run(total, {z: value}) for value in (3.0, 16.0)] == [5.0, 18.0]
    assert sess.run(x) == 2.0
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"'Placeholder' with dtype float"):
        sess.run(total)
    a, b = tf.placeholder(tf.float32, [1]), tf.placeholder(tf.float32, [1])
    value = sess.run(a + b, {a: [1.0], b: [2.0]})
    assert value.dtype == np.float32 and value.tolist() == [3.0]


def test_variable_initialization_demo() -> None:
    def draws() -> list[Any]:
        with tf.Graph().as_default(), tf.Session() as sess:
            tf.set_random_seed(11)
            b = tf.Variable(tf.random_normal([10], stddev=0.1))
            w = tf.Variable(tf.random_normal([784, 10], stddev=0.1))
            a = tf.Variable(tf.ones((2, 2)))
            with pytest.raises(
                tf.errors.FailedPreconditionError,
                match="Attempting to use uninitialized value Variable",
            ):
                sess.run(b)
            init = tf.global_variables_initializer()
            sess.run(init)
            first, weights, ones = sess.run([b, w, a])
            np.testing.assert_array_equal(ones, np.ones((2, 2), np.float32))
            assert abs(weights.std() - 0.1) <= 0.005
            sess.run(init)
            return [first, sess.run(b)]

    first, second = draws()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal([first, second], draws())


def test_variable_assign_demo(sess: Any) -> None:
    a = tf.Variable(tf.ones((2, 2)))
    p = tf.Variable([5.0, 10.0])
    x = tf.Variable(tf.random_uniform([], 0.0, 1.0))
    new_value = tf.placeholder(tf.float32, [])
    x_assign = tf.assign(x, new_value)
    sess.run(tf.global_variables_initializer())
    np.testing.assert_array_equal(sess.run(a.assign(tf.zeros((2, 2)))), np.zeros((2, 2)))
    np.testing.assert_array_equal(sess.run(a), np.zeros((2, 2)))
    assert sess.run(p).tolist() == [5.0, 10.0]
    assert sess.run(p.assign([2.0, 2.0])).tolist() == [2.0, 2.0]
    with pytest.raises(
        ValueError, match="Dimension 0 in both shapes must be equal, but are 2 and 3"
    ):
        a.assign(tf.zeros((3, 3)))
    assert 0 <= x.eval() < 1
    assert x_assign.eval({new_value: 5.0}) == 5.0
    assert [sess.run(x), x.eval()] == [5.0, 5.0]
    x.initializer.run()
    assert 0 <= x.eval() < 1


def test_interactive_session_tensors() -> None:
    with tf.Graph().as_default():
        session = tf.InteractiveSession()
        zeros = tf.zeros(2)
        assert repr(zeros) == "<tf.Tensor 'zeros:0' shape=(2,) dtype=float32>"
        expected: dict[Any, Any] = {
            zeros: np.zeros(2, np.float32),
            tf.zeros((2, 3)): np.zeros((2, 3), np.float32),
            tf.ones((2, 2, 2)): np.ones((2, 2, 2), np.float32),
            tf.fill((2, 2), value=5.0): np.full((2, 2), 5, np.float32),
            tf.constant(3): np.int32(3),
        }
        for tensor, value in expected.items():
            found = tensor.eval()
            assert found.dtype == value.dtype
            np.testing.assert_array_equal(found, value)
        normal = tf.random_normal((2, 2), mean=0, stddev=1).eval()
        uniform = tf.random_uniform((500, 2), minval=-2, maxval=2).eval()
        assert normal.shape == (2, 2) and normal.dtype == uniform.dtype == np.float32
        assert -2 <= uniform.min() < -1.9 and 1.9 < uniform.max() < 2
        session.close()


def test_elementwise_matrix_ops_demo(sess: Any) -> None:
    ones = tf.ones((2, 2))
    counted = tf.range(1, 5, 1)
    cases: list[tuple[Any, Any, str]] = [
        (ones + ones, np.full((2, 2), 2), "float32"),
        (2 * (ones + ones), np.full((2, 2), 4), "float32"),
        (tf.fill((2, 2), 2.0) * tf.fill((2, 2), 7.0), np.full((2, 2), 14), "float32"),
        (tf.eye(4), np.eye(4), "float32"),
        (counted, [1, 2, 3, 4], "int32"),
        (tf.diag(counted), np.diag([1, 2, 3, 4]), "int32"),
        (tf.matrix_transpose(tf.ones((2, 3))), np.ones((3, 2)), "float32"),
        (tf.matmul(tf.ones((2, 3)), tf.ones((3, 4))), np.full((2, 4), 3), "float32"),
        (tf.reduce_sum(ones, axis=1), [2, 2], "float32"),
        (tf.constant(2) * tf.constant(5), 10, "int32"),
    ]
    for tensor, value, dtype in cases:
        found = sess.run(tensor)
        assert found.dtype == dtype and found.shape == np.shape(value) == tuple(tensor.shape)
        np.testing.assert_array_equal(found, value)


def test_cast_reshape_broadcast_demo(sess: Any) -> None:
    integers = tf.ones((2, 2), dtype=tf.int32)
    as_float = sess.run(tf.to_float(integers))
    assert as_float.dtype == np.float32
    np.testing.assert_array_equal(as_float, np.ones((2, 2)))
    eight = tf.ones(8)
    assert sess.run(tf.reshape(eight, (4, 2))).tolist() == [[1, 1]] * 4
    assert sess.run(tf.reshape(eight, (2, 2, 2))).tolist() == [[[1, 1]] * 2] * 2
    two = tf.ones(2)
    row, column = tf.expand_dims(two, 0), tf.expand_dims(two, 1)
    shapes = [t.get_shape() for t in (two, row, column, tf.squeeze(row))]
    assert [shape.as_list() for shape in shapes] == [[2], [1, 2], [2, 1], [2]]
    assert repr(shapes[0]) == "TensorShape([Dimension(2)])"
    assert sess.run(column).tolist() == [[1.0], [1.0]]
    matrix = tf.ones((2, 2))
    steps = tf.range(0, 2, 1, dtype=tf.float32)
    assert sess.run(matrix + steps).tolist() == [[1.0, 2.0], [1.0, 2.0]]
    with pytest.raises(
        ValueError,
        match="Tensor conversion requested dtype float32 for Tensor with dtype int32",
    ):
        matrix + tf.range(0, 2, 1)
    doubles = np.linspace(-1, 1, 15).reshape(5, 3)
    kept = tf.convert_to_tensor(doubles)
    assert kept.dtype == tf.float64
    np.testing.assert_array_equal(sess.run(kept), doubles)


def test_declarative_versus_imperative() -> None:
    assert 3 + 4 == 7
    with tf.Graph().as_default() as graph:
        total = tf.constant(3) + tf.constant(4)
        assert repr(total) == "<tf.Tensor 'add:0' shape=() dtype=int32>"
        assert tf.get_default_graph() is graph is total.graph is total.op.graph
        a = tf.ones((2, 2))
        b = tf.matmul(a, a)
        session = tf.Session()
        value = total.eval(session=session)
        assert value == 7 and value.dtype == np.int32
        np.testing.assert_array_equal(b.eval(session=session), np.full((2, 2), 2.0))
        np.testing.assert_array_equal(session.run(b), np.full((2, 2), 2.0))
        session.close()


def test_name_scope_demo(sess: Any) -> None:
    with tf.name_scope("placeholders") as scope:
        x = tf.placeholder(tf.float32, (5, 1))
        y = tf.placeholder(tf.float32, (5, 1))
        with tf.name_scope("inner"):
            z = tf.placeholder(tf.float32, (5, 1))
    with tf.name_scope("placeholders") as reopened:
        pass
    with tf.name_scope(scope):
        w = tf.placeholder(tf.float32)
    expected = "<tf.Tensor 'placeholders/Placeholder:0' shape=(5, 1) dtype=float32>"
    assert repr(x) == expected
    assert [t.op.name for t in (y, z, w)] == [
        "placeholders/Placeholder_1",
        "placeholders/inner/Placeholder",
        "placeholders/Placeholder_2",
    ]
    assert [scope, reopened] == ["placeholders/", "placeholders_1/"]


def test_tensor_indexing_demo(sess: Any) -> None:
    assert sess.run([tf.zeros((2, 3)), tf.ones((2, 3))])[0].tolist() == [[0.0] * 3] * 2
    assert tf.random_normal((2, 3)).shape.as_list() == [2, 3]
    assert sess.run(tf.zeros((1, 2)) + tf.ones((1, 2))).tolist() == [[1.0, 1.0]]
    first = np.arange(1.0, 5.0).reshape(2, 1, 2)
    second = np.arange(1.0, 9.0).reshape(2, 2, 2)
    batched = sess.run(tf.matmul(first, second))
    assert batched.tolist() == [[[7.0, 10.0]], [[43.0, 50.0]]]
    product = tf.matmul([[1, 2], [3, 4]], [[1, 2, 3], [4, 5, 6]])
    assert sess.run(product).tolist() == [[9, 12, 15], [19, 26, 33]]

    numbers = [[[3, 7, 9], [2, 4, 5]], [[8, 6, 2], [3, 9, 1]]]
    constant: Any = tf.constant(numbers)
    x3: Any = tf.Variable(numbers)
    sess.run(tf.global_variables_initializer())
    assert sess.run([x3[0, 1, 1], x3[0], x3[0, 1:3, :]])[0] == 4
    assert sess.run(x3[0]).tolist() == [[3, 7, 9], [2, 4, 5]]
    assert sess.run(x3[0, 1:3, :]).tolist() == [[2, 4, 5]]
    after = sess.run(x3[0, 1, 2].assign(1))
    assert after.tolist() == sess.run(x3).tolist() == [[[3, 7, 9], [2, 4, 1]], numbers[1]]
    assert sess.run(constant).tolist() == numbers
    with pytest.raises(TypeError):
        constant[0, 1, 2] = 1


def test_tensor_slice_assignment(sess: Any) -> None:
    start = np.arange(24.0).reshape(2, 3, 4)
    x: Any = tf.Variable(start)
    sess.run(tf.global_variables_initializer())
    block = -np.ones((2, 4)) * [[1.0], [2.0]]
    sess.run(x[0, 1:3, :].assign(block))
    expected = start.copy()
    expected[0, 1:3] = block
    np.testing.assert_array_equal(sess.run(x), expected)
    sess.run(x[0, 1:3, :].assign(np.ones((2, 4))))
    expected[0, 1:3] = 1
    np.testing.assert_array_equal(sess.run(x), expected)
    row = np.array([[4.0, 3.0, 2.0, 1.0]])
    sess.run(x[0, 1:3, :].assign(tf.tile(row, [2, 1])))
    expected[0, 1:3] = row
    np.testing.assert_array_equal(sess.run(x), expected)


def test_tensordot_demo(sess: Any) -> None:
    block = [[1, 2, 3, 4], [1, 1, 1, 1], [1, 1, 1, 1], [-1, 0, -1, 0]]
    states = tf.constant(np.array([block, block], np.float32))
    weights = tf.constant(
        [[0.6, 0.25, 0.25], [0.2, 0.25, 0.25], [0.1, 0.25, 0.25], [0.1] + 2 * [0.25]]
    )
    printed: Any = [[0.8, 0.5, 0.5], [1.5, 1, 1], [2, 1, 1], [2.7, 1.5, 1.5]]
    mixed = tf.tensordot(states, weights, [[1], [0]])
    np.testing.assert_allclose(sess.run(mixed), [printed, printed], rtol=0, atol=1e-6)
    turned = sess.run(tf.transpose(mixed, [0, 2, 1]))
    np.testing.assert_allclose(turned, [np.transpose(printed)] * 2, rtol=0, atol=1e-6)
    pairs = tf.tensordot(states, tf.ones([4, 4]), [[1, 2], [0, 1]])
    assert pairs.shape.as_list() == [2]
    np.testing.assert_allclose(sess.run(pairs), np.full(2, np.sum(block)), rtol=1e-6)
    swapped = tf.tensordot(weights, states, [[0], [1]])
    assert swapped.shape.as_list() == [3, 2, 4]
    np.testing.assert_allclose(sess.run(swapped)[0, 0], [0.8, 1.5, 2, 2.7], rtol=0, atol=1e-6)
    assert math.isclose(sess.run(mixed)[0, 0, 0], 0.8, abs_tol=1e-6)
    with pytest.raises(ValueError, match=r"[Dd]imension"):
        tf.tensordot(states, weights, [[0], [0]])

    left, right = [[1, 2, 3], [4, 5, 6]], [[-1, -2], [-3, -4], [-5, -6]]
    by_pairs, product = sess.run([tf.tensordot(left, right, [[1], [0]]), tf.matmul(left, right)])
    assert by_pairs.tolist() == product.tolist() == [[-22, -28], [-49, -64]]
    (gradient,) = tf.gradients(mixed, [weights])
    np.testing.assert_allclose(
        sess.run(gradient), np.tile(2 * np.sum(block, 1)[:, None], 3), rtol=1e-6
    )


def test_xavier_initialization(sess: Any) -> None:
    def sigma(inputs: int, outputs: int) -> float:
        return math.sqrt(2 / (inputs + outputs))

    known = {(784, 10): 0.05018856, (10, 10): 0.31622777, (1000, 1000): 0.03162278}
    for size, value in {**known, (10, 20): 0.25819889}.items():
        assert abs(sigma(*size) - value) <= 1e-7
    tf.set_random_seed(3)
    for size in known:
        # Small matrices are drawn many times over, for the sample deviation to mean something.
        copies = max(1, 100000 // (size[0] * size[1]))
        normal = tf.glorot_normal_initializer()
        drawn = sess.run([normal(size) for _ in range(min(copies, 200))])
        assert abs(np.std(drawn) / sigma(*size) - 1) <= 0.05
    limit = math.sqrt(6 / (784 + 10))
    spread = sess.run(tf.glorot_uniform_initializer()((784, 10)))
    assert 0.99 * limit < np.abs(spread).max() <= limit

    with tf.variable_scope("layer"):
        weights = tf.get_variable("weights", [10, 20])
        biases = tf.get_variable("biases", [20], initializer=tf.zeros_initializer())
    out = tf.sigmoid(tf.matmul(tf.zeros([50, 10]), weights) + biases)
    variables = tf.trainable_variables()
    assert len(variables) == 2 and out.shape.as_list() == [50, 20]
    assert sum(math.prod(v.shape.as_list()) for v in variables) == 220
    sess.run(tf.global_variables_initializer())
    assert not sess.run(biases).any()


def test_rebound_feed_key(sess: Any) -> None:
    image: Any = tf.placeholder(tf.float32, [2])
    doubled = 2 * image
    batches = iter([np.ones(2), np.zeros(2)])
    runs = []
    with pytest.raises(TypeError, match="unhashable"):
        for _ in range(2):
            batch = next(batches)
            # The misuse: from here on the name no longer means the placeholder.
            feed = {image: batch}
            image = batch
            runs.append(sess.run(doubled, feed).tolist())
    assert runs == [[2.0, 2.0]]


def test_reduction_defaults_demo(sess: Any) -> None:
    probabilities = tf.constant([[0.2, 0.1, 0.2, 0.1, 0.4]] * 3)
    labels = tf.one_hot([2, 2, 4], 5)
    log = tf.log(probabilities)
    row = [-1.609438, -2.302585, -1.609438, -2.302585, -0.916291]
    np.testing.assert_allclose(sess.run(log), [row] * 3, rtol=0, atol=1e-6)
    terms = -labels * log
    cases: dict[Any, Any] = {
        tf.reduce_sum(terms, axis=1): [1.609438, 1.609438, 0.916291],
        tf.reduce_sum(terms, reduction_indices=[1]): [1.609438, 1.609438, 0.916291],
        tf.reduce_sum(terms, axis=0): [0, 0, 3.218876, 0, 0.916291],
        tf.reduce_sum(terms): 4.135167,
        tf.reduce_mean(tf.reduce_sum(terms, axis=1)): 1.378389,
        tf.nn.relu([1.0, 17.0, -3.0]): [1.0, 17.0, 0.0],
        tf.one_hot(7, 10): [0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
        tf.reduce_mean(tf.cast([True, False, True, True], tf.float32)): 0.75,
        tf.reduce_mean(tf.cast([True, False, True, True], tf.int32)): 0,
        tf.sigmoid([0.0, -2.0, 2.0]): [0.5, 0.11920292, 0.88079708],
    }
    for tensor, value in cases.items():
        np.testing.assert_allclose(sess.run(tensor), value, rtol=0, atol=1e-6)
    table = tf.constant([[0, 2, 4], [4, 0, 3]])
    found = sess.run([tf.argmax(table), tf.argmax(table, 0), tf.argmax(table, 1)])
    assert [value.tolist() for value in found] == [[1, 0, 0], [1, 0, 0], [2, 0]]


def test_gather_action_probabilities(sess: Any) -> None:
    output = tf.constant([[0.2, 0.8], [0.3, 0.7], [0.1, 0.9]])
    actions = tf.constant([0, 0, 1])
    indices = tf.range(0, tf.shape(output)[0]) * 2 + actions
    chosen = tf.gather(tf.reshape(output, [-1]), indices)
    (gradient,) = tf.gradients(chosen, output)
    places, values, slope = sess.run([indices, chosen, tf.convert_to_tensor(gradient)])
    assert places.tolist() == [0, 2, 5]
    np.testing.assert_allclose(values, [0.2, 0.3, 0.9], rtol=1e-6)
    assert slope.tolist() == [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    rows = tf.constant([[1.0, 3.0], [4.0, 6.0], [2.0, 1.0], [3.0, 3.0]])
    repeated = tf.gather(rows, [3, 1, 3])
    slices = tf.convert_to_tensor(tf.gradients(repeated, rows)[0])
    picked, slope = sess.run([repeated, slices])
    assert picked.tolist() == [[3.0, 3.0], [4.0, 6.0], [3.0, 3.0]]
    assert slope.tolist() == [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [2.0, 2.0]]


def test_rotation_matrix_demo(sess: Any) -> None:
    angle = tf.placeholder(tf.float32, [])
    rotation = tf.stack([[tf.cos(angle), -tf.sin(angle)], [tf.sin(angle), tf.cos(angle)]])
    turned = tf.reshape(tf.matmul(rotation, [[1.0], [0.0]]), [2])
    slopes = [tf.gradients(turned[place], angle)[0] for place in range(2)]
    square = tf.matmul(rotation, rotation, transpose_a=True)
    for a in np.random.RandomState(1).uniform(-4, 4, 100):
        vector, slope, identity = sess.run([turned, slopes, square], {angle: a})
        np.testing.assert_allclose(vector, [np.cos(a), np.sin(a)], rtol=0, atol=1e-6)
        np.testing.assert_allclose(slope, [-np.sin(a), np.cos(a)], rtol=0, atol=1e-6)
        np.testing.assert_allclose(identity, np.eye(2), rtol=0, atol=1e-6)


def test_tensor_encodings_demo(sess: Any) -> None:
    for shape in ([224, 224], [224, 224, 3], [224, 224, 3, 3600], [10, 224, 224, 3, 3600]):
        # A placeholder of 5 GB costs nothing until it is fed.
        tensor = tf.placeholder(tf.uint8, shape)
        assert tensor.shape.as_list() == shape and tensor.shape.ndims == len(shape)
    w = tf.constant(np.arange(6.0).reshape(2, 3))
    copies = sess.run(tf.tile(tf.expand_dims(w, 0), [4, 1, 1]))
    np.testing.assert_array_equal(copies, [np.arange(6.0).reshape(2, 3)] * 4)
    random = np.random.RandomState(2)
    stress, normal = random.randn(3, 3), random.randn(3)
    traction = sess.run(tf.reshape(tf.matmul(stress, normal[:, None]), [3]))
    np.testing.assert_allclose(traction, stress @ normal, rtol=1e-12)
    product = tf.matmul(tf.ones([2, 3, 4]), tf.ones([2, 4, 6]))
    assert product.shape.as_list() == [2, 3, 6]
    np.testing.assert_array_equal(sess.run(product), np.full((2, 3, 6), 4.0))
