"""`Session`: where a graph runs and its variables live."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from types import TracebackType
from typing import Any

import numpy as np

from flowgraph.backends.context import RunContext
from flowgraph.graph import sessions
from flowgraph.graph.devices import DeviceAttributes
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.tensor import Tensor
from flowgraph.graph.waiting import time_limit
from flowgraph.options import Options
from flowgraph.runtime import partial, profile
from flowgraph.runtime.explain import explain
from flowgraph.runtime.feeds import as_feed, expand_feeds
from flowgraph.runtime.fetches import Fetches, fetch_key
from flowgraph.runtime.plan import Plan, shapes_of

__all__ = ["InteractiveSession", "Session"]

_MAX_PLANS = 256
_NO_FEEDS: dict[Any, Any] = {}


class _Entry:
    """A cached plan with the way to its result structure."""

    __slots__ = ("edits", "fetches", "plan")

    def __init__(self, fetches: Fetches, plan: Plan, edits: int) -> None:
        self.fetches = fetches
        self.plan = plan
        self.edits = edits


class BaseSession:
    """What `Session` and `InteractiveSession` share."""

    def __init__(self, target: Any = "", graph: Graph | None = None, config: Any = None) -> None:
        if isinstance(target, Graph):
            raise TypeError("target must be a string: pass the graph as graph=...")
        if config is not None and not hasattr(config, "graph_options"):
            raise TypeError(
                f"config must be a tf.ConfigProto, but got {type(config)}. "
                "Did you pass a graph as the third argument?"
            )
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        self._graph = get_default_graph() if graph is None else graph
        self._target = target
        self._config = config
        self._options = Options.from_config(config)
        self._timeout_ms = 0 if config is None else int(config.operation_timeout_in_ms)
        self._context = RunContext()
        self._plans: OrderedDict[Any, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def graph(self) -> Graph:
        """The graph that the session runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """That graph as a GraphDef message."""
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> str:
        return str(self._target)

    def list_devices(self) -> list[DeviceAttributes]:
        """The one device there is."""
        return [DeviceAttributes("/job:localhost/replica:0/task:0/device:CPU:0", "CPU")]

    def run(
        self,
        fetches: Any,
        feed_dict: Any = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """Compute `fetches`, and nothing they do not need.

        Args:
            fetches: a tensor, operation, variable, name, or any nesting of them in lists, tuples,
                named tuples and dicts.
            feed_dict: values for tensors; any tensor may be fed, not only placeholders.
            options: a RunOptions; ``trace_level=FULL_TRACE`` times every op, ``timeout_in_ms`` is
                how long the run may wait for a queue.
            run_metadata: a RunMetadata that receives the times.

        Returns:
            The values in the structure of `fetches`; None for operations. Arrays are the caller's
            own.

        Raises:
            RuntimeError: if the session is closed.
            TypeError, ValueError: if fetches or feeds are no part of the graph or do not fit.
            OpError: if an op fails; `.op` tells which.
        """
        feed_dict = _NO_FEEDS if feed_dict is None else feed_dict
        try:
            entry = self._plans[fetch_key(fetches), tuple(feed_dict)]
        except (KeyError, TypeError):
            return self._run_new(fetches, feed_dict, options, run_metadata)
        ready = entry.edits == self._graph._edits and not self._closed
        if not ready or options is not None or self._timeout_ms:
            return self._run_new(fetches, feed_dict, options, run_metadata)
        plan = entry.plan
        values = list(feed_dict.values())
        for index, wanted in enumerate(plan.feed_types):
            value = values[index]
            if type(value) is not np.ndarray or value.dtype is not wanted:
                values[index] = as_feed(plan.feeds[index], value)
        return entry.fetches.build(plan.for_feeds(values).run(values))

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        if not self._graph._operations:
            raise RuntimeError("The Session graph is empty. Add operations before calling run().")

    def _run_new(self, fetches: Any, feed_dict: Any, options: Any, run_metadata: Any) -> Any:
        self._check_open()
        feeds = expand_feeds(self._graph, feed_dict)
        values = [as_feed(tensor, value) for tensor, value in feeds.items()]
        entry = self._entry(fetches, list(feeds))
        shaped = entry.plan.for_feeds(values)
        timeout_ms = (options is not None and options.timeout_in_ms) or self._timeout_ms
        with time_limit(timeout_ms) if timeout_ms > 0 else nullcontext():
            if options is not None and profile.is_traced(options):
                results = profile.traced_run(shaped, values, run_metadata)
            else:
                results = shaped.run(values)
        return entry.fetches.build(results)

    def _entry(self, fetches: Any, feeds: list[Tensor]) -> _Entry:
        """The plan for `fetches` and `feeds`, made if need be."""
        key = None
        # An unhashable structure is taken apart below, with an error of its own.
        with suppress(TypeError):
            key = (fetch_key(fetches), tuple(feeds))
        with self._lock:
            entry = self._plans.get(key)
            if entry is None or entry.edits != self._graph._edits:
                parsed = Fetches(self._graph, fetches)
                plan = Plan(parsed.tensors, parsed.targets, feeds, self._context, self._options)
                entry = _Entry(parsed, plan, self._graph._edits)
                if key is not None:
                    self._plans[key] = entry
                    if len(self._plans) > _MAX_PLANS:
                        self._plans.popitem(last=False)
            return entry

    def make_callable(
        self, fetches: Any, feed_list: Any = None, accept_options: bool = False
    ) -> Callable[..., Any]:
        """A function that runs `fetches`, fed by its arguments in the order of `feed_list`."""
        self._check_open()
        feeds = list(expand_feeds(self._graph, dict.fromkeys(feed_list or ())))

        def call(*args: Any, options: Any = None, run_metadata: Any = None) -> Any:
            if len(args) != len(feeds):
                raise TypeError(f"This callable takes {len(feeds)} values, got {len(args)}.")
            feed_dict = dict(zip(feeds, args, strict=True))
            return self.run(fetches, feed_dict, options, run_metadata)

        return call

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> Any:
        """Begin a run that is fed and fetched in several calls of `partial_run`."""
        self._check_open()
        tensors = list(expand_feeds(self._graph, dict.fromkeys(feeds or ())))
        return partial.PartialRun(Fetches(self._graph, fetches), tensors, self._context)

    def partial_run(self, handle: Any, fetches: Any, feed_dict: Any = None) -> Any:
        """Continue a partial run: what was computed before is not computed again.

        Raises:
            InvalidArgumentError, RuntimeError: for fetches or feeds that were not announced.
        """
        self._check_open()
        if not isinstance(handle, partial.PartialRun):
            raise TypeError("The handle must come from partial_run_setup().")
        feeds = expand_feeds(self._graph, feed_dict or {})
        values = {tensor: as_feed(tensor, value) for tensor, value in feeds.items()}
        return handle.run(Fetches(self._graph, fetches), values)

    def explain(self, fetches: Any, feed_dict: Any = None) -> str:
        """How `fetches` would be computed: the program before and after each pass, and its
        memory."""
        self._check_open()
        feeds = expand_feeds(self._graph, feed_dict or {})
        values = [as_feed(tensor, value) for tensor, value in feeds.items()]
        parsed = Fetches(self._graph, fetches)
        plan = Plan(parsed.tensors, parsed.targets, list(feeds), self._context, self._options)
        return explain(plan, shapes_of(values))

    def as_default(self) -> AbstractContextManager[Any]:
        """Make this the session of `Tensor.eval` and `Operation.run` inside."""
        return sessions.default_session(self)

    def close(self) -> None:
        """Free the variables; the session cannot run again."""
        self._closed = True
        with self._lock:
            self._plans.clear()
        self._context.clear()


class Session(BaseSession):
    """Runs a graph: ``with tf.Session() as sess: sess.run(fetches, feed_dict)``.

    Variables live in the session, from their initializer until `close`. `run` may be called from
    many threads at once.

    Args:
        target: accepted for compatibility; everything runs in this process.
        graph: the graph to run; the default graph if None.
        config: a ConfigProto; ``graph_options.optimizer_options.opt_level = L0`` switches the
            optimizer off.
    """

    def __init__(self, target: Any = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._contexts: list[list[AbstractContextManager[Any]]] = []

    def __enter__(self) -> Session:
        entered = [self._graph.as_default(), self.as_default()]
        for each in entered:
            each.__enter__()
        self._contexts.append(entered)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in reversed(self._contexts.pop()):
            each.__exit__(None, None, None)
        self.close()

    @staticmethod
    def reset(target: str = "", containers: Any = None, config: Any = None) -> None:
        """Accepted for compatibility: sessions share no resources."""


class InteractiveSession(BaseSession):
    """A session that is the default one from its construction to its `close`.

    For shells and notebooks: ``tensor.eval()`` needs no further argument.
    """

    def __init__(self, target: Any = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._explicit_graph = graph
        if graph is not None:
            self._graph_context = graph.as_default()
            self._graph_context.__enter__()
        sessions.push(self)

    def close(self) -> None:
        if self._closed:
            return
        super().close()
        sessions.drop(self)
        if self._explicit_graph is not None:
            self._graph_context.__exit__(None, None, None)
