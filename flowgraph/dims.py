"""Static shapes as the engine keeps them.

A shape is a plain tuple whose unknown sizes are None, or None where even the rank is unknown (the
alias `Dims`). `flowgraph.shapes.TensorShape` wraps one for the user.
"""

from __future__ import annotations

from collections.abc import Iterable

Dims = tuple[int | None, ...] | None


def show(dims: Dims) -> str:
    """TF1's short form: ``(?, 3)``, ``<unknown>``, ``(2,)``."""
    if dims is None:
        return "<unknown>"
    if len(dims) == 1:
        return f"({'?' if dims[0] is None else dims[0]},)"
    return "(" + ", ".join("?" if size is None else str(size) for size in dims) + ")"


def show_list(dims: Dims) -> str:
    """The form of TF's shape-inference messages: ``[?,3]``."""
    if dims is None:
        return "<unknown>"
    return "[" + ",".join("?" if size is None else str(size) for size in dims) + "]"


def is_known(dims: Dims) -> bool:
    return dims is not None and None not in dims


def num_elements(dims: Dims) -> int | None:
    if dims is None:
        return None
    count = 1
    for size in dims:
        if size is None:
            return None
        count *= size
    return count


def compatible(a: Dims, b: Dims) -> bool:
    if a is None or b is None:
        return True
    if len(a) != len(b):
        return False
    return all(x is None or y is None or x == y for x, y in zip(a, b, strict=True))


def merge(a: Dims, b: Dims) -> Dims:
    if a is None:
        return b
    if b is None or a == b:
        return a
    if not compatible(a, b):
        raise ValueError(f"Shapes {show(a)} and {show(b)} are not compatible")
    return tuple(y if x is None else x for x, y in zip(a, b, strict=True))


def is_at_least_as_specific(dims: Dims, other: Dims) -> bool:
    """True if every array that fits `dims` fits `other`, too."""
    if other is None:
        return True
    if dims is None or len(dims) != len(other):
        return False
    return all(b is None or a == b for a, b in zip(dims, other, strict=True))


def generalized(a: Dims, b: Dims) -> Dims:
    """The most that is known of an array that fits one of two shapes."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))


def with_rank(dims: Dims, rank: int) -> tuple[int | None, ...]:
    if dims is None:
        return (None,) * rank
    if len(dims) != rank:
        raise ValueError(f"Shape {show(dims)} must have rank {rank}")
    return dims


def broadcast(a: Dims, b: Dims) -> Dims:
    """The shape of an elementwise result, by NumPy's rule.

    Raises:
        ValueError: if two known sizes differ and neither is 1.
    """
    if a == b and (a is None or None not in a):
        return a
    if a is None or b is None:
        return None
    if len(a) < len(b):
        a = (1,) * (len(b) - len(a)) + a
    elif len(b) < len(a):
        b = (1,) * (len(a) - len(b)) + b
    sizes: list[int | None] = []
    for x, y in zip(a, b, strict=True):
        if x == y or y == 1:
            sizes.append(x)
        elif x == 1 or x is None:
            sizes.append(y)
        elif y is None:
            sizes.append(x)
        else:
            raise ValueError(f"Dimensions must be equal, but are {x} and {y}")
    return tuple(sizes)


def normalize_axis(axis: int, rank: int, *, extra: int = 0) -> int:
    """`axis` counted from the front. Raises ValueError outside [-rank, rank)."""
    bound = rank + extra
    if not -bound <= axis < bound:
        raise ValueError(f"Invalid axis {axis}: must be in the range [{-bound}, {bound})")
    return axis + bound if axis < 0 else axis


def product(sizes: Iterable[int]) -> int:
    result = 1
    for size in sizes:
        result *= size
    return result
