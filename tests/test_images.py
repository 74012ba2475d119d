"""Images: what recordings of TensorFlow do not show."""

from __future__ import annotations

import builtins
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import flowgraph as tf
from flowgraph.ops import image_codecs, image_png
from flowgraph.ops.image_suppression_kernels import intersection_over_union, select
from flowgraph.ops.resize_kernels import Taps, area_taps, bicubic_taps, bilinear_taps

RNG = np.random.default_rng(0)
IMAGE = RNG.uniform(0, 1, (5, 7, 3)).astype(np.float32)
BYTES = (IMAGE * 255).astype(np.uint8)


def value_of(make: Callable[[], Any], feeds: Any = None) -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(make(), feeds)


TAPS = {
    "bilinear": lambda n, m: bilinear_taps(n, m, False, False),
    "bilinear corners": lambda n, m: bilinear_taps(n, m, True, False),
    "bilinear centers": lambda n, m: bilinear_taps(n, m, False, True),
    "bicubic": lambda n, m: bicubic_taps(n, m, False, False),
    "bicubic corners": lambda n, m: bicubic_taps(n, m, True, False),
    "bicubic centers": lambda n, m: bicubic_taps(n, m, False, True),
    "area": lambda n, m: area_taps(n, m, False),
}


@pytest.mark.parametrize("name", TAPS)
@given(st.integers(1, 40), st.integers(1, 40))
def test_resampling_keeps_constants_and_its_transpose_is_its_transpose(
    name: str, length: int, wanted: int
) -> None:
    taps: Taps = TAPS[name](length, wanted)
    rng = np.random.default_rng(length * 100 + wanted)
    x, y = rng.normal(size=(3, length, 2)), rng.normal(size=(3, wanted, 2))
    assert (np.diff(taps.index, axis=1) >= 0).all()
    np.testing.assert_allclose(taps.forward(np.ones_like(x), 1), 1, rtol=1e-5)
    there, back = (taps.forward(x, 1) * y).sum(), (x * taps.backward(y, 1)).sum()
    assert there == pytest.approx(back, rel=1e-9, abs=1e-9)


def test_the_gradients_of_resizing_are_their_own_opposites() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        grads = tf.placeholder(tf.float32, [1, 4, 6, 1])
        image = tf.zeros([1, 3, 5, 1])
        weights = tf.constant(RNG.normal(size=(1, 3, 5, 1)).astype(np.float32))
        for resize in (tf.image.resize_bilinear, tf.image.resize_bicubic):
            back = tf.gradients(resize(image, [4, 6]), image, grads)[0]
            found, expected = session.run(
                [tf.gradients(back, grads, weights)[0], resize(weights, [4, 6])],
                {grads: np.zeros((1, 4, 6, 1))},
            )
            np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_gradient_of_crops_by_boxes_is_the_derivative() -> None:
    boxes = np.array([[0.13, 0.21, 0.77, 0.83], [0.71, 0.87, 0.17, 0.29]], np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        given = tf.placeholder(tf.float32, [2, 4])
        crops = tf.image.crop_and_resize(IMAGE[None], given, [0, 0], [3, 2])
        weights = RNG.normal(size=(2, 3, 2, 3)).astype(np.float32)
        total = tf.reduce_sum(crops * weights)
        slope = session.run(tf.gradients(total, given)[0], {given: boxes})
        for place in np.ndindex(2, 4):
            step = np.zeros((2, 4), np.float32)
            step[place] = 1e-3
            sides = [session.run(total, {given: boxes + s * step}) for s in (1, -1)]
            assert slope[place] == pytest.approx((sides[0] - sides[1]) / 2e-3, abs=2e-2)


def best_by_enumeration(boxes: Any, scores: Any, threshold: float) -> list[int]:
    overlap = intersection_over_union(boxes)
    chosen: list[int] = []
    for box in sorted(range(len(scores)), key=lambda each: (-scores[each], each)):
        if all(overlap(box, np.array([other]))[0] <= threshold for other in chosen):
            chosen.append(box)
    return chosen


@given(st.integers(0, 12), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 0.7, 1.0]))
def test_suppression_compares_with_all_that_is_kept(
    count: int, seed: int, threshold: float
) -> None:
    rng = np.random.default_rng(seed)
    boxes = rng.integers(0, 6, (count, 4)).astype(np.float32)
    scores = rng.integers(0, 5, count).astype(np.float32)
    found = select(scores, 100, threshold, -np.inf, intersection_over_union(boxes))
    assert found.tolist() == best_by_enumeration(boxes, scores, threshold)
    some = select(scores, 3, threshold, 2.0, intersection_over_union(boxes))
    assert some.tolist() == [each for each in found if scores[each] > 2][:3]


