"""Records a training graph with resource variables, a checkpoint of it, and what it computes.

``python tests/oracle_tf/record_resource_variables.py FOLDER`` in an environment with TensorFlow.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from oracle_tf.environment import load_tensorflow

STEPS = 5


def build(tf: Any) -> dict[str, Any]:
    """A model with dense and sparse gradients; placeholders by name, and values for them."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [None], name="y")
    ids = tf.placeholder(tf.int32, [None], name="ids")
    w = tf.get_variable("w", initializer=np.full((3, 1), 0.1, np.float32))
    table = tf.get_variable("table", initializer=np.arange(8, dtype=np.float32).reshape(4, 2) / 8)
    bias = tf.get_variable("bias", initializer=np.float32(0))
    rows = tf.reduce_sum(tf.nn.embedding_lookup(table, ids), 1)
    prediction = tf.reshape(tf.matmul(x, w), [-1]) + bias + rows
    loss = tf.reduce_mean(tf.square(prediction - y), name="loss")
    step = tf.train.get_or_create_global_step()
    tf.train.AdamOptimizer(0.1).minimize(loss, global_step=step, name="train")
    with tf.control_dependencies([tf.assign_add(bias, 1.0)]):
        tf.identity(bias.read_value(), name="after")
    tf.group(tf.global_variables_initializer(), name="initialize")
    rng = np.random.RandomState(0)
    values = rng.randn(5, 3), rng.randn(5), np.array([0, 1, 1, 3, 2])
    return dict(zip(("x", "y", "ids"), values, strict=True))


def main(folder: Path) -> None:
    tf = load_tensorflow()
    tf.enable_resource_variables()
    with tf.Graph().as_default() as graph, tempfile.TemporaryDirectory() as place:
        feeds = build(tf)
        saver = tf.train.Saver()
        named = {f"{name}:0": value for name, value in feeds.items()}
        with tf.Session() as session:
            session.run("initialize")
            losses = [session.run(["loss:0", "train"], named)[0] for _ in range(STEPS)]
            path = saver.save(session, str(Path(place) / "model"))
            after = session.run("after:0")
        files = {
            suffix: np.frombuffer(Path(f"{path}.{suffix}").read_bytes(), np.uint8)
            for suffix in ("meta", "index", "data-00000-of-00001")
        }
        text = np.frombuffer(graph.as_graph_def().SerializeToString(), np.uint8)
    target = folder / "resource_variables.npz"
    np.savez_compressed(target, graph=text, losses=losses, after=after, **files, **feeds)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
