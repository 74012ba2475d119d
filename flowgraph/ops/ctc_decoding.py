"""Decoding of connectionist temporal classification: the best path, and a beam of prefixes."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from flowgraph.errors import FailedPreconditionError, InvalidArgumentError
from flowgraph.ops.ctc_kernels import check_lengths, log_softmax

__all__ = ["beam_search", "greedy"]

Array = Any
_MIX = np.uint64(0x9E3779B97F4A7C15)
_STEP = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(31)
_SORTED_UP_TO = 4096


def _as_sparse(labels: Array, merge: bool) -> tuple[Array, Array, Array]:
    """Labels [batch, steps], -1 for none, as the three parts of a sparse tensor.

    Args:
        merge: a label that equals the one before it in the row is left out.
    """
    rows, columns = np.nonzero(labels >= 0)
    values = labels[rows, columns].astype(np.int64)
    if merge:
        kept = np.ones(len(rows), bool)
        kept[1:] = (values[1:] != values[:-1]) | (rows[1:] != rows[:-1])
        rows, values = rows[kept], values[kept]
    counts = np.bincount(rows, minlength=len(labels))
    within = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    indices = np.stack([rows, within], axis=1).astype(np.int64)
    return indices, values, np.array([len(labels), counts.max(initial=0)], np.int64)


def greedy(inputs: Array, lengths: Array, merge: bool) -> tuple[Array, ...]:
    """The most probable class of each step, without blanks.

    Args:
        inputs: logits [steps, batch, classes], of which the last class is the blank.
        lengths: [batch], how many steps count.
        merge: a class that repeats that of the step before is left out.

    Returns:
        The three parts of a sparse tensor of labels; and minus the sums of the logits, [batch, 1].
    """
    check_lengths(inputs, lengths, FailedPreconditionError)
    steps, _, classes = inputs.shape
    best = inputs.argmax(axis=2)
    counted = np.arange(steps)[:, None] < lengths
    emitted = counted & (best != classes - 1)
    if merge:
        emitted[1:] &= best[1:] != best[:-1]
    sums = np.where(counted, inputs.max(axis=2), 0).sum(axis=0, dtype=np.float64)
    parts = _as_sparse(np.where(emitted, best, -1).T, False)
    return (*parts, -sums[:, None].astype(inputs.dtype))


class _Beams:
    """The best prefixes of every sequence of a batch; arrays are [batch, width].

    Attributes:
        ids: stand for the prefixes; a prefix gets the same one whenever it is made.
        parents: the ids of the prefixes without their last label.
        labels: the last labels, -1 for the empty prefix.
        ending_blank, ending_label: log-probabilities of the paths that make the prefix, by whether
            they end with a blank; `total` of both.
    """

    def __init__(self, batch: int, width: int) -> None:
        self.ids = np.zeros((batch, width), np.uint64)
        self.parents = np.zeros((batch, width), np.uint64)
        self.labels = np.full((batch, width), -1)
        self.ending_blank = np.full((batch, width), -np.inf)
        self.ending_blank[:, 0] = 0
        self.ending_label = np.full((batch, width), -np.inf)
        self.total = self.ending_blank.copy()

    def step(self, logs: Array, running: Array) -> tuple[Array, Array]:
        """Goes on by one step where `running`; from which slot, and by which label, each came."""
        batch, width = self.ids.shape
        labels_only = logs[:, :-1]
        known = (self.total > -np.inf) & (self.labels >= 0)
        is_parent = (self.parents[:, :, None] == self.ids[:, None, :]) & known[:, :, None]
        is_parent &= (self.total > -np.inf)[:, None, :]
        parent = is_parent.argmax(axis=2)
        has_parent = is_parent.any(axis=2)
        same = self.labels == np.take_along_axis(self.labels, parent, 1)
        lead = np.where(
            same,
            np.take_along_axis(self.ending_blank, parent, 1),
            np.take_along_axis(self.total, parent, 1),
        )
        by_label = np.logaddexp(self.ending_label, np.where(has_parent, lead, -np.inf))
        by_label += np.take_along_axis(logs, np.maximum(self.labels, 0), 1)
        by_blank = self.total + logs[:, -1:]

        extended = self._extended(labels_only)
        rows, slots = np.nonzero(has_parent)
        extended[rows, parent[rows, slots], self.labels[rows, slots]] = -np.inf
        kept = np.logaddexp(by_blank, by_label)
        scores = np.concatenate([kept, extended.reshape(batch, -1)], axis=1)
        chosen = _largest(scores, width)
        least = np.take_along_axis(scores, chosen[:, -1:], 1)
        pushed_out = has_parent & (parent < np.arange(width)) & (kept < least)
        matters = (pushed_out & (extended.max(axis=2, initial=-np.inf) > least)).any(axis=1)
        for row in np.flatnonzero(matters & running).tolist():
            children = _children(parent[row], has_parent[row], self.labels[row])
            chosen[row] = _one_by_one(kept[row], extended[row], self.total[row], children)
        old = chosen < width
        slot, label = np.divmod(chosen - width, max(labels_only.shape[1], 1))
        origin: Array = np.where(old, chosen, slot)
        added: Array = np.where(old, -1, label)
        origin = np.where(running[:, None], origin, np.arange(width))
        added = np.where(running[:, None], added, -1)
        if running.any():
            best = np.take_along_axis(scores, chosen, 1)
            self._replace(origin, added, best, by_blank, by_label, running)
        return origin, added

    def _extended(self, logs: Array) -> Array:
        """The log-probabilities of all prefixes with one more label, [batch, width, labels]."""
        extended = self.total[:, :, None] + logs[:, None, :]
        rows, slots = np.nonzero(self.labels >= 0)
        repeated = self.labels[rows, slots]
        extended[rows, slots, repeated] = self.ending_blank[rows, slots] + logs[rows, repeated]
        return extended

    def _replace(
        self,
        origin: Array,
        added: Array,
        best: Array,
        by_blank: Array,
        by_label: Array,
        running: Array,
    ) -> None:
        moving = running[:, None]
        new = added >= 0
        ids = np.take_along_axis(self.ids, origin, 1)
        parents = np.take_along_axis(self.parents, origin, 1)
        labels = np.take_along_axis(self.labels, origin, 1)
        self.parents = np.where(new, ids, parents)
        self.ids = np.where(new, _child_ids(ids, added), ids)
        self.labels = np.where(new, added, labels)
        blank = np.where(new, -np.inf, np.take_along_axis(by_blank, origin, 1))
        label = np.where(new, best, np.take_along_axis(by_label, origin, 1))
        self.ending_blank = np.where(moving, blank, self.ending_blank)
        self.ending_label = np.where(moving, label, self.ending_label)
        self.total = np.where(moving, best, self.total)


def _children(parent: Array, has_parent: Array, labels: Array) -> dict[int, dict[int, int]]:
    """For each slot the slots of the prefixes that go on by one label, by that label."""
    found: dict[int, dict[int, int]] = {}
    for slot in np.flatnonzero(has_parent).tolist():
        found.setdefault(int(parent[slot]), {})[int(labels[slot])] = slot
    return found


def _one_by_one(
    kept: Array, extended: Array, total: Array, children: dict[int, dict[int, int]]
) -> Array:
    """The places of the scores that TensorFlow keeps, in descending order.

    It extends the prefixes one after the other, the most probable first. A prefix that an extension
    of another pushes out of the beam before its parent's turn is not extended any more, although
    its extensions might be among the best.
    """
    width, count = extended.shape
    alive = dict(enumerate(kept.tolist()))
    before = total.tolist()
    heap = [(score, -slot) for slot, score in alive.items()]
    heapq.heapify(heap)
    for slot in range(width):
        if not before[slot] > heap[0][0]:
            continue
        own = children.get(slot, {})
        promising = np.flatnonzero(extended[slot] > heap[0][0]).tolist()
        for label in sorted({*promising, *own}):
            if label in own:
                if own[label] not in alive:
                    before[own[label]] = -np.inf
                continue
            score = float(extended[slot, label])
            if score > heap[0][0]:
                _, dropped = heapq.heapreplace(heap, (score, -(width + slot * count + label)))
                alive.pop(-dropped, None)
    return np.array([-place for _, place in sorted(heap, reverse=True)])


def _child_ids(ids: Array, labels: Array) -> Array:
    """A number for each prefix with one more label; 64 bits, so that no two are alike."""
    mixed = ids * _MIX + (labels + 2).astype(np.uint64) * _STEP
    return mixed ^ (mixed >> _SHIFT)


def _largest(scores: Array, count: int) -> Array:
    """Where the `count` largest of each row are, in descending order."""
    if scores.shape[1] <= _SORTED_UP_TO:
        return np.argsort(-scores, axis=1, kind="stable")[:, :count]
    among = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(scores, among, 1), axis=1, kind="stable")
    return np.take_along_axis(among, order, 1)


def beam_search(
    inputs: Array, lengths: Array, width: int, paths: int, merge: bool
) -> tuple[list[Array], list[Array], list[Array], Array]:
    """The most probable label sequences.

    Args:
        inputs: logits [steps, batch, classes], of which the last class is the blank.
        lengths: [batch], how many steps count.
        width: how many prefixes are kept at each step.
        paths: how many sequences are returned.
        merge: equal labels in a row are returned as one.

    Returns:
        Indices, values and shapes of one sparse tensor of labels per path; and the logarithms of
        their probabilities, [batch, paths].

    Raises:
        InvalidArgumentError: if there are fewer prefixes than `paths`.
    """
    check_lengths(inputs, lengths, FailedPreconditionError)
    if paths > width:
        message = "requested more paths than the beam width."
        raise InvalidArgumentError(None, None, message)
    logs = log_softmax(inputs)
    steps, batch, _ = inputs.shape
    beams = _Beams(batch, width)
    origins = np.empty((steps, batch, width), np.intp)
    added = np.empty((steps, batch, width), np.intp)
    with np.errstate(invalid="ignore"):
        for step in range(steps):
            origins[step], added[step] = beams.step(logs[step], step < lengths)
    scores = beams.total[:, :paths]
    if (scores == -np.inf).any():
        message = "Less leaves in the beam search than requested."
        raise InvalidArgumentError(None, None, message)
    slots = np.broadcast_to(np.arange(paths), (batch, paths))
    labels = np.empty((paths, batch, steps), np.intp)
    for step in range(steps - 1, -1, -1):
        labels[:, :, step] = np.take_along_axis(added[step], slots, 1).T
        slots = np.take_along_axis(origins[step], slots, 1)
    found = [_as_sparse(each, merge) for each in labels]
    indices, values, shapes = (list(part) for part in zip(*found, strict=True))
    return indices, values, shapes, scores.astype(inputs.dtype)
