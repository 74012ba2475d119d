"""Evaluation with moving averages of the weights, and losses gathered in a collection."""

import json

import numpy as np
import tensorflow as tf

MOVING_AVERAGE_DECAY = 0.9
rng = np.random.RandomState(6)
X = rng.randn(60, 5).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(np.int64)


def _variable_with_weight_decay(name, shape, stddev, wd):
    with tf.device("/cpu:0"):
        var = tf.get_variable(
            name, shape, initializer=tf.truncated_normal_initializer(stddev=stddev)
        )
    if wd is not None:
        weight_decay = tf.multiply(tf.nn.l2_loss(var), wd, name="weight_loss")
        tf.add_to_collection("losses", weight_decay)
    return var


def inference(x):
    with tf.variable_scope("local1") as scope:
        weights = _variable_with_weight_decay("weights", [5, 8], stddev=0.3, wd=0.004)
        biases = tf.get_variable("biases", [8], initializer=tf.constant_initializer(0.1))
        local1 = tf.nn.relu(tf.matmul(x, weights) + biases, name=scope.name)
    with tf.variable_scope("softmax_linear") as scope:
        weights = _variable_with_weight_decay("weights", [8, 2], stddev=0.3, wd=None)
        biases = tf.get_variable("biases", [2], initializer=tf.constant_initializer(0.0))
        return tf.add(tf.matmul(local1, weights), biases, name=scope.name)


def loss(logits, labels):
    cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=logits, name="cross_entropy_per_example"
    )
    tf.add_to_collection("losses", tf.reduce_mean(cross_entropy, name="cross_entropy"))
    return tf.add_n(tf.get_collection("losses"), name="total_loss")


def train(total_loss, global_step):
    lr = tf.train.exponential_decay(0.5, global_step, 10, 0.8, staircase=True)
    loss_averages = tf.train.ExponentialMovingAverage(0.9, name="avg")
    losses = tf.get_collection("losses")
    loss_averages_op = loss_averages.apply(losses + [total_loss])
    for each in losses + [total_loss]:
        tf.summary.scalar(each.op.name + " (raw)", each)
        tf.summary.scalar(each.op.name, loss_averages.average(each))
    with tf.control_dependencies([loss_averages_op]):
        opt = tf.train.GradientDescentOptimizer(lr)
        grads = opt.compute_gradients(total_loss)
    apply_gradient_op = opt.apply_gradients(grads, global_step=global_step)
    for grad, var in grads:
        if grad is not None:
            tf.summary.histogram(var.op.name + "/gradients", grad)
    variable_averages = tf.train.ExponentialMovingAverage(MOVING_AVERAGE_DECAY, global_step)
    with tf.control_dependencies([apply_gradient_op]):
        variables_averages_op = variable_averages.apply(tf.trainable_variables())
    with tf.control_dependencies([apply_gradient_op, variables_averages_op]):
        return tf.no_op(name="train"), loss_averages.average(total_loss)


with tf.Graph().as_default():
    tf.set_random_seed(3)
    global_step = tf.Variable(0, trainable=False, name="global_step")
    x = tf.placeholder(tf.float32, [None, 5])
    logits = inference(x)
    total_loss = loss(logits, Y)
    train_op, averaged = train(total_loss, global_step)
    summary_op = tf.summary.merge_all()
    saver = tf.train.Saver(tf.all_variables())
    losses = []
    with tf.Session(config=tf.ConfigProto(log_device_placement=False)) as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(30):
            losses.append(float(sess.run([train_op, total_loss], {x: X})[1]))
        summary = tf.Summary()
        summary.ParseFromString(sess.run(summary_op, {x: X}))
        summary.value.add(tag="Precision @ 1", simple_value=0.5)
        mean_loss = sess.run(averaged)
        raw = sess.run(tf.trainable_variables())
        path = saver.save(sess, "./model.ckpt", global_step=global_step)

with tf.Graph().as_default():
    x = tf.placeholder(tf.float32, [None, 5])
    logits = inference(x)
    top_k_op = tf.nn.in_top_k(logits, Y, 1)
    variable_averages = tf.train.ExponentialMovingAverage(MOVING_AVERAGE_DECAY)
    saver = tf.train.Saver(variable_averages.variables_to_restore())
    with tf.Session() as sess:
        ckpt = tf.train.get_checkpoint_state(".")
        saver.restore(sess, ckpt.model_checkpoint_path)
        step = ckpt.model_checkpoint_path.split("/")[-1].split("-")[-1]
        precision = np.mean(sess.run(top_k_op, {x: X}))
        averages = sess.run(tf.trainable_variables())
        names = sorted(variable_averages.variables_to_restore())
print(
    json.dumps(
        {
            "losses": losses,
            "step": step,
            "precision": float(precision),
            "names": names,
            "mean loss": float(mean_loss),
            "tags": [str(v.tag) for v in summary.value],
            "distances": [float(np.abs(a - b).max()) for a, b in zip(raw, averages)],
        }
    )
)