def test_overlap_of_boxes() -> None:
    boxes = np.array([[0, 0, 2, 2], [3, 1, 1, 1], [1, 3, 3, 1], [5, 5, 6, 6]], np.float32)
    overlap = intersection_over_union(boxes)(0, np.arange(4))
    np.testing.assert_allclose(overlap, [1, 0, 1 / 7, 0], rtol=1e-6)


def test_a_glimpse_beyond_the_image_is_filled_with_its_noise() -> None:
    def glimpse(**attrs: Any) -> Any:
        return lambda: tf.image.extract_glimpse(
            IMAGE[None], [40, 40], [[0.0, 0.0]], name="seen", **attrs
        )

    with tf.Graph().as_default(), tf.Session() as session:
        op = glimpse()()
        first, second = session.run(op), session.run(op)
    np.testing.assert_array_equal(first[0, 17:22, 16:23], IMAGE)
    assert first.min() >= IMAGE.min() and first.max() <= IMAGE.max()
    assert first.std() > 0.2
    assert (first != second).mean() > 0.9


def test_a_random_box_is_another_in_every_run_and_keeps_to_its_ranges() -> None:
    whole = np.array([[[0.0, 0.0, 1.0, 1.0]]], np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        made = tf.image.sample_distorted_bounding_box(
            [60, 80, 3],
            whole,
            min_object_covered=0.0,
            aspect_ratio_range=[0.5, 2.0],
            area_range=[0.2, 0.5],
        )
        found = [session.run(made) for _ in range(20)]
    assert len({tuple(begin) + tuple(size) for begin, size, _ in found}) > 10
    for begin, (height, width, rest), box in found:
        assert rest == -1 and begin[2] == 0
        assert 0.18 <= height * width / 4800 <= 0.52
        assert 0.45 <= width / height <= 2.1
        expected = [begin[0] / 60, begin[1] / 80, (begin[0] + height) / 60, (begin[1] + width) / 80]
        np.testing.assert_allclose(box[0, 0], expected, rtol=1e-6)


def test_flips_of_images_of_unknown_rank() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(3)
        x = tf.placeholder(tf.float32)
        swapped = tf.image.transpose_image(x)
        turned = tf.image.rot90(x, 3)
        flipped = tf.image.random_flip_left_right(x)
        seen = set()
        for image in (IMAGE, IMAGE[None]):
            mirrored = image[..., ::-1, :]
            found = session.run([swapped, turned], {x: image})
            np.testing.assert_array_equal(found[0], np.swapaxes(image, -2, -3))
            np.testing.assert_array_equal(found[1], np.rot90(image, 3, (-3, -2)))
            for _ in range(20):
                drawn = session.run(flipped, {x: image})
                is_mirrored = np.array_equal(drawn, mirrored)
                assert is_mirrored or np.array_equal(drawn, image)
                seen.add((image.ndim, is_mirrored))
    assert len(seen) == 4


def test_each_image_of_a_batch_is_flipped_by_itself() -> None:
    batch = np.stack([IMAGE] * 40)
    found = value_of(lambda: tf.image.random_flip_up_down(batch, seed=1))
    flipped = [np.array_equal(each, IMAGE[::-1]) for each in found]
    assert 5 < sum(flipped) < 35
    for is_flipped, each in zip(flipped, found, strict=True):
        np.testing.assert_array_equal(each, IMAGE[::-1] if is_flipped else IMAGE)


def test_similarity_of_an_image_with_itself_is_1() -> None:
    image = np.tile(IMAGE, [36, 26, 1])[None]
    ssim, scales, psnr = value_of(
        lambda: (
            tf.image.ssim(image, image, 1.0),
            tf.image.ssim_multiscale(image, image, 1.0),
            tf.image.psnr(tf.constant(image), tf.constant(image), 1.0),
        )
    )
    np.testing.assert_allclose([ssim, scales], 1, rtol=1e-5)
    assert np.isposinf(psnr).all()


@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 4),
    st.sampled_from(["noise", "slope", "flat"]),
    st.integers(-1, 9),
)
def test_png_files_are_read_by_others(
    height: int, width: int, channels: int, kind: str, compression: int
) -> None:
    image = np.add.outer(np.arange(height) * 9, np.arange(width) * 5)[..., None] + np.arange(
        channels
    )
    if kind == "noise":
        image = np.random.default_rng(width).integers(0, 256, image.shape)
    elif kind == "flat":
        image[...] = 7
    image = image.astype(np.uint8)
    opened = Image.open(io.BytesIO(image_png.encode(image, compression)))
    np.testing.assert_array_equal(np.asarray(opened).reshape(image.shape), image)
    deep = image.astype(np.uint16) * 200 + 3
    np.testing.assert_array_equal(image_png.decode_deep(image_png.encode(deep)), deep)


