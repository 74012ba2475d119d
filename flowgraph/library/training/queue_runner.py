"""`QueueRunner`: threads that keep a queue filled."""

from __future__ import annotations

import threading
import weakref
from typing import Any

from flowgraph import errors, protos
from flowgraph.graph.graph import get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.sessions import get_default_session
from flowgraph.library.platform import logs
from flowgraph.library.training import metagraphs
from flowgraph.library.training.coordinator import Coordinator
from flowgraph.runtime.session import BaseSession

__all__ = ["QueueRunner", "add_queue_runner", "start_queue_runners"]


class QueueRunner:
    """Enqueue operations, each run again and again by a thread of its own.

    A thread ends when its operation reports the end of its input; after the last one the queue is
    closed, so that those who dequeue learn of the end, too.

    Args:
        queue: the queue.
        enqueue_ops: the operations; one thread for each entry.
        close_op, cancel_op: close the queue, letting pending enqueues in or cancelling them; made
            where they are None.
        queue_closed_exception_types: the errors that mean the end; OutOfRangeError if None.
        queue_runner_def, import_scope: a QueueRunnerDef to make it from instead.

    Raises:
        ValueError: if queue or operations are missing, or are given beside a message.
    """

    def __init__(
        self,
        queue: Any = None,
        enqueue_ops: Any = None,
        close_op: Any = None,
        cancel_op: Any = None,
        queue_closed_exception_types: Any = None,
        queue_runner_def: Any = None,
        import_scope: str | None = None,
    ) -> None:
        types = queue_closed_exception_types
        if queue_runner_def is not None:
            if queue is not None or enqueue_ops:
                raise ValueError("queue_runner_def and queue are mutually exclusive.")
            prefix = f"{import_scope}/" if import_scope else ""
            names = [prefix + name for name in queue_runner_def.enqueue_op_name]
            element = get_default_graph().as_graph_element
            queue = element(prefix + queue_runner_def.queue_name)
            enqueue_ops = [element(name) for name in names]
            close_op = element(prefix + queue_runner_def.close_op_name)
            cancel_op = element(prefix + queue_runner_def.cancel_op_name)
            types = tuple(_BY_CODE[code] for code in queue_runner_def.queue_closed_exception_types)
        elif queue is None or not enqueue_ops:
            raise ValueError("Must provide queue and enqueue_ops.")
        elif types is not None and not _are_op_errors(types):
            raise TypeError(
                "queue_closed_exception_types, when provided, must be a tuple of tf.error types, "
                f"but saw: {types}"
            )
        self._queue = queue
        self._enqueue_ops = enqueue_ops
        self._close_op = queue.close() if close_op is None else close_op
        self._cancel_op = (
            queue.close(cancel_pending_enqueues=True) if cancel_op is None else cancel_op
        )
        self._end_types: tuple[type[errors.OpError], ...] = types or (errors.OutOfRangeError,)
        self._lock = threading.Lock()
        self._running: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._exceptions_raised: list[Exception] = []

    @property
    def queue(self) -> Any:
        return self._queue

    @property
    def enqueue_ops(self) -> Any:
        return self._enqueue_ops

    @property
    def close_op(self) -> Any:
        return self._close_op

    @property
    def cancel_op(self) -> Any:
        return self._cancel_op

    @property
    def queue_closed_exception_types(self) -> tuple[type[errors.OpError], ...]:
        return self._end_types

    @property
    def exceptions_raised(self) -> list[Exception]:
        """What the threads raised where there was no coordinator to report it to."""
        return self._exceptions_raised

    @property
    def name(self) -> str:
        """The name of the queue's op."""
        return str(self._queue.name)

    def create_threads(
        self, sess: Any, coord: Coordinator | None = None, daemon: bool = False, start: bool = False
    ) -> list[threading.Thread]:
        """The threads that run the operations in `sess`; none if they are running already.

        Args:
            coord: stops the threads, and hears of their errors; another thread then waits for the
                stop to cancel what waits for room in the queue.
            daemon: let the program end although they run.
            start: start them.
        """
        with self._lock:
            if self._running.get(sess, 0) > 0:
                return []
            self._running[sess] = len(self._enqueue_ops)
            self._exceptions_raised = []
        threads = [
            threading.Thread(
                target=self._run,
                args=(sess, op, coord),
                name=f"QueueRunnerThread-{self.name}-{op.name}",
            )
            for op in self._enqueue_ops
        ]
        if coord is not None:
            name = f"QueueRunnerThread-{self.name}-close_on_stop"
            args = (sess, coord)
            threads.append(threading.Thread(target=self._cancel_on_stop, args=args, name=name))
        for thread in threads:
            if coord is not None:
                coord.register_thread(thread)
            thread.daemon = daemon or thread.daemon
            if start:
                thread.start()
        return threads

    def _run(self, sess: Any, enqueue_op: Any, coord: Coordinator | None) -> None:
        """The work of one thread."""
        ended = False
        try:
            enqueue = sess.make_callable(enqueue_op)
            while not (coord and coord.should_stop()):
                enqueue()
        except self._end_types:
            ended = True
        except Exception as error:
            if coord is None:
                logs.error("Exception in QueueRunner: %s", error)
                with self._lock:
                    self._exceptions_raised.append(error)
                raise
            coord.request_stop(error)
        finally:
            with self._lock:
                self._running[sess] -= 1
                last = not self._running[sess]
        if ended and last:
            self._run_quietly(sess, self._close_op)

    def _cancel_on_stop(self, sess: Any, coord: Coordinator) -> None:
        coord.wait_for_stop()
        self._run_quietly(sess, self._cancel_op)

    @staticmethod
    def _run_quietly(sess: Any, op: Any) -> None:
        """Run a closing operation, which fails if the queue or the session is closed already."""
        try:
            sess.run(op)
        except Exception as error:
            logs.vlog(1, "Ignored exception: %s", error)

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A QueueRunnerDef, or None if the queue lies outside `export_scope`."""
        if export_scope and not self.name.startswith(export_scope):
            return None

        def inside(name: str) -> str:
            return name.removeprefix(f"{export_scope}/") if export_scope else name

        return protos.QueueRunnerDef(
            queue_name=inside(self.name),
            enqueue_op_name=[inside(op.name) for op in self._enqueue_ops],
            close_op_name=inside(self._close_op.name),
            cancel_op_name=inside(self._cancel_op.name),
            queue_closed_exception_types=[kind.code for kind in self._end_types],
        )

    @staticmethod
    def from_proto(queue_runner_def: Any, import_scope: str | None = None) -> QueueRunner:
        """The runner whose operations the default graph has by the names in the message."""
        return QueueRunner(queue_runner_def=queue_runner_def, import_scope=import_scope)


_BY_CODE = {kind.code: kind for kind in errors.OpError.__subclasses__()}


def _are_op_errors(types: Any) -> bool:
    return (
        isinstance(types, tuple)
        and bool(types)
        and all(isinstance(each, type) and issubclass(each, errors.OpError) for each in types)
    )


def add_queue_runner(qr: QueueRunner, collection: str = GraphKeys.QUEUE_RUNNERS) -> None:
    """Let `start_queue_runners` start a runner."""
    get_default_graph().add_to_collection(collection, qr)


def start_queue_runners(
    sess: Any = None,
    coord: Coordinator | None = None,
    daemon: bool = True,
    start: bool = True,
    collection: str = GraphKeys.QUEUE_RUNNERS,
) -> list[threading.Thread]:
    """Start the threads of all queue runners of the graph.

    Args:
        sess: the session; the default one if None.
        coord: stops the threads, and hears of their errors.
        daemon, start: see `QueueRunner.create_threads`.

    Returns:
        The threads.

    Raises:
        ValueError: if there is no session.
        TypeError: if `sess` is none.
    """
    if sess is None:
        sess = get_default_session()
        if sess is None:
            raise ValueError(
                "Cannot start queue runners: No default session is registered. Use "
                "`with sess.as_default()` or pass an explicit session to "
                "tf.start_queue_runners(sess=sess)"
            )
    if not isinstance(sess, BaseSession):
        if type(sess).__name__ in ("MonitoredSession", "SingularMonitoredSession"):
            # These start the queue runners themselves.
            return []
        raise TypeError(f"sess must be a `tf.Session` object. Given class: {type(sess)}")
    runners = sess.graph.get_collection(collection)
    if not runners:
        logs.warning("start_queue_runners() was called, but the graph has no queue runners.")
    with sess.graph.as_default():
        return [
            thread
            for runner in runners
            for thread in runner.create_threads(sess, coord=coord, daemon=daemon, start=start)
        ]


metagraphs.register_proto_function(
    GraphKeys.QUEUE_RUNNERS,
    proto_type=protos.QueueRunnerDef,
    to_proto=QueueRunner.to_proto,
    from_proto=QueueRunner.from_proto,
)
