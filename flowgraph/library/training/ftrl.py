"""FTRL: follow the regularized leader."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import colocate_with
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.training.parameters import typed

__all__ = ["FtrlOptimizer"]


class FtrlOptimizer(Optimizer):
    """Follow the regularized leader, for sparse models (McMahan et al. 2013).

    The update is that of the op ApplyFtrl, or ApplyFtrlV2 if there is shrinkage.

    Args:
        learning_rate: a number or tensor.
        learning_rate_power: not positive; how the rate falls with the accumulated gradients, zero
            for a fixed one.
        initial_accumulator_value: not negative.
        l1_regularization_strength: not negative.
        l2_regularization_strength: not negative.
        accum_name: name of the slot of squared gradients.
        linear_name: name of the slot of the linear term.
        l2_shrinkage_regularization_strength: not negative; a penalty on the size of the weights
            that, unlike L2, acts on the loss only.

    Raises:
        ValueError: if one of these is out of its range.
    """

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
    ) -> None:
        super().__init__(use_locking, name)
        not_negative = {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
        }
        for key, value in not_negative.items():
            if value < 0.0:
                raise ValueError(f"{key} {value} needs to be positive or zero")
        if learning_rate_power > 0.0:
            raise ValueError(
                f"learning_rate_power {learning_rate_power} needs to be negative or zero"
            )
        self._initial_accumulator_value = initial_accumulator_value
        self._accum_name = accum_name or name
        self._linear_name = linear_name or name
        self._shrinks = l2_shrinkage_regularization_strength > 0.0
        self._given = {
            "learning_rate": learning_rate,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
            "learning_rate_power": learning_rate_power,
        }
        if not self._shrinks:
            del self._given["l2_shrinkage_regularization_strength"]
        self._parameters: list[Any] = []

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            with colocate_with(var):
                filled = constant(
                    self._initial_accumulator_value, var.dtype.base_dtype, var.get_shape()
                )
            self._get_or_make_slot(var, filled, "accum", self._accum_name)
            self._zeros_slot(var, "linear", self._linear_name)

    def _prepare(self) -> None:
        self._parameters = [
            convert_to_tensor(self._call_if_callable(value), name=name)
            for name, value in self._given.items()
        ]

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        op_type = "ApplyFtrlV2" if self._shrinks else "ApplyFtrl"
        return apply(op_type, *self._slots_of(var), grad, *self._typed(var), **self._locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        op_type = "SparseApplyFtrlV2" if self._shrinks else "SparseApplyFtrl"
        slots, parameters = self._slots_of(var), self._typed(var)
        return apply(op_type, *slots, grad.values, grad.indices, *parameters, **self._locking)

    @property
    def _locking(self) -> dict[str, Any]:
        return {"use_locking": self._use_locking}

    def _slots_of(self, var: Any) -> tuple[Any, ...]:
        return var, self.get_slot(var, "accum"), self.get_slot(var, "linear")

    def _typed(self, var: Any) -> list[Any]:
        return [typed(each, var) for each in self._parameters]
