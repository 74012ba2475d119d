"""Queues, queue runners and input pipelines: names, shapes, values and errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


@program(graph=True)
def fifo(tf: Any) -> dict[str, Any]:
    queue = tf.FIFOQueue(10, [tf.int32, tf.string], [[], [2]])
    put = queue.enqueue([1, ["a", "b"]])
    puts = queue.enqueue_many([[2, 3, 4], [["c", "d"]] * 3])
    one = queue.dequeue()
    many = queue.dequeue_many(2)
    up_to = queue.dequeue_up_to(tf.constant(5))
    size, closed, close = queue.size(), queue.is_closed(), queue.close()
    with tf.Session() as session:
        session.run(put)
        session.run(puts)
        found = {
            "size": session.run(size),
            "one": session.run(one[0]),
            "one's text": session.run(many[1]),
            "open": session.run(closed),
        }
        session.run(close)
        found["closed"] = session.run(closed)
        found["refused"] = raised(lambda: session.run(put), "is closed.")
        found["closed twice"] = raised(lambda: session.run(close), "is already closed.")
        found["too few"] = raised(
            lambda: session.run(many),
            r"is closed and has insufficient elements \(requested 2, current size 1\)",
        )
        found["rest"] = session.run(up_to[0])
        found["end"] = raised(lambda: session.run(up_to), r"\(requested 5, current size 0\)")
    shapes = [str(tensor.shape) for tensor in (*one, *many, *up_to)]
    names = [tensor.name for tensor in (*one, *many, *up_to, size, closed)]
    return {**found, "shapes": shapes, "names": names, "queue": [queue.name, queue.names]}


@program(graph=True)
def named_components(tf: Any) -> dict[str, Any]:
    queue = tf.FIFOQueue(4, [tf.float32, tf.int64], names=["x", "n"], name="pairs")
    put = queue.enqueue({"n": 3, "x": [0.5]}, name="put")
    taken = queue.dequeue(name="taken")
    with tf.Session() as session:
        session.run(put)
        values = session.run(taken)
    wrong = [
        raised(lambda: queue.enqueue([1, 2]), "must enqueue a dictionary in a Queue with names"),
        raised(lambda: queue.enqueue({"x": 1}), "do not match names of Queue"),
        raised(lambda: tf.FIFOQueue(1, tf.int32).enqueue({"x": 1}), "must have names to enqueue"),
    ]
    return {
        "x": values["x"],
        "n": values["n"],
        **{f"wrong {i}": each for i, each in enumerate(wrong)},
    }


@program
def wrong_elements(tf: Any) -> dict[str, Any]:
    queue = tf.FIFOQueue(4, [tf.int32, tf.int32], [[2], []])
    vector = tf.placeholder_with_default([1, 2, 3], None)
    rows = tf.placeholder_with_default(np.zeros((3, 2), np.int32), None)
    numbers = tf.placeholder_with_default([1, 2], None)
    open_queue = tf.FIFOQueue(4, tf.int32)
    with tf.Session() as session:
        return {
            "static": raised(lambda: queue.enqueue([[1, 2, 3], 1]), "are incompatible"),
            "type": raised(lambda: queue.enqueue([[1.5, 2.5], 1])),
            "shape": raised(
                lambda: session.run(queue.enqueue([vector, 1])),
                r"Shape mismatch in tuple component 0. Expected \[2\], got \[3\]",
            ),
            "rows": raised(
                lambda: session.run(queue.enqueue_many([rows, numbers])),
                r"Shape mismatch in tuple component 1. Expected \[3\], got \[2\]",
            ),
            "batch of open shapes": raised(
                lambda: session.run(open_queue.dequeue_many(1)),
                "require the components to have specified shapes",
            ),
            "open list": raised(lambda: tf.FIFOQueue(4, tf.int32, [[None]]), "fully defined"),
            "names": raised(lambda: tf.FIFOQueue(4, tf.int32, names=["a", "b"]), "same length"),
        }


@program(graph=True)
def kinds(tf: Any) -> dict[str, Any]:
    shuffled = tf.RandomShuffleQueue(20, 2, tf.int32, [[]], seed=3)
    padded = tf.PaddingFIFOQueue(9, [tf.float32, tf.string], [[None, 2], [None]])
    ranked = tf.PriorityQueue(9, [tf.string], [[]])
    fill = [
        shuffled.enqueue_many([list(range(10))]),
        padded.enqueue([ramp(3, 2), ["a"]]),
        ranked.enqueue_many([np.array([5, 1, 3]), ["five", "one", "three"]]),
    ]
    close = [shuffled.close(), ranked.close(cancel_pending_enqueues=True)]
    more = padded.enqueue([ramp(1, 2), ["b", "c"]])
    mixed = [shuffled.dequeue_many(8), shuffled.dequeue_up_to(9)]
    batch = padded.dequeue_many(2)
    first, rest = ranked.dequeue(), ranked.dequeue_many(2)
    with tf.Session() as session:
        for operation in (*fill, more):
            session.run(operation)
        taken = [session.run(mixed[0])]
        session.run(close)
        taken.append(session.run(mixed[1]))
        sizes = [len(each) for each in taken]
        found = session.run({"floats": batch[0], "texts": batch[1], "first": first[0]})
        found["rest"] = session.run(rest[1])
        found["all of them"] = np.sort(np.concatenate(taken))
    shapes = [str(tensor.shape) for tensor in (*mixed, *batch, *first, *rest)]
    return {**found, "sizes": sizes, "shapes": shapes}


@program(graph=True)
def producers(tf: Any) -> dict[str, Any]:
    names = tf.train.string_input_producer(["a", "b", "c"], num_epochs=2, shuffle=False)
    numbers = tf.train.range_input_producer(4, shuffle=False, capacity=2, name="numbers")
    rows = tf.train.slice_input_producer([ramp(3, 2), tf.constant([7, 8, 9])], shuffle=False)
    general = tf.train.input_producer(ramp(2, 3), num_epochs=1, shuffle=True, seed=1)
    return {
        "queues": [each.name for each in (names, numbers, general)],
        "rows": [str(each.shape) for each in rows],
        "runners": [len(tf.get_collection(key)) for key in ("queue_runners", "summaries")],
        "local": [each.name for each in tf.local_variables()],
        "empty": raised(lambda: tf.train.string_input_producer([]), "requires a non-null input"),
        "none": raised(lambda: tf.train.limit_epochs(1, num_epochs=0), "must be > 0 not 0"),
        "open": raised(
            lambda: tf.train.input_producer(tf.placeholder(tf.int32, [3, None])),
            "fully defined shape",
        ),
    }


@program(graph=True)
def batches(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(2, 3), name="x"), tf.constant("text", name="y")
    plain = tf.train.batch([x, y], 4, capacity=8)
    single = tf.train.batch([x], 2, allow_smaller_final_batch=True, name="single")
    rows = tf.train.batch({"x": x}, 2, enqueue_many=True, num_threads=3)
    padded = tf.train.batch(
        [tf.placeholder_with_default(ramp(3), [None])], 2, dynamic_pad=True, name="padded"
    )
    joined = tf.train.batch_join([[x, y], [x + 1, y]], 3)
    mixed = tf.train.shuffle_batch([x, y], 4, 10, 5, num_threads=2)
    both = tf.train.shuffle_batch_join([[x], [x]], 2, 10, 5, name="both")
    some = tf.train.maybe_batch([x], tf.constant([True, False]), 2, enqueue_many=True)
    shapes = [*plain, single, rows["x"], padded, *joined, *mixed, both, some]
    return {
        "shapes": [str(each.shape) for each in shapes],
        "names": [each.name for each in shapes],
        "runners": [
            [runner.name, len(runner.enqueue_ops), runner.close_op.name, runner.cancel_op.name]
            for runner in tf.get_collection("queue_runners")
        ],
        "capacity": raised(lambda: tf.train.shuffle_batch([x], 2, 5, 5), "must be bigger than"),
        "nothing": raised(lambda: tf.train.batch([], 2), "at least one tensor"),
        "vector": raised(lambda: tf.train.maybe_batch([x], [True], 2), "cannot be a vector"),
        "rank": raised(
            lambda: tf.train.batch([tf.placeholder(tf.int32)], 2), "infer Tensor's rank"
        ),
    }


@program(graph=True)
def sparse_batches(tf: Any) -> dict[str, Any]:
    sparse = tf.SparseTensor([[0, 1], [2, 0]], [1.5, 2.5], [3, 2])
    one = tf.train.batch([sparse, tf.constant(1)], 2, name="one")
    rows = tf.train.batch([sparse], 3, enqueue_many=True, name="rows")
    with tf.Session() as session:
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coord)
        values = session.run([one[0], rows])
        coord.request_stop()
        coord.join(threads)
    return {
        f"{index} {part}": getattr(value, part)
        for index, value in enumerate(values)
        for part in ("indices", "values", "dense_shape")
    }


@program
def whole_pipeline(tf: Any) -> dict[str, Any]:
    index = tf.train.range_input_producer(7, num_epochs=2, shuffle=False).dequeue()
    batch = tf.train.batch([index, index * index], 4, allow_smaller_final_batch=True)
    found = []
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coord)
        try:
            while not coord.should_stop():
                found.append(np.stack(session.run(batch)))
        except tf.errors.OutOfRangeError:
            ended = True
        coord.request_stop()
        coord.join(threads)
    return {"batches": found, "ended": ended, "joined": coord.joined}


@program
def coordinator(tf: Any) -> dict[str, Any]:
    coord = tf.train.Coordinator()
    before = coord.should_stop()
    with coord.stop_on_exception():
        raise ValueError("the reason")
    reasons = [raised(coord.raise_requested_exception, "the reason"), raised(coord.join, "reason")]
    coord.clear_stop()
    coord.request_stop(tf.errors.OutOfRangeError(None, None, "the end"))
    stopped = coord.should_stop()
    coord.join()
    return {
        "before": before,
        "asked": reasons[0],
        "joined": reasons[1],
        "stopped": stopped,
        "clean": coord.joined,
    }


@program
def chosen_queue(tf: Any) -> dict[str, Any]:
    queues = [tf.FIFOQueue(3, tf.int32, [[]], name=name) for name in ("a", "b")]
    index = tf.placeholder_with_default(1, [])
    chosen = tf.QueueBase.from_list(index, queues)
    put, sizes = chosen.enqueue(5), [each.size() for each in queues]
    with tf.Session() as session:
        session.run(put)
        return {
            "sizes": session.run(sizes),
            "taken": session.run(queues[1].dequeue()),
            "types": raised(
                lambda: tf.QueueBase.from_list(0, [queues[0], tf.FIFOQueue(3, tf.int64)]),
                "do not have matching component dtypes",
            ),
        }


@program
def time_limits(tf: Any) -> dict[str, Any]:
    queue = tf.FIFOQueue(1, tf.int32, [[]])
    put, take = queue.enqueue(1), queue.dequeue()
    options = tf.RunOptions(timeout_in_ms=50)
    with tf.Session() as session:
        found = {"run": raised(lambda: session.run(take, options=options))}
    with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=50)) as session:
        session.run(put)
        found["session"] = raised(lambda: session.run(put))
        found["element"] = session.run(take)
    return found
