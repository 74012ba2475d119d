"""The graph itself: look-ups, collections, control dependencies, shapes, conversion of values."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


@program
def lookups(tf: Any) -> dict[str, Any]:
    graph = tf.get_default_graph()
    x = tf.constant(1.0, name="x")
    return {
        "tensor": graph.get_tensor_by_name("x:0") is x,
        "op": graph.get_operation_by_name("x") is x.op,
        "element": graph.as_graph_element("x:0") is x,
        "no tensor": raised(lambda: graph.get_tensor_by_name("y:0"), "does not exist"),
        "no output": raised(lambda: graph.get_tensor_by_name("x:1"), "outputs"),
        "op as tensor": raised(lambda: graph.get_tensor_by_name("x"), "not a Tensor|tensor names"),
        "tensor as op": raised(lambda: graph.get_operation_by_name("x:0"), "Tensor"),
        "no op": raised(lambda: graph.get_operation_by_name("y"), "not in the graph"),
        "number": raised(lambda: graph.get_tensor_by_name(3), "strings"),
        "object": raised(lambda: graph.as_graph_element(3), "Can not convert a int into a"),
    }


@program
def other_graphs(tf: Any) -> dict[str, Any]:
    here = tf.constant(1.0)
    with tf.Graph().as_default() as other:
        there = tf.constant(2.0)
    return {
        "add": raised(lambda: tf.add_n([here, there]), "same graph"),
        "element": raised(lambda: other.as_graph_element(here), "not an element of this graph"),
        "default": tf.get_default_graph() is here.graph,
        "graphs": here.graph is there.graph,
    }


@program
def finalized(tf: Any) -> dict[str, Any]:
    graph = tf.get_default_graph()
    tf.constant(1.0)
    graph.finalize()
    return {
        "flag": graph.finalized,
        "op": raised(lambda: tf.constant(1.0), "finalized and cannot be modified"),
        "collection": raised(lambda: graph.add_to_collection("a", 1), "finalized"),
    }


@program
def collections(tf: Any) -> dict[str, Any]:
    tf.add_to_collection("numbers", 1)
    tf.add_to_collection("numbers", 2)
    reference = tf.get_collection_ref("numbers")
    reference.append(3)
    tf.get_collection("numbers").append(4)
    tf.get_default_graph().add_to_collections(["a", "b"], "x")
    return {
        "numbers": tf.get_collection("numbers"),
        "a": tf.get_collection("a"),
        "none": tf.get_collection("none"),
        "keys": sorted(tf.get_default_graph().get_all_collection_keys()),
    }


@program
def control_inputs(tf: Any) -> dict[str, Any]:
    a, b = tf.constant(1.0, name="a"), tf.constant(2.0, name="b")
    with tf.control_dependencies([a]):
        c = tf.constant(3.0, name="c")
        with tf.control_dependencies([b.op]):
            d = tf.identity(a, name="d")
            e = tf.identity(c, name="e")
        with tf.control_dependencies(None):
            f = tf.identity(b, name="f")
    found = {t.op.name: [op.name for op in t.op.control_inputs] for t in (c, d, e, f)}
    return {"control": found}


@program
def control_order(tf: Any) -> dict[str, Any]:
    counter = tf.Variable(0.0)
    one = tf.assign_add(counter, 1.0)
    with tf.control_dependencies([one]):
        ten = tf.assign_add(counter, 10.0)
    with tf.control_dependencies([ten]):
        after = counter.read_value()
    return {"after": after}


@program(graph=True)
def groups_and_tuples(tf: Any) -> dict[str, Any]:
    a, b = tf.constant(1.0, name="a"), tf.constant(2.0, name="b")
    first, second = tf.tuple([a, b])
    group = tf.group(a, b, name="both")
    nested = tf.group([a, group])
    return {"first": first, "second": second, "group": group, "nested": nested}


@program
def static_shapes(tf: Any) -> dict[str, Any]:
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.placeholder(tf.float32)
    before = [str(x.shape), str(y.shape), str(x.get_shape().as_list())]
    y.set_shape([2, None])
    y.set_shape([None, 5])
    return {
        "before": before,
        "after": y.shape.as_list(),
        "wrong": raised(lambda: y.set_shape([3, 5]), "compatible|must be equal"),
        "dims": [x.shape.ndims, x.shape[1].value, x.shape[0].value],
        "defined": [x.shape.is_fully_defined(), tf.TensorShape([1, 2]).is_fully_defined()],
    }


@program
def tensor_shapes(tf: Any) -> dict[str, Any]:
    a, b = tf.TensorShape([None, 3]), tf.TensorShape([2, None])
    open_shape = tf.TensorShape(None)
    return {
        "text": [str(a), str(open_shape), repr(a), str(tf.TensorShape([4])), repr(tf.Dimension(3))],
        "merged": a.merge_with(b).as_list(),
        "compatible": [a.is_compatible_with(b), a.is_compatible_with([5, 4])],
        "joined": a.concatenate(b).as_list(),
        "elements": [a.num_elements(), tf.TensorShape([2, 3]).num_elements()],
        "ranks": [a.ndims, open_shape.ndims, a.with_rank(2).ndims],
        "sliced": a[1:].as_list(),
        "unmergeable": raised(lambda: a.merge_with([1, 4]), "not compatible"),
        "rank": raised(lambda: a.with_rank(3), "rank 3"),
        "list": raised(lambda: open_shape.as_list(), "unknown"),
    }


@program
def dimensions(tf: Any) -> dict[str, Any]:
    three, unknown = tf.Dimension(3), tf.Dimension(None)
    return {
        "values": [
            (three + 2).value,
            (three * three).value,
            (three // 2).value,
            (three + unknown).value,
        ],
        "compare": [three == 3, three == unknown, three != 4, three < 4],
        "text": [str(three), str(unknown), repr(unknown)],
        "merge": three.merge_with(unknown).value,
        "wrong": raised(lambda: three.merge_with(4), "not compatible"),
    }


@program
def texts(tf: Any) -> dict[str, Any]:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    return {
        "str": str(x),
        "repr": repr(x),
        "op": repr(x.op),
        "dtype": [str(tf.float32), repr(tf.int32), tf.string.name, str(tf.float32.as_numpy_dtype)],
        "variable": repr(tf.Variable(ramp(2, 3), name="v")),
    }


@program
def conversions(tf: Any) -> dict[str, Any]:
    return {
        "int": tf.convert_to_tensor(3),
        "float": tf.convert_to_tensor([1.0, 2]),
        "long": tf.convert_to_tensor(2**40),
        "double": tf.convert_to_tensor(np.float64(1.5)),
        "bool": tf.convert_to_tensor([True, False]),
        "text": tf.convert_to_tensor(["a", "größe"]),
        "complex": tf.convert_to_tensor(1 + 2j),
        "typed": tf.convert_to_tensor([1, 2], dtype=tf.float64),
        "preferred": tf.convert_to_tensor([1, 2], preferred_dtype=tf.float32),
        "packed": tf.convert_to_tensor([tf.constant(1), 2, tf.constant(3)]),
        "empty": tf.convert_to_tensor([]),
    }


@program
def failing_conversions(tf: Any) -> dict[str, Any]:
    return {
        "none": raised(lambda: tf.convert_to_tensor(None), "None values not supported"),
        "ragged": raised(lambda: tf.convert_to_tensor([[1], [2, 3]]), ""),
        "float to int": raised(lambda: tf.convert_to_tensor(1.5, dtype=tf.int32), "int32|float"),
        "text to float": raised(lambda: tf.constant("a", dtype=tf.float32), "float|str"),
        "dtype": raised(
            lambda: tf.convert_to_tensor(tf.constant(1), dtype=tf.float32),
            "Tensor conversion|dtype",
        ),
        "unknown dtype": raised(lambda: tf.as_dtype("no such"), "Cannot convert"),
    }


@program
def constants(tf: Any) -> dict[str, Any]:
    return {
        "filled": tf.constant(2.5, shape=[2, 2]),
        "extended": tf.constant([1, 2], shape=[2, 3]),
        "reshaped": tf.constant([1, 2, 3, 4], shape=[2, 2]),
        "bytes": tf.constant([b"\x00\xff", b""]),
        "half": tf.constant([1.5], tf.float16),
        "brain": tf.cast(tf.constant([1.5], tf.bfloat16), tf.float32),
        "scalar": tf.constant(True),
        "empty": tf.zeros([0, 3], tf.string),
        "too many": raised(lambda: tf.constant([1, 2, 3], shape=[2]), ""),
    }


@program
def python_use_of_tensors(tf: Any) -> dict[str, Any]:
    x = tf.constant([1.0, 2.0])
    return {
        "bool": raised(lambda: bool(x), "not allowed"),
        "length": raised(lambda: len(x), "len"),
    }


@program
def devices_and_colocation(tf: Any) -> dict[str, Any]:
    with tf.device("/job:worker/task:1"), tf.device("/gpu:0"):
        a = tf.constant(1.0, name="a")
        with tf.device(None):
            b = tf.constant(1.0, name="b")
    with tf.colocate_with(a):
        c = tf.constant(2.0, name="c")
    groups = [group.decode() for group in c.op.colocation_groups()]
    return {"devices": [a.device, b.device, c.device], "groups": groups}


@program
def seeds(tf: Any) -> dict[str, Any]:
    before = tf.get_seed(None)
    own = tf.get_seed(5)
    tf.set_random_seed(3)
    return {"before": before, "own": own, "graph": tf.get_seed(None), "both": tf.get_seed(5)}
