"""Discrete cosine transforms, and what speech recognition makes of spectra with them."""

from __future__ import annotations

import math
from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.cast import cast
from flowgraph.ops.complex import complex, real
from flowgraph.ops.constants import lin_space
from flowgraph.ops.constants import range as counts
from flowgraph.ops.fft import irfft, rfft
from flowgraph.ops.joining import concat
from flowgraph.ops.padding import pad

__all__ = ["dct", "idct", "linear_to_mel_weight_matrix", "mfccs_from_log_mel_spectrograms"]


def _check(x: Any, kind: int, n: Any, axis: int, norm: str | None) -> None:
    if axis != -1:
        raise NotImplementedError(f"axis must be -1. Got: {axis}")
    if n is not None and n < 1:
        raise ValueError("n should be a positive integer or None")
    if kind not in (1, 2, 3):
        raise ValueError("Only Types I, II and III (I)DCT are supported.")
    if kind == 1:
        if norm == "ortho":
            raise ValueError("Normalization is not supported for the Type-I DCT.")
        if x.dims is not None and x.dims[-1] is not None and x.dims[-1] < 2:
            raise ValueError("Type-I DCT requires the dimension to be greater than one.")
    if norm not in (None, "ortho"):
        raise ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}")


def _last(x: Tensor) -> Any:
    """The size of the last axis, a number where it is known."""
    size = None if x.dims is None else x.dims[-1]
    return apply("Shape", x)[-1] if size is None else size


def dct(
    input: Any,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The discrete cosine transform along the last axis, of N samples x.

    - type 1: ``y[k] = x[0] + (-1)^k x[N-1] + 2 sum over 0 < j < N-1 of x[j] cos(pi j k / (N-1))``
    - type 2: ``y[k] = 2 sum_j x[j] cos(pi (j + 1/2) k / N)``
    - type 3: ``y[k] = x[0] + 2 sum over j > 0 of x[j] cos(pi j (k + 1/2) / N)``

    Args:
        input: float32 [..., N].
        type: 1, 2 or 3.
        n: crop or fill the samples to this many.
        norm: "ortho" scales types 2 and 3 so that they are orthogonal, inverse to each other.

    Raises:
        NotImplementedError: for another axis.
        ValueError: for another type or norm.
    """
    with name_scope(name, "dct", [input]):
        x = convert_to_tensor(input)
        _check(x, type, n, axis, norm)
        if n is not None:
            x = _of_length(x, n)
        if type == 1:
            return real(rfft(concat([x, x[..., -2:0:-1]], -1)))
        size = _last(x)
        samples = cast(size, x.dtype)
        quarter_turns = counts(samples) * (math.pi * 0.5) / samples
        zero = convert_to_tensor(0.0, x.dtype)
        if type == 2:
            scale = 2.0 * apply("Exp", complex(zero, -quarter_turns))
            found = real(rfft(x, [2 * size])[..., :size] * scale)
            if norm != "ortho":
                return found
            first = 0.5 * apply("Rsqrt", samples)
            return found * _weights(first, first * math.sqrt(2.0), size)
        if norm == "ortho":
            first = apply("Sqrt", samples)
            x = x * _weights(first, first * math.sqrt(0.5), size)
        else:
            x = x * samples
        scale = 2.0 * apply("Exp", complex(zero, quarter_turns))
        return irfft(scale * complex(x, apply("ZerosLike", x)), [2 * size])[..., :size]


def _of_length(x: Tensor, n: int) -> Tensor:
    have = None if x.dims is None else x.dims[-1]
    if have is not None and n <= have:
        return x[..., :n]
    if x.dims is None:
        raise ValueError("dct with n needs an input of known rank.")
    missing: Any = n - have if have is not None else apply("Maximum", 0, n - apply("Shape", x)[-1])
    return pad(x[..., :n], [[0, 0]] * (len(x.dims) - 1) + [[0, missing]])


def _weights(first: Tensor, others: Tensor, size: Any) -> Tensor:
    """[first, others, others, ...]"""
    return pad(apply("ExpandDims", first, 0), [[0, size - 1]], constant_values=others)


def idct(
    input: Any,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The inverse of `dct` along the last axis, but for a factor unless `norm` is "ortho".

    Types 2 and 3 are inverse to each other with the factor ``1 / (2 N)``, type 1 is its own inverse
    with ``1 / (2 (N - 1))``.
    """
    _check(convert_to_tensor(input), type, n, axis, norm)
    return dct(input, {1: 1, 2: 3, 3: 2}[type], n, axis, norm, name)


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: str | None = None) -> Tensor:
    """Mel-frequency cepstral coefficients: ``dct(x) / sqrt(2 N)`` along the last axis.

    Args:
        log_mel_spectrograms: float32 [..., N], logarithms of mel spectrograms.
    """
    with name_scope(name, "mfccs_from_log_mel_spectrograms", [log_mel_spectrograms]):
        x = convert_to_tensor(log_mel_spectrograms)
        if x.dims and x.dims[-1] == 0:
            raise ValueError(f"num_mel_bins must be positive. Got: {x}")
        bins = _last(x)
        transformed = dct(x)
        result: Tensor = transformed * apply("Rsqrt", cast(bins, x.dtype) * 2.0)
        return result


