"""Convolution where no recording of TensorFlow on a CPU can tell."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flowgraph as tf
from flowgraph.graph.build import apply
from flowgraph.ops import conv_kernels, spatial_windows
from support.archive import Array
from support.images import first, run, waves
from support.running import numerical_gradient

nn: Any = tf.nn


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


def plain_convolution(x: Array, w: Array, stride: int, rate: int, pads: int) -> Array:
    """One sum per output pixel and channel, by the definition."""
    x = np.pad(x, [(0, 0), (pads, pads), (pads, pads), (0, 0)])
    kh, kw, depth, outputs = w.shape
    groups = x.shape[3] // depth
    rows = (x.shape[1] - (kh - 1) * rate - 1) // stride + 1
    columns = (x.shape[2] - (kw - 1) * rate - 1) // stride + 1
    y = np.zeros((len(x), rows, columns, outputs))
    for i, j, k in itertools.product(range(rows), range(columns), range(outputs)):
        first = k // (outputs // groups) * depth
        top, left = i * stride, j * stride
        window = x[
            :,
            top : top + (kh - 1) * rate + 1 : rate,
            left : left + (kw - 1) * rate + 1 : rate,
            first : first + depth,
        ]
        y[:, i, j, k] = (window * w[..., k]).sum((1, 2, 3))
    return y


@st.composite
def problems(draw: Any) -> Any:
    groups = draw(st.integers(1, 3))
    depth, outputs = draw(st.integers(1, 3)), groups * draw(st.integers(1, 3))
    window = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    stride, rate, pads = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(0, 3))
    least = [max(1, (each - 1) * rate + 1 - 2 * pads) for each in window]
    sizes = [draw(st.integers(low, low + 4)) for low in least]
    x = waves(draw(st.integers(1, 3)), *sizes, depth * groups)
    return x, waves(*window, depth, outputs), stride, rate, pads


def windows_of(x: Array, w: Array, stride: int, rate: int, pads: int) -> Any:
    explicit = ((pads, pads), (pads, pads))
    return spatial_windows.place(
        x.shape[1:3], w.shape[:2], (stride, stride), (rate, rate), "EXPLICIT", explicit
    )


@given(problems())
@settings(max_examples=150, deadline=None)
def test_kernels_agree_with_the_definition(problem: Any) -> None:
    x, w, *attrs = problem
    windows = windows_of(x, w, *attrs)
    y = conv_kernels.convolve(x, w, windows)
    np.testing.assert_allclose(y, plain_convolution(x, w, *attrs), atol=1e-12)
    # The three are linear, so that the gradients are right if these products agree.
    dy = waves(*y.shape) + 0.3
    dx = conv_kernels.input_gradient(w, dy, x.shape[-1], windows)
    dw = conv_kernels.filter_gradient(x, dy, w.shape, windows)
    np.testing.assert_allclose((dx * x).sum(), (dy * y).sum(), atol=1e-9)
    np.testing.assert_allclose((dw * w).sum(), (dy * y).sum(), atol=1e-9)


@given(problems())
@settings(max_examples=60, deadline=None)
def test_gradient_kernels_are_adjoint_in_every_direction(problem: Any) -> None:
    x, w, *attrs = problem
    windows = windows_of(x, w, *attrs)
    other = np.cos(np.arange(float(x.size))).reshape(x.shape)
    y = conv_kernels.convolve(other, w, windows)
    dy = waves(*y.shape)
    dx = conv_kernels.input_gradient(w, dy, x.shape[-1], windows)
    np.testing.assert_allclose((dx * other).sum(), (dy * y).sum(), atol=1e-9)


def test_large_images_are_cut_into_rows(monkeypatch: Any) -> None:
    x, w = waves(2, 9, 8, 3), waves(3, 3, 3, 4)
    whole = windows_of(x, w, 1, 1, 1)
    y = conv_kernels.convolve(x, w, whole)
    dw = conv_kernels.filter_gradient(x, y, w.shape, whole)
    dx = conv_kernels.input_gradient(w, y, 3, whole)
    monkeypatch.setattr(spatial_windows, "_CHUNK", 100)
    np.testing.assert_allclose(conv_kernels.convolve(x, w, whole), y, atol=1e-12)
    np.testing.assert_allclose(conv_kernels.filter_gradient(x, y, w.shape, whole), dw, atol=1e-11)
    np.testing.assert_allclose(conv_kernels.input_gradient(w, y, 3, whole), dx, atol=1e-11)


def test_out_of_another_layout_is_written_to() -> None:
    x, w = waves(1, 4, 4, 2), waves(2, 2, 2, 3)
    windows = windows_of(x, w, 1, 1, 0)
    out = np.zeros((1, 3, 3, 3)).transpose(0, 2, 1, 3)
    assert conv_kernels.convolve(x, w, windows, out) is out
    np.testing.assert_allclose(out, conv_kernels.convolve(x, w, windows))


def build(op_type: str, *inputs: Any, **attrs: Any) -> Any:
    return apply(op_type, *(tf.constant(each) for each in inputs), **attrs)


ONES = [1, 1, 1, 1]
TWICE = {"NHWC": [1, 2, 2, 1], "NCHW": [1, 1, 2, 2]}


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("depth", [4, 2], ids=["one group", "two groups"])
def test_conv2d_with_channels_first(padding: str, depth: int) -> None:
    x, w = waves(2, 5, 6, 4), waves(3, 2, depth, 2)

    def gradients(form: str) -> Any:
        images = tf.constant(x if form == "NHWC" else first(x))
        filters = tf.constant(w)
        y = nn.conv2d(images, filters, TWICE[form], padding, data_format=form)
        dx, dw = tf.gradients(tf.square(y), [images, filters])
        ddx = tf.gradients(tf.square(dw), images)[0]
        return run([y, dx, dw, ddx])

    last, second = gradients("NHWC"), gradients("NCHW")
    for place, (ours, theirs) in enumerate(zip(second, last, strict=True)):
        expected = theirs if place == 2 else first(theirs)
        np.testing.assert_allclose(ours, expected, atol=1e-10)


def test_volumes_with_channels_first() -> None:
    x, w = waves(1, 3, 4, 3, 2), waves(2, 2, 2, 2, 3)

    def results(form: str) -> Any:
        volumes = tf.constant(x if form == "NDHWC" else first(x))
        filters = tf.constant(w)
        y = nn.conv3d(volumes, filters, [1] * 5, "SAME", data_format=form)
        z = nn.avg_pool3d(y, 2, 1, "VALID", data_format=form)
        dx, dw = tf.gradients(tf.square(z), [volumes, filters])
        return run([z, dx, dw])

    second, last = results("NCDHW"), results("NDHWC")
    for place, (ours, theirs) in enumerate(zip(second, last, strict=True)):
        np.testing.assert_allclose(ours, theirs if place == 2 else first(theirs), atol=1e-11)


@pytest.mark.parametrize("multiplier", [1, 2])
def test_depthwise_with_channels_first_and_holes(multiplier: int) -> None:
    x, w = waves(2, 6, 5, 3), waves(2, 3, 3, multiplier)

    def results(form: str) -> Any:
        images, filters = tf.constant(x if form == "NHWC" else first(x)), tf.constant(w)
        rates = [1, 2, 2, 1] if form == "NHWC" else [1, 1, 2, 2]
        y = nn.depthwise_conv2d_native(images, filters, ONES, "SAME", form, rates)
        dx, dw = tf.gradients(tf.square(y), [images, filters])
        return run([y, dx, dw])

    last, second = results("NHWC"), results("NCHW")
    images, filters = tf.constant(x), tf.constant(w)
    by_batch = nn.depthwise_conv2d(images, filters, ONES, "SAME", rate=[2, 2])
    expected = run([by_batch, *tf.gradients(tf.square(by_batch), [images, filters])])
    for place in range(3):
        np.testing.assert_allclose(last[place], expected[place], atol=1e-11)
        ours = second[place] if place == 2 else np.moveaxis(second[place], 1, -1)
        np.testing.assert_allclose(ours, expected[place], atol=1e-11)


def test_gradient_of_dilated_convolution_is_the_derivative() -> None:
    x, w = waves(1, 6, 5, 2), waves(2, 3, 2, 2)
    images, filters = tf.placeholder(tf.float64, x.shape), tf.placeholder(tf.float64, w.shape)
    y = tf.square(nn.conv2d(images, filters, 1, "SAME", dilations=2))
    gradients = tf.gradients(y, [images, filters])
    with tf.Session() as session:
        feeds = {images: x, filters: w}
        for place, found in enumerate(session.run(gradients, feeds)):
            expected = numerical_gradient(
                lambda arrays: session.run(y, dict(zip(feeds, arrays, strict=True))),
                [x, w],
                place,
                1e-5,
            )
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_dilated_convolution_equals_the_way_by_the_batch() -> None:
    x, w = waves(2, 7, 8, 2), waves(3, 2, 2, 3)
    for padding in ("SAME", "VALID"):
        direct = nn.conv2d(x, w, 1, padding, dilations=[2, 3])
        around = nn.convolution(x, w, padding, dilation_rate=[2, 3])
        ours, theirs = run([direct, around])
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.parametrize("kind", [tf.float16, tf.bfloat16])
def test_half_precision_sums_in_float32(kind: Any) -> None:
    x = tf.cast(tf.constant(np.full((1, 64, 64, 4), 0.1)), kind)
    w = tf.cast(tf.constant(np.full((64, 64, 4, 1), 0.1)), kind)
    y = nn.conv2d(x, w, 1, "VALID")
    assert y.dtype == kind
    value = float(run(tf.cast(y, tf.float32))[0, 0, 0, 0])
    assert value == pytest.approx(16384 * 0.01, rel=2e-2)


def test_names_of_arguments_of_old() -> None:
    x, w = tf.zeros([1, 4, 4, 2]), tf.zeros([2, 2, 2, 3])
    assert nn.max_pool(input=x, ksize=2, strides=2, padding="SAME").shape == [1, 2, 2, 2]
    assert nn.avg_pool(input=x, ksize=2, strides=2, padding="SAME").shape == [1, 2, 2, 2]
    assert nn.convolution(x, filters=w, padding="SAME", dilations=[2, 2]).shape == [1, 4, 4, 3]
    assert nn.conv2d_transpose(
        input=tf.zeros([1, 4, 4, 3]), filters=w, output_shape=[1, 4, 4, 2], strides=1
    ).shape == [1, 4, 4, 2]
    assert tf.space_to_batch(x, [[0, 0], [0, 0]], block_shape=2).shape == [4, 2, 2, 2]
    assert nn.dilation2d(
        x, filters=w[:, :, :, 0], strides=ONES, dilations=ONES, padding="SAME"
    ).shape == [1, 4, 4, 2]


def test_transposed_convolutions_keep_what_is_known() -> None:
    x = tf.placeholder(tf.float32, [None, 7, 7, 4])
    sizes = tf.stack([tf.shape(x)[0], 14, 14, 2])
    y = nn.conv2d_transpose(x, tf.zeros([5, 5, 2, 4]), sizes, [1, 2, 2, 1])
    assert y.shape.as_list() == [None, 14, 14, 2]
    assert run(y, {x: np.zeros((3, 7, 7, 4))}).shape == (3, 14, 14, 2)


def test_output_shape_that_does_not_fit_is_refused() -> None:
    y = nn.conv2d_transpose(tf.zeros([1, 3, 3, 4]), tf.zeros([3, 3, 2, 4]), [1, 9, 9, 2], 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Size of out_backprop"):
        run(y)


def test_windows_too_large_are_found_when_the_op_runs() -> None:
    x = tf.placeholder(tf.float32, [1, None, None, 1])
    y = nn.conv2d(x, tf.zeros([5, 5, 1, 1]), 1, "VALID")
    with pytest.raises(tf.errors.InvalidArgumentError, match="output size would be negative"):
        run(y, {x: np.zeros((1, 3, 3, 1))})
    assert run(y, {x: np.zeros((1, 4, 6, 1))}).shape == (1, 0, 2, 1)


def test_channels_that_do_not_fit_are_found_when_the_op_runs() -> None:
    x = tf.placeholder(tf.float32, [1, 4, 4, None])
    y = nn.conv2d(x, tf.zeros([2, 2, 2, 4]), 1, "SAME")
    with pytest.raises(tf.errors.InvalidArgumentError, match="not a multiple of input depth"):
        run(y, {x: np.zeros((1, 4, 4, 3))})
    deep = nn.depthwise_conv2d_native(x, tf.zeros([2, 2, 2, 4]), ONES, "SAME")
    with pytest.raises(tf.errors.InvalidArgumentError, match="same depth"):
        run(deep, {x: np.zeros((1, 4, 4, 3))})


@pytest.mark.parametrize(
    ("attrs", "phrase"),
    [
        ({"dilations": [2, 1, 1, 1]}, "dilations in the batch and depth"),
        ({"dilations": [1, 0, 1, 1]}, "Dilation rate must be >= 1"),
        ({"strides": [1, 0, 1, 1]}, "Stride must be > 0"),
        ({"dilations": [1, 1]}, "dilation attribute to contain 4 values"),
        ({"padding": [[1, 1]] * 3}, "must be of size 4"),
        ({"padding": [[1, 1, 1]] * 4}, "list/tuple of size 2"),
        ({"padding": [[0, 0], [-1, 0], [0, 0], [0, 0]]}, "nonnegative"),
        ({"data_format": "HWCN"}, "not in"),
    ],
)
def test_attributes_of_conv2d(attrs: dict[str, Any], phrase: str) -> None:
    attrs = {"strides": ONES, "padding": "SAME", **attrs}
    if attrs.get("dilations") == [1, 1]:
        with pytest.raises(ValueError, match=phrase):
            build("Conv2D", waves(1, 4, 4, 2), waves(2, 2, 2, 2), **attrs)
        return
    with pytest.raises(ValueError, match=phrase):
        nn.conv2d(waves(1, 4, 4, 2), waves(2, 2, 2, 2), **attrs)


def test_groups_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="multiple of the number of groups"):
        nn.conv2d(waves(1, 4, 4, 4), waves(2, 2, 2, 3), 1, "SAME")


def test_holes_want_what_they_need() -> None:
    x = tf.zeros([1, 4, 4, 2])

    def same(images: Any, count: int, padding: str) -> Any:
        return images

    with pytest.raises(ValueError, match="filter_shape must be specified"):
        nn.with_space_to_batch(x, [2, 2], "SAME", same)
    with pytest.raises(ValueError, match="must be positive"):
        nn.with_space_to_batch(x, [0, 2], "VALID", same)
    with pytest.raises(ValueError, match="Invalid padding"):
        nn.with_space_to_batch(x, [2, 2], "FULL", same)
    with pytest.raises(ValueError, match="increasing sequence"):
        nn.with_space_to_batch(x, [2, 2], "VALID", same, spatial_dims=[2, 1])
    with pytest.raises(ValueError, match="rank 4 at least"):
        nn.with_space_to_batch(x[0], [2, 2], "VALID", same, spatial_dims=[2, 3])
    moved = nn.with_space_to_batch(x, [2], "VALID", same, spatial_dims=[2])
    assert moved.shape == [1, 4, 4, 2]


def test_axes_of_data_formats() -> None:
    assert run(build("DataFormatDimMap", np.arange(4, dtype=np.int32))).tolist() == [0, 2, 3, 1]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"within \[-4, 4\)"):
        run(build("DataFormatDimMap", np.full(1, 4, np.int32)))
