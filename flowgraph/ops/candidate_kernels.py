"""Kernels that sample classes, bit-exact with TensorFlow on a CPU for the same seeds.

A sampler reads the words of its generator one after the other, as TensorFlow's does, but draws many
classes at a time.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.philox import WORDS_PER_BLOCK, PhiloxState
from flowgraph.ops.random_math import join_words, uniform_double

__all__ = [
    "FixedUnigram",
    "LearnedUnigram",
    "LogUniform",
    "Sampler",
    "Uniform",
    "accidental_hits",
    "sample",
]

Array = Any
_BLOCKS_RESERVED = 2048 // WORDS_PER_BLOCK
_LEAST = np.float32(np.finfo(np.float32).min)


class _Stream:
    """The words of a reserved part of the generator's stream, in order."""

    def __init__(self, generator: PhiloxState, blocks: int) -> None:
        self._generator = generator
        self._start = generator.reserve(blocks)
        self._used = 0

    def take(self, count: int) -> Array:
        """The next `count` words."""
        block, skipped = divmod(self._used, WORDS_PER_BLOCK)
        blocks = -(-(skipped + count) // WORDS_PER_BLOCK)
        words = self._generator.blocks(self._start + block, blocks).reshape(-1)
        self._used += count
        return words[skipped : skipped + count]

    def give_back(self, count: int) -> None:
        self._used -= count


def _unbiased(words: Array, limit: int, bits: int) -> Array:
    """Uniform numbers below `limit` from uniform words, of which some are left out."""
    if limit & (limit - 1) == 0:
        return words & words.dtype.type(limit - 1)
    least = ((1 << bits) - 1) % limit + 1
    return words[words >= words.dtype.type(least)] % words.dtype.type(limit)


class Sampler:
    """Draws classes below `range_max`; made once per op and session."""

    def __init__(self, range_max: int, seed: int, seed2: int) -> None:
        self.range_max = range_max
        self.generator = PhiloxState(seed, seed2)

    def prepare(self) -> None:
        """Makes what drawing needs; called before every use.

        Not by the constructor: only here an error is told with the op that it concerns.
        """

    def draw(self, stream: _Stream, count: int) -> Array:
        """About `count` classes, int64."""
        raise NotImplementedError

    def probability(self, classes: Array) -> Array:
        """How probable each class is in a single draw, float32."""
        raise NotImplementedError

    def update(self, classes: Array) -> None:
        """Learns from the classes that were asked for."""


class Uniform(Sampler):
    """All classes are equally probable."""

    def draw(self, stream: _Stream, count: int) -> Array:
        words = stream.take(2 * count)
        whole = join_words(words[1::2], words[0::2])
        return _unbiased(whole, self.range_max, 64).astype(np.int64)

    def probability(self, classes: Array) -> Array:
        return np.full(classes.shape, 1.0 / self.range_max, np.float32)


class LogUniform(Sampler):
    """Class k has the probability ``log((k + 2) / (k + 1)) / log(range_max + 1)``."""

    def draw(self, stream: _Stream, count: int) -> Array:
        blocks = stream.take(2 * count).reshape(-1, 2)
        logarithms = uniform_double(blocks).reshape(-1) * math.log1p(self.range_max)
        return (np.exp(logarithms).astype(np.int64) - 1) % self.range_max

    def probability(self, classes: Array) -> Array:
        ratio = np.log((classes + 2.0) / (classes + 1.0)) / math.log1p(self.range_max)
        return ratio.astype(np.float32)


class LearnedUnigram(Sampler):
    """Class k is as probable as one more than the number of times it was asked for."""

    def __init__(self, range_max: int, seed: int, seed2: int) -> None:
        super().__init__(range_max, seed, seed2)
        self._weights = np.ones(range_max, np.int64)

    def draw(self, stream: _Stream, count: int) -> Array:
        sums = np.cumsum(self._weights)
        places = _unbiased(stream.take(count), int(sums[-1]), 32)
        return np.searchsorted(sums, places.astype(np.int64), side="right")

    def probability(self, classes: Array) -> Array:
        total = np.float32(self._weights.sum())
        return self._weights[classes].astype(np.float32) / total

    def update(self, classes: Array) -> None:
        self._weights += np.bincount(classes, minlength=self.range_max)


class FixedUnigram(Sampler):
    """Class k is as probable as ``unigrams[k] ** distortion``: Walker's method of aliases.

    Args:
        vocab_file: a file with one line per class, whose last column (after commas) is its weight;
            instead of `unigrams`.
        num_reserved_ids: that many classes come first, with weight 0.
        num_shards: only the classes k with ``k % num_shards == shard`` are kept.
    """

    def __init__(
        self,
        range_max: int,
        seed: int,
        seed2: int,
        *,
        vocab_file: str,
        distortion: float,
        num_reserved_ids: int,
        num_shards: int,
        shard: int,
        unigrams: list[float],
    ) -> None:
        super().__init__(range_max, seed, seed2)
        self._vocab_file = vocab_file
        self._unigrams = unigrams
        self._distortion = np.float32(distortion)
        self._num_reserved_ids = num_reserved_ids
        self._num_shards = num_shards
        self._shard = shard
        self._weights: Array = None

    def prepare(self) -> None:
        """Reads the weights.

        Raises:
            InvalidArgumentError: unless there are exactly `range_max` weights, from one source.
        """
        if self._weights is not None:
            return
        if not self._vocab_file and not self._unigrams:
            raise InvalidArgumentError(None, None, "Must provide either vocab_file or unigrams.")
        if self._vocab_file and self._unigrams:
            message = "Must only provide one of vocab_file and unigrams."
            raise InvalidArgumentError(None, None, message)
        given = _weights_of_file(self._vocab_file) if self._vocab_file else self._unigrams
        shards, shard = self._num_shards, self._shard
        reserved = sum(k % shards == shard for k in range(self._num_reserved_ids))
        kept = [weight for k, weight in enumerate(given, reserved) if k % shards == shard]
        powers = np.array(kept, np.float32) ** self._distortion
        weights = np.concatenate([np.zeros(reserved, np.float32), powers])
        if len(weights) != self.range_max:
            message = f"range is {self.range_max} must be equal to weights size  {len(weights)}"
            raise InvalidArgumentError(None, None, message)
        self._total = np.cumsum(powers, dtype=np.float32)[-1]
        self._chances, self._aliases = _alias_table(weights)
        self._weights = weights

    def draw(self, stream: _Stream, count: int) -> Array:
        words = stream.take(2 * count).reshape(-1, 2)
        fractions, choices = words[:, 0], words[:, 1]
        limit = np.uint32(self.range_max)
        if self.range_max & (self.range_max - 1) == 0:
            buckets = choices & (limit - np.uint32(1))
        else:
            least = (2**32 - 1) % self.range_max + 1
            rejected = np.flatnonzero(choices < np.uint32(least))
            if len(rejected):
                fractions, choices = self._after_rejection(stream, words, int(rejected[0]), least)
            buckets = choices % limit
        chances = (fractions & np.uint32(0x7FFFFF)).astype(np.float32) * np.float32(2.0**-23)
        own = chances < self._chances[buckets]
        return np.where(own, buckets, self._aliases[buckets]).astype(np.int64)

    def _after_rejection(
        self, stream: _Stream, words: Array, at: int, least: int
    ) -> tuple[Array, Array]:
        """The draws up to number `at`, whose second word is drawn again until it is large enough.

        What was read after that is given back.
        """
        stream.give_back(2 * (len(words) - at - 1))
        fractions, choices = words[: at + 1, 0], words[: at + 1, 1].copy()
        while choices[at] < least:
            choices[at] = stream.take(1)[0]
        return fractions, choices

    def probability(self, classes: Array) -> Array:
        return self._weights[classes] / self._total


def _weights_of_file(path: str) -> list[float]:
    weights = []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        try:
            weights.append(float(line.split(",")[-1]))
        except ValueError:
            message = f"Wrong vocabulary format at line: {line}"
            raise InvalidArgumentError(None, None, message) from None
    return weights


def _alias_table(weights: Array) -> tuple[Array, Array]:
    """For each bucket the chance of its own class, and the class that it holds otherwise."""
    count = len(weights)
    total = 0.0
    for weight in weights.tolist():
        total += weight
    shares = (weights * np.float32(count)).astype(np.float64) / total
    aliases = np.arange(count)
    rest = shares.tolist()
    low = [k for k, share in enumerate(rest) if share < 1]
    high = [k for k, share in enumerate(rest) if share >= 1]
    while high and low:
        short, long = low.pop(), high.pop()
        aliases[short] = long
        rest[long] -= 1.0 - rest[short]
        (low if rest[long] < 1 else high).append(long)
    for left in (*high, *low):
        rest[left] = 1.0
        aliases[left] = left
    return np.array(rest, np.float32), aliases


def sample(
    sampler: Sampler, true_classes: Array, num_sampled: int, unique: bool
) -> tuple[Array, Array, Array]:
    """Sampled classes, and how often each true and each sampled class is expected among them.

    Args:
        true_classes: int64 [batch, num_true].
        unique: whether a class is sampled once at most.

    Raises:
        InvalidArgumentError: if a true class is out of range, or there are too few classes.
    """
    sampler.prepare()
    if unique and num_sampled > sampler.range_max:
        raise InvalidArgumentError(None, None, "Sampler's range is too small.")
    outside = (true_classes < 0) | (true_classes >= sampler.range_max)
    if outside.any():
        message = (
            f"`true_candidate` out of range [0, {sampler.range_max}), received "
            f"{true_classes[outside][0]}"
        )
        raise InvalidArgumentError(None, None, message)
    stream = _Stream(sampler.generator, num_sampled * _BLOCKS_RESERVED)
    classes, tries = _drawn(sampler, stream, num_sampled, unique)
    expected = [
        _expected_count(sampler.probability(each), num_sampled, tries)
        for each in (true_classes, classes)
    ]
    sampler.update(true_classes.reshape(-1))
    return classes, expected[0], expected[1]


def _drawn(sampler: Sampler, stream: _Stream, count: int, unique: bool) -> tuple[Array, int]:
    """The sampled classes, and how many draws that took."""
    drawn = sampler.draw(stream, count)
    while True:
        if not unique and len(drawn) >= count:
            return drawn[:count], count
        if unique:
            _, first = np.unique(drawn, return_index=True)
            if len(first) >= count:
                kept = np.sort(first)[:count]
                return drawn[kept], int(kept[-1]) + 1
        drawn = np.concatenate([drawn, sampler.draw(stream, max(len(drawn), 1))])


def _expected_count(probability: Array, count: int, tries: int) -> Array:
    if tries == count:
        return probability * np.float32(count)
    wide = probability.astype(np.float64)
    return (-np.expm1(tries * np.log1p(-wide))).astype(np.float32)


def accidental_hits(true_classes: Array, sampled: Array) -> tuple[Array, Array, Array]:
    """Where a sampled class is a true one: rows, places among the sampled, least float32s."""
    order = np.argsort(sampled, kind="stable")
    ordered = sampled[order]
    flat = true_classes.reshape(-1)
    at = np.searchsorted(ordered, flat, side="right") - 1
    hit = np.zeros(len(flat), bool)
    inside = at >= 0
    hit[inside] = ordered[at[inside]] == flat[inside]
    places = np.flatnonzero(hit)
    rows = (places // max(true_classes.shape[1], 1)).astype(np.int32)
    ids = order[at[hit]].astype(np.int64)
    return rows, ids, np.full(len(rows), _LEAST)
