"""Static shapes as the user sees them: `TensorShape` and `Dimension`, with TF1's reprs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flowgraph import dtypes
from flowgraph.dims import Dims, compatible, is_known, merge, num_elements, show, with_rank

__all__ = ["Dimension", "TensorShape", "as_dims", "as_shape", "dimension_value"]


class Dimension:
    """One size of a shape, known or not; arithmetic with an unknown size is unknown.

    >>> Dimension(3) * 2, Dimension(None) + 1, Dimension(3) == None
    (Dimension(6), Dimension(None), None)
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        if isinstance(value, Dimension):
            self._value: int | None = value._value
        elif value is None:
            self._value = None
        else:
            self._value = _checked_size(value)

    @property
    def value(self) -> int | None:
        return self._value

    def is_compatible_with(self, other: Any) -> bool:
        other = Dimension(other)
        return self._value is None or other._value is None or self._value == other._value

    def assert_is_compatible_with(self, other: Any) -> None:
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {Dimension(other)} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        """The known one of the two. Raises ValueError if both are known and differ."""
        self.assert_is_compatible_with(other)
        return Dimension(other) if self._value is None else self

    def _with(self, other: Any, operation: Any) -> Any:
        try:
            other = Dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or other._value is None:
            return Dimension(None)
        return Dimension(operation(self._value, other._value))

    def __add__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a + b)

    def __radd__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b + a)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a * b)

    def __rmul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b * a)

    def __floordiv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a // b)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b // a)

    # TF1 defines Dimension / Dimension as floor division.
    __div__ = __floordiv__
    __truediv__ = __floordiv__
    __rtruediv__ = __rfloordiv__

    def __mod__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a % b)

    def __rmod__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: b % a)

    def _compare(self, other: Any, operation: Any) -> Any:
        try:
            other = Dimension(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or other._value is None:
            return None
        return bool(operation(self._value, other._value))

    def __eq__(self, other: object) -> Any:
        return self._compare(other, lambda a, b: a == b)

    def __ne__(self, other: object) -> Any:
        return self._compare(other, lambda a, b: a != b)

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a < b)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a <= b)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a > b)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a >= b)

    def __hash__(self) -> int:
        return hash(self._value)

    def __int__(self) -> int:
        if self._value is None:
            raise TypeError("An unknown Dimension has no integer value.")
        return self._value

    def __index__(self) -> int:
        return int(self)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return f"Dimension({self._value})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)


def _checked_size(value: Any) -> int:
    if isinstance(value, str | bytes | dtypes.DType):
        raise TypeError(f"Dimension value must be integer or None or have an __index__: {value!r}")
    size = int(value) if not hasattr(value, "__index__") else value.__index__()
    if size != value and not isinstance(value, str):
        raise ValueError(f"Ambiguous dimension: {value}")
    if size < 0:
        raise ValueError(f"Dimension {size} must be >= 0")
    return size


def as_dims(shape: Any) -> Dims:
    """The engine's tuple for anything a user may give as a static shape.

    Accepts None (unknown rank), a `TensorShape`, an int, `Dimension`, or a sequence of sizes
    where None stands for an unknown one, and a TensorShapeProto.
    """
    if shape is None or (type(shape) is tuple and all(type(size) is int for size in shape)):
        if shape is not None and any(size < 0 for size in shape):
            raise ValueError(f"Dimension {min(shape)} must be >= 0")
        return shape
    if isinstance(shape, TensorShape):
        return shape._dims
    if hasattr(shape, "unknown_rank"):
        if shape.unknown_rank:
            return None
        return tuple(None if d.size == -1 else int(d.size) for d in shape.dim)
    if isinstance(shape, Iterable) and not isinstance(shape, str | bytes):
        return tuple(Dimension(size).value for size in shape)
    return (Dimension(shape).value,)


def dimension_value(dimension: Any) -> Any:
    """The int or None of a `Dimension`; anything else as it is."""
    return dimension.value if isinstance(dimension, Dimension) else dimension


