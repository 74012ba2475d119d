"""`tf.summary`: values of a run to be watched, as serialized Summary messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from google.protobuf import json_format

from flowgraph import dtypes, protos
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.convert import convert_to_tensor
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library.platform import logs

__all__ = [
    "all_v2_summary_ops",
    "audio",
    "get_summary_description",
    "histogram",
    "image",
    "merge",
    "merge_all",
    "scalar",
    "tensor_summary",
    "text",
]

_SUMMARIES = (GraphKeys.SUMMARIES,)
_NOT_IN_NAMES = re.compile(r"[^-/\w.]")


def _clean(name: str | None) -> str | None:
    """`name` with an underscore for what names of ops cannot hold, without slashes in front."""
    if name is None:
        return None
    cleaned = _NOT_IN_NAMES.sub("_", name).lstrip("/")
    if cleaned != name:
        logs.info("Summary name %s is illegal; using %s instead.", name, cleaned)
    return cleaned


@contextmanager
def _summary_scope(
    name: str, family: str | None, value: Any, default_name: str | None = None
) -> Iterator[tuple[str, str]]:
    """The tag of a new summary, and the name scope that is its op's name."""
    label, prefix = _clean(name), _clean(family)
    label = label if prefix is None else f"{prefix}/{label}"
    with name_scope(label, default_name, [value]) as scope:
        tag = scope.rstrip("/")
        yield tag if prefix is None else f"{prefix}/{tag}", scope


def _collected(
    summary: Tensor, collections: Iterable[str] | None, default: Iterable[str] = _SUMMARIES
) -> Tensor:
    keys = default if collections is None else collections
    get_default_graph().add_to_collections(list(keys), summary)
    return summary


def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of one number; its tag is `name` inside the current name scope.

    Args:
        tensor: a real scalar.
        collections: the collections it joins; `GraphKeys.SUMMARIES` if None.
        family: a prefix of the tag, under which TensorBoard groups.
    """
    with _summary_scope(name, family, tensor) as (tag, scope):
        return _collected(apply("ScalarSummary", tag, tensor, name=scope), collections)


def histogram(name: str, values: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of the distribution of all elements of a tensor.

    Running it fails with InvalidArgumentError if one of them is not finite.

    Args:
        values: real numbers of any shape.
        collections, family: of `scalar`.
    """
    with _summary_scope(name, family, values, "HistogramSummary") as (tag, scope):
        return _collected(apply("HistogramSummary", tag, values, name=scope), collections)


def image(
    name: str,
    tensor: Any,
    max_outputs: int = 3,
    collections: Any = None,
    family: str | None = None,
) -> Tensor:
    """A summary of images, under the tags ``name/image/0``, ... (``name/image`` if it is one).

    Args:
        tensor: [batch, height, width, channels], uint8 or floating point; 1 channel is grey, 3
            are RGB, 4 RGB and opacity. Floats are scaled, each image by itself: the largest
            number becomes 255, or, if there are negative ones, 0 becomes 128.
        max_outputs: how many images of the batch are taken at most.
        collections, family: of `scalar`.
    """
    with _summary_scope(name, family, tensor) as (tag, scope):
        made = apply("ImageSummary", tag, tensor, max_images=max_outputs, name=scope)
        return _collected(made, collections)


def audio(
    name: str,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Any = None,
    family: str | None = None,
) -> Tensor:
    """A summary of sounds, under the tags ``name/audio/0``, ... (``name/audio`` if it is one).

    Args:
        tensor: float32 [batch, frames, channels] or [batch, frames], from -1 to 1.
        sample_rate: frames per second, a float32 scalar.
        max_outputs: how many sounds of the batch are taken at most.
        collections, family: of `scalar`.
    """
    with _summary_scope(name, family, tensor) as (tag, scope):
        rate = convert_to_tensor(sample_rate, dtypes.float32, name="sample_rate")
        made = apply("AudioSummaryV2", tag, tensor, rate, max_outputs=max_outputs, name=scope)
        return _collected(made, collections)


def tensor_summary(
    name: str,
    tensor: Any,
    summary_description: str | None = None,
    collections: Any = None,
    summary_metadata: Any = None,
    family: str | None = None,
    display_name: str | None = None,
) -> Tensor:
    """A summary of a whole tensor of any type.

    Args:
        summary_description: a longer text for people.
        summary_metadata: a SummaryMetadata message, which says what plugin of TensorBoard shows
            the tensor.
        display_name: a name for people.
        collections, family: of `scalar`.
    """
    metadata = protos.SummaryMetadata()
    if summary_metadata is not None:
        metadata.CopyFrom(summary_metadata)
    if summary_description is not None:
        metadata.summary_description = summary_description
    if display_name is not None:
        metadata.display_name = display_name
    with _summary_scope(name, family, tensor) as (tag, scope):
        serialized = metadata.SerializeToString()
        made = apply("TensorSummaryV2", tag, tensor, serialized, name=scope)
        return _collected(made, collections)


def text(name: str, tensor: Any, collections: Any = None) -> Tensor:
    """A summary of texts, which TensorBoard shows as Markdown; tables for rank 1 and 2.

    Args:
        tensor: strings.
        collections: of `scalar`.

    Raises:
        ValueError: if `tensor` is of another type.
    """
    if tensor.dtype != dtypes.string:
        raise ValueError(f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype}")
    metadata = protos.SummaryMetadata(plugin_data={"plugin_name": "text"})
    return tensor_summary(name, tensor, collections=collections, summary_metadata=metadata)


def merge(inputs: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """One summary with the values of all `inputs`; running it fails if two share a tag."""
    name = _clean(name)
    with name_scope(name, "Merge", list(inputs)):
        return _collected(apply("MergeSummary", list(inputs), name=name), collections, ())


def merge_all(
    key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None
) -> Tensor | None:
    """`merge` of a whole collection; None if it is empty."""
    summaries = get_default_graph().get_collection(key, scope)
    return merge(summaries, name=name) if summaries else None


def all_v2_summary_ops() -> list[Any]:
    """The summaries of TensorFlow 2's kind in the default graph."""
    return get_default_graph().get_collection("_SUMMARY_V2")


def get_summary_description(node_def: Any) -> Any:
    """The SummaryDescription message that a NodeDef of the type TensorSummary carries.

    Raises:
        ValueError: if the node is of another type.
    """
    if node_def.op != "TensorSummary":
        raise ValueError(f"Can't get_summary_description on {node_def.op}")
    description = protos.SummaryDescription()
    json_format.Parse(node_def.attr["description"].s.decode(), description)
    return description
