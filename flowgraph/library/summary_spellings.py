"""Summaries as programs from before TensorFlow 1.0 make them: under a tag that is a tensor."""

from __future__ import annotations

from typing import Any

from flowgraph import dtypes
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor

__all__ = ["audio_summary", "histogram_summary", "image_summary", "scalar_summary"]


def _collected(summary: Tensor, collections: Any) -> Tensor:
    keys = [GraphKeys.SUMMARIES] if collections is None else list(collections)
    get_default_graph().add_to_collections(keys, summary)
    return summary


def scalar_summary(
    tags: Any, values: Any, collections: Any = None, name: str | None = None
) -> Tensor:
    """A summary of numbers, each under the tag at the same place.

    Args:
        tags: strings of the shape of `values`.
        values: real numbers.
        collections: the collections it joins; `GraphKeys.SUMMARIES` if None.
    """
    with name_scope(name, "ScalarSummary", [tags, values]) as scope:
        return _collected(apply("ScalarSummary", tags, values, name=scope), collections)


def histogram_summary(
    tag: Any, values: Any, collections: Any = None, name: str | None = None
) -> Tensor:
    """A summary of the distribution of `values` under a tag, a scalar string."""
    with name_scope(name, "HistogramSummary", [tag, values]) as scope:
        return _collected(apply("HistogramSummary", tag, values, name=scope), collections)


def image_summary(
    tag: Any,
    tensor: Any,
    max_images: int = 3,
    collections: Any = None,
    name: str | None = None,
) -> Tensor:
    """A summary of images under a tag, a scalar string; see `flowgraph.summary.image`."""
    with name_scope(name, "ImageSummary", [tag, tensor]) as scope:
        made = apply("ImageSummary", tag, tensor, max_images=max_images, name=scope)
        return _collected(made, collections)


def audio_summary(
    tag: Any,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Any = None,
    name: str | None = None,
) -> Tensor:
    """A summary of sounds under a tag, a scalar string; see `flowgraph.summary.audio`."""
    with name_scope(name, "AudioSummary", [tag, tensor]) as scope:
        rate = convert_to_tensor(sample_rate, dtypes.float32, name="sample_rate")
        made = apply("AudioSummaryV2", tag, tensor, rate, max_outputs=max_outputs, name=scope)
        return _collected(made, collections)
