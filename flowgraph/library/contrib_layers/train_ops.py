"""`create_train_op`: a training operation with updates, clipping and checks (`tf.contrib.slim`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowgraph.graph.context import control_dependencies, name_scope
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.library.contrib_layers.gradients import (
    Pairs,
    add_gradients_summaries,
    clip_gradient_norms,
    multiply_gradients,
)
from flowgraph.library.platform import logs
from flowgraph.library.training.global_step import get_or_create_global_step
from flowgraph.library.training.optimizer import Optimizer
from flowgraph.library.variable_lists import trainable_variables
from flowgraph.ops.control import no_op, with_dependencies
from flowgraph.ops.identities import check_numerics as checked

__all__ = ["create_train_op", "train_op_of"]

# Stands for the graph's own step counter, as None stands for none.
_USE_GLOBAL_STEP = 0


def train_op_of(
    total_loss: Any,
    optimizer: Optimizer,
    global_step: Any = _USE_GLOBAL_STEP,
    update_ops: Sequence[Any] | None = None,
    variables_to_train: Sequence[Any] | None = None,
    transform_grads_fn: Callable[[Pairs], Pairs] | None = None,
    summarize_gradients: bool = False,
    gate_gradients: int = Optimizer.GATE_OP,
    aggregation_method: int | None = None,
    colocate_gradients_with_ops: bool = False,
    check_numerics: bool = True,
) -> Any:
    """The loss, as a tensor that is computed after a training step; see `create_train_op`.

    Args:
        transform_grads_fn: a function of the pairs of gradients and variables.
    """
    if global_step is _USE_GLOBAL_STEP:
        global_step = get_or_create_global_step()
    graph = get_default_graph()
    collected = graph.get_collection(GraphKeys.UPDATE_OPS)
    updates = list(dict.fromkeys(collected if update_ops is None else update_ops))
    if any(each not in updates for each in collected):
        logs.warning(
            "update_ops in create_train_op does not contain all the update_ops in "
            "GraphKeys.UPDATE_OPS"
        )
    if updates:
        with control_dependencies(updates):
            barrier = no_op(name="update_barrier")
        total_loss = with_dependencies([barrier], total_loss)
    chosen = trainable_variables() if variables_to_train is None else list(variables_to_train)
    if not chosen:
        raise ValueError("There are no variables to train.")
    pairs = optimizer.compute_gradients(
        total_loss,
        chosen,
        gate_gradients=gate_gradients,
        aggregation_method=aggregation_method,
        colocate_gradients_with_ops=colocate_gradients_with_ops,
    )
    if transform_grads_fn is not None:
        pairs = transform_grads_fn(pairs)
    if summarize_gradients:
        with name_scope("summarize_grads"):
            add_gradients_summaries(pairs)
    applied = optimizer.apply_gradients(pairs, global_step=global_step)
    with name_scope("train_op"):
        if check_numerics:
            total_loss = checked(total_loss, "LossTensor is inf or nan")
        train_op = with_dependencies([applied], total_loss)
    train_ops = graph.get_collection_ref(GraphKeys.TRAIN_OP)
    if not any(train_op is each for each in train_ops):
        train_ops.append(train_op)
    return train_op


def create_train_op(
    total_loss: Any,
    optimizer: Optimizer,
    global_step: Any = _USE_GLOBAL_STEP,
    update_ops: Sequence[Any] | None = None,
    variables_to_train: Sequence[Any] | None = None,
    clip_gradient_norm: float = 0,
    summarize_gradients: bool = False,
    gate_gradients: int = Optimizer.GATE_OP,
    aggregation_method: int | None = None,
    colocate_gradients_with_ops: bool = False,
    gradient_multipliers: Mapping[Any, Any] | None = None,
    check_numerics: bool = True,
) -> Any:
    """The loss, as a tensor that is computed after a training step.

    Args:
        total_loss: a scalar.
        global_step: the step counter, None for none; by default the graph's, made if need be.
        update_ops: run before the loss is computed; the collection UPDATE_OPS if None.
        variables_to_train: all trainable ones if None.
        clip_gradient_norm: the limit of each gradient's norm, 0 for none.
        summarize_gradients: add summaries of the gradients.
        gradient_multipliers: factors by variable or variable's name.
        check_numerics: fail if the loss is infinite or NaN.

    Raises:
        ValueError: if there is nothing to train.
    """

    def transform(pairs: Pairs) -> Pairs:
        if gradient_multipliers:
            with name_scope("multiply_grads"):
                pairs = multiply_gradients(pairs, gradient_multipliers)
        if clip_gradient_norm > 0:
            with name_scope("clip_grads"):
                pairs = clip_gradient_norms(pairs, clip_gradient_norm)
        return pairs

    return train_op_of(
        total_loss,
        optimizer,
        global_step,
        update_ops,
        variables_to_train,
        transform,
        summarize_gradients,
        gate_gradients,
        aggregation_method,
        colocate_gradients_with_ops,
        check_numerics,
    )
