"""Random ops that are functions of a seed: the same shape and seed always give the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.philox import PhiloxState
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import random_kernels
from flowgraph.ops.kinds import FLOATS, INDEX, REAL
from flowgraph.ops.sample_values import i32, i64

__all__ = [
    "stateless_categorical",
    "stateless_multinomial",
    "stateless_normal",
    "stateless_truncated_normal",
    "stateless_uniform",
]

SEED_TYPES = types(INDEX, dtypes.int64)
SHAPE_TYPES = types(INDEX, dtypes.int32)
NUMBER_TYPES = types(FLOATS, dtypes.float32)
LENGTHS = i32([2, 3])
SEED = i64([12, -34])
# The key under which a seed is encrypted; its code is the generator's key and counter.
_SCRAMBLER = 0x02461E29_3EC8F720


def _generator(seed: Any) -> PhiloxState:
    if seed.shape != (2,):
        raise InvalidArgumentError(None, None, f"seed must have shape [2], not {[*seed.shape]}")
    low, high = (int(part) & (1 << 64) - 1 for part in seed)
    scrambler = PhiloxState(_SCRAMBLER, 0)
    words = scrambler.blocks(low | high << 64, 1)[0].tolist()
    return PhiloxState(words[0] | words[1] << 32, words[2] | words[3] << 32)


def _check_seed(seed: Operand) -> None:
    if seed.dims is None:
        return
    if len(seed.dims) != 1:
        raise ValueError(f"Shape must be rank 1 but is rank {len(seed.dims)}")
    if seed.dims[0] not in (None, 2):
        raise ValueError(f"Dimension must be 2 but is {seed.dims[0]}")


def _size(shape: Operand, seed: Operand, *_: Operand) -> Dims:
    _check_seed(seed)
    if shape.dims is not None and len(shape.dims) != 1:
        raise ValueError(f"Shape must be rank 1 but is rank {len(shape.dims)}")
    return shape.const_dims()


def _lengths(shape: Any) -> tuple[int, ...]:
    if (shape < 0).any():
        raise InvalidArgumentError(None, None, f"Dimension {shape.min()} must be >= 0")
    return tuple(shape.tolist())


SAMPLES = (
    case(LENGTHS, SEED),
    case(LENGTHS, i32([-1, 7])),
    case(i64([5]), SEED, dtype=dtypes.float64),
    case(i32([]), i64([0, 0])),
    case(LENGTHS, SEED, dtype=dtypes.float16),
    case(i32([0, 2]), SEED),
    case(i32(3), SEED, raises="Shape must be rank 1 but is rank 0"),
    case(LENGTHS, i64([1, 2, 3]), raises="Dimension must be 2 but is 3|must have shape \\[2\\]"),
)


def _declare(op_type: str, draw: Any, text: str) -> None:
    def kernel(shape: Any, seed: Any, *, dtype: DType) -> Any:
        return draw(_generator(seed), _lengths(shape), dtype.np)

    @op(
        op_type,
        "shape: T, seed: Tseed -> output: dtype",
        dtype=NUMBER_TYPES,
        T=SHAPE_TYPES,
        Tseed=SEED_TYPES,
    )
    class Stateless:
        __doc__ = f"{text}, a function of the two numbers of the seed."
        grad = None
        shape = _size
        samples = SAMPLES
        numpy = kernel


_declare("StatelessRandomUniform", random_kernels.random_uniform, "Numbers uniform in [0, 1)")
_declare("StatelessRandomNormal", random_kernels.random_standard_normal, "Standard normal numbers")
_declare(
    "StatelessTruncatedNormal",
    random_kernels.truncated_normal,
    "Standard normal numbers nearer to 0 than 2",
)


@op(
    "StatelessRandomUniformInt",
    "shape: T, seed: Tseed, minval: dtype, maxval: dtype -> output: dtype",
    dtype=INDEX,
    T=INDEX,
    Tseed=SEED_TYPES,
)
class StatelessRandomUniformInt:
    """Integers uniform in [minval, maxval), a function of the two numbers of the seed."""

    grad = None
    samples = (
        case(LENGTHS, SEED, i32(-3), i32(10)),
        case(LENGTHS, i32([1, 2]), i64(0), i64(1 << 40)),
        case(LENGTHS, SEED, i32(4), i32(4), raises="Need minval < maxval, got 4 >= 4"),
        case(LENGTHS, SEED, LENGTHS, LENGTHS, raises="Shape must be rank 0 but is rank 1"),
    )

    def shape(shape: Operand, seed: Operand, minval: Operand, maxval: Operand) -> Dims:
        for limit in (minval, maxval):
            if limit.dims:
                raise ValueError(f"Shape must be rank 0 but is rank {len(limit.dims)}")
        return _size(shape, seed)

    def numpy(shape: Any, seed: Any, minval: Any, maxval: Any) -> Any:
        generator = _generator(seed)
        return random_kernels.random_uniform_int(generator, _lengths(shape), minval, maxval)


LOGITS = np.array([[0.5, -1.0, 2.0], [0.0, 0.0, -30.0]], np.float32)


@op(
    "StatelessMultinomial",
    "logits: T, num_samples: int32, seed: Tseed -> output: output_dtype",
    T=REAL,
    Tseed=SEED_TYPES,
    output_dtype=types(INDEX, dtypes.int64),
)
class StatelessMultinomial:
    """Class numbers drawn for each row with probabilities softmax(row), a function of the seed."""

    grad = None
    samples = (
        case(LOGITS, i32(5), SEED),
        case(LOGITS.astype(np.float64), i32(3), i32([3, 4]), output_dtype=dtypes.int32),
        case(LOGITS, i32(0), SEED),
        case(LOGITS[0], i32(5), SEED, raises="Shape must be rank 2 but is rank 1"),
    )

    def shape(logits: Operand, num_samples: Operand, seed: Operand) -> Dims:
        _check_seed(seed)
        if logits.dims is not None and len(logits.dims) != 2:
            raise ValueError(f"Shape must be rank 2 but is rank {len(logits.dims)}")
        if num_samples.dims:
            raise ValueError(f"Shape must be rank 0 but is rank {len(num_samples.dims)}")
        count = num_samples.const_value()
        rows = None if logits.dims is None else logits.dims[0]
        return rows, None if count is None else int(count)

    def numpy(logits: Any, num_samples: Any, seed: Any, *, output_dtype: DType) -> Any:
        generator = _generator(seed)
        return random_kernels.multinomial(generator, logits, int(num_samples), output_dtype.np)


def _shape_tensor(shape: Any) -> Tensor:
    empty = isinstance(shape, list | tuple) and not shape
    return convert_to_tensor(shape, dtypes.int32 if empty else None, name="shape")


def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Numbers uniform in [minval, maxval), the same ones for the same seed.

    Args:
        shape: of the result; a list of ints or an integer vector.
        seed: two integers.
        minval: the least value.
        maxval: the limit, 1 by default; must be given for integers.
        dtype: a floating-point type, int32 or int64.

    Raises:
        ValueError: for another dtype, or integers without `maxval`.
    """
    kind = dtypes.as_dtype(dtype)
    if kind not in (*FLOATS, *INDEX):
        raise ValueError(f"Invalid dtype {kind!r}")
    if maxval is None:
        if kind.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {kind!r}")
        maxval = 1
    with name_scope(name, "stateless_random_uniform", [shape, seed, minval, maxval]) as scope:
        lengths = _shape_tensor(shape)
        low = convert_to_tensor(minval, kind, name="min")
        high = convert_to_tensor(maxval, kind, name="max")
        drawn: Tensor
        if kind.is_integer:
            drawn = apply("StatelessRandomUniformInt", lengths, seed, low, high, name=scope)
            return drawn
        unit = apply("StatelessRandomUniform", lengths, seed, dtype=kind)
        drawn = apply("Add", unit * (high - low), low, name=scope)
        return drawn


