"""Training that saves as it goes, stops, and goes on where it stopped."""

import json
import os

import numpy as np
import tensorflow as tf

CKPT_DIR = "./ckpt"
if not os.path.exists(CKPT_DIR):
    os.makedirs(CKPT_DIR)

xs = np.linspace(-1, 1, 40).astype("float32").reshape(-1, 1)
ys = (3 * xs**2 - xs + 0.5).astype("float32")


def build():
    tf.reset_default_graph()
    tf.set_random_seed(42)
    model = {}
    model["X"] = tf.placeholder("float", [None, 1], name="X")
    model["Y"] = tf.placeholder("float", [None, 1], name="Y")
    with tf.variable_scope("net"):
        w1 = tf.get_variable("w1", [1, 12], initializer=tf.random_normal_initializer())
        b1 = tf.get_variable("b1", [12], initializer=tf.constant_initializer(0.1))
        w2 = tf.get_variable(
            "w2",
            shape=[12, 1],
            initializer=tf.contrib.layers.xavier_initializer()
            if hasattr(tf, "contrib")
            else tf.glorot_uniform_initializer(),
        )
        hidden = tf.tanh(tf.add(tf.matmul(model["X"], w1), b1))
        model["prediction"] = tf.matmul(hidden, w2, name="prediction")
    model["loss"] = tf.reduce_mean(tf.squared_difference(model["prediction"], model["Y"]))
    model["global_step"] = tf.Variable(0, trainable=False, name="global_step")
    model["train"] = tf.train.MomentumOptimizer(0.05, 0.9).minimize(
        model["loss"], global_step=model["global_step"]
    )
    model["saver"] = tf.train.Saver(max_to_keep=2)
    return model


def train(steps):
    model = build()
    losses = []
    with tf.Session() as sess:
        ckpt = tf.train.get_checkpoint_state(CKPT_DIR)
        if ckpt and ckpt.model_checkpoint_path:
            model["saver"].restore(sess, ckpt.model_checkpoint_path)
        else:
            sess.run(tf.global_variables_initializer())
        start = sess.run(model["global_step"])
        for step in range(start, start + steps):
            _, loss = sess.run(
                [model["train"], model["loss"]], feed_dict={model["X"]: xs, model["Y"]: ys}
            )
            losses.append(float(loss))
            if (step + 1) % 10 == 0:
                model["saver"].save(
                    sess, os.path.join(CKPT_DIR, "model.ckpt"), global_step=model["global_step"]
                )
        value = sess.run(model["prediction"], {model["X"]: xs})
    return start, losses, value


first_start, first, _ = train(30)
second_start, second, after = train(20)

tf.reset_default_graph()
with tf.Session() as sess:
    newest = tf.train.latest_checkpoint(CKPT_DIR)
    saver = tf.train.import_meta_graph(newest + ".meta")
    saver.restore(sess, newest)
    graph = tf.get_default_graph()
    again = sess.run("net/prediction:0", {graph.get_tensor_by_name("X:0"): xs})
    step = sess.run(graph.get_tensor_by_name("global_step:0"))

reader = tf.train.NewCheckpointReader(newest)
print(
    json.dumps(
        {
            "losses": first + second,
            "starts": [int(first_start), int(second_start)],
            "step": int(step),
            "equal": bool(np.array_equal(again, after)),
            "kept": sorted(name for name in os.listdir(CKPT_DIR) if name.endswith(".index")),
            "shapes": reader.get_variable_to_shape_map()["net/w1"],
        }
    )
)
