"""Losses over very many classes, computed from a sample of them."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops import array, constants
from flowgraph.ops.arithmetic import multiply
from flowgraph.ops.candidate import compute_accidental_hits, log_uniform_candidate_sampler
from flowgraph.ops.cast import cast
from flowgraph.ops.cross_entropy import (
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from flowgraph.ops.embedding import embedding_lookup
from flowgraph.ops.identities import stop_gradient
from flowgraph.ops.joining import concat, stack
from flowgraph.ops.layout import expand_dims, squeeze
from flowgraph.ops.linalg import matmul
from flowgraph.ops.pointwise_losses import sigmoid_cross_entropy_with_logits
from flowgraph.ops.slicing import slice as slice_
from flowgraph.ops.sparse_dense import sparse_to_dense
from flowgraph.ops.transcendental import log

__all__ = ["nce_loss", "sampled_softmax_loss", "sampled_sparse_softmax_loss"]


def _row_sums(x: Tensor) -> Tensor:
    """The sums of a matrix's rows, as a product with a column of ones."""
    columns = array.shape(x)[1]
    ones = constants.ones(stack([columns, 1]), x.dtype)
    return array.reshape(matmul(x, ones), [-1])


def _looked_up(params: Any, ids: Tensor, strategy: str, dtype: Any) -> Tensor:
    rows: Tensor = cast(embedding_lookup(params, ids, partition_strategy=strategy), dtype)
    return rows


def _without_hits(
    logits: Tensor, labels: Tensor, sampled: Tensor, num_true: int, num_sampled: int
) -> Tensor:
    """The logits with the least number added where a sampled class is a true one."""
    rows, places, weights = compute_accidental_hits(labels, sampled, num_true=num_true)
    row_column = array.reshape(rows, [-1, 1])
    place_column = array.reshape(cast(places, dtypes.int32), [-1, 1])
    indices = concat([row_column, place_column], 1, "sparse_indices")
    shape = concat([array.shape(labels)[:1], expand_dims(num_sampled, 0)], 0)
    weights = cast(weights, logits.dtype)
    hits = sparse_to_dense(indices, shape, weights, 0.0, validate_indices=False)
    total: Tensor = logits + hits
    return total


def _sampled_logits(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int,
    sampled_values: Any,
    remove_accidental_hits: bool,
    partition_strategy: str,
    name: str | None,
    seed: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Logits of the true and of the sampled classes side by side, and their labels.

    From each logit the logarithm of the expected count of its class is subtracted.
    """
    if not isinstance(weights, list):
        weights = list(weights) if hasattr(weights, "_get_variable_list") else [weights]
    with name_scope(name, "compute_sampled_logits", [*weights, biases, inputs, labels]):
        labels = cast(labels, dtypes.int64)
        inputs = convert_to_tensor(inputs)
        flat = array.reshape(labels, [-1])
        if sampled_values is None:
            sampled_values = log_uniform_candidate_sampler(
                labels, num_true, num_sampled, True, num_classes, seed
            )
        sampled, true_counts, sampled_counts = (stop_gradient(each) for each in sampled_values)
        sampled = cast(sampled, dtypes.int64)
        ids = concat([flat, sampled], 0)
        rows = _looked_up(weights, ids, partition_strategy, inputs.dtype.base_dtype)
        true_rows = slice_(rows, [0, 0], stack([array.shape(flat)[0], -1]))
        sampled_rows = slice_(rows, stack([array.shape(flat)[0], 0]), [-1, -1])
        sampled_logits = matmul(inputs, sampled_rows, transpose_b=True)
        offsets = _looked_up(biases, ids, partition_strategy, inputs.dtype.base_dtype)
        true_offsets = slice_(offsets, [0], array.shape(flat))
        sampled_offsets = slice_(offsets, array.shape(flat), [-1])
        width = array.shape(true_rows)[1:2]
        by_example = concat([[-1, num_true], width], 0)
        products = multiply(expand_dims(inputs, 1), array.reshape(true_rows, by_example))
        dots = _row_sums(array.reshape(products, concat([[-1], width], 0)))
        true_logits: Tensor = array.reshape(dots, [-1, num_true])
        true_logits = true_logits + array.reshape(true_offsets, [-1, num_true])
        sampled_logits = sampled_logits + sampled_offsets
        if remove_accidental_hits:
            sampled_logits = _without_hits(sampled_logits, labels, sampled, num_true, num_sampled)
        true_logits = true_logits - log(true_counts)
        sampled_logits = sampled_logits - log(sampled_counts)
        logits = concat([true_logits, sampled_logits], 1)
        shares = constants.ones_like(true_logits) / num_true
        targets = concat([shares, constants.zeros_like(sampled_logits)], 1)
        return logits, targets


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Tensor:
    """The noise-contrastive estimation loss of each example.

    The sum of the sigmoid cross-entropies of the true classes (target ``1 / num_true``) and of the
    sampled ones (target 0), with logits ``inputs . weights[class] + biases[class]`` less the
    logarithm of how often the class is expected in the sample.

    Args:
        weights: [num_classes, dim], or a list of parts of that (see `embedding_lookup`).
        biases: [num_classes].
        labels: int64 [batch, num_true], the true classes.
        inputs: [batch, dim].
        num_sampled: how many classes are sampled for the whole batch.
        num_classes: how many there are.
        num_true: how many true classes an example has.
        sampled_values: the result of a candidate sampler; by default that of
            `log_uniform_candidate_sampler`.
        remove_accidental_hits: leave sampled classes out for those examples whose true class they
            are.
        partition_strategy: "mod" or "div", see `embedding_lookup`.

    Returns:
        [batch].

    Source: Gutmann, Hyvaerinen: Noise-contrastive estimation (AISTATS 2010).
    """
    logits, targets = _sampled_logits(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits,
        partition_strategy,
        name,
    )
    losses = sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name="sampled_losses")
    return _row_sums(losses)


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
    seed: int | None = None,
) -> Tensor:
    """The softmax cross-entropy of each example over its true and the sampled classes.

    An underestimate of that over all classes, for training only. Arguments: see `nce_loss`.

    Args:
        seed: of the sampler.

    Returns:
        [batch].
    """
    logits, targets = _sampled_logits(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits,
        partition_strategy,
        name,
        seed,
    )
    targets = stop_gradient(targets, name="labels_stop_gradient")
    losses: Tensor = softmax_cross_entropy_with_logits_v2(labels=targets, logits=logits)
    return losses


def sampled_sparse_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_sparse_softmax_loss",
) -> Tensor:
    """As `sampled_softmax_loss` with one true class per example, by the sparse cross-entropy.

    Args:
        labels: int64 [batch, 1].

    Returns:
        [batch].
    """
    logits, _ = _sampled_logits(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        1,
        sampled_values,
        remove_accidental_hits,
        partition_strategy,
        name,
    )
    first = constants.zeros([array.shape(logits)[0], 1], dtype=dtypes.int64)
    losses: Tensor = sparse_softmax_cross_entropy_with_logits(
        labels=squeeze(first, [1]), logits=logits
    )
    return losses
