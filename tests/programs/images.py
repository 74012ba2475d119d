"""Images: resized, cut, turned, coloured, compared, read and written."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp

IMAGE = (np.arange(105) * 37 % 101 / 100).reshape(5, 7, 3).astype(np.float32)
BATCH = np.stack([IMAGE, 1 - IMAGE])
BYTES = (IMAGE * 255).astype(np.uint8)
BOXES = np.array([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 10, 1, 11], [1, 1, 0, 0]], np.float32)
SCORES = np.array([0.9, 0.75, 0.8, 0.95], np.float32)


@program(graph=True)
def resized(tf: Any) -> dict[str, Any]:
    image, batch = tf.constant(IMAGE), tf.constant(BATCH)
    method = tf.image.ResizeMethod
    return {
        "bilinear": tf.image.resize_images(image, [4, 9]),
        "batch": tf.image.resize_images(batch, [3, 3], method.NEAREST_NEIGHBOR),
        "bicubic": tf.image.resize_images(batch, [8, 8], method.BICUBIC, align_corners=True),
        "area": tf.image.resize_images(batch, (2, 5), method=method.AREA, name="smaller"),
        "bytes": tf.image.resize_images(BYTES, [4, 4]),
        "same": tf.image.resize_images(image, [5, 7]),
        "ratio": tf.image.resize_images(image, [10, 10], preserve_aspect_ratio=True),
        "resize": tf.image.resize(image, [4, 9]),
        "op bilinear": tf.image.resize_bilinear(batch, [4, 4], half_pixel_centers=True),
        "op nearest": tf.image.resize_nearest_neighbor(batch, [4, 4], name="near"),
        "op bicubic": tf.image.resize_bicubic(batch, [4, 4]),
        "op area": tf.image.resize_area(batch, [2, 2]),
    }


@program
def resized_by_tensors(tf: Any) -> dict[str, Any]:
    image = tf.placeholder_with_default(IMAGE, [None, None, 3])
    size = tf.placeholder_with_default([3, 4], [2])
    height = tf.placeholder_with_default(9, [])
    return {
        "size": tf.image.resize_images(image, size),
        "known": tf.image.resize_images(image, [3, 4]),
        "half known": tf.image.resize_images(image, tf.stack([height, 4])),
        "crop or pad": tf.image.resize_image_with_crop_or_pad(image, 4, 9),
        "crop or pad tensor": tf.image.resize_image_with_crop_or_pad(image, height, 4),
        "with pad": tf.image.resize_image_with_pad(image, 6, 6),
        "central": tf.image.central_crop(image, 0.5),
        "crop": tf.image.crop_to_bounding_box(image, 1, 2, 3, 4),
        "pad": tf.image.pad_to_bounding_box(image, 1, 2, height, 10),
    }


@program(graph=True)
def framed(tf: Any) -> dict[str, Any]:
    batch = tf.constant(BATCH)
    return {
        "pad": tf.image.pad_to_bounding_box(batch, 1, 2, 7, 10),
    }


@program
def cut_and_padded(tf: Any) -> dict[str, Any]:
    return {
        "crop": tf.image.resize_image_with_crop_or_pad(IMAGE, 2, 3),
        "pad": tf.image.resize_image_with_crop_or_pad(IMAGE, 8, 10),
        "both": tf.image.resize_image_with_crop_or_pad(BATCH, 3, 10),
        "with pad": tf.image.resize_image_with_pad(IMAGE, 8, 8),
        "wide": tf.image.resize_image_with_pad(BATCH, 4, 12, align_corners=True),
        "central": tf.image.central_crop(IMAGE, 0.6),
        "central batch": tf.image.central_crop(BATCH, 0.5),
        "whole": tf.image.central_crop(IMAGE, 1.0),
        "alias": tf.image.resize_with_crop_or_pad(IMAGE, 4, 4),
    }


@program
def frames_that_do_not_fit(tf: Any) -> dict[str, Any]:
    def run(make: Any) -> Any:
        with tf.Session() as session:
            return session.run(make())

    offset = tf.placeholder_with_default(9, [])
    return {
        "crop": raised(lambda: tf.image.crop_to_bounding_box(IMAGE, 3, 0, 3, 3), "height must be"),
        "pad": raised(lambda: tf.image.pad_to_bounding_box(IMAGE, 0, -1, 9, 9), "offset_width"),
        "target": raised(
            lambda: tf.image.resize_image_with_crop_or_pad(IMAGE, 0, 3), "target_height must be > 0"
        ),
        "rank": raised(lambda: tf.image.crop_to_bounding_box(IMAGE[0], 0, 0, 1, 1), "3 or 4 dim"),
        "size": raised(lambda: tf.image.resize_images(IMAGE, [1, 2, 3]), "1-D Tensor of 2"),
        "size type": raised(lambda: tf.image.resize_images(IMAGE, [1.5, 2]), "1-D int32 Tensor"),
        "method": raised(lambda: tf.image.resize_images(IMAGE, [2, 2], 7), "not implemented"),
        "images": raised(lambda: tf.image.resize_images(IMAGE[0], [2, 2]), "3 or 4 dimensions"),
        "fraction": raised(lambda: tf.image.central_crop(IMAGE, 0.0), "must be within"),
        "run": raised(
            lambda: run(lambda: tf.image.crop_to_bounding_box(IMAGE, offset, 0, 1, 1)),
            "assertion failed",
        ),
        "flip": raised(lambda: tf.image.flip_left_right(IMAGE[0]), "at least three-dimensional"),
        "empty": raised(lambda: tf.image.flip_up_down(IMAGE[:0]), "must be > 0"),
        "grey": raised(lambda: tf.image.grayscale_to_rgb(tf.constant(IMAGE)), "should be size 1"),
        "max_delta": raised(lambda: tf.image.random_brightness(IMAGE, -1.0), "non-negative"),
        "hue": raised(lambda: tf.image.random_hue(IMAGE, 0.6), "must be <= 0.5"),
        "contrast": raised(lambda: tf.image.random_contrast(IMAGE, 2, 1), "upper must be > lower"),
        "gamma": raised(lambda: tf.image.adjust_gamma(IMAGE, -1.0), "non-negative real number"),
    }


@program(graph=True)
def flipped(tf: Any) -> dict[str, Any]:
    image, batch = tf.constant(IMAGE), tf.constant(BATCH)
    return {
        "left right": tf.image.flip_left_right(image),
        "up down": tf.image.flip_up_down(batch),
        "left right batch": tf.image.flip_left_right(batch),
        "transposed": tf.image.transpose_image(image),
        "transposed batch": tf.image.transpose_image(batch),
    }


@program
def turned(tf: Any) -> dict[str, Any]:
    k = tf.placeholder_with_default(1, [])
    counts = {f"by {n}": tf.image.rot90(IMAGE, n) for n in (-1, 0, 1, 2, 3, 6)}
    with tf.Session() as session:
        values = {key: session.run(each) for key, each in counts.items()}
        batch = tf.image.rot90(BATCH, k)
        values |= {f"tensor {n}": session.run(batch, {k: n}) for n in range(4)}
        tf.set_random_seed(5)
        flips = [tf.image.random_flip_left_right(IMAGE, seed=n) for n in range(6)]
        flips += [tf.image.random_flip_up_down(IMAGE, seed=n) for n in range(6)]
        values["flips"] = np.stack(session.run(flips))
        flips = [tf.image.random_flip_left_right(BATCH, seed=n) for n in range(6)]
        values["flips of batches"] = np.stack(session.run(flips))
        unknown = tf.placeholder(tf.float32)
        ops = {
            "left": tf.image.flip_left_right(unknown),
            "down": tf.image.flip_up_down(unknown),
        }
        for name, op in ops.items():
            values[f"unknown {name}"] = session.run(op, {unknown: IMAGE})
            values[f"unknown batch {name}"] = session.run(op, {unknown: BATCH})
    return values


@program(factor=4)
def adjusted(tf: Any) -> dict[str, Any]:
    found = {}
    for name, image in (("floats", IMAGE), ("bytes", BYTES)):
        x = tf.constant(image)
        results = {
            "brightness": tf.image.adjust_brightness(x, 0.2),
            "contrast": tf.image.adjust_contrast(x, 1.5),
            "gamma": tf.image.adjust_gamma(x, 2.0, 0.9),
            "hue": tf.image.adjust_hue(x, 0.3),
            "saturation": tf.image.adjust_saturation(x, 0.4),
        }
        found |= {f"{key} {name}": value for key, value in results.items()}
    return found


@program(factor=4)
def adjusted_at_random(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(7)
    return {
        "brightness": tf.image.random_brightness(IMAGE, 0.3, seed=1),
        "contrast": tf.image.random_contrast(IMAGE, 0.5, 1.5, seed=2),
        "hue": tf.image.random_hue(IMAGE, 0.25, seed=3),
        "saturation": tf.image.random_saturation(IMAGE, 0.5, 1.5, seed=4),
    }


@program
def element_types(tf: Any) -> dict[str, Any]:
    wide = tf.constant(BYTES.astype(np.uint16) * 200)
    x, y = tf.constant(IMAGE * 1.5 - 0.25), tf.constant(BYTES)
    convert = tf.image.convert_image_dtype
    return {
        "same": convert(x, tf.float32),
        "double": convert(x, tf.float64),
        "bytes": convert(x, tf.uint8, saturate=True),
        "int16": convert(x, tf.int16, saturate=True, name="halves"),
        "floats": convert(y, tf.float32),
        "half": convert(y, tf.float16),
        "wider": convert(y, tf.uint16),
        "narrower": convert(wide, tf.uint8),
        "narrower signed": convert(wide, tf.int8),
    }


@program(factor=4)
def colour_spaces(tf: Any) -> dict[str, Any]:
    x = tf.constant(IMAGE)
    grey = tf.image.rgb_to_grayscale(x)
    open_shape = tf.placeholder_with_default(IMAGE[..., :1], [None, None, None])
    return {
        "grey": grey,
        "grey bytes": tf.image.rgb_to_grayscale(BYTES),
        "grey batch": tf.image.rgb_to_grayscale(BATCH, name="greys"),
        "colours": tf.image.grayscale_to_rgb(grey),
        "open colours": tf.image.grayscale_to_rgb(open_shape),
        "hsv": tf.image.rgb_to_hsv(x),
        "rgb": tf.image.hsv_to_rgb(x),
        "yiq": tf.image.rgb_to_yiq(x),
        "from yiq": tf.image.yiq_to_rgb(x),
        "yuv": tf.image.rgb_to_yuv(x),
        "from yuv": tf.image.yuv_to_rgb(BATCH),
        "standard": tf.image.per_image_standardization(x),
        "standard batch": tf.image.per_image_standardization(BATCH),
        "standard flat": tf.image.per_image_standardization(np.ones((2, 3, 3), np.float32)),
    }


@program(factor=20)
def measures(tf: Any) -> dict[str, Any]:
    first = tf.constant(np.tile(BATCH, [1, 4, 3, 1])[:, :18, :17])
    second = tf.constant(np.tile(BATCH, [1, 4, 3, 1])[:, 1:19, :17] * 0.5 + 0.2)
    grey = tf.constant(ramp(1, 5, 6, 2))
    down, across = tf.image.image_gradients(grey)
    scales = {"filter_size": 3, "filter_sigma": 1.0}
    wide = [tf.tile(each, [1, 2, 2, 1])[:, :35, :33] for each in (first, second)]
    ssim = tf.image.ssim(first, second, 1.0)
    return {
        "total variation": tf.image.total_variation(first[0]),
        "total variations": tf.image.total_variation(first),
        "down": down,
        "across": across,
        "sobel": tf.image.sobel_edges(grey),
        "psnr": tf.image.psnr(first, second, 1.0),
        "psnr bytes": tf.image.psnr(tf.constant(BYTES), tf.constant(BYTES[::-1]), 255),
        "ssim": ssim,
        "ssim gradient": tf.identity(tf.gradients(ssim, first)[0], name="slope"),
        "ssim small": tf.image.ssim(first, second, 1.0, k1=0.02, k2=0.05, **scales),
        "multiscale": tf.image.ssim_multiscale(*wide, 1.0, **scales),
        "two scales": tf.image.ssim_multiscale(*wide, 1.0, power_factors=(0.4, 0.6)),
    }


@program
def boxes(tf: Any) -> dict[str, Any]:
    tf.set_random_seed(2)
    whole = np.array([[[0.1, 0.2, 0.7, 0.9]]], np.float32)
    begin, size, drawn = tf.image.sample_distorted_bounding_box([40, 50, 3], whole, seed=3, seed2=4)
    padded, count = tf.image.non_max_suppression_padded(
        tf.constant(BOXES[:3]), tf.constant(SCORES[:3]), 3, 0.5
    )
    picked, lowered = tf.image.non_max_suppression_with_scores(
        BOXES, SCORES, 4, soft_nms_sigma=0.5, score_threshold=0.1
    )
    combined = tf.image.combined_non_max_suppression(
        BOXES[None, :, None] / 12, SCORES[None, :, None], 3, 5, name="all"
    )
    near = BOXES[None, :2] * 0.8
    return {
        "kept": tf.image.non_max_suppression(BOXES, SCORES, 3),
        "kept above": tf.image.non_max_suppression(BOXES, SCORES, 3, 0.9, score_threshold=0.85),
        "count": tf.identity(count, name="count_of_padded"),
        "padded": tf.identity(padded[:count], name="kept_of_padded"),
        "picked": picked,
        "lowered": lowered,
        "by overlaps": tf.image.non_max_suppression_overlaps(np.eye(4), SCORES, 3, 0.5),
        "combined": combined[0],
        "combined count": combined[3],
        "crops": tf.image.crop_and_resize(BATCH, near[0], [0, 1], [3, 3]),
        "crops by new name": tf.image.crop_and_resize(
            BATCH, near[0], box_indices=[0, 1], crop_size=[2, 2], method="nearest"
        ),
        "drawn": tf.image.draw_bounding_boxes(IMAGE[None], near),
        "drawn in colour": tf.image.draw_bounding_boxes(IMAGE[None], near, colors=[[1.0, 0.5, 0]]),
        "begin": begin,
        "size": size,
        "box": drawn,
        "glimpse": tf.image.extract_glimpse(BATCH, [2, 3], [[0.0, 0.1], [-0.1, 0.0]]),
        "unseen": raised(
            lambda: tf.image.crop_and_resize(BATCH, near[0], [0, 1], [3, 3], box_indices=[0, 1]),
            "box_ind",
        ),
    }


@program
def files(tf: Any) -> dict[str, Any]:
    png, deep = tf.image.encode_png(BYTES), tf.image.encode_png(BYTES.astype(np.uint16) * 257)
    jpeg = tf.image.encode_jpeg(BYTES, quality=90)
    accurate = "INTEGER_ACCURATE"
    return {
        "png": tf.image.decode_png(png),
        "png grey": tf.image.decode_png(png, channels=1),
        "png deep": tf.image.decode_png(deep, dtype=tf.uint16),
        "jpeg file": jpeg,
        "jpeg": tf.image.decode_jpeg(jpeg, dct_method=accurate),
        "jpeg shape": tf.image.extract_jpeg_shape(jpeg),
        "jpeg crop": tf.image.decode_and_crop_jpeg(jpeg, [1, 1, 3, 4], dct_method=accurate),
        "any png": tf.image.decode_image(png),
        "any png as floats": tf.image.decode_image(png, dtype=tf.float32, name="unit"),
        "any png as int32": tf.image.decode_image(png, dtype=tf.int32),
        "flat": tf.image.decode_image(png, channels=3, expand_animations=False),
    }


@program(factor=8000)
def files_with_losses(tf: Any) -> dict[str, Any]:
    smooth = np.add.outer(np.arange(24) / 40, np.arange(20) / 50)[..., None]
    smooth = (smooth + np.array([0, 0.1, -0.05])).clip(0, 1).astype(np.float32)
    jpeg = tf.image.encode_jpeg((smooth * 255).astype(np.uint8))
    convert = tf.image.convert_image_dtype
    return {
        "jpeg": convert(tf.image.decode_jpeg(jpeg), tf.float32),
        "half size": convert(tf.image.decode_jpeg(jpeg, ratio=2), tf.float32),
        "grey": convert(tf.image.decode_jpeg(jpeg, channels=1), tf.float32),
        "quality": tf.image.adjust_jpeg_quality(smooth, 40),
        "random quality": tf.image.random_jpeg_quality(smooth, 40, 60, seed=3),
    }