def _normal(
    op_type: str, default_name: str, shape: Any, seed: Any, mean: Any, stddev: Any, *rest: Any
) -> Tensor:
    dtype, name = rest
    with name_scope(name, default_name, [shape, seed, mean, stddev]) as scope:
        lengths = _shape_tensor(shape)
        center = convert_to_tensor(mean, dtype, name="mean")
        scale = convert_to_tensor(stddev, dtype, name="stddev")
        standard = apply(op_type, lengths, seed, dtype=dtype)
        result: Tensor = apply("Add", standard * scale, center, name=scope)
        return result


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Numbers of a normal distribution, the same ones for the same seed.

    Args:
        shape: of the result; a list of ints or an integer vector.
        seed: two integers.
        mean: a number or a tensor that broadcasts with `shape`.
        stddev: the standard deviation, likewise.
        dtype: a floating-point type.
    """
    default = "stateless_random_normal"
    return _normal("StatelessRandomNormal", default, shape, seed, mean, stddev, dtype, name)


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """As `stateless_normal`, but no number is further from the mean than two deviations."""
    default = "stateless_truncated_normal"
    return _normal("StatelessTruncatedNormal", default, shape, seed, mean, stddev, dtype, name)


def _drawn(
    default_name: str, logits: Any, num_samples: Any, seed: Any, dtype: Any, name: str | None
) -> Tensor:
    with name_scope(name, default_name, [logits, seed]):
        logits = convert_to_tensor(logits, name="logits")
        kind = dtypes.int64 if dtype is None else dtype
        drawn: Tensor = apply("StatelessMultinomial", logits, num_samples, seed, output_dtype=kind)
        return drawn


def stateless_multinomial(
    logits: Any,
    num_samples: Any,
    seed: Any,
    output_dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """Class numbers drawn with probabilities softmax(logits), the same ones for the same seed.

    Args:
        logits: unnormalised log-probabilities [batch, classes].
        num_samples: draws per row.
        seed: two integers.
        output_dtype: int32 or int64.

    Returns:
        [batch, num_samples]
    """
    return _drawn("stateless_multinomial", logits, num_samples, seed, output_dtype, name)


def stateless_categorical(
    logits: Any,
    num_samples: Any,
    seed: Any,
    dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """The same as `stateless_multinomial`."""
    return _drawn("stateless_categorical", logits, num_samples, seed, dtype, name)
