"""Queue runners and coordinators: threads that fill queues, and that stop together."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import flowgraph as tf

SOON = 20


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def test_queue_runner_reports_errors() -> None:
    queue = tf.FIFOQueue(9, tf.float32, [[]])
    x = tf.placeholder_with_default(0, [])
    bad = queue.enqueue(tf.cast(1 // x, tf.float32))
    runner = tf.train.QueueRunner(queue, [bad, bad])
    tf.train.add_queue_runner(runner)
    with tf.Session() as session:
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coord, start=False)
        assert runner.create_threads(session, coord) == []
        assert len(threads) == 3 and all(thread.daemon for thread in threads)
        for thread in threads:
            thread.start()
        with pytest.raises(tf.errors.InvalidArgumentError, match="by zero"):
            coord.join(threads)
        assert session.run(queue.is_closed())


def test_queue_runner_without_coordinator() -> None:
    queue = tf.FIFOQueue(99, tf.int32, [[]])
    limited = tf.train.limit_epochs(tf.constant(3), 4)
    runner = tf.train.QueueRunner(queue, [queue.enqueue(limited)] * 2)
    rest = queue.dequeue_up_to(99)
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        threads = runner.create_threads(session, start=True)
        for thread in threads:
            thread.join(SOON)
        assert runner.exceptions_raised == []
        assert session.run(queue.is_closed())
        assert session.run(rest).tolist() == [3] * 4


def test_queue_runner_message() -> None:
    tf.train.range_input_producer(3, name="numbers")
    (runner,) = tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)
    made = tf.train.QueueRunner.from_proto(runner.to_proto())
    assert (made.name, made.close_op, made.cancel_op) == (
        runner.name,
        runner.close_op,
        runner.cancel_op,
    )
    assert made.enqueue_ops == runner.enqueue_ops
    assert made.queue_closed_exception_types == (tf.errors.OutOfRangeError,)
    assert runner.to_proto("elsewhere") is None
    assert runner.to_proto("numbers").queue_name == runner.name.removeprefix("numbers/")
    with pytest.raises(ValueError, match="mutually exclusive"):
        tf.train.QueueRunner(runner.queue, queue_runner_def=runner.to_proto())
    with pytest.raises(ValueError, match="Must provide queue"):
        tf.train.QueueRunner()
    with pytest.raises(TypeError, match="must be a tuple"):
        tf.train.QueueRunner(runner.queue, [1], queue_closed_exception_types=[ValueError])


def test_meta_graph_keeps_queue_runners() -> None:
    number = tf.train.range_input_producer(3, shuffle=False).dequeue(name="number")
    meta_graph = tf.train.export_meta_graph()
    assert number.name == "number:0"
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(meta_graph)
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coord)
        assert [int(session.run("number:0")) for _ in range(4)] == [0, 1, 2, 0]
        coord.request_stop()
        coord.join(threads)


def test_start_queue_runners_needs_a_session() -> None:
    with pytest.raises(ValueError, match="No default session"):
        tf.train.start_queue_runners()
    with pytest.raises(TypeError, match=r"must be a `tf.Session`"):
        tf.train.start_queue_runners(tf.constant(1))


def test_maybe_batch_keeps_what_is_wanted() -> None:
    number = tf.train.range_input_producer(9, num_epochs=1, shuffle=False).dequeue()
    odd = tf.equal(number % 2, 1)
    batch = tf.train.maybe_batch([number], odd, 4)
    sparse = tf.SparseTensor([[0]], tf.reshape(number, [1]), [1])
    kept = tf.train.maybe_batch([sparse], odd, 2, allow_smaller_final_batch=True)
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        runners = tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)
        coord = tf.train.Coordinator()
        threads = [
            thread
            for runner in runners[:2]
            for thread in runner.create_threads(session, coord, daemon=True, start=True)
        ]
        assert session.run(batch).tolist() == [1, 3, 5, 7]
        coord.request_stop()
        coord.join(threads)
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        coord = tf.train.Coordinator()
        threads = [
            thread
            for runner in (runners[0], runners[2])
            for thread in runner.create_threads(session, coord, daemon=True, start=True)
        ]
        assert [session.run(kept).values.tolist() for _ in range(2)] == [[1, 3], [5, 7]]
        coord.request_stop()
        coord.join(threads)


def test_coordinator_names_stragglers() -> None:
    coord = tf.train.Coordinator()
    release = threading.Event()
    thread = threading.Thread(target=release.wait, name="slow one", daemon=True)
    thread.start()
    coord.register_thread(thread)
    coord.request_stop()
    with pytest.raises(RuntimeError, match="still running: slow one"):
        coord.join(stop_grace_period_secs=0.01)
    coord.clear_stop()
    coord.request_stop()
    coord.join([thread], stop_grace_period_secs=0.01, ignore_live_threads=True)
    with pytest.raises(ValueError, match="late"):
        coord.request_stop(ValueError("late"))
    release.set()


def test_looper_thread() -> None:
    coord = tf.train.Coordinator()
    calls: list[int] = []

    def work(limit: int) -> None:
        calls.append(len(calls))
        if len(calls) == limit:
            raise KeyError("enough")

    thread = tf.train.LooperThread.loop(coord, 0.001, work, args=(4,))
    with pytest.raises(KeyError, match="enough"):
        coord.join()
    assert calls == [0, 1, 2, 3] and not thread.is_alive()
    with pytest.raises(ValueError, match="must be a Coordinator"):
        tf.train.LooperThread(None, 1)
    with pytest.raises(ValueError, match="also pass 'target'"):
        tf.train.LooperThread(coord, 1, args=(1,))
