"""Convolution and pooling layers: names of variables, values, shapes and errors."""

from __future__ import annotations

from typing import Any

from programs.layers import layers_of, names
from support.programs import program, raised
from support.values import ramp


def kernel(tf: Any, *shape: int) -> Any:
    return tf.constant_initializer(ramp(*shape) / 7)


@program(factor=4)
def conv2d(tf: Any) -> dict[str, Any]:
    conv = layers_of(tf).conv2d
    x = tf.constant(ramp(2, 5, 6, 3), name="x")
    start = kernel(tf, 3, 3, 3, 4)
    return {
        "plain": conv(x, 4, 3, kernel_initializer=start),
        "same": conv(x, 4, (3, 3), padding="SAME", kernel_initializer=start),
        "relu": conv(
            x,
            4,
            3,
            (2, 1),
            "same",
            activation=tf.nn.relu,
            kernel_initializer=start,
            bias_initializer=tf.ones_initializer(),
        ),
        "no bias": conv(x, 4, 3, strides=2, use_bias=False, kernel_initializer=start),
        "dilated": conv(x, 4, 3, padding="same", dilation_rate=2, kernel_initializer=start),
        "named": conv(x, 4, 3, name="conv", kernel_initializer=start),
        "reused": conv(x, 4, 3, name="conv", reuse=True),
        "variables": names(tf.global_variables()),
        "shapes": [v.shape.as_list() for v in tf.global_variables()],
    }


@program(factor=4)
def conv1d(tf: Any) -> dict[str, Any]:
    conv = layers_of(tf).conv1d
    x = tf.constant(ramp(2, 7, 3), name="x")
    start = kernel(tf, 3, 3, 4)
    results = {
        key: conv(x, 4, 3, padding=key, kernel_initializer=start)
        for key in ("valid", "same", "causal")
    }
    results["strides"] = conv(x, 4, 3, strides=2, kernel_initializer=start)
    results["dilated"] = conv(x, 4, 3, padding="causal", dilation_rate=2, kernel_initializer=start)
    results["variables"] = names(tf.global_variables())
    return {key: value for key, value in results.items() if key == "variables"} | {
        key: tf.identity(value, key.replace(" ", "_"))
        for key, value in results.items()
        if key != "variables"
    }


@program(factor=4)
def conv3d(tf: Any) -> dict[str, Any]:
    conv = layers_of(tf).conv3d
    x = tf.constant(ramp(1, 3, 4, 5, 2), name="x")
    start = kernel(tf, 2, 2, 2, 2, 3)
    return {
        "plain": conv(x, 3, 2, kernel_initializer=start),
        "strides": conv(x, 3, 2, (1, 2, 1), "same", kernel_initializer=start),
        "variables": names(tf.global_variables()),
    }


