"""Which features of Examples are wanted, and the functions that parse them."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Mapping
from typing import Any

from flowgraph import dtypes
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.composite import SparseTensor
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.sparse_functions import sparse_merge
from flowgraph.shapes import TensorShape, as_shape

__all__ = [
    "FixedLenFeature",
    "FixedLenSequenceFeature",
    "SparseFeature",
    "VarLenFeature",
    "parse_example",
    "parse_single_example",
    "parse_single_sequence_example",
]

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.\-/]")


class VarLenFeature(namedtuple("VarLenFeature", ["dtype"])):
    """A feature with any number of values, parsed to a `SparseTensor`."""

    __slots__ = ()


class SparseFeature(
    namedtuple("SparseFeature", ["index_key", "value_key", "dtype", "size", "already_sorted"])
):
    """A `SparseTensor` whose indices and values are two features (or more, one per dimension)."""

    __slots__ = ()

    def __new__(
        cls, index_key: Any, value_key: str, dtype: Any, size: Any, already_sorted: bool = False
    ) -> SparseFeature:
        return super().__new__(cls, index_key, value_key, dtype, size, already_sorted)


class FixedLenFeature(namedtuple("FixedLenFeature", ["shape", "dtype", "default_value"])):
    """A feature with a fixed number of values; it must be there unless it has a default."""

    __slots__ = ()

    def __new__(cls, shape: Any, dtype: Any, default_value: Any = None) -> FixedLenFeature:
        return super().__new__(cls, shape, dtype, default_value)


class FixedLenSequenceFeature(
    namedtuple("FixedLenSequenceFeature", ["shape", "dtype", "allow_missing", "default_value"])
):
    """A feature with a list of blocks of a fixed shape, padded to the longest list of a batch."""

    __slots__ = ()

    def __new__(
        cls, shape: Any, dtype: Any, allow_missing: bool = False, default_value: Any = None
    ) -> FixedLenSequenceFeature:
        return super().__new__(cls, shape, dtype, allow_missing, default_value)


class _Wanted:
    """The features of a dict, by the way they are parsed; keys in order.

    Args:
        allowed: the classes that may occur.
        open_lists: sequence features have a first dimension of any size.
    """

    def __init__(self, features: Any, allowed: tuple[type, ...], open_lists: bool) -> None:
        self.sparse: dict[str, DType] = {}
        self.dense: dict[str, tuple[DType, TensorShape]] = {}
        self.defaults: dict[str, Any] = {}
        self.may_miss: list[str] = []
        for key in sorted(features or {}):
            feature = features[key]
            if not isinstance(feature, allowed):
                raise ValueError(f"Unsupported {type(feature).__name__} {feature}.")
            self._add(key, feature, open_lists)

    def _add(self, key: str, feature: Any, open_lists: bool) -> None:
        if isinstance(feature, SparseFeature):
            for index_key in _index_keys(feature):
                self._add_sparse(index_key, dtypes.int64)
            self._add_sparse(feature.value_key, feature.dtype)
            return
        if not feature.dtype:
            raise ValueError(f"Missing type for feature {key}.")
        if isinstance(feature, VarLenFeature):
            self._add_sparse(key, feature.dtype)
            return
        if feature.shape is None:
            raise ValueError(f"Missing shape for feature {key}.")
        shape = as_shape(feature.shape)
        if isinstance(feature, FixedLenSequenceFeature):
            if open_lists:
                if not feature.allow_missing:
                    raise ValueError(
                        "Unsupported: FixedLenSequenceFeature requires allow_missing to be True."
                    )
                shape = TensorShape([None]).concatenate(shape)
            elif feature.allow_missing:
                self.may_miss.append(key)
        elif not shape.is_fully_defined():
            raise ValueError(f"All dimensions of shape for feature {key} need to be known: {shape}")
        self.dense[key] = (dtypes.as_dtype(feature.dtype), shape)
        if feature.default_value is not None:
            self.defaults[key] = feature.default_value

    def _add_sparse(self, key: str, dtype: Any) -> None:
        kind = dtypes.as_dtype(dtype)
        if self.sparse.setdefault(key, kind) != kind:
            raise ValueError(f"Conflicting type {self.sparse[key]} vs {kind} for feature {key}.")

    def shapes(self) -> list[TensorShape]:
        return [shape for _, shape in self.dense.values()]

    def default_tensors(self) -> list[Tensor]:
        return [_default(key, *self.dense[key], self.defaults.get(key)) for key in self.dense]

    def named(self, indices: Any, values: Any, shapes: Any, dense: Any) -> dict[str, Any]:
        """The outputs of a parsing op by their keys."""
        triples = zip(indices, values, shapes, strict=True)
        tensors = [SparseTensor(*each) for each in triples]
        return dict(zip([*self.sparse, *self.dense], [*tensors, *dense], strict=True))


def _index_keys(feature: SparseFeature) -> list[str]:
    keys = feature.index_key
    return [keys] if isinstance(keys, str) else list(keys)


def _default(key: str, dtype: DType, shape: TensorShape, value: Any) -> Tensor:
    """What stands where a feature is missing; an empty vector if it must not be."""
    is_open = bool(shape.ndims) and shape.as_list()[0] is None
    if value is None:
        if is_open:
            return convert_to_tensor("" if dtype == dtypes.string else 0, dtype)
        return constant([], dtype)
    if isinstance(value, Tensor) and not is_open:
        return value
    label = ("padding_" if is_open else "key_") + _NOT_IN_NAMES.sub("_", key)
    tensor = convert_to_tensor(value, dtype, name=label)
    made: Tensor = apply("Reshape", tensor, [] if is_open else shape.as_list())
    return made


_OF_EXAMPLES = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)


def _checked(features: Any) -> Mapping[str, Any]:
    if not features:
        raise ValueError(f"Missing: features was {features}.")
    found: Mapping[str, Any] = features
    return found


def _with_sparse_features(features: Mapping[str, Any], parsed: dict[str, Any]) -> dict[str, Any]:
    """What was asked for: sparse features put together, their parts left out."""
    result = dict(parsed)
    for key in sorted(features):
        feature = features[key]
        if isinstance(feature, SparseFeature):
            ids: Any = [parsed[each] for each in _index_keys(feature)]
            size = feature.size
            if isinstance(feature.index_key, str):
                ids = ids[0]
                size = size[0] if isinstance(size, list | tuple) else size
            values = parsed[feature.value_key]
            result[key] = sparse_merge(ids, values, size, key, feature.already_sorted)
    return {key: result[key] for key in result if key in features}


def parse_example(
    serialized: Any, features: Any, name: str | None = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of a batch of serialized Examples.

    Args:
        serialized: a vector of strings.
        features: a dict of the features that are wanted: `FixedLenFeature` becomes a tensor with a
            first dimension for the batch, `VarLenFeature` and `SparseFeature` a `SparseTensor`,
            `FixedLenSequenceFeature` a tensor padded to the longest list.
        example_names: names of the examples for error messages, a vector of strings.

    Returns:
        The tensors by the keys of `features`.

    Raises:
        ValueError: if a feature is incompletely described.
        InvalidArgumentError: when run, if an example lacks a feature without a default, or has one
            of another type or size.
    """
    wanted = _Wanted(_checked(features), _OF_EXAMPLES, open_lists=True)
    with name_scope(name, "ParseExample", [serialized, example_names]):
        defaults = wanted.default_tensors()
        outputs = apply(
            "ParseExample",
            serialized,
            constant([], dtypes.string) if example_names is None else example_names,
            list(wanted.sparse),
            list(wanted.dense),
            defaults,
            sparse_types=list(wanted.sparse.values()),
            Tdense=[dtype for dtype, _ in wanted.dense.values()],
            dense_shapes=wanted.shapes(),
            name=name,
        )
        parsed = wanted.named(*_grouped(outputs, len(wanted.sparse)))
    return _with_sparse_features(features, parsed)


