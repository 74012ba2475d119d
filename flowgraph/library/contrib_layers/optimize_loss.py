"""`optimize_loss`: a training operation in one call (`tf.contrib.layers`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library.contrib_layers.gradients import (
    Pairs,
    add_scaled_noise,
    multiply_gradients,
    values_of,
)
from flowgraph.library.initializers import Constant
from flowgraph.library.scopes import variable_scope
from flowgraph.library.summaries import histogram, scalar
from flowgraph.library.training.adagrad import AdagradOptimizer
from flowgraph.library.training.adam import AdamOptimizer
from flowgraph.library.training.ftrl import FtrlOptimizer
from flowgraph.library.training.global_step import assert_global_step, get_global_step
from flowgraph.library.training.gradient_descent import GradientDescentOptimizer
from flowgraph.library.training.momentum import MomentumOptimizer
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.training.rmsprop import RMSPropOptimizer
from flowgraph.library.variable_lists import trainable_variables
from flowgraph.library.variable_scope import get_variable
from flowgraph.ops.clip import clip_by_global_norm, global_norm
from flowgraph.ops.control import with_dependencies
from flowgraph.ops.static_assertions import assert_scalar

__all__ = ["OPTIMIZER_CLS_NAMES", "OPTIMIZER_SUMMARIES", "optimize_loss"]


def _momentum(learning_rate: Any) -> Optimizer:
    return MomentumOptimizer(learning_rate, momentum=0.9)


OPTIMIZER_CLS_NAMES: dict[str, Callable[..., Optimizer]] = {
    "Adagrad": AdagradOptimizer,
    "Adam": AdamOptimizer,
    "Ftrl": FtrlOptimizer,
    "Momentum": _momentum,
    "RMSProp": RMSPropOptimizer,
    "SGD": GradientDescentOptimizer,
}

OPTIMIZER_SUMMARIES = [
    "learning_rate",
    "loss",
    "gradients",
    "gradient_norm",
    "global_gradient_norm",
]


def _rate(learning_rate: Any) -> Any:
    """The learning rate as a tensor or variable, None if it is None."""
    if learning_rate is None:
        return None
    if isinstance(learning_rate, Tensor) and learning_rate.get_shape().ndims == 0:
        return learning_rate
    if not isinstance(learning_rate, float):
        raise ValueError(
            f"Learning rate should be 0d Tensor or float. Got {learning_rate} of type "
            f"{type(learning_rate)}"
        )
    if learning_rate < 0.0:
        raise ValueError(f"Invalid learning_rate {learning_rate}.")
    start = Constant(learning_rate)
    return get_variable("learning_rate", [], trainable=False, initializer=start)


def _optimizer(optimizer: Any, rate: Any) -> Optimizer:
    if isinstance(optimizer, Optimizer):
        return optimizer
    named = isinstance(optimizer, str)
    if named and optimizer not in OPTIMIZER_CLS_NAMES:
        raise ValueError(
            f"Optimizer name should be one of [{', '.join(OPTIMIZER_CLS_NAMES)}], you provided "
            f"{optimizer}."
        )
    if named or (isinstance(optimizer, type) and issubclass(optimizer, Optimizer)):
        if rate is None:
            raise ValueError(
                "Learning rate is None, but should be specified if optimizer is string or class "
                f"({optimizer})."
            )
        make = OPTIMIZER_CLS_NAMES[optimizer] if named else optimizer
        return make(learning_rate=rate)
    if not callable(optimizer):
        raise ValueError(
            "Unrecognized optimizer: should be string, subclass of Optimizer, instance of subclass "
            f"of Optimizer or function with one argument. Got {optimizer}."
        )
    made = optimizer() if rate is None else optimizer(rate)
    if not isinstance(made, Optimizer):
        raise ValueError(
            f"Unrecognized optimizer: function should return subclass of Optimizer. Got {made}."
        )
    return made


def _clipped(pairs: Pairs, clip_gradients: Any) -> Pairs:
    if clip_gradients is None:
        return pairs
    if isinstance(clip_gradients, float):
        gradients, variables = zip(*pairs, strict=True)
        clipped, _ = clip_by_global_norm(gradients, clip_gradients)
        return list(zip(clipped, variables, strict=True))
    if callable(clip_gradients):
        return list(clip_gradients(pairs))
    raise ValueError(f"Unknown type {type(clip_gradients)} for clip_gradients")


def _summarize_gradients(pairs: Pairs, summaries: Sequence[str]) -> None:
    for gradient, variable in pairs:
        if gradient is None:
            continue
        name = variable.name.replace(":", "_")
        if "gradients" in summaries:
            histogram(f"gradients/{name}", values_of(gradient))
        if "gradient_norm" in summaries:
            scalar(f"gradient_norm/{name}", global_norm([values_of(gradient)]))


def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: Mapping[Any, Any] | None = None,
    clip_gradients: float | Callable[[Pairs], Pairs] | None = None,
    learning_rate_decay_fn: Callable[[Any, Any], Any] | None = None,
    update_ops: Sequence[Any] | None = None,
    variables: Sequence[Any] | None = None,
    name: str | None = None,
    summaries: Sequence[str] | None = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Any:
    """The loss, as a tensor that is computed after a training step.

    Args:
        loss: a scalar.
        global_step: the step counter; the graph's if None.
        learning_rate: a float, a scalar tensor, or None where the optimizer knows its own.
        optimizer: a name of `OPTIMIZER_CLS_NAMES`, an optimizer, its class, or a function of the
            learning rate to one.
        gradient_noise_scale: the deviation of normal noise that is added to the gradients.
        gradient_multipliers: factors by variable or variable's name.
        clip_gradients: the limit of the global norm, or a function of the pairs of gradients and
            variables.
        learning_rate_decay_fn: a function of learning rate and step to the rate.
        update_ops: run before the loss is computed; the collection UPDATE_OPS if None.
        variables: those to be trained; all trainable ones if None.
        name: the scope; by default "OptimizeLoss".
        summaries: which of `OPTIMIZER_SUMMARIES` to make; by default loss, learning rate and the
            gradients' global norm.
        increment_global_step: whether the step counter counts.

    Raises:
        ValueError: if arguments are none of these or do not go together.
    """
    loss = assert_scalar(convert_to_tensor(loss))
    step = get_global_step() if global_step is None else global_step
    if global_step is not None:
        assert_global_step(global_step)
    chosen = ["loss", "learning_rate", "global_gradient_norm"] if summaries is None else summaries
    for each in chosen:
        if each not in OPTIMIZER_SUMMARIES:
            raise ValueError(
                f"Summaries should be one of [{', '.join(OPTIMIZER_SUMMARIES)}], you provided "
                f"{each}."
            )
    graph = get_default_graph()
    with variable_scope(name, "OptimizeLoss", [loss, step]):
        if update_ops is None:
            update_ops = graph.get_collection(GraphKeys.UPDATE_OPS)
        if update_ops:
            loss = with_dependencies(list(dict.fromkeys(update_ops)), loss)
        rate = _rate(learning_rate)
        if rate is not None and learning_rate_decay_fn is not None:
            if step is None:
                raise ValueError("global_step is required for learning_rate_decay_fn.")
            rate = learning_rate_decay_fn(rate, step)
            if "learning_rate" in chosen:
                scalar("learning_rate", rate)
        trainer = _optimizer(optimizer, rate)
        pairs = trainer.compute_gradients(
            loss,
            trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gradient_noise_scale is not None:
            pairs = add_scaled_noise(pairs, gradient_noise_scale)
        if gradient_multipliers is not None:
            pairs = multiply_gradients(pairs, gradient_multipliers)
        norms = "global_gradient_norm" in chosen or "gradient_norm" in chosen
        if norms:
            scalar("global_norm/gradient_norm", global_norm([pair[0] for pair in pairs]))
        pairs = _clipped(pairs, clip_gradients)
        if "loss" in chosen:
            scalar("loss", loss)
        _summarize_gradients(pairs, chosen)
        if clip_gradients is not None and norms:
            scalar("global_norm/clipped_gradient_norm", global_norm([pair[0] for pair in pairs]))
        counted = step if increment_global_step else None
        updates = trainer.apply_gradients(pairs, global_step=counted, name="train")
        return with_dependencies([updates], loss)
