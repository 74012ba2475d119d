"""`TensorArray`: elements written and read one at a time, as loops do."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.array import shape as shape_of
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import range as range_
from flowgraph.shapes import TensorShape, as_shape

__all__ = ["TensorArray"]


class TensorArray:
    """An array of tensors whose elements are written and read by index, each at most once.

    Writing returns a new `TensorArray`: the same array, in the state after the write. Going on with
    what was returned is what puts reads after writes. Loops carry it like a tensor, and gradients
    flow through it.

    >>> import flowgraph as tf
    >>> squares = tf.TensorArray(tf.float32, size=3)
    >>> for i in range(3):
    ...     squares = squares.write(i, float(i * i))
    >>> with tf.Session() as session:
    ...     session.run(squares.stack())
    array([0., 1., 4.], dtype=float32)

    Args:
        dtype: the type of all elements.
        size: how many elements there are; an int or an int32 scalar tensor.
        dynamic_size: let writes beyond the end make the array longer.
        clear_after_read: free each element when it is read; it can be read only once then. True
            by default.
        tensor_array_name: a name for error messages.
        handle, flow: of an array made before, to be wrapped; instead of `size`.
        infer_shape: all elements have the shape of the first one that is written.
        element_shape: what is known of every element's shape. If all of it is, elements that were
            not written are read as zeros.
        colocate_with_first_write_call: accepted for compatibility.

    Raises:
        ValueError: without a size or a handle, or with both.
        TypeError: if the handle is no tensor.
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Tensor | None = None,
        flow: Tensor | None = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        given = {
            "tensor_array_name": tensor_array_name or None,
            "size": size,
            "element_shape": element_shape,
            "dynamic_size": dynamic_size,
            "clear_after_read": clear_after_read,
        }
        _check_source(handle, given)
        self._dtype = dtypes.as_dtype(dtype).base_dtype
        self._dynamic_size = dynamic_size or False
        self._size = size
        self._infer_shape = infer_shape
        # Shared by all that stand for one array: what a write teaches is known to each.
        self._known_shape = [as_shape(element_shape)]
        self._colocate_with_first_write_call = colocate_with_first_write_call
        with name_scope(name, "TensorArray", [handle, size, flow]) as scope:
            if handle is None:
                handle, flow = apply(
                    "TensorArrayV3",
                    size,
                    dtype=self._dtype,
                    element_shape=self._known_shape[0],
                    identical_element_shapes=infer_shape,
                    dynamic_size=self._dynamic_size,
                    clear_after_read=True if clear_after_read is None else clear_after_read,
                    tensor_array_name=tensor_array_name or "",
                    name=scope,
                )
            elif flow is None:
                raise ValueError("flow must not be None if handle is not None.")
        self._handle: Any = handle
        self._flow: Any = flow

    @property
    def handle(self) -> Tensor:
        """Which array it is."""
        return self._handle  # type: ignore[no-any-return]

    @property
    def flow(self) -> Tensor:
        """A float scalar; what reads it runs after the writes that led to this state."""
        return self._flow  # type: ignore[no-any-return]

    @property
    def dtype(self) -> dtypes.DType:
        return self._dtype

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the elements' shape."""
        return self._known_shape[0]

    @property
    def dynamic_size(self) -> bool:
        """Whether writes beyond the end make the array longer."""
        return self._dynamic_size

    def _with_flow(self, flow: Tensor) -> TensorArray:
        """The same array in another state."""
        other = TensorArray(
            self._dtype,
            handle=self._handle,
            flow=flow,
            infer_shape=self._infer_shape,
            colocate_with_first_write_call=self._colocate_with_first_write_call,
        )
        other._dynamic_size = self._dynamic_size
        other._size = self._size
        other._known_shape = self._known_shape
        return other

    def identity(self) -> TensorArray:
        """The same array, in a state after the control dependencies that hold here."""
        return self._with_flow(apply("Identity", self._flow))

    def grad(self, source: str, flow: Tensor | None = None, name: str | None = None) -> TensorArray:
        """The array of the gradients of the elements, in one backward pass.

        It has the size and the shapes of this array in its state `flow`. What is written to it
        twice is added up; what is not written is zero.

        Args:
            source: a text that stands for the backward pass.
        """
        flow = self._flow if flow is None else flow
        with name_scope(name, "TensorArrayGrad", [self._handle]):
            handle, _ = apply("TensorArrayGradV3", self._handle, flow, source=source, name=name)
            with control_dependencies([handle]):
                flow = apply("Identity", flow, name="gradient_flow")
            gradients = TensorArray(
                self._dtype,
                handle=handle,
                flow=flow,
                infer_shape=self._infer_shape,
                colocate_with_first_write_call=False,
            )
            gradients._known_shape = self._known_shape
            return gradients

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The element at `index`, an int32 scalar."""
        value: Tensor = apply(
            "TensorArrayReadV3", self._handle, index, self._flow, dtype=self._dtype, name=name
        )
        value.set_shape(self.element_shape)
        return value

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array after `value` was written at `index`, an int32 scalar.

        Raises:
            ValueError: if the shape of `value` contradicts those of other elements.
        """
        with name_scope(name, "TensorArrayWrite", [self._handle, index, value]):
            value = convert_to_tensor(value, name="value", preferred_dtype=self._dtype)
            self._learn_shape(value.shape)
            return self._with_flow(
                apply("TensorArrayWriteV3", self._handle, index, value, self._flow, name=name)
            )

    def stack(self, name: str | None = None) -> Tensor:
        """All elements, stacked along a new first axis. Their shapes must be equal."""
        with name_scope(name, "TensorArrayStack", [self._handle]):
            value = self.gather(range_(0, self.size()), name=name)
            value.set_shape(TensorShape([self._static_size()]).concatenate(self.element_shape))
            return value

    def _static_size(self) -> int | None:
        """The number of elements, where it is known."""
        if self._dynamic_size or self._size is None:
            return None
        size = self._size.const_value() if isinstance(self._size, Tensor) else self._size
        return None if size is None else int(size)

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements at `indices`, an int32 vector, stacked along a new first axis."""
        value: Tensor = apply(
            "TensorArrayGatherV3",
            self._handle,
            indices,
            self._flow,
            dtype=self._dtype,
            element_shape=self.element_shape,
            name=name,
        )
        value.set_shape(TensorShape([None]).concatenate(self.element_shape))
        return value

    def concat(self, name: str | None = None) -> Tensor:
        """All elements joined along their first axis; their other sizes must be equal.

        Raises:
            ValueError: if the elements are scalars.
        """
        known = self.element_shape.with_rank_at_least(1)
        value, _ = apply(
            "TensorArrayConcatV3",
            self._handle,
            self._flow,
            dtype=self._dtype,
            element_shape_except0=known[1:],
            name=name,
        )
        result: Tensor = value
        if known:
            size, rows = self._static_size(), known[0].value
            total = None if size is None or rows is None or not self._infer_shape else size * rows
            result.set_shape(TensorShape([total]).concatenate(known[1:]))
        return result

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """The array after each row of `value` was written to the index of the row."""
        with name_scope(name, "TensorArrayUnstack", [self._handle, value]):
            count = shape_of(value)[0]
            return self.scatter(range_(0, count), value, name=name)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array after ``value[i]`` was written to ``indices[i]``, for all i.

        Args:
            indices: an int32 vector.
            value: a tensor with as many rows.

        Raises:
            ValueError: if the shape of the rows contradicts those of other elements.
        """
        with name_scope(name, "TensorArrayScatter", [self._handle, value, indices]):
            value = convert_to_tensor(value, name="value", preferred_dtype=self._dtype)
            self._learn_shape(value.shape[1:])
            return self._with_flow(
                apply("TensorArrayScatterV3", self._handle, indices, value, self._flow, name=name)
            )

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """The array after `value`, cut along its first axis, was written to it part by part.

        Args:
            lengths: an integer vector with the number of rows of each part.

        Raises:
            ValueError: if the shapes contradict those of other elements.
        """
        with name_scope(name, "TensorArraySplit", [self._handle, value, lengths]):
            value = convert_to_tensor(value, self._dtype, "value")
            lengths = cast(lengths, dtypes.int64)
            known = lengths.const_value()
            if known is not None and known.size and known.max() == known.min():
                rows = TensorShape([int(known[0])])
                self._learn_shape(rows.concatenate(value.shape[1:]))
            return self._with_flow(
                apply("TensorArraySplitV3", self._handle, value, lengths, self._flow, name=name)
            )

    def size(self, name: str | None = None) -> Tensor:
        """The number of elements, an int32 scalar."""
        if not self._dynamic_size and self._size is not None:
            return convert_to_tensor(self._size, dtypes.int32)
        size: Tensor = apply("TensorArraySizeV3", self._handle, self._flow, name=name)
        return size

    def close(self, name: str | None = None) -> Operation:
        """An operation that gives the memory back; the array cannot be used after it."""
        closing: Operation = apply("TensorArrayCloseV3", self._handle, name=name)
        return closing

    def _learn_shape(self, shape: TensorShape) -> None:
        if not shape.is_compatible_with(self.element_shape):
            raise ValueError(f"Inconsistent shapes: saw {shape} but expected {self.element_shape}")
        if self._infer_shape:
            self._known_shape[0] = self.element_shape.merge_with(shape)


def _check_source(handle: Any, given: dict[str, Any]) -> None:
    """An array is either made, with a size, or wrapped, with nothing but its handle and flow."""
    if handle is None:
        if given["size"] is None:
            raise ValueError("Size must be provided if handle is not provided")
        return
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"Cannot provide both a `handle` and `{name}` arguments at the same time"
            )
    if not isinstance(handle, Tensor):
        raise TypeError(f"Handle must be a Tensor, not {handle!r}.")
