"""Graphs with TensorFlow 1's control flow compute here what they compute there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.graph.build import apply
from flowgraph.protos import GraphDef, MetaGraphDef, NodeDef
from support import archive
from support.oracle import FOLDER

RECORDED = archive.load(FOLDER / "v1_graphs.npz")["cases"]
DIFFERENTIATED = [name for name, case in RECORDED.items() if case["y"] is not None]
FLOAT, BOOL = tf.float32.as_datatype_enum, tf.bool.as_datatype_enum


def message_of(name: str) -> Any:
    return GraphDef.FromString(RECORDED[name]["graph"])


def placed(name: str, scope: str) -> str:
    return f"{scope}/{name}" if scope else name


def agree(found: Any, recorded: Any) -> None:
    assert found.dtype == recorded.dtype
    np.testing.assert_allclose(found, recorded, rtol=2e-5, atol=2e-6)


def check_values(case: dict[str, Any], scope: str = "") -> None:
    fetches = [placed(each, scope) for each in case["fetches"]]
    for result in case["results"]:
        feed = {placed(key, scope): value for key, value in result["feed"].items()}
        with tf.Session() as session:
            session.run(placed(case["init"], scope))
            for values in result["values"]:
                for found, recorded in zip(session.run(fetches, feed), values, strict=True):
                    agree(found, recorded)


@pytest.mark.parametrize("scope", ["", "again"])
@pytest.mark.parametrize("name", sorted(RECORDED))
def test_values_are_tensorflows(name: str, scope: str) -> None:
    with tf.Graph().as_default():
        tf.import_graph_def(message_of(name), name=scope)
        check_values(RECORDED[name], scope)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_what_was_imported_is_exported_and_imported_again(name: str) -> None:
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(message_of(name), name="")
    again = GraphDef.FromString(graph.as_graph_def().SerializeToString())
    assert not {"Switch", "Merge", "Enter", "Exit"} & {node.op for node in again.node}
    with tf.Graph().as_default():
        tf.import_graph_def(again, name="")
        check_values(RECORDED[name])


@pytest.mark.parametrize("name", DIFFERENTIATED)
def test_gradients_are_tensorflows(name: str) -> None:
    case = RECORDED[name]
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(message_of(name), name="")
        y, *xs = [graph.get_tensor_by_name(each) for each in (case["y"], *case["xs"])]
        gradients = tf.gradients(y, xs)
        for result in case["results"]:
            with tf.Session() as session:
                session.run(case["init"])
                for _ in result["values"]:
                    found = session.run(gradients, result["feed"])
                for each, recorded in zip(found, result["gradients"], strict=True):
                    agree(each, recorded)


def test_import_leaves_the_message_as_it_was() -> None:
    message = message_of("cond_in_loop")
    before = message.SerializeToString(deterministic=True)
    with tf.Graph().as_default():
        tf.import_graph_def(message, name="")
    assert message.SerializeToString(deterministic=True) == before


def test_static_shapes_are_those_that_every_turn_keeps() -> None:
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(message_of("growing"), name="growing")
        tf.import_graph_def(message_of("powers"), name="powers")
        tf.import_graph_def(message_of("plain_cond"), name="cond")
    assert graph.get_tensor_by_name("growing/while/Exit_1:0").shape.as_list() == [None, 2]
    assert graph.get_tensor_by_name("powers/while/Exit_1:0").shape.as_list() == [2, 2]
    assert graph.get_tensor_by_name("cond/cond/Merge:0").shape.as_list() == [3]
    assert graph.get_operation_by_name("powers/while/While").type == "While"


def test_assertions_fail() -> None:
    with tf.Graph().as_default():
        tf.import_graph_def(message_of("assertions"), name="")
        (fetch,) = RECORDED["assertions"]["fetches"]
        with tf.Session() as session:
            with pytest.raises(tf.errors.InvalidArgumentError, match="too small"):
                session.run(fetch, {"x:0": [-1.0, 4.0]})
            with pytest.raises(tf.errors.InvalidArgumentError, match="enough/AssertGuard"):
                session.run(fetch, {"x:0": [1.0]})


def test_loops_of_one_frame_name_stay_apart() -> None:
    message = message_of("counting")
    for node in message_of("counting").node:
        if node.name in ("n", "init"):
            continue
        twin = message.node.add()
        twin.CopyFrom(node)
        twin.name = "twin/" + node.name
        del twin.input[:]
        twin.input.extend([_moved(text) for text in node.input])
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(message, name="")
        fetches = ["while/Exit:0", "twin/while/Exit_1:0"]
        assert session.run(fetches, {"n:0": 4}) == [4, 6]


def _moved(text: str) -> str:
    if text == "n":
        return text
    return "^twin/" + text[1:] if text.startswith("^") else "twin/" + text


def test_a_meta_graph_forgets_what_described_the_raw_nodes() -> None:
    meta = MetaGraphDef()
    meta.graph_def.CopyFrom(message_of("powers"))
    meta.collection_def["while_context"].bytes_list.value.append(b"of TensorFlow")
    meta.collection_def["kept"].node_list.value.extend(["while/Exit_1:0", "while/Tanh:0"])
    with tf.Graph().as_default() as graph:
        with pytest.warns(UserWarning, match="while/Tanh:0"):
            tf.train.import_meta_graph(meta, import_scope="moved")
        assert graph.get_collection("while_context") == []
        assert [each.name for each in graph.get_collection("kept")] == ["moved/while/Exit_1:0"]


# Graphs made by hand: "name = Op(input, ...)", one line for each node.


def by_hand(*lines: str) -> Any:
    message = GraphDef()
    for line in lines:
        name, _, rest = line.partition(" = ")
        op, _, inputs = rest.removesuffix(")").partition("(")
        node = message.node.add(
            name=name, op=op, input=[each for each in inputs.split(", ") if each]
        )
        _set_attrs(node)
        if op == "Enter":
            node.attr["frame_name"].s = b"loop"
    return message


def _set_attrs(node: NodeDef) -> None:
    if node.op == "Placeholder":
        node.attr["dtype"].type = BOOL if node.name in "pqr" else FLOAT
        node.attr["shape"].shape.SetInParent()
    elif node.op != "LoopCond":
        node.attr["T"].type = FLOAT
    if node.op == "Merge":
        node.attr["N"].i = 2


SWITCHES = (
    "p = Placeholder()",
    "q = Placeholder()",
    "x = Placeholder()",
    "y = Placeholder()",
    "sx = Switch(x, p)",
    "sy = Switch(y, p)",
)
LOOP = (
    "x = Placeholder()",
    "y = Placeholder()",
    "in = Enter(x)",
    "limit = Enter(y)",
    "m = Merge(in, next)",
    "less = Less(m, limit)",
    "go = LoopCond(less)",
    "s = Switch(m, go)",
    "sum = Add(s:1, s:1)",
    "next = NextIteration(sum)",
    "out = Exit(s)",
)


def loop_by_hand(*replaced: str) -> Any:
    by_name = {line.partition(" = ")[0]: line for line in (*LOOP, *replaced)}
    message = by_hand(*by_name.values())
    for node in message.node:
        if node.name == "limit":
            node.attr["is_constant"].b = True
    return message


def run(message: Any, fetch: str, feed: dict[str, Any]) -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(message, name="")
        return session.run(fetch, feed)


def test_a_loop_by_hand() -> None:
    assert run(loop_by_hand(), "out:0", {"x:0": 1.0, "y:0": 10.0}) == 16.0


def test_only_the_conditional_that_is_fetched_needs_its_feeds() -> None:
    message = by_hand(*SWITCHES, "a = Neg(sx:1)", "mx = Merge(sx, a)", "my = Merge(sy, sy:1)")
    assert run(message, "mx:0", {"p:0": True, "x:0": 3.0}) == -3.0
    assert run(message, "my:0", {"p:0": False, "y:0": 2.0}) == 2.0


def test_a_later_conditional_reads_inside_an_earlier_one() -> None:
    message = by_hand(
        *SWITCHES,
        "a = Neg(sx:1)",
        "m = Merge(sx, a)",
        "again = Switch(m, p)",
        "product = Mul(a, again:1)",
        "n = Merge(product, again)",
    )
    assert run(message, "n:0", {"p:0": True, "x:0": 3.0}) == 9.0
    assert run(message, "n:0", {"p:0": False, "x:0": 3.0}) == 3.0


def test_inputs_of_raw_nodes_can_be_mapped() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        start = tf.constant(3.0)
        mapped = {"x:0": start, "y:0": tf.constant(20.0)}
        (out,) = tf.import_graph_def(loop_by_hand(), mapped, ["out:0"])
        assert session.run(out) == 24.0


def test_devices_stay_and_colocation_with_vanished_nodes_goes() -> None:
    message = by_hand(*SWITCHES, "a = Neg(sx:1)", "m = Merge(sx, a)")
    message.node[-1].device = "/device:CPU:0"
    message.node[-1].attr["_class"].list.s.extend([b"loc:@sx", b"loc:@x"])
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(message, name="")
        merged = graph.get_operation_by_name("m")
    assert merged.device == "/device:CPU:0"
    assert merged.colocation_groups() == [b"loc:@x"]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (loop_by_hand("m = Merge(in, sum)"), "cycle through the node 'm'"),
        (loop_by_hand("m = Merge(in, y)"), "different frames"),
        (loop_by_hand("m = Merge(in, limit)"), "The Merge node 'm' of a loop"),
        (loop_by_hand("m = Merge(in, gone)"), "Node 'm': Unknown input node 'gone'"),
        (loop_by_hand("go = Identity(less)"), "The loop of the node 'm' has 0 LoopCond nodes"),
        (loop_by_hand("other = LoopCond(less)"), "The loop of the node 'm' has 2 LoopCond nodes"),
        (loop_by_hand("s = Switch(limit, go)"), "The Switch node 's' of a loop reads 'limit'"),
        (loop_by_hand("out = Exit(sum)"), "The Exit node 'out' reads 'sum'"),
        (loop_by_hand("out = Exit(x)"), "The Exit node 'out' is in no loop"),
        (by_hand(*SWITCHES, "m = Merge(sx, y)"), "The Merge node 'm' does not join"),
        (by_hand(*SWITCHES, "u = Switch(y, q)", "m = Merge(sx, u:1)"), "The Merge node 'm'"),
        (by_hand(*SWITCHES, "u = Switch(y, q)", "a = Add(sx, u)"), "The node 'a' reads"),
    ],
)
def test_malformed_graphs_name_the_node(message: Any, text: str) -> None:
    for node in message.node:
        if node.op == "Identity":
            node.attr["T"].type = BOOL
    with tf.Graph().as_default() as graph:
        with pytest.raises(ValueError, match=text):
            tf.import_graph_def(message, name="")
        assert not graph.get_operations()


def test_unknown_ops_in_a_loop_are_named() -> None:
    message = loop_by_hand("sum = Unheard(s:1, s:1)")
    with tf.Graph().as_default(), pytest.raises(tf.errors.NotFoundError, match="Unheard"):
        tf.import_graph_def(message, name="")


def test_stacks() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        stack = apply("StackV2", 2, elem_type=tf.float32)
        pushed = [apply("StackPushV2", stack, tf.constant(float(i))) for i in range(3)]
        with tf.control_dependencies(pushed[:2]):
            popped = apply("StackPopV2", stack, elem_type=tf.float32)
            with tf.control_dependencies([popped]):
                close = apply("StackCloseV2", stack)
        with tf.control_dependencies([close]):
            late = apply("StackPopV2", stack, elem_type=tf.float32)
        assert session.run([popped, *pushed[:2]]) == [1.0, 0.0, 1.0]
        with pytest.raises(tf.errors.InvalidArgumentError, match="overflow"):
            session.run(pushed)
        with pytest.raises(tf.errors.InvalidArgumentError, match="empty"):
            session.run(apply("StackPopV2", stack, elem_type=tf.float32))
        with pytest.raises(tf.errors.InvalidArgumentError, match="closed"):
            session.run(late)
