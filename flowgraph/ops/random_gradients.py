"""The derivative of random numbers by the parameter of their distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import broadcast_shape, op
from flowgraph.ops import special_series

__all__: list[str] = []

ALPHA = np.array([[0.5], [4.0]])
SAMPLE = np.array([0.3, 2.0, 6.0])


@op(
    "RandomGammaGrad",
    "alpha: T, sample: T -> output: T",
    T=(dtypes.float32, dtypes.float64),
)
class RandomGammaGrad:
    """How numbers of the gamma distribution change with its shape parameter, elementwise.

    ``- (dP(alpha, x) / dalpha) / (dP(alpha, x) / dx)`` at the sample x, for the distribution
    function P: that of a number that stays at its quantile (Figurnov et al. 2018).
    """

    shape = broadcast_shape
    samples = (
        case(ALPHA, SAMPLE, grad=False),
        case(ALPHA.astype(np.float32), SAMPLE.astype(np.float32), grad=False),
        case(np.array(0.01), np.array(1e-6), grad=False),
        case(np.array(30.0), np.array(29.0), grad=False),
        case(ALPHA[:0], SAMPLE, grad=False),
    )

    def numpy(alpha: Any, sample: Any) -> Any:
        wide = [np.asarray(each).astype(np.float64) for each in (alpha, sample)]
        with np.errstate(all="ignore"):
            return special_series.gamma_sample_derivative(*wide).astype(alpha.dtype)
