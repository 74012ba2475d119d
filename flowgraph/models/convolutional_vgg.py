"""VGG16: thirteen convolutions 3x3, five poolings, three dense layers; and transfer from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import flowgraph as tf

__all__ = ["BLOCKS", "VGG16", "Transfer", "subtract_mean", "vgg16", "vgg16_base", "vgg16_transfer"]

# (convolutions, maps) of each block.
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
BGR_MEAN = (103.939, 116.779, 123.68)


class VGG16(NamedTuple):
    """The network's activations.

    Attributes:
        images: [batch, height, width, 3].
        taps: the output of each ReLU and pooling: relu1_1, relu1_2, pool1, ..., relu5_3, pool5,
            and relu6, relu7 with the dense layers.
        output: the logits, or pool5 of the base alone.
        variables: weights and biases in the order of the layers.
    """

    images: Any
    taps: Mapping[str, Any]
    output: Any
    variables: Sequence[Any]


def subtract_mean(images: Any, name: str | None = None) -> Any:
    """RGB images of 0 to 255 as blue, green, red less their means on ImageNet."""
    with tf.name_scope(name, "subtract_mean", [images]):
        return tf.reverse(tf.cast(images, tf.float32), [3]) - tf.constant(BGR_MEAN)


def _scaled(depth: int, width: float) -> int:
    return max(1, round(depth * width))


def _base(images: Any, width: float, trainable: bool) -> tuple[dict[str, Any], list[Any]]:
    taps: dict[str, Any] = {}
    variables: list[Any] = []
    x = images
    for block, (count, depth) in enumerate(BLOCKS, 1):
        for place in range(1, count + 1):
            layer = tf.layers.Conv2D(
                _scaled(depth, width),
                3,
                padding="same",
                activation=tf.nn.relu,
                trainable=trainable,
                kernel_initializer=tf.variance_scaling_initializer(2.0),
                name=f"conv{block}_{place}",
            )
            x = taps[f"relu{block}_{place}"] = layer(x)
            variables += layer.variables
        x = taps[f"pool{block}"] = tf.layers.max_pooling2d(x, 2, 2, name=f"pool{block}")
    return taps, variables


def vgg16_base(
    images: Any, width: float = 1.0, trainable: bool = True, name: str | None = None
) -> VGG16:
    """The convolutions of VGG16: 14,714,688 parameters.

    Blocks of 2, 2, 3, 3, 3 convolutions 3x3 with 64, 128, 256, 512, 512 maps, a pooling 2x2 after
    each: [b, 224, 224, 3] -> [b, 112, 112, 64] -> [b, 56, 56, 128] -> [b, 28, 28, 256] ->
    [b, 14, 14, 512] -> [b, 7, 7, 512]. Two layers 3x3 see what one of 5x5 does.

    Args:
        width: multiplies the numbers of maps.
        trainable: whether the variables are among the trainable ones.
    """
    with tf.variable_scope(name, "vgg16", [images]):
        taps, variables = _base(images, width, trainable)
        return VGG16(images, taps, taps["pool5"], variables)


def vgg16(
    images: Any,
    classes: int = 1000,
    width: float = 1.0,
    units: int = 4096,
    trainable: bool = True,
    name: str | None = None,
) -> VGG16:
    """VGG16 with its dense layers 4096, 4096, 1000: 138,357,544 parameters at 224x224."""
    with tf.variable_scope(name, "vgg16", [images]):
        taps, variables = _base(images, width, trainable)
        x = tf.layers.flatten(taps["pool5"])
        sizes = {"fc6": _scaled(units, width), "fc7": _scaled(units, width), "fc8": classes}
        for dense, size in sizes.items():
            activation = None if dense == "fc8" else tf.nn.relu
            layer = tf.layers.Dense(size, activation, trainable=trainable, name=dense)
            x = layer(x)
            variables += layer.variables
            if activation is not None:
                taps[dense.replace("fc", "relu")] = x
        return VGG16(images, taps, x, variables)


class Transfer(NamedTuple):
    """A network for two classes on features that stay as they are.

    Attributes:
        base: the frozen network.
        labels: [batch], 1 or 0.
        logits: [batch]; positive for class 1.
        probabilities: ``sigmoid(logits)``, [batch].
        predictions: int32 [batch]: 1 from a probability of one half on, else 0. (The listing sets
            the ones, and leaves the others as they were.)
        loss: the sum, or mean, over the batch of the cross entropy.
        train: the op of one step; it changes the head only.
        head: the weights and the bias of the head.
    """

    base: VGG16
    labels: Any
    logits: Any
    probabilities: Any
    predictions: Any
    loss: Any
    train: Any
    head: Sequence[Any]


def vgg16_transfer(
    images: Any,
    labels: Any,
    learning_rate: float = 0.01,
    summed: bool = True,
    width: float = 1.0,
    name: str | None = None,
) -> Transfer:
    """Listing 3-8 of Pro Deep Learning with TensorFlow: cats or dogs by one unit on frozen VGG16.

    [batch, 224, 224, 3] -> [batch, 7, 7, 512] -> 25088 -> 1; 25,089 trainable parameters.

    Args:
        images: as `subtract_mean` gives them.
        labels: [batch], 1 for cats and 0 for dogs.
    """
    with tf.variable_scope(name, "vgg16_transfer", [images, labels]):
        base = vgg16_base(images, width, trainable=False, name="vgg16")
        layer = tf.layers.Dense(1, name="head")
        logits = tf.squeeze(layer(tf.layers.flatten(base.output)), [1])
        targets = tf.cast(labels, tf.float32)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)
        loss = tf.reduce_sum(losses) if summed else tf.reduce_mean(losses)
        optimizer = tf.train.AdamOptimizer(learning_rate)
        train = optimizer.minimize(loss, var_list=layer.trainable_variables)
        probabilities = tf.sigmoid(logits)
        predictions = tf.cast(probabilities >= 0.5, tf.int32)
        return Transfer(
            base, labels, logits, probabilities, predictions, loss, train, layer.variables
        )