def _grouped(outputs: Any, sparse: int) -> list[list[Tensor]]:
    """The flat outputs of a parsing op: indices, values and shapes, then dense values."""
    flat = list(outputs)
    parts = [flat[place * sparse : (place + 1) * sparse] for place in range(3)]
    return [*parts, flat[3 * sparse :]]


def parse_single_example(
    serialized: Any, features: Any, name: str | None = None, example_names: Any = None
) -> dict[str, Any]:
    """The features of one serialized Example; see `parse_example`.

    Args:
        serialized: a scalar string.
        example_names: its name for error messages.

    Returns:
        Tensors without a dimension for the batch.
    """
    if example_names is not None:
        return _parse_named_example(serialized, features, name, example_names)
    wanted = _Wanted(_checked(features), _OF_EXAMPLES, open_lists=True)
    with name_scope(name, "ParseSingleExample", [serialized]):
        content = convert_to_tensor(serialized, dtypes.string, name="serialized")
        defaults = wanted.default_tensors()
        outputs = apply(
            "ParseSingleExample",
            content,
            defaults,
            num_sparse=len(wanted.sparse),
            sparse_keys=list(wanted.sparse),
            sparse_types=list(wanted.sparse.values()),
            dense_keys=list(wanted.dense),
            Tdense=[dtype for dtype, _ in wanted.dense.values()],
            dense_shapes=wanted.shapes(),
            name=name,
        )
        parsed = wanted.named(*_grouped(outputs, len(wanted.sparse)))
    return _with_sparse_features(features, parsed)


