"""What a `TensorArray` is at run time: numbered elements that are written and read one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from flowgraph import dims, errors
from flowgraph.dims import Dims
from flowgraph.dtypes import DType

__all__ = ["Elements"]

_FRESH, _READ, _CLEARED = 0, 1, 2


def _invalid(text: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, text)


class Elements:
    """The elements of one array, made anew whenever the op that makes it runs.

    An element that has a shape and no value is zero: so are those of a gradient array that nothing
    was written to.

    Attributes:
        dtype: the type of all elements.
        element_shape: what every element's shape must fit; narrowed by the first write if all
            shapes are `identical`.
        dynamic: writes beyond the end make the array longer.
        clear: an element is given away by its first read.
        adds: what is written twice is added up, and a read takes what has been added since the
            last one. So it is in gradient arrays: one loop may be differentiated in several parts,
            each of which passes on what it finds.
    """

    __slots__ = (
        "_closed",
        "_differentiated",
        "_gradients",
        "_shapes",
        "_states",
        "_summed",
        "_values",
        "adds",
        "clear",
        "dtype",
        "dynamic",
        "element_shape",
        "identical",
        "name",
    )

    def __init__(
        self,
        dtype: DType,
        size: int,
        element_shape: Dims = None,
        *,
        dynamic: bool = False,
        clear: bool = True,
        identical: bool = False,
        adds: bool = False,
        name: str = "TensorArray",
    ) -> None:
        self.dtype = dtype
        self.element_shape = element_shape
        self.dynamic = dynamic
        self.clear = clear
        self.identical = identical
        self.adds = adds
        self.name = name
        self._values: list[Any] = [None] * size
        self._shapes: list[tuple[int, ...] | None] = [None] * size
        self._states = [_FRESH] * size
        self._gradients: dict[Any, Elements] = {}
        self._summed: set[int] = set()
        self._differentiated: Elements | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<TensorArray of {len(self._values)} {self.dtype.name} elements>"

    @property
    def size(self) -> int:
        self._check_open()
        return len(self._values)

    def close(self) -> None:
        """Give the memory back; nothing can be read or written afterwards."""
        self._values, self._shapes, self._states = [], [], []
        self._closed = True

    def gradient(self, source: str, prepended: tuple[int, ...] = ()) -> Elements:
        """The array of the elements' gradients in one backward pass, made at the first call.

        Args:
            source: stands for the backward pass.
            prepended: sizes before those of this array's elements.
        """
        self._check_open()
        key = (source, prepended)
        found = self._gradients.get(key)
        if found is None:
            # The size is settled as soon as there are gradients.
            self.dynamic = False
            shape = self.element_shape
            found = self._gradients[key] = Elements(
                self.dtype,
                len(self._values),
                None if shape is None else prepended + shape,
                identical=self.identical,
                adds=True,
                name=self.name,
            )
            found._differentiated = self
            found._shapes = [None if each is None else prepended + each for each in self._shapes]
        return found

    def write(self, index: int, value: Any) -> None:
        """Keep a copy of `value`, which may be a buffer that others write to."""
        self._check_open()
        self._check_dtype(value)
        self._put(index, value, value.shape, owned=False)

    def write_rows(self, indices: list[int], value: Any) -> None:
        """Write ``value[i]`` to ``indices[i]``."""
        self._check_open()
        self._check_dtype(value)
        if indices:
            last = max(indices)
            if last >= len(self._values) and not self.dynamic:
                text = f"Max scatter index must be < array size ({last} vs. {len(self._values)})"
                raise _invalid(text)
        shape = value.shape[1:]
        for index, row in zip(indices, _rows(value), strict=True):
            self._put(index, row, shape, owned=True)

    def write_parts(self, value: Any, lengths: list[int]) -> None:
        """Cut `value` along its first axis into parts of these lengths: one element each."""
        self._check_open()
        self._check_dtype(value)
        if self.dynamic:
            self._grow(len(lengths))
        if len(self._values) != len(lengths):
            raise _invalid(
                "TensorArray's size is not equal to the size of lengths "
                f"({len(self._values)} vs. {len(lengths)}), and the TensorArray is not marked as "
                "dynamically resizeable"
            )
        kept, start = value.copy(), 0
        for index, length in enumerate(lengths):
            part = kept[start : start + length]
            self._put(index, part, part.shape, owned=True)
            start += length

    def read(self, index: int) -> Any:
        self._check_open()
        values = self._values
        if not 0 <= index < len(values):
            text = f"Tried to read from index {index} but array size is: {len(values)}"
            raise _invalid(text)
        if self._states[index] == _CLEARED:
            raise self._error(
                f"Could not read index {index} twice because it was cleared after a previous read "
                "(perhaps try setting clear_after_read = false?)."
            )
        value = values[index]
        if value is None:
            value = self._zeros(index)
        if self.adds:
            values[index] = value if self._is_shared(index) else None
        elif self.clear:
            values[index] = None
            self._states[index] = _CLEARED
        else:
            values[index] = value
            self._states[index] = _READ
        return value if values[index] is None else value.copy()

    def _is_shared(self, index: int) -> bool:
        """True for the gradient of a sum: each of the summands reads all of it."""
        return self._differentiated is not None and index in self._differentiated._summed

    def read_many(self, indices: Iterable[int]) -> list[Any]:
        return [self.read(index) for index in indices]

    def _put(self, index: int, value: Any, shape: tuple[int, ...], owned: bool) -> None:
        """Write one element; `owned` if nobody else holds the memory of `value`."""
        if not 0 <= index < len(self._values):
            if index < 0 or not self.dynamic:
                raise self._error(
                    f"Tried to write to index {index} but array is not resizeable and size is: "
                    f"{len(self._values)}"
                )
            self._grow(index + 1)
        if shape != self.element_shape:
            self._check_shape(index, shape)
        if self._states[index] != _FRESH:
            raise self._error(
                f"Could not write to TensorArray index {index} because it has already been read."
            )
        if self._shapes[index] is not None:
            self._add(index, value, shape, owned)
            return
        self._shapes[index] = shape
        self._values[index] = value if owned else _kept(value)

    def _add(self, index: int, value: Any, shape: tuple[int, ...], owned: bool) -> None:
        if not self.adds:
            raise self._error(
                f"Could not write to TensorArray index {index} because it has already been "
                "written to."
            )
        if shape != self._shapes[index]:
            raise self._error(
                f"Could not aggregate to TensorArray index {index} because the existing shape is "
                f"{dims.show_list(self._shapes[index])} but the new input shape is "
                f"{dims.show_list(shape)}."
            )
        before = self._values[index]
        if before is None:
            self._values[index] = value if owned else _kept(value)
            return
        self._summed.add(index)
        if isinstance(before, np.ndarray) and before.ndim:
            np.add(before, value, out=before)
        else:
            self._values[index] = np.add(before, value)

    def _zeros(self, index: int) -> Any:
        """The value of an element that nothing was written to."""
        shape: Dims = self._shapes[index]
        if shape is None:
            if not dims.is_known(self.element_shape):
                raise self._error(
                    f"Could not read from TensorArray index {index}.  Furthermore, the element "
                    f"shape is not fully defined: {dims.show_list(self.element_shape)}.  With a "
                    "full element_shape, zeros are read where nothing was written."
                )
            shape = self.element_shape
        if self.dtype.kind == "O":
            return np.full(shape, b"", object)
        return np.zeros(shape, self.dtype.np)

    def _grow(self, size: int) -> None:
        missing = size - len(self._values)
        if missing > 0:
            self._values.extend([None] * missing)
            self._shapes.extend([None] * missing)
            self._states.extend([_FRESH] * missing)

    def _check_open(self) -> None:
        if self._closed:
            raise _invalid(f"{self.name} has already been closed.")

    def _check_dtype(self, value: Any) -> None:
        if value.dtype != self.dtype.np:
            raise _invalid(
                f"TensorArray dtype is {self.dtype.name} but Op is trying to write dtype "
                f"{value.dtype}."
            )

    def _check_shape(self, index: int, shape: tuple[int, ...]) -> None:
        if not dims.compatible(self.element_shape, shape):
            raise self._error(
                f"Could not write to TensorArray index {index} because the value shape is "
                f"{dims.show_list(shape)} which is incompatible with the TensorArray's inferred "
                f"element shape: {dims.show_list(self.element_shape)} "
                "(consider setting infer_shape=False)."
            )
        if self.identical:
            self.element_shape = shape

    def _error(self, text: str) -> errors.InvalidArgumentError:
        return _invalid(f"{self.name}: {text}")


def _kept(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def _rows(value: Any) -> list[Any]:
    """The rows of a copy of `value`."""
    if value.dtype == object and value.ndim == 1:
        return [np.array(each, object) for each in value]
    # Rows of a vector are NumPy's scalars, which nobody can write to.
    return list(value.copy())
