"""Queues under many threads: who waits, who is woken, and what nobody may see."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf
from flowgraph.dtypes import float32, int64
from flowgraph.ops import queues_kinds
from flowgraph.shapes import TensorShape

SOON = 20
A_MOMENT = 0.05


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


@pytest.fixture(name="pool")
def _pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def waits(future: Future[Any]) -> bool:
    """Whether a call does not return by itself."""
    time.sleep(A_MOMENT)
    return not future.done()


def test_a_waiting_dequeue_gets_what_comes(pool: ThreadPoolExecutor) -> None:
    queue = tf.FIFOQueue(3, tf.int32, [[]])
    x = tf.placeholder(tf.int32, [])
    put, take, many = queue.enqueue(x), queue.dequeue(), queue.dequeue_many(3)
    with tf.Session() as session:
        for _ in range(3):
            waiting = pool.submit(session.run, take)
            assert waits(waiting)
            session.run(put, {x: 5})
            assert waiting.result(SOON) == 5
        waiting = pool.submit(session.run, many)
        for number in range(3):
            assert waits(waiting)
            session.run(put, {x: number})
        assert waiting.result(SOON).tolist() == [0, 1, 2]


def test_a_waiting_enqueue_goes_in_when_there_is_room(pool: ThreadPoolExecutor) -> None:
    queue = tf.FIFOQueue(2, tf.int32, [[]])
    puts, take, size = queue.enqueue_many([[0, 1, 2, 3]]), queue.dequeue(), queue.size()
    with tf.Session() as session:
        waiting = pool.submit(session.run, puts)
        assert waits(waiting)
        assert [int(session.run(take)), int(session.run(size))] == [0, 2]
        assert waits(waiting)
        assert session.run(take) == 1
        waiting.result(SOON)
        assert session.run(queue.dequeue_many(2)).tolist() == [2, 3]


def test_those_who_wait_are_served_in_order(pool: ThreadPoolExecutor) -> None:
    queue = tf.FIFOQueue(10, tf.int32, [[]])
    x = tf.placeholder(tf.int32, [None])
    puts, take, many = queue.enqueue_many([x]), queue.dequeue(), queue.dequeue_many(3)
    with tf.Session() as session:
        first = pool.submit(session.run, many)
        assert waits(first)
        second = pool.submit(session.run, take)
        session.run(puts, {x: [0, 1]})
        assert waits(first) and waits(second)
        session.run(puts, {x: [2, 3]})
        assert first.result(SOON).tolist() == [0, 1, 2]
        assert second.result(SOON) == 3


def test_a_batch_may_be_larger_than_the_queue(pool: ThreadPoolExecutor) -> None:
    queue = tf.FIFOQueue(2, tf.int32, [[]])
    puts, many = queue.enqueue_many([np.arange(9)]), queue.dequeue_many(9)
    with tf.Session() as session:
        waiting = pool.submit(session.run, many)
        session.run(puts)
        assert waiting.result(SOON).tolist() == list(range(9))


def test_a_plan_in_which_a_thread_waits_serves_others(pool: ThreadPoolExecutor) -> None:
    queue = tf.FIFOQueue(100, tf.float32, [[8]])
    x = tf.placeholder(tf.float32, [8])
    # The buffers of the compiled function hold values while its thread waits.
    before = tf.exp(x) * 2
    with tf.control_dependencies([before]):
        after = queue.dequeue() + before
    rows = [np.full(8, number, np.float32) for number in range(8)]
    put = queue.enqueue(x)
    with tf.Session() as session:
        for _ in range(3):
            session.run(put, {x: rows[0]})
            session.run(after, {x: rows[0]})
        waiting = [pool.submit(session.run, after, {x: row}) for row in rows]
        assert all(waits(each) for each in waiting)
        for _ in rows:
            session.run(put, {x: rows[0]})
        for row, each in zip(rows, waiting, strict=True):
            np.testing.assert_allclose(each.result(SOON), np.exp(row) * 2, rtol=1e-6)


def test_variables_are_written_while_a_thread_waits(pool: ThreadPoolExecutor) -> None:
    queue = tf.FIFOQueue(1, tf.float32, [[]])
    counter = tf.Variable(0.0)
    with tf.control_dependencies([tf.assign_add(counter, 1.0, use_locking=True)]):
        take = queue.dequeue()
    add = tf.assign_add(counter, 10.0, use_locking=True)
    with tf.Session() as session:
        session.run(counter.initializer)
        waiting = pool.submit(session.run, take)
        assert waits(waiting)
        for _ in range(3):
            session.run(add)
        session.run(queue.enqueue(2.0))
        assert waiting.result(SOON) == 2
        assert session.run(counter) == 31


def test_elements_are_copies() -> None:
    queue = tf.FIFOQueue(9, tf.float32, [[3]])
    x = tf.placeholder(tf.float32, [3])
    put, take = queue.enqueue(x * 2 + 1), queue.dequeue()
    many = queue.dequeue_many(2)
    value = np.zeros(3, np.float32)
    fed = tf.placeholder(tf.float32, [None, 3])
    puts = queue.enqueue_many([fed])
    with tf.Session() as session:
        for number in range(4):
            value[:] = number
            session.run(put, {x: value})
        assert [session.run(take)[0] for _ in range(2)] == [1, 3]
        found = session.run(many)
        np.testing.assert_array_equal(found[:, 0], [5, 7])
        batch = np.ones((2, 3), np.float32)
        session.run(puts, {fed: batch})
        batch[:] = 9
        first, second = session.run(take), session.run(take)
        first[:] = 7
        np.testing.assert_array_equal(second, [1, 1, 1])


@pytest.mark.parametrize("fill", [0, 1])
def test_closing_the_session_wakes_those_who_wait(pool: ThreadPoolExecutor, fill: int) -> None:
    queue = tf.FIFOQueue(1, tf.int32, [[]])
    put, take = queue.enqueue(1), queue.dequeue()
    session = tf.Session()
    for _ in range(fill):
        session.run(put)
    waiting = pool.submit(session.run, put if fill else take)
    assert waits(waiting)
    session.close()
    with pytest.raises(tf.errors.CancelledError, match="operation was cancelled"):
        waiting.result(SOON)
    with pytest.raises(RuntimeError, match="closed Session"):
        session.run(take)


def test_closing_with_pending_enqueues(pool: ThreadPoolExecutor) -> None:
    queue = tf.FIFOQueue(1, tf.int32, [[]])
    x = tf.placeholder(tf.int32, [])
    put, take, is_closed = queue.enqueue(x), queue.dequeue(), queue.is_closed()
    close, cancel = queue.close(), queue.close(cancel_pending_enqueues=True)
    with tf.Session() as session:
        session.run(put, {x: 0})
        pending = pool.submit(session.run, put, {x: 1})
        assert waits(pending)
        closing = pool.submit(session.run, close)
        assert waits(closing)
        assert not session.run(is_closed)
        assert session.run(take) == 0
        pending.result(SOON)
        closing.result(SOON)
        assert session.run(take) == 1
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(take)
    with tf.Session() as session:
        session.run(put, {x: 0})
        pending = pool.submit(session.run, put, {x: 1})
        assert waits(pending)
        session.run(cancel)
        with pytest.raises(tf.errors.CancelledError, match="Enqueue operation was cancelled"):
            pending.result(SOON)
        assert session.run(take) == 0


def test_closing_wakes_a_waiting_dequeue(pool: ThreadPoolExecutor) -> None:
    queue = tf.RandomShuffleQueue(9, 2, tf.int32, [[]])
    put, take, many = queue.enqueue(1), queue.dequeue(), queue.dequeue_up_to(5)
    with tf.Session() as session:
        session.run(put)
        session.run(put)
        waiting = pool.submit(session.run, take)
        assert waits(waiting)
        session.run(queue.close())
        assert waiting.result(SOON) == 1
        assert session.run(many).tolist() == [1]
        with pytest.raises(tf.errors.OutOfRangeError, match=r"RandomShuffleQueue '_.*is closed"):
            session.run(take)


def test_what_a_timed_out_batch_has_taken_stays_in_the_queue() -> None:
    queue = tf.FIFOQueue(9, tf.int32, [[]])
    options = tf.RunOptions(timeout_in_ms=30)
    with tf.Session() as session:
        session.run(queue.enqueue_many([[1, 2]]))
        many = queue.dequeue_many(3)
        for _ in range(3):
            with pytest.raises(tf.errors.DeadlineExceededError):
                session.run(many, options=options)
        session.run(queue.enqueue(3))
        assert session.run(many).tolist() == [1, 2, 3]


def test_a_failed_run_leaves_its_plan_usable() -> None:
    queue = tf.FIFOQueue(9, tf.float32, [[4]])
    x = tf.placeholder(tf.float32, [4])
    result = queue.dequeue() + tf.exp(x)
    value = np.arange(4, dtype=np.float32)
    options = tf.RunOptions(timeout_in_ms=10)
    with tf.Session() as session:
        for _ in range(3):
            with pytest.raises(tf.errors.DeadlineExceededError):
                session.run(result, {x: value}, options=options)
            session.run(queue.enqueue(value))
            np.testing.assert_allclose(session.run(result, {x: value}), value + np.exp(value))


def test_partial_and_traced_runs_of_one_component() -> None:
    queue = tf.FIFOQueue(3, tf.float32, [[]])
    x = tf.placeholder(tf.float32, [])
    taken = queue.dequeue()
    total = taken + x
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    with tf.Session() as session:
        session.run(queue.enqueue_many([[1.0, 2.0]]))
        handle = session.partial_run_setup([taken, total], [x])
        assert session.partial_run(handle, taken) == 1
        assert session.partial_run(handle, total, {x: 5.0}) == 6
        assert session.run(total, {x: 1.0}, options, metadata) == 3
    nodes = {node.node_name: node for node in metadata.step_stats.dev_stats[0].node_stats}
    assert nodes[taken.op.name].output[0].tensor_description.dtype == tf.float32.as_datatype_enum
    assert nodes[taken.op.name].memory[0].total_bytes == 4


def test_sessions_and_shared_names() -> None:
    first, second = (tf.FIFOQueue(9, tf.int32, [[]], shared_name="q") for _ in range(2))
    other = tf.FIFOQueue(9, tf.int32, [[]])
    sizes = [first.size(), second.size(), other.size()]
    put = first.enqueue(1)
    with tf.Session() as session, tf.Session() as another:
        session.run(put)
        assert session.run(sizes) == [1, 1, 0]
        assert another.run(sizes) == [0, 0, 0]


def test_shuffling_repeats_with_a_seed() -> None:
    queue = tf.RandomShuffleQueue(99, 0, tf.int32, [[]], seed=7)
    puts, many = queue.enqueue_many([np.arange(50)]), queue.dequeue_many(50)
    orders = []
    for _ in range(2):
        with tf.Session() as session:
            session.run(puts)
            orders.append(session.run(many).tolist())
    assert orders[0] == orders[1] != sorted(orders[0]) == list(range(50))


def test_many_threads_lose_nothing(pool: ThreadPoolExecutor) -> None:
    queue = tf.FIFOQueue(5, tf.int64, [[]])
    x = tf.placeholder(tf.int64, [])
    put, take, close = queue.enqueue(x), queue.dequeue(), queue.close()
    threads, each = 4, 50
    with tf.Session() as session:

        def produce(thread: int) -> None:
            for number in range(each):
                session.run(put, {x: thread * each + number})

        def consume() -> list[int]:
            found = []
            while True:
                try:
                    found.append(int(session.run(take)))
                except tf.errors.OutOfRangeError:
                    return found

        consumers = [pool.submit(consume) for _ in range(threads)]
        producers = [pool.submit(produce, thread) for thread in range(threads)]
        for producer in producers:
            producer.result(SOON)
        session.run(close)
        seen = Counter(number for one in consumers for number in one.result(SOON))
    assert seen == Counter(range(threads * each))


KINDS: dict[str, Callable[..., Any]] = {
    "fifo": queues_kinds.FIFOQueue,
    "padding": queues_kinds.PaddingFIFOQueue,
    "random": lambda *args: queues_kinds.RandomShuffleQueue(
        *args, min_after_dequeue=0, seeds=(1, 2)
    ),
    "priority": queues_kinds.PriorityQueue,
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.lists(st.integers(-3, 4), max_size=25))
def test_queue_agrees_with_a_list(kind: str, moves: list[int]) -> None:
    shapes = [TensorShape([]), TensorShape([2])]
    queue = KINDS[kind]("q", "", [int64, float32], shapes, -1)
    model: list[int] = []
    count = 0
    for move in moves:
        if move > 0:
            numbers = np.arange(count, count + move)[::-1].astype(np.int64)
            queue.enqueue_many([numbers, np.stack([numbers] * 2, 1).astype(np.float32)])
            model.extend(numbers.tolist())
            count += move
        elif len(model) >= -move:
            taken, rows = queue.dequeue_many(-move)
            assert taken.dtype == np.int64 and rows.shape == (-move, 2)
            np.testing.assert_array_equal(rows[:, 1], taken)
            if kind == "priority":
                model.sort()
            if kind == "random":
                assert set(taken.tolist()) <= set(model)
            else:
                assert taken.tolist() == model[:-move]
            model = [number for number in model if number not in taken]
        assert queue.size() == len(model)
