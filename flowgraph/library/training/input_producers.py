"""Queues that produce the elements of a tensor: file names, numbers, slices."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library import summaries
from flowgraph.library.training.queue_runner import QueueRunner, add_queue_runner
from flowgraph.library.variables import Variable
from flowgraph.ops.array import identity, size
from flowgraph.ops.assertions import Assert
from flowgraph.ops.cast import cast
from flowgraph.ops.constants import range as range_of
from flowgraph.ops.files import matching_files
from flowgraph.ops.queue_classes import FIFOQueue
from flowgraph.ops.random import random_shuffle

__all__ = [
    "input_producer",
    "limit_epochs",
    "match_filenames_once",
    "range_input_producer",
    "slice_input_producer",
    "string_input_producer",
]


def match_filenames_once(pattern: Any, name: str | None = None) -> Variable:
    """The files that match a pattern (or several), looked up when local variables are initialized.

    Args:
        pattern: a string or a list of strings with ``*``, ``?`` and ``[...]``.
    """
    with name_scope(name, "matching_filenames", [pattern]) as scope:
        return Variable(
            initial_value=matching_files(pattern),
            trainable=False,
            collections=[GraphKeys.LOCAL_VARIABLES],
            validate_shape=False,
            name=scope,
        )


def limit_epochs(tensor: Any, num_epochs: int | None = None, name: str | None = None) -> Tensor:
    """`tensor`, which can be computed `num_epochs` times and then raises OutOfRangeError.

    It counts in a local variable ``epochs``. Without `num_epochs` it is `tensor` itself.

    Raises:
        ValueError: if `num_epochs` is not positive.
    """
    if num_epochs is None:
        return tensor  # type: ignore[no-any-return]
    if num_epochs <= 0:
        raise ValueError(f"num_epochs must be > 0 not {num_epochs}.")
    with name_scope(name, "limit_epochs", [tensor]) as scope:
        zero = constant(0, dtypes.int64)
        epochs = Variable(
            zero, name="epochs", trainable=False, collections=[GraphKeys.LOCAL_VARIABLES]
        )
        with control_dependencies([epochs.count_up_to(num_epochs)]):
            limited: Tensor = identity(tensor, name=scope)
    return limited


def input_producer(
    input_tensor: Any,
    element_shape: Any = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    summary_name: str | None = None,
    name: str | None = None,
    cancel_op: Any = None,
) -> FIFOQueue:
    """A queue that a queue runner fills with the rows of a tensor, again and again.

    Args:
        input_tensor: the rows.
        element_shape: the shape of a row, where it is not known statically.
        num_epochs: how often each row is produced before the queue closes; for ever if None. It is
            counted in a local variable.
        shuffle: whether the rows are shuffled anew in each epoch.
        seed: of the shuffling.
        capacity: of the queue.
        summary_name: the name of a summary of how full the queue is, if one is wanted.
        cancel_op: the operation that cancels the queue.

    Raises:
        ValueError: if the shape of a row is not known.
    """
    with name_scope(name, "input_producer", [input_tensor]):
        rows = convert_to_tensor(input_tensor, name="input_tensor")
        shape = rows.shape[1:].merge_with(element_shape)
        if not shape.is_fully_defined():
            raise ValueError(
                "Either `input_tensor` must have a fully defined shape or `element_shape` must be "
                "specified"
            )
        if shuffle:
            rows = random_shuffle(rows, seed=seed)
        rows = limit_epochs(rows, num_epochs)
        queue = FIFOQueue(
            capacity,
            [rows.dtype.base_dtype],
            [shape],
            shared_name=shared_name,
            name=name,
        )
        enqueue = queue.enqueue_many([rows])
        add_queue_runner(QueueRunner(queue, [enqueue], cancel_op=cancel_op))
        if summary_name is not None:
            summaries.scalar(summary_name, cast(queue.size(), dtypes.float32) * (1.0 / capacity))
    return queue


def string_input_producer(
    string_tensor: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
    cancel_op: Any = None,
) -> FIFOQueue:
    """A queue of strings, file names as a rule; see `input_producer`.

    Raises:
        ValueError: if a list of strings is empty; a tensor that is makes the queue runner fail.
    """
    problem = "string_input_producer requires a non-null input tensor"
    if not isinstance(string_tensor, Tensor | Variable) and not len(string_tensor):
        raise ValueError(problem)
    with name_scope(name, "input_producer", [string_tensor]) as scope:
        strings = convert_to_tensor(string_tensor, dtypes.string)
        with control_dependencies([Assert(size(strings) > 0, [problem])]):
            strings = identity(strings)
        return input_producer(
            strings,
            [],
            num_epochs,
            shuffle,
            seed,
            capacity,
            shared_name,
            f"fraction_of_{capacity}_full",
            scope,
            cancel_op,
        )


def range_input_producer(
    limit: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
) -> FIFOQueue:
    """A queue of the integers from 0 to `limit` - 1; see `input_producer`."""
    with name_scope(name, "input_producer", [limit]) as scope:
        numbers = range_of(limit)
        return input_producer(
            numbers,
            [],
            num_epochs,
            shuffle,
            seed,
            capacity,
            shared_name,
            f"fraction_of_{capacity}_full",
            scope,
        )


def slice_input_producer(
    tensor_list: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
) -> list[Tensor]:
    """One row of each of several tensors, the next (or a random) one in each run.

    Args:
        tensor_list: tensors with the same number of rows.
        others: see `input_producer`.

    Raises:
        ValueError: if there is no tensor.
    """
    with name_scope(name, "input_producer", list(tensor_list)):
        tensors = [convert_to_tensor(each) for each in tensor_list]
        if not tensors:
            raise ValueError("Expected at least one tensor in slice_input_producer().")
        count = apply("Shape", tensors[0])[0]
        queue = range_input_producer(count, num_epochs, shuffle, seed, capacity, shared_name)
        index = queue.dequeue()
        return [apply("GatherV2", tensor, index, 0) for tensor in tensors]
