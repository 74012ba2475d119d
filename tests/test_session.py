"""`Session`: fetches, feeds, order of reads and writes, ownership of arrays, errors, threads."""

from __future__ import annotations

import collections
import threading

import numpy as np
import pytest

import flowgraph as tf

Pair = collections.namedtuple("Pair", ["first", "second"])


@pytest.fixture(autouse=True)
def graph() -> object:
    with tf.Graph().as_default() as graph:
        yield graph


def test_fetches_come_back_in_their_structure() -> None:
    a, b = tf.constant(1), tf.constant([2.0, 3.0])
    op = tf.no_op()
    with tf.Session() as session:
        assert session.run(a) == 1
        assert session.run(op) is None
        assert session.run([a, op]) == [1, None]
        assert session.run("Const:0") == 1
        result = session.run({"x": a, "y": (a, [b]), "z": Pair(a, a)})
    assert list(result) == ["x", "y", "z"]
    assert result["y"][1][0].tolist() == [2.0, 3.0]
    assert result["z"] == Pair(1, 1)
    assert isinstance(result["y"], tuple)


def test_scalars_are_numpy_scalars_and_strings_bytes() -> None:
    with tf.Session() as session:
        for value, kind in [(1.5, np.float32), (3, np.int32), (True, np.bool_)]:
            assert type(session.run(tf.constant(value))) is kind
        assert session.run(tf.constant("text")) == b"text"
        assert session.run(tf.constant(["a", "b"])).tolist() == [b"a", b"b"]


@pytest.mark.parametrize(
    ("fetch", "error"),
    [
        (None, TypeError),
        (3, TypeError),
        ([None], TypeError),
        ("missing:0", ValueError),
        ({"a": object()}, TypeError),
    ],
)
def test_bad_fetches(fetch: object, error: type[Exception]) -> None:
    tf.constant(1)
    with tf.Session() as session, pytest.raises(error, match="Fetch argument"):
        session.run(fetch)


def test_fetch_of_another_graph() -> None:
    tf.constant(1)
    with tf.Graph().as_default():
        foreign = tf.constant(1)
    with tf.Session() as session, pytest.raises(ValueError, match="not an element of this graph"):
        session.run(foreign)


def test_feeds_convert_to_the_placeholders_type() -> None:
    x = tf.placeholder(tf.float32, [None])
    with tf.Session() as session:
        for value in ([1, 2], (1.0, 2.0), np.array([1, 2], np.int64), [np.float64(1), 2]):
            fetched = session.run(x * 2, {x: value})
            assert fetched.dtype == np.float32
            assert fetched.tolist() == [2.0, 4.0]


def test_any_tensor_may_be_fed() -> None:
    a = tf.constant(1.0)
    b = a + 1
    c = b * 10
    with tf.Session() as session:
        assert session.run(c, {b: 5.0}) == 50.0
        assert session.run([b, c], {b: 5.0}) == [5.0, 50.0]
        assert session.run(c, {"add:0": 6.0}) == 60.0


def test_only_what_is_fetched_runs() -> None:
    x = tf.placeholder(tf.float32)
    a = tf.constant(2.0)
    with tf.Session() as session:
        assert session.run(a) == 2.0
        with pytest.raises(
            tf.errors.InvalidArgumentError,
            match=r"You must feed a value for placeholder tensor 'Placeholder' with dtype float",
        ) as caught:
            session.run(a + x)
    assert caught.value.op is x.op
    assert "test_session.py" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (np.zeros((2, 4)), ValueError, "Cannot feed value of shape"),
        ([[1.0], [2.0, 3.0]], ValueError, "Cannot feed"),
        (["a"], (TypeError, ValueError), "Cannot feed"),
    ],
)
def test_bad_feed_values(value: object, error: type[Exception], words: str) -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    with tf.Session() as session, pytest.raises(error, match=words):
        session.run(x + 1, {x: value})


def test_bad_feed_keys() -> None:
    x = tf.placeholder(tf.float32)
    with tf.Session() as session:
        with pytest.raises(TypeError, match=r"cannot be a tf\.Tensor object"):
            session.run(x, {x: tf.constant(1.0)})
        with pytest.raises(TypeError):
            session.run(x, {np.zeros(3).tobytes: 1.0})
        with pytest.raises(TypeError, match="Cannot interpret feed_dict key"):
            session.run(x, {"nothing:0": 1.0})


