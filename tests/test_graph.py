"""Building graphs: names, scopes, control edges, devices, collections, look-ups."""

from __future__ import annotations

import threading

import pytest

import flowgraph as tf


@pytest.fixture(autouse=True)
def graph() -> object:
    with tf.Graph().as_default() as graph:
        yield graph


def names() -> list[str]:
    return [op.name for op in tf.get_default_graph().get_operations()]


def test_names_are_made_unique_in_order() -> None:
    assert [tf.no_op(name="a").name for _ in range(3)] == ["a", "a_1", "a_2"]
    assert tf.no_op(name="a_1").name == "a_1_1"
    assert tf.no_op(name="A").name == "A_3"


def test_scopes_prefix_and_are_unique_themselves() -> None:
    with tf.name_scope("s") as first:
        assert first == "s/"
        assert tf.no_op(name="x").name == "s/x"
        with tf.name_scope("t"):
            assert tf.no_op(name="x").name == "s/t/x"
    with tf.name_scope("s") as second:
        assert second == "s_1/"
    with tf.name_scope("s/"):
        assert tf.no_op(name="x").name == "s/x_1"
    with tf.name_scope("outer"), tf.name_scope(None):
        assert tf.no_op(name="top").name == "top"
    with tf.name_scope(None, "default", [tf.constant(1)]):
        assert tf.no_op(name="x").name == "default/x"


def test_names_must_be_valid() -> None:
    for bad in ("_x", "a b", "a:0", ""):
        with pytest.raises(ValueError, match="not a valid"):
            tf.get_default_graph()._op_name(bad)
    with pytest.raises(ValueError, match="not a valid scope name"), tf.name_scope("a b"):
        pass


def test_tensors_print_as_in_tf1() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    assert repr(x) == "<tf.Tensor 'Placeholder:0' shape=(?, 3) dtype=float32>"
    assert str(x) == 'Tensor("Placeholder:0", shape=(?, 3), dtype=float32)'
    assert str(tf.placeholder(tf.int32)) == 'Tensor("Placeholder_1:0", dtype=int32)'
    assert str(tf.constant("Hello World")) == 'Tensor("Const:0", shape=(), dtype=string)'


def test_control_edges() -> None:
    a, b = tf.no_op(name="a"), tf.no_op(name="b")
    with tf.control_dependencies([a]):
        inner = tf.no_op()
        with tf.control_dependencies([b]):
            both = tf.no_op()
        with tf.control_dependencies(None):
            free = tf.no_op()
    assert inner.control_inputs == [a]
    assert both.control_inputs == [a, b]
    assert free.control_inputs == []


def test_an_op_that_reads_one_of_the_context_needs_no_edge_of_its_own() -> None:
    a = tf.no_op(name="a")
    with tf.control_dependencies([a]):
        first = tf.constant(1.0)
        second = tf.identity(first)
    assert first.op.control_inputs == [a]
    assert second.op.control_inputs == []


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("/cpu:0", "/gpu:1", "/device:GPU:1"),
        ("/job:worker/task:1", "/cpu:0", "/job:worker/task:1/device:CPU:0"),
        ("/device:GPU:0", None, ""),
        ("/job:ps", "/job:worker", "/job:worker"),
        ("/cpu:0", lambda op: "/gpu:2", "/device:GPU:2"),
    ],
)
def test_devices_merge(outer: object, inner: object, expected: str) -> None:
    with tf.device(outer), tf.device(inner):
        assert tf.no_op().device == expected


def test_a_bad_device_fails_where_it_is_named() -> None:
    with pytest.raises(ValueError, match="Unknown attribute"), tf.device("/nonsense"):
        pass


def test_collections_filter_by_scope() -> None:
    with tf.name_scope("tower_1"):
        one = tf.constant(1)
    with tf.name_scope("tower_2"):
        two = tf.constant(2)
    for each in (one, two):
        tf.add_to_collection("mine", each)
    assert tf.get_collection("mine") == [one, two]
    assert tf.get_collection("mine", "tower_2") == [two]
    assert tf.get_collection("none") == []
    tf.get_collection("mine").clear()
    assert len(tf.get_collection("mine")) == 2


def test_look_ups() -> None:
    x = tf.constant(1.0, name="x")
    graph = tf.get_default_graph()
    assert graph.get_tensor_by_name("x:0") is x
    assert graph.get_operation_by_name("x") is x.op
    assert graph.as_graph_element("x:0") is x
    for name, error in [
        ("x", ValueError),
        ("y:0", KeyError),
        ("x:1", KeyError),
        ("x:a", ValueError),
    ]:
        with pytest.raises(error):
            graph.get_tensor_by_name(name)
    with pytest.raises(TypeError):
        graph.get_tensor_by_name(3)
    with pytest.raises(KeyError):
        graph.get_operation_by_name("y")
    with pytest.raises(ValueError, match="not an element of this graph"):
        tf.Graph().as_graph_element(x)


