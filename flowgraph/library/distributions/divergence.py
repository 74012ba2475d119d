"""The Kullback-Leibler divergence, by formulas registered for pairs of classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.array import identity
from flowgraph.ops.assertions import Assert
from flowgraph.ops.logic import is_nan
from flowgraph.ops.reduce import reduce_any

__all__ = ["RegisterKL", "cross_entropy", "kl_divergence"]

Formula = Callable[..., Tensor]
_FORMULAS: dict[tuple[type, type], Formula] = {}


class RegisterKL:
    """Registers a function as the formula of KL(a || b) for two classes of distributions::

    @RegisterKL(Normal, Normal)
    def normal_from_normal(a, b, name=None): ...
    """

    def __init__(self, dist_cls_a: type, dist_cls_b: type) -> None:
        self._key = (dist_cls_a, dist_cls_b)

    def __call__(self, kl_fn: Formula) -> Formula:
        """Register `kl_fn` and return it.

        Raises:
            TypeError: if it cannot be called.
            ValueError: if the classes have a formula already.
        """
        if not callable(kl_fn):
            raise TypeError(f"kl_fn must be callable, received: {kl_fn}")
        if self._key in _FORMULAS:
            a, b = (each.__name__ for each in self._key)
            raise ValueError(
                f"KL({a} || {b}) has already been registered to: {_FORMULAS[self._key]}"
            )
        _FORMULAS[self._key] = kl_fn
        return kl_fn


def _formula(type_a: type, type_b: type) -> Formula | None:
    """That of the classes, or of the bases that are together the fewest steps away."""
    found = [
        (steps_a + steps_b, steps_a, _FORMULAS[a, b])
        for steps_a, a in enumerate(type_a.__mro__)
        for steps_b, b in enumerate(type_b.__mro__)
        if (a, b) in _FORMULAS
    ]
    return min(found, key=lambda each: each[:2])[2] if found else None


def kl_divergence(
    distribution_a: Any, distribution_b: Any, allow_nan_stats: bool = True, name: str | None = None
) -> Tensor:
    """The Kullback-Leibler divergence ``E_a[log(a(x) / b(x))]``, for each element of the batch.

    Args:
        allow_nan_stats: otherwise fail, when run, where the result is nan.

    Raises:
        NotImplementedError: if there is no formula for the two classes or their bases.
    """
    formula = _formula(type(distribution_a), type(distribution_b))
    if formula is None:
        raise NotImplementedError(
            "No KL(distribution_a || distribution_b) registered for distribution_a type "
            f"{type(distribution_a).__name__} and distribution_b type "
            f"{type(distribution_b).__name__}"
        )
    with name_scope("KullbackLeibler"):
        divergence = formula(distribution_a, distribution_b, name=name)
        if allow_nan_stats:
            return divergence
        divergence = identity(divergence, name="kl")
        text = (
            f"KL calculation between {distribution_a.name} and {distribution_b.name} returned NaN "
            "values (and was called with allow_nan_stats=False). Values:"
        )
        is_number = apply("LogicalNot", reduce_any(is_nan(divergence)))
        with control_dependencies([Assert(is_number, [text, divergence])]):
            checked: Tensor = identity(divergence, name="checked_kl")
            return checked


def cross_entropy(
    ref: Any, other: Any, allow_nan_stats: bool = True, name: str | None = None
) -> Tensor:
    """``E_ref[-log other(x)]``: the entropy of `ref` and its divergence from `other`."""
    with name_scope(name, "cross_entropy"):
        entropy: Tensor = ref.entropy()
        return entropy + kl_divergence(ref, other, allow_nan_stats=allow_nan_stats)
