"""The random kernels give TensorFlow's numbers, bit for bit."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.philox import PhiloxState, derive_seeds
from flowgraph.ops import random_kernels as kernels
from flowgraph.ops import random_rejection as rejection
from flowgraph.ops.random_math import box_muller_float
from oracle_random import CASES, Case, digest

ORACLE = Path(__file__).parent / "oracle" / "random.npz"

# Of glibc 2.36's results for every possible argument, in the order of the arguments. The sines and
# cosines are multiplied by the largest radius.
_CRC_ALL_RADII = 0x0387FF79
_CRC_ALL_SINES = 0xA2043FE6
_CRC_ALL_COSINES = 0x3C99998A


def _dtype(name: str) -> np.dtype[Any]:
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def _of_shape(kernel: Callable[..., Any]) -> Callable[..., Any]:
    return lambda state, shape, dtype: kernel(state, shape.tolist(), _dtype(dtype))


KERNELS: dict[str, Callable[..., Any]] = {
    "RandomUniform": _of_shape(kernels.random_uniform),
    "RandomStandardNormal": _of_shape(kernels.random_standard_normal),
    "TruncatedNormal": _of_shape(kernels.truncated_normal),
    "RandomUniformInt": lambda state, shape, minval, maxval: kernels.random_uniform_int(
        state, shape.tolist(), minval, maxval
    ),
    "Multinomial": lambda state, logits, num_samples, output_dtype: kernels.multinomial(
        state, logits, int(num_samples), output_dtype
    ),
    "RandomShuffle": kernels.random_shuffle,
    "RandomGamma": lambda state, shape, alpha: rejection.random_gamma(state, shape.tolist(), alpha),
    "RandomPoissonV2": lambda state, shape, rate, dtype: rejection.random_poisson(
        state, shape.tolist(), rate, _dtype(dtype)
    ),
}


@pytest.fixture(scope="module")
def oracle() -> dict[str, npt.NDArray[Any]]:
    with np.load(ORACLE) as recorded:
        return dict(recorded)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same_bits_as_tensorflow(case: Case, oracle: dict[str, npt.NDArray[Any]]) -> None:
    state = PhiloxState(*case.seeds)
    kernel = KERNELS[case.op]
    values = [kernel(state, **inputs, **case.attributes) for inputs in case.runs]
    for inputs, value in zip(case.runs, values, strict=True):
        if "shape" in inputs:
            parameters = inputs.get("alpha", inputs.get("rate", np.empty(())))
            assert value.shape == (*inputs["shape"], *parameters.shape)
    np.testing.assert_array_equal(digest(values), oracle[case.name])


def test_same_seeds_as_tensorflow(oracle: dict[str, npt.NDArray[Any]]) -> None:
    for row in oracle["seeds"].tolist():
        graph_seed, op_seed, *expected = (
            None if row[column] == -(2**40) else row[column] for column in (0, 1, 3, 4)
        )
        assert derive_seeds(graph_seed, op_seed, row[2]) == tuple(expected), row


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        (0, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (2**128 - 1, 2**64 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            0x0370734413198A2E85A308D3243F6A88,
            0x299F31D0A4093822,
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_published_answers(counter: int, key: int, expected: str) -> None:
    """The vectors that the generator's authors publish."""
    words = PhiloxState(key, 1).blocks(counter, 1)[0]
    assert " ".join(f"{word:08x}" for word in words) == expected


near_carries = st.sampled_from([0, 2**32, 2**64, 2**96, 2**128]).flatmap(
    lambda edge: st.integers(max(edge - 40, 0), min(edge + 40, 2**128 - 1))
)


@given(near_carries, st.integers(1, 2**64 - 1), st.integers(5, 60))
def test_many_blocks_equal_single_ones(start: int, key: int, count: int) -> None:
    state = PhiloxState(key, 1)
    single = [state.blocks((start + number) % 2**128, 1)[0] for number in range(count)]
    np.testing.assert_array_equal(state.blocks(start, count), single)


