"""`tf.summary`: values to be watched, and the event files that TensorBoard reads."""

from __future__ import annotations

import os
import socket
import time
from types import TracebackType
from typing import Any

from flowgraph import protos
from flowgraph.formats.events import EventWriter
from flowgraph.graph.build import apply
from flowgraph.graph.context import name_scope
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor

__all__ = ["FileWriter", "merge", "merge_all", "scalar"]


def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of one number; its tag is `name` inside the current name scope.

    Args:
        tensor: a real scalar.
        collections: the collections it joins; `GraphKeys.SUMMARIES` if None.
        family: a prefix of the tag, under which TensorBoard groups.
    """
    label = name if family is None else f"{family}/{name}"
    with name_scope(label, None, [tensor]) as scope:
        tag = scope[:-1] if family is None else f"{family}/{scope[:-1]}"
        summary: Tensor = apply("ScalarSummary", tag, tensor, name=scope)
    keys = [GraphKeys.SUMMARIES] if collections is None else list(collections)
    get_default_graph().add_to_collections(keys, summary)
    return summary


def merge(inputs: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """One summary with the values of all `inputs`; running it fails if two share a tag."""
    with name_scope(name, "Merge", list(inputs)):
        merged: Tensor = apply("MergeSummary", list(inputs))
    get_default_graph().add_to_collections(list(collections or ()), merged)
    return merged


def merge_all(
    key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None
) -> Tensor | None:
    """`merge` of a whole collection; None if it is empty."""
    summaries = get_default_graph().get_collection(key, scope)
    return merge(summaries, name=name) if summaries else None


class FileWriter:
    """Writes summaries, graphs and run metadata to an event file in `logdir`.

    Args:
        logdir: the folder; made if it does not exist.
        graph: written at once, if given.
        max_queue, flush_secs: accepted for compatibility: events are buffered until `flush`.
        filename_suffix: appended to the file's name.
    """

    def __init__(
        self,
        logdir: str,
        graph: Graph | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        graph_def: Any = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ) -> None:
        self._folder = os.fspath(logdir)
        self._suffix = filename_suffix or ""
        self._writer: EventWriter | None = None
        self._count = 0
        self.reopen()
        if graph is not None or graph_def is not None:
            self.add_graph(graph, graph_def=graph_def)

    def get_logdir(self) -> str:
        return self._folder

    def reopen(self) -> None:
        """Begin a new file, if the last one is closed."""
        if self._writer is None:
            os.makedirs(self._folder, exist_ok=True)
            name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}"
            parts = [name, str(os.getpid()), str(self._count)]
            self._count += 1
            self._writer = EventWriter(os.path.join(self._folder, ".".join(parts) + self._suffix))

    def add_event(self, event: Any) -> None:
        """Append an Event message; after `close` it is dropped."""
        if self._writer is not None:
            self._writer.write(event)

    def _add(self, step: Any = None, **content: Any) -> None:
        event = protos.Event(wall_time=time.time(), **content)
        if step is not None:
            event.step = int(step)
        self.add_event(event)

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Append a Summary: the message, or the bytes that running a summary gives."""
        if isinstance(summary, bytes):
            summary = protos.Summary.FromString(summary)
        self._add(global_step, summary=summary)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Append a graph, with the shapes of its tensors."""
        if isinstance(graph, Graph):
            graph = graph.as_graph_def(add_shapes=True)
        definition = graph if graph is not None else graph_def
        self._add(global_step, graph_def=definition.SerializeToString())

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Append the times of one run under a tag of its own."""
        content = protos.TaggedRunMetadata(tag=tag, run_metadata=run_metadata.SerializeToString())
        self._add(global_step, tagged_run_metadata=content)

    def flush(self) -> None:
        """Make all that was added visible to readers."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Flush and close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