def _parse_named_example(
    serialized: Any, features: Any, name: str | None, example_name: Any
) -> dict[str, Any]:
    """One example as a batch of one, which may have a name."""
    with name_scope(name, "ParseSingleExample", [serialized, example_name]):
        batch = apply("ExpandDims", convert_to_tensor(serialized, dtypes.string), 0)
        names = apply("ExpandDims", convert_to_tensor(example_name, dtypes.string), 0)
        parsed = parse_example(batch, features, example_names=names)
        return {key: _first(value) for key, value in parsed.items()}


def _first(value: Any) -> Any:
    """The only row of a batch."""
    if not isinstance(value, SparseTensor):
        return apply("Squeeze", value, squeeze_dims=[0])
    return SparseTensor(value.indices[:, 1:], value.values, value.dense_shape[1:])


def parse_single_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_name: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The features of one serialized SequenceExample.

    Args:
        serialized: a scalar string.
        context_features: a dict of `FixedLenFeature` and `VarLenFeature`.
        sequence_features: a dict of `FixedLenSequenceFeature`, whose tensors have a first dimension
            for the steps, and `VarLenFeature`, whose `SparseTensor` has a row per step.
        example_name: a name for error messages.

    Returns:
        Two dicts of tensors, by the keys of the features.

    Raises:
        ValueError: if there are no features, or one is incompletely described.
        InvalidArgumentError: when run, if a feature is missing or does not fit.
    """
    if not (context_features or sequence_features):
        raise ValueError("Missing features.")
    context = _Wanted(context_features, (VarLenFeature, FixedLenFeature), open_lists=False)
    steps = _Wanted(sequence_features, (VarLenFeature, FixedLenSequenceFeature), open_lists=False)
    if steps.defaults:
        key = next(iter(steps.defaults))
        raise ValueError(f"Value feature_list_dense_defaults[{key}] must be None")
    with name_scope(name, "ParseSingleSequenceExample", [serialized]):
        defaults = context.default_tensors()
        outputs = apply(
            "ParseSingleSequenceExample",
            serialized,
            constant(steps.may_miss, dtypes.string),
            list(context.sparse),
            list(context.dense),
            list(steps.sparse),
            list(steps.dense),
            defaults,
            "" if example_name is None else example_name,
            context_sparse_types=list(context.sparse.values()),
            Tcontext_dense=[dtype for dtype, _ in context.dense.values()],
            feature_list_dense_types=[dtype for dtype, _ in steps.dense.values()],
            context_dense_shapes=context.shapes(),
            feature_list_sparse_types=list(steps.sparse.values()),
            feature_list_dense_shapes=steps.shapes(),
            name=name,
        )
        flat = list(outputs)
        split = 3 * len(context.sparse) + len(context.dense)
        return (
            context.named(*_grouped(flat[:split], len(context.sparse))),
            steps.named(*_grouped(flat[split:], len(steps.sparse))),
        )
