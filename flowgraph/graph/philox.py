"""Philox 4x32-10: the counter-based generator behind every random op, and the rule for its seeds.

A generator is a 64-bit key and a 128-bit counter. The counter's value n stands for one *block* of
four 32-bit words, computed from (key, n) alone; so any part of the stream can be made at once and
in any order.

Source: Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3 (SC 2011).
"""

from __future__ import annotations

import functools
import os
import threading

import numpy as np
import numpy.typing as npt

__all__ = ["DEFAULT_GRAPH_SEED", "WORDS_PER_BLOCK", "PhiloxState", "derive_seeds"]

DEFAULT_GRAPH_SEED = 87654321
WORDS_PER_BLOCK = 4

_MAX_INT32 = 2**31 - 1
_MASK32 = 2**32 - 1
_MASK64 = 2**64 - 1
_MASK128 = 2**128 - 1

_ROUNDS = 10
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_MULTIPLIER_0, _MULTIPLIER_2 = 0xD2511F53, 0xCD9E8D57
_MULTIPLIERS = np.array([[_MULTIPLIER_0], [_MULTIPLIER_2]], np.uint64)
_HALF = np.uint64(32)
# Up to here Python's own integers are faster than arrays.
_FEW_BLOCKS = 4

Words = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.uint64]


def derive_seeds(
    graph_seed: int | None, op_seed: int | None, last_id: int
) -> tuple[int | None, int | None]:
    """The attributes `seed` and `seed2` of a random op.

    Args:
        graph_seed: the seed of the graph, if one was set.
        op_seed: the seed given to the op, if any.
        last_id: how many ops the graph has; it tells ops without a seed of their own apart.

    Returns:
        (None, None) where neither seed was set: the op then draws its seeds from the system.
        Otherwise two numbers below 2**31, never both 0, since a kernel takes two zeros for
        "no seed".

    >>> derive_seeds(None, None, 5)
    (None, None)
    >>> derive_seeds(None, 7, 5), derive_seeds(1, None, 5), derive_seeds(1, 7, 5)
    ((87654321, 7), (1, 5), (1, 7))
    >>> derive_seeds(0, 0, 5)
    (0, 2147483647)
    """
    if graph_seed is None and op_seed is None:
        return None, None
    if graph_seed is None:
        graph_seed = DEFAULT_GRAPH_SEED
    if op_seed is None:
        op_seed = last_id
    seeds = graph_seed % _MAX_INT32, op_seed % _MAX_INT32
    return (0, _MAX_INT32) if seeds == (0, 0) else seeds


class PhiloxState:
    """The generator that one random op owns in one session.

    Args:
        seed: the key.
        seed2: the upper half of the first counter. Two zeros stand for seeds from the system.

    A kernel first reserves its part of the stream, then computes it; so threads that share a state
    get disjoint parts.

    >>> state = PhiloxState(1, 2)
    >>> start = state.reserve(2)
    >>> state.blocks(start, 1).tolist(), state.counter - start
    ([[3878945999, 2364392915, 1057429302, 168492509]], 2)
    """

    __slots__ = ("_counter", "_key_arrays", "_lock", "key")

    def __init__(self, seed: int, seed2: int) -> None:
        if seed == 0 and seed2 == 0:
            seed = int.from_bytes(os.urandom(8), "little")
            seed2 = int.from_bytes(os.urandom(8), "little")
        self.key = seed & _MASK64
        self._counter = (seed2 & _MASK64) << 64
        self._lock = threading.Lock()
        self._key_arrays: tuple[Offsets, ...] = ()

    @property
    def counter(self) -> int:
        """The first block that is not yet reserved."""
        return self._counter

    def reserve(self, blocks: int) -> int:
        """Sets the next `blocks` blocks aside for the caller; returns the counter of the first."""
        with self._lock:
            start = self._counter
            self._counter = (start + blocks) & _MASK128
        return start

    def blocks(self, start: int, count: int) -> Words:
        """The blocks start, start + 1, ..., as an array [count, 4]."""
        return self.blocks_at(start, np.arange(count, dtype=np.uint64))

    def blocks_at(self, start: int, offsets: Offsets) -> Words:
        """The blocks start + offsets[i], as an array [len(offsets), 4]. The offsets ascend."""
        count = len(offsets)
        if count <= _FEW_BLOCKS:
            keys = _round_keys(self.key)
            rows = [_encrypt_one(start + offset, keys) for offset in offsets.tolist()]
            return np.array(rows, np.uint32).reshape(count, WORDS_PER_BLOCK)
        low, high = start & _MASK64, (start >> 64) & _MASK64
        state = np.empty((2, count), np.uint64)
        counters = offsets + np.uint64(low) if low else offsets
        _swap_halves(counters, out=state[0])
        if low + int(offsets[-1]) > _MASK64:
            carried = counters < np.uint64(low)
            _swap_halves(np.uint64(high) + carried.astype(np.uint64), out=state[1])
        else:
            state[1] = (high & _MASK32) << 32 | high >> 32
        if not self._key_arrays:
            self._key_arrays = tuple(
                np.array([[key_0 << 32], [key_2 << 32]], np.uint64)
                for key_0, key_2 in _round_keys(self.key)
            )
        return _encrypt(state, self._key_arrays)


@functools.lru_cache(maxsize=1024)
def _round_keys(key: int) -> tuple[tuple[int, int], ...]:
    """What words 0 and 2 are combined with in each round."""
    low, high = key & _MASK32, key >> 32
    return tuple(
        ((low + number * _KEY_STEPS[0]) & _MASK32, (high + number * _KEY_STEPS[1]) & _MASK32)
        for number in range(_ROUNDS)
    )


def _encrypt_one(counter: int, round_keys: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    word_0, word_1 = counter & _MASK32, (counter >> 32) & _MASK32
    word_2, word_3 = (counter >> 64) & _MASK32, (counter >> 96) & _MASK32
    for key_0, key_2 in round_keys:
        product_0, product_2 = word_0 * _MULTIPLIER_0, word_2 * _MULTIPLIER_2
        word_0 = (product_2 >> 32) ^ word_1 ^ key_0
        word_1 = product_2 & _MASK32
        word_2 = (product_0 >> 32) ^ word_3 ^ key_2
        word_3 = product_0 & _MASK32
    return word_0, word_1, word_2, word_3


def _swap_halves(values: Offsets, out: Offsets) -> None:
    np.left_shift(values, _HALF, out=out)
    np.bitwise_or(out, values >> _HALF, out=out)


def _encrypt(state: Offsets, key_arrays: tuple[Offsets, ...]) -> Words:
    """Runs the rounds on `state`, which is overwritten.

    `state[0]` holds words 0 and 1 of a block in its upper and lower half, `state[1]` words 2 and 3.
    With that packing the 64-bit product of one word *is* the next value of the other pair, but for
    an exclusive or of its upper half: five array operations make a round.
    """
    upper = np.empty_like(state)
    product = np.empty_like(state)
    crossed = product[::-1]
    for key in key_arrays:
        np.right_shift(state, _HALF, out=upper)
        np.multiply(upper, _MULTIPLIERS, out=crossed)
        np.left_shift(state, _HALF, out=state)
        np.bitwise_xor(state, key, out=state)
        np.bitwise_xor(state, product, out=state)
    words = np.empty((state.shape[1], WORDS_PER_BLOCK), np.uint32)
    np.right_shift(state, _HALF, out=upper)
    words[:, 0::2] = upper.T
    words[:, 1::2] = state.T
    return words
