"""A two-layer network with summaries of everything, for TensorBoard."""

import argparse
import glob
import json

import numpy as np
import tensorflow as tf

parser = argparse.ArgumentParser()
parser.add_argument("--log_dir", type=str, default="logs")
parser.add_argument("--dropout", type=float, default=0.9)
FLAGS, unparsed = parser.parse_known_args()

rng = np.random.RandomState(0)
images = rng.rand(200, 64).astype(np.float32)
labels = (images[:, :10]).argmax(1)


def variable_summaries(var):
    with tf.name_scope("summaries"):
        mean = tf.reduce_mean(var)
        tf.summary.scalar("mean", mean)
        with tf.name_scope("stddev"):
            stddev = tf.sqrt(tf.reduce_mean(tf.square(var - mean)))
        tf.summary.scalar("stddev", stddev)
        tf.summary.scalar("max", tf.reduce_max(var))
        tf.summary.scalar("min", tf.reduce_min(var))
        tf.summary.histogram("histogram", var)


def nn_layer(input_tensor, input_dim, output_dim, layer_name, act=tf.nn.relu):
    with tf.name_scope(layer_name):
        with tf.name_scope("weights"):
            weights = tf.Variable(tf.truncated_normal([input_dim, output_dim], stddev=0.1))
            variable_summaries(weights)
        with tf.name_scope("biases"):
            biases = tf.Variable(tf.constant(0.1, shape=[output_dim]))
            variable_summaries(biases)
        with tf.name_scope("Wx_plus_b"):
            preactivate = tf.matmul(input_tensor, weights) + biases
            tf.summary.histogram("pre_activations", preactivate)
        activations = act(preactivate, name="activation")
        tf.summary.histogram("activations", activations)
        return activations


tf.set_random_seed(7)
with tf.name_scope("input"):
    x = tf.placeholder(tf.float32, [None, 64], name="x-input")
    y_ = tf.placeholder(tf.int64, [None], name="y-input")
with tf.name_scope("input_reshape"):
    tf.summary.image("input", tf.reshape(x, [-1, 8, 8, 1]), 10)

hidden1 = nn_layer(x, 64, 50, "layer1")
with tf.name_scope("dropout"):
    keep_prob = tf.placeholder(tf.float32)
    tf.summary.scalar("dropout_keep_probability", keep_prob)
    dropped = tf.nn.dropout(hidden1, keep_prob)
y = nn_layer(dropped, 50, 10, "layer2", act=tf.identity)
with tf.name_scope("cross_entropy"), tf.name_scope("total"):
    cross_entropy = tf.losses.sparse_softmax_cross_entropy(labels=y_, logits=y)
tf.summary.scalar("cross_entropy", cross_entropy)
with tf.name_scope("train"):
    train_step = tf.train.AdamOptimizer(0.01).minimize(cross_entropy)
with tf.name_scope("accuracy"):
    correct = tf.equal(tf.argmax(y, 1), y_)
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
tf.summary.scalar("accuracy", accuracy)

if tf.gfile.Exists(FLAGS.log_dir):
    tf.gfile.DeleteRecursively(FLAGS.log_dir)
tf.gfile.MakeDirs(FLAGS.log_dir)
merged = tf.summary.merge_all()
losses = []
with tf.Session() as sess:
    train_writer = tf.summary.FileWriter(FLAGS.log_dir + "/train", sess.graph)
    test_writer = tf.summary.FileWriter(FLAGS.log_dir + "/test")
    tf.global_variables_initializer().run()
    for i in range(60):
        if i % 10 == 0:
            summary, acc, loss = sess.run(
                [merged, accuracy, cross_entropy], {x: images, y_: labels, keep_prob: 1.0}
            )
            test_writer.add_summary(summary, i)
            losses.append(float(loss))
        elif i == 55:
            run_options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
            run_metadata = tf.RunMetadata()
            summary, _ = sess.run(
                [merged, train_step],
                feed_dict={x: images, y_: labels, keep_prob: FLAGS.dropout},
                options=run_options,
                run_metadata=run_metadata,
            )
            train_writer.add_run_metadata(run_metadata, "step%03d" % i)
            train_writer.add_summary(summary, i)
        else:
            summary, _ = sess.run(
                [merged, train_step], {x: images, y_: labels, keep_prob: FLAGS.dropout}
            )
            train_writer.add_summary(summary, i)
    extra = tf.Summary(value=[tf.Summary.Value(tag="final", simple_value=losses[-1])])
    test_writer.add_summary(extra, global_step=60)
    train_writer.close()
    test_writer.close()

tags, steps, devices = set(), [], len(run_metadata.step_stats.dev_stats)
for event in tf.train.summary_iterator(glob.glob(FLAGS.log_dir + "/test/*tfevents*")[0]):
    steps.append(event.step)
    for value in event.summary.value:
        tags.add(value.tag)
print(
    json.dumps({"losses": losses, "tags": sorted(tags), "steps": steps[1:], "traced": devices > 0})
)
