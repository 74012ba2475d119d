"""Cross-entropies of softmax distributions with dense and with sparse labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.declare import case, spread
from flowgraph.graph.opdef import Operand, op, types
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops import array, constants, joining, layout
from flowgraph.ops.cast import cast
from flowgraph.ops.kinds import FLOATS, INDEX
from flowgraph.ops.softmax import row_maxima, row_sums

__all__ = [
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "sparse_softmax_cross_entropy_with_logits",
]

Gradients = list[Any]
LOGITS = np.array([[1.0, -2.0, 0.5], [2.0, 0.25, -1.0]])
LABELS = np.array([[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]])
CLASSES = np.array([2, 0], np.int32)


def _widened(x: Any) -> Any:
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def _exponentials(logits: Any) -> tuple[Any, Any, Any]:
    """``z = logits - max``, ``exp(z)`` and its row sums."""
    shifted = np.subtract(logits, row_maxima(logits))
    powers = np.exp(shifted)
    return shifted, powers, row_sums(powers)


def _times_rows(column: Tensor, matrix: Tensor) -> Tensor:
    product: Tensor = apply("ExpandDims", column, -1) * matrix
    return product


def _is_zero(gradient: Tensor) -> bool:
    if gradient.op.type == "ZerosLike":
        return True
    value = gradient.const_value() if gradient.op.type == "Const" else None
    return value is not None and not value.any()


def _logits_grad(op: Operation, d_loss: Tensor, d_backprop: Tensor) -> Tensor:
    """The second output is the gradient; it depends on the logits too, through their softmax."""
    gradient = _times_rows(d_loss, op.outputs[1])
    if _is_zero(d_backprop):
        return gradient
    softmax = apply("Softmax", op.inputs[0])
    mean = apply(
        "BatchMatMulV2", apply("ExpandDims", d_backprop, 1), apply("ExpandDims", softmax, 2)
    )
    total: Tensor = gradient + (d_backprop - apply("Squeeze", mean, squeeze_dims=[1])) * softmax
    return total


@op(
    "SoftmaxCrossEntropyWithLogits",
    "features: T, labels: T -> loss: T, backprop: T",
    T=FLOATS,
)
class SoftmaxCrossEntropyWithLogits:
    """The cross-entropy of softmax(features) with labels, for each row of two matrices.

    ``loss = sum(labels * (log(sum(exp(features))) - features))`` and its gradient
    ``backprop = softmax(features) - labels``; the rows of labels should sum to 1.
    """

    samples = (
        case(LOGITS, LABELS),
        case(LOGITS.astype(np.float32) * 40, LABELS.astype(np.float32)),
        case(LOGITS.astype(np.float16), LABELS.astype(np.float16)),
        case(LOGITS[:0], LABELS[:0]),
        spread(-1, 1, (2, 50), (2, 50), dtype=np.float32),
        case(LOGITS[0], LABELS[0], raises="Shape must be rank 2 but is rank 1"),
        case(LOGITS, LABELS[:, :2], raises="Dimensions must be equal, but are 3 and 2"),
    )

    def shape(features: Operand, labels: Operand) -> list[Dims]:
        first, second = (
            (None, None) if each.dims is None else each.dims for each in (features, labels)
        )
        shape = dims.broadcast(first, second) or ()
        if len(shape) != 2:
            raise ValueError(f"Shape must be rank 2 but is rank {len(shape)}")
        return [shape[:1], shape]

    def numpy(features: Any, labels: Any) -> tuple[Any, Any]:
        dtype = features.dtype
        features, labels = _widened(features), _widened(labels)
        if features.shape != labels.shape:
            features, labels = np.broadcast_arrays(features, labels)
        if not features.size:
            return np.zeros(len(features), dtype), np.zeros(features.shape, dtype)
        shifted, powers, sums = _exponentials(features)
        loss = np.log(sums) * row_sums(labels) - np.vecdot(labels, shifted)
        np.divide(powers, sums[:, None], out=powers)
        np.subtract(powers, labels, out=powers)
        return loss.astype(dtype, copy=False), powers.astype(dtype, copy=False)

    def grad(op: Operation, d_loss: Tensor, d_backprop: Tensor) -> Gradients:
        gradient = _logits_grad(op, d_loss, d_backprop)
        logs = apply("LogSoftmax", op.inputs[0])
        of_labels = _times_rows(d_loss, -logs)
        # TensorFlow leaves this part out, so that its second derivatives by labels are zero.
        if not _is_zero(d_backprop):
            of_labels = of_labels - d_backprop
        return [gradient, of_labels]


@op(
    "SparseSoftmaxCrossEntropyWithLogits",
    "features: T, labels: Tlabels -> loss: T, backprop: T",
    T=FLOATS,
    Tlabels=types(INDEX, dtypes.int64),
)
class SparseSoftmaxCrossEntropyWithLogits:
    """The cross-entropy of softmax(features) with one class number per row.

    ``loss[i] = log(sum(exp(features[i]))) - features[i, labels[i]]`` and its gradient
    ``backprop[i] = softmax(features[i]) - one_hot(labels[i])``.
    """

    samples = (
        case(LOGITS, CLASSES),
        case(LOGITS.astype(np.float32) * 40, CLASSES.astype(np.int64)),
        case(LOGITS.astype(np.float16), CLASSES),
        case(LOGITS[:0], CLASSES[:0]),
        case(LOGITS, CLASSES[:1], raises="Dimensions must be equal, but are 2 and 1"),
        case(LOGITS[0], CLASSES, raises="Shape must be rank 2 but is rank 1"),
        case(LOGITS, np.array([0, 3], np.int32), raises="Received a label value of 3"),
    )

    def shape(features: Operand, labels: Operand) -> list[Dims]:
        for operand, rank in ((features, 2), (labels, 1)):
            if operand.dims is not None and len(operand.dims) != rank:
                raise ValueError(f"Shape must be rank {rank} but is rank {len(operand.dims)}")
        rows, columns = features.dims or (None, None)
        count = None if labels.dims is None else labels.dims[0]
        if rows is not None and count is not None and rows != count:
            raise ValueError(f"Dimensions must be equal, but are {rows} and {count}")
        rows = count if rows is None else rows
        return [(rows,), (rows, columns)]

    def numpy(features: Any, labels: Any) -> tuple[Any, Any]:
        dtype = features.dtype
        rows, classes = features.shape
        if len(labels) != rows:
            message = (
                f"logits and labels must have the same first dimension, got logits shape "
                f"{dims.show_list(features.shape)} and labels shape {dims.show_list(labels.shape)}"
            )
            raise InvalidArgumentError(None, None, message)
        if not features.size:
            return np.zeros(rows, dtype), np.zeros(features.shape, dtype)
        _check_classes(labels, classes)
        shifted, powers, sums = _exponentials(_widened(features))
        places = np.arange(0, rows * classes, classes) + labels
        loss = np.log(sums) - shifted.reshape(-1)[places]
        np.divide(powers, sums[:, None], out=powers)
        powers.reshape(-1)[places] -= 1
        return loss.astype(dtype, copy=False), powers.astype(dtype, copy=False)

    def grad(op: Operation, d_loss: Tensor, d_backprop: Tensor) -> Gradients:
        return [_logits_grad(op, d_loss, d_backprop), None]


def _check_classes(labels: Any, classes: int) -> None:
    # Read as unsigned, negative numbers are too large as well.
    unsigned = labels.view(f"u{labels.dtype.itemsize}")
    if np.maximum.reduce(unsigned) >= classes:
        worst = labels[unsigned >= classes][0]
        message = (
            f"Received a label value of {worst} which is outside the valid range of "
            f"[0, {classes}).  Label values: {' '.join(map(str, labels.tolist()))}"
        )
        raise InvalidArgumentError(None, None, message)


def check_named(function: str, sentinel: Any, labels: Any, logits: Any) -> None:
    """The arguments of the cross-entropies must be given by name, lest they be exchanged.

    Raises:
        ValueError: if one came by position or is missing.
    """
    if sentinel is not None:
        raise ValueError(
            f"Only call `{function}` with named arguments (labels=..., logits=..., ...)"
        )
    if labels is None or logits is None:
        raise ValueError("Both labels and logits must be provided.")


def _as_matrix(tensor: Tensor) -> Tensor:
    """All axes but the last merged into one."""
    last = array.rank(tensor)
    columns = apply("Slice", array.shape(tensor), [apply("Sub", last, 1)], [1])
    matrix = array.reshape(tensor, joining.concat([[-1], columns], 0))
    if tensor.dims is not None:
        matrix.set_shape((dims.num_elements(tensor.dims[:-1]), tensor.dims[-1]))
    return matrix


def _moved_to_end(tensor: Tensor, axis: int, rank: Tensor) -> Tensor:
    before, after = constants.range(axis), constants.range(axis + 1, rank)
    return layout.transpose(tensor, joining.concat([before, after, [axis]], 0))


def _dense(labels: Any, logits: Any, axis: int, name: str | None) -> Tensor:
    with name_scope(name, "softmax_cross_entropy_with_logits", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        result_type, known = logits.dtype.base_dtype, logits.dims
        if result_type.size == 2:
            logits = cast(logits, dtypes.float32)
        labels = cast(labels, logits.dtype.base_dtype)
        rank = array.rank(logits)
        if axis != -1:
            axis = axis if known is None or axis >= 0 else axis + len(known)
            logits = _moved_to_end(logits, axis, rank)
            labels = _moved_to_end(labels, axis, rank)
        shape = array.shape(logits)
        logits, labels = _as_matrix(logits), _as_matrix(labels)
        loss, _ = apply("SoftmaxCrossEntropyWithLogits", logits, labels, name=scope)
        outer = apply("Slice", shape, [0], [apply("Sub", rank, 1)])
        loss = array.reshape(loss, outer)
        if known is not None:
            loss.set_shape(known[:axis] + (known[axis + 1 :] if axis != -1 else ()))
        result: Tensor = cast(loss, result_type)
        return result


def softmax_cross_entropy_with_logits_v2(
    labels: Any, logits: Any, axis: int | None = None, name: str | None = None
) -> Tensor:
    """The cross-entropy of softmax(logits) with labels: ``-sum(labels * log_softmax(logits))``.

    Args:
        labels: a probability distribution over the classes, in the shape of `logits`.
        logits: unnormalised log-probabilities.
        axis: of the classes, the last one by default.

    Returns:
        The shape of `logits` without `axis`. Gradients flow to labels and logits.

    Raises:
        ValueError: if the shapes do not fit.
    """
    return _dense(labels, logits, -1 if axis is None else axis, name)


def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    axis: int | None = None,
    name: str | None = None,
) -> Tensor:
    """`softmax_cross_entropy_with_logits_v2` without a gradient for the labels.

    Raises:
        ValueError: if arguments are not given by name, or the shapes do not fit.
    """
    check_named("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "softmax_cross_entropy_with_logits_sg", [logits, labels]) as scope:
        labels = apply("StopGradient", labels, name="labels_stop_gradient")
        return _dense(labels, logits, -1 if axis is None else axis, scope)


def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """The cross-entropy of softmax(logits) with class numbers.

    ``-log_softmax(logits)[..., labels]``

    Args:
        labels: int32 or int64 class numbers, of the shape of `logits` without its last axis.
        logits: unnormalised log-probabilities, floating point.

    Returns:
        The shape of `labels`. A label that is no class raises `InvalidArgumentError` when run.

    Raises:
        ValueError: if arguments are not given by name, or the shapes do not fit.
    """
    check_named("sparse_softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "SparseSoftmaxCrossEntropyWithLogits", [labels, logits]):
        labels = convert_to_tensor(labels)
        logits = convert_to_tensor(logits)
        result_type = logits.dtype.base_dtype
        if result_type is dtypes.float16:
            logits = cast(logits, dtypes.float32)
        shape = array.shape(labels)
        _check_ranks(labels, logits)
        if logits.dims is not None and len(logits.dims) == 2:
            loss, _ = apply("SparseSoftmaxCrossEntropyWithLogits", logits, labels, name=name)
        else:
            classes = array.shape(logits)[array.rank(logits) - 1]
            matrix = array.reshape(logits, [-1, classes])
            flat = array.reshape(labels, [-1])
            loss, _ = apply("SparseSoftmaxCrossEntropyWithLogits", matrix, flat, name=name)
            loss = array.reshape(loss, shape)
            loss.set_shape(labels.dims)
        result: Tensor = cast(loss, result_type)
        return result


def _check_ranks(labels: Tensor, logits: Tensor) -> None:
    if logits.dims is None:
        return
    if not logits.dims:
        raise ValueError(f"Logits cannot be scalars - received shape {logits.shape}.")
    if labels.dims is None:
        return
    if len(labels.dims) != len(logits.dims) - 1:
        raise ValueError(
            f"Rank mismatch: Rank of labels (received {len(labels.dims)}) should equal rank of "
            f"logits minus 1 (received {len(logits.dims)})."
        )
    outer = logits.dims[:-1]
    if None not in labels.dims and None not in outer and labels.dims != outer:
        raise ValueError(
            f"Shape mismatch: The shape of labels (received {labels.shape}) should equal the "
            f"shape of logits except for the last dimension (received {logits.shape})."
        )
