"""The ops that sample candidate classes.

Each op owns a sampler per session, of `flowgraph.ops.candidate_kernels`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.ops import candidate_kernels as kernels
from flowgraph.ops.sample_values import i64
from flowgraph.ops.sparse_kernels import checked_rank

__all__: list[str] = []

RESULT = (
    "true_classes: int64 -> sampled_candidates: int64, true_expected_count: float32, "
    "sampled_expected_count: float32"
)
COUNT = attr("int", minimum=1)
COMMON: dict[str, Any] = {
    "num_true": COUNT,
    "num_sampled": COUNT,
    "unique": attr("bool"),
    "seed": 0,
    "seed2": 0,
}
TRUE = i64([[1, 4], [0, 2], [3, 3]])
SEEDS: dict[str, Any] = {"seed": 12, "seed2": 34}


def _case(true: Any = TRUE, raises: str = "", **attrs: Any) -> Any:
    known = {"num_true": 2, "num_sampled": 4, "unique": True, **SEEDS}
    return case(true, raises=raises, **{**known, **attrs})


CASES = (
    _case(range_max=10),
    _case(range_max=10, unique=False),
    _case(range_max=8, num_sampled=8),
    _case(range_max=1000, num_sampled=20),
    _case(i64([[4]]), num_true=1, range_max=5, num_sampled=1, seed=0),
    _case(range_max=3, num_sampled=4, raises="range is too small"),
    _case(range_max=10, num_true=3, raises="num_true columns|must be 3 but is 2"),
    _case(i64([1, 2]), range_max=10, raises="must be rank 2 but is rank 1|must be a matrix"),
)


def _shape(true: Operand, *, num_true: int, num_sampled: int) -> list[Dims]:
    rows, _ = dims.with_rank(checked_rank(true, 2), 2)
    return [(num_sampled,), (rows, num_true), (num_sampled,)]


def _checked(true_classes: Any, num_true: int) -> Any:
    if true_classes.ndim != 2:
        raise InvalidArgumentError(None, None, "true_classes must be a matrix")
    if true_classes.shape[1] != num_true:
        message = (
            f"true_classes must have num_true columns, expected: {true_classes.shape[1]} was: "
            f"{num_true}"
        )
        raise InvalidArgumentError(None, None, message)
    return true_classes


def _sampled(
    true: Any, *, num_true: int, num_sampled: int, unique: bool, state: kernels.Sampler
) -> Any:
    return kernels.sample(state, _checked(true, num_true), num_sampled, unique)


def _new_uniform(*, range_max: int, seed: int, seed2: int) -> kernels.Sampler:
    return kernels.Uniform(range_max, seed, seed2)


@op("UniformCandidateSampler", RESULT, range_max=COUNT, **COMMON)
class UniformCandidateSampler:
    """Classes below `range_max`, all equally probable."""

    stateful = True
    grad = None
    shape = _shape
    new_state = _new_uniform
    numpy = _sampled
    samples = (*CASES, _case(range_max=3 << 40, num_sampled=6))


def _new_log_uniform(*, range_max: int, seed: int, seed2: int) -> kernels.Sampler:
    return kernels.LogUniform(range_max, seed, seed2)


@op("LogUniformCandidateSampler", RESULT, range_max=COUNT, **COMMON)
class LogUniformCandidateSampler:
    """Classes below `range_max`, k with probability ``log((k+2) / (k+1)) / log(range_max+1)``."""

    stateful = True
    grad = None
    shape = _shape
    new_state = _new_log_uniform
    numpy = _sampled
    samples = (*CASES, _case(range_max=50000, num_sampled=40))


def _new_learned(*, range_max: int, seed: int, seed2: int) -> kernels.Sampler:
    return kernels.LearnedUnigram(range_max, seed, seed2)


@op("LearnedUnigramCandidateSampler", RESULT, range_max=COUNT, **COMMON)
class LearnedUnigramCandidateSampler:
    """Classes below `range_max`, as probable as they were frequent among the true classes."""

    stateful = True
    grad = None
    shape = _shape
    new_state = _new_learned
    numpy = _sampled
    samples = CASES


@op("ThreadUnsafeUnigramCandidateSampler", RESULT, range_max=COUNT, **COMMON)
class ThreadUnsafeUnigramCandidateSampler:
    """As LearnedUnigramCandidateSampler."""

    stateful = True
    grad = None
    shape = _shape
    new_state = _new_learned
    numpy = _sampled
    samples = CASES


def _new_fixed(
    *,
    range_max: int,
    vocab_file: str,
    distortion: float,
    num_reserved_ids: int,
    num_shards: int,
    shard: int,
    unigrams: list[float],
    seed: int,
    seed2: int,
) -> kernels.Sampler:
    return kernels.FixedUnigram(
        range_max,
        seed,
        seed2,
        vocab_file=vocab_file,
        distortion=distortion,
        num_reserved_ids=num_reserved_ids,
        num_shards=num_shards,
        shard=shard,
        unigrams=list(unigrams),
    )


WEIGHTS = [1.0, 2.0, 0.5, 4.0, 0.25]


@op(
    "FixedUnigramCandidateSampler",
    RESULT,
    range_max=COUNT,
    vocab_file="",
    distortion=1.0,
    num_reserved_ids=0,
    num_shards=attr("int", 1, minimum=1),
    shard=attr("int", 0),
    unigrams=attr("list(float)", ()),
    **COMMON,
)
class FixedUnigramCandidateSampler:
    """Classes with probabilities in proportion to given weights to the power `distortion`."""

    stateful = True
    grad = None
    shape = _shape
    new_state = _new_fixed
    numpy = _sampled
    samples = (
        _case(range_max=5, unigrams=WEIGHTS),
        _case(range_max=5, unigrams=WEIGHTS, unique=False, num_sampled=12, distortion=0.75),
        _case(range_max=6, unigrams=WEIGHTS, num_reserved_ids=1),
        _case(i64([[1]]), num_true=1, num_sampled=2, range_max=3, unigrams=WEIGHTS, num_shards=2),
        _case(range_max=8, unigrams=[1.0] * 8, unique=False),
        _case(range_max=4, unigrams=WEIGHTS, raises="must be equal to weights size"),
        _case(range_max=5, raises="Must provide either vocab_file or unigrams"),
    )


@op("AllCandidateSampler", RESULT, **COMMON)
class AllCandidateSampler:
    """All classes below `num_sampled`, each expected once."""

    stateful = True
    grad = None
    shape = _shape
    samples = (
        _case(num_sampled=5),
        _case(i64([[4]]), num_true=1, num_sampled=6, unique=False),
        _case(num_true=3, raises="num_true columns|must be 3 but is 2"),
    )

    def numpy(true: Any, *, num_true: int, num_sampled: int) -> Any:
        _checked(true, num_true)
        classes = np.arange(num_sampled, dtype=np.int64)
        return classes, np.ones(true.shape, np.float32), np.ones(num_sampled, np.float32)


@op(
    "ComputeAccidentalHits",
    "true_classes: int64, sampled_candidates: int64 -> indices: int32, ids: int64, "
    "weights: float32",
    num_true=attr("int"),
    seed=0,
    seed2=0,
)
class ComputeAccidentalHits:
    """Where a sampled class is a true one: rows, places among the sampled, least float32s."""

    grad = None
    samples = (
        case(TRUE, i64([5, 3, 1, 0]), num_true=2, **SEEDS),
        case(TRUE, i64([3, 7, 3]), num_true=2, **SEEDS),
        case(TRUE, i64([9]), num_true=2, **SEEDS),
        case(TRUE, i64([]), num_true=2, **SEEDS),
        case(TRUE, i64([1]), num_true=3, raises="must be 3 but is 2|num_true matrix"),
    )

    def shape(true: Operand, sampled: Operand, *, num_true: int) -> list[Dims]:
        _, columns = dims.with_rank(checked_rank(true, 2), 2)
        if columns not in (None, num_true):
            raise ValueError(f"Dimension must be {num_true} but is {columns}")
        checked_rank(sampled, 1)
        return [(None,), (None,), (None,)]

    def numpy(true: Any, sampled: Any, *, num_true: int) -> Any:
        if true.ndim != 2 or true.shape[1] != num_true:
            message = "true_candidates must be a batch_size * num_true matrix"
            raise InvalidArgumentError(None, None, message)
        return kernels.accidental_hits(true, sampled)