def test_fed_arrays_are_never_written_and_fetched_ones_are_the_callers() -> None:
    x = tf.placeholder(tf.float32, [3])
    variable = tf.Variable(tf.ones(3))
    fetches = [x, tf.identity(x), tf.reshape(x, [1, 3]), variable, tf.constant([1.0, 2.0])]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            given = np.array([1, 2, 3], np.float32)
            results = session.run(fetches, {x: given})
            kept = [each.copy() for each in results]
            for each in results:
                each += 1
            assert given.tolist() == [1, 2, 3]
            again = session.run(fetches, {x: given})
            for before, after in zip(kept, again, strict=True):
                np.testing.assert_array_equal(before, after)


def test_fetched_arrays_do_not_change_in_later_runs() -> None:
    x = tf.placeholder(tf.float32, [4])
    y = tf.exp(x) + tf.square(x)
    with tf.Session() as session:
        results = [session.run([y, tf.reshape(y, [2, 2])], {x: np.full(4, i)}) for i in range(5)]
    for i, (flat, square) in enumerate(results):
        np.testing.assert_allclose(flat, np.full(4, np.exp(np.float32(i)) + i * i), rtol=1e-6)
        np.testing.assert_array_equal(flat.reshape(2, 2), square)


def test_the_loss_is_that_from_before_the_update_wherever_it_was_built() -> None:
    variable = tf.Variable(1.0)
    early = variable * 10
    train = variable.assign_add(1.0)
    late = variable * 10
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for step in range(1, 50):
            assert session.run([early, train, late]) == [step * 10, step + 1, step * 10]


def test_a_reader_behind_a_control_edge_sees_the_update() -> None:
    variable = tf.Variable(1.0)
    update = variable.assign(5.0)
    with tf.control_dependencies([update]):
        after = variable + 1
        copied = tf.identity(variable)
    before = variable + 1
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(variable.initializer)
            assert session.run([before, after, copied]) == [2.0, 6.0, 5.0]


def test_a_value_read_stays_while_the_variable_changes() -> None:
    variable = tf.Variable([1.0, 2.0])
    old = tf.identity(variable)
    with tf.control_dependencies([old]):
        update = variable.assign([7.0, 8.0])
    with tf.control_dependencies([update]):
        both = tf.stack([old, variable.read_value()])
    with tf.Session() as session:
        for _ in range(3):
            session.run(variable.initializer)
            assert session.run(both).tolist() == [[1.0, 2.0], [7.0, 8.0]]


def test_swapping_two_variables() -> None:
    a, b = tf.Variable(1.0), tf.Variable(2.0)
    old_a, old_b = tf.identity(a), tf.identity(b)
    with tf.control_dependencies([old_a, old_b]):
        swap = tf.group(a.assign(old_b), b.assign(old_a))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(swap)
        assert session.run([a, b]) == [2.0, 1.0]


def test_variables_belong_to_the_session() -> None:
    variable = tf.Variable(0.0)
    first, second = tf.Session(), tf.Session()
    for session in (first, second):
        session.run(variable.initializer)
    first.run(variable.assign(3.0))
    assert (first.run(variable), second.run(variable)) == (3.0, 0.0)


def test_an_uninitialized_variable() -> None:
    variable = tf.Variable(1.0, name="W")
    with tf.Session() as session:
        for fetch in (variable, variable + 1, variable.assign_add(1.0)):
            with pytest.raises(
                tf.errors.FailedPreconditionError,
                match="Attempting to use uninitialized value W",
            ):
                session.run(fetch)


def test_a_failing_kernel_names_op_shapes_and_line() -> None:
    x = tf.placeholder(tf.float32)
    y = tf.reshape(x, [2, 2], name="bad")
    with tf.Session() as session:
        for _ in range(3):
            with pytest.raises(tf.errors.InvalidArgumentError) as caught:
                session.run(y, {x: np.zeros(3)})
            assert caught.value.op is y.op
            for words in ("bad", "float32[3]", "test_session.py"):
                assert words in str(caught.value)
        assert session.run(y, {x: np.ones(4)}).tolist() == [[1, 1], [1, 1]]


def test_a_closed_session() -> None:
    x = tf.constant(1)
    session = tf.Session()
    session.run(x)
    session.close()
    with pytest.raises(RuntimeError, match="closed Session"):
        session.run(x)


def test_an_empty_graph() -> None:
    with tf.Session() as session, pytest.raises(RuntimeError, match="graph is empty"):
        session.run("x:0")


def test_default_sessions() -> None:
    x = tf.constant(4)
    with pytest.raises(ValueError, match="No default session"):
        x.eval()
    with tf.Session() as session:
        assert x.eval() == 4
        assert tf.get_default_session() is session
    other = tf.Session()
    assert x.eval(session=other) == 4
    with tf.Graph().as_default():
        y = tf.constant(1)
        with pytest.raises(ValueError, match="different graph"):
            y.eval(session=other)
    interactive = tf.InteractiveSession()
    assert x.eval() == 4
    interactive.close()


