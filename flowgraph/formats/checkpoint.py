"""What the ops SaveV2, RestoreV2 and MergeV2Checkpoints do to files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from flowgraph import dtypes, errors
from flowgraph.formats.bundle import BundleReader, Partitioned, data_path, index_path, write_bundle
from flowgraph.formats.bundle.slices import check_cover
from flowgraph.formats.files import typed_errors
from flowgraph.graph import hooks

__all__ = ["merge_checkpoints", "parse_slice", "restore_tensors", "save_tensors"]

Array = np.ndarray[Any, Any]
Parts = dict[str, list[tuple[str, Any]]]

# Separates name and place of a part in a shard, which holds some parts of a tensor only.
_PART = "\x01"


def parse_slice(spec: str) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """The shape of the whole tensor, and per dimension the start and length of a part.

    >>> parse_slice("4 2 0,2:-")
    ((4, 2), ((0, 2), (0, 2)))

    Raises:
        InvalidArgumentError: if `spec` does not describe a part.
    """
    *sizes, ranges = spec.split(" ")
    try:
        shape = tuple(int(size) for size in sizes)
        box = []
        for size, extent in zip(shape, ranges.split(":"), strict=True):
            start, _, length = extent.partition(",")
            box.append((0, size) if extent == "-" else (int(start), int(length)))
    except ValueError:
        raise errors.InvalidArgumentError(
            None, None, f"Could not parse shape and slice: {spec!r}"
        ) from None
    return shape, tuple(box)


def save_tensors(
    prefix: str, names: Sequence[str], slices: Sequence[str], tensors: Sequence[Any]
) -> None:
    """Write a checkpoint, or a shard of one.

    Args:
        prefix: the beginning of the files' names; the innermost folder is made if need be.
        names: the tensors' names; several parts of one tensor share one.
        slices: for each tensor "" or the part that it is, as `parse_slice` reads it.

    Raises:
        OpError: as `write_bundle` does.
    """
    folder = os.path.dirname(prefix)
    if folder:
        with typed_errors(folder), contextlib.suppress(FileExistsError):
            os.mkdir(folder)
    whole: dict[str, Any] = {}
    parts: Parts = {}
    for name, spec, tensor in zip(names, slices, tensors, strict=True):
        if spec:
            parts.setdefault(name, []).append((spec, tensor))
        elif name in whole:
            raise errors.InvalidArgumentError(None, None, f"Duplicate tensor name {name!r}.")
        else:
            whole[name] = tensor
    _write(prefix, whole, parts)


def _write(prefix: str, whole: dict[str, Any], parts: Parts) -> None:
    """Write tensors; one of which not all parts are there is stored part by part."""
    complete: dict[str, Partitioned] = {}
    tensors = dict(whole)
    for name, pieces in parts.items():
        joined = _joined(pieces)
        if joined is not None:
            complete[name] = joined
        else:
            tensors.update({f"{name}{_PART}{spec}": value for spec, value in pieces})
    write_bundle(prefix, tensors, slices=complete)


def _joined(pieces: Sequence[tuple[str, Any]]) -> Partitioned | None:
    parsed = [parse_slice(spec) for spec, _ in pieces]
    shape = parsed[0][0]
    try:
        check_cover(shape, [box for _, box in parsed])
    except ValueError:
        return None
    starts = [tuple(start for start, _ in box) for _, box in parsed]
    return Partitioned(
        shape, [(start, value) for start, (_, value) in zip(starts, pieces, strict=True)]
    )


def restore_tensors(
    prefix: str,
    names: Sequence[str],
    slices: Sequence[str],
    wanted: Sequence[dtypes.DType],
) -> list[Array]:
    """Read tensors, or parts of them, from a checkpoint. None is returned unless all can be read.

    Raises:
        NotFoundError: if the checkpoint, or one of the names in it, does not exist.
        InvalidArgumentError: if a tensor is of another element type than wanted.
        DataLossError: if a file is truncated or damaged.
    """
    reader = BundleReader(prefix)
    for name, dtype in zip(names, wanted, strict=True):
        stored = reader.dtype(name)
        if stored is not dtype.base_dtype:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"tensor_name = {name}; expected dtype {dtype.base_dtype.name} does not equal "
                f"original dtype {stored.name}",
            )
    values = reader.read_all(dict.fromkeys(names))
    return [_part(values[name], spec, name) for name, spec in zip(names, slices, strict=True)]


def _part(value: Array, spec: str, name: str) -> Array:
    if not spec:
        return value
    shape, box = parse_slice(spec)
    if shape != value.shape:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"tensor_name = {name}; shape in shape_and_slice spec {list(shape)} does not match "
            f"the shape stored in checkpoint: {list(value.shape)}",
        )
    return value[tuple(slice(start, start + length) for start, length in box)]


def merge_checkpoints(prefixes: Iterable[str], destination: str, delete_old: bool) -> None:
    """Make one checkpoint of shards, which are then removed.

    Raises:
        OpError: as `BundleReader` and `write_bundle` do; the shards then stay.
    """
    shards = list(dict.fromkeys(prefixes))
    whole: dict[str, Any] = {}
    parts: Parts = {}
    for shard in shards:
        for key, value in BundleReader(shard).read_all().items():
            name, is_part, spec = key.partition(_PART)
            if is_part:
                parts.setdefault(name, []).append((spec, value))
            else:
                whole[name] = value
    _write(destination, whole, parts)
    for shard in shards:
        if shard != destination:
            _remove(shard, delete_old)


def _remove(prefix: str, delete_folder: bool) -> None:
    for path in (index_path(prefix), data_path(prefix, 0, 1)):
        with contextlib.suppress(OSError):
            os.unlink(path)
    if delete_folder:
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(prefix))


hooks.save_tensors = save_tensors
hooks.restore_tensors = restore_tensors
hooks.merge_checkpoints = merge_checkpoints
