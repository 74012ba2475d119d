"""The random ops.

Each op owns a generator per session; it is keyed by the attributes `seed` and `seed2`, which come
from the graph's seed and the op's. The kernels are in `flowgraph.ops.random_kernels`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types, unchanged_shape
from flowgraph.graph.philox import PhiloxState
from flowgraph.graph.seeds import get_seed
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import random_kernels, random_rejection
from flowgraph.ops.kinds import ANY, FLOATS, INDEX, REAL

__all__ = ["seed_attrs"]

GAMMA_TYPES = (dtypes.float16, dtypes.float32, dtypes.float64)
COUNT_TYPES = (*GAMMA_TYPES, dtypes.int32, dtypes.int64)
SEEDS: dict[str, Any] = {"seed": 12, "seed2": 34}
LENGTHS = np.array([2, 3], np.int32)


def _state(*, seed: int, seed2: int) -> PhiloxState:
    return PhiloxState(seed, seed2)


def _size(shape: Operand) -> Dims:
    if shape.dims is not None and len(shape.dims) != 1:
        raise ValueError(f"Shape must be rank 1 but is rank {len(shape.dims)}")
    value = shape.const_value()
    if value is not None and (value < 0).any():
        raise ValueError(f"Dimension {value.min()} must be >= 0")
    return shape.const_dims()


def _samples(*dtypes_: DType) -> Any:
    lengths = [LENGTHS, np.array([5], np.int64), np.array([], np.int32), np.array([0, 2], np.int32)]
    cases = [case(each, dtype=dtypes.float32, **SEEDS) for each in lengths]
    cases += [case(LENGTHS, dtype=dtype, **SEEDS) for dtype in dtypes_]
    cases.append(case(LENGTHS, dtype=dtypes.float32, seed2=7))
    cases.append(
        case(np.int32(3), dtype=dtypes.float32, raises="Shape must be rank 1 but is rank 0")
    )
    return tuple(cases)


NARROW = _samples(dtypes.float64, dtypes.float16, dtypes.bfloat16)


@op("RandomUniform", "shape: T -> output: dtype", seed=0, seed2=0, dtype=FLOATS, T=INDEX)
class RandomUniform:
    """Numbers uniform in [0, 1)."""

    stateful = True
    grad = None
    shape = _size
    new_state = _state
    samples = NARROW

    def numpy(shape: Any, *, dtype: DType, state: PhiloxState) -> Any:
        return random_kernels.random_uniform(state, tuple(shape.tolist()), dtype.np)


@op("RandomStandardNormal", "shape: T -> output: dtype", seed=0, seed2=0, dtype=FLOATS, T=INDEX)
class RandomStandardNormal:
    """Numbers of the normal distribution with mean 0 and standard deviation 1."""

    stateful = True
    grad = None
    shape = _size
    new_state = _state
    samples = NARROW

    def numpy(shape: Any, *, dtype: DType, state: PhiloxState) -> Any:
        return random_kernels.random_standard_normal(state, tuple(shape.tolist()), dtype.np)


@op("TruncatedNormal", "shape: T -> output: dtype", seed=0, seed2=0, dtype=FLOATS, T=INDEX)
class TruncatedNormal:
    """Standard normal numbers, those 2 or more away from 0 replaced by others."""

    stateful = True
    grad = None
    shape = _size
    new_state = _state
    samples = NARROW

    def numpy(shape: Any, *, dtype: DType, state: PhiloxState) -> Any:
        return random_kernels.truncated_normal(state, tuple(shape.tolist()), dtype.np)


@op(
    "RandomUniformInt",
    "shape: T, minval: Tout, maxval: Tout -> output: Tout",
    seed=0,
    seed2=0,
    Tout=INDEX,
    T=INDEX,
)
class RandomUniformInt:
    """Integers uniform in [minval, maxval)."""

    stateful = True
    grad = None
    new_state = _state
    samples = (
        case(LENGTHS, np.int32(-3), np.int32(10), **SEEDS),
        case(LENGTHS, np.int64(0), np.int64(1 << 40), **SEEDS),
        case(np.array([], np.int64), np.int32(0), np.int32(5), **SEEDS),
        case(LENGTHS, np.int32(4), np.int32(4), raises="Need minval < maxval, got 4 >= 4"),
        case(LENGTHS, LENGTHS, LENGTHS, raises="Shape must be rank 0 but is rank 1"),
    )

    def shape(shape: Operand, minval: Operand, maxval: Operand) -> Dims:
        for limit in (minval, maxval):
            if limit.dims:
                raise ValueError(f"Shape must be rank 0 but is rank {len(limit.dims)}")
        return _size(shape)

    def numpy(shape: Any, minval: Any, maxval: Any, *, state: PhiloxState) -> Any:
        return random_kernels.random_uniform_int(state, tuple(shape.tolist()), minval, maxval)


LOGITS = np.array([[0.5, -1.0, 2.0], [0.0, 0.0, -30.0]], np.float32)


@op(
    "Multinomial",
    "logits: T, num_samples: int32 -> output: output_dtype",
    seed=0,
    seed2=0,
    T=REAL,
    output_dtype=types(INDEX, dtypes.int64),
)
class Multinomial:
    """Class numbers drawn for each row of logits with probabilities softmax(row)."""

    stateful = True
    grad = None
    new_state = _state
    samples = (
        case(LOGITS, np.int32(5), **SEEDS),
        case(LOGITS.astype(np.float64), np.int32(3), output_dtype=dtypes.int32, **SEEDS),
        case(LOGITS, np.int32(0), **SEEDS),
        case(LOGITS[0], np.int32(5), raises="Shape must be rank 2 but is rank 1"),
    )

    def shape(logits: Operand, num_samples: Operand) -> Dims:
        if logits.dims is not None and len(logits.dims) != 2:
            raise ValueError(f"Shape must be rank 2 but is rank {len(logits.dims)}")
        if num_samples.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(num_samples.dims)}")
        count = num_samples.const_value()
        return (
            None if logits.dims is None else logits.dims[0],
            None if count is None else int(count),
        )

    def numpy(logits: Any, num_samples: Any, *, output_dtype: DType, state: PhiloxState) -> Any:
        return random_kernels.multinomial(state, logits, int(num_samples), output_dtype.np)


@op("RandomShuffle", "value: T -> output: T", seed=0, seed2=0, T=types(ANY))
class RandomShuffle:
    """The entries along the first axis in random order."""

    stateful = True
    shape = unchanged_shape
    new_state = _state
    samples = (
        case(np.arange(7, dtype=np.int32), **SEEDS),
        case(LOGITS, grad=False, **SEEDS),
        case(np.float32(1.0), grad=False, **SEEDS),
        case(LOGITS[:0], grad=False, **SEEDS),
    )

    def numpy(value: Any, *, state: PhiloxState) -> Any:
        return random_kernels.random_shuffle(state, value)


def _each_parameter(shape: Operand, parameter: Operand) -> Dims:
    outer = _size(shape)
    if outer is None or parameter.dims is None:
        return None
    return (*outer, *parameter.dims)


@op("RandomGamma", "shape: S, alpha: T -> output: T", seed=0, seed2=0, S=INDEX, T=GAMMA_TYPES)
class RandomGamma:
    """Numbers of the gamma distributions with shape parameters alpha and rate 1."""

    stateful = True
    shape = _each_parameter
    new_state = _state
    samples = (
        case(LENGTHS, np.array([0.5, 2.0], np.float32), grad=False, **SEEDS),
        case(LENGTHS[:1], np.float64(3.0), grad=False, **SEEDS),
    )

    def numpy(shape: Any, alpha: Any, *, state: PhiloxState) -> Any:
        lengths = tuple(shape.tolist())
        return random_rejection.random_gamma(state, lengths, np.asarray(alpha))

    def grad(op: Operation, dy: Tensor) -> list[Any]:
        shape, alpha = op.inputs
        count = apply("Size", shape)
        ones = apply("Fill", apply("ExpandDims", count, 0), 1)
        aligned = apply("Reshape", alpha, apply("ConcatV2", [ones, apply("Shape", alpha)], 0))
        slope = apply("RandomGammaGrad", aligned, op.outputs[0])
        return [None, apply("Sum", dy * slope, apply("Range", 0, count, 1))]


@op(
    "RandomPoissonV2",
    "shape: S, rate: R -> output: dtype",
    seed=0,
    seed2=0,
    S=INDEX,
    R=types(COUNT_TYPES, dtypes.float64),
    dtype=types(COUNT_TYPES, dtypes.int64),
)
class RandomPoissonV2:
    """Counts of the Poisson distributions with the given rates."""

    stateful = True
    grad = None
    shape = _each_parameter
    new_state = _state
    samples = (
        case(LENGTHS, np.array([0.5, 20.0]), **SEEDS),
        case(LENGTHS[:1], np.float32(3.0), dtype=dtypes.float32, **SEEDS),
    )

    def numpy(shape: Any, rate: Any, *, dtype: DType, state: PhiloxState) -> Any:
        lengths = tuple(shape.tolist())
        return random_rejection.random_poisson(state, lengths, np.asarray(rate), dtype.np)


def seed_attrs(op_seed: Any) -> dict[str, Any]:
    """The seed attributes of a random op about to be built."""
    seed, seed2 = get_seed(op_seed)
    return {"seed": seed or 0, "seed2": seed2 or 0}