def test_the_graph_may_grow_after_the_first_run() -> None:
    x = tf.constant(1.0)
    with tf.Session() as session:
        for i in range(5):
            x = x + 1
            assert session.run(x) == i + 2


def test_a_control_edge_added_later_is_obeyed() -> None:
    variable = tf.Variable(0.0)
    bump = variable.assign_add(1.0)
    target = tf.no_op()
    with tf.Session() as session:
        session.run(variable.initializer)
        session.run(target)
        target._add_control_input(bump.op)
        session.run(target)
        assert session.run(variable) == 1.0


def test_make_callable() -> None:
    a, b = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    with tf.Session() as session:
        call = session.make_callable([a + b, a * b], feed_list=[a, b])
        assert call(2.0, 5.0) == [7.0, 10.0]
        assert call(3.0, 5.0) == [8.0, 15.0]
        with pytest.raises(TypeError, match="takes 2 values"):
            call(1.0)


def test_partial_run_computes_each_op_once() -> None:
    a, b, c = (tf.placeholder(tf.float32, []) for _ in range(3))
    counter = tf.Variable(0.0)
    count = counter.assign_add(1.0)
    with tf.control_dependencies([count]):
        first = a + b
    second = first * c
    with tf.Session() as session:
        session.run(counter.initializer)
        handle = session.partial_run_setup([first, second], [a, b, c])
        assert session.partial_run(handle, first, {a: 1.0, b: 2.0}) == 3.0
        assert session.partial_run(handle, second, {c: 4.0}) == 12.0
        assert session.run(counter) == 1.0
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.partial_run(handle, second, {c: 4.0})


def test_run_metadata_names_every_op_once_with_its_time() -> None:
    x = tf.placeholder(tf.float32, [8])
    y = tf.reduce_sum(tf.exp(x) * tf.exp(x + 1), name="total")
    metadata = tf.RunMetadata()
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    with tf.Session() as session:
        session.run(y, {x: np.ones(8)}, options=options, run_metadata=metadata)
    nodes = [n.node_name for d in metadata.step_stats.dev_stats for n in d.node_stats]
    assert len(nodes) == len(set(nodes))
    assert "total" in nodes
    stats = metadata.step_stats.dev_stats[0].node_stats[-1]
    assert stats.all_end_rel_nanos > 0
    assert stats.output[0].tensor_description.dtype == 1


def test_explain_shows_the_passes() -> None:
    x = tf.placeholder(tf.float32, [2, 2])
    y = tf.identity(x) * 1 + tf.exp(x) * tf.exp(x)
    with tf.Session() as session:
        text = session.explain(y, {x: np.ones((2, 2))})
    lowered, final = text.split("== passes ==")
    assert lowered.count("Exp(") == 2
    assert final.rsplit("== after", 1)[1].count("Exp(") == 1
    assert "arena" in text


def test_the_optimizer_can_be_switched_off() -> None:
    config = tf.ConfigProto()
    config.graph_options.optimizer_options.opt_level = tf.OptimizerOptions.L0
    x = tf.placeholder(tf.float32, [2])
    y = (tf.identity(x) * 1) / 2
    with tf.Session(config=config) as session:
        for _ in range(3):
            assert session.run(y, {x: [2, 4]}).tolist() == [1, 2]


def test_many_threads_share_a_session() -> None:
    x = tf.placeholder(tf.float32, [50, 50])
    y = tf.matmul(tf.tanh(x), x) + tf.exp(x)
    session = tf.Session()
    inputs = [np.full((50, 50), i / 10, np.float32) for i in range(4)]
    expected = [session.run(y, {x: value}) for value in inputs]
    wrong = []

    def work(index: int) -> None:
        for _ in range(50):
            if not np.array_equal(session.run(y, {x: inputs[index]}), expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_wrong_arguments_of_the_constructor() -> None:
    with pytest.raises(TypeError, match="graph=") as caught:
        tf.Session(tf.Graph())
    assert "target must be a string" in str(caught.value)
    with pytest.raises(TypeError, match="ConfigProto"):
        tf.Session(config=3)


def test_a_control_dependency_on_a_fed_placeholder_is_met() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [])
        with tf.control_dependencies([x]):
            y = tf.constant(2.0) + 1.0
        assert session.run(y, {x: 1}) == 3
        with pytest.raises(tf.errors.InvalidArgumentError, match="must feed"):
            session.run(y)
