"""Sentences classified by convolutions of several widths, with summaries and checkpoints."""

import datetime
import json
import os

import numpy as np
import tensorflow as tf
from tensorflow.contrib.tensorboard.plugins import projector

tf.flags.DEFINE_integer("embedding_dim", 8, "Dimensionality of character embedding")
tf.flags.DEFINE_string("filter_sizes", "2,3", "Comma-separated filter sizes")
tf.flags.DEFINE_integer("num_filters", 6, "Number of filters per filter size")
tf.flags.DEFINE_float("dropout_keep_prob", 0.8, "Dropout keep probability")
tf.flags.DEFINE_float("l2_reg_lambda", 0.01, "L2 regularizaion lambda")
tf.flags.DEFINE_integer("checkpoint_every", 10, "Save model after this many steps")
tf.flags.DEFINE_boolean("allow_soft_placement", True, "Allow device soft device placement")
FLAGS = tf.flags.FLAGS
FLAGS(["text_cnn"])
print("\nParameters:")
for attr, value in sorted(FLAGS.__flags.items()):
    print("{}={}".format(attr.upper(), getattr(FLAGS, attr)))


class TextCNN(object):
    def __init__(
        self,
        sequence_length,
        num_classes,
        vocab_size,
        embedding_size,
        filter_sizes,
        num_filters,
        l2_reg_lambda=0.0,
    ):
        self.input_x = tf.placeholder(tf.int32, [None, sequence_length], name="input_x")
        self.input_y = tf.placeholder(tf.float32, [None, num_classes], name="input_y")
        self.dropout_keep_prob = tf.placeholder(tf.float32, name="dropout_keep_prob")
        l2_loss = tf.constant(0.0)
        with tf.device("/cpu:0"), tf.name_scope("embedding"):
            self.W = tf.Variable(
                tf.random_uniform([vocab_size, embedding_size], -1.0, 1.0), name="W"
            )
            self.embedded_chars = tf.nn.embedding_lookup(self.W, self.input_x)
            self.embedded_chars_expanded = tf.expand_dims(self.embedded_chars, -1)
        pooled_outputs = []
        for filter_size in filter_sizes:
            with tf.name_scope("conv-maxpool-%s" % filter_size):
                filter_shape = [filter_size, embedding_size, 1, num_filters]
                W = tf.Variable(tf.truncated_normal(filter_shape, stddev=0.1), name="W")
                b = tf.Variable(tf.constant(0.1, shape=[num_filters]), name="b")
                conv = tf.nn.conv2d(
                    self.embedded_chars_expanded,
                    W,
                    strides=[1, 1, 1, 1],
                    padding="VALID",
                    name="conv",
                )
                h = tf.nn.relu(tf.nn.bias_add(conv, b), name="relu")
                pooled = tf.nn.max_pool(
                    h,
                    ksize=[1, sequence_length - filter_size + 1, 1, 1],
                    strides=[1, 1, 1, 1],
                    padding="VALID",
                    name="pool",
                )
                pooled_outputs.append(pooled)
        num_filters_total = num_filters * len(filter_sizes)
        self.h_pool = tf.concat(pooled_outputs, 3)
        self.h_pool_flat = tf.reshape(self.h_pool, [-1, num_filters_total])
        with tf.name_scope("dropout"):
            self.h_drop = tf.nn.dropout(self.h_pool_flat, self.dropout_keep_prob)
        with tf.name_scope("output"):
            W = tf.get_variable(
                "W",
                shape=[num_filters_total, num_classes],
                initializer=tf.glorot_uniform_initializer(),
            )
            b = tf.Variable(tf.constant(0.1, shape=[num_classes]), name="b")
            l2_loss += tf.nn.l2_loss(W)
            l2_loss += tf.nn.l2_loss(b)
            self.scores = tf.nn.xw_plus_b(self.h_drop, W, b, name="scores")
            self.predictions = tf.argmax(self.scores, 1, name="predictions")
        with tf.name_scope("loss"):
            losses = tf.nn.softmax_cross_entropy_with_logits(
                logits=self.scores, labels=self.input_y
            )
            self.loss = tf.reduce_mean(losses) + l2_reg_lambda * l2_loss
        with tf.name_scope("accuracy"):
            correct = tf.equal(self.predictions, tf.argmax(self.input_y, 1))
            self.accuracy = tf.reduce_mean(tf.cast(correct, "float"), name="accuracy")