@pytest.mark.parametrize("shift", [0, 1, 4095])
def test_parts_join_to_the_whole(shift: int) -> None:
    """Long requests are computed piece by piece; the pieces must follow each other."""
    state = PhiloxState(3, 4)
    size = 3 * 4096 * 4 + shift
    whole = kernels.random_uniform(state, [size], np.float32)
    words = state.blocks(4 << 64, size // 4 + 1).reshape(-1)[:size]
    np.testing.assert_array_equal(whole, ((words & 0x7FFFFF) / 2.0**23).astype(np.float32))


def test_transform_for_every_argument() -> None:
    crc_radii = crc_sines = crc_cosines = 0
    step = 2**16
    for low in range(0, 2**23, step):
        words = np.zeros((step, 4), np.uint32)
        # v = 0 gives (0, radius), u at its lower limit the largest radius.
        words[:, 0] = np.arange(low, low + step)
        words[:, 3] = np.arange(low, low + step)
        values = box_muller_float(words)
        crc_radii = zlib.crc32(values[:, 1].tobytes(), crc_radii)
        crc_sines = zlib.crc32(values[:, 2].tobytes(), crc_sines)
        crc_cosines = zlib.crc32(values[:, 3].tobytes(), crc_cosines)
    assert crc_radii == _CRC_ALL_RADII
    assert crc_sines == _CRC_ALL_SINES
    assert crc_cosines == _CRC_ALL_COSINES


def test_no_seeds_means_other_numbers_each_time() -> None:
    first, second = PhiloxState(0, 0), PhiloxState(0, 0)
    assert (first.key, first.counter) != (second.key, second.counter)


def test_threads_get_disjoint_parts() -> None:
    state = PhiloxState(1, 0)
    starts: list[int] = []

    def draw() -> None:
        for _ in range(200):
            starts.append(state.reserve(3))

    threads = [threading.Thread(target=draw) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(starts) == list(range(0, 8 * 200 * 3, 3))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_ranges(dtype: str) -> None:
    uniform = kernels.random_uniform(PhiloxState(1, 2), [5000], _dtype(dtype))
    assert uniform.dtype == _dtype(dtype)
    assert uniform.min() >= 0
    assert uniform.max() < 1
    truncated = kernels.truncated_normal(PhiloxState(1, 2), [5000], _dtype(dtype))
    # Rounding to a short type may reach the limit itself.
    assert np.abs(truncated.astype(np.float64)).max() <= 2


def test_shuffle_keeps_input_and_rows() -> None:
    value = np.array([[b"a", b"b"], [b"c", b"d"], [b"e", b"f"]], object)
    shuffled = kernels.random_shuffle(PhiloxState(1, 2), value)
    order = kernels.random_shuffle(PhiloxState(1, 2), np.arange(3))
    assert value[0, 0] == b"a"
    np.testing.assert_array_equal(shuffled, value[order])


def test_nothing_to_shuffle_uses_no_numbers() -> None:
    state = PhiloxState(1, 2)
    before = state.counter
    value = np.array(3.0)
    result = kernels.random_shuffle(state, value)
    assert state.counter == before
    assert result == value
    assert result is not value


def test_shuffle_of_non_contiguous_values() -> None:
    value = np.arange(40)[::-3]
    np.testing.assert_array_equal(
        kernels.random_shuffle(PhiloxState(1, 2), value),
        kernels.random_shuffle(PhiloxState(1, 2), value.copy()),
    )


def test_bad_limits() -> None:
    state = PhiloxState(1, 2)
    with pytest.raises(InvalidArgumentError, match=r"Need minval < maxval, got 4 >= 4"):
        kernels.random_uniform_int(state, [2], np.array(4), np.array(4))
    with pytest.raises(InvalidArgumentError, match=r"maxval must be 0-D, got shape \[1\]"):
        kernels.random_uniform_int(state, [2], np.array(4), np.array([5]))


def test_no_parameters() -> None:
    state = PhiloxState(1, 2)
    assert rejection.random_gamma(state, [2], np.zeros(0)).shape == (2, 0)
    assert rejection.random_poisson(state, [2], np.zeros(0), np.int64).shape == (2, 0)


def test_gamma_at_its_limits() -> None:
    values = rejection.random_gamma(PhiloxState(1, 2), [9], np.array([0.0, np.inf]))
    np.testing.assert_array_equal(values, [[0.0, np.inf]] * 9)


@pytest.mark.parametrize("alpha", [np.nan, -0.5, -np.inf])
def test_alpha_without_result(alpha: float) -> None:
    with pytest.raises(InvalidArgumentError, match="alpha should not be negative, got"):
        rejection.random_gamma(PhiloxState(1, 2), [2], np.array([1.0, alpha]))


@pytest.mark.parametrize("rate", [np.nan, np.inf, 2.0**31])
def test_rates_without_result(rate: float) -> None:
    with pytest.raises(InvalidArgumentError, match="rate should be at most 2147483647, got"):
        rejection.random_poisson(PhiloxState(1, 2), [2], np.array([1.0, rate]), np.int32)


def test_bad_logits() -> None:
    state = PhiloxState(1, 2)
    with pytest.raises(InvalidArgumentError, match=r"should be a matrix, got shape \[3\]"):
        kernels.multinomial(state, np.zeros(3), 1, np.int64)
    with pytest.raises(InvalidArgumentError, match="num_classes should be positive"):
        kernels.multinomial(state, np.zeros((3, 0)), 1, np.int64)
    with pytest.raises(InvalidArgumentError, match="non-negative, got -1"):
        kernels.multinomial(state, np.zeros((3, 2)), -1, np.int64)
