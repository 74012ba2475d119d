"""What is done to images before a network sees them: whitening, crops, flips, colour jitter."""

from __future__ import annotations

from typing import Any

import flowgraph as tf

__all__ = ["augment", "normalize"]


def normalize(
    images: Any, mean: Any = 0.1307, deviation: Any = 0.3081, name: str | None = None
) -> Any:
    """``(images - mean) / deviation``; the numbers are MNIST's, for values of 0 to 1.

    Args:
        mean, deviation: of a data set, or of each of its channels.
    """
    with tf.name_scope(name, "normalize", [images]):
        return (images - mean) / deviation


def augment(
    image: Any,
    size: tuple[int, int] = (224, 224),
    brightness: float = 0.0,
    contrast: float = 0.0,
    saturation: float = 0.0,
    hue: float = 0.0,
    standardize: bool = True,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """A random part of an image, mirrored half of the time, its colours changed at random.

    Fundamentals of Deep Learning, chapter 7, crops to 224 and has jitters of 0, which change
    nothing; Ramsundar and Zadeh's network for CIFAR-10 crops to 24 and then brightens by up to 63
    of 255, changes the contrast by a factor of .2 to 1.8 (a `contrast` of .8) and standardizes.

    Args:
        image: [height, width, channels], at least of the given size.
        size: of the crop.
        brightness: the largest shift, on the image's own scale.
        contrast, saturation: factors are drawn from ``[1 - value, 1 + value]``.
        hue: the largest turn, at most .5.
        standardize: shift and scale the result to mean 0 and variance 1.
        seed: of every draw.

    Returns:
        float32 [*size, channels]
    """
    with tf.name_scope(name, "augment", [image]):
        image = tf.convert_to_tensor(image)
        x = tf.random_crop(image, [*size, image.shape.as_list()[2]], seed=seed)
        x = tf.cast(tf.image.random_flip_left_right(x, seed=seed), tf.float32)
        if brightness:
            x = tf.image.random_brightness(x, brightness, seed=seed)
        if contrast:
            x = tf.image.random_contrast(x, 1.0 - contrast, 1.0 + contrast, seed=seed)
        if saturation:
            x = tf.image.random_saturation(x, 1.0 - saturation, 1.0 + saturation, seed=seed)
        if hue:
            x = tf.image.random_hue(x, hue, seed=seed)
        return tf.image.per_image_standardization(x) if standardize else x