rng = np.random.RandomState(0)
x = rng.randint(0, 20, (64, 9))
y = np.eye(2)[(x == 3).any(1).astype(int)]
losses = []
with tf.Graph().as_default():
    tf.set_random_seed(10)
    session_conf = tf.ConfigProto(allow_soft_placement=FLAGS.allow_soft_placement)
    sess = tf.Session(config=session_conf)
    with sess.as_default():
        cnn = TextCNN(
            9,
            2,
            20,
            FLAGS.embedding_dim,
            list(map(int, FLAGS.filter_sizes.split(","))),
            FLAGS.num_filters,
            FLAGS.l2_reg_lambda,
        )
        global_step = tf.Variable(0, name="global_step", trainable=False)
        optimizer = tf.train.AdamOptimizer(1e-2)
        grads_and_vars = optimizer.compute_gradients(cnn.loss)
        train_op = optimizer.apply_gradients(grads_and_vars, global_step=global_step)
        grad_summaries = []
        for g, v in grads_and_vars:
            if g is not None:
                name = "{}/grad".format(v.name.replace(":", "_"))
                grad_summaries.append(tf.summary.histogram(name + "/hist", g))
                grad_summaries.append(tf.summary.scalar(name + "/sparsity", tf.nn.zero_fraction(g)))
        train_summary_op = tf.summary.merge(
            [tf.summary.scalar("loss", cnn.loss), tf.summary.merge(grad_summaries)]
        )
        out_dir = os.path.abspath(os.path.join(os.path.curdir, "runs", "1"))
        train_summary_writer = tf.summary.FileWriter(os.path.join(out_dir, "train"), sess.graph)
        checkpoint_prefix = os.path.join(out_dir, "model")

        config = projector.ProjectorConfig()
        embedding = config.embeddings.add()
        embedding.tensor_name = cnn.W.name
        embedding.metadata_path = os.path.join(out_dir, "metadata.tsv")
        projector.visualize_embeddings(train_summary_writer, config)

        saver = tf.train.Saver(tf.global_variables(), max_to_keep=2)
        sess.run(tf.global_variables_initializer())
        for _ in range(30):
            feed_dict = {
                cnn.input_x: x,
                cnn.input_y: y,
                cnn.dropout_keep_prob: FLAGS.dropout_keep_prob,
            }
            _, step, summaries, loss = sess.run(
                [train_op, global_step, train_summary_op, cnn.loss], feed_dict
            )
            train_summary_writer.add_summary(summaries, step)
            current_step = tf.train.global_step(sess, global_step)
            losses.append(float(loss))
            if current_step % FLAGS.checkpoint_every == 0:
                path = saver.save(sess, checkpoint_prefix, global_step=current_step)
        time_str = datetime.datetime.now().isoformat()

checkpoint_file = tf.train.latest_checkpoint(out_dir)
with tf.Graph().as_default() as graph, tf.Session() as sess:
    saver = tf.train.import_meta_graph("{}.meta".format(checkpoint_file))
    saver.restore(sess, checkpoint_file)
    input_x = graph.get_operation_by_name("input_x").outputs[0]
    keep = graph.get_operation_by_name("dropout_keep_prob").outputs[0]
    predictions = graph.get_operation_by_name("output/predictions").outputs[0]
    found = sess.run(predictions, {input_x: x, keep: 1.0})
with open(os.path.join(out_dir, "train", "projector_config.pbtxt")) as f:
    described = f.read()
print(
    json.dumps(
        {
            "losses": losses,
            "accuracy": float((found == y.argmax(1)).mean()),
            "projector": cnn.W.name in described,
        }
    )
)
