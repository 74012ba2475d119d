"""Graphs as messages: GraphDef and MetaGraphDef, written, read, and exchanged with TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flowgraph as tf
from flowgraph import dtypes, protos
from flowgraph.formats.attributes import op_def_proto
from flowgraph.formats.tensors import make_ndarray, make_tensor_proto
from flowgraph.graph.opdef import lookup

# A regression network with Adam, trained for three steps and saved by tensorflow-cpu 2.21.
FROM_TENSORFLOW = Path(__file__).parent / "data" / "saved_by_tf"


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    with tf.Graph().as_default() as made:
        yield made


def small_graph() -> Any:
    """The GraphDef of a graph with a variable, a device, a colocation and a control edge."""
    with tf.Graph().as_default() as made:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        with tf.device("/cpu:0"):
            w = tf.Variable([[1.0], [2.0]], name="W")
        y = tf.matmul(x, w, name="y")
        with tf.control_dependencies([y]):
            tf.identity(w, name="after")
        return made.as_graph_def()


def test_nodes_of_a_graph_def() -> None:
    nodes = {node.name: node for node in small_graph().node}
    assert list(nodes["y"].input) == ["x", "W/read"]
    assert nodes["y"].attr["T"].type == protos.DataType.Value("DT_FLOAT")
    assert not nodes["y"].attr["transpose_a"].b and "transpose_a" in nodes["y"].attr
    assert nodes["W"].device == "/device:CPU:0"
    assert list(nodes["W/Assign"].attr["_class"].list.s) == [b"loc:@W"]
    assert list(nodes["after"].input) == ["W/read", "^y"]
    assert [dim.size for dim in nodes["x"].attr["shape"].shape.dim] == [-1, 2]


def test_node_def_of_an_operation() -> None:
    value = tf.constant([[1, 2]], name="c")
    assert value.op.node_def.attr["value"].tensor.dtype == protos.DataType.Value("DT_INT32")
    assert 'name: "c"' in str(value.op)


def test_output_shapes() -> None:
    tf.placeholder(tf.float32, [None, 2], name="x")
    tf.placeholder(tf.float32, name="any")
    nodes = tf.get_default_graph().as_graph_def(add_shapes=True).node
    first, second = (node.attr["_output_shapes"].list.shape[0] for node in nodes)
    assert [dim.size for dim in first.dim] == [-1, 2]
    assert second.unknown_rank


def test_import_gives_the_same_graph_def() -> None:
    message = small_graph()
    tf.import_graph_def(message, name="")
    assert tf.get_default_graph().as_graph_def() == message


def test_import_into_a_scope(graph: Any) -> None:
    message = small_graph()
    y, w = tf.import_graph_def(message, return_elements=["y:0", "W"])
    assert (y.name, w.name) == ("import/y:0", "import/W")
    assert y.shape.as_list() == [None, 1]
    assign = graph.get_operation_by_name("import/W/Assign")
    assert assign.colocation_groups() == [b"loc:@import/W"]
    after = graph.get_operation_by_name("import/after")
    assert [op.name for op in after.control_inputs] == ["import/y"]
    assert tf.import_graph_def(message) is None
    assert graph.get_operation_by_name("import_1/y").type == "MatMul"
    with tf.Session() as session:
        session.run("import/W/Assign")
        np.testing.assert_array_equal(session.run(y, {"import/x:0": [[1, 1]]}), [[3]])


def test_input_map() -> None:
    x = tf.constant([[10.0, 1.0]])
    (y,) = tf.import_graph_def(
        small_graph(), input_map={"x": x, "W/read:0": [[1.0], [3.0]]}, return_elements=["y:0"]
    )
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(y), [[13]])


def test_nodes_may_come_in_any_order() -> None:
    message = small_graph()
    nodes = list(message.node)[::-1]
    reversed_message = protos.GraphDef(node=nodes, versions=message.versions)
    (y,) = tf.import_graph_def(reversed_message, return_elements=["y:0"], name="")
    assert y.op.inputs[0].name == "x:0"


def test_import_keeps_gradient_overrides(graph: Any) -> None:
    with graph.gradient_override_map({"Square": "Mine"}):
        tf.square(1.0, name="s")
    message = graph.as_graph_def()
    assert message.node[-1].attr["_gradient_op_type"].s == b"Mine"
    with tf.Graph().as_default() as other:
        tf.import_graph_def(message, name="")
        assert other.get_operation_by_name("s")._gradient_override == "Mine"


def node(**fields: Any) -> Any:
    """A GraphDef of one node."""
    return protos.GraphDef(node=[protos.NodeDef(**fields)])


def changed(name: str, change: Any) -> Any:
    message = small_graph()
    change(next(each for each in message.node if each.name == name))
    return message


def test_import_errors(graph: Any) -> None:
    message = small_graph()
    with pytest.raises(TypeError, match=r"graph_def must be a GraphDef proto\."):
        tf.import_graph_def("no message")
    with pytest.raises(TypeError, match="input_map must be a dictionary"):
        tf.import_graph_def(message, input_map=[1])
    with pytest.raises(TypeError, match=r"return_elements must be a list of strings\."):
        tf.import_graph_def(message, return_elements=[7])
    with pytest.raises(ValueError, match=r"Attempted to map inputs that were not found.*\[u:0\]"):
        tf.import_graph_def(message, input_map={"u": tf.constant(1.0)})
    with pytest.raises(ValueError, match="Requested return_element 'z' not found"):
        tf.import_graph_def(message, return_elements=["z"])
    with pytest.raises(ValueError, match="requires a non-empty `name`"):
        tf.import_graph_def(message, input_map={"x": 1.0}, name="")
    with pytest.raises(tf.errors.NotFoundError, match="Op type not registered 'NoSuchOp'"):
        tf.import_graph_def(node(name="n", op="NoSuchOp"))
    with pytest.raises(ValueError, match="missing attr 'dtype' from Op Placeholder"):
        tf.import_graph_def(node(name="n", op="Placeholder"))
    with pytest.raises(ValueError, match="Unknown input node 'm'"):
        tf.import_graph_def(node(name="n", op="NoOp", input=["^m"]))
    with pytest.raises(ValueError, match="cycle through the node 'n'"):
        tf.import_graph_def(node(name="n", op="NoOp", input=["^n"]))
    tf.import_graph_def(message, name="")
    with pytest.raises(ValueError, match=r"Node name '.*' already exists in the Graph"):
        tf.import_graph_def(message, name="")


def test_import_checks_nodes_against_their_declarations() -> None:
    def another_input(y: Any) -> None:
        y.input.append("x")

    def another_type(y: Any) -> None:
        y.attr["T"].type = protos.DataType.Value("DT_DOUBLE")

    def another_attribute(y: Any) -> None:
        y.attr["novel"].i = 3

    def another_kind(y: Any) -> None:
        y.attr["transpose_a"].i = 1

    def another_output(y: Any) -> None:
        y.input[0] = "x:1"

    for change, match in (
        (another_input, "expected 2 inputs of Op MatMul do not match the 3"),
        (another_type, "was passed float32 from .* incompatible with expected float64"),
        (another_attribute, "mentions attr 'novel' not in Op MatMul"),
        (another_kind, "AttrValue must have type bool, got i"),
        (another_output, "Connecting to invalid output 1 of source node x"),
    ):
        with pytest.raises(ValueError, match=match):
            tf.import_graph_def(changed("y", change))


def test_attributes_with_the_producers_default_are_dropped() -> None:
    def novel(y: Any) -> None:
        y.attr["novel"].i = 3

    producer = op_def_proto(lookup("MatMul"))
    producer.attr.add(name="novel", type="int").default_value.i = 3
    op_list = protos.OpList(op=[producer])
    (y,) = tf.import_graph_def(changed("y", novel), producer_op_list=op_list, return_elements=["y"])
    assert "novel" not in y.node_def.attr


@pytest.mark.parametrize("dtype", [d for d in dtypes.ALL_TYPES if d.kind != "O"], ids=str)
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0, 2)], ids=str)
def test_tensors_of_every_type(dtype: Any, shape: tuple[int, ...]) -> None:
    size = int(np.prod(shape))
    value = (np.arange(size) % 2 + 1).reshape(shape).astype(dtype.np)
    found = make_ndarray(make_tensor_proto(value))
    assert (found.dtype, found.shape) == (value.dtype, shape)
    np.testing.assert_array_equal(found, value)


@given(st.lists(st.binary(max_size=5), max_size=4))
def test_tensors_of_strings(strings: list[bytes]) -> None:
    found = make_ndarray(make_tensor_proto(np.array(strings, np.object_)))
    assert found.tolist() == strings


def test_the_last_value_fills_a_tensor() -> None:
    proto = make_tensor_proto(7.0, shape=[2, 2])
    assert list(proto.float_val) == [7.0]
    np.testing.assert_array_equal(make_ndarray(proto), np.full((2, 2), 7, np.float32))
    with pytest.raises(ValueError, match="Too many elements provided"):
        make_tensor_proto([1, 2, 3], shape=[2])
    proto.tensor_content = b"1234"
    with pytest.raises(ValueError, match="cannot have 1 elements"):
        make_ndarray(proto)


# -- MetaGraphDef


def trained_graph() -> Any:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("W", initializer=tf.constant([[1.0], [2.0]]))
    y = tf.matmul(x, w, name="y")
    step = tf.train.get_or_create_global_step()
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(y), global_step=step)
    tf.add_to_collection("outputs", y)
    tf.add_to_collection("rates", 0.5)
    tf.add_to_collection("counts", 3)
    tf.add_to_collection("notes", "text")
    return x


def test_meta_graph_restores_graph_collections_and_saver(tmp_path: Path) -> None:
    x = trained_graph()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run("Momentum", {x: [[1.0, 1.0]]})
        expected = session.run("y:0", {x: [[1.0, 2.0]]})
        path = str(tf.train.Saver().save(session, str(tmp_path / "model")))
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph(path + ".meta")
        assert [each.name for each in tf.trainable_variables()] == ["W:0"]
        assert [each.name for each in tf.get_collection("outputs")] == ["y:0"]
        assert tf.get_collection(tf.GraphKeys.TRAIN_OP)[0].name == "Momentum"
        assert tf.get_collection("rates") == [0.5] and tf.get_collection("counts") == [3]
        assert tf.get_collection("notes") == [b"text"]
        step = tf.train.get_global_step()
        with tf.Session() as session:
            saver.restore(session, path)
            found = session.run("y:0", {"x:0": [[1.0, 2.0]]})
            np.testing.assert_array_equal(found, expected)
            session.run("Momentum", {"x:0": [[1.0, 1.0]]})
            assert tf.train.global_step(session, step) == 2


def test_meta_graph_into_a_scope(tmp_path: Path) -> None:
    trained_graph()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = str(tf.train.Saver().save(session, str(tmp_path / "model")))
    with tf.Graph().as_default():
        saver = tf.train.import_meta_graph(path + ".meta", import_scope="twin")
        assert [each.name for each in tf.trainable_variables()] == ["twin/W:0"]
        with tf.Session() as session:
            saver.restore(session, path)
            np.testing.assert_array_equal(session.run("twin/W:0"), [[1], [2]])


def test_meta_graph_without_saver() -> None:
    trained_graph()
    meta = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        assert tf.train.import_meta_graph(meta) is not None
    with tf.Graph().as_default():
        tf.constant(1.0)
        empty = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        assert tf.train.import_meta_graph(empty) is None


def test_export_options(tmp_path: Path) -> None:
    with tf.device("/cpu:0"):
        x = trained_graph()
    path = str(tmp_path / "graph.pbtxt")
    meta = tf.train.export_meta_graph(
        path, as_text=True, clear_devices=True, strip_default_attrs=True, collection_list=["rates"]
    )
    assert list(meta.collection_def) == ["rates"]
    assert not any(node.device for node in meta.graph_def.node)
    matmul = next(node for node in meta.graph_def.node if node.name == "y")
    assert "transpose_a" not in matmul.attr and "T" in matmul.attr
    assert "MatMul" in [op.name for op in meta.meta_info_def.stripped_op_list.op]
    with tf.Graph().as_default() as other:
        tf.train.import_meta_graph(path)
        assert other.get_tensor_by_name(x.name).shape.as_list() == [None, 2]


def test_export_of_a_scope() -> None:
    with tf.variable_scope("inner"):
        w = tf.get_variable("W", [2])
        tf.square(w, name="s")
    meta = tf.train.export_meta_graph(export_scope="inner")
    assert "s" in [node.name for node in meta.graph_def.node]
    with tf.Graph().as_default():
        tf.train.import_meta_graph(meta, import_scope="moved")
        assert [each.name for each in tf.trainable_variables()] == ["moved/W:0"]
    with tf.name_scope("reader"):
        tf.identity(w)
    with pytest.raises(ValueError, match="Graph contains unbound inputs"):
        tf.train.export_meta_graph(export_scope="reader")


def test_meta_graph_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="does not exist"):
        tf.train.import_meta_graph(str(tmp_path / "nothing.meta"))
    path = tmp_path / "bad.meta"
    path.write_bytes(b"\xff\xff\xff")
    with pytest.raises(tf.errors.DataLossError, match="Cannot parse file"):
        tf.train.import_meta_graph(str(path))


def test_write_graph(tmp_path: Path, graph: Any) -> None:
    tf.constant(1.0, name="c")
    path = Path(tf.train.write_graph(graph, str(tmp_path / "new"), "graph.pb", as_text=False))
    assert protos.GraphDef.FromString(path.read_bytes()) == graph.as_graph_def()
    text = Path(tf.train.write_graph(graph.as_graph_def(), str(tmp_path), "graph.pbtxt"))
    assert 'name: "c"' in text.read_text()


def test_a_model_saved_by_tensorflow_runs_and_trains_on() -> None:
    prefix = str(FROM_TENSORFLOW / "model-3")
    expected = np.load(FROM_TENSORFLOW / "expected.npz")
    feed = {"x:0": expected["x"], "y:0": expected["y"]}
    saver = tf.train.import_meta_graph(prefix + ".meta")
    (logits,) = tf.get_collection("logits")
    (train,) = tf.get_collection(tf.GraphKeys.TRAIN_OP)
    with tf.Session() as session:
        saver.restore(session, prefix)
        np.testing.assert_allclose(session.run(logits, feed), expected["logits"], rtol=1e-6)
        session.run(train, feed)
        found = session.run(logits, feed)
        np.testing.assert_allclose(found, expected["logits_after_step"], rtol=2e-5, atol=1e-6)
        assert tf.train.global_step(session, tf.train.get_global_step()) == 4
