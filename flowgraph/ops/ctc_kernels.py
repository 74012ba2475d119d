"""Connectionist temporal classification: the loss by the forward-backward algorithm.

Source: Graves: Supervised Sequence Labelling with Recurrent Neural Networks (2012), chapter 7.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph.errors import InvalidArgumentError, OpError

__all__ = ["check_lengths", "log_softmax", "loss_and_gradient"]

Array = Any


def _refuse(message: str) -> None:
    raise InvalidArgumentError(None, None, message)


def log_softmax(x: Array) -> Array:
    """``log(softmax(x))`` over the last axis, in float64."""
    wide = x.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    wide -= np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return wide


def check_lengths(
    inputs: Array, lengths: Array, too_long: type[OpError] = InvalidArgumentError
) -> None:
    """Checks that there is one possible length per sequence.

    Raises:
        InvalidArgumentError: if shapes do not fit; `too_long` if a length does not.
    """
    if inputs.ndim != 3:
        _refuse("inputs is not a 3-Tensor")
    steps, batch, classes = inputs.shape
    if not steps:
        _refuse("max_time is 0")
    if not classes:
        _refuse("num_classes is 0")
    if lengths.ndim != 1:
        _refuse("sequence_length is not a vector")
    if len(lengths) != batch:
        _refuse(
            f"len(sequence_length) != batch_size.  len(sequence_length):  {len(lengths)} "
            f"batch_size: {batch}"
        )
    if (lengths > steps).any() or (lengths < 0).any():
        at = int(np.argmax((lengths > steps) | (lengths < 0)))
        raise too_long(None, None, f"sequence_length({at}) <= {steps}")


def _sequences(
    indices: Array, values: Array, batch: int, classes: int, collapse: bool
) -> tuple[Array, Array, Array]:
    """The labels [batch, longest], how many there are of each, and how many before collapsing."""
    rows = indices[:, 0]
    if ((rows < 0) | (rows >= batch)).any():
        _refuse(f"labels batch index must be between 0 and {batch}")
    order = np.argsort(rows, kind="stable")
    rows, values = rows[order], values[order]
    given = np.bincount(rows, minlength=batch)
    if not given.all():
        _refuse(f"Labels length is zero in batch {int(np.argmin(given))}")
    kept = np.ones(len(rows), bool)
    if collapse:
        kept[1:] = (values[1:] != values[:-1]) | (rows[1:] != rows[:-1])
    null = values >= classes - 1
    rows_kept, null_kept = rows[kept], null[kept]
    late = (rows_kept[1:] == rows_kept[:-1]) & null_kept[:-1] & ~null_kept[1:]
    if late.any():
        _refuse(
            "Saw a non-null label (index >= num_classes - 1) following a null label, batch: "
            f"{int(rows_kept[1:][late][0])} num_classes: {classes}"
        )
    kept &= ~null
    rows, values = rows[kept], values[kept]
    if (values < 0).any():
        at = int(rows[np.argmax(values < 0)])
        _refuse(f"All labels must be nonnegative integers, batch: {at}")
    counts = np.bincount(rows, minlength=batch)
    labels = np.zeros((batch, int(counts.max(initial=0))), np.intp)
    labels[rows, np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]] = values
    return labels, counts, given


def loss_and_gradient(
    inputs: Array,
    indices: Array,
    values: Array,
    lengths: Array,
    collapse: bool,
    merge: bool,
    ignore_longer: bool,
) -> tuple[Array, Array]:
    """The negative logarithm of each label sequence's probability, and its gradient.

    Args:
        inputs: logits [steps, batch, classes], of which the last class is the blank.
        indices: [n, 2], batch and place of each label.
        values: [n], the labels.
        lengths: [batch], how many steps count.
        collapse: labels that repeat the one before are left out.
        merge: repeated classes without a blank between them stand for one label.
        ignore_longer: a sequence that is shorter than its labels has the loss 0.

    Returns:
        [batch], and [steps, batch, classes].
    """
    check_lengths(inputs, lengths)
    _, batch, classes = inputs.shape
    labels, counts, given = _sequences(indices, values, batch, classes, collapse)
    short = given > lengths
    if not ignore_longer and short.any():
        at = int(np.argmax(short))
        _refuse(
            f"Not enough time for target transition sequence (required: {given[at]}, available: "
            f"{lengths[at]}){at}You can turn this error into a warning by using the flag "
            "ignore_longer_outputs_than_inputs"
        )
    used = (lengths > 0) & ~short
    logs = log_softmax(inputs)
    states = np.full((batch, 2 * labels.shape[1] + 1), classes - 1)
    states[:, 1::2] = labels
    with np.errstate(divide="ignore", invalid="ignore"):
        total, occupied = _occupancy(logs, states, counts, lengths, merge)
    loss = np.where(used, -total, 0).astype(inputs.dtype)
    gradient = np.exp(logs) - _by_class(occupied, states, classes)
    steps = np.arange(len(inputs))[:, None]
    gradient *= (used & (steps < lengths))[:, :, None]
    return loss, gradient.astype(inputs.dtype)


def _shifted(x: Array, by: int) -> Array:
    """The columns `by` places to the left (right if negative), -inf where there are none."""
    result = np.full_like(x, -np.inf)
    if by > 0:
        result[:, by:] = x[:, :-by]
    else:
        result[:, :by] = x[:, -by:]
    return result


def _occupancy(
    logs: Array, states: Array, counts: Array, lengths: Array, merge: bool
) -> tuple[Array, Array]:
    """The log-probability of each sequence, and how probable each state is at each step.

    The states of a sequence are its labels with blanks between and around them.
    """
    steps, batch, classes = logs.shape
    width = states.shape[1]
    last = 2 * counts[:, None]
    inside = np.arange(width) <= last
    blank = states == classes - 1
    stays = np.where(inside & (blank | merge), 0.0, -np.inf)
    skips = inside & ~blank
    skips[:, :2] = False
    if merge:
        skips[:, 2:] &= states[:, 2:] != states[:, :-2]
    jumps = np.where(skips, 0.0, -np.inf)
    jumps_back = _shifted(jumps, -2) if width > 2 else np.full_like(jumps, -np.inf)
    outside = np.where(inside, 0.0, -np.inf)
    emitted = np.take_along_axis(logs, np.broadcast_to(states, (steps, *states.shape)), 2)
    emitted += outside

    forward = np.full((steps, batch, width), -np.inf)
    forward[0, :, :2] = emitted[0, :, :2]
    for step in range(1, steps):
        before = forward[step - 1]
        reached = np.logaddexp(before + stays, _shifted(before, 1))
        if width > 2:
            reached = np.logaddexp(reached, _shifted(before, 2) + jumps)
        forward[step] = reached + emitted[step]

    ends = np.where(inside & (np.arange(width) >= last - 1), 0.0, -np.inf)
    backward = np.full((batch, width), -np.inf)
    occupied = forward
    for step in range(steps - 1, -1, -1):
        if step < steps - 1:
            after = backward + emitted[step + 1]
            leaving = np.logaddexp(after + stays, _shifted(after, -1))
            if width > 2:
                leaving = np.logaddexp(leaving, _shifted(after, -2) + jumps_back)
            backward = leaving
        backward = np.where((lengths - 1 == step)[:, None], ends, backward)
        occupied[step] += backward
    total = np.logaddexp.reduce(occupied[0], axis=1)
    occupied -= np.where(np.isfinite(total), total, 0)[:, None]
    return total, np.exp(occupied)


def _by_class(occupied: Array, states: Array, classes: int) -> Array:
    """Sums over the states of each class, [steps, batch, classes]."""
    steps, batch, _ = occupied.shape
    cells = np.arange(steps * batch).reshape(steps, batch, 1) * classes + states
    sums = np.bincount(cells.reshape(-1), occupied.reshape(-1), steps * batch * classes)
    return sums.reshape(steps, batch, classes)
