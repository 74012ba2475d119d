"""Sampling candidate classes, for losses over very many classes."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.ops.random_ops import seed_attrs

__all__ = [
    "all_candidate_sampler",
    "compute_accidental_hits",
    "fixed_unigram_candidate_sampler",
    "learned_unigram_candidate_sampler",
    "log_uniform_candidate_sampler",
    "uniform_candidate_sampler",
]

Sampled = namedtuple(
    "Sampled", ["sampled_candidates", "true_expected_count", "sampled_expected_count"]
)
Hits = namedtuple("Hits", ["indices", "ids", "weights"])


def _sampler(
    kind: str,
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    seed: Any,
    name: str | None,
    **attrs: Any,
) -> Sampled:
    return Sampled(
        *apply(
            f"{kind}CandidateSampler",
            true_classes,
            num_true=num_true,
            num_sampled=num_sampled,
            unique=unique,
            name=name,
            **attrs,
            **seed_attrs(seed),
        )
    )


def uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Sampled:
    """Classes below `range_max`, all equally probable.

    Args:
        true_classes: int64 [batch, num_true], the classes of the examples.
        num_true: how many true classes an example has.
        num_sampled: how many classes to sample.
        unique: whether a class is sampled once at most.
        range_max: the number of classes.
        seed: of this op; see `flowgraph.set_random_seed`.

    Returns:
        A named tuple: the sampled classes, int64 [num_sampled]; how often each true class, float32
        [batch, num_true], and each sampled class, float32 [num_sampled], is expected among them.

    Raises:
        InvalidArgumentError: when run, if a true class is out of range, or there are fewer classes
            than shall be sampled.
    """
    return _sampler(
        "Uniform", true_classes, num_true, num_sampled, unique, seed, name, range_max=range_max
    )


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Sampled:
    """Classes below `range_max`, k with probability ``log((k+2) / (k+1)) / log(range_max+1)``.

    It fits words that are numbered by falling frequency. See `uniform_candidate_sampler`.
    """
    return _sampler(
        "LogUniform", true_classes, num_true, num_sampled, unique, seed, name, range_max=range_max
    )


def learned_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Sampled:
    """Classes below `range_max`, as probable as they were frequent among the true classes so far.

    See `uniform_candidate_sampler`.
    """
    return _sampler(
        "LearnedUnigram",
        true_classes,
        num_true,
        num_sampled,
        unique,
        seed,
        name,
        range_max=range_max,
    )


def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Any = (),
    seed: int | None = None,
    name: str | None = None,
) -> Sampled:
    """Classes with probabilities in proportion to given weights to the power `distortion`.

    Args:
        vocab_file: a text file of one line per class; what stands after its last comma is the
            weight. Instead of `unigrams`.
        distortion: the power.
        num_reserved_ids: classes of weight 0 that come before those with weights.
        num_shards, shard: only the classes k with ``k % num_shards == shard`` are sampled.
        unigrams: a list of weights.

    See `uniform_candidate_sampler` for the others and for the result.
    """
    return _sampler(
        "FixedUnigram",
        true_classes,
        num_true,
        num_sampled,
        unique,
        seed,
        name,
        range_max=range_max,
        vocab_file=vocab_file,
        distortion=distortion,
        num_reserved_ids=num_reserved_ids,
        num_shards=num_shards,
        shard=shard,
        unigrams=list(unigrams),
    )


def all_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    seed: int | None = None,
    name: str | None = None,
) -> Sampled:
    """All classes below `num_sampled`: turns a sampled loss into the full one, for tests.

    See `uniform_candidate_sampler`.
    """
    return _sampler("All", true_classes, num_true, num_sampled, unique, seed, name)


def compute_accidental_hits(
    true_classes: Any,
    sampled_candidates: Any,
    num_true: int,
    seed: int | None = None,
    name: str | None = None,
) -> Hits:
    """Where a sampled class is a true one of an example.

    Args:
        true_classes: int64 [batch, num_true].
        sampled_candidates: int64 [num_sampled].

    Returns:
        A named tuple with an entry per hit: the example, int32; the place among the sampled
        classes, int64; the least float32, to be added to the logit there.
    """
    return Hits(
        *apply(
            "ComputeAccidentalHits",
            true_classes,
            sampled_candidates,
            num_true=num_true,
            name=name,
            **seed_attrs(seed),
        )
    )