_BREAK_HERTZ = 700.0
_MEL_FACTOR = 1127.0


def _hertz_to_mel(hertz: Tensor) -> Tensor:
    mel: Tensor = _MEL_FACTOR * apply("Log", 1.0 + hertz / _BREAK_HERTZ)
    return mel


def _check_mel(bins: int, rate: Any, lower: float, upper: float, kind: dtypes.DType) -> None:
    if bins <= 0:
        raise ValueError(f"num_mel_bins must be positive. Got: {bins}")
    if lower < 0.0:
        raise ValueError(f"lower_edge_hertz must be non-negative. Got: {lower}")
    if lower >= upper:
        raise ValueError(f"lower_edge_hertz {lower:.1f} >= upper_edge_hertz {upper:.1f}")
    if not isinstance(rate, Tensor):
        if rate <= 0.0:
            raise ValueError(f"sample_rate must be positive. Got: {rate}")
        if upper > rate / 2:
            raise ValueError(
                "upper_edge_hertz must not be larger than the Nyquist frequency (sample_rate / 2). "
                f"Got {upper} for sample_rate: {rate}"
            )
    if not kind.is_floating:
        raise ValueError(f"dtype must be a floating point type. Got: {kind}")


def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: Any = 129,
    sample_rate: Any = 8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """The matrix that takes spectra of linear frequencies to the mel scale: ``S @ matrix``.

    Column i is a triangle over the frequencies: 0 up to edge i, 1 at edge i + 1, 0 from edge i + 2
    on, the edges being evenly spaced in ``mel(f) = 1127 log(1 + f / 700)``.

    Args:
        num_mel_bins: columns.
        num_spectrogram_bins: rows: frequencies from 0 to half the sample rate.
        sample_rate: samples per second of the signal.
        lower_edge_hertz: where the first triangle begins.
        upper_edge_hertz: where the last one ends.

    Returns:
        [num_spectrogram_bins, num_mel_bins]; the row of frequency 0 is zero.

    Raises:
        ValueError: if the edges or counts make no sense.
    """
    kind = dtypes.as_dtype(dtype)
    with name_scope(name, "linear_to_mel_weight_matrix") as scope:
        if isinstance(sample_rate, Tensor) and sample_rate.const_value() is not None:
            sample_rate = sample_rate.const_value().item()
        _check_mel(num_mel_bins, sample_rate, lower_edge_hertz, upper_edge_hertz, kind)
        rate = cast(sample_rate, kind, name="sample_rate")
        lower = convert_to_tensor(lower_edge_hertz, kind, name="lower_edge_hertz")
        upper = convert_to_tensor(upper_edge_hertz, kind, name="upper_edge_hertz")
        zero = convert_to_tensor(0.0, kind)
        frequencies = lin_space(zero, rate / 2.0, num_spectrogram_bins)[1:]
        mels = apply("ExpandDims", _hertz_to_mel(frequencies), 1)
        edges = lin_space(_hertz_to_mel(lower), _hertz_to_mel(upper), num_mel_bins + 2)
        left, center, right = edges[:-2], edges[1:-1], edges[2:]
        rising = (mels - left) / (center - left)
        falling = (right - mels) / (right - center)
        weights = apply("Maximum", zero, apply("Minimum", rising, falling))
        return pad(weights, [[1, 0], [0, 0]], name=scope)
