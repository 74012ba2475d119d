"""A trained graph frozen into one file, and used from another graph."""

import json
import os

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import graph_util
from tensorflow.python.platform import gfile

MODEL_DIR = "model"
rng = np.random.RandomState(1)
data = rng.rand(32, 4).astype(np.float32)
target = data.sum(1, keepdims=True)


def train():
    losses = []
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [None, 4], name="input")
        keep = tf.placeholder_with_default(1.0, [], name="keep_prob")
        with tf.variable_scope("fc"):
            w = tf.get_variable("w", [4, 1], initializer=tf.truncated_normal_initializer())
            b = tf.get_variable("b", [1], initializer=tf.zeros_initializer())
        y = tf.nn.bias_add(tf.matmul(tf.nn.dropout(x, keep), w), b)
        tf.identity(y, name="output")
        loss = tf.losses.mean_squared_error(target, y)
        step = tf.train.AdagradOptimizer(0.5).minimize(loss)
        sess.run(tf.global_variables_initializer())
        for _ in range(40):
            losses.append(float(sess.run([loss, step], {x: data})[0]))
        if not gfile.Exists(MODEL_DIR):
            gfile.MakeDirs(MODEL_DIR)
        tf.train.write_graph(sess.graph_def, MODEL_DIR, "graph.pbtxt")
        tf.train.Saver().save(sess, os.path.join(MODEL_DIR, "model.ckpt"))
        constant_graph = graph_util.convert_variables_to_constants(
            sess, sess.graph.as_graph_def(), ["output"]
        )
        with gfile.GFile(os.path.join(MODEL_DIR, "frozen.pb"), mode="wb") as f:
            f.write(constant_graph.SerializeToString())
        return losses, sess.run("output:0", {"input:0": data})


def load_graph(frozen_graph_filename):
    with tf.gfile.GFile(frozen_graph_filename, "rb") as f:
        graph_def = tf.GraphDef()
        graph_def.ParseFromString(f.read())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="prefix")
    return graph, graph_def


losses, before = train()
graph, graph_def = load_graph(os.path.join(MODEL_DIR, "frozen.pb"))
with tf.Session(graph=graph) as sess:
    x = graph.get_tensor_by_name("prefix/input:0")
    y = graph.get_tensor_by_name("prefix/output:0")
    after = sess.run(y, feed_dict={x: data})

with tf.Graph().as_default(), tf.Session() as sess:
    doubled = tf.placeholder(tf.float32, [None, 4]) * 2
    halved = doubled / 2
    out, w = tf.import_graph_def(
        graph_def, input_map={"input:0": halved}, return_elements=["output:0", "fc/w"], name=""
    )
    gradient = tf.gradients(out, halved)[0]
    mapped, slope, kind = (
        sess.run(out, {doubled: 2 * data}),
        sess.run(gradient, {doubled: data}),
        w.type,
    )
print(
    json.dumps(
        {
            "losses": losses,
            "equal": bool(np.array_equal(before, after)),
            "mapped": bool(np.allclose(before, mapped)),
            "slope": slope[0].tolist(),
            "kind": kind,
            "frozen": not any("Variable" in node.op for node in graph_def.node),
            "names": [op.name for op in graph.get_operations()][:2],
            "text": os.path.exists(os.path.join(MODEL_DIR, "graph.pbtxt")),
        }
    )
)
