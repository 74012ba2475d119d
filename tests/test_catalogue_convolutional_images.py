"""The catalogue's preprocessing of images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from flowgraph.models.convolutional_images import augment, normalize


@pytest.fixture(name="sess")
def _sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def _image(height: int = 9, width: int = 8) -> Any:
    return np.random.RandomState(0).rand(height, width, 3).astype(np.float32)


def test_image_preprocessing_pipeline_crops(sess: Any) -> None:
    image = _image()
    crop = augment(tf.constant(image), (4, 5), standardize=False)
    assert crop.shape.as_list() == [4, 5, 3]
    windows = {
        image[i : i + 4, j : j + 5, :][:, ::step].tobytes(): (i, j, step)
        for i in range(6)
        for j in range(4)
        for step in (1, -1)
    }
    found = {windows[sess.run(crop).tobytes()] for _ in range(200)}
    assert {place[0] for place in found} == set(range(6))
    assert {place[1] for place in found} == set(range(4))
    assert {place[2] for place in found} == {1, -1}


def test_image_preprocessing_pipeline_flips(sess: Any) -> None:
    image = _image()
    mirrored, upside_down = sess.run(
        [tf.image.flip_left_right(image), tf.image.flip_up_down(image)]
    )
    np.testing.assert_array_equal(mirrored, image[:, ::-1])
    np.testing.assert_array_equal(upside_down, image[::-1])
    pairs = np.tile(np.array([1.0, 2.0], np.float32).reshape(1, 1, 2, 1), (10000, 1, 1, 1))
    flipped = sess.run(tf.image.random_flip_left_right(pairs, seed=3))[:, 0, :, 0]
    assert set(map(tuple, flipped.tolist())) == {(1, 2), (2, 1)}
    assert np.mean(flipped[:, 0] == 2) == pytest.approx(0.5, abs=0.02)


def test_image_preprocessing_pipeline_no_jitter(sess: Any) -> None:
    image = tf.constant(_image())
    same = augment(image, (9, 8), standardize=False, seed=2)
    found = sess.run(same)
    assert any(np.array_equal(found, _image()[:, ::step]) for step in (1, -1))
    jitters = [
        tf.image.adjust_brightness(image, 0.0),
        tf.image.adjust_contrast(image, 1.0),
        tf.image.adjust_saturation(image, 1.0),
        tf.image.adjust_hue(image, 0.0),
    ]
    for value in sess.run(jitters):
        np.testing.assert_allclose(value, _image(), rtol=0, atol=1e-6)


def test_image_preprocessing_pipeline_jitter(sess: Any) -> None:
    image = tf.constant(_image())
    brighter = augment(image, (9, 8), brightness=0.25, standardize=False, seed=1)
    shifts = []
    for _ in range(30):
        value = sess.run(brighter)
        change = [value - _image()[:, ::step] for step in (1, -1)]
        flat = min(change, key=np.ptp)
        assert np.ptp(flat) < 1e-6
        shifts.append(flat.mean())
    assert -0.25 <= min(shifts) < 0 < max(shifts) < 0.25
    for jitter in ("contrast", "saturation"):
        values: Any = augment(image, (9, 8), **{jitter: 0.8}, standardize=False, seed=1)
        assert np.abs(np.sort(sess.run(values).ravel()) - np.sort(_image().ravel())).max() > 0.01
    turned = sess.run(augment(image, (9, 8), hue=0.4, standardize=False, seed=1))
    largest = [np.sort(value.max(2).ravel()) for value in (turned, _image())]
    np.testing.assert_allclose(*largest, rtol=0, atol=1e-5)


def test_image_preprocessing_pipeline_standardization(sess: Any) -> None:
    pixels = np.random.RandomState(1).randint(0, 256, (30, 31, 3)).astype(np.uint8)
    crop = augment(tf.constant(pixels), (24, 24), brightness=63.0, contrast=0.8)
    assert crop.dtype == tf.float32
    value = sess.run(crop).astype(np.float64)
    assert abs(value.mean()) < 1e-4
    assert value.var() == pytest.approx(1, abs=1e-4)
    flat = sess.run(tf.image.per_image_standardization(np.full((4, 4, 3), 7.0, np.float32)))
    np.testing.assert_array_equal(flat, np.zeros((4, 4, 3)))


def test_image_preprocessing_pipeline_normalization(sess: Any) -> None:
    images = np.random.RandomState(2).rand(4, 28, 28, 1).astype(np.float32)
    found = sess.run(normalize(tf.constant(images)))
    np.testing.assert_allclose(found, (images - 0.1307) / 0.3081, rtol=0, atol=1e-5)
    mean, deviation = images.mean(), images.std()
    white = sess.run(normalize(tf.constant(images), mean, deviation))
    assert abs(white.mean()) < 1e-5 and white.std() == pytest.approx(1, abs=1e-5)


def test_image_preprocessing_pipeline_seeds() -> None:
    def crops(seed: int) -> list[bytes]:
        with tf.Graph().as_default(), tf.Session() as sess:
            crop = augment(tf.constant(_image(30, 30)), (8, 8), contrast=0.5, seed=seed)
            return [sess.run(crop).tobytes() for _ in range(4)]

    first = crops(5)
    assert first == crops(5)
    assert first != crops(6)
    assert len(set(first)) == 4
