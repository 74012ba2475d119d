"""TensorArray beyond the recorded programs: state, derivatives to second order, loops, branches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.graph.build import apply
from flowgraph.ops.smart import smart_case, smart_cond, smart_constant_value
from support.running import numerical_gradient
from support.values import ramp

X = ramp(4, 2, dtype=np.float64)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


def run(fetches: Any, feeds: Any = None, times: int = 1) -> Any:
    with tf.Session() as session:
        for _ in range(times):
            result = session.run(fetches, feeds)
        return result


def array(size: int, **settings: Any) -> Any:
    return tf.TensorArray(tf.float64, size, **settings)


def test_every_run_has_a_new_array() -> None:
    x = tf.placeholder(tf.float64, [4, 2])
    stacked = array(4).unstack(x).stack()
    with tf.Session() as session:
        for scale in (1.0, 2.0, 3.0):
            np.testing.assert_array_equal(session.run(stacked, {x: X * scale}), X * scale)


def test_elements_do_not_change_with_the_buffers_they_came_from() -> None:
    x = tf.placeholder(tf.float64, [2])
    made = array(5)
    value = x
    for i in range(5):
        value = value * 2.0 + 1.0
        made = made.write(i, value)
    one, all_of_them = made.stack(), []
    with tf.Session() as session:
        for _ in range(3):
            all_of_them.append(session.run(one, {x: [1.0, 2.0]}))
    expected = [[2.0 ** (i + 1) * (v + 1) - 1 for v in (1.0, 2.0)] for i in range(5)]
    for found in all_of_them:
        np.testing.assert_array_equal(found, expected)


def test_what_two_reads_give_is_apart() -> None:
    made = array(2, clear_after_read=False).unstack(X[:2])
    first, second = run([made.read(0), made.read(0)], times=2)
    first += 1
    np.testing.assert_array_equal(second, X[0])


def test_fed_values_are_not_kept() -> None:
    x = tf.placeholder(tf.float64, [4, 2])
    row = array(4).unstack(x).read(0)
    fed = X.copy()
    found = run(row, {x: fed})
    found += 1
    np.testing.assert_array_equal(fed, X)


def test_another_type_fails_when_it_is_written() -> None:
    written = array(1).write(0, tf.constant(1)).flow
    with pytest.raises(tf.errors.InvalidArgumentError, match="trying to write dtype int32"):
        run(written)


def test_another_type_fails_when_it_is_read() -> None:
    made = array(1).write(0, 1.0)
    wrapped = tf.TensorArray(tf.int32, handle=made.handle, flow=made.flow)
    for access in (wrapped.read(0), wrapped.gather([0]), wrapped.stack()):
        with pytest.raises(tf.errors.InvalidArgumentError, match="Op requested dtype int32"):
            run(access)


def test_errors_name_the_array_and_the_line() -> None:
    made = tf.TensorArray(tf.float64, 2, tensor_array_name="states")
    with pytest.raises(tf.errors.InvalidArgumentError, match="states: Tried to write") as caught:
        run(made.write(5, 1.0).flow)
    assert "test_tensor_array.py" in str(caught.value)
    assert caught.value.op.type == "TensorArrayWriteV3"


def test_what_a_write_teaches_is_known_to_all() -> None:
    made = array(2)
    made.write(0, X[0])
    assert made.element_shape.as_list() == [2]
    with pytest.raises(ValueError, match=r"saw \(4, 2\) but expected \(2,\)"):
        made.write(1, X)
    free = array(2, infer_shape=False)
    free.write(0, X[0])
    assert free.element_shape.ndims is None


def test_scalars_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="must have rank at least 1"):
        array(1).write(0, 1.0).concat()


def stacked(x: Any) -> Any:
    return array(4).unstack(x * x).stack() ** 2


def read_often(x: Any) -> Any:
    made = array(5, clear_after_read=False).unstack(x).write(4, x[0] * x[1])
    return made.read(4) * made.read(4) * made.read(0) + made.gather([4, 2, 2])[1]


def in_parts(x: Any) -> Any:
    made = array(3, infer_shape=False).split(x * x, [1, 0, 3])
    return made.concat() ** 2


def in_a_loop(x: Any) -> Any:
    rows, results = array(4).unstack(x), array(4)

    def body(i: Any, total: Any, results: Any) -> Any:
        total = total * rows.read(i) + tf.sin(total)
        return i + 1, total, results.write(i, total * total)

    first = (0, tf.ones([2], tf.float64), results)
    *_, results = tf.while_loop(lambda i, *_: i < 4, body, first)
    return results.stack()


def read_and_written_in_a_loop(x: Any) -> Any:
    made = array(4, clear_after_read=False).write(0, x[0])

    def body(i: Any, made: Any) -> Any:
        return i + 1, made.write(i, made.read(i - 1) * tf.gather(x, i))

    _, made = tf.while_loop(lambda i, _: i < 4, body, (1, made))
    return made.stack()


def of_its_own_in_a_turn(x: Any) -> Any:
    def body(i: Any, total: Any) -> Any:
        made = array(2).write(0, total * total).write(1, total * x[0])
        return i + 1, tf.reduce_sum(made.stack(), 0)

    return tf.while_loop(lambda i, _: i < 2, body, (0, x[1]))[1]


def in_branches(x: Any) -> Any:
    made = array(3, clear_after_read=False).unstack(x[:3])
    p = tf.placeholder_with_default(True, [])
    chosen = tf.cond(p, lambda: made.read(0) * made.read(1), lambda: made.read(2))
    other = tf.cond(tf.logical_not(p), lambda: made.read(0), lambda: made.read(2) ** 3)
    return chosen + other


def written_in_branches(x: Any) -> Any:
    made, p = array(2), tf.placeholder_with_default(True, [])
    made = tf.cond(p, lambda: made.write(0, x[0] * x[1]), lambda: made.write(0, x[2]))
    return made.write(1, x[3] ** 2).stack()


def growing(x: Any) -> Any:
    made = array(0, dynamic_size=True)
    _, made = tf.while_loop(
        lambda i, _: i < 4,
        lambda i, made: (i + 1, made.write(i, tf.gather(x, i) ** 3)),
        (0, made),
    )
    return made.identity().stack() ** 2


def mapped(x: Any) -> Any:
    return tf.map_fn(lambda row: tf.sin(row) * x[0], x)


def scanned(x: Any) -> Any:
    return tf.scan(lambda total, row: tf.tanh(total * row + x[1]), x)


def folded(x: Any) -> Any:
    return tf.foldr(lambda total, row: total * row + tf.cos(row), x, tf.ones([2], tf.float64))


USES = [
    stacked,
    read_often,
    in_parts,
    in_a_loop,
    read_and_written_in_a_loop,
    of_its_own_in_a_turn,
    in_branches,
    written_in_branches,
    growing,
    mapped,
    scanned,
    folded,
]
uses = pytest.mark.parametrize("use", USES, ids=[use.__name__ for use in USES])


def check_derivative(y: Any, gradient: Any, x: Any) -> None:
    """The gradient against differences of y."""
    with tf.Session() as session:

        def value(inputs: list[Any]) -> Any:
            return session.run(y, {x: inputs[0]})

        expected = numerical_gradient(value, [X], 0, 1e-5)
        for _ in range(3):
            found = session.run(gradient, {x: X})
            np.testing.assert_allclose(found, expected, 1e-5, 1e-7)


@uses
def test_first_derivative(use: Callable[[Any], Any]) -> None:
    x = tf.placeholder(tf.float64, [4, 2])
    y = tf.reduce_sum(use(x))
    check_derivative(y, tf.gradients(y, x)[0], x)


@uses
def test_second_derivative(use: Callable[[Any], Any]) -> None:
    x = tf.placeholder(tf.float64, [4, 2])
    first = tf.gradients(tf.reduce_sum(use(x)), x)[0]
    along = tf.reduce_sum(first * ramp(4, 2, dtype=np.float64, shift=1))
    check_derivative(along, tf.gradients(along, x)[0], x)


def test_gradients_may_have_any_name() -> None:
    x = tf.constant(X)
    y = array(4).unstack(x).stack() ** 2
    first = tf.gradients(y, x, name="mine")[0]
    with tf.name_scope("gradients"):
        again = [tf.gradients(y * scale, x)[0] for scale in (1.0, 2.0)]
    for scale, found in zip((1.0, 1.0, 2.0), run([first, *again]), strict=True):
        np.testing.assert_array_equal(found, 2 * scale * X)


def test_a_gradient_array_adds_up_and_knows_the_shapes() -> None:
    made = array(3).write(0, X[0]).write(1, X[1])
    gradients = made.grad("pass")
    gradients = gradients.write(0, X[2]).write(0, X[3])
    found = run([gradients.read(0), gradients.read(1)])
    np.testing.assert_array_equal(found, [X[2] + X[3], np.zeros(2)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="because the existing shape is"):
        run(array(1, infer_shape=False).write(0, X[0]).grad("pass").write(0, X).flow)


def test_a_gradient_array_is_made_once_per_pass() -> None:
    made = array(1).write(0, 1.0)
    written = made.grad("one").write(0, 5.0)
    with tf.control_dependencies([written.flow]):
        same, other = (made.grad(name).read(0) for name in ("one", "two"))
    assert run([same, other]) == [5.0, 0.0]


def test_a_gradient_array_with_more_axes() -> None:
    made = array(2).write(0, X[0])
    handle, flow = apply("TensorArrayGradWithShape", made.handle, made.flow, [3], source="wide")
    wide = tf.TensorArray(tf.float64, handle=handle, flow=flow)
    np.testing.assert_array_equal(run(wide.read(0)), np.zeros((3, 2)))


def test_an_array_with_gradients_grows_no_more() -> None:
    made = array(1, dynamic_size=True).write(0, 1.0)
    gradients = made.grad("pass")
    with tf.control_dependencies([gradients.flow]):
        late = made.write(3, 1.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not resizeable and size is: 1"):
        run(late.flow)


def test_no_default_is_checked_for_results_from_outside() -> None:
    x, p = tf.constant(1.0), tf.placeholder_with_default(False, [])
    for pairs in ([(p, lambda: x)], [(p, lambda: x), (p, lambda: [x, 2.0][0])]):
        with pytest.raises(tf.errors.InvalidArgumentError, match="None of conditions"):
            run(tf.case(pairs))


def test_cases_of_operations() -> None:
    v = tf.Variable(0.0)
    p = tf.placeholder(tf.bool, [])
    done = tf.case([(p, lambda: v.assign(1.0).op)], default=lambda: v.assign(2.0).op)
    with tf.Session() as session:
        session.run(v.initializer)
        for truth, expected in ((True, 1.0), (False, 2.0)):
            session.run(done, {p: truth})
            assert session.run(v) == expected


def fail() -> Any:
    raise AssertionError("this branch must not be built")


@pytest.mark.parametrize("truth", [True, False, 1, 0, np.bool_(True), "constant"])
def test_known_predicates_build_one_branch(truth: Any) -> None:
    pred = tf.constant(False) if isinstance(truth, str) else truth
    expected = bool(truth) and not isinstance(truth, str)
    assert smart_constant_value(pred) is expected
    assert smart_cond(pred, *((lambda: 5, fail) if expected else (fail, lambda: 5))) == 5


def test_open_predicates_build_both_branches() -> None:
    p = tf.placeholder(tf.bool, [])
    assert smart_constant_value(p) is None
    assert smart_constant_value(tf.Variable(True)) is None
    chosen = smart_cond(p, lambda: tf.constant(1), lambda: tf.constant(2), name="which")
    assert (run(chosen, {p: True}), run(chosen, {p: False})) == (1, 2)


def test_smart_conditionals_check_their_arguments() -> None:
    for wrong in (2, None, "yes", [True]):
        with pytest.raises(TypeError, match="must be a Tensor, or a Python bool, or 1 or 0"):
            smart_constant_value(wrong)
    with pytest.raises(TypeError, match="true_fn"):
        smart_cond(True, None, fail)
    with pytest.raises(TypeError, match="false_fn"):
        smart_cond(True, fail)
    with pytest.raises(TypeError, match="pred must be a Tensor or bool"):
        smart_case([(1, fail)])


def test_smart_case_leaves_out_what_is_known_to_be_false() -> None:
    p = tf.placeholder(tf.bool, [])
    found = smart_case([(False, fail), (p, lambda: tf.constant(1)), (True, lambda: tf.constant(2))])
    assert (run(found, {p: True}), run(found, {p: False})) == (1, 2)
    assert smart_case([(True, lambda: "first"), (p, fail)], default=fail) == "first"
