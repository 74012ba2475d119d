"""Summaries: values of a run as serialized Summary messages, for event files."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import protos
from flowgraph.dims import Dims
from flowgraph.errors import InvalidArgumentError
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import op
from flowgraph.ops.kinds import REAL

__all__ = ["MergeSummary", "ScalarSummary"]


def _scalar_shape(*operands: Any) -> Dims:
    return ()


@op("ScalarSummary", "tags: string, values: T -> summary: string", T=REAL)
class ScalarSummary:
    """A Summary of numbers: the value at each place under the tag at the same place."""

    grad = None
    shape = _scalar_shape
    samples = (
        case(np.array(b"loss", np.object_), np.float32(0.5)),
        case(np.array([b"a", b"b"], np.object_), np.array([1.0, -2.5])),
        case(np.array(b"count", np.object_), np.int64(7)),
    )

    def numpy(tags: Any, values: Any) -> Any:
        names, numbers = np.asarray(tags, np.object_), np.asarray(values)
        if names.shape != numbers.shape:
            raise InvalidArgumentError(
                None,
                None,
                f"tags and values not the same shape: {list(names.shape)} != {list(numbers.shape)}",
            )
        summary = protos.Summary()
        for name, number in zip(names.reshape(-1), numbers.reshape(-1), strict=True):
            summary.value.add(tag=name.decode(), simple_value=float(number))
        return np.array(summary.SerializeToString(), np.object_)


@op("MergeSummary", "inputs: N * string -> summary: string")
class MergeSummary:
    """One Summary with the values of several, whose tags must differ."""

    grad = None
    shape = _scalar_shape
    samples = (
        case(
            [
                np.array(
                    protos.Summary(value=[{"tag": tag, "simple_value": 1.5}]).SerializeToString(),
                    np.object_,
                )
                for tag in ("a", "b")
            ]
        ),
    )

    def numpy(inputs: list[Any]) -> Any:
        merged = protos.Summary()
        seen: set[str] = set()
        for serialized in inputs:
            for each in np.asarray(serialized, np.object_).reshape(-1):
                for value in protos.Summary.FromString(each).value:
                    if value.tag in seen:
                        raise InvalidArgumentError(
                            None, None, f"Duplicate tag {value.tag} found in summary inputs"
                        )
                    seen.add(value.tag)
                    merged.value.append(value)
        return np.array(merged.SerializeToString(), np.object_)
