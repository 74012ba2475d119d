"""Writers of event files, which TensorBoard reads."""

from __future__ import annotations

import os
import socket
import threading
import time
import warnings
from types import TracebackType
from typing import Any, ClassVar

from flowgraph import protos
from flowgraph.formats.events import EventWriter
from flowgraph.formats.metagraph import create_meta_graph
from flowgraph.graph.graph import Graph, get_default_graph

__all__ = ["FileWriter", "FileWriterCache"]


class FileWriter:
    """Writes summaries, graphs and run metadata to an event file in `logdir`.

    Args:
        logdir: the folder; made if it does not exist.
        graph: written at once, if given.
        max_queue: accepted for compatibility.
        flush_secs: events are buffered until `flush`, or until one is added so many seconds after
            the last time.
        graph_def: a GraphDef instead of `graph`.
        filename_suffix: appended to the file's name.
        session: accepted for compatibility.
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
        self._interval = flush_secs
        self._flushed = time.monotonic()
        self._writer: EventWriter | None = None
        self._lock = threading.Lock()
        self._count = 0
        self._run_tags: set[str] = set()
        self._described: set[str] = set()
        self.reopen()
        if graph is not None or graph_def is not None:
            definition = _definition(graph, graph_def)
            self.add_graph(definition)
            meta = protos.MetaGraphDef(graph_def=definition)
            if isinstance(graph, Graph):
                meta = create_meta_graph(graph, graph_def=definition, collection_list=[])
            self.add_meta_graph(meta)

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
        """Append an Event message; after `close` it is dropped, with a warning."""
        with self._lock:
            writer = self._writer
            if writer is not None:
                writer.write(event)
                if time.monotonic() - self._flushed >= self._interval:
                    self._flush(writer)
        if writer is None:
            warnings.warn(
                "Attempting to use a closed FileWriter. The operation will be a noop unless the "
                "FileWriter is explicitly reopened.",
                stacklevel=3,
            )

    def _add(self, step: Any = None, **content: Any) -> None:
        event = protos.Event(wall_time=time.time(), **content)
        if step is not None:
            event.step = int(step)
        self.add_event(event)

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Append a Summary: the message, or the bytes that running a summary gives.

        Metadata are kept only with the first value of each tag.
        """
        if isinstance(summary, bytes):
            summary = protos.Summary.FromString(summary)
        for value in summary.value:
            if value.HasField("metadata"):
                if value.tag in self._described:
                    value.ClearField("metadata")
                self._described.add(value.tag)
        self._add(global_step, summary=summary)

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Append a SessionLog message: that a session started, stopped or saved a checkpoint."""
        self._add(global_step, session_log=session_log)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Append a graph, with the shapes of its tensors.

        Args:
            graph: a `Graph`; a GraphDef is taken, too.
            graph_def: a GraphDef, or a `Graph`, instead.

        Raises:
            ValueError: if both are given.
            TypeError: if it is neither.
        """
        definition = _definition(graph, graph_def)
        self._add(global_step, graph_def=definition.SerializeToString())

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Append a MetaGraphDef. Raises TypeError if it is something else."""
        if not isinstance(meta_graph_def, protos.MetaGraphDef):
            raise TypeError(
                f"meta_graph_def must be type MetaGraphDef, saw type: {type(meta_graph_def)}"
            )
        self._add(global_step, meta_graph_def=meta_graph_def.SerializeToString())

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Append the times of one run. Raises ValueError if `tag` was used before."""
        if tag in self._run_tags:
            raise ValueError("The provided tag was already used for this event type")
        self._run_tags.add(tag)
        content = protos.TaggedRunMetadata(tag=tag, run_metadata=run_metadata.SerializeToString())
        self._add(global_step, tagged_run_metadata=content)

    def flush(self) -> None:
        """Make all that was added visible to readers."""
        with self._lock:
            if self._writer is not None:
                self._flush(self._writer)

    def _flush(self, writer: EventWriter) -> None:
        writer.flush()
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Flush and close the file."""
        with self._lock:
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


def _definition(graph: Any, graph_def: Any) -> Any:
    """The GraphDef, with shapes, of the one argument that is given; see `FileWriter.add_graph`."""
    if graph is not None and graph_def is not None:
        raise ValueError("Please pass only graph, or graph_def (deprecated), but not both.")
    chosen = graph_def if graph is None else graph
    if isinstance(chosen, Graph):
        return chosen.as_graph_def(add_shapes=True)
    if isinstance(chosen, protos.GraphDef):
        return chosen
    raise TypeError("The passed graph must be an instance of `Graph` or the deprecated `GraphDef`")


class FileWriterCache:
    """One `FileWriter` per folder, shared by all who ask for it."""

    _writers: ClassVar[dict[str, FileWriter]] = {}
    _lock: ClassVar[Any] = threading.RLock()

    @staticmethod
    def clear() -> None:
        """Close all writers and forget them."""
        with FileWriterCache._lock:
            for writer in FileWriterCache._writers.values():
                writer.close()
            FileWriterCache._writers.clear()

    @staticmethod
    def get(logdir: str) -> FileWriter:
        """The writer of a folder; a new one writes the default graph first."""
        with FileWriterCache._lock:
            found = FileWriterCache._writers.get(logdir)
            if found is None:
                found = FileWriter(logdir, graph=get_default_graph())
                FileWriterCache._writers[logdir] = found
            return found
