"""A convolutional GAN with batch normalization, its updates run beside the training steps."""

import json

import numpy as np
import tensorflow as tf

BATCH, Z = 12, 10
rng = np.random.RandomState(1)


class batch_norm(object):
    def __init__(self, epsilon=1e-5, momentum=0.9, name="batch_norm"):
        with tf.variable_scope(name):
            self.epsilon = epsilon
            self.momentum = momentum
            self.name = name

    def __call__(self, x, train=True):
        return tf.contrib.layers.batch_norm(
            x,
            decay=self.momentum,
            updates_collections=tf.GraphKeys.UPDATE_OPS,
            epsilon=self.epsilon,
            scale=True,
            is_training=train,
            scope=self.name,
        )


def lrelu(x, leak=0.2, name="lrelu"):
    return tf.maximum(x, leak * x, name=name)


def conv2d(input_, output_dim, k=5, d=2, stddev=0.02, name="conv2d"):
    with tf.variable_scope(name):
        w = tf.get_variable(
            "w",
            [k, k, input_.get_shape()[-1], output_dim],
            initializer=tf.truncated_normal_initializer(stddev=stddev),
        )
        conv = tf.nn.conv2d(input_, w, strides=[1, d, d, 1], padding="SAME")
        biases = tf.get_variable("biases", [output_dim], initializer=tf.constant_initializer(0.0))
        return tf.reshape(tf.nn.bias_add(conv, biases), tf.shape(conv))


def deconv2d(input_, output_shape, k=5, d=2, stddev=0.02, name="deconv2d"):
    with tf.variable_scope(name):
        w = tf.get_variable(
            "w",
            [k, k, output_shape[-1], input_.get_shape()[-1]],
            initializer=tf.random_normal_initializer(stddev=stddev),
        )
        deconv = tf.nn.conv2d_transpose(input_, w, output_shape=output_shape, strides=[1, d, d, 1])
        biases = tf.get_variable(
            "biases", [output_shape[-1]], initializer=tf.constant_initializer(0.0)
        )
        return tf.reshape(tf.nn.bias_add(deconv, biases), deconv.get_shape())


def discriminator(image, reuse=False):
    with tf.variable_scope("discriminator") as scope:
        if reuse:
            scope.reuse_variables()
        h0 = lrelu(conv2d(image, 4, name="d_h0_conv"))
        h0.set_shape([BATCH, 4, 4, 4])
        h1 = conv2d(h0, 8, name="d_h1_conv")
        h1.set_shape([BATCH, 2, 2, 8])
        h1 = lrelu(d_bn1(h1))
        h2 = tf.contrib.layers.fully_connected(
            tf.reshape(h1, [BATCH, -1]), 1, activation_fn=None, scope="d_h2_lin"
        )
        return tf.nn.sigmoid(h2), h2


def generator(z, train=True, reuse=False):
    with tf.variable_scope("generator", reuse=reuse):
        h0 = tf.contrib.layers.fully_connected(z, 8 * 2 * 2, activation_fn=None, scope="g_h0_lin")
        h0 = tf.nn.relu(g_bn0(tf.reshape(h0, [-1, 2, 2, 8]), train=train))
        h1 = tf.nn.relu(g_bn1(deconv2d(h0, [BATCH, 4, 4, 4], name="g_h1"), train=train))
        return tf.nn.tanh(deconv2d(h1, [BATCH, 8, 8, 1], name="g_h2"))


tf.set_random_seed(1)
d_bn1 = batch_norm(name="d_bn1")
g_bn0, g_bn1 = batch_norm(name="g_bn0"), batch_norm(name="g_bn1")
images = tf.placeholder(tf.float32, [BATCH, 8, 8, 1], name="real_images")
z = tf.placeholder(tf.float32, [None, Z], name="z")
tf.summary.histogram("z", z)
G = generator(z)
D, D_logits = discriminator(images)
sampler = generator(z, train=False, reuse=True)
D_, D_logits_ = discriminator(G, reuse=True)


def cross_entropy(logits, labels):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=labels))


d_loss = cross_entropy(D_logits, tf.ones_like(D)) + cross_entropy(D_logits_, tf.zeros_like(D_))
g_loss = cross_entropy(D_logits_, tf.ones_like(D_))
t_vars = tf.trainable_variables()
d_vars = [var for var in t_vars if "d_" in var.name]
g_vars = [var for var in t_vars if "g_" in var.name]
with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
    d_optim = tf.train.AdamOptimizer(0.002, beta1=0.5).minimize(d_loss, var_list=d_vars)
    g_optim = tf.train.AdamOptimizer(0.002, beta1=0.5).minimize(g_loss, var_list=g_vars)

losses, g_losses = [], []
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    moving = [v for v in tf.global_variables() if "moving_mean" in v.op.name]
    before = sess.run(moving)
    for _ in range(40):
        batch_z = rng.uniform(-1, 1, [BATCH, Z]).astype(np.float32)
        batch = np.tanh(rng.rand(BATCH, 8, 8, 1) + np.linspace(-1, 1, 8)[None, :, None, None])
        loss, _ = sess.run([d_loss, d_optim], feed_dict={images: batch, z: batch_z})
        sess.run(g_optim, feed_dict={z: batch_z, images: batch})
        losses.append(float(loss))
        g_losses.append(float(g_loss.eval({z: batch_z})))
    after = sess.run(moving)
    samples = sess.run(sampler, {z: batch_z})
print(
    json.dumps(
        {
            "losses": losses,
            "generator": g_losses,
            "samples": list(samples.shape),
            "moved": [bool(np.abs(a - b).max() > 0) for a, b in zip(after, before)],
            "updates": len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)),
        }
    )
)
