"""Einstein summation, built of transposes, matrix products and sums."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flowgraph import dims
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array, layout
from flowgraph.ops.linalg import matmul
from flowgraph.ops.reduce import reduce_sum

__all__ = ["einsum"]

_EQUATION = re.compile(r"[A-Za-z.,]*(->[A-Za-z.]*)?")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class _Term:
    """A tensor with one label per axis."""

    tensor: Tensor
    labels: str

    def size(self, labels: str) -> int | None:
        """The number of elements along some axes, where it is known."""
        known = self.tensor.dims
        if known is None:
            return None if labels else 1
        return dims.num_elements(tuple(known[self.labels.index(label)] for label in labels))

    def dynamic_size(self, labels: str) -> Tensor:
        """The same as a scalar tensor."""
        places = [self.labels.index(label) for label in labels]
        lengths = apply("GatherV2", array.shape(self.tensor), places, 0)
        product: Tensor = apply("Prod", lengths, [0])
        return product

    def ordered(self, labels: str) -> Tensor:
        """The tensor with its axes in the order of `labels`."""
        if labels == self.labels:
            return self.tensor
        return layout.transpose(self.tensor, [self.labels.index(each) for each in labels])

    def summed(self, keep: str) -> _Term:
        """Without the labels that are not in `keep`."""
        axes = [place for place, label in enumerate(self.labels) if label not in keep]
        if not axes:
            return self
        left = "".join(label for label in self.labels if label in keep)
        return _Term(reduce_sum(self.tensor, axes), left)


def einsum(equation: str, *inputs: Any, name: str | None = None) -> Tensor:
    """The sum of products named by an equation such as ``"ij,jk->ik"``.

    Each input has one letter per axis. Axes with one letter are of one size; letters that the
    output does not name are summed over. ``...`` stands for axes that broadcast. Without ``->``
    the output has the letters that occur once, in alphabetical order.

    Args:
        equation: the letters of each input, commas between, ``->`` and those of the output.
        inputs: one tensor per input of the equation, of one type.

    Raises:
        ValueError: if the equation does not fit the inputs, or names one letter twice in an input.
    """
    with name_scope(name, "einsum", [equation, inputs]):
        if not inputs:
            raise ValueError("Must specify at least one input to einsum.")
        terms = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], list | tuple) else inputs
        tensors = [convert_to_tensor(each, name="input") for each in terms]
        labels, output = _parsed(equation, tensors)
        remaining = [_Term(tensor, each) for tensor, each in zip(tensors, labels, strict=True)]
        _check_sizes(remaining)
        total = remaining.pop(0)
        while remaining:
            following = remaining.pop(0)
            needed = output + "".join(each.labels for each in remaining)
            total = _combined(total, following, needed)
        total = total.summed(output)
        missing = [label for label in output if label not in total.labels]
        if missing:
            raise ValueError(f"Unknown label(s) {', '.join(missing)} in the output of {equation}")
        return total.ordered(output)


def _parsed(equation: str, tensors: list[Tensor]) -> tuple[list[str], str]:
    """The labels of each input, with letters for the axes of ``...``, and those of the output."""
    text = equation.replace(" ", "")
    if not _EQUATION.fullmatch(text):
        raise ValueError(f"Indices have incorrect format: {equation}")
    left, arrow, output = text.partition("->")
    parts = left.split(",")
    if len(parts) != len(tensors):
        raise ValueError(
            f"Got {len(tensors)} arguments for equation {equation!r}, expecting {len(parts)}"
        )
    spare = "".join(letter for letter in _LETTERS if letter not in text)
    counts = [
        _ellipsis_rank(part, tensor, equation) for part, tensor in zip(parts, tensors, strict=True)
    ]
    broadcast = spare[: max(counts)]
    parts = [
        part.replace("...", broadcast[len(broadcast) - count :])
        for part, count in zip(parts, counts, strict=True)
    ]
    if arrow:
        output = output.replace("...", broadcast)
    else:
        joined = "".join(parts)
        once = sorted(each for each in set(joined) - set(broadcast) if joined.count(each) == 1)
        output = broadcast + "".join(once)
    for part, tensor in zip([*parts, output], [*tensors, None], strict=True):
        _check_labels(part, tensor, equation)
    return parts, output


def _ellipsis_rank(part: str, tensor: Tensor, equation: str) -> int:
    letters = part.replace("...", "", 1)
    if "." in letters:
        raise ValueError(f"Indices have incorrect format: {equation}")
    if letters == part:
        return 0
    if tensor.dims is None:
        raise ValueError(f"An input of {equation!r} with `...` must be of known rank.")
    return max(len(tensor.dims) - len(letters), 0)


def _check_labels(part: str, tensor: Tensor | None, equation: str) -> None:
    for label in part:
        if part.count(label) > 1:
            raise ValueError(
                f"Subscripts not supported: the axis {label} appears more than once in {part} "
                f"of {equation}"
            )
    if tensor is not None and tensor.dims is not None and len(tensor.dims) != len(part):
        raise ValueError(
            f"Input of shape {tensor.shape} does not have the {len(part)} axes that {part!r} of "
            f"{equation!r} names"
        )


def _check_sizes(terms: list[_Term]) -> None:
    found: dict[str, int] = {}
    for term in terms:
        for label, size in zip(term.labels, term.tensor.dims or (), strict=False):
            known = found.get(label, 1)
            if size is not None and size != 1:
                if known not in (1, size):
                    raise ValueError(
                        f"Expected dimension {known} at axis {term.labels.index(label)} of the "
                        f"input of shape {term.tensor.shape} but got dimension {size}"
                    )
                found[label] = size


def _combined(a: _Term, b: _Term, needed: str) -> _Term:
    """The product of two terms, summed over the labels that are not needed any more."""
    a = a.summed(needed + b.labels)
    b = b.summed(needed + a.labels)
    shared = [label for label in a.labels if label in b.labels]
    contracted = "".join(label for label in shared if label not in needed)
    if not contracted or any(_may_broadcast(a, b, label) for label in shared):
        return _multiplied(a, b).summed(needed)
    batch = "".join(label for label in shared if label in needed)
    free_a = "".join(label for label in a.labels if label not in shared)
    free_b = "".join(label for label in b.labels if label not in shared)
    left = _merged(a, batch, free_a, contracted)
    right = _merged(b, batch, contracted, free_b)
    product = matmul(left, right)
    axes = [(a, label) for label in batch + free_a] + [(b, label) for label in free_b]
    return _Term(_reshaped(product, axes), batch + free_a + free_b)


def _may_broadcast(a: _Term, b: _Term, label: str) -> bool:
    first, second = a.size(label), b.size(label)
    return first != second and 1 in (first, second) and None not in (first, second)


def _merged(term: _Term, batch: str, rows: str, columns: str) -> Tensor:
    """`term` as a stack of matrices: batch axes, then `rows` and `columns` merged into one each."""
    tensor = term.ordered(batch + rows + columns)
    if len(rows) == len(columns) == 1:
        return tensor
    axes = [*batch, rows, columns]
    return _reshaped(tensor, [(term, labels) for labels in axes])


def _reshaped(tensor: Tensor, axes: list[tuple[_Term, str]]) -> Tensor:
    """`tensor` in a shape whose axes merge the named axes of terms."""
    sizes = [term.size(labels) for term, labels in axes]
    known = tuple(sizes)
    if None not in known and tensor.dims == known:
        return tensor
    shape: list[Any] = []
    # One unknown size may be left to be inferred.
    inferred = 0 in known
    for size, (term, labels) in zip(sizes, axes, strict=True):
        if size is not None:
            shape.append(size)
        elif inferred:
            shape.append(term.dynamic_size(labels))
        else:
            shape.append(-1)
            inferred = True
    result = array.reshape(tensor, shape)
    result.set_shape(known)
    return result


def _multiplied(a: _Term, b: _Term) -> _Term:
    """The elementwise product; an axis that one of them lacks is broadcast."""
    labels = a.labels + "".join(label for label in b.labels if label not in a.labels)
    factors = [_with_axes(term, labels) for term in (a, b)]
    return _Term(apply("Mul", *factors, name="mul"), labels)


def _with_axes(term: _Term, labels: str) -> Tensor:
    present = "".join(label for label in labels if label in term.labels)
    tensor = term.ordered(present)
    for place, label in enumerate(labels):
        if label not in term.labels:
            tensor = layout.expand_dims(tensor, place)
    return tensor
