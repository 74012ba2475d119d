"""Bad fetches, feeds and values fail at the call of `run`, with TensorFlow's error classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf


class Foreign:
    """Nothing that a graph knows."""


class Unhashable:
    __hash__ = None  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        tf.constant(1.0, name="c")
        yield made


@pytest.fixture
def session(graph: Any) -> Iterator[Any]:
    with tf.Session() as opened:
        yield opened


def line_of(function: Callable[..., Any], offset: int) -> str:
    return f"{__file__}:{function.__code__.co_firstlineno + offset}"


# -- placeholders without a value, variables without one


@pytest.mark.parametrize("repetition", ["first", "cached"])
def test_a_missing_feed(repetition: str, session: Any) -> None:
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    y = x * 2
    if repetition == "cached":
        session.run(y, {x: np.zeros([2, 3])})
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        session.run(y)
    assert "placeholder tensor 'x' with dtype float and shape [2,3]" in caught.value.message
    assert line_of(test_a_missing_feed, 2) in caught.value.message
    assert caught.value.op is x.op


USES: list[Callable[[Any], Any]] = [
    lambda v: v,
    lambda v: v + 1.0,
    lambda v: tf.assign_add(v, [1.0]),
    lambda v: tf.scatter_update(v, [0], [1.0]),
    lambda v: tf.train.GradientDescentOptimizer(0.1).minimize(v * v),
]


@pytest.mark.parametrize("use", USES)
def test_an_uninitialized_variable(use: Callable[[Any], Any], session: Any) -> None:
    fetch = use(tf.Variable([1.0], name="v"))
    with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v") as caught:
        session.run(fetch)
    assert f"{__file__}:" in caught.value.message


# -- closed sessions


CALLS: list[Callable[[Any, Any], Any]] = [
    lambda session, tensor: session.run(tensor),
    lambda session, tensor: tensor.eval(session=session),
    lambda session, tensor: session.make_callable(tensor),
    lambda session, tensor: session.partial_run_setup([tensor]),
    lambda session, tensor: session.explain(tensor),
]


@pytest.mark.parametrize("used_before", [False, True])
@pytest.mark.parametrize("call", CALLS)
def test_a_closed_session(call: Callable[[Any, Any], Any], used_before: bool) -> None:
    session, tensor = tf.Session(), tf.constant(1.0)
    if used_before:
        call(session, tensor)
    session.close()
    session.close()
    with pytest.raises(RuntimeError, match="closed Session"):
        call(session, tensor)


def test_no_session() -> None:
    with pytest.raises(ValueError, match="No default session"):
        tf.constant(1.0).eval()


# -- fetches


@pytest.mark.parametrize("make", [tf.no_op, lambda: tf.constant(1.0), lambda: tf.Variable(1.0)])
def test_a_fetch_of_another_graph(make: Callable[[], Any], session: Any) -> None:
    with tf.Graph().as_default():
        stranger = make()
    with pytest.raises(ValueError, match="is not an element of this graph"):
        session.run([tf.constant(1.0), {"key": stranger}])


def test_eval_in_a_session_of_another_graph(session: Any) -> None:
    with tf.Graph().as_default():
        stranger = tf.constant(1.0)
    with pytest.raises(ValueError, match="runs a different graph"):
        stranger.eval()


@pytest.mark.parametrize(
    "fetch",
    [None, 3, 1.5, Foreign(), Unhashable(), np.zeros(2), {1}, bytearray(b"c"), slice(1), iter("c")],
    ids=lambda fetch: type(fetch).__name__,
)
@pytest.mark.parametrize("nested", [False, True])
def test_a_foreign_fetch(fetch: Any, nested: bool, session: Any) -> None:
    fetches = ["c:0", {"deep": (fetch,)}] if nested else fetch
    with pytest.raises(TypeError, match="has invalid type " + type(fetch).__name__):
        session.run(fetches)


@pytest.mark.parametrize("name", ["nothing:0", "nothing", "c:3", ""])
def test_a_name_that_is_not_there(name: str, session: Any) -> None:
    with pytest.raises(ValueError, match=f"'{name}' cannot be interpreted as a Tensor"):
        session.run(name)


# -- feeds

# Type and shape of the placeholder, the value, the error, a pattern of its message.
BAD_VALUES: list[tuple[Any, list[int | None], Any, Any, str]] = [
    (tf.float32, [2, 3], np.zeros((3, 2)), ValueError, r"\(3, 2\) for Tensor 'x:0'.*\(2, 3\)"),
    (tf.float32, [None, 3], np.zeros(3), ValueError, r"\(3,\) for Tensor 'x:0'.*\(\?, 3\)"),
    (tf.float32, [], "hello", ValueError, "'hello' for .*x:0"),
    (tf.float32, [], Foreign(), TypeError, "Foreign.* for .*x:0"),
    (tf.int32, [], None, TypeError, "None for .*x:0"),
    (tf.float32, [2, None], [[1], [1, 2]], ValueError, "x:0"),
    (tf.int8, [], 1000, TypeError, "1000.*int8"),
    (tf.uint8, [], -1, TypeError, "-1.*uint8"),
]


@pytest.mark.parametrize(("dtype", "shape", "value", "error", "pattern"), BAD_VALUES)
def test_a_feed_that_does_not_fit(
    dtype: Any, shape: list[int | None], value: Any, error: Any, pattern: str, session: Any
) -> None:
    x = tf.placeholder(dtype, shape, name="x")
    with pytest.raises(error, match=pattern):
        session.run(x, {x: value})


def foreign_placeholder() -> Any:
    with tf.Graph().as_default():
        return tf.placeholder(tf.float32)


@pytest.mark.parametrize(
    "make", [foreign_placeholder, tf.no_op, lambda: "nothing:0", lambda: 3, Foreign]
)
def test_a_feed_for_what_is_no_tensor_of_the_graph(make: Callable[[], Any], session: Any) -> None:
    with pytest.raises(TypeError, match="Cannot interpret feed_dict key as Tensor"):
        session.run("c:0", {make(): 1.0})


@pytest.mark.parametrize("feeds", [3, [("c:0", 1.0)], "c:0"])
def test_feeds_that_are_no_dict(feeds: Any, session: Any) -> None:
    with pytest.raises(TypeError, match="feed_dict must be a dictionary"):
        session.run("c:0", feeds)


# -- values that an op refuses


@pytest.mark.parametrize(
    ("value", "words"), [([1.0, np.nan], "NaN"), ([np.inf, 1.0], "Inf"), ([np.inf, np.nan], "NaN")]
)
def test_check_numerics(value: list[float], words: str, session: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    checked = tf.check_numerics(x, "a wrong x", name="check")
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"a wrong x.*{words}") as caught:
        session.run(checked * 2, {x: value})
    assert caught.value.op is checked.op
    assert line_of(test_check_numerics, 5) in caught.value.message


def test_add_check_numerics_ops_names_the_first_culprit(session: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    root = tf.sqrt(tf.log(x, name="logarithm"))
    check = tf.add_check_numerics_ops()
    with pytest.raises(tf.errors.InvalidArgumentError, match="logarithm:0 : Tensor had NaN"):
        session.run([root, check], {x: [1.0, -1.0]})
    np.testing.assert_allclose(session.run([root, check], {x: [1.0, 1.0]})[0], [0.0, 0.0])


# A program of two fed tensors of unknown shape, their values, words of the message.
Values = tuple[Any, Any]
REFUSED: list[tuple[Callable[[Any, Any], Any], Values, str]] = [
    (lambda a, b: tf.matmul(a, b), (np.zeros((2, 3)), np.zeros((4, 5))), "float32[2, 3]"),
    (lambda a, b: a + b, (np.zeros((2, 3)), np.zeros((4, 5))), "float32[4, 5]"),
    (lambda a, b: tf.concat([a, b], 0), (np.zeros((2, 3)), np.zeros((2, 2))), "float32[2, 2]"),
    (lambda a, b: tf.reshape(a, [4, 5]), (np.zeros((2, 3)), 0), "6 values"),
    (lambda a, b: tf.slice(a, [1], [4]), (np.zeros(2), 0), "size[0]"),
    (lambda a, b: a[5], (np.zeros(2), 0), "slice index 5"),
    (lambda a, b: tf.nn.top_k(a, 5), (np.zeros(2), 0), "needed 5"),
    (lambda a, b: tf.argmax(a, 3), (np.zeros(2), 0), "float32[2]"),
    (lambda a, b: tf.reduce_sum(a, 3), (np.zeros(2), 0), "dimension (3"),
    (lambda a, b: tf.matrix_inverse(a), (np.zeros((2, 2)), 0), "not invertible"),
    (lambda a, b: tf.gather([1.0, 2.0], tf.to_int32(a)), ([5], 0), "indices[0] = 5"),
    (lambda a, b: 7 // tf.to_int32(a), (0, 0), "division by zero"),
    (lambda a, b: tf.segment_sum(a, tf.to_int32(b)), ([1, 2, 3], [2, 1, 0]), "not increasing"),
]


@pytest.mark.parametrize(("program", "values", "words"), REFUSED)
@pytest.mark.parametrize("level", ["L0", "L1"])
def test_what_an_op_refuses_at_run_time(
    program: Callable[[Any, Any], Any], values: Values, words: str, level: str
) -> None:
    a, b = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    result = program(a, b)
    config = tf.ConfigProto()
    config.graph_options.optimizer_options.opt_level = getattr(tf.OptimizerOptions, level)
    with tf.Session(config=config) as session:
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            session.run(result, {a: values[0], b: values[1]})
        message = caught.value.message
        assert words in message and "[[node " in message and "with inputs " in message
        assert f"{__file__}:{program.__code__.co_firstlineno}" in message
        assert session.run("c:0") == 1.0


def test_a_failed_run_changes_no_variable(session: Any) -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    x = tf.placeholder(tf.float32, name="x")
    session.run(v.initializer)
    update = tf.assign(v, tf.check_numerics(x, "x"))
    wrong: list[tuple[list[float], str]] = [([1.0, np.nan], "NaN"), ([1.0, 2.0, 3.0], "shape")]
    for value, words in wrong:
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            session.run(update, {x: value})
        np.testing.assert_array_equal(session.run(v), [1.0, 2.0])


def test_an_error_in_a_users_function(session: Any) -> None:
    result = tf.py_func(lambda: 1 / 0, [], tf.float32)
    with pytest.raises(tf.errors.UnknownError, match="ZeroDivisionError: division by zero"):
        session.run(result)
