"""Strings as numbers of buckets, by three hash functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import attr, op, unchanged_shape
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.hashes import fingerprint64, hash64, siphash
from flowgraph.ops.texts import invalid, strings, texts

__all__ = ["string_to_hash_bucket", "string_to_hash_bucket_fast", "string_to_hash_bucket_strong"]

_WORDS = texts(
    *(
        (b"The quick brown fox jumps over the lazy dog. " * 9)[:size]
        for size in (0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200, 400)
    ),
    "Größe €".encode(),
    b"\x00\xff",
)
_MOST = 2**63 - 1
_BUCKETS = attr("int", minimum=1)


def _bucket(value: Any, buckets: int, function: Callable[[bytes], int]) -> Any:
    array = strings(value)
    found = [function(each) % buckets for each in array.reshape(-1).tolist()]
    return np.array(found, np.int64).reshape(array.shape)


@op("StringToHashBucket", "string_tensor: string -> output: int64", num_buckets=_BUCKETS)
class StringToHashBucket:
    """The number of a bucket for each string, by a hash that may change; use the fast one."""

    grad = None
    shape = unchanged_shape
    samples = (case(_WORDS, num_buckets=_MOST), case(_WORDS[5:9].reshape(2, 2), num_buckets=10))

    def numpy(value: Any, *, num_buckets: int) -> Any:
        return _bucket(value, num_buckets, hash64)


@op("StringToHashBucketFast", "input: string -> output: int64", num_buckets=_BUCKETS)
class StringToHashBucketFast:
    """The number of a bucket for each string: FarmHash's 64-bit fingerprint, modulo their count."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(_WORDS, num_buckets=_MOST),
        case(_WORDS, num_buckets=10),
        case(np.array(b"x", np.object_), num_buckets=3),
        case(texts(), num_buckets=3),
    )

    def numpy(value: Any, *, num_buckets: int) -> Any:
        return _bucket(value, num_buckets, fingerprint64)


@op(
    "StringToHashBucketStrong",
    "input: string -> output: int64",
    num_buckets=_BUCKETS,
    key=attr("list(int)"),
)
class StringToHashBucketStrong:
    """The number of a bucket for each string: SipHash by a secret key, modulo their count."""

    grad = None
    shape = unchanged_shape
    samples = (
        case(_WORDS, num_buckets=_MOST, key=[1, 2]),
        case(_WORDS, num_buckets=7, key=[-5, 2**60]),
        case(_WORDS, num_buckets=7, key=[1], raises="must have 2 elements"),
    )

    def numpy(value: Any, *, num_buckets: int, key: list[int]) -> Any:
        if len(key) != 2:
            raise invalid("Key must have 2 elements")
        first, second = key
        return _bucket(value, num_buckets, lambda each: siphash(each, first, second))


def string_to_hash_bucket(
    string_tensor: Any = None, num_buckets: Any = None, name: str | None = None, input: Any = None
) -> Tensor:
    """The numbers of buckets for strings, int64 in ``[0, num_buckets)``.

    Args:
        input: another name of `string_tensor`.
    """
    source = string_tensor if input is None else input
    made: Tensor = apply("StringToHashBucket", source, num_buckets=num_buckets, name=name)
    return made


def string_to_hash_bucket_fast(input: Any, num_buckets: int, name: str | None = None) -> Tensor:
    """The numbers of buckets for strings, int64 in ``[0, num_buckets)``, the same everywhere."""
    made: Tensor = apply("StringToHashBucketFast", input, num_buckets=num_buckets, name=name)
    return made


def string_to_hash_bucket_strong(
    input: Any, num_buckets: int, key: Any, name: str | None = None
) -> Tensor:
    """The numbers of buckets for strings, which cannot be foreseen without the key.

    Args:
        key: two integers.
    """
    made: Tensor = apply(
        "StringToHashBucketStrong", input, num_buckets=num_buckets, key=key, name=name
    )
    return made
