"""The same network on several devices, the gradients of its towers averaged."""

import json
import re

import numpy as np
import tensorflow as tf

FLAGS = tf.app.flags.FLAGS
tf.app.flags.DEFINE_integer("num_gpus", 2, """How many GPUs to use.""")
tf.app.flags.DEFINE_boolean("log_device_placement", False, """Whether to log placement.""")
tf.app.flags.DEFINE_enum("mode", "train", ["train", "eval"], "What to do.")
TOWER_NAME = "tower"
rng = np.random.RandomState(0)


def tower_loss(scope, images, labels):
    net = images
    for layer, units in enumerate([10, 3]):
        with tf.variable_scope("layer%d" % layer):
            kernel = tf.get_variable(
                "kernel",
                [net.get_shape()[1].value, units],
                initializer=tf.truncated_normal_initializer(stddev=0.3),
            )
            bias = tf.get_variable("bias", [units], initializer=tf.zeros_initializer)
            net = tf.nn.xw_plus_b(net, kernel, bias, name="logits")
            if layer == 0:
                net = tf.nn.elu(net)
            tf.add_to_collection("losses", 0.001 * tf.nn.l2_loss(kernel))
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(logits=net, labels=labels)
    tf.add_to_collection("losses", tf.reduce_mean(entropy))
    losses = tf.get_collection("losses", scope)
    total_loss = tf.add_n(losses, name="total_loss")
    for each in losses + [total_loss]:
        loss_name = re.sub("%s_[0-9]*/" % TOWER_NAME, "", each.op.name)
        tf.summary.scalar(loss_name, each)
    return total_loss


def average_gradients(tower_grads):
    average_grads = []
    for grad_and_vars in zip(*tower_grads):
        grads = [tf.expand_dims(g, 0) for g, _ in grad_and_vars]
        grad = tf.reduce_mean(tf.concat(axis=0, values=grads), 0)
        average_grads.append((grad, grad_and_vars[0][1]))
    return average_grads


def train():
    with tf.Graph().as_default(), tf.device("/cpu:0"):
        tf.set_random_seed(1)
        global_step = tf.get_variable(
            "global_step", [], initializer=tf.constant_initializer(0), trainable=False
        )
        opt = tf.train.GradientDescentOptimizer(0.5)
        images = tf.placeholder(tf.float32, [24, 5])
        labels = tf.placeholder(tf.int32, [24])
        image_parts = tf.split(images, FLAGS.num_gpus)
        label_parts = tf.split(labels, FLAGS.num_gpus)
        tower_grads = []
        with tf.variable_scope(tf.get_variable_scope()):
            for i in range(FLAGS.num_gpus):
                with tf.device("/gpu:%d" % i):
                    with tf.name_scope("%s_%d" % (TOWER_NAME, i)) as scope:
                        loss = tower_loss(scope, image_parts[i], label_parts[i])
                        tf.get_variable_scope().reuse_variables()
                        summaries = tf.get_collection(tf.GraphKeys.SUMMARIES, scope)
                        tower_grads.append(opt.compute_gradients(loss))
        train_op = opt.apply_gradients(average_gradients(tower_grads), global_step=global_step)
        summary_op = tf.summary.merge(summaries)
        sess = tf.Session(
            config=tf.ConfigProto(
                allow_soft_placement=True, log_device_placement=FLAGS.log_device_placement
            )
        )
        sess.run(tf.global_variables_initializer())
        x = rng.randn(24, 5).astype(np.float32)
        losses = []
        for _ in range(40):
            _, value = sess.run([train_op, loss], {images: x, labels: x[:, :3].argmax(1)})
            assert not np.isnan(value), "Model diverged with loss = NaN"
            losses.append(float(value))
        tags = [
            v.tag
            for v in tf.Summary.FromString(
                sess.run(summary_op, {images: x, labels: x[:, :3].argmax(1)})
            ).value
        ]
        return losses, tags, [v.name for v in tf.trainable_variables()], loss.device


def main(argv=None):
    losses, tags, names, device = train()
    print(
        json.dumps(
            {
                "losses": losses,
                "tags": tags,
                "variables": names,
                "device": device,
                "mode": FLAGS.mode,
            }
        )
    )


if __name__ == "__main__":
    tf.app.run()
