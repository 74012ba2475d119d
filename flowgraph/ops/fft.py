"""Discrete Fourier transforms over the last one, two or three axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, function_of
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import array, constants
from flowgraph.ops.cast import cast
from flowgraph.ops.joining import concat, stack, unstack
from flowgraph.ops.kinds import COMPLEX
from flowgraph.ops.padding import pad
from flowgraph.ops.reduce import reduce_prod
from flowgraph.ops.sample_values import i32
from flowgraph.ops.select import where

__all__ = [
    "fft",
    "fft2d",
    "fft3d",
    "ifft",
    "ifft2d",
    "ifft3d",
    "irfft",
    "irfft2d",
    "irfft3d",
    "rfft",
    "rfft2d",
    "rfft3d",
]

Gradients = list[Any]
REAL = np.sin(np.arange(48.0) ** 1.3).reshape(2, 2, 4, 3)
WAVES = REAL + 1j * REAL[::-1, ::-1, ::-1]
SINGLE = WAVES.astype(np.complex64)
FLOAT = REAL.astype(np.float32)


def _with_rank(x: Operand, rank: int) -> Dims:
    if x.dims is not None and len(x.dims) < rank:
        raise ValueError(f"Shape must be at least rank {rank} but is rank {len(x.dims)}")
    return x.dims


def _axes(rank: int) -> tuple[int, ...]:
    return tuple(range(-rank, 0))


def _count(x: Tensor, rank: int) -> Tensor:
    """How many numbers are transformed together."""
    count: Tensor = cast(reduce_prod(apply("Shape", x)[-rank:]), x.dtype.base_dtype)
    return count


def _complex_transform(rank: int, inverse: bool) -> Any:
    """Declare FFT, FFT2D, FFT3D or its inverse, and make its Python function."""
    suffix = "" if rank == 1 else f"{rank}D"
    name, opposite = ("IFFT" + suffix, "FFT" + suffix)[:: 1 if inverse else -1]
    transform: Callable[..., Any] = np.fft.ifftn if inverse else np.fft.fftn
    sign, scale = ("+", "1 / n ") if inverse else ("-", "")
    too_flat = "Shape must be at least rank {} but is rank {}"

    def kernel(x: Any) -> Any:
        return transform(x, axes=_axes(rank)).astype(x.dtype, copy=False) if x.size else x.copy()

    def gradient(op: Operation, dy: Tensor) -> Gradients:
        count = _count(dy, rank)
        turned = apply(opposite, dy)
        return [turned * apply("Reciprocal", count) if inverse else turned * count]

    @op(name, "input: Tcomplex -> output: Tcomplex", Tcomplex=types(COMPLEX, dtypes.complex64))
    class Transform:
        __doc__ = (
            f"The {'inverse ' * inverse}discrete Fourier transform over the last {rank} axes.\n\n"
            f"``output[k] = {scale}sum_j input[j] exp({sign}2 pi i j k / n)`` along each of them."
        )
        samples = (
            case(WAVES),
            case(SINGLE),
            case(WAVES[0] if rank < 3 else WAVES[:, :, :2]),
            case(SINGLE[:0], grad=False),
            case(np.complex64(1), raises=too_flat.format(rank, 0)),
        )
        numpy = kernel
        grad = gradient

        def shape(x: Operand) -> Dims:
            return _with_rank(x, rank)

    return function_of(name, name.lower())


fft, ifft = _complex_transform(1, False), _complex_transform(1, True)
fft2d, ifft2d = _complex_transform(2, False), _complex_transform(2, True)
fft3d, ifft3d = _complex_transform(3, False), _complex_transform(3, True)


def _lengths(fft_length: Operand, rank: int) -> tuple[int | None, ...]:
    if fft_length.dims is not None:
        if len(fft_length.dims) != 1:
            raise ValueError(f"Shape must be rank 1 but is rank {len(fft_length.dims)}")
        if fft_length.dims[0] not in (None, rank):
            raise ValueError(f"Dimension must be {rank} but is {fft_length.dims[0]}")
    return dims.with_rank(fft_length.const_dims(), rank)


def _cropped(x: Any, wanted: list[int]) -> Any:
    """The first elements along the last axes, which must be long enough."""
    rank = len(wanted)
    for axis, size in zip(range(x.ndim - rank, x.ndim), wanted, strict=True):
        if x.shape[axis] < size:
            raise InvalidArgumentError(
                None,
                None,
                f"Input dimension {axis} must have length of at least {size} but got: "
                f"{x.shape[axis]}",
            )
    return x[(..., *(slice(size) for size in wanted))]


def _checked(fft_length: Any, rank: int) -> list[int]:
    if fft_length.shape != (rank,):
        raise InvalidArgumentError(None, None, f"fft_length must have shape [{rank}]")
    if (fft_length < 0).any():
        raise InvalidArgumentError(None, None, "fft_length must be >= 0")
    return [int(length) for length in fft_length]


def _half(lengths: list[int]) -> list[int]:
    """The sizes of the half of a spectrum that a real signal is determined by."""
    return [*lengths[:-1], lengths[-1] // 2 + 1 if lengths[-1] else 0]


def _edges(fft_length: Tensor, inner: float, dtype: Any) -> Tensor:
    """Factors along a half spectrum: 1 for the frequencies that occur once, else `inner`."""
    last = fft_length[-1]
    places = apply("Range", 0, last // 2 + 1, 1)
    once = apply("LogicalOr", apply("Equal", places, 0), apply("Equal", places * 2, last))
    ones_there = cast(apply("OnesLike", places), dtype)
    factors: Tensor = where(once, ones_there, ones_there * inner)
    return factors


def _grown(gradient: Tensor, like: Tensor, rank: int) -> Tensor:
    """Zeros for what the transform left out of its input."""
    known = (None,) if like.dims is None else like.dims[-rank:]
    if None not in known and gradient.dims is not None and gradient.dims[-rank:] == known:
        return gradient
    more = apply("Shape", like) - apply("Shape", gradient)
    result: Tensor = pad(gradient, stack([apply("ZerosLike", more), more], 1))
    return result


def _real_transform(rank: int) -> None:
    """Declare RFFT, RFFT2D or RFFT3D, and the inverse."""
    suffix = "" if rank == 1 else f"{rank}D"
    long = i32([2, 4, 3][-rank:])
    short = i32([1, 2, 2][-rank:])

    def forward(x: Any, fft_length: Any) -> Any:
        lengths = _checked(fft_length, rank)
        signal = _cropped(x, lengths)
        if not signal.size:
            return np.zeros((*x.shape[:-rank], *_half(lengths)), np.complex64)
        return np.fft.rfftn(signal, axes=_axes(rank)).astype(np.complex64, copy=False)

    def forward_grad(op: Operation, dy: Tensor) -> Gradients:
        fft_length = op.inputs[1]
        halved = dy * _edges(fft_length, 0.5, dtypes.complex64)
        signal = apply("IRFFT" + suffix, halved, fft_length)
        return [_grown(signal * _count(signal, rank), op.inputs[0], rank), None]

    def backward(x: Any, fft_length: Any) -> Any:
        lengths = _checked(fft_length, rank)
        spectrum = _cropped(x, _half(lengths))
        if not spectrum.size:
            return np.zeros((*x.shape[:-rank], *lengths), np.float32)
        signal = np.fft.irfftn(spectrum, lengths, axes=_axes(rank))
        return signal.astype(np.float32, copy=False)

    def backward_grad(op: Operation, dy: Tensor) -> Gradients:
        fft_length = op.inputs[1]
        spectrum = apply("RFFT" + suffix, dy, fft_length)
        factors = _edges(fft_length, 2.0, dtypes.float32) * apply("Reciprocal", _count(dy, rank))
        found = spectrum * cast(factors, dtypes.complex64)
        return [_grown(found, op.inputs[0], rank), None]

    @op("RFFT" + suffix, "input: float32, fft_length: int32 -> output: complex64")
    class Forward:
        __doc__ = (
            f"The Fourier transform of real signals over the last {rank} axes.\n\n"
            "Of the last axis only the first ``fft_length[-1] // 2 + 1`` frequencies are returned: "
            "the others are their conjugates. The input is cropped to `fft_length`."
        )
        samples = (
            case(FLOAT, long),
            case(FLOAT[..., :2, :2], short),
            case(FLOAT, short),
            case(FLOAT[:0], long, grad=False),
            case(FLOAT[0, 0, 0, 0], long, raises="Shape must be at least rank . but is rank 0"),
            case(FLOAT, i32([9, 9, 9, 9]), raises=f"Dimension must be {rank} but is 4"),
        )
        numpy = forward
        grad = forward_grad

        def shape(x: Operand, fft_length: Operand) -> Dims:
            shape = _with_rank(x, rank)
            lengths = _lengths(fft_length, rank)
            last = lengths[-1]
            half = None if last is None else last // 2 + 1 if last else 0
            return None if shape is None else (*shape[:-rank], *lengths[:-1], half)

    @op("IRFFT" + suffix, "input: complex64, fft_length: int32 -> output: float32")
    class Backward:
        __doc__ = (
            f"The real signals whose Fourier transform over the last {rank} axes is the input.\n\n"
            "The inverse of the transform of real signals: the input holds the first "
            "``fft_length[-1] // 2 + 1`` frequencies of the last axis, further ones are not used."
        )
        samples = (
            case(SINGLE, i32([2, 4, 4][-rank:])),
            case(SINGLE, i32([2, 4, 5][-rank:])),
            case(SINGLE, short),
            case(SINGLE[:0], i32([2, 4, 4][-rank:]), grad=False),
            case(SINGLE[0, 0, 0, 0], long, raises="Shape must be at least rank . but is rank 0"),
        )
        numpy = backward
        grad = backward_grad

        def shape(x: Operand, fft_length: Operand) -> Dims:
            shape = _with_rank(x, rank)
            lengths = _lengths(fft_length, rank)
            return None if shape is None else (*shape[:-rank], *lengths)


for _rank in (1, 2, 3):
    _real_transform(_rank)


def _default_length(x: Tensor, rank: int, inverse: bool) -> Tensor:
    """The length of the signals: the input's, or what an even signal's half spectrum tells."""
    known = (None,) if x.dims is None else x.dims[-rank:]
    if None not in known:
        lengths = list(known)
        if inverse and lengths:
            lengths[-1] = max(0, 2 * ((lengths[-1] or 0) - 1))
        return convert_to_tensor(lengths, dtypes.int32)
    shape = array.shape(x)[-rank:]
    if not inverse:
        return shape
    sizes = unstack(shape, rank)
    sizes[-1] = apply("Maximum", 0, 2 * (sizes[-1] - 1))
    return stack(sizes)


def _padded(x: Tensor, rank: int, fft_length: Tensor, inverse: bool) -> Tensor:
    """`x` with zeros up to the length that the transform reads."""
    if x.dims is not None and 0 in x.dims:
        return x
    wanted = fft_length.const_value()
    if wanted is not None and x.dims is not None and None not in x.dims[-rank:]:
        target = _half(wanted.tolist()) if inverse else wanted.tolist()
        paddings = [
            [0, max(size - (have or 0), 0)]
            for size, have in zip(target, x.dims[-rank:], strict=True)
        ]
        if not any(more for _, more in paddings):
            return x
        padded: Tensor = pad(x, [[0, 0]] * (len(x.dims) - rank) + paddings)
        return padded
    outer = apply("Maximum", 0, array.rank(x) - rank)
    have = array.shape(x)[-rank:]
    outer_paddings = constants.zeros([outer], fft_length.dtype)
    if inverse:
        fft_length = concat([fft_length[:-1], fft_length[-1:] // 2 + 1], 0)
    more = concat([outer_paddings, apply("Maximum", 0, fft_length - have)], 0)
    padded = pad(x, stack([apply("ZerosLike", more), more], 1))
    return padded


def _transform(rank: int, inverse: bool, x: Any, fft_length: Any, name: str | None) -> Tensor:
    kind = dtypes.complex64 if inverse else dtypes.float32
    op_type = ("I" if inverse else "") + "RFFT" + ("" if rank == 1 else f"{rank}D")
    with name_scope(name, op_type.lower(), [x, fft_length]) as scope:
        x = convert_to_tensor(x, kind)
        if x.dims is not None and len(x.dims) < rank:
            raise ValueError(f"Shape {x.shape} must have rank at least {rank}")
        if fft_length is None:
            lengths = _default_length(x, rank, inverse)
        else:
            lengths = convert_to_tensor(fft_length, dtypes.int32)
        x = _padded(x, rank, lengths, inverse)
        known = lengths.const_value()
        result: Tensor = apply(op_type, x, lengths if known is None else known, name=scope)
        return result


def rfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The Fourier transform of real signals along the last axis.

    Args:
        input_tensor: float32 [..., n].
        fft_length: a list of one length; signals are cropped or filled with zeros to it.

    Returns:
        complex64 [..., fft_length // 2 + 1]: the frequencies from 0 on; the others are conjugates.
    """
    return _transform(1, False, input_tensor, fft_length, name)


def rfft2d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """`rfft` over the last two axes; `fft_length` has two elements."""
    return _transform(2, False, input_tensor, fft_length, name)


def rfft3d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """`rfft` over the last three axes; `fft_length` has three elements."""
    return _transform(3, False, input_tensor, fft_length, name)


def irfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The real signals along the last axis whose `rfft` is `input_tensor`.

    Args:
        input_tensor: complex64 [..., m].
        fft_length: a list of one length, that of the signals; ``2 (m - 1)`` if None. The spectrum
            is cropped or filled with zeros to ``fft_length // 2 + 1``.

    Returns:
        float32 [..., fft_length]
    """
    return _transform(1, True, input_tensor, fft_length, name)


def irfft2d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """`irfft` over the last two axes; `fft_length` has two elements."""
    return _transform(2, True, input_tensor, fft_length, name)


def irfft3d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """`irfft` over the last three axes; `fft_length` has three elements."""
    return _transform(3, True, input_tensor, fft_length, name)
