"""Losses with weights, and the collection that they join (`tf.losses`)."""

from flowgraph.library.losses.collected import (
    add_loss,
    get_losses,
    get_regularization_loss,
    get_regularization_losses,
    get_total_loss,
)
from flowgraph.library.losses.cross_entropies import (
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)
from flowgraph.library.losses.elementwise import (
    absolute_difference,
    hinge_loss,
    huber_loss,
    log_loss,
    mean_squared_error,
)
from flowgraph.library.losses.pairwise import cosine_distance, mean_pairwise_squared_error
from flowgraph.library.losses.reduction import Reduction, compute_weighted_loss

__all__ = [
    "Reduction",
    "absolute_difference",
    "add_loss",
    "compute_weighted_loss",
    "cosine_distance",
    "get_losses",
    "get_regularization_loss",
    "get_regularization_losses",
    "get_total_loss",
    "hinge_loss",
    "huber_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]