class TensorShape:
    """A static shape: known, partly known, or of unknown rank.

    >>> TensorShape([None, 3])
    TensorShape([Dimension(None), Dimension(3)])
    >>> print(TensorShape([None, 3]), TensorShape(None), TensorShape([]))
    (?, 3) <unknown> ()
    """

    __slots__ = ("_dims",)

    def __init__(self, dims: Any) -> None:
        self._dims: Dims = as_dims(dims)

    @property
    def dims(self) -> list[Dimension] | None:
        return None if self._dims is None else [Dimension(size) for size in self._dims]

    @property
    def ndims(self) -> int | None:
        return None if self._dims is None else len(self._dims)

    rank = ndims

    def as_list(self) -> list[int | None]:
        """The sizes, None for unknown ones. Raises ValueError if the rank is unknown."""
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def num_elements(self) -> int | None:
        """The product of all sizes, or None if one is unknown."""
        return num_elements(self._dims)

    def is_fully_defined(self) -> bool:
        return is_known(self._dims)

    def assert_is_fully_defined(self) -> None:
        if not is_known(self._dims):
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other: Any) -> bool:
        """True if some fully known shape fits both."""
        return compatible(self._dims, as_dims(other))

    def assert_is_compatible_with(self, other: Any) -> None:
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {as_shape(other)} are incompatible")

    def assert_has_rank(self, rank: int) -> None:
        if self.ndims not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_same_rank(self, other: Any) -> None:
        other = as_shape(other)
        if None not in (self.ndims, other.ndims) and self.ndims != other.ndims:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def is_subtype_of(self, other: Any) -> bool:
        other_dims = as_dims(other)
        return other_dims is None or (
            self._dims is not None
            and len(self._dims) == len(other_dims)
            and all(b is None or a == b for a, b in zip(self._dims, other_dims, strict=True))
        )

    def merge_with(self, other: Any) -> TensorShape:
        """What is known from either. Raises ValueError if they contradict each other."""
        return TensorShape(merge(self._dims, as_dims(other)))

    def concatenate(self, other: Any) -> TensorShape:
        other_dims = as_dims(other)
        if self._dims is None or other_dims is None:
            return TensorShape(None)
        return TensorShape(self._dims + other_dims)

    def with_rank(self, rank: int) -> TensorShape:
        """This shape, or one of `rank` unknown sizes. Raises ValueError on another rank."""
        return TensorShape(with_rank(self._dims, rank))

    def with_rank_at_least(self, rank: int) -> TensorShape:
        if self._dims is not None and len(self._dims) < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        if self._dims is not None and len(self._dims) > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def as_proto(self) -> Any:
        raise TypeError("Use flowgraph.formats.graphdef.shape_proto(shape).")

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError("Cannot take the length of Shape with unknown rank.")
        return len(self._dims)

    def __iter__(self) -> Iterator[Dimension]:
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(Dimension(size) for size in self._dims)

    def __getitem__(self, key: Any) -> Any:
        if self._dims is None:
            if isinstance(key, slice):
                if key.start is not None and key.stop is not None and key.start >= 0 <= key.stop:
                    return TensorShape([None] * max(0, key.stop - key.start))
                return TensorShape(None)
            return Dimension(None)
        if isinstance(key, slice):
            return TensorShape(self._dims[key])
        return Dimension(self._dims[key])

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return as_shape(other).concatenate(self)

    def __bool__(self) -> bool:
        return self._dims is not None

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == as_dims(other)
        except (TypeError, ValueError):
            return NotImplemented

    def __ne__(self, other: object) -> bool:
        try:
            return self._dims != as_dims(other)
        except (TypeError, ValueError):
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self._dims)

    def __reduce__(self) -> tuple[Any, ...]:
        return TensorShape, (self._dims,)

    def __repr__(self) -> str:
        return f"TensorShape({self.dims})"

    def __str__(self) -> str:
        return show(self._dims)


def as_shape(shape: Any) -> TensorShape:
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)
