"""Convolution, pooling and what goes with them: names, values, gradients and errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


def waves(*shape: int) -> Any:
    return np.sin(np.arange(float(np.prod(shape))) * 0.7).reshape(shape).astype(np.float32)


@program(graph=True)
def convolutions(tf: Any) -> dict[str, Any]:
    x = tf.constant(waves(2, 5, 6, 3), name="x")
    w = tf.constant(waves(3, 3, 3, 4), name="w")
    border = [[0, 0], [1, 2], [0, 1], [0, 0]]
    return {
        "same": tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding="SAME"),
        "valid": tf.nn.conv2d(x, w, [1, 2, 2, 1], "VALID", name="valid"),
        "number": tf.nn.conv2d(x, filters=w, strides=2, padding="SAME"),
        "pair": tf.nn.conv2d(input=x, filter=w, strides=[1, 2], padding="SAME"),
        "explicit": tf.nn.conv2d(x, w, 1, border),
        "holes": tf.nn.conv2d(x, w, 1, "SAME", dilations=2),
        "array": tf.nn.conv2d(waves(1, 3, 3, 1), waves(2, 2, 1, 1), 1, "SAME"),
    }


@program(graph=True)
def sequences(tf: Any) -> dict[str, Any]:
    x = tf.constant(waves(2, 7, 3), name="x")
    w = tf.constant(waves(3, 3, 4), name="w")
    return {
        "plain": tf.nn.conv1d(x, w, 1, "SAME"),
        "stride": tf.nn.conv1d(x, w, stride=2, padding="VALID", data_format="NWC"),
        "input": tf.nn.conv1d(input=x, filters=w, stride=[1, 2, 1], padding="SAME", name="each"),
        "transposed": tf.nn.conv1d_transpose(tf.constant(waves(2, 4, 4)), w, [2, 8, 3], 2, "SAME"),
        "max": tf.nn.max_pool1d(x, 2, 2, "SAME"),
        "avg": tf.nn.avg_pool1d(x, [3], [2], "VALID"),
    }


@program(graph=True)
def volumes(tf: Any) -> dict[str, Any]:
    x = tf.constant(waves(1, 4, 5, 3, 2), name="x")
    w = tf.constant(waves(2, 2, 2, 2, 3), name="w")
    y = tf.nn.conv3d(x, w, strides=[1, 1, 2, 1, 1], padding="SAME")
    return {
        "conv": y,
        "filters": tf.nn.conv3d(x, filters=w, strides=[1] * 5, padding="VALID"),
        "transposed": tf.nn.conv3d_transpose(
            y, w, output_shape=[1, 4, 5, 3, 2], strides=[1, 1, 2, 1, 1]
        ),
        "max": tf.nn.max_pool3d(x, 2, 2, "SAME"),
        "avg": tf.nn.avg_pool3d(x, [1, 2, 3, 1, 1], [1, 1, 2, 1, 1], "VALID"),
        "backprop": tf.nn.conv3d_backprop_filter(x, [2, 2, 2, 2, 3], y, [1, 1, 2, 1, 1], "SAME"),
        "gradients": tf.gradients(y, x)[0],
    }


@program(graph=True)
def transposed_convolutions(tf: Any) -> dict[str, Any]:
    y = tf.constant(waves(2, 3, 4, 4), name="y")
    w = tf.constant(waves(3, 3, 2, 4), name="w")
    open_batch = tf.placeholder_with_default(waves(2, 3, 4, 4), [None, 3, 4, 4])
    sizes = tf.stack([tf.shape(open_batch)[0], 6, 8, 2])
    return {
        "plain": tf.nn.conv2d_transpose(y, w, [2, 6, 8, 2], strides=[1, 2, 2, 1]),
        "number": tf.nn.conv2d_transpose(
            input=y, filters=w, output_shape=[2, 7, 9, 2], strides=2, padding="VALID"
        ),
        "tensor": tf.nn.conv2d_transpose(open_batch, w, sizes, [1, 2, 2, 1], name="up"),
        "any rank": tf.nn.conv_transpose(y, w, [2, 5, 7, 2], 2, "SAME"),
        "input": tf.nn.conv2d_backprop_input([2, 6, 8, 2], w, y, [1, 2, 2, 1], "SAME"),
        "filter": tf.nn.conv2d_backprop_filter(
            waves(2, 6, 8, 2), [3, 3, 2, 4], y, [1, 2, 2, 1], "SAME"
        ),
    }


@program(graph=True)
def holes(tf: Any) -> dict[str, Any]:
    x = tf.constant(waves(2, 7, 8, 2), name="x")
    w = tf.constant(waves(3, 2, 2, 3), name="w")
    deep = tf.constant(waves(3, 2, 2, 2), name="deep")
    mixing = tf.constant(waves(1, 1, 4, 3), name="mixing")
    return {
        "atrous": tf.nn.atrous_conv2d(x, w, 2, "SAME"),
        "atrous valid": tf.nn.atrous_conv2d(x, w, 2, "VALID", name="valid"),
        "rate one": tf.nn.atrous_conv2d(x, w, 1, "SAME"),
        "convolution": tf.nn.convolution(x, w, "SAME", strides=[2, 1]),
        "dilated": tf.nn.convolution(x, w, "VALID", dilation_rate=[1, 3]),
        "sequence": tf.nn.convolution(waves(1, 9, 2), waves(3, 2, 2), "SAME", dilation_rate=[2]),
        "depthwise": tf.nn.depthwise_conv2d(x, deep, [1, 1, 1, 1], "SAME"),
        "depthwise dilated": tf.nn.depthwise_conv2d(x, deep, [1, 1, 1, 1], "SAME", rate=[2, 2]),
        "native": tf.nn.depthwise_conv2d_native(x, deep, [1, 2, 2, 1], "VALID"),
        "separable": tf.nn.separable_conv2d(x, deep, mixing, [1, 1, 1, 1], "SAME"),
        "separable dilated": tf.nn.separable_conv2d(
            x, deep, mixing, [1, 1, 1, 1], "VALID", rate=[2, 1], name="mixed"
        ),
        "atrous transposed": tf.nn.atrous_conv2d_transpose(
            waves(2, 7, 8, 3), w, [2, 7, 8, 2], 2, "SAME"
        ),
    }


@program
def holes_in_open_shapes(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(waves(2, 7, 8, 2), [None, None, 8, 2])
    w = tf.constant(waves(3, 2, 2, 3))
    y = tf.nn.atrous_conv2d(x, w, 2, "SAME")
    z = tf.nn.atrous_conv2d_transpose(
        tf.constant(waves(2, 7, 8, 3)), w, tf.constant([2, 7, 8, 2]), 3, "SAME"
    )
    return {
        "value": y,
        "gradient": tf.gradients(y, w)[0],
        "pooled": tf.nn.pool(x, [2, 2], "MAX", "VALID", dilation_rate=[2, 1]),
        "transposed": z,
    }


@program(graph=True)
def pools(tf: Any) -> dict[str, Any]:
    x = tf.constant(waves(2, 5, 6, 3), name="x")
    output, argmax = tf.nn.max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    inner = tf.nn.max_pool_with_argmax(
        x, [1, 2, 2, 1], [1, 1, 1, 1], "VALID", output_dtype=tf.int32, include_batch_in_index=True
    )
    return {
        "max": tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"),
        "max by number": tf.nn.max_pool(x, ksize=3, strides=2, padding="VALID"),
        "max by name": tf.nn.max_pool(x, ksize=2, strides=1, padding="SAME", name="largest"),
        "max 2d": tf.nn.max_pool2d(x, 2, 2, "SAME"),
        "avg": tf.nn.avg_pool(x, ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], padding="SAME"),
        "avg 2d": tf.nn.avg_pool2d(x, 2, 2, "VALID"),
        "output": output,
        "argmax": argmax,
        "inner": inner[1],
        "pool": tf.nn.pool(x, [2, 3], "AVG", "SAME", strides=[2, 1]),
        "pool holes": tf.nn.pool(x, [2, 2], "MAX", "VALID", dilation_rate=[2, 2]),
        "pool sequence": tf.nn.pool(waves(2, 7, 3), [3], "MAX", "SAME"),
        "gradient": tf.gradients(output, x)[0],
    }


@program
def first_maximum_gets_the_gradient(tf: Any) -> dict[str, Any]:
    x = tf.constant(np.array([[1, 2, 2], [2, 1, 2], [2, 2, 0]], np.float32).reshape(1, 3, 3, 1))
    y = tf.nn.max_pool(x, 2, 1, "SAME")
    seeds = tf.constant(ramp(1, 3, 3, 1) + 1)
    return {"gradient": tf.gradients(y, x, seeds)[0]}


@program
def second_gradients(tf: Any) -> dict[str, Any]:
    x = tf.constant(waves(1, 4, 4, 2))
    w = tf.constant(waves(2, 2, 2, 2))
    y = tf.nn.max_pool(tf.square(tf.nn.conv2d(x, w, 1, "SAME")), 2, 2, "SAME")
    gx, gw = tf.gradients(y, [x, w])
    gxx, gxw = tf.gradients(tf.square(gx), [x, w])
    return {"gx": gx, "gw": gw, "gxx": gxx, "gxw": gxw, "gww": tf.gradients(gw, w)[0]}


@program(graph=True)
def normalizations(tf: Any) -> dict[str, Any]:
    x = tf.constant(waves(2, 3, 4, 5), name="x")
    scale, offset = tf.constant(ramp(5) + 1), tf.constant(ramp(5) / 2)
    y, mean, variance = tf.nn.fused_batch_norm(x, scale, offset)
    frozen, _, _ = tf.nn.fused_batch_norm(
        x, scale, offset, mean=ramp(5), variance=ramp(5) + 1, is_training=False, name="frozen"
    )
    return {
        "lrn": tf.nn.lrn(x, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75),
        "response": tf.nn.local_response_normalization(x, depth_radius=1),
        "y": y,
        "mean": mean,
        "variance": variance,
        "frozen": frozen,
        "gradients": tf.gradients(y, x, tf.constant(waves(2, 3, 4, 5)[::-1]))[0],
        "frozen gradient": tf.gradients(frozen, x)[0],
        "scale gradient": tf.gradients(frozen, scale)[0],
    }


@program
def second_gradients_of_frozen_normalization(tf: Any) -> dict[str, Any]:
    x = tf.constant(waves(2, 3, 2, 3))
    scale, offset = tf.constant(ramp(3) + 1), tf.constant(ramp(3))
    y, _, _ = tf.nn.fused_batch_norm(x, scale, offset, ramp(3), ramp(3) + 1, is_training=False)
    gx, gs = tf.gradients(tf.square(y), [x, scale])
    found = tf.gradients([gx, gs], [x, scale])
    return {"x": found[0], "scale": found[1]}


@program(graph=True)
def blocks(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(1, 4, 6, 2), name="x")
    moved = tf.space_to_batch(x, [[0, 0], [1, 1]], 2)
    paddings, crops = tf.required_space_to_batch_paddings([5, 7], [2, 3])
    more, less = tf.required_space_to_batch_paddings(
        tf.constant([5, 7]), tf.constant([2, 3]), base_paddings=[[1, 0], [0, 2]], name="required"
    )
    return {
        "depth": tf.space_to_depth(x, 2),
        "space": tf.depth_to_space(tf.space_to_depth(x, 2), block_size=2),
        "batch": moved,
        "back": tf.batch_to_space(moved, [[0, 0], [1, 1]], block_size=2),
        "nd": tf.space_to_batch_nd(x, [2, 3], [[0, 0], [0, 0]]),
        "back nd": tf.batch_to_space_nd(tf.space_to_batch_nd(x, [2], [[0, 0]]), [2], [[0, 1]]),
        "paddings": paddings,
        "crops": crops,
        "more": more,
        "less": less,
    }


@program(graph=True)
def patches(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(1, 4, 5, 2), name="x")
    found = tf.extract_image_patches(x, [1, 2, 2, 1], [1, 2, 1, 1], [1, 1, 1, 1], "SAME")
    return {
        "images": found,
        "sizes": tf.image.extract_image_patches(
            images=x, sizes=[1, 3, 3, 1], strides=[1, 1, 1, 1], rates=[1, 1, 2, 1], padding="VALID"
        ),
        "volumes": tf.extract_volume_patches(
            ramp(1, 3, 3, 3, 1), [1, 2, 2, 2, 1], [1, 1, 1, 1, 1], "VALID"
        ),
        "gradient": tf.gradients(found, x)[0],
    }


@program(graph=True)
def morphology(tf: Any) -> dict[str, Any]:
    x = tf.constant(waves(1, 5, 6, 2), name="x")
    bump = tf.constant(waves(2, 3, 2), name="bump")
    dilated = tf.nn.dilation2d(x, bump, [1, 1, 1, 1], [1, 1, 1, 1], "SAME")
    return {
        "dilation": dilated,
        "erosion": tf.nn.erosion2d(x, bump, [1, 1, 2, 1], [1, 2, 1, 1], "VALID"),
        "gradient": tf.gradients(dilated, [x])[0],
        "bump gradient": tf.gradients(dilated, [bump])[0],
    }


@program
def fractional_pools(tf: Any) -> dict[str, Any]:
    x = tf.constant(waves(1, 13, 11, 2))
    ratio = [1.0, 1.44, 1.73, 1.0]
    largest = tf.nn.fractional_max_pool(x, ratio, True, deterministic=True, seed=3, seed2=5)
    mean = tf.nn.fractional_avg_pool(
        x, ratio, overlapping=True, deterministic=True, seed=1, seed2=2
    )
    with tf.Session() as session:
        # TensorFlow's static shapes of these lack the end.
        rows, columns = session.run([largest[1], largest[2]])
    return {
        "max": largest[0],
        "rows": rows,
        "columns": columns,
        "mean": mean[0],
        "max gradient": tf.gradients(largest[0], x)[0],
        "mean gradient": tf.gradients(mean[0], x)[0],
    }


@program
def open_shapes(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(waves(2, 5, 6, 3), [None, None, 6, 3])
    w = tf.constant(waves(3, 3, 3, 4))
    y = tf.nn.conv2d(x, w, 2, "SAME")
    z = tf.nn.max_pool(y, 2, 1, "VALID")
    return {
        "conv": y,
        "max": z,
        "avg": tf.nn.avg_pool(x, 2, 2, "SAME"),
        "by input": tf.gradients(z, x)[0],
        "by filter": tf.gradients(z, w)[0],
        "depth": tf.space_to_depth(x[:, :4], 2),
        "batch": tf.space_to_batch_nd(x, [1, 2], [[0, 0], [0, 0]]),
    }


@program
def errors(tf: Any) -> dict[str, Any]:
    x, w = tf.zeros([2, 5, 6, 3]), tf.zeros([3, 3, 3, 4])

    return {
        "rank": raised(lambda: tf.nn.conv2d(x[0], w, 1, "SAME"), "rank 4 but is rank 3"),
        "negative": raised(
            lambda: tf.nn.conv2d(x[:, :2], w, 1, "VALID"),
            "Negative dimension size caused by subtracting 3 from 2",
        ),
        "channels": raised(
            lambda: tf.nn.conv2d(x, w[:, :, :2], 1, "SAME"), "multiple of input depth"
        ),
        "strides": raised(lambda: tf.nn.conv2d(x, w, [1, 2, 3], "SAME"), "length 1, 2 or 4"),
        "padding": raised(lambda: tf.nn.conv2d(x, w, 1, "EXPLICIT"), "padding"),
        "both": raised(lambda: tf.nn.conv2d(x, filter=w, filters=w, strides=1, padding="SAME")),
        "format": raised(
            lambda: tf.nn.conv1d(x[0], w[0], 1, "SAME", data_format="X"), "data_format"
        ),
        "pool": raised(lambda: tf.nn.max_pool(x[0], 2, 2, "SAME"), "rank 4 but is rank 3"),
        "pool strides": raised(lambda: tf.nn.pool(x, [1, 1], "MAX", "SAME", strides=[2, 2])),
        "pool holes": raised(lambda: tf.nn.pool(x, [2, 2], "MAX", "SAME", [2, 2]), "SAME"),
        "holes and strides": raised(
            lambda: tf.nn.convolution(x, w, "SAME", [2, 2], [2, 2]), "strides > 1"
        ),
        "no block": raised(lambda: tf.space_to_depth(x, 1), "less than minimum 2"),
        "block": raised(lambda: tf.space_to_depth(x, 2), "evenly divisible by 2 but is 5"),
        "moments": raised(
            lambda: tf.nn.fused_batch_norm(x, [1.0] * 3, [0.0] * 3, is_training=False), "must be"
        ),
        "argmax format": raised(
            lambda: tf.nn.max_pool_with_argmax(
                x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME", data_format="NCHW"
            ),
            "NHWC",
        ),
    }
