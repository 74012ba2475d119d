"""Slicing, joining, gathering, padding and rearranging."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp


@program(graph=True)
def slices(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3, 2), name="x")
    return {
        "row": x[1],
        "last": x[-1],
        "element": x[1, 2, 0],
        "range": x[1:3],
        "step": x[::2],
        "backwards": x[::-1],
        "backwards part": x[3:0:-2],
        "columns": x[:, 1:],
        "ellipsis": x[..., 0],
        "middle": x[1, ..., 1],
        "new": x[tf.newaxis],
        "new last": x[..., None],
        "mixed": x[None, 1:, :, None, -1],
        "beyond": x[2:10, -5:2],
        "empty": x[3:1],
        "all": x[:],
    }


@program
def slices_by_tensors(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3), name="x")
    i = tf.constant(1, name="i")
    return {"one": x[i], "range": x[i:3], "both": x[i : i + 2, -i:], "step": x[:: i + 1]}


@program
def slices_of_open_shapes(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(ramp(4, 3, 2), [None, 3, None])
    i = tf.placeholder_with_default(1, [])
    keys: dict[str, Any] = {
        "row": 1,
        "range": slice(1, 3),
        "to end": slice(None, -1),
        "column": (slice(None), 1),
        "column range": (slice(None), slice(0, 2)),
        "ellipsis": (Ellipsis, 0),
        "new": (None, slice(None), 0),
        "tensor": i,
        "tensor range": (slice(None), slice(i, None)),
    }
    return {name: x[key] for name, key in keys.items()}


@program
def defaults_are_no_constants(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3))
    i = tf.placeholder_with_default(1, [])
    flag = tf.placeholder_with_default(True, [])
    results = {
        "slice": x[:, i:],
        "slice shape": tf.shape(x[:, i:]),
        "reshape": tf.reshape(x, [i, -1]),
        "reshape shape": tf.shape(tf.reshape(x, [i, -1])),
        "fill": tf.fill([i, 2], 1.0),
        "range": tf.range(i),
        "sum": tf.reduce_sum(x, i - 1),
        "where": tf.where(flag, 1.0, 2.0),
        "folded": i * 2 + 1,
    }
    with tf.Session() as session:
        fed = session.run(results, {i: 2, flag: False})
        plain = session.run(results)
    fits = [tensor.shape.is_compatible_with(fed[name].shape) for name, tensor in results.items()]
    return {
        **{f"fed {name}": value for name, value in fed.items()},
        **{f"plain {name}": value for name, value in plain.items()},
        "static shapes fit": fits,
    }


@program
def slice_function(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3))
    return {
        "plain": tf.slice(x, [1, 0], [2, 3]),
        "rest": tf.slice(x, [1, 1], [-1, -1]),
        "tensors": tf.slice(x, tf.constant([0, 1]), tf.constant([1, -1])),
        "strided": tf.strided_slice(x, [0, 2], [4, 0], [2, -1]),
        "masks": tf.strided_slice(x, [1, 1], [2, 2], begin_mask=1, end_mask=2, shrink_axis_mask=2),
    }


@program
def joins_and_splits(tf: Any) -> dict[str, Any]:
    x, y = tf.constant(ramp(2, 3)), tf.constant(ramp(2, 3, shift=1))
    a, b = tf.split(x, [1, 2], 1)
    parts = tf.split(y, 3, axis=-1)
    return {
        "concat": tf.concat([x, y], 0),
        "concat last": tf.concat([x, y, x], -1),
        "single": tf.concat([x], 0),
        "stack": tf.stack([x, y], 1),
        "stack last": tf.stack([x, y], -1),
        "packed": tf.stack([1, tf.constant(2), 3]),
        "unstacked": tf.unstack(x, axis=1)[2],
        "count": tf.unstack(x, 2)[1],
        "a": a,
        "b": b,
        "part": parts[1],
        "tensor sizes": tf.split(x, tf.constant([2, 1]), 1, num=2)[0],
    }


@program
def shapes_of_joins(tf: Any) -> dict[str, Any]:
    x = tf.placeholder_with_default(ramp(2, 3), [None, 3])
    y = tf.placeholder_with_default(ramp(2, 3), [2, None])
    return {
        "rows": tf.concat([x, y], 0),
        "columns": tf.concat([x, y], 1),
        "stack": tf.stack([x, y]),
        "reshape": tf.reshape(x, [-1, 1, 3]),
        "by shape": tf.reshape(x, tf.shape(y)),
        "product": tf.reshape(x, [tf.shape(x)[0] * 3]),
        "transpose": tf.transpose(x),
        "expand": tf.expand_dims(x, -1),
        "tile": tf.tile(x, [1, 2]),
        "pad": tf.pad(x, [[1, 1], [0, 2]]),
        "fill": tf.fill(tf.stack([tf.shape(x)[0], 2]), 1.0),
        "broadcast": tf.broadcast_to(y, [3, 2, 3]),
        "one hot": tf.one_hot(tf.cast(x, tf.int32), 4),
        "gather": tf.gather(x, [0, 1]),
        "squeeze": tf.squeeze(tf.expand_dims(x, 0), [0]),
    }


@program
def dimensions(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(1, 2, 1, 3))
    return {
        "squeeze": tf.squeeze(x),
        "squeeze one": tf.squeeze(x, axis=2),
        "squeeze some": tf.squeeze(x, [0, -2]),
        "old": tf.squeeze(x, squeeze_dims=[0]),
        "expand": tf.expand_dims(x, 0),
        "expand last": tf.expand_dims(x, -1),
        "expand old": tf.expand_dims(x, dim=1),
        "transpose": tf.transpose(x, [3, 1, 0, 2]),
        "shape": tf.shape(x),
        "shape long": tf.shape(x, out_type=tf.int64),
        "shapes": tf.shape_n([x, x[0]])[1],
        "size": tf.size(x),
        "rank": tf.rank(x),
    }


@program
def gathers(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(4, 3, 2))
    return {
        "rows": tf.gather(x, [3, 0]),
        "matrix": tf.gather(x, [[3, 0], [1, 1]]),
        "scalar": tf.gather(x, 2),
        "axis": tf.gather(x, [2, 0], axis=1),
        "last": tf.gather(x, [1], axis=-1),
        "batch": tf.gather(x, [[0, 1], [2, 2], [1, 0], [0, 0]], axis=1, batch_dims=1),
        "nd": tf.gather_nd(x, [[0, 1], [3, 2]]),
        "nd full": tf.gather_nd(x, [[[0, 1, 1]], [[3, 2, 0]]]),
        "nd row": tf.gather_nd(x, [[1]]),
        "text": tf.gather(["a", "b", "c"], [2, 1]),
        "mask": tf.boolean_mask(x, [True, False, True, True]),
        "mask 2": tf.boolean_mask(x, x[:, :, 0] > 0.0),
        "mask axis": tf.boolean_mask(x, [True, False, True], axis=1),
    }


@program
def scatters(tf: Any) -> dict[str, Any]:
    updates = tf.constant(ramp(3, 2))
    return {
        "rows": tf.scatter_nd([[4], [1], [4]], updates, [6, 2]),
        "elements": tf.scatter_nd([[0, 1], [2, 0], [0, 1]], [1.0, 2.0, 3.0], [3, 2]),
        "stitch": tf.dynamic_stitch([[0, 2], [1]], [updates[:2], updates[2:]]),
        "partition": tf.dynamic_partition(updates, [1, 0, 1], 2)[1],
        "update": tf.tensor_scatter_update(updates, [[1]], [[9.0, 9.0]])
        if hasattr(tf, "tensor_scatter_update")
        else tf.tensor_scatter_nd_update(updates, [[1]], [[9.0, 9.0]]),
        "inverse": tf.invert_permutation([2, 0, 1]),
    }


@program
def pads(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3))
    paddings = [[1, 1], [2, 0]]
    return {
        "constant": tf.pad(x, paddings),
        "value": tf.pad(x, paddings, constant_values=7.0),
        "reflect": tf.pad(x, paddings, "REFLECT"),
        "symmetric": tf.pad(x, paddings, mode="SYMMETRIC"),
        "wrong mode": raised(lambda: tf.pad(x, paddings, "WRONG"), "mode"),
    }


@program
def rearrangements(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(3, 4))
    return {
        "reverse": tf.reverse(x, [0, 1]),
        "sequence": tf.reverse_sequence(x, [1, 3, 4], seq_axis=1, batch_axis=0),
        "roll": tf.roll(x, 1, 0),
        "roll both": tf.roll(x, [1, -1], [0, 1]),
        "tile": tf.tile(x, [2, 1]),
        "broadcast": tf.broadcast_to([1, 2, 3], [2, 3]),
        "meshgrid": tf.meshgrid([1, 2, 3], [4, 5])[0],
        "meshgrid ij": tf.meshgrid([1, 2, 3], [4, 5], indexing="ij")[1],
        "mask": tf.sequence_mask([1, 0, 3], 4),
        "mask open": tf.sequence_mask([1, 0, 3], dtype=tf.int32),
        "top": tf.nn.top_k(x, 2)[0],
        "top places": tf.nn.top_k(x, 2)[1],
        "in top": tf.nn.in_top_k(x, [1, 2, 0], 2),
        "sort": tf.sort(x),
        "sort down": tf.sort(x, direction="DESCENDING"),
        "argsort": tf.argsort(x[0]),
    }


@program
def sets(tf: Any) -> dict[str, Any]:
    x = tf.constant([5, 3, 5, 1, 3])
    unique, places = tf.unique(x)
    values, _, counts = tf.unique_with_counts(x)
    difference, where = tf.setdiff1d(x, [3, 9])
    return {
        "unique": unique,
        "places": places,
        "values": values,
        "counts": counts,
        "difference": difference,
        "where": where,
        "nonzero": tf.where([[True, False], [False, True]]),
        "select": tf.where([True, False], [1, 2], [3, 4]),
        "rows": tf.where([True, False], ramp(2, 2), -ramp(2, 2)),
    }


@program
def ranges_and_fills(tf: Any) -> dict[str, Any]:
    return {
        "limit": tf.range(3),
        "start": tf.range(2, 9, 3),
        "down": tf.range(5, 0, -2),
        "float": tf.range(0.0, 1.0, 0.3),
        "typed": tf.range(3, dtype=tf.float64),
        "tensor": tf.range(tf.constant(2, tf.int64)),
        # 2.21 makes it of other nodes.
        "linspace": tf.identity(tf.linspace(1.0, 2.0, 5), name="five"),
        "linspace one": tf.identity(tf.lin_space(1.0, 2.0, 1), name="one"),
        "zeros": tf.zeros([2, 0]),
        "ones": tf.ones((2,), tf.bool),
        "fill": tf.fill([2, 2], "a"),
        "one hot": tf.one_hot([1, -1, 3], 3),
        "one hot values": tf.one_hot([1, 0], 2, on_value=5, off_value=-1, axis=0),
        "one hot bool": tf.one_hot([1], 2, True, False),
        "zeros like": tf.zeros_like([1, 2], dtype=tf.float32),
        "static": tf.broadcast_static_shape(tf.TensorShape([2, 1]), tf.TensorShape([3])).as_list(),
        "dynamic": tf.broadcast_dynamic_shape([2, 1], [3]),
        "eye": tf.eye(3, dtype=tf.int32),
    }


@program
def failures(tf: Any) -> dict[str, Any]:
    x = tf.constant(ramp(2, 3))
    open_x = tf.placeholder(tf.float32)
    return {
        "reshape": raised(lambda: tf.reshape(x, [4, 2]), "Cannot reshape a tensor with 6 elements"),
        "reshape -1": raised(lambda: tf.reshape(x, [4, -1]), "divisible"),
        "concat": raised(lambda: tf.concat([x, tf.zeros([3, 3])], 1), "must be equal"),
        "concat rank": raised(lambda: tf.concat([x, tf.zeros([3])], 0), "rank|must be equal"),
        "stack": raised(lambda: tf.stack([x, tf.zeros([3, 3])]), "equal"),
        "squeeze": raised(lambda: tf.squeeze(x, [0]), "squeeze"),
        "expand": raised(lambda: tf.expand_dims(x, 5), ""),
        "index": raised(lambda: x[2], "out of bounds"),
        "too many": raised(lambda: x[0, 0, 0], "too many|index"),
        "string index": raised(lambda: x["a"], ""),
        "split": raised(lambda: tf.split(x, 2, 1), "evenly|divi"),
        "unstack": raised(lambda: tf.unstack(open_x), "infer"),
        "tile": raised(lambda: tf.tile(x, [2]), "rank|must"),
        "gather": raised(lambda: tf.gather(x, [0.5]), "indices|float"),
        "mask": raised(lambda: tf.boolean_mask(x, tf.placeholder(tf.bool)), "mask"),
    }


@program
def numpy_views_of_values(tf: Any) -> dict[str, Any]:
    x = np.asfortranarray(ramp(3, 4))[::2]
    fed = tf.placeholder(tf.float32, [None, 4])
    with tf.Session() as session:
        return {"fed": session.run(fed * 2.0, {fed: x}), "constant": tf.constant(x)}
