"""Gradient descent and Adagrad with a proximal step for L1 and L2 regularization."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import colocate_with
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.training.parameters import typed

__all__ = ["ProximalAdagradOptimizer", "ProximalGradientDescentOptimizer"]


class ProximalGradientDescentOptimizer(Optimizer):
    """A gradient step, then the proximal operator of the penalty (Duchi and Singer 2009).

    ::

        prox = var - learning_rate * grad
        var = sign(prox) * max(|prox| - learning_rate * l1, 0) / (1 + learning_rate * l2)

    Args:
        learning_rate: a number or tensor.
        l1_regularization_strength: not negative.
        l2_regularization_strength: not negative.
    """

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        super().__init__(use_locking, name)
        self._given = {
            "learning_rate": learning_rate,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
        }
        self._parameters: list[Any] = []

    def _prepare(self) -> None:
        self._parameters = [
            convert_to_tensor(self._call_if_callable(value), name=name)
            for name, value in self._given.items()
        ]

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return self._applied("ApplyProximalGradientDescent", var, grad)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._applied("SparseApplyProximalGradientDescent", var, grad.values, grad.indices)

    def _applied(self, op_type: str, var: Any, *gradient: Any) -> Any:
        parameters = [typed(each, var) for each in self._parameters]
        targets = [var, *self._slots_of(var)]
        return apply(op_type, *targets, *parameters, *gradient, use_locking=self._use_locking).op

    def _slots_of(self, var: Any) -> list[Any]:
        return []


class ProximalAdagradOptimizer(ProximalGradientDescentOptimizer):
    """Adagrad with the proximal step: its rate is that of Adagrad, per element.

    Args:
        learning_rate: a number or tensor.
        initial_accumulator_value: a positive number.
        l1_regularization_strength: not negative.
        l2_regularization_strength: not negative.

    Raises:
        ValueError: if `initial_accumulator_value` is not positive.
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                f"initial_accumulator_value must be positive: {initial_accumulator_value}"
            )
        super().__init__(
            learning_rate,
            l1_regularization_strength,
            l2_regularization_strength,
            use_locking,
            name,
        )
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            with colocate_with(var):
                filled = constant(
                    self._initial_accumulator_value, var.dtype.base_dtype, var.get_shape()
                )
            self._get_or_make_slot(var, filled, "accumulator", self._name)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return self._applied("ApplyProximalAdagrad", var, grad)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._applied("SparseApplyProximalAdagrad", var, grad.values, grad.indices)

    def _slots_of(self, var: Any) -> list[Any]:
        return [self.get_slot(var, "accumulator")]
