"""Residual networks: blocks that learn what to add to their input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flowgraph as tf
from flowgraph.models.convolutional_classifier import Classifier, classifier, training_switch

__all__ = ["basic_block", "residual", "resnet"]

_NORM_MOMENTUM = 0.9
_NORM_EPSILON = 1e-5


def residual(
    x: Any,
    branch: Callable[[Any], Any],
    project: Callable[[Any], Any] | None = None,
    final_relu: bool = True,
    name: str | None = None,
) -> Any:
    """``relu(F(x) + shortcut(x))``

    In the listing of Fundamentals of Deep Learning the addition has slipped under the condition
    that there is a projection, and the ReLU after it is missing.

    Args:
        branch: F.
        project: the shortcut; the identity if None.
        final_relu: False leaves out the ReLU.

    Raises:
        ValueError: if the shapes differ.
    """
    with tf.name_scope(name, "residual", [x]):
        shortcut = x if project is None else project(x)
        change = branch(x)
        if not change.shape.is_compatible_with(shortcut.shape):
            raise ValueError(
                f"the branch gives {change.shape}, the shortcut {shortcut.shape}: "
                "give a projection to the branch's shape"
            )
        total = change + shortcut
        return tf.nn.relu(total) if final_relu else total


def _convolution(x: Any, depth: int, window: int, stride: int, bias: bool, name: str) -> Any:
    """A convolution with ``(window - 1) / 2`` zeros on each side, whatever the stride."""
    pad = window // 2
    if pad:
        x = tf.pad(x, [[0, 0], [pad, pad], [pad, pad], [0, 0]])
    initializer = tf.variance_scaling_initializer(2.0, "fan_out")
    return tf.layers.conv2d(
        x, depth, window, stride, use_bias=bias, kernel_initializer=initializer, name=name
    )


def _norm(x: Any, is_training: Any, name: str, gamma: float = 1.0) -> Any:
    return tf.layers.batch_normalization(
        x,
        momentum=_NORM_MOMENTUM,
        epsilon=_NORM_EPSILON,
        gamma_initializer=tf.constant_initializer(gamma),
        training=is_training,
        name=name,
    )


def basic_block(
    x: Any,
    depth: int,
    stride: int = 1,
    is_training: Any = False,
    bias: bool = False,
    final_relu: bool = True,
    zero_branch: bool = False,
    name: str | None = None,
) -> Any:
    """The block of ResNet-18 and -34: convolution 3x3, BN, ReLU, convolution 3x3, BN; add; ReLU.

    The shortcut is a convolution 1x1 with BN if the number of maps or the size changes, else the
    identity.

    Args:
        bias: whether the convolutions 3x3 have biases, which BN takes away again.
        zero_branch: begin with a last scale of 0, hence with ``relu(shortcut(x))``.
    """
    with tf.variable_scope(name, "block", [x]):

        def branch(x: Any) -> Any:
            x = _convolution(x, depth, 3, stride, bias, "conv1")
            x = tf.nn.relu(_norm(x, is_training, "norm1"))
            x = _convolution(x, depth, 3, 1, bias, "conv2")
            return _norm(x, is_training, "norm2", gamma=0.0 if zero_branch else 1.0)

        def project(x: Any) -> Any:
            x = _convolution(x, depth, 1, stride, False, "shortcut")
            return _norm(x, is_training, "shortcut_norm")

        same = stride == 1 and x.shape.as_list()[3] == depth
        return residual(x, branch, None if same else project, final_relu)


def resnet(
    images: Any,
    labels: Any,
    blocks: Sequence[int] = (3, 4, 6, 3),
    depths: Sequence[int] = (64, 128, 256, 512),
    classes: int = 1000,
    large_images: bool = True,
    printed: bool = False,
    zero_branch: bool = False,
    optimizer: Any = None,
    name: str | None = None,
) -> Classifier:
    """ResNet-34 of Fundamentals of Deep Learning, chapter 7, and its smaller relatives.

    [b, 224, 224, 3] -> 7x7 / 2 [b, 112, 112, 64] -> pool 3x3 / 2 [b, 56, 56, 64] -> 3 blocks
    [b, 56, 56, 64] -> 4 blocks [b, 28, 28, 128] -> 6 blocks [b, 14, 14, 256] -> 3 blocks
    [b, 7, 7, 512] -> mean over the positions -> classes

    33 convolutions, not counting shortcuts, and a dense layer; 21,797,672 parameters. The printed
    listing keeps all strides at 1, so that maps stay 56x56, has biases in the blocks, and no ReLU
    after the additions: 21,805,224 parameters.

    Args:
        images: [batch, height, width, channels].
        labels: int [batch].
        blocks: of each stage.
        depths: maps of each stage.
        large_images: begin with the convolution 7x7 / 2 and the pooling; else with one of 3x3.
        printed: build the listing as it is printed.
        zero_branch: begin with blocks that are ``relu(shortcut(x))``.
        optimizer: momentum .9 with rate .1 if None.
    """
    with tf.variable_scope(name, "resnet", [images, labels]) as scope:
        is_training = training_switch()
        window, stride = (7, 2) if large_images else (3, 1)
        x = _convolution(images, depths[0], window, stride, False, "conv1")
        x = tf.nn.relu(_norm(x, is_training, "norm1"))
        layers = {"conv1": x}
        if large_images:
            x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
            x = layers["pool1"] = tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "VALID")
        for stage, (count, depth) in enumerate(zip(blocks, depths, strict=True), 1):
            for place in range(1, count + 1):
                stride = 2 if place == 1 and stage > 1 and not printed else 1
                x = basic_block(
                    x,
                    depth,
                    stride,
                    is_training,
                    bias=printed,
                    final_relu=not printed,
                    zero_branch=zero_branch,
                    name=f"stage{stage}_block{place}",
                )
                layers[f"stage{stage}_block{place}"] = x
        x = layers["mean"] = tf.reduce_mean(x, [1, 2])
        layers["logits"] = tf.layers.dense(x, classes, name="logits")
        if optimizer is None:
            optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS, scope.original_name_scope)
        return classifier(images, labels, layers, optimizer, is_training, updates=updates)
