"""A generative adversarial network of one dimension, an optimizer and a scope per player."""

import argparse
import json

import numpy as np
import tensorflow as tf

seed = 42
np.random.seed(seed)
tf.set_random_seed(seed)


def linear(input, output_dim, scope=None, stddev=1.0):
    with tf.variable_scope(scope or "linear"):
        w = tf.get_variable(
            "w",
            [input.get_shape()[1], output_dim],
            initializer=tf.random_normal_initializer(stddev=stddev),
        )
        b = tf.get_variable("b", [output_dim], initializer=tf.constant_initializer(0.0))
        return tf.matmul(input, w) + b


def generator(input, h_dim):
    h0 = tf.nn.softplus(linear(input, h_dim, "g0"))
    return linear(h0, 1, "g1")


def discriminator(input, h_dim):
    h0 = tf.nn.relu(linear(input, h_dim * 2, "d0"))
    h1 = tf.nn.relu(linear(h0, h_dim * 2, scope="d1"))
    return tf.sigmoid(linear(h1, 1, scope="d2"))


def optimizer(loss, var_list, initial_learning_rate=0.03):
    batch = tf.Variable(0, trainable=False)
    learning_rate = tf.train.exponential_decay(
        initial_learning_rate, batch, 50, 0.95, staircase=True
    )
    return tf.train.GradientDescentOptimizer(learning_rate).minimize(
        loss, global_step=batch, var_list=var_list
    )


def log(x):
    return tf.log(tf.maximum(x, 1e-5))


class GAN(object):
    def __init__(self, batch_size, hidden_size):
        with tf.variable_scope("G"):
            self.z = tf.placeholder(tf.float32, shape=(batch_size, 1))
            self.G = generator(self.z, hidden_size)
        self.x = tf.placeholder(tf.float32, shape=(batch_size, 1))
        with tf.variable_scope("D") as scope:
            self.D1 = discriminator(self.x, hidden_size)
            scope.reuse_variables()
            self.D2 = discriminator(self.G, hidden_size)
        self.loss_d = tf.reduce_mean(-log(self.D1) - log(1 - self.D2))
        self.loss_g = tf.reduce_mean(-log(self.D2))
        vars = tf.trainable_variables()
        self.d_params = [v for v in vars if v.name.startswith("D/")]
        self.g_params = [v for v in vars if v.name.startswith("G/")]
        self.opt_d = optimizer(self.loss_d, self.d_params)
        self.opt_g = optimizer(self.loss_g, self.g_params)


def main(args):
    model = GAN(args.batch_size, args.hidden_size)
    d_losses, g_losses = [], []
    with tf.Session() as session:
        tf.local_variables_initializer().run()
        tf.global_variables_initializer().run()
        for step in range(args.num_steps):
            x = np.sort(np.random.normal(4, 0.5, args.batch_size))
            z = np.linspace(-5, 5, args.batch_size) + np.random.random(args.batch_size) * 0.01
            feed = {model.x: x.reshape(-1, 1), model.z: z.reshape(-1, 1)}
            (
                loss_d,
                _,
            ) = session.run([model.loss_d, model.opt_d], feed)
            z = np.linspace(-5, 5, args.batch_size) + np.random.random(args.batch_size) * 0.01
            loss_g, _ = session.run([model.loss_g, model.opt_g], {model.z: z.reshape(-1, 1)})
            d_losses.append(float(loss_d))
            g_losses.append(float(loss_g))
        before = session.run(model.d_params)
        session.run(model.opt_g, {model.z: z.reshape(-1, 1)})
        after = session.run(model.d_params)
    untouched = all(np.array_equal(a, b) for a, b in zip(before, after))
    print(
        json.dumps(
            {
                "losses": d_losses,
                "generator": g_losses,
                "untouched": untouched,
                "parameters": [v.op.name for v in model.d_params + model.g_params],
            }
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--num-steps", type=int, default=60)
    parser.add_argument("--hidden-size", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=8)
    main(parser.parse_args())
