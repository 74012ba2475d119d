"""Batch normalization as a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.library.initializers import Ones, Zeros
from flowgraph.library.layers.normalization import BatchNormalization

__all__ = ["batch_normalization"]

Regularizer = Callable[[Any], Any] | None
_ZEROS, _ONES = Zeros(), Ones()


def batch_normalization(
    inputs: Any,
    axis: int | list[int] = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = _ZEROS,
    gamma_initializer: Any = _ONES,
    moving_mean_initializer: Any = _ZEROS,
    moving_variance_initializer: Any = _ONES,
    beta_regularizer: Regularizer = None,
    gamma_regularizer: Regularizer = None,
    beta_constraint: Regularizer = None,
    gamma_constraint: Regularizer = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: bool | None = None,
    renorm: bool = False,
    renorm_clipping: dict[str, Any] | None = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Callable[[Any], Any] | None = None,
) -> Any:
    """`inputs`, normalized by batch; see `BatchNormalization`.

    The moving averages are updated only if the operations of `GraphKeys.UPDATE_OPS` run with each
    training step::

        update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        with tf.control_dependencies(update_ops):
            train_op = optimizer.minimize(loss)

    Args:
        training: whether to use the batch's moments, a bool or a boolean tensor.
        name: the scope of the variables; by default "batch_normalization", made unique.
        reuse: True to use the variables of an earlier layer of that name.
    """
    arguments = dict(locals())
    del arguments["inputs"], arguments["training"]
    layer = BatchNormalization(_scope=name, _reuse=arguments.pop("reuse"), **arguments)
    return layer.apply(inputs, training=training)
