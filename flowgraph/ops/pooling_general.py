"""Pooling over any number of spatial axes, perhaps with holes in the windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.conv_atrous import moves_and_rates, with_space_to_batch
from flowgraph.ops.layout import expand_dims, squeeze
from flowgraph.ops.pooling_functions import avg_pool, avg_pool3d, max_pool, max_pool3d

__all__ = ["pool"]

POOLS: dict[str, dict[int, Any]] = {
    "MAX": {1: max_pool, 2: max_pool, 3: max_pool3d},
    "AVG": {1: avg_pool, 2: avg_pool, 3: avg_pool3d},
}
SEQUENCES = {None: "NHWC", "NWC": "NHWC", "NCW": "NCHW"}


def pool(
    input: Any,
    window_shape: Sequence[int],
    pooling_type: str,
    padding: str,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: str | None = None,
) -> Tensor:
    """Pooling over one, two or three spatial axes.

    Args:
        input: [batch, *sizes, channels], or with the channels second for a data format that starts
            with NC.
        window_shape: the sizes of a window.
        pooling_type: "MAX" or "AVG".
        padding: "SAME" or "VALID".
        dilation_rate: how far apart the elements of a window are; only for "VALID", and where all
            strides are 1.
        strides: how far apart the windows are.
        data_format: "NWC", "NCW"; "NHWC", "NCHW"; "NDHWC", "NCDHW".

    Raises:
        ValueError: if these do not fit together.
    """
    with name_scope(name, f"{pooling_type.lower()}_pool", [input]) as scope:
        input = convert_to_tensor(input, name="input")
        count = len(window_shape)
        if not 1 <= count <= 3:
            raise ValueError(f"It is required that 1 <= num_spatial_dims <= 3, but is {count}.")
        input.shape.with_rank(count + 2)
        moves, rates = moves_and_rates(count, strides, dilation_rate)
        if padding == "SAME" and (rates > 1).any():
            raise ValueError("pooling with SAME padding is not implemented for dilation_rate > 1")
        if (moves > np.array(window_shape)).any():
            raise ValueError("strides > window_shape not supported")
        if pooling_type not in POOLS:
            raise ValueError(f"{count}-D {pooling_type} pooling is not supported.")
        first = data_format is not None and data_format.startswith("NC")
        axis = 2 if first else 1
        form = data_format
        if count == 1:
            if data_format not in SEQUENCES:
                raise ValueError('data_format must be either "NWC" or "NCW".')
            form = SEQUENCES[data_format]

        def op(images: Tensor, _: int, chosen: str) -> Tensor:
            sizes, steps = list(window_shape), moves.tolist()
            if count == 1:
                images = expand_dims(images, axis)
                sizes, steps = [1, *sizes], [1, *steps]
            pooled: Tensor = POOLS[pooling_type][count](
                images, sizes, steps, chosen, data_format=form, name=scope
            )
            return squeeze(pooled, [axis]) if count == 1 else pooled

        places = range(axis, axis + count)
        return with_space_to_batch(input, rates, padding, op, window_shape, places)
