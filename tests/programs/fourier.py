"""Fourier and cosine transforms, frames, windows, spectrograms."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp

SIGNAL = np.sin(np.arange(60.0) ** 1.3).astype(np.float32).reshape(2, 30)
WAVES = (SIGNAL[:, :12] + 1j * SIGNAL[:, 12:24]).astype(np.complex64).reshape(2, 3, 4)


@program(graph=True)
def transforms(tf: Any) -> dict[str, Any]:
    x = tf.constant(WAVES)
    return {
        "fft": tf.fft(x),
        "ifft": tf.ifft(x),
        "fft2d": tf.fft2d(x),
        "ifft2d": tf.ifft2d(x),
        "fft3d": tf.fft3d(x),
        "ifft3d": tf.ifft3d(x),
        "signal": tf.signal.fft(x, name="named"),
        "spectral": tf.spectral.ifft(x),
    }


@program
def real_transforms(tf: Any) -> dict[str, Any]:
    x = tf.constant(SIGNAL)
    spectrum = tf.spectral.rfft(x)
    cube = tf.constant(ramp(2, 3, 4))
    return {
        "rfft": spectrum,
        "padded": tf.signal.rfft(x, [32]),
        "cropped": tf.signal.rfft(x, [7]),
        "irfft": tf.spectral.irfft(spectrum),
        "odd": tf.signal.irfft(spectrum, [29]),
        "longer": tf.signal.irfft(spectrum, [40]),
        "rfft2d": tf.signal.rfft2d(cube),
        "rfft2d sized": tf.signal.rfft2d(cube, [4, 3]),
        "irfft2d": tf.signal.irfft2d(tf.signal.rfft2d(cube)),
        "rfft3d": tf.signal.rfft3d(cube),
        "irfft3d": tf.signal.irfft3d(tf.signal.rfft3d(cube), [2, 3, 4]),
    }


@program
def transforms_of_open_shapes(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(SIGNAL, [None, None])
    length = tf.placeholder_with_default([16], [1])
    spectrum = tf.signal.rfft(x)
    with tf.Session() as session:
        return dict(
            session.run(
                {
                    "rfft": spectrum,
                    "irfft": tf.signal.irfft(spectrum),
                    "sized": tf.signal.rfft(x, length),
                    "padded": tf.signal.irfft(spectrum[:, :4], length),
                }
            )
        )


@program(factor=20)
def gradients(tf: Any) -> dict[str, Any]:
    x = tf.constant(SIGNAL)
    z = tf.constant(WAVES)
    ys = [
        tf.abs(tf.signal.rfft(x, [32])),
        tf.abs(tf.signal.rfft(x)) ** 2,
        tf.abs(tf.signal.stft(x, 8, 4)),
        tf.signal.dct(x) ** 2,
    ]
    waves = [tf.abs(tf.fft(z)) ** 2, tf.abs(tf.ifft2d(z)), tf.signal.irfft(z) ** 2]
    found = [tf.gradients(y, x)[0] for y in ys] + [tf.gradients(y, z)[0] for y in waves]
    with tf.Session() as session:
        return {f"slope {i}": value for i, value in enumerate(session.run(found))}


@program
def windows(tf: Any) -> dict[str, Any]:
    length = tf.placeholder_with_default(6, [])
    single = tf.placeholder_with_default(1, [])
    with tf.Session() as session:
        return dict(
            session.run(
                {
                    "hann": tf.signal.hann_window(8),
                    "odd": tf.signal.hann_window(7),
                    "symmetric": tf.signal.hann_window(8, periodic=False),
                    "double": tf.signal.hann_window(5, dtype=tf.float64),
                    "one": tf.signal.hann_window(1),
                    "hamming": tf.signal.hamming_window(8),
                    "open": tf.signal.hamming_window(length),
                    "open one": tf.signal.hann_window(single),
                }
            )
        )


@program
def frames(tf: Any) -> dict[str, Any]:
    x = tf.constant(SIGNAL)
    open_x = tf.placeholder_with_default(SIGNAL, [None, None])
    found = {
        "plain": tf.signal.frame(x, 8, 3),
        "padded": tf.signal.frame(x, 8, 3, pad_end=True, pad_value=-1),
        "first axis": tf.signal.frame(tf.transpose(x), 5, 2, axis=0),
        "gaps": tf.signal.frame(x, 2, 5),
        "too long": tf.signal.frame(x, 40, 5),
        "open": tf.signal.frame(open_x, 8, 3),
        "open padded": tf.signal.frame(open_x, 8, 3, pad_end=True),
        "integers": tf.signal.frame(tf.range(10), 4, 3),
    }
    shapes = {f"shape of {name}": found[name].shape.as_list() for name in ("plain", "padded")}
    with tf.Session() as session:
        return {**session.run(found), **shapes}


@program
def overlapping(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 4, 5))
    open_x = tf.placeholder_with_default(ramp(2, 4, 5), [None, None, None])
    found = {
        "plain": tf.signal.overlap_and_add(x, 2),
        "no overlap": tf.signal.overlap_and_add(x, 5),
        "one": tf.signal.overlap_and_add(x, 1),
        "flat": tf.signal.overlap_and_add(x[0], 3),
        "open": tf.signal.overlap_and_add(open_x, 2),
    }
    with tf.Session() as session:
        values = dict(session.run(found))
    return {
        **values,
        "vector": raised(lambda: tf.signal.overlap_and_add([1.0], 2), ""),
        "fraction": raised(lambda: tf.signal.overlap_and_add(x, 2.0), "must be an integer"),
    }


@program(factor=4)
def short_time_transforms(tf: Any) -> dict[str, Any]:
    x = tf.constant(SIGNAL)
    spectrogram = tf.signal.stft(x, 8, 4)
    window = tf.signal.inverse_stft_window_fn(4)
    found = {
        "stft": spectrogram,
        "stft of 12": tf.signal.stft(x, 12, 5, fft_length=20, pad_end=True),
        "no window": tf.signal.stft(x, 8, 4, window_fn=None),
        "restored": tf.signal.inverse_stft(spectrogram, 8, 4, window_fn=window),
        "inverse": tf.signal.inverse_stft(spectrogram, 8, 4),
        "shorter": tf.signal.inverse_stft(spectrogram, 6, 3, fft_length=8, window_fn=None),
        "longer": tf.signal.inverse_stft(spectrogram, 10, 3, fft_length=8),
        "window": tf.signal.inverse_stft_window_fn(3, tf.signal.hamming_window)(8, tf.float32),
    }
    with tf.Session() as session:
        return dict(session.run(found))


@program(factor=8)
def cosine_transforms(tf: Any) -> dict[str, Any]:
    x = tf.constant(SIGNAL)
    found: dict[str, Any] = {}
    for kind in (1, 2, 3):
        found[f"dct {kind}"] = tf.signal.dct(x, type=kind)
        found[f"idct {kind}"] = tf.signal.idct(x, type=kind)
    for kind in (2, 3):
        found[f"orthogonal {kind}"] = tf.spectral.dct(x, type=kind, norm="ortho")
        found[f"orthogonal inverse {kind}"] = tf.spectral.idct(x, type=kind, norm="ortho")
    found["cropped"] = tf.signal.dct(x, n=10)
    found["padded"] = tf.signal.dct(x, n=40)
    with tf.Session() as session:
        values = dict(session.run(found))
    return {
        **values,
        "type": raised(lambda: tf.signal.dct(x, type=5), "supported"),
        "norm": raised(lambda: tf.signal.dct(x, norm="half"), "Unknown normalization"),
        "axis": raised(lambda: tf.signal.dct(x, axis=0), "axis must be -1"),
        "length": raised(lambda: tf.signal.dct(x, n=0), "positive integer"),
    }


@program(factor=8)
def mel_scale(tf: Any) -> dict[str, Any]:
    matrix = tf.signal.linear_to_mel_weight_matrix(5, 17, 8000, 80.0, 3000.0)
    double = tf.signal.linear_to_mel_weight_matrix(4, 9, 8000.0, dtype=tf.float64)
    spectrogram = tf.abs(tf.signal.stft(tf.constant(SIGNAL), 20, 5))
    logarithm = tf.log(tf.tensordot(spectrogram, matrix, 1) + 1e-3)
    found = {
        "matrix": matrix,
        "double": double,
        "mfccs": tf.signal.mfccs_from_log_mel_spectrograms(logarithm),
    }
    with tf.Session() as session:
        values = dict(session.run(found))
    return {
        **values,
        "nyquist": raised(
            lambda: tf.signal.linear_to_mel_weight_matrix(sample_rate=100), "Nyquist"
        ),
        "order": raised(
            lambda: tf.signal.linear_to_mel_weight_matrix(lower_edge_hertz=3900.0), ">="
        ),
    }
