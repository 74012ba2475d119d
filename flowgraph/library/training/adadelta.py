"""Adadelta."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.training.parameters import typed

__all__ = ["AdadeltaOptimizer"]


class AdadeltaOptimizer(Optimizer):
    """Steps in proportion to the running size of past steps over that of past gradients.

    Zeiler (2012)::

        accum = rho * accum + (1 - rho) * grad ** 2
        step = sqrt(accum_update + epsilon) / sqrt(accum + epsilon) * grad
        accum_update = rho * accum_update + (1 - rho) * step ** 2
        var -= learning_rate * step

    Args:
        learning_rate: a number, tensor, or function without arguments that returns one; likewise
            `rho` and `epsilon`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._rho = rho
        self._epsilon = epsilon
        self._parameters: list[Any] = []

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "accum", self._name)
            self._zeros_slot(var, "accum_update", self._name)

    def _prepare(self) -> None:
        given = {"lr": self._lr, "rho": self._rho, "epsilon": self._epsilon}
        self._parameters = [
            convert_to_tensor(self._call_if_callable(value), name=name)
            for name, value in given.items()
        ]

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return apply(
            "ApplyAdadelta",
            *self._before(var),
            grad,
            use_locking=self._use_locking,
        )

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return apply(
            "SparseApplyAdadelta",
            *self._before(var),
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        )

    def _before(self, var: Any) -> list[Any]:
        slots = [self.get_slot(var, "accum"), self.get_slot(var, "accum_update")]
        return [var, *slots, *[typed(each, var) for each in self._parameters]]
