"""Checkpoint files: the ops that a saver is made of.

How the files look is known in `flowgraph.formats.checkpoint`, which puts its functions into
`flowgraph.graph.hooks`.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.graph import hooks
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor

__all__ = [
    "merge_v2_checkpoints",
    "restore_v2",
    "save_v2",
    "sharded_filename",
    "string_join",
]


def _text(value: Any) -> str:
    """The one string of a tensor."""
    content: bytes = np.asarray(value, np.object_).item()
    return content.decode("utf-8", "surrogateescape")


def _texts(values: Any) -> list[str]:
    return [_text(each) for each in np.asarray(values, np.object_).reshape(-1)]


def _check_lists(prefix: Operand, names: Operand, slices: Operand, count: int) -> None:
    for operand, rank in ((prefix, 0), (names, 1), (slices, 1)):
        if operand.dims is not None and len(operand.dims) != rank:
            raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
        if rank and operand.dims is not None and operand.dims[0] not in (None, count):
            raise ValueError(f"Dimension must be {count} but is {operand.dims[0]}")


@op(
    "SaveV2",
    "prefix: string, tensor_names: string, shape_and_slices: string, tensors: dtypes[] ->",
    dtypes=attr("list(type)", minimum=1),
)
class SaveV2:
    """Write tensors to a checkpoint in TensorFlow's V2 format.

    ``prefix`` is the beginning of the files' names, ``tensor_names`` the names of the tensors in
    the checkpoint, ``shape_and_slices`` for each tensor "" or what part of a larger one it is:
    ``"4 2 0,2:0,2"`` for the first two rows of a tensor of shape [4, 2].
    """

    stateful = True
    grad = None

    def shape(prefix: Operand, names: Operand, slices: Operand, tensors: list[Operand]) -> Any:
        _check_lists(prefix, names, slices, len(tensors))
        return []

    def numpy(prefix: Any, names: Any, slices: Any, tensors: list[Any]) -> tuple[()]:
        hooks.save_tensors(_text(prefix), _texts(names), _texts(slices), tensors)
        return ()


@op(
    "RestoreV2",
    "prefix: string, tensor_names: string, shape_and_slices: string -> tensors: dtypes[]",
    dtypes=attr("list(type)", minimum=1),
)
class RestoreV2:
    """Read tensors from a checkpoint; all are read and verified before any is returned.

    The inputs are those of SaveV2, ``dtypes`` the element types that the tensors must have.
    """

    stateful = True
    grad = None

    def shape(
        prefix: Operand, names: Operand, slices: Operand, *, dtypes: tuple[dtypes.DType, ...]
    ) -> list[Dims]:
        _check_lists(prefix, names, slices, len(dtypes))
        specs = slices.const_value()
        if specs is None:
            return [None] * len(dtypes)
        return [_slice_dims(spec) for spec in _texts(specs)]

    def numpy(
        prefix: Any, names: Any, slices: Any, *, dtypes: tuple[dtypes.DType, ...]
    ) -> list[Any]:
        return hooks.restore_tensors(_text(prefix), _texts(names), _texts(slices), list(dtypes))


def _slice_dims(spec: str) -> Dims:
    """The shape of the part that an element of ``shape_and_slices`` describes."""
    if not spec:
        return None
    *sizes, parts = spec.split(" ")
    lengths = [part.partition(",")[2] for part in parts.split(":")]
    return tuple(int(length or size) for length, size in zip(lengths, sizes, strict=True))


@op(
    "MergeV2Checkpoints",
    "checkpoint_prefixes: string, destination_prefix: string ->",
    delete_old_dirs=True,
)
class MergeV2Checkpoints:
    """Make one checkpoint of those that several SaveV2 ops have written."""

    stateful = True
    grad = None

    def shape(prefixes: Operand, destination: Operand) -> Any:
        if prefixes.dims is not None and len(prefixes.dims) != 1:
            raise ValueError(f"Shape must be rank 1 but is rank {len(prefixes.dims)}")
        return []

    def numpy(prefixes: Any, destination: Any, *, delete_old_dirs: bool) -> tuple[()]:
        hooks.merge_checkpoints(_texts(prefixes), _text(destination), delete_old_dirs)
        return ()


@op("ShardedFilename", "basename: string, shard: int32, num_shards: int32 -> filename: string")
class ShardedFilename:
    """The name of one of several files: ``basename-00002-of-00004`` for shard 2 of 4."""

    grad = None
    samples = (
        case(np.array(b"model", np.object_), np.int32(2), np.int32(4)),
        case(np.array(b"", np.object_), np.int32(0), np.int32(1)),
    )

    def shape(basename: Operand, shard: Operand, count: Operand) -> Dims:
        return ()

    def numpy(basename: Any, shard: Any, count: Any) -> Any:
        name = f"{_text(basename)}-{int(shard):05d}-of-{int(count):05d}"
        return np.array(name.encode("utf-8", "surrogateescape"), np.object_)


def save_v2(
    prefix: Any, tensor_names: Any, shape_and_slices: Any, tensors: Any, name: str | None = None
) -> Operation:
    """An op that writes a checkpoint; see the op SaveV2."""
    made: Operation = apply(
        "SaveV2", prefix, tensor_names, shape_and_slices, list(tensors), name=name
    )
    return made


def restore_v2(
    prefix: Any, tensor_names: Any, shape_and_slices: Any, dtypes: Any, name: str | None = None
) -> list[Tensor]:
    """Tensors read from a checkpoint; see the op RestoreV2."""
    made: list[Tensor] = apply(
        "RestoreV2", prefix, tensor_names, shape_and_slices, dtypes=dtypes, name=name
    )
    return made


def merge_v2_checkpoints(
    checkpoint_prefixes: Any,
    destination_prefix: Any,
    delete_old_dirs: bool = True,
    name: str | None = None,
) -> Operation:
    """An op that makes one checkpoint of several."""
    made: Operation = apply(
        "MergeV2Checkpoints",
        checkpoint_prefixes,
        destination_prefix,
        delete_old_dirs=delete_old_dirs,
        name=name,
    )
    return made


def sharded_filename(basename: Any, shard: Any, num_shards: Any, name: str | None = None) -> Tensor:
    """The name of shard number `shard` of `num_shards`."""
    made: Tensor = apply("ShardedFilename", basename, shard, num_shards, name=name)
    return made


@op("StringJoin", "inputs: N * string -> output: string", separator="")
class StringJoin:
    """The strings of all inputs joined, elementwise; scalars stand for any shape."""

    grad = None
    samples = (
        case([np.array([b"a", b"b"], np.object_), np.array([b"c", b"d"], np.object_)]),
        case([np.array([b"a", b"b"], np.object_), np.array(b"c", np.object_)], separator="-"),
        case([np.array(b"ab", np.object_)]),
    )

    def shape(inputs: list[Operand]) -> Dims:
        found: Dims = ()
        unknown = False
        for operand in inputs:
            if operand.dims is None:
                unknown = True
            elif operand.dims:
                if found and len(found) != len(operand.dims):
                    raise ValueError(
                        f"Shapes must be equal rank, but are {len(found)} and {len(operand.dims)}"
                    )
                found = dims.merge(found or None, operand.dims)
        # Beside unknown ranks, scalars tell nothing.
        return None if unknown and not found else found

    def numpy(inputs: list[Any], *, separator: Any) -> Any:
        joint = separator if isinstance(separator, bytes) else separator.encode()
        arrays = np.broadcast_arrays(*[np.asarray(each, np.object_) for each in inputs])
        result = np.empty(arrays[0].shape, np.object_)
        for index in np.ndindex(result.shape):
            result[index] = joint.join(array[index] for array in arrays)
        return result


def string_join(inputs: Any, separator: str = "", name: str | None = None) -> Tensor:
    """The strings of all inputs joined, elementwise.

    Args:
        inputs: tensors of strings, of one shape or scalar.
        separator: put between them.
    """
    made: Tensor = apply("StringJoin", list(inputs), separator=separator, name=name)
    return made


@op("StaticRegexFullMatch", "input: string -> output: bool", pattern=attr("string"))
class StaticRegexFullMatch:
    """Whether the whole of each string matches a regular expression.

    Savers of TensorFlow that write shards look at the kind of the file system in this way.
    """

    grad = None
    samples = (
        case(np.array([b"s3://a", b"/a"], np.object_), pattern="^s3://.*"),
        case(np.array(b"ab", np.object_), pattern="a"),
        case(np.array([], np.object_), pattern=".*"),
    )

    def shape(strings: Operand) -> Dims:
        return strings.dims

    def numpy(strings: Any, *, pattern: Any) -> Any:
        text = pattern if isinstance(pattern, bytes) else pattern.encode()
        matches = re.compile(text).fullmatch
        values = np.asarray(strings, np.object_)
        found = [matches(value) is not None for value in values.reshape(-1)]
        return np.array(found, np.bool_).reshape(values.shape)
