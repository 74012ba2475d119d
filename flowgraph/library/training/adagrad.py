"""Adagrad, and Adagrad with dual averaging."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.build import apply
from flowgraph.graph.context import colocate_with, device
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.library import initializers
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.training.parameters import typed
from flowgraph.ops.cast import cast

__all__ = ["AdagradDAOptimizer", "AdagradOptimizer"]


class AdagradOptimizer(Optimizer):
    """``accumulator += grad ** 2; var -= learning_rate * grad / sqrt(accumulator)``.

    Duchi, Hazan and Singer (2011).

    Args:
        learning_rate: a number, tensor, or function without arguments that returns one.
        initial_accumulator_value: a positive number.

    Raises:
        ValueError: if `initial_accumulator_value` is not positive.
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                f"initial_accumulator_value must be positive: {initial_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._learning_rate_tensor: Any = None

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            dtype = var.dtype.base_dtype
            shape = var.get_shape()
            if shape.is_fully_defined():
                initial = initializers.Constant(self._initial_accumulator_value, dtype=dtype)
                self._get_or_make_slot_with_initializer(
                    var, initial, shape, dtype, "accumulator", self._name
                )
            else:
                value = convert_to_tensor(self._initial_accumulator_value, dtype)
                filled = apply("Fill", apply("Shape", var.initialized_value()), value)
                self._get_or_make_slot(var, filled, "accumulator", self._name)

    def _prepare(self) -> None:
        rate = self._call_if_callable(self._learning_rate)
        self._learning_rate_tensor = convert_to_tensor(rate, name="learning_rate")

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return apply(
            "ApplyAdagrad",
            var,
            self.get_slot(var, "accumulator"),
            typed(self._learning_rate_tensor, var),
            grad,
            use_locking=self._use_locking,
        ).op

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return apply(
            "SparseApplyAdagrad",
            var,
            self.get_slot(var, "accumulator"),
            typed(self._learning_rate_tensor, var),
            grad.values,
            grad.indices,
            use_locking=self._use_locking,
        ).op


class AdagradDAOptimizer(Optimizer):
    """Adagrad with dual averaging, which gives sparse linear models.

    Duchi, Hazan and Singer (2011); the update is that of the op ApplyAdagradDA.

    Args:
        learning_rate: a number, tensor, or function without arguments that returns one.
        global_step: a variable that counts the steps, int64.
        initial_gradient_squared_accumulator_value: a positive number.
        l1_regularization_strength: not negative.
        l2_regularization_strength: not negative.

    Raises:
        ValueError: if the initial value of the accumulator is not positive.
    """

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        if initial_gradient_squared_accumulator_value <= 0.0:
            raise ValueError(
                "initial_gradient_squared_accumulator_value must be positive: "
                f"{initial_gradient_squared_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._global_step = global_step
        self._initial_value = initial_gradient_squared_accumulator_value
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._learning_rate_tensor: Any = None
        self._next_step: Any = None

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            dtype, shape = var.dtype.base_dtype, var.get_shape()
            with colocate_with(var):
                zeros = constant(0.0, dtype, shape)
                filled = constant(self._initial_value, dtype, shape)
            self._get_or_make_slot(var, zeros, "gradient_accumulator", self._name)
            self._get_or_make_slot(var, filled, "gradient_squared_accumulator", self._name)

    def _prepare(self) -> None:
        rate = self._call_if_callable(self._learning_rate)
        self._learning_rate_tensor = convert_to_tensor(rate, name="learning_rate")
        with colocate_with(self._learning_rate_tensor):
            self._next_step = apply("Identity", self._global_step) + 1

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return apply("ApplyAdagradDA", *self._before(var), grad, *self._after(var), **self._locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return apply(
            "SparseApplyAdagradDA",
            *self._before(var),
            grad.values,
            grad.indices,
            *self._after(var),
            **self._locking,
        )

    @property
    def _locking(self) -> dict[str, Any]:
        return {"use_locking": self._use_locking}

    def _before(self, var: Any) -> tuple[Any, ...]:
        gradients = self.get_slot(var, "gradient_accumulator")
        return var, gradients, self.get_slot(var, "gradient_squared_accumulator")

    def _after(self, var: Any) -> tuple[Any, ...]:
        with device(var.device or None):
            step = apply("Identity", self._next_step)
        dtype = var.dtype.base_dtype
        rate = typed(self._learning_rate_tensor, var)
        return rate, cast(self._l1, dtype), cast(self._l2, dtype), step
