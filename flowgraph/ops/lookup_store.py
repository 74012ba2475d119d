"""What a lookup table is while a session runs."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dtypes import DType

__all__ = ["DenseTable", "MutableTable", "StaticTable", "Table"]


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _shown(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


class Table:
    """Values by keys.

    Args:
        value_shape: the shape of one value.
    """

    def __init__(
        self, key_dtype: DType, value_dtype: DType, value_shape: tuple[int, ...] = ()
    ) -> None:
        self.key_dtype = key_dtype
        self.value_dtype = value_dtype
        self.value_shape = value_shape
        self.key_shape: tuple[int, ...] = ()
        self.handle = np.empty((), np.object_)
        self.handle[()] = self
        self._entries: dict[Any, Any] = {}
        self._lock = threading.Lock()

    def size(self) -> int:
        with self._lock:
            return len(self._entries)

    def find(self, keys: Any, default: Any) -> Any:
        """The values of keys, and a default for those that are not there.

        Args:
            default: one value, or one for each key.
        """
        keys = self._checked(keys, self.key_dtype, "keys")
        default = self._checked(default, self.value_dtype, "default_value")
        shape = self._prefix(keys, self.key_shape, "keys")
        asked = self._hashable(keys)
        each = default.shape == (*shape, *self.value_shape) != self.value_shape
        if not each and default.shape != self.value_shape:
            raise _invalid(
                f"Expected shape {list(self.value_shape)} or {[*shape, *self.value_shape]} for "
                f"default value, got {list(default.shape)}"
            )
        others = iter(self._rows(default)) if each else itertools.repeat(self._rows(default)[0])
        with self._lock:
            found = list(map(self._entries.get, asked, others))
        return self._array(found, shape)

    def export(self) -> tuple[Any, Any]:
        """All keys and their values."""
        with self._lock:
            keys, values = list(self._entries), list(self._entries.values())
        names = np.empty((len(keys), *self.key_shape), self.key_dtype.np)
        if keys:
            names[:] = keys
        return names, self._array(values, (len(keys),))

    def fill(self, keys: Any, values: Any) -> None:
        """Let these be all the entries."""
        raise NotImplementedError

    def insert(self, keys: Any, values: Any) -> None:
        """Add entries, in place of those with the same keys."""
        raise errors.UnimplementedError(None, None, "Table does not support insertion")

    def remove(self, keys: Any) -> None:
        """Remove the entries of some keys."""
        raise errors.UnimplementedError(None, None, "Table does not support removal")

    def _pairs(self, keys: Any, values: Any) -> Iterator[tuple[Any, Any]]:
        keys = self._checked(keys, self.key_dtype, "keys")
        values = self._checked(values, self.value_dtype, "values")
        shape = self._prefix(keys, self.key_shape, "keys")
        if values.shape != (*shape, *self.value_shape):
            raise _invalid(
                f"Expected shape {[*shape, *self.value_shape]} for value, got {list(values.shape)}"
            )
        return zip(self._hashable(keys), self._rows(values), strict=True)

    @staticmethod
    def _checked(value: Any, dtype: DType, what: str) -> Any:
        array = np.asarray(value, np.object_) if dtype.kind == "O" else np.asarray(value)
        if array.dtype != dtype.np:
            raise _invalid(f"The {what} must be {dtype.name} but are {array.dtype}")
        return array

    @staticmethod
    def _prefix(array: Any, suffix: tuple[int, ...], what: str) -> tuple[int, ...]:
        """The shape before the one of a single entry."""
        split = array.ndim - len(suffix)
        if split < 0 or array.shape[split:] != suffix:
            raise _invalid(f"The {what} have the shape {list(array.shape)}, not [..., {suffix}]")
        prefix: tuple[int, ...] = array.shape[:split]
        return prefix

    def _hashable(self, keys: Any) -> list[Any]:
        if not self.key_shape:
            plain: list[Any] = keys.reshape(-1).tolist()
            return plain
        return list(map(tuple, keys.reshape(-1, dims.product(self.key_shape)).tolist()))

    def _rows(self, values: Any) -> list[Any]:
        if not self.value_shape:
            plain: list[Any] = values.reshape(-1).tolist()
            return plain
        return list(np.array(values).reshape(-1, *self.value_shape))

    def _array(self, rows: list[Any], shape: tuple[int, ...]) -> Any:
        result = np.empty((len(rows), *self.value_shape), self.value_dtype.np)
        if rows:
            result[:] = rows
        return result.reshape(*shape, *self.value_shape)


class StaticTable(Table):
    """A table that is filled once."""

    def __init__(self, key_dtype: DType, value_dtype: DType) -> None:
        super().__init__(key_dtype, value_dtype)
        self._filled = False

    def find(self, keys: Any, default: Any) -> Any:
        self._check_filled()
        return super().find(keys, default)

    def export(self) -> tuple[Any, Any]:
        self._check_filled()
        return super().export()

    def fill(self, keys: Any, values: Any) -> None:
        """Fill the table, which may be done again with the same entries only."""
        entries: dict[Any, Any] = {}
        for key, value in self._pairs(keys, values):
            if entries.setdefault(key, value) != value:
                raise errors.FailedPreconditionError(
                    None,
                    None,
                    f"HashTable has different value for same key. Key {_shown(key)} has "
                    f"{_shown(entries[key])} and trying to add value {_shown(value)}",
                )
        with self._lock:
            if self._filled and entries != self._entries:
                raise errors.FailedPreconditionError(
                    None, None, "Table was already initialized with different data."
                )
            self._entries = entries
            self._filled = True

    def _check_filled(self) -> None:
        if not self._filled:
            raise errors.FailedPreconditionError(None, None, "Table not initialized.")


class MutableTable(Table):
    """A table that may change at any time."""

    def fill(self, keys: Any, values: Any) -> None:
        entries = dict(self._pairs(keys, values))
        with self._lock:
            self._entries = entries

    def insert(self, keys: Any, values: Any) -> None:
        pairs = list(self._pairs(keys, values))
        with self._lock:
            self._entries.update(pairs)

    def remove(self, keys: Any) -> None:
        keys = self._checked(keys, self.key_dtype, "keys")
        with self._lock:
            for key in self._hashable(keys):
                self._entries.pop(key, None)


class DenseTable(MutableTable):
    """A table whose keys may be vectors; two keys are reserved and mean no entry."""

    def __init__(
        self, key_dtype: DType, value_dtype: DType, value_shape: tuple[int, ...] = ()
    ) -> None:
        super().__init__(key_dtype, value_dtype, value_shape)
        self._reserved: dict[Any, str] = {}

    def reserve(self, empty_key: Any, deleted_key: Any) -> None:
        """Set the reserved keys, which also tell the shape of a key."""
        empty = self._checked(empty_key, self.key_dtype, "empty_key")
        deleted = self._checked(deleted_key, self.key_dtype, "deleted_key")
        if empty.shape != deleted.shape:
            raise _invalid("Empty and deleted keys must have same shape")
        self.key_shape = empty.shape
        as_keys = super()._hashable
        names = {as_keys(empty)[0]: "empty_key"}
        if names.setdefault(as_keys(deleted)[0], "deleted_key") == "empty_key":
            raise _invalid("Empty and deleted keys cannot be equal")
        self._reserved = names

    def _hashable(self, keys: Any) -> list[Any]:
        found = super()._hashable(keys)
        for key in found:
            if key in self._reserved:
                raise _invalid(f"Using the {self._reserved[key]} as a table key is not allowed")
        return found
