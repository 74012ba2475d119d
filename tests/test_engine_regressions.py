"""Programs that the engine once got wrong."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import flowgraph as tf

DEEP = 3000


def test_value_of_a_long_chain_of_constants():
    with tf.Graph().as_default():
        count = tf.constant(0)
        for _ in range(DEEP):
            count = count + 1
        assert tf.fill([count], 1.0).shape.as_list() == [DEEP]


def test_value_of_a_chain_that_branches_and_joins():
    with tf.Graph().as_default():
        total = tf.constant(1, tf.int64)
        for _ in range(DEEP):
            total = tf.maximum(total, total - 1)
        assert tf.fill([total], 1.0).shape.as_list() == [1]


def test_partly_known_shape_through_a_long_chain():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 3])
        shape = tf.shape(x)
        for _ in range(DEEP):
            shape = tf.identity(shape)
        assert tf.reshape(x, shape).shape.as_list() == [None, 3]


def test_shape_refined_after_its_value_was_asked_for():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None])
        size = tf.identity(tf.shape(x))
        assert tf.fill(size, 1.0).shape.as_list() == [None]
        x.set_shape([4])
        assert tf.fill(tf.shape(x), 1.0).shape.as_list() == [4]


def test_fed_strings_become_bytes_at_every_run():
    with tf.Graph().as_default(), tf.Session() as sess:
        words = tf.placeholder(tf.string, [None])
        same = tf.identity(words)
        value = np.array(["a", "é"], dtype=object)
        for _ in range(3):
            assert sess.run(same, {words: value}).tolist() == [b"a", "é".encode()]


def test_object_array_of_no_strings_is_refused_at_every_run():
    with tf.Graph().as_default(), tf.Session() as sess:
        words = tf.placeholder(tf.string, [None])
        same = tf.identity(words)
        assert sess.run(same, {words: ["a"]}).tolist() == [b"a"]
        with pytest.raises((TypeError, ValueError)):
            sess.run(same, {words: np.array([object()], dtype=object)})


def test_operation_that_is_asked_for_runs_though_its_value_is_not_used():
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, None])
        product = tf.matmul(x, x)
        for _ in range(3):
            assert sess.run(product.op, {x: np.ones([2, 2])}) is None
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                sess.run(product.op, {x: np.ones([2, 3])})
            assert caught.value.op is product.op


@pytest.mark.parametrize("value", ["variable", "reversed"])
def test_scatter_of_a_variable_into_itself_reads_before_it_writes(value):
    with tf.Graph().as_default(), tf.Session() as sess:
        variable = tf.get_variable("v", initializer=[1.0, 10.0])
        updates, expected = variable, [-10.0, 10.0]
        if value == "reversed":
            updates = variable[::-1]
        update = tf.scatter_sub(variable, [0, 0], updates)
        for _ in range(3):
            sess.run(variable.initializer)
            np.testing.assert_array_equal(sess.run(update), expected)


def test_no_locking_update_is_lost_between_threads():
    threads, updates = 8, 30
    with tf.Graph().as_default(), tf.Session() as sess:
        total = tf.get_variable("total", initializer=np.zeros(200_000, np.float32))
        add = tf.assign_add(total, tf.ones([200_000]), use_locking=True)
        sess.run(total.initializer)

        def work() -> None:
            for _ in range(updates):
                sess.run(add.op)

        running = [threading.Thread(target=work) for _ in range(threads)]
        for each in running:
            each.start()
        for each in running:
            each.join()
        assert np.unique(sess.run(total)).tolist() == [threads * updates]


def test_failing_locking_write_lets_the_next_one_in():
    with tf.Graph().as_default(), tf.Session() as sess:
        variable = tf.get_variable("v", initializer=[1.0, 2.0])
        indices = tf.placeholder(tf.int32, [None])
        update = tf.scatter_update(variable, indices, [5.0], use_locking=True)
        sess.run(variable.initializer)
        for _ in range(3):
            with pytest.raises(tf.errors.InvalidArgumentError):
                sess.run(update, {indices: [9]})
        assert sess.run(update, {indices: [0]}).tolist() == [5.0, 2.0]


def test_an_uninitialized_variable_keeps_its_declared_shape() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        variable = tf.Variable([1.0, 2.0])
        value = tf.placeholder(tf.float32)
        store = variable.assign(value)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"lhs shape= \[2\] rhs shape="):
            session.run(store, {value: [1.0, 2.0, 3.0]})
        assert session.run(store, {value: [3.0, 4.0]}).tolist() == [3.0, 4.0]
