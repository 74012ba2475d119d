"""What TensorFlow's random kernels give for fixed seeds: the cases, and how they are recorded."""

from __future__ import annotations

import dataclasses
import math
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Inputs = Mapping[str, Array]

FLOATS = ("float16", "bfloat16", "float32", "float64")
SIZES = (0, 1, 3, 4, 5, 7, 255, 256, 257, 1000, 100003)
SEED_PAIRS = ((0, 2**31 - 1), (-5, 2**40 + 3), (2**62 + 1, 0))
SHAPES: tuple[tuple[int, ...], ...] = ((), (2, 3, 5), (4, 0, 2))
GRAPH_SEEDS = (None, 0, 1, 2**31 - 1, 2**31 + 7, -3)
OP_SEEDS = (None, 0, 9, 2**31 - 1, -1)

_KEPT_WHOLE = 64
_KEPT_EACH_END = 16


@dataclasses.dataclass(frozen=True)
class Case:
    """One op, run once per entry of `runs` in one session."""

    name: str
    op: str
    runs: tuple[Inputs, ...]
    attributes: Mapping[str, Any]
    seeds: tuple[int, int] = (1234, 5678)


def digest(values: list[Array]) -> npt.NDArray[np.uint64]:
    """The bits of `values`: of each its size, its checksum, and its first and last elements."""
    parts: list[Any] = []
    for value in values:
        flat = np.ascontiguousarray(value).reshape(-1)
        bits = flat.view(f"u{flat.itemsize}").astype(np.uint64)
        if len(bits) > _KEPT_WHOLE:
            bits = np.concatenate([bits[:_KEPT_EACH_END], bits[-_KEPT_EACH_END:]])
        parts += [[flat.size, zlib.crc32(flat.tobytes())], bits]
    return np.concatenate([np.asarray(part, np.uint64) for part in parts])


def _shape(*dims: int) -> Inputs:
    return {"shape": np.array(dims, np.int32)}


def _numpy_dtype(name: str) -> Any:
    return ml_dtypes.bfloat16 if name == "bfloat16" else name


def _fixed_shape_cases() -> Iterator[Case]:
    for op in ("RandomUniform", "RandomStandardNormal", "TruncatedNormal"):
        for dtype in FLOATS:
            attributes = {"dtype": dtype}
            name = f"{op}/{dtype}"
            for size in SIZES:
                yield Case(f"{name}/{size}", op, (_shape(size),) * 3, attributes)
            yield Case(f"{name}/growing", op, tuple(_shape(n) for n in SIZES), attributes)
            yield Case(f"{name}/shapes", op, tuple(_shape(*dims) for dims in SHAPES), attributes)
            for seeds in SEED_PAIRS:
                yield Case(f"{name}/seeds{seeds}", op, (_shape(6),) * 2, attributes, seeds)


def _integer_cases() -> Iterator[Case]:
    for dtype in (np.int32, np.int64):
        limits = np.iinfo(dtype)
        for low, high in ((0, 10), (-5, 3), (7, 8), (limits.min, limits.max)):
            bounds = {"minval": np.array(low, dtype), "maxval": np.array(high, dtype)}
            runs = tuple({**_shape(size), **bounds} for size in SIZES)
            name = f"RandomUniformInt/{dtype.__name__}/{low}..{high}"
            yield Case(name, "RandomUniformInt", runs, {})


def _multinomial_cases() -> Iterator[Case]:
    logits = np.linspace(-4.0, 4.0, 35).reshape(5, 7) ** 3 / 8.0
    logits[1] = 0.0
    logits[2, ::2] = -np.inf
    logits[3, 1:3] = np.nan, np.inf
    logits[4] = -np.inf
    counts = (1, 0, 3, 4, 5, 100)
    for dtype in FLOATS:
        matrix = logits.astype(_numpy_dtype(dtype))
        runs = tuple({"logits": matrix, "num_samples": np.array(n, np.int32)} for n in counts)
        for out in ("int32", "int64"):
            yield Case(f"Multinomial/{dtype}/{out}", "Multinomial", runs, {"output_dtype": out})


def _shuffle_cases() -> Iterator[Case]:
    shapes = [(size,) for size in SIZES] + [(1, 9), (9, 1), (6, 0), (257, 2, 3)]
    runs = tuple(
        {"value": np.arange(math.prod(shape), dtype=np.int32).reshape(shape)} for shape in shapes
    )
    yield Case("RandomShuffle/growing", "RandomShuffle", runs, {})
    for size in SIZES[1:-1]:
        value: Inputs = {"value": np.arange(size, dtype=np.float64)}
        yield Case(f"RandomShuffle/{size}", "RandomShuffle", (value,) * 3, {})


def _rejection_cases() -> Iterator[Case]:
    alphas = np.array([[0.01, 0.3, 0.99], [1.0, 4.5, 1000.0]])
    rates = np.array([[0.0, 0.3, 9.99, 10.0], [12.5, 300.0, 3e4, 65504.0]])
    shapes = ((50,), (2, 3), (), (0,), (2000,))
    for dtype in ("float16", "float32", "float64"):
        alpha = {"alpha": alphas.astype(dtype)}
        runs = tuple({**_shape(*dims), **alpha} for dims in shapes)
        yield Case(f"RandomGamma/{dtype}", "RandomGamma", runs, {})
        rate = {"rate": rates.astype(dtype)}
        runs = tuple({**_shape(*dims), **rate} for dims in shapes)
        for out in (dtype, "int64"):
            name = f"RandomPoissonV2/{dtype}/{out}"
            yield Case(name, "RandomPoissonV2", runs, {"dtype": out})
    integers = {"rate": np.array([-3, 0, 8, 2000], np.int32)}
    runs = ({**_shape(5), **integers},) * 2
    yield Case("RandomPoissonV2/int32", "RandomPoissonV2", runs, {"dtype": "int32"})


CASES = (
    *_fixed_shape_cases(),
    *_integer_cases(),
    *_multinomial_cases(),
    *_shuffle_cases(),
    *_rejection_cases(),
)


def record(tf: Any) -> dict[str, Array]:
    """Runs every case with TensorFlow's `compat.v1` module, in one thread per op."""
    results: dict[str, Array] = {"seeds": _record_seeds(tf)}
    config = tf.ConfigProto(intra_op_parallelism_threads=1)
    for case in CASES:
        with tf.Graph().as_default(), tf.Session(config=config) as session:
            slots = {key: tf.placeholder(value.dtype) for key, value in case.runs[0].items()}
            seed, seed2 = case.seeds
            op = getattr(tf.raw_ops, case.op)
            output = op(**slots, **case.attributes, seed=seed, seed2=seed2)
            values = [
                session.run(output, {slots[key]: value for key, value in inputs.items()})
                for inputs in case.runs
            ]
            results[case.name] = digest(values)
    return results


def _record_seeds(tf: Any) -> Array:
    """Rows of: the graph's seed, the op's seed, the number of ops, and the two seeds that follow.

    -2**40 stands for None.
    """
    rows = []
    for graph_seed in GRAPH_SEEDS:
        for op_seed in OP_SEEDS:
            with tf.Graph().as_default():
                tf.set_random_seed(graph_seed)
                for ops in range(3):
                    rows.append([graph_seed, op_seed, ops, *tf.get_seed(op_seed)])
                    tf.no_op()
    return np.array([[-(2**40) if x is None else x for x in row] for row in rows], np.int64)
