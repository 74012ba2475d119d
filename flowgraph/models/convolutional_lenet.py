"""A convnet for MNIST like LeNet-5, as TensorFlow's tutorial had it: 5x5x32, 5x5x64, 512, 10."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import flowgraph as tf

__all__ = ["LeNet", "LeNetTraining", "error_rate", "eval_in_batches", "lenet_training"]

SEED = 66478
EVAL_BATCH_SIZE = 64


class LeNet:
    """The variables of the network; calling it builds the network on them, as often as needed.

    ``[b, 28, 28, 1] -> [b, 28, 28, 32] -> [b, 14, 14, 32] -> [b, 14, 14, 64] -> [b, 7, 7, 64] ->
    3136 -> 512 -> 10``

    Ramsundar and Zadeh, chapter 6, examples 6-9 to 6-11: 1,663,370 parameters.

    Attributes:
        conv: (weights, biases) of both convolutions.
        dense: (weights, biases) of both dense layers.
    """

    def __init__(
        self,
        image_size: int = 28,
        channels: int = 1,
        filters: tuple[int, int] = (32, 64),
        units: int = 512,
        classes: int = 10,
        seed: int | None = SEED,
        name: str | None = None,
    ) -> None:
        self.seed = seed
        with tf.name_scope(name, "lenet") as scope:
            self.scope = scope
            first, second = filters
            features = (image_size // 4) ** 2 * second
            self.conv = [
                (self._weights([5, 5, channels, first], "conv1_weights"), self._zeros(first)),
                (self._weights([5, 5, *filters], "conv2_weights"), self._tenths(second, "conv2")),
            ]
            self.dense = [
                (self._weights([features, units], "fc1_weights"), self._tenths(units, "fc1")),
                (self._weights([units, classes], "fc2_weights"), self._tenths(classes, "fc2")),
            ]

    def _weights(self, shape: list[int], name: str) -> Any:
        drawn = tf.truncated_normal(shape, stddev=0.1, seed=self.seed, dtype=tf.float32)
        return tf.Variable(drawn, name=name)

    def _zeros(self, size: int) -> Any:
        return tf.Variable(tf.zeros([size]), name="conv1_biases")

    def _tenths(self, size: int, name: str) -> Any:
        return tf.Variable(tf.constant(0.1, shape=[size]), name=f"{name}_biases")

    def __call__(self, data: Any, train: bool = False) -> Any:
        """The logits of images [batch, height, width, channels].

        Args:
            train: apply dropout of one half to the hidden layer.
        """
        with tf.name_scope(self.scope):
            maps = data
            for weights, biases in self.conv:
                conv = tf.nn.conv2d(maps, weights, strides=[1, 1, 1, 1], padding="SAME")
                relu = tf.nn.relu(tf.nn.bias_add(conv, biases))
                maps = tf.nn.max_pool(relu, [1, 2, 2, 1], [1, 2, 2, 1], padding="SAME")
            _, rows, columns, depth = maps.get_shape().as_list()
            flat = tf.reshape(maps, [-1, rows * columns * depth])
            (weights, biases), (last_weights, last_biases) = self.dense
            hidden = tf.nn.relu(tf.matmul(flat, weights) + biases)
            if train:
                hidden = tf.nn.dropout(hidden, 0.5, seed=self.seed)
            return tf.matmul(hidden, last_weights) + last_biases


class LeNetTraining(NamedTuple):
    """The training of a `LeNet`.

    Attributes:
        logits: [batch, classes], with dropout.
        loss: the cross entropy and the penalty of the dense layers.
        learning_rate: of this step.
        step: int32 variable, the number of steps made.
        train: the op of one step.
        prediction: [batch, classes], the probabilities of the training batch.
    """

    logits: Any
    loss: Any
    learning_rate: Any
    step: Any
    train: Any
    prediction: Any


def lenet_training(
    network: LeNet,
    data: Any,
    labels: Any,
    train_size: int = 55000,
    batch_size: int = 64,
    base_rate: float = 0.01,
    decay: float = 0.95,
    momentum: float = 0.9,
    penalty: float = 5e-4,
    name: str | None = None,
) -> LeNetTraining:
    """Momentum on the mean cross entropy ``+ penalty * sum of l2_loss`` of the dense layers.

    The rate is ``base_rate * decay ** epoch``. The chapter leaves this part out; it is that of the
    program which comes with the book.

    Args:
        data: images [batch, height, width, channels].
        labels: int64 [batch].
        train_size: examples per epoch.
    """
    with tf.name_scope(name, "lenet_training", [data, labels]):
        logits = network(data, True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        norms = [tf.nn.l2_loss(variable) for pair in network.dense for variable in pair]
        loss = tf.reduce_mean(losses) + penalty * tf.add_n(norms)
        step = tf.Variable(0, trainable=False, name="step")
        rate = tf.train.exponential_decay(
            base_rate, step * batch_size, train_size, decay, staircase=True
        )
        train = tf.train.MomentumOptimizer(rate, momentum).minimize(loss, global_step=step)
        return LeNetTraining(logits, loss, rate, step, train, tf.nn.softmax(logits))


def error_rate(predictions: Any, labels: Any) -> float:
    """The percentage of rows whose largest element is not at the label."""
    return 100.0 - 100.0 * float(np.mean(np.argmax(predictions, 1) == labels))


def eval_in_batches(
    predict: Callable[[Any], Any], data: Any, batch_size: int = EVAL_BATCH_SIZE
) -> Any:
    """The predictions of all rows of `data`, from a function of exactly `batch_size` rows.

    The last batch ends with the data; the rows it shares with the one before are dropped.

    Args:
        predict: gives [batch_size, classes].

    Raises:
        ValueError: if there are fewer rows than a batch has.
    """
    size = len(data)
    if size < batch_size:
        raise ValueError(f"batch size for evals larger than dataset: {size}")
    parts = []
    for begin in range(0, size, batch_size):
        if begin + batch_size <= size:
            parts.append(predict(data[begin : begin + batch_size]))
        else:
            parts.append(predict(data[-batch_size:])[begin - size :])
    return np.concatenate(parts)
