"""GraphDefs cut down to what is needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph import errors
from flowgraph.formats.importer import import_graph_def
from flowgraph.library import graph_util


def names(graph_def: Any) -> list[str]:
    return [node.name for node in graph_def.node]


def chain() -> Any:
    """a -> check -> pass -> out, with an op beside it."""
    with tf.Graph().as_default() as graph:
        a = tf.placeholder(tf.float32, [2], name="a")
        check = tf.check_numerics(a, "bad", name="check")
        tf.negative(tf.identity(check, name="pass"), name="out")
        tf.square(a, name="beside")
    return graph.as_graph_def()


def test_extract_sub_graph() -> None:
    assert names(graph_util.extract_sub_graph(chain(), ["pass"])) == ["a", "check", "pass"]
    with pytest.raises(AssertionError, match="nothing is not in graph"):
        graph_util.extract_sub_graph(chain(), ["nothing"])
    with pytest.raises(TypeError, match="must be a list"):
        graph_util.extract_sub_graph(chain(), "pass")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="GraphDef"):
        graph_util.extract_sub_graph(None, ["pass"])


def test_remove_training_nodes() -> None:
    slim = graph_util.remove_training_nodes(chain())
    assert names(slim) == ["a", "out", "beside"]
    assert list(slim.node[1].input) == ["a"]
    kept = graph_util.remove_training_nodes(chain(), protected_nodes=["pass"])
    assert names(kept) == ["a", "pass", "out", "beside"]


def test_frozen_graph_computes_the_same() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        w = tf.Variable(np.arange(6, dtype=np.float32).reshape(2, 3), name="w")
        tf.matmul(x, w, name="y")
        session.run(tf.global_variables_initializer())
        session.run(w.assign_add(tf.ones([2, 3])))
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["y"])
        kept = tf.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), ["y"], variable_names_blacklist=["w"]
        )
        expected = session.run("y:0", {x: [[1, 2]]})
    assert {node.op for node in frozen.node} == {"Placeholder", "Const", "Identity", "MatMul"}
    assert "VariableV2" in {node.op for node in kept.node}
    with tf.Graph().as_default(), tf.Session() as session:
        import_graph_def(frozen, name="")
        np.testing.assert_array_equal(session.run("y:0", {"x:0": [[1, 2]]}), expected)


def test_freezing_needs_values() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.identity(tf.Variable(1.0, name="w"), name="y")
        with pytest.raises(errors.FailedPreconditionError):
            graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["y"])


def test_shape_by_node_name() -> None:
    with tf.Graph().as_default() as graph:
        tf.placeholder(tf.float32, [None, 2], name="x")
        assert graph_util.tensor_shape_from_node_def_name(graph, "x").as_list() == [None, 2]
        assert graph_util.must_run_on_cpu(tf.constant("text", name="text").op)
        assert not graph_util.must_run_on_cpu(tf.constant(1.0).op)
