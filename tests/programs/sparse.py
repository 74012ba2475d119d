"""Sparse tensors: conversions, arithmetic, reductions, rearrangement, sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp

PLACES = np.array([[0, 1], [0, 3], [1, 0], [2, 2]], np.int64)
VALUES = np.array([1.5, -2.0, 0.75, 4.0], np.float32)


def sparse(tf: Any) -> Any:
    return tf.SparseTensor(PLACES, VALUES, [3, 4])


def other(tf: Any) -> Any:
    return tf.SparseTensor([[0, 1], [2, 0]], tf.constant([2.0, 5.0]), [3, 4])


def fed(tf: Any) -> Any:
    """One whose shape is not known before it runs."""
    return tf.SparseTensor(
        tf.placeholder_with_default(PLACES, [None, None]),
        tf.placeholder_with_default(VALUES, [None]),
        tf.placeholder_with_default(np.array([3, 4], np.int64), [None]),
    )


@program(graph=True)
def made_dense(tf: Any) -> dict[str, Any]:
    x = sparse(tf)
    return {
        "dense": tf.sparse_tensor_to_dense(x),
        "default": tf.sparse.to_dense(x, default_value=-1.0, name="filled"),
        "value": tf.sparse_tensor_to_dense(tf.SparseTensorValue([[1]], [2.0], [3])),
        "to dense": tf.sparse_to_dense([1, 3], [5], 1.0),
        "names": tf.sparse_to_dense(PLACES, [3, 4], VALUES, 0.5, False, "named"),
        "strings": tf.sparse_to_dense([[0, 1]], [1, 2], ["a"], default_value=""),
        "no sparse": raised(lambda: tf.sparse_tensor_to_dense(1.0), "SparseTensor"),
    }


@program
def made_sparse(tf: Any) -> dict[str, Any]:
    x = tf.constant(np.array([[0.0, 2.0], [3.0, 0.0]], np.float32))
    return {"sparse": tf.sparse.from_dense(x), "eye": tf.sparse.eye(2, 3)}


@program(graph=True)
def products(tf: Any) -> dict[str, Any]:
    x = sparse(tf)
    b = tf.constant(ramp(4, 2))
    c = tf.constant(ramp(3, 2))
    return {
        "plain": tf.sparse_tensor_dense_matmul(x, b),
        "adjoint": tf.sparse_tensor_dense_matmul(x, c, adjoint_a=True, name="named"),
        "other": tf.sparse.matmul(x, tf.transpose(b), adjoint_b=True),
        "dense": tf.sparse_matmul(c, b, transpose_b=True, a_is_sparse=True),
    }


@program
def dense_times_sparse(tf: Any) -> dict[str, Any]:
    x = sparse(tf)
    return {
        "plain": tf.sparse.sparse_dense_matmul(tf.constant(ramp(2, 3)), x),
        "adjoint": tf.sparse.sparse_dense_matmul(tf.constant(ramp(3, 2)), x, adjoint_a=True),
        "both": tf.sparse.sparse_dense_matmul(
            tf.constant(ramp(4, 2)), x, adjoint_a=True, adjoint_b=True
        ),
    }


@program(graph=True)
def sums(tf: Any) -> dict[str, Any]:
    x, y = sparse(tf), other(tf)
    return {
        "sparse": tf.sparse_add(x, y),
        "threshold": tf.sparse_add(x, y, 3.75),
        "dense": tf.sparse_add(x, tf.ones([3, 4])),
        "reversed": tf.sparse.add(tf.ones([3, 4]), x),
        "maximum": tf.sparse_maximum(x, y),
        "minimum": tf.sparse.minimum(x, y, name="least"),
        "no sparse": raised(lambda: tf.sparse_add(1.0, 2.0), "At least one input"),
    }


@program(graph=True)
def operators(tf: Any) -> dict[str, Any]:
    x = sparse(tf)
    whole = tf.SparseTensor(PLACES, np.array([6, -4, 9, 3], np.int32), [3, 4])
    return {
        "times": x * tf.constant(ramp(3, 4)),
        "times row": x * tf.constant(ramp(4)),
        "times number": x * 2.0,
        "by": x / tf.constant(ramp(3, 1) + 3),
        "integers by": whole / 4,
        "dense times": tf.constant(ramp(3, 4)) * x,
        "cast": tf.cast(x, tf.float64),
    }


@program(graph=True)
def reductions(tf: Any) -> dict[str, Any]:
    x = sparse(tf)
    return {
        "all": tf.sparse_reduce_sum(x),
        "rows": tf.sparse_reduce_sum(x, 1),
        "kept": tf.sparse.reduce_sum(x, axis=[0], keepdims=True),
        "old names": tf.sparse_reduce_sum(x, reduction_axes=-1, keep_dims=True),
        "max": tf.sparse_reduce_max(x, 0),
        "max all": tf.sparse.reduce_max(x),
        "sparse sum": tf.sparse_reduce_sum_sparse(x, 1),
        "sparse max": tf.sparse_reduce_max_sparse(x, 0, keepdims=True),
        "softmax": tf.sparse_softmax(x),
        "named softmax": tf.sparse.softmax(x, name="named"),
    }


@program
def reductions_of_open_shapes(tf: Any) -> dict[str, Any]:
    x = fed(tf)
    return {
        "all": tf.sparse_reduce_sum(x),
        "rows": tf.sparse_reduce_sum(x, 1),
        "max": tf.sparse_reduce_max(x, 0, keepdims=True),
        "dense": tf.sparse_tensor_to_dense(x),
        "product": tf.sparse_tensor_dense_matmul(x, tf.ones([4, 2])),
        "transposed": tf.sparse_transpose(x, [1, 0]),
        "reshaped": tf.sparse_reshape(x, [2, -1]),
        "reordered": tf.sparse_reorder(x),
    }


@program(graph=True)
def rearranged(tf: Any) -> dict[str, Any]:
    x = sparse(tf)
    turned = tf.SparseTensor(PLACES[::-1].copy(), VALUES, [3, 4])
    return {
        "reordered": tf.sparse_reorder(turned),
        "named": tf.sparse.reorder(turned, name="ordered"),
        "reshaped": tf.sparse_reshape(x, [2, 6]),
        "inferred": tf.sparse.reshape(x, [-1, 2, 1], name="flat"),
        "static": str(tf.sparse_reshape(x, [-1, 2]).shape),
        "misfit": raised(lambda: tf.sparse_reshape(x, [5, 2]), "Cannot reshape"),
        "two": raised(lambda: tf.sparse_reshape(x, [-1, -1]), "one dimension"),
    }


@program
def transposed(tf: Any) -> dict[str, Any]:
    x = sparse(tf)
    cube = tf.sparse_reshape(x, [3, 2, 2])
    return {
        "reversed": tf.sparse_transpose(x),
        "order": tf.sparse.transpose(cube, [1, 0, 2]),
        "static": str(tf.sparse_transpose(cube, [2, 0, 1]).shape),
        "expanded": tf.sparse.expand_dims(x, 0),
        "expanded last": tf.sparse.expand_dims(x),
        "expanded inside": tf.sparse.expand_dims(x, -2),
    }


@program(graph=True)
def parts(tf: Any) -> dict[str, Any]:
    x, y = sparse(tf), other(tf)
    first, second = tf.sparse_split(sp_input=x, num_split=2, axis=1)
    return {
        "slice": tf.sparse_slice(x, [0, 1], [2, 3]),
        "named slice": tf.sparse.slice(x, [1, 0], [5, 5], name="block"),
        "concat": tf.sparse_concat(1, [x, y]),
        "concat rows": tf.sparse.concat(axis=0, sp_inputs=[x, y]),
        "single": tf.sparse_concat(0, [x]),
        "static": str(tf.sparse_concat(-1, [x, y]).shape),
        "first": first,
        "second": second,
        "split error": raised(lambda: tf.sparse_split(x, 2, 1), "Keyword arguments"),
        "concat error": raised(lambda: tf.sparse_concat(0, x), "list or tuple"),
    }


@program
def concat_of_different_shapes(tf: Any) -> dict[str, Any]:
    x = sparse(tf)
    small = tf.SparseTensor([[0, 0]], tf.constant([7.0]), [1, 2])
    return {
        "rows": tf.sparse_concat(0, [x, small], expand_nonconcat_dim=True),
        "columns": tf.sparse_concat(1, [small, x], expand_nonconcat_dim=True),
        "last": tf.sparse_concat(-1, [small, x], expand_nonconcat_dim=True),
    }


@program(graph=True)
def filled_and_retained(tf: Any) -> dict[str, Any]:
    x = tf.SparseTensor([[0, 1], [2, 0]], tf.constant([2.0, 5.0]), [4, 3])
    filled, empty = tf.sparse_fill_empty_rows(x, -1.0)
    return {
        "filled": filled,
        "empty": empty,
        "retained": tf.sparse_retain(x, [False, True]),
        "length": raised(lambda: tf.sparse_retain(x, [True]), ""),
        "indicator": tf.sparse_to_indicator(
            tf.SparseTensor([[0, 0], [0, 1], [1, 0]], np.array([2, 0, 1], np.int64), [2, 2]), 4
        ),
    }


@program
def merged(tf: Any) -> dict[str, Any]:
    ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], np.array([2, 0, 1], np.int64), [2, 2])
    more = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], np.array([1, 1, 0], np.int32), [2, 2])
    values = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([1.5, 2.5, 3.5]), [2, 2])
    return {
        "one": tf.sparse_merge(ids, values, 4),
        "two": tf.sparse.merge([ids, more], values, [4, 2]),
        "sorted": tf.sparse_merge(ids, values, 4, already_sorted=True),
        "type": raised(lambda: tf.sparse_merge(ids, values, 4.5), "vocab_size"),
        "lengths": raised(lambda: tf.sparse_merge([ids], values, [4, 2]), "equal lengths"),
    }


@program
def other_shapes(tf: Any) -> dict[str, Any]:
    x = sparse(tf)
    return {
        "tight": tf.sparse_reset_shape(x),
        "larger": tf.sparse.reset_shape(x, [5, 6]),
        "open": tf.sparse_reset_shape(fed(tf), [5, 6]),
        "small": raised(lambda: tf.sparse_reset_shape(x, [2, 6]), "new_shape"),
        "static": str(tf.sparse_reset_shape(x, [5, 6]).shape),
    }


@program(graph=True)
def masked_slices(tf: Any) -> dict[str, Any]:
    slices = tf.IndexedSlices(tf.constant(ramp(3, 2)), tf.constant([4, 1, 2]), tf.constant([6, 2]))
    return {"kept": tf.sparse_mask(slices, [1, 5]), "named": tf.sparse.mask(slices, [2], name="m")}


@program
def conversions(tf: Any) -> dict[str, Any]:
    convert = tf.convert_to_tensor_or_sparse_tensor
    return {
        "tensor": convert([1.0, 2.0]),
        "sparse": convert(tf.SparseTensorValue([[0]], [1.0], [2])),
        "kept": isinstance(convert(sparse(tf), tf.float32), tf.SparseTensor),
        "type": raised(lambda: convert(sparse(tf), tf.int32), "Sparse dtype"),
    }


@program
def gradients(tf: Any) -> dict[str, Any]:
    values = tf.constant(VALUES)
    x = tf.SparseTensor(PLACES, values, [3, 4])
    dense = tf.constant(ramp(3, 4) + 2)
    b = tf.constant(ramp(4, 2))
    weights = tf.constant(ramp(3, 4, shift=1))
    results = {
        "to dense": tf.sparse_tensor_to_dense(x) * weights,
        "product": tf.sparse_tensor_dense_matmul(x, b) ** 2,
        "times": tf.sparse_tensor_to_dense(x * dense) * weights,
        "by": tf.sparse_tensor_to_dense(x / dense) * weights,
        "sum": tf.sparse_reduce_sum(x, 1) ** 2,
        "softmax": tf.sparse_tensor_to_dense(tf.sparse_softmax(x)) * weights,
        "added": tf.sparse_add(x, dense) * weights,
        "added sparse": tf.sparse_tensor_to_dense(tf.sparse_add(x, other(tf))) * weights,
        "reordered": tf.sparse_tensor_to_dense(tf.sparse_transpose(x)) * tf.transpose(weights),
        "slice": tf.sparse_tensor_to_dense(tf.sparse_slice(x, [0, 1], [2, 3])) ** 2,
        "filled": tf.sparse_tensor_to_dense(tf.sparse_fill_empty_rows(x, 0.5)[0]) * weights,
        "retained": tf.sparse_reduce_sum(tf.sparse_retain(x, VALUES > 0), 0) ** 2,
    }
    found = {}
    for name, result in results.items():
        for what, source in {"values": values, "dense": dense, "b": b}.items():
            gradient = tf.gradients(result, source)[0]
            if gradient is not None:
                label = f"{name} by {what}"
                found[label] = tf.identity(
                    tf.convert_to_tensor(gradient), name=label.replace(" ", "_")
                )
    return found


@program
def sets(tf: Any) -> dict[str, Any]:
    a = tf.constant([[1, 2, 2], [3, 4, 5]])
    b = tf.constant([[2, 7], [5, 3]])
    s = tf.SparseTensor([[0, 0], [1, 0], [1, 1]], tf.constant([2, 9, 4]), [2, 2])
    return {
        "difference": tf.sets.set_difference(a, b),
        "reversed": tf.sets.set_difference(a, b, aminusb=False),
        "sparse difference": tf.sets.difference(s, a),
        "sparse other way": tf.sets.difference(s, a, aminusb=False),
        "intersection": tf.sets.set_intersection(a, b),
        "sparse intersection": tf.sets.intersection(a, s),
        "union": tf.sets.set_union(a, b, validate_indices=False),
        "sparse union": tf.sets.union(s, s),
        "size": tf.sets.set_size(tf.sets.set_union(a, b)),
        "sparse size": tf.sets.size(s),
        "types": raised(lambda: tf.sets.set_union(a, tf.constant([[1.0]])), "Types don't match"),
        "floats": raised(lambda: tf.sets.set_union(tf.ones([1, 1]), tf.ones([1, 1])), "invalid"),
        "dense size": raised(lambda: tf.sets.set_size(a), "Expected `SparseTensor`"),
    }


@program
def embeddings_of_filled_rows(tf: Any) -> dict[str, Any]:
    params = tf.constant(ramp(5, 3))
    ids = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], np.array([3, 1, 4], np.int64), [4, 2])
    weights = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], tf.constant([1.0, 2.0, 0.0]), [4, 2])
    lookup = tf.nn.safe_embedding_lookup_sparse
    return {
        "mean": lookup([params], ids),
        "weights": lookup([params], ids, weights, combiner="sum"),
        "default": lookup([params], ids, default_id=2),
        "parts": lookup([params[:3], params[3:]], ids, combiner="sqrtn", partition_strategy="div"),
    }
