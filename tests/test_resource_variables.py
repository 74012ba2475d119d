"""Graphs and checkpoints that TensorFlow wrote with resource variables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from support.oracle import FOLDER

RECORD = np.load(FOLDER / "resource_variables.npz")


def graph_def() -> Any:
    return tf.GraphDef.FromString(RECORD["graph"].tobytes())


def feeds() -> dict[str, Any]:
    return {f"{name}:0": RECORD[name] for name in ("x", "y", "ids")}


def test_a_training_graph_runs() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(graph_def(), name="")
        session.run("initialize")
        losses = [session.run(["loss:0", "train"], feeds())[0] for _ in RECORD["losses"]]
        np.testing.assert_allclose(losses, RECORD["losses"], rtol=1e-5)
        np.testing.assert_allclose(session.run("after:0"), RECORD["after"], rtol=1e-5)


def test_a_checkpoint_with_its_graph_is_restored_and_trained_on(tmp_path: Path) -> None:
    for suffix in ("meta", "index", "data-00000-of-00001"):
        (tmp_path / f"model.{suffix}").write_bytes(RECORD[suffix].tobytes())
    path = str(tmp_path / "model")
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(path + ".meta").restore(session, path)
        assert [v.op.name for v in tf.trainable_variables()] == ["w", "table", "bias"]
        before = session.run("loss:0", feeds())
        assert before < RECORD["losses"][-1]
        session.run("train", feeds())
        assert session.run("loss:0", feeds()) < before
        assert session.run("global_step:0") == len(RECORD["losses"]) + 1


def test_gradients_of_an_imported_graph() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(graph_def(), name="")
        session.run("initialize")
        w = graph.get_tensor_by_name("w:0")
        gradient = tf.gradients(graph.get_tensor_by_name("loss:0"), w)[0]
        assert session.run(gradient, feeds()).shape == (3, 1)


def test_what_has_no_counterpart_is_refused() -> None:
    message = graph_def()
    gather = next(node for node in message.node if node.op == "ResourceGather")
    gather.attr["batch_dims"].i = 1
    with tf.Graph().as_default(), pytest.raises(ValueError, match="batch_dims is not supported"):
        tf.import_graph_def(message, name="")