def interlaced(image: Any) -> bytes:
    """A PNG file of 16 bits per channel with its rows in seven passes."""
    rows = []
    for top, left, down, across in image_png._PASSES:
        part = image[top::down, left::across].astype(">u2")
        if part.size:
            rows += [b"\0" + row.tobytes() for row in part]
    plain = image_png.wrapped(image, image_png.zlib.compress(b"".join(rows)))
    header = bytearray(plain[12:29])
    header[-1] = 1
    checksum = image_png.zlib.crc32(header).to_bytes(4, "big")
    return plain[:12] + bytes(header) + checksum + plain[33:]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (5, 7), (8, 8), (17, 10)])
def test_interlaced_deep_png_files(height: int, width: int) -> None:
    image = RNG.integers(0, 2**16, (height, width, 3)).astype(np.uint16)
    np.testing.assert_array_equal(image_png.decode_deep(interlaced(image)), image)


def file_of(mode: str, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(BYTES)
    if mode == "P":
        image = image.quantize(5)
    else:
        image = image.convert(mode)
    image.save(buffer, "PNG", **settings)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("mode", "settings", "channels", "expected"),
    [
        ("P", {}, 0, (5, 7, 3)),
        ("P", {"transparency": 1}, 0, (5, 7, 4)),
        ("P", {"transparency": 1}, 3, (5, 7, 3)),
        ("1", {}, 0, (5, 7, 1)),
        ("1", {}, 3, (5, 7, 3)),
        ("LA", {}, 0, (5, 7, 2)),
        ("LA", {}, 4, (5, 7, 4)),
        ("L", {"transparency": 9}, 1, (5, 7, 1)),
        ("RGB", {"transparency": (1, 2, 3)}, 4, (5, 7, 4)),
    ],
)
def test_kinds_of_png_files(
    mode: str, settings: Any, channels: int, expected: tuple[int, ...]
) -> None:
    contents = file_of(mode, **settings)
    found = value_of(lambda: tf.image.decode_png(contents, channels))
    assert found.shape == expected
    opened = Image.open(io.BytesIO(contents))
    names = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
    wanted = np.asarray(opened.convert(names[expected[2]])).reshape(expected)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("place", range(8, 60, 3))
def test_damaged_deep_png_files_are_refused(place: int) -> None:
    contents = bytearray(image_png.encode(BYTES.astype(np.uint16)))
    contents[place] ^= 0xFF
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Invalid PNG data|Unknown image"):
        value_of(lambda: tf.image.decode_png(bytes(contents), dtype=tf.uint16))


@pytest.mark.parametrize("ratio", [2, 4, 8])
def test_smaller_jpeg_images(ratio: int) -> None:
    slope = np.add.outer(np.arange(41) * 3, np.arange(30) * 2)[..., None] + np.array([0, 20, 40])
    contents = image_codecs.encode_jpeg(slope.clip(0, 255).astype(np.uint8), 95)
    found = value_of(lambda: tf.image.decode_jpeg(contents, ratio=ratio))
    assert found.shape == (-(-41 // ratio), -(-30 // ratio), 3)
    whole = value_of(lambda: tf.image.decode_jpeg(contents)).astype(float)
    means = whole[: 41 // ratio * ratio, : 30 // ratio * ratio]
    means = means.reshape(41 // ratio, ratio, 30 // ratio, ratio, 3).mean((1, 3))
    np.testing.assert_allclose(found[: 41 // ratio, : 30 // ratio], means, atol=6)


def test_a_truncated_jpeg_file_is_read_if_that_is_wished() -> None:
    slope = np.add.outer(np.arange(64) * 3, np.arange(64))[..., None] + np.array([0, 1, 2])
    contents = image_codecs.encode_jpeg(slope.astype(np.uint8), 95)
    half = contents[: len(contents) * 3 // 4]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid JPEG data"):
        value_of(lambda: tf.image.decode_jpeg(half))
    whole = value_of(lambda: tf.image.decode_jpeg(contents))
    found = value_of(lambda: tf.image.decode_jpeg(half, try_recover_truncated=True))
    assert found.shape == whole.shape
    np.testing.assert_array_equal(found[:12], whole[:12])
    assert not np.array_equal(found, whole)


def test_files_are_told_apart() -> None:
    files = [image_codecs.encode_jpeg(BYTES, 90), image_png.encode(BYTES)]
    assert value_of(lambda: [tf.image.is_jpeg(each) for each in files]) == [True, False]
    assert value_of(lambda: tf.io.is_jpeg(files[0]))


def test_without_pillow_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def refuse(name: str, *args: Any) -> Any:
        if name == "PIL":
            raise ImportError(name)
        return original(name, *args)

    contents = image_png.encode(BYTES)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(tf.errors.UnimplementedError, match=r"pip install 'flowgraph\[images\]'"):
        image_codecs.decode_png(contents, 0, np.dtype(np.uint8))


def test_whitening_is_an_older_name() -> None:
    found = value_of(lambda: tf.image.per_image_whitening(IMAGE))
    np.testing.assert_allclose(found, (IMAGE - IMAGE.mean()) / IMAGE.std(), rtol=1e-4, atol=1e-6)