@program(factor=4)
def transposed(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    x = tf.constant(ramp(2, 3, 4, 3), name="x")
    free = tf.placeholder_with_default(ramp(2, 3, 4, 3), [None, None, 4, 3])
    volume = tf.constant(ramp(1, 2, 3, 2, 2))
    start = kernel(tf, 3, 3, 2, 3)
    results = {
        "valid": layers.conv2d_transpose(x, 2, 3, kernel_initializer=start),
        "strides": layers.conv2d_transpose(x, 2, 3, 2, kernel_initializer=start),
        "same": layers.conv2d_transpose(x, 2, 3, (2, 2), "same", kernel_initializer=start),
        "free": layers.conv2d_transpose(free, 2, 3, 2, "same", kernel_initializer=start),
        "volume": layers.conv3d_transpose(
            volume, 3, 2, 2, kernel_initializer=kernel(tf, 2, 2, 2, 3, 2)
        ),
    }
    variables = names(tf.global_variables())
    shapes = [v.shape.as_list() for v in tf.global_variables()]
    found: dict[str, Any] = {key: tf.identity(value, key) for key, value in results.items()}
    return {**found, "variables": variables, "shapes": shapes}


@program(factor=4)
def separable(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    image = tf.constant(ramp(2, 5, 6, 3), name="image")
    sequence = tf.constant(ramp(2, 7, 3), name="sequence")
    wide = {
        "depthwise_initializer": kernel(tf, 3, 3, 3, 2),
        "pointwise_initializer": kernel(tf, 1, 1, 6, 4),
        "depth_multiplier": 2,
    }
    long = {
        "depthwise_initializer": kernel(tf, 3, 3, 1),
        "pointwise_initializer": kernel(tf, 1, 3, 4),
    }
    results: dict[str, Any] = {
        "plain": layers.separable_conv2d(image, 4, 3, **wide),
        "same": layers.separable_conv2d(image, 4, 3, 2, "same", activation=tf.nn.relu, **wide),
        "sequence": layers.separable_conv1d(sequence, 4, 3, use_bias=False, **long),
        "causal": layers.separable_conv1d(sequence, 4, 3, padding="causal", **long),
    }
    variables = names(tf.global_variables())
    found: dict[str, Any] = {key: tf.identity(value, key) for key, value in results.items()}
    return {
        **found,
        "variables": variables,
        "shapes": [v.shape.as_list() for v in tf.global_variables()],
    }


@program(graph=True)
def pooling(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    sequence = tf.constant(ramp(2, 7, 3), name="sequence")
    image = tf.constant(ramp(2, 5, 6, 3), name="image")
    volume = tf.constant(ramp(1, 4, 5, 6, 2), name="volume")
    results = {}
    for kind in ("max", "average"):
        results[f"{kind} 1"] = getattr(layers, f"{kind}_pooling1d")(sequence, 3, 2)
        results[f"{kind} 1 same"] = getattr(layers, f"{kind}_pooling1d")(sequence, 3, 2, "same")
        results[f"{kind} 2"] = getattr(layers, f"{kind}_pooling2d")(image, 2, 2)
        results[f"{kind} 2 same"] = getattr(layers, f"{kind}_pooling2d")(
            image, (3, 2), (2, 1), "same", name="pool"
        )
        results[f"{kind} 3"] = getattr(layers, f"{kind}_pooling3d")(volume, 2, 2)
    return results


@program
def layer_objects(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    x = tf.constant(ramp(2, 5, 6, 3), name="x")
    conv = layers.Conv2D(4, 3, activation=tf.nn.relu, kernel_initializer=kernel(tf, 3, 3, 3, 4))
    pool = layers.MaxPooling2D(2, 2)
    first, second = conv(x), conv(x)
    return {
        "first": tf.identity(first),
        "second": tf.identity(second),
        "pooled": pool(first),
        "names": [conv.name, conv.scope_name, pool.name, pool.scope_name],
        "weights": names(conv.weights),
        "count": conv.count_params(),
        "shape": conv.compute_output_shape([None, 9, 8, 3]).as_list(),
        "pooled shape": pool.compute_output_shape([None, 9, 8, 3]).as_list(),
        "kernel size": list(conv.kernel_size),
    }


@program
def open_shapes(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    x = tf.placeholder_with_default(ramp(2, 5, 6, 3), [None, None, None, 3])
    y = layers.conv2d(x, 4, 3, padding="same", kernel_initializer=kernel(tf, 3, 3, 3, 4))
    return {"conv": tf.identity(y), "pool": layers.max_pooling2d(y, 2, 2)}


@program
def bad_arguments(tf: Any) -> dict[str, Any]:
    layers = layers_of(tf)
    x = tf.constant(ramp(2, 5, 6, 3))
    free = tf.placeholder(tf.float32, [None, 5, 6, None])
    conv = layers.Conv2D(4, 3)
    conv(x)
    return {
        "channels": raised(lambda: layers.conv2d(free, 4, 3), "channel dimension of the inputs"),
        "other channels": raised(
            lambda: conv(tf.zeros([1, 5, 6, 2])), "incompatible with the layer"
        ),
        "kernel size": raised(lambda: layers.Conv2D(4, (3, 3, 3)), "kernel_size"),
        "strides": raised(lambda: layers.MaxPooling2D(2, (1, 2, 3)), "strides"),
        "padding": raised(lambda: layers.Conv2D(4, 3, padding="full"), "padding"),
        "data format": raised(lambda: layers.Conv2D(4, 3, data_format="NHWC"), "data_format"),
        "rank": raised(lambda: layers.max_pooling2d(tf.zeros([2, 3, 4]), 2, 2), "expected ndim=4"),
    }
