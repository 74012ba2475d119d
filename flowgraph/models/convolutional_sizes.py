"""The arithmetic of convolutional networks: sizes, parameters, receptive fields, memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

__all__ = [
    "LayerMemory",
    "NetworkMemory",
    "network_memory",
    "padded_size",
    "parameters",
    "receptive_field",
    "same_padding",
    "same_size",
    "separable_parameters",
    "valid_size",
]

FLOAT_BYTES = 4


def same_size(size: int, stride: int) -> int:
    """The output length ``ceil(size / stride)`` of SAME padding, whatever the window."""
    return -(-size // stride)


def valid_size(size: int, window: int, stride: int) -> int:
    """The output length ``ceil((size - window + 1) / stride)`` without padding.

    Charniak's equation 3.3 rounds ``(size - window + 1) / stride`` down instead, and buduma writes
    ``(size - window) / stride + 1`` with ceiling brackets; both are off where the division leaves a
    remainder.
    """
    return max(0, -(-(size - window + 1) // stride))


def same_padding(size: int, window: int, stride: int) -> tuple[int, int]:
    """How many zeros SAME puts before and behind; an odd one goes behind."""
    total = max(0, (same_size(size, stride) - 1) * stride + window - size)
    return total // 2, total - total // 2


def padded_size(size: int, window: int, stride: int, pad: int = 0, exact: bool = False) -> int:
    """The output length ``floor((size - window + 2 pad) / stride) + 1`` with `pad` zeros per side.

    Args:
        exact: refuse a stride that does not divide.

    Raises:
        ValueError: if `exact` and there is a remainder.
    """
    steps, rest = divmod(size - window + 2 * pad, stride)
    if exact and rest:
        raise ValueError(
            f"window {window} with stride {stride} and padding {pad} does not fit {size}"
        )
    return steps + 1


def parameters(
    window: Sequence[int], inputs: int, outputs: int, bias: bool = True, groups: int = 1
) -> int:
    """Weights ``prod(window) * inputs / groups * outputs`` of a convolution, and its biases."""
    return (math.prod(window) * inputs // groups + bias) * outputs


def separable_parameters(
    window: Sequence[int], inputs: int, outputs: int, bias: bool = False
) -> int:
    """``inputs prod(window) + inputs outputs``: a filter for each channel, then a 1x1 mixture."""
    return inputs * math.prod(window) + (inputs + bias) * outputs


def receptive_field(layers: Sequence[tuple[int, int] | tuple[int, int, int]]) -> int:
    """How many inputs along an axis an output depends on.

    ``1 + sum of (window - 1) dilation (product of the strides of earlier layers)``

    Args:
        layers: (window, stride) or (window, stride, dilation) of each, the first layer first.
    """
    field, jump = 1, 1
    for window, stride, *dilation in layers:
        field += (window - 1) * jump * (dilation[0] if dilation else 1)
        jump *= stride
    return field


class LayerMemory(NamedTuple):
    """What one convolution takes.

    Attributes:
        size: height and width of its feature maps.
        parameters: the number of weights and biases.
        map_bytes: of its feature maps for one image.
    """

    size: tuple[int, int]
    parameters: int
    map_bytes: int


class NetworkMemory(NamedTuple):
    """What a stack of convolutions takes, in bytes of float32.

    Attributes:
        layers: layer by layer.
        parameters: their number.
        parameter_bytes: their bytes.
        inference: the peak for one image: parameters, and the largest maps of two successive
            layers, as a layer's input may go once its output is there. Géron's solution adds 6 and
            9 million bytes where it means 6 and 3 million.
        training: for a batch: parameters, and inputs and all maps of every image, which the
            backward pass reads.
    """

    layers: list[LayerMemory]
    parameters: int
    parameter_bytes: int
    inference: int
    training: int


def network_memory(
    height: int = 200,
    width: int = 300,
    channels: int = 3,
    maps: Sequence[int] = (100, 200, 400),
    window: int = 3,
    stride: int = 2,
    batch: int = 50,
) -> NetworkMemory:
    """The memory of a stack of SAME convolutions (Géron, chapter 13, exercise 2)."""
    layers: list[LayerMemory] = []
    input_bytes = FLOAT_BYTES * height * width * channels
    for depth in maps:
        height, width = same_size(height, stride), same_size(width, stride)
        count = parameters((window, window), channels, depth)
        layers.append(LayerMemory((height, width), count, FLOAT_BYTES * height * width * depth))
        channels = depth
    total = sum(layer.parameters for layer in layers)
    sizes = [layer.map_bytes for layer in layers]
    pairs = zip(sizes, [*sizes[1:], 0], strict=True)
    return NetworkMemory(
        layers,
        total,
        FLOAT_BYTES * total,
        FLOAT_BYTES * total + max(map(sum, pairs)),
        FLOAT_BYTES * total + batch * (input_bytes + sum(sizes)),
    )
