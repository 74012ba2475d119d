"""Strings taken apart and joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dims, dtypes, errors
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, op
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.constants import range as range_of
from flowgraph.ops.texts import encoded, invalid, strings, text_array, texts

__all__ = ["reduce_join", "string_split", "string_split_v2"]

_LINES = texts(b"a b  c", b"", b" d,e ")


def _sparse_shapes(source: Operand, separator: Operand) -> list[Dims]:
    if source.dims is not None and len(source.dims) != 1:
        raise ValueError(f"Shape must be rank 1 but is rank {len(source.dims)}")
    if separator.dims:
        raise ValueError(f"Shape must be rank 0 but is rank {len(separator.dims)}")
    return [(None, 2), (None,), (2,)]


def _as_sparse(source: Any, split: Callable[[bytes], list[bytes]]) -> list[Any]:
    """The parts of each string as a row of a sparse matrix."""
    rows = [split(each) for each in strings(source).tolist()]
    counts = np.array([len(row) for row in rows], np.int64)
    starts = np.cumsum(counts) - counts
    number = np.repeat(np.arange(len(rows)), counts)
    column = np.arange(counts.sum()) - np.repeat(starts, counts)
    parts = [part for row in rows for part in row]
    return [
        np.stack([number, column], 1).astype(np.int64),
        text_array(parts, (len(parts),)),
        np.array([len(rows), counts.max(initial=0)], np.int64),
    ]


@op(
    "StringSplit",
    "input: string, delimiter: string -> indices: int64, values: string, shape: int64",
    skip_empty=True,
)
class StringSplit:
    """The parts of each string between delimiters, each letter of `delimiter` being one, as rows of
    a sparse matrix; letters of the string if there is no delimiter."""

    grad = None
    shape = _sparse_shapes
    samples = (
        case(_LINES, np.array(b" ", np.object_)),
        case(_LINES, np.array(b" ,", np.object_), skip_empty=False),
        case(_LINES, np.array(b"", np.object_)),
        case(texts(), np.array(b" ", np.object_)),
        case(_LINES.reshape(1, 3), np.array(b" ", np.object_), raises="must be rank 1"),
    )

    def numpy(source: Any, delimiter: Any, *, skip_empty: bool) -> list[Any]:
        letters = strings(delimiter).item()
        one = letters[:1]
        table = bytes.maketrans(letters, one * len(letters))

        def split(value: bytes) -> list[bytes]:
            if not value:
                return []
            if not letters:
                parts = [value[place : place + 1] for place in range(len(value))]
            else:
                parts = value.translate(table).split(one)
            return [part for part in parts if part] if skip_empty else parts

        return _as_sparse(source, split)


@op(
    "StringSplitV2",
    "input: string, sep: string -> indices: int64, values: string, shape: int64",
    maxsplit=-1,
)
class StringSplitV2:
    """The parts of each string between separators, as rows of a sparse matrix; those between white
    space if the separator is empty."""

    grad = None
    shape = _sparse_shapes
    samples = (
        case(_LINES, np.array(b"", np.object_)),
        case(_LINES, np.array(b"  ", np.object_)),
        case(_LINES, np.array(b" ", np.object_), maxsplit=1),
        case(_LINES, np.array(b"", np.object_), maxsplit=1),
        case(texts(b"1<>2<>3", b"<><>4"), np.array(b"<>", np.object_)),
        case(texts(), np.array(b"", np.object_)),
    )

    def numpy(source: Any, sep: Any, *, maxsplit: int) -> list[Any]:
        separator = strings(sep).item()
        if separator:
            return _as_sparse(source, lambda value: value.split(separator, maxsplit))
        return _as_sparse(source, lambda value: _words(value, maxsplit))


def _words(value: bytes, maxsplit: int) -> list[bytes]:
    """What lies between white space; the last part is the rest, even if it is empty."""
    if not maxsplit:
        return [value]
    parts = value.split(None, maxsplit)
    return [*parts, b""] if len(parts) == maxsplit else parts


@op(
    "ReduceJoin",
    "inputs: string, reduction_indices: int32 -> output: string",
    keep_dims=False,
    separator="",
)
class ReduceJoin:
    """Strings joined along dimensions; of several dimensions, the first one given runs fastest."""

    grad = None
    samples = (
        case(texts(b"a", b"b", b"c", b"d").reshape(2, 2), np.array([0])),
        case(texts(b"a", b"b", b"c", b"d").reshape(2, 2), np.array([-1]), keep_dims=True),
        case(texts(b"a", b"b", b"c", b"d").reshape(2, 2), np.array([0, 1]), separator=","),
        case(texts(b"a", b"b", b"c", b"d").reshape(2, 2), np.array([1, 0])),
        case(texts(b"a", b"b").reshape(1, 2), np.zeros(0, np.int32)),
        case(texts().reshape(0, 2), np.array([0])),
        case(texts(b"a", b"b"), np.int32(0), separator="-"),
        case(texts(b"a", b"b"), np.array([1]), raises="out of range|[Ii]nvalid"),
        case(texts(b"a").reshape(1, 1), np.array([0, 0]), raises="Duplicate reduction dimension 0"),
    )

    def shape(inputs: Operand, axes: Operand, *, keep_dims: bool) -> Dims:
        chosen = axes.const_value()
        if inputs.dims is None or chosen is None:
            return (None,) * len(inputs.dims) if keep_dims and inputs.dims is not None else None
        reduced = _axes(chosen.reshape(-1).tolist(), len(inputs.dims))
        sizes = enumerate(inputs.dims)
        if keep_dims:
            return tuple(1 if axis in reduced else size for axis, size in sizes)
        return tuple(size for axis, size in sizes if axis not in reduced)

    def numpy(inputs: Any, axes: Any, *, keep_dims: bool, separator: Any) -> Any:
        array = strings(inputs)
        reduced = _axes(np.reshape(axes, -1).tolist(), array.ndim, _out_of_range, invalid)
        kept = [axis for axis in range(array.ndim) if axis not in reduced]
        if not reduced:
            return array.copy()
        joint = separator if isinstance(separator, bytes) else encoded(separator)
        ordered = array.transpose([*kept, *reversed(reduced)])
        sizes = tuple(array.shape[axis] for axis in kept)
        rows = ordered.reshape(dims.product(sizes), dims.product(array.shape[a] for a in reduced))
        joined = text_array([joint.join(row) for row in rows.tolist()], sizes)
        return np.expand_dims(joined, tuple(sorted(reduced))) if keep_dims else joined


def _out_of_range(message: str) -> errors.OutOfRangeError:
    return errors.OutOfRangeError(None, None, message)


def _axes(
    axes: list[int],
    rank: int,
    outside: Callable[[str], Exception] = ValueError,
    twice: Callable[[str], Exception] = ValueError,
) -> list[int]:
    """Axes counted from the front, in the given order; errors for those `outside` and `twice`."""
    found: list[int] = []
    for axis in axes:
        if not -rank <= axis < rank:
            raise outside(f"Invalid reduction dimension {axis}: out of range [{-rank}, {rank})")
        place = axis + rank if axis < 0 else axis
        if place in found:
            raise twice(f"Duplicate reduction dimension {place}")
        found.append(place)
    return found


def string_split(
    source: Any,
    sep: Any = None,
    skip_empty: bool = True,
    delimiter: Any = None,
    result_type: str = "SparseTensor",
    name: str | None = None,
) -> SparseTensor:
    """The parts of each string between delimiters.

    Args:
        source: a vector of strings.
        sep: the delimiters, each letter being one; a blank if None, and if it is empty every
            letter of the string is a part.
        skip_empty: leave empty parts out.
        delimiter: another name of `sep`.
        result_type: only "SparseTensor".

    Returns:
        A sparse matrix with the parts of string number i in row i.
    """
    _check_result(result_type)
    given = sep if delimiter is None else delimiter
    with name_scope(name, "StringSplit", [source]):
        letters = convert_to_tensor(" " if given is None else given, dtypes.string)
        vector = convert_to_tensor(source, dtypes.string)
        return SparseTensor(*apply("StringSplit", vector, letters, skip_empty=skip_empty))


def _check_result(result_type: str) -> None:
    if result_type != "SparseTensor":
        raise ValueError(f"result_type must be 'SparseTensor', not {result_type!r}.")


def string_split_v2(
    input: Any = None,
    sep: Any = None,
    maxsplit: int = -1,
    result_type: str = "SparseTensor",
    source: Any = None,
    name: str | None = None,
) -> SparseTensor:
    """The parts of each string between separators.

    Args:
        input: a vector of strings.
        sep: the separator; any white space if None or empty.
        maxsplit: split so often at most, unless it is negative.
        result_type: only "SparseTensor".
        source: another name of `input`.

    Returns:
        A sparse matrix with the parts of string number i in row i.
    """
    _check_result(result_type)
    given = input if source is None else source
    with name_scope(name, "StringSplit", [given]):
        vector = convert_to_tensor(given, dtypes.string, name="input")
        separator = convert_to_tensor("" if sep is None else sep, dtypes.string)
        return SparseTensor(*apply("StringSplitV2", vector, separator, maxsplit=maxsplit))


def reduce_join(
    inputs: Any,
    axis: Any = None,
    keep_dims: Any = None,
    separator: str = "",
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Tensor:
    """Strings joined along dimensions.

    Args:
        inputs: the strings.
        axis: the dimensions, of which the first one runs fastest; all of them, the last one
            fastest, if None.
        keepdims: keep them, with size 1.
        separator: put between the strings.
        keep_dims, reduction_indices: older names of `keepdims` and `axis`.
    """
    axes = axis if reduction_indices is None else reduction_indices
    keep = bool(keep_dims if keepdims is None else keepdims)
    with name_scope(None, "ReduceJoin", [inputs, axes]):
        array = convert_to_tensor(inputs)
        rank = array.shape.ndims
        if axes is None and rank is None:
            axes = range_of(apply("Rank", array) - 1, -1, -1)
        elif axes is None and rank is not None:
            axes = convert_to_tensor(np.arange(rank - 1, -1, -1, dtype=np.int32), name="Const")
        made: Tensor = apply(
            "ReduceJoin", array, axes, keep_dims=keep, separator=separator, name=name
        )
    return made
