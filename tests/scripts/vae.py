"""A variational autoencoder in a class."""

import json

import numpy as np
import tensorflow as tf

np.random.seed(0)
tf.set_random_seed(0)
DATA = (np.random.rand(4, 36) > 0.6).astype(np.float32)[np.random.randint(0, 4, 200)]


def xavier_init(fan_in, fan_out, constant=1):
    low = -constant * np.sqrt(6.0 / (fan_in + fan_out))
    high = constant * np.sqrt(6.0 / (fan_in + fan_out))
    return tf.random_uniform((fan_in, fan_out), minval=low, maxval=high, dtype=tf.float32)


class VariationalAutoencoder(object):
    def __init__(
        self, architecture, transfer_fct=tf.nn.softplus, learning_rate=0.01, batch_size=50
    ):
        self.architecture = architecture
        self.transfer_fct = transfer_fct
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.x = tf.placeholder(tf.float32, [None, architecture["n_input"]])
        self._create_network()
        self._create_loss_optimizer()
        self.sess = tf.InteractiveSession()
        self.sess.run(tf.global_variables_initializer())

    def _layer(self, x, fan_in, fan_out):
        weights = tf.Variable(xavier_init(fan_in, fan_out))
        biases = tf.Variable(tf.zeros([fan_out], dtype=tf.float32))
        return tf.add(tf.matmul(x, weights), biases)

    def _create_network(self):
        a = self.architecture
        hidden = self.transfer_fct(self._layer(self.x, a["n_input"], a["n_hidden"]))
        self.z_mean = self._layer(hidden, a["n_hidden"], a["n_z"])
        self.z_log_sigma_sq = self._layer(hidden, a["n_hidden"], a["n_z"])
        eps = tf.random_normal((self.batch_size, a["n_z"]), 0, 1, dtype=tf.float32)
        self.z = tf.add(self.z_mean, tf.multiply(tf.sqrt(tf.exp(self.z_log_sigma_sq)), eps))
        hidden = self.transfer_fct(self._layer(self.z, a["n_z"], a["n_hidden"]))
        self.x_reconstr_mean = tf.nn.sigmoid(self._layer(hidden, a["n_hidden"], a["n_input"]))

    def _create_loss_optimizer(self):
        reconstr_loss = -tf.reduce_sum(
            self.x * tf.log(1e-10 + self.x_reconstr_mean)
            + (1 - self.x) * tf.log(1e-10 + (1 - self.x_reconstr_mean)),
            1,
        )
        latent_loss = -0.5 * tf.reduce_sum(
            1 + self.z_log_sigma_sq - tf.square(self.z_mean) - tf.exp(self.z_log_sigma_sq), 1
        )
        self.cost = tf.reduce_mean(reconstr_loss + latent_loss)
        self.optimizer = tf.train.AdamOptimizer(self.learning_rate).minimize(self.cost)

    def partial_fit(self, X):
        _, cost = self.sess.run((self.optimizer, self.cost), feed_dict={self.x: X})
        return cost

    def reconstruct(self, X):
        return self.sess.run(self.x_reconstr_mean, feed_dict={self.x: X})

    def generate(self, z_mu=None):
        if z_mu is None:
            z_mu = np.random.normal(size=(self.batch_size, self.architecture["n_z"]))
        return self.sess.run(self.x_reconstr_mean, feed_dict={self.z: z_mu})


vae = VariationalAutoencoder({"n_input": 36, "n_hidden": 24, "n_z": 3})
losses = []
for epoch in range(25):
    total = 0.0
    for i in range(4):
        total += vae.partial_fit(DATA[i * 50 : (i + 1) * 50]) / 4
    losses.append(float(total))
images = vae.generate()
error = np.abs(vae.reconstruct(DATA[:50]) - DATA[:50]).mean()
print(
    json.dumps(
        {
            "losses": losses,
            "error": float(error),
            "shape": list(images.shape),
            "range": bool(images.min() >= 0 and images.max() <= 1),
        }
    )
)
