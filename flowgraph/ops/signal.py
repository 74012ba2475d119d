"""Signals cut into frames, windows, and short-time Fourier transforms."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array, constants
from flowgraph.ops.cast import cast
from flowgraph.ops.fft import irfft, rfft
from flowgraph.ops.joining import concat
from flowgraph.ops.layout import transpose
from flowgraph.ops.padding import pad
from flowgraph.ops.reduce import reduce_sum
from flowgraph.ops.select import where

__all__ = [
    "frame",
    "hamming_window",
    "hann_window",
    "inverse_stft",
    "inverse_stft_window_fn",
    "overlap_and_add",
    "stft",
]

Window = Callable[..., Tensor]


def _scalar(value: Any, name: str) -> Tensor:
    tensor = convert_to_tensor(value, name=name)
    if tensor.dims:
        raise ValueError(f"Shape {tensor.shape} must have rank 0")
    return tensor


def _known(tensor: Tensor) -> Any:
    """The value as a Python number where it is known, else the tensor."""
    value = tensor.const_value()
    return tensor if value is None else value.item()


def _least_rank(x: Tensor, rank: int) -> None:
    if x.dims is not None and len(x.dims) < rank:
        raise ValueError(f"Shape {x.shape} must have rank at least {rank}")


def frame(
    signal: Any,
    frame_length: Any,
    frame_step: Any,
    pad_end: bool = False,
    pad_value: Any = 0,
    axis: Any = -1,
    name: str | None = None,
) -> Tensor:
    """Frames of a signal, which overlap if the step is less than the length.

    ``frames[..., i, j, ...] = signal[..., i * frame_step + j, ...]``

    Args:
        signal: [..., samples, ...] of any type.
        frame_length: how many samples a frame has.
        frame_step: how far apart frames begin.
        pad_end: also take the frames that reach beyond the end, filled with `pad_value`.
        axis: that of the samples.

    Returns:
        [..., frames, frame_length, ...] with ``1 + (samples - frame_length) // frame_step`` frames,
        or ``ceil(samples / frame_step)`` with `pad_end`.

    Raises:
        ValueError: if an argument that must be a scalar is none.
    """
    with name_scope(name, "frame", [signal, frame_length, frame_step, pad_value]):
        signal = convert_to_tensor(signal, name="signal")
        _least_rank(signal, 1)
        length = _known(_scalar(frame_length, "frame_length"))
        step = _known(_scalar(frame_step, "frame_step"))
        place = _known(_scalar(axis, "axis"))
        if isinstance(place, Tensor) or signal.dims is None:
            raise ValueError("frame needs a signal of known rank and an axis that is a number.")
        rank = len(signal.dims)
        place %= rank
        samples: Any = signal.dims[place]
        if samples is None:
            samples = apply("Shape", signal)[place]
        if pad_end:
            count = -(-samples // step)
            missing = _greater(0, length + step * (count - 1) - samples)
            none = [[0, 0]]
            paddings = none * place + [[0, missing]] + none * (rank - 1 - place)
            value = convert_to_tensor(pad_value, signal.dtype)
            signal = pad(signal, paddings, constant_values=value)
        else:
            count = _greater(0, 1 + (samples - length) // step)
        starts = _count(count) * step
        indices = apply("ExpandDims", starts, 1) + apply("ExpandDims", _count(length), 0)
        frames: Tensor = apply("GatherV2", signal, indices, place)
        return frames


def _greater(low: int, value: Any) -> Any:
    return apply("Maximum", low, value) if isinstance(value, Tensor) else max(low, value)


def _count(limit: Any) -> Tensor:
    if not isinstance(limit, Tensor):
        return constant(np.arange(limit, dtype=np.int32))
    places: Tensor = apply("Range", 0, limit, 1)
    return places


def overlap_and_add(signal: Any, frame_step: Any, name: str | None = None) -> Tensor:
    """A signal from its frames, summed where they overlap.

    ``output[..., k] = sum of signal[..., i, j] over i * frame_step + j = k``

    Args:
        signal: [..., frames, frame_length]
        frame_step: how far apart frames begin, at most `frame_length`.

    Returns:
        [..., (frames - 1) * frame_step + frame_length]

    Raises:
        ValueError: if `signal` has fewer than two axes, or the step is no integer scalar.
    """
    with name_scope(name, "overlap_and_add", [signal, frame_step]):
        signal = convert_to_tensor(signal, name="signal")
        _least_rank(signal, 2)
        tensor = _scalar(frame_step, "frame_step")
        if not tensor.dtype.is_integer:
            raise ValueError(f"frame_step must be an integer. Got {tensor.dtype}")
        step = _known(tensor)
        if signal.dims is None:
            raise ValueError("overlap_and_add needs a signal of known rank.")
        sizes = apply("Shape", signal)
        outer: Any = sizes[:-2] if None in signal.dims[:-2] else list(signal.dims[:-2])
        frames, length = (sizes[i] if signal.dims[i] is None else signal.dims[i] for i in (-2, -1))
        whole = length + step * (frames - 1)
        if isinstance(step, int) and step == signal.dims[-1]:
            return array.reshape(signal, _joined(outer, whole), name="fast_path")
        # A frame is `parts` pieces of the step's length. Every piece number becomes a row that is
        # shifted by that number, by reading rows of one less; then the rows are summed.
        parts = -(-length // step)
        rank = len(signal.dims)
        wider = [[0, 0]] * (rank - 2) + [[0, parts], [0, parts * step - length]]
        pieces = array.reshape(pad(signal, wider), _joined(outer, frames + parts, parts, step))
        pieces = transpose(pieces, [*range(rank - 2), rank - 1, rank - 2, rank])
        line = array.reshape(pieces, _joined(outer, (frames + parts) * parts, step))
        line = line[..., : (frames + parts - 1) * parts, :]
        shifted = array.reshape(line, _joined(outer, parts, frames + parts - 1, step))
        summed = reduce_sum(shifted, -3)
        flat = array.reshape(summed, _joined(outer, (frames + parts - 1) * step))
        return flat[..., :whole]


def _joined(outer: Any, *inner: Any) -> Any:
    """A shape of known and unknown sizes."""
    if isinstance(outer, list):
        return [*outer, *inner]
    return concat([outer, convert_to_tensor(list(inner), dtypes.int32)], 0)


def _raised_cosine(
    name: str | None,
    default_name: str,
    window_length: Any,
    periodic: Any,
    dtype: Any,
    a: float,
    b: float,
) -> Tensor:
    """``a - b cos(2 pi k / n)``, n being the length, or one less if the window is symmetric."""
    kind = dtypes.as_dtype(dtype)
    if not kind.is_floating:
        raise ValueError(f"dtype must be a floating point type. Found {kind}")
    with name_scope(name, default_name, [window_length, periodic]):
        length = convert_to_tensor(window_length, dtypes.int32, name="window_length")
        if length.dims:
            raise ValueError(f"Shape {length.shape} must have rank 0")
        known = length.const_value()
        if known is not None and known == 1:
            return constants.ones([1], kind)
        flag = cast(convert_to_tensor(periodic, dtypes.bool, name="periodic"), dtypes.int32)
        even = 1 - length % 2
        period = cast(length + flag * even - 1, kind)
        counts = cast(constants.range(length), kind)
        angles = constant(2 * math.pi, kind) * counts / period
        window: Tensor = cast(a - b * apply("Cos", angles), kind)
        if known is not None:
            return window
        single = apply("Fill", apply("ExpandDims", length, 0), apply("Equal", length, 1))
        return where(single, apply("OnesLike", window), window)


def hann_window(
    window_length: Any, periodic: Any = True, dtype: Any = dtypes.float32, name: str | None = None
) -> Tensor:
    """A Hann window, ``0.5 - 0.5 cos(2 pi k / n)``.

    Args:
        window_length: how many samples it has.
        periodic: n is the length (made even); otherwise the window is symmetric, n one less.

    Raises:
        ValueError: for a type that is not floating.
    """
    return _raised_cosine(name, "hann_window", window_length, periodic, dtype, 0.5, 0.5)


def hamming_window(
    window_length: Any, periodic: Any = True, dtype: Any = dtypes.float32, name: str | None = None
) -> Tensor:
    """A Hamming window, ``0.54 - 0.46 cos(2 pi k / n)``; see `hann_window` for the arguments."""
    return _raised_cosine(name, "hamming_window", window_length, periodic, dtype, 0.54, 0.46)


def _enclosing_power_of_two(value: Tensor) -> Tensor:
    known = value.const_value()
    if known is not None:
        return constant(1 << max(int(known) - 1, 0).bit_length(), value.dtype)
    exponent = apply("Ceil", apply("Log", cast(value, dtypes.float32)) / math.log(2.0))
    power: Tensor = cast(apply("Pow", 2.0, exponent), value.dtype)
    return power


def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Window | None = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Tensor:
    """The short-time Fourier transform: the spectrum of each frame of a signal.

    Args:
        signals: float32 [..., samples].
        frame_length: samples per frame.
        frame_step: how far apart frames begin.
        fft_length: length of the transform; the next power of two if None.
        window_fn: called with the length and a `dtype`; its samples multiply each frame.
        pad_end: also take the frames that reach beyond the end, filled with zeros.

    Returns:
        complex64 [..., frames, fft_length // 2 + 1]
    """
    with name_scope(name, "stft", [signals, frame_length, frame_step]):
        signals = convert_to_tensor(signals, name="signals")
        _least_rank(signals, 1)
        length = _scalar(frame_length, "frame_length")
        step = _scalar(frame_step, "frame_step")
        if fft_length is None:
            points = _enclosing_power_of_two(length)
        else:
            points = convert_to_tensor(fft_length, name="fft_length")
        frames = frame(signals, length, step, pad_end=pad_end)
        if window_fn is not None:
            frames = frames * window_fn(length, dtype=frames.dtype)
        return rfft(frames, [points])


def inverse_stft_window_fn(
    frame_step: Any, forward_window_fn: Window = hann_window, name: str | None = None
) -> Window:
    """The window with which `inverse_stft` restores what `stft` took apart.

    ``w[k] / sum of w[j]^2 over j = k modulo frame_step`` (Griffin and Lim 1984, equation 7).

    Args:
        frame_step: that of the transform.
        forward_window_fn: its window.

    Returns:
        A function of the frame length and a `dtype`.
    """

    def window_of(frame_length: Any, dtype: Any) -> Tensor:
        with name_scope(name, "inverse_stft_window_fn", [forward_window_fn]):
            step = _known(_scalar(frame_step, "frame_step"))
            length_tensor = _scalar(frame_length, "frame_length")
            length = _known(length_tensor)
            forward = forward_window_fn(length_tensor, dtype=dtype)
            overlaps = -(-length // step)
            squares = pad(apply("Square", forward), [[0, overlaps * step - length]])
            total = reduce_sum(array.reshape(squares, [overlaps, step]), 0, keepdims=True)
            repeated = array.reshape(array.tile(total, [overlaps, 1]), [overlaps * step])
            return forward / repeated[:length]

    return window_of


def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Window | None = hann_window,
    name: str | None = None,
) -> Tensor:
    """The signals whose frames have the spectra `stfts`, frames being summed where they overlap.

    `inverse_stft_window_fn` makes the window that restores a signal.

    Args:
        stfts: complex64 [..., frames, fft_length // 2 + 1].
        frame_length: samples per frame.
        frame_step: how far apart frames begin.
        fft_length: length of the transform; the next power of two if None.
        window_fn: called with the length and a `dtype`; its samples multiply each frame.

    Returns:
        float32 [..., (frames - 1) * frame_step + frame_length]
    """
    with name_scope(name, "inverse_stft", [stfts]):
        stfts = convert_to_tensor(stfts, name="stfts")
        _least_rank(stfts, 2)
        length_tensor = _scalar(frame_length, "frame_length")
        step = _scalar(frame_step, "frame_step")
        if fft_length is None:
            points = _enclosing_power_of_two(length_tensor)
        else:
            points = _scalar(fft_length, "fft_length")
        frames = irfft(stfts, [points])
        length = _known(length_tensor)
        if frames.dims is None:
            raise ValueError("inverse_stft needs stfts of known rank.")
        have: Any = frames.dims[-1]
        if have is None or isinstance(length, Tensor):
            have = apply("Shape", frames)[-1]
        frames = frames[..., :length]
        missing = _greater(0, length - have)
        if isinstance(missing, Tensor) or missing:
            frames = pad(frames, [[0, 0]] * (len(frames.dims or ()) - 1) + [[0, missing]])
        if window_fn is not None:
            frames = frames * window_fn(length_tensor, dtype=stfts.dtype.real_dtype)
        return overlap_and_add(frames, step)
