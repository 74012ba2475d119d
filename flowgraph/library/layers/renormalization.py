"""Batch renormalization: the batch's moments corrected towards slower averages (Ioffe 2017)."""

from __future__ import annotations

import math
from typing import Any, Protocol

from flowgraph.graph.build import apply
from flowgraph.graph.context import control_dependencies
from flowgraph.ops import constants
from flowgraph.ops.smart import smart_cond

__all__ = ["Renormalizing", "compose", "renormalized"]


class Renormalizing(Protocol):
    """What `renormalized` needs of a layer."""

    epsilon: float
    renorm_clipping: dict[str, Any]
    renorm_momentum: float
    renorm_mean: Any
    renorm_stddev: Any

    def move_average(self, variable: Any, value: Any, momentum: Any) -> Any: ...

    def _momentum(self, training: Any, momentum: float) -> Any: ...


def compose(factor: Any, shift: Any, scale: Any, offset: Any) -> tuple[Any, Any]:
    """``(x * factor + shift) * scale + offset`` as one factor and one sum of x."""
    if scale is not None:
        factor, shift = factor * scale, shift * scale
    if offset is not None:
        shift = shift + offset
    return factor, shift


def renormalized(
    layer: Renormalizing, mean: Any, variance: Any, training: Any
) -> tuple[Any, Any, Any, Any]:
    """How to correct the normalized values, and the moments to be averaged.

    With the layer's averages m and s, and the batch's mean and deviation, the factor is
    ``deviation / s`` and the shift ``(mean - m) / s``; while not training, 1 and 0.

    Returns:
        ``(factor, shift, mean, variance)``
    """
    deviation = apply("Sqrt", variance + layer.epsilon)
    slow = apply("Maximum", layer.renorm_stddev, math.sqrt(layer.epsilon))
    factor = deviation / slow
    shift = (mean - layer.renorm_mean) / slow
    # The correction is made with the averages from before the update.
    with control_dependencies([factor, shift]):
        mean = apply("Identity", mean)
        deviation = apply("Identity", deviation)
    limits = layer.renorm_clipping
    if limits.get("rmin") is not None:
        factor = apply("Maximum", factor, limits["rmin"])
    if limits.get("rmax") is not None:
        factor = apply("Minimum", factor, limits["rmax"])
    if limits.get("dmax") is not None:
        shift = apply("Minimum", apply("Maximum", shift, -limits["dmax"]), limits["dmax"])
    chosen_factor = smart_cond(training, lambda: factor, lambda: constants.ones_like(factor))
    chosen_shift = smart_cond(training, lambda: shift, lambda: constants.zeros_like(shift))
    momentum = layer._momentum(training, layer.renorm_momentum)
    updates = [
        layer.move_average(layer.renorm_mean, apply("Identity", mean), momentum),
        layer.move_average(layer.renorm_stddev, apply("Identity", deviation), momentum),
    ]
    with control_dependencies(updates):
        mean = apply("Identity", mean)
        variance = apply("Identity", variance)
    return (
        apply("StopGradient", chosen_factor, name="renorm_r"),
        apply("StopGradient", chosen_shift, name="renorm_d"),
        mean,
        variance,
    )