def test_a_finalized_graph_is_closed() -> None:
    tf.get_default_graph().finalize()
    with pytest.raises(RuntimeError, match="finalized"):
        tf.constant(1)
    with pytest.raises(RuntimeError, match="finalized"):
        tf.add_to_collection("mine", 1)


def test_the_default_graph_belongs_to_the_thread() -> None:
    found = []
    outer = tf.get_default_graph()
    thread = threading.Thread(target=lambda: found.append(tf.get_default_graph()))
    thread.start()
    thread.join()
    assert found[0] is not outer


def test_the_default_graph_cannot_be_reset_inside_another() -> None:
    with pytest.raises(AssertionError, match="nested"):
        tf.reset_default_graph()


def test_tensors_of_two_graphs_do_not_mix() -> None:
    x = tf.constant(1.0)
    with tf.Graph().as_default():
        y = tf.constant(2.0)
    with pytest.raises(ValueError, match="must be from the same graph"):
        tf.add(x, y)


@pytest.mark.parametrize(
    ("build", "error", "words"),
    [
        (lambda: tf.matmul(tf.ones((2, 3)), tf.ones((2, 3))), ValueError, r"3 and 2 .*\[2,3\]"),
        (lambda: tf.add(tf.ones(2), tf.ones(3)), ValueError, "2 and 3"),
        (lambda: tf.ones(2) + tf.constant([1, 2]), ValueError, "requested dtype float32"),
        (lambda: tf.matmul(tf.ones((2, 2)), tf.eye(2, dtype=tf.float64)), TypeError, "float64"),
        (lambda: tf.constant(1.5, tf.int32), TypeError, "Expected int32"),
        (lambda: tf.constant([[1], [2, 3]]), ValueError, "dense tensor"),
        (lambda: tf.constant(None), ValueError, "None values not supported"),
        (lambda: tf.logical_and(tf.ones(2), True), TypeError, "float32"),
    ],
)
def test_mistakes_show_while_building(build: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        build()  # type: ignore[operator]


def test_a_build_error_names_the_users_line() -> None:
    with pytest.raises(ValueError, match=r"test_graph\.py:\d+"):
        tf.matmul(tf.ones((2, 3)), tf.ones((2, 3)))


def test_an_op_knows_the_users_line() -> None:
    frame = tf.sigmoid(tf.ones(2)).op.user_frame
    assert frame is not None
    assert frame.filename == __file__
    assert "tf.sigmoid" in frame.line


def test_bool_iteration_and_len_of_a_tensor_explain_themselves() -> None:
    x = tf.placeholder(tf.float32, [None])
    for act in (bool, len, iter):
        with pytest.raises(TypeError):
            act(x)
    assert len(list(tf.ones((3, 2)))) == 3


def test_shape_values_travel_through_tensors() -> None:
    x = tf.placeholder(tf.float32, [None, 4, 6])
    fixed = tf.placeholder(tf.float32, [5, 4, 6])
    assert tf.reshape(fixed, [tf.shape(fixed)[0], -1]).shape.as_list() == [5, 24]
    assert tf.reshape(x, tf.stack([tf.shape(x)[0], 24])).shape.as_list() == [None, 24]
    assert tf.reshape(x, tf.concat([tf.shape(x)[:1], [3, 8]], 0)).shape.as_list() == [None, 3, 8]
    assert tf.zeros(tf.shape(x)[1:]).shape.as_list() == [4, 6]
    assert tf.reshape(tf.ones((2, 6)), [-1, 4]).shape.as_list() == [3, 4]


def test_set_shape_refines_and_refuses_contradiction() -> None:
    x = tf.placeholder(tf.float32)
    x.set_shape([None, 3])
    x.set_shape([2, None])
    assert x.shape.as_list() == [2, 3]
    with pytest.raises(ValueError, match="not compatible"):
        x.set_shape([3, 3])


def test_consumers() -> None:
    x = tf.constant(1.0)
    y = tf.identity(x)
    assert x.consumers() == [y.op]


def test_a_registered_type_stands_for_a_tensor() -> None:
    class Layer:
        def __init__(self, value: float) -> None:
            self.value = value

    tf.register_tensor_conversion_function(
        Layer, lambda value, dtype=None, name=None, as_ref=False: tf.constant(value.value)
    )
    total = tf.add(Layer(1.0), tf.constant(2.0))
    packed = tf.stack([Layer(3.0), total])
    with tf.Session() as session:
        assert session.run(packed).tolist() == [3.0, 3.0]
