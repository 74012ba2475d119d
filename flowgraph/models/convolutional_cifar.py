"""The convnet for CIFAR-10 with local response normalization and weight decay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import flowgraph as tf

__all__ = ["LOSSES", "CifarTraining", "cifar_inference", "cifar_loss", "cifar_train"]

# The collection that holds the parts of the loss.
LOSSES = "losses"


def _variable(name: str, shape: Sequence[Any], initializer: Any) -> Any:
    with tf.device("/cpu:0"):
        return tf.get_variable(name, shape, initializer=initializer, dtype=tf.float32)


def _decaying(name: str, shape: Sequence[Any], stddev: float, decay: float) -> Any:
    """A variable of normal values cut at two deviations; its penalty goes to `LOSSES`."""
    weights = _variable(name, shape, tf.truncated_normal_initializer(stddev=stddev))
    if decay:
        penalty = tf.multiply(tf.nn.l2_loss(weights), decay, name="weight_loss")
        tf.add_to_collection(LOSSES, penalty)
    return weights


def _convolution(x: Any, inputs: int, bias: float, scope: Any) -> Any:
    kernel = _decaying("weights", [5, 5, inputs, 64], 5e-2, 0.0)
    conv = tf.nn.conv2d(x, kernel, [1, 1, 1, 1], padding="SAME")
    biases = _variable("biases", [64], tf.constant_initializer(bias))
    return tf.nn.relu(tf.nn.bias_add(conv, biases), name=scope.name)


def _norm(x: Any, name: str) -> Any:
    return tf.nn.lrn(x, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75, name=name)


def _pool(x: Any, name: str) -> Any:
    return tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], padding="SAME", name=name)


def cifar_inference(
    images: Any,
    classes: int = 10,
    weight_decay: float = 0.004,
    name: str = "cifar10",
) -> Mapping[str, Any]:
    """The activations, the logits last (Ramsundar and Zadeh, chapter 9, example 9-2).

    ``conv1 (5x5x64), pool1, norm1; conv2 (5x5x64), norm2, pool2; local3 (384); local4 (192);
    softmax_linear``: the first pooling comes before the normalization, the second after it.

    [b, 32, 32, 3] -> [b, 16, 16, 64] -> [b, 8, 8, 64] -> 4096 -> 384 -> 192 -> 10: 1,756,426
    parameters; crops of 24x24 make it 2304 -> 384: 1,068,298.

    Args:
        images: [batch, height, width, 3].
        weight_decay: the factor of ``l2_loss`` of the two dense layers; the losses are added to
            the collection `LOSSES`.
        name: of the variables' scope. Towers that share them are built in a scope that reuses.
    """
    with tf.variable_scope(name, values=[images]):
        layers: dict[str, Any] = {}
        with tf.variable_scope("conv1") as scope:
            layers["conv1"] = _convolution(images, images.shape.as_list()[3], 0.0, scope)
        layers["pool1"] = _pool(layers["conv1"], "pool1")
        layers["norm1"] = _norm(layers["pool1"], "norm1")
        with tf.variable_scope("conv2") as scope:
            layers["conv2"] = _convolution(layers["norm1"], 64, 0.1, scope)
        layers["norm2"] = _norm(layers["conv2"], "norm2")
        x = layers["pool2"] = _pool(layers["norm2"], "pool2")
        _, rows, columns, depth = x.shape.as_list()
        x = tf.reshape(x, [-1, rows * columns * depth])
        for layer, units in (("local3", 384), ("local4", 192)):
            with tf.variable_scope(layer):
                shape = [x.shape.as_list()[1], units]
                weights = _decaying("weights", shape, 0.04, weight_decay)
                biases = _variable("biases", [units], tf.constant_initializer(0.1))
                x = layers[layer] = tf.nn.relu(tf.matmul(x, weights) + biases)
        with tf.variable_scope("softmax_linear"):
            weights = _decaying("weights", [192, classes], 1 / 192.0, 0.0)
            biases = _variable("biases", [classes], tf.constant_initializer(0.0))
            layers["logits"] = tf.add(tf.matmul(x, weights), biases)
        return layers


def cifar_loss(logits: Any, labels: Any, scope: str | None = None) -> Any:
    """The mean cross entropy plus the penalties in `LOSSES`; it goes to the collection itself.

    Args:
        logits: [batch, classes].
        labels: int [batch].
        scope: take only those whose names begin with it.
    """
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=logits, name="cross_entropy_per_example"
    )
    tf.add_to_collection(LOSSES, tf.reduce_mean(losses, name="cross_entropy"))
    return tf.add_n(tf.get_collection(LOSSES, scope), name="total_loss")


class CifarTraining(NamedTuple):
    """The training of the network.

    Attributes:
        global_step: the number of steps made.
        learning_rate: of this step.
        train: the op of one step, averages included.
        averages: ``tf.train.ExponentialMovingAverage`` of the trainable variables.
    """

    global_step: Any
    learning_rate: Any
    train: Any
    averages: Any


def cifar_train(
    loss: Any,
    learning_rate: float = 0.1,
    decay: float = 0.1,
    epochs_per_decay: float = 350.0,
    train_size: int = 50000,
    batch_size: int = 128,
    average_decay: float = 0.9999,
    name: str | None = None,
) -> CifarTraining:
    """Gradient descent whose rate falls by steps, and moving averages of the variables.

    ``rate = learning_rate * decay ** floor(step / (train_size / batch_size * epochs_per_decay))``
    """
    with tf.variable_scope(name, "cifar10_train", [loss]):
        step = tf.get_variable("step", [], tf.int32, tf.zeros_initializer(), trainable=False)
        decay_steps = int(train_size / batch_size * epochs_per_decay)
        rate = tf.train.exponential_decay(learning_rate, step, decay_steps, decay, staircase=True)
        optimizer = tf.train.GradientDescentOptimizer(rate)
        applied = optimizer.minimize(loss, global_step=step)
        averages = tf.train.ExponentialMovingAverage(average_decay, step)
        with tf.control_dependencies([applied]):
            train = averages.apply(tf.trainable_variables())
        return CifarTraining(step, rate, train, averages)
