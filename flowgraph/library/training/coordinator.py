"""`Coordinator`: threads that stop together, and the error that stopped them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flowgraph import errors
from flowgraph.library.platform import logs

__all__ = ["Coordinator", "LooperThread"]

_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 1.0


class Coordinator:
    """Lets threads stop together.

    Each thread works while not `should_stop`; any of them may `request_stop`, with an error where
    there was one. The main thread calls `join`, which waits for all and raises that error::

        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(sess, coord)
        try:
            while not coord.should_stop():
                sess.run(train_op)
        except tf.errors.OutOfRangeError:
            print("done")
        finally:
            coord.request_stop()
        coord.join(threads)

    Args:
        clean_stop_exception_types: errors that mean an ordinary end and are not raised by `join`;
            OutOfRangeError if None.
    """

    def __init__(self, clean_stop_exception_types: Any = None) -> None:
        if clean_stop_exception_types is None:
            clean_stop_exception_types = (errors.OutOfRangeError,)
        self._clean = tuple(clean_stop_exception_types)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._joined = False
        self._threads: set[threading.Thread] = set()

    @property
    def joined(self) -> bool:
        """Whether `join` has returned or raised."""
        return self._joined

    def request_stop(self, ex: Any = None) -> None:
        """Ask all threads to stop.

        Args:
            ex: the error that is the reason, or what ``sys.exc_info()`` gives; the first counts.

        Raises:
            that error, if the threads have been joined already and nobody else would see it.
        """
        error = ex[1] if isinstance(ex, tuple) else ex
        if isinstance(error, self._clean):
            error = None
        with self._lock:
            if self._joined and error is not None:
                raise error
            if self._stop.is_set():
                return
            if error is not None:
                logs.info("Error reported to Coordinator: %s, %s", type(error), error)
                self._error = error
            self._stop.set()

    def clear_stop(self) -> None:
        """Make the coordinator as good as new, so that threads can be started again."""
        with self._lock:
            self._joined = False
            self._error = None
            self._stop.clear()

    def should_stop(self) -> bool:
        """Whether a stop was requested."""
        return self._stop.is_set()

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Request a stop for whatever is raised inside, and go on after the block."""
        try:
            yield
        except BaseException as error:
            self.request_stop(error)

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until a stop is requested, or for so many seconds. True if it was."""
        return self._stop.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Let `join` wait for a thread."""
        with self._lock:
            self._threads.add(thread)

    def join(
        self,
        threads: Iterable[threading.Thread] | None = None,
        stop_grace_period_secs: float = 120,
        ignore_live_threads: bool = False,
    ) -> None:
        """Wait for the registered threads and `threads` to end.

        Args:
            stop_grace_period_secs: how long they may take once a stop is requested.
            ignore_live_threads: do not raise for those that take longer.

        Raises:
            the error that was the reason of the stop, if there was one.
            RuntimeError: if threads are still alive.
        """
        with self._lock:
            waited = list(self._threads | set(threads or ()))
        while any(each.is_alive() for each in waited) and not self.wait_for_stop(_POLL_SECONDS):
            pass
        stragglers = self._wait_for(waited, stop_grace_period_secs)
        with self._lock:
            self._joined = True
            self._threads = set()
            if self._error is not None:
                raise self._error
        if stragglers:
            message = f"Coordinator stopped with threads still running: {' '.join(stragglers)}"
            if not ignore_live_threads:
                raise RuntimeError(message)
            logs.info(message)

    @staticmethod
    def _wait_for(threads: list[threading.Thread], seconds: float) -> list[str]:
        """The names of the threads that are alive after so long."""
        end = time.monotonic() + seconds
        pause = 0.001
        while any(each.is_alive() for each in threads) and time.monotonic() < end:
            time.sleep(min(pause, max(0.0, end - time.monotonic())))
            pause = min(2 * pause, _LONGEST_POLL_SECONDS)
        return [each.name for each in threads if each.is_alive()]

    def raise_requested_exception(self) -> None:
        """Raise the error that was given to `request_stop`, if one was."""
        with self._lock:
            if self._error is not None:
                raise self._error


class LooperThread(threading.Thread):
    """A daemon thread that calls a function again and again until its coordinator stops it.

    An error ends it and stops the coordinator. Subclasses may override `start_loop`, `run_loop` and
    `stop_loop` instead of giving a target.

    Args:
        coord: the coordinator.
        timer_interval_secs: the time from one call's beginning to the next; without pause if None.
        target, args, kwargs: the function and what it is called with.
    """

    def __init__(
        self,
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any] | None = None,
        args: Any = None,
        kwargs: Any = None,
    ) -> None:
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        if target is None and (args or kwargs):
            raise ValueError("'args' and 'kwargs' argument require that you also pass 'target'")
        super().__init__(daemon=True)
        self._coord = coord
        self._interval = timer_interval_secs
        self._function = target
        self._arguments = tuple(args or ())
        self._keywords = dict(kwargs or {})
        coord.register_thread(self)

    @staticmethod
    def loop(
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any],
        args: Any = None,
        kwargs: Any = None,
    ) -> LooperThread:
        """A started thread."""
        thread = LooperThread(coord, timer_interval_secs, target, args, kwargs)
        thread.start()
        return thread

    def run(self) -> None:
        with self._coord.stop_on_exception():
            self.start_loop()
            if self._interval is None:
                while not self._coord.should_stop():
                    self.run_loop()
            else:
                due = time.monotonic()
                while not self._coord.wait_for_stop(max(0.0, due - time.monotonic())):
                    due += self._interval
                    self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """Called when the thread starts."""

    def run_loop(self) -> None:
        """Called again and again."""
        if self._function is not None:
            self._function(*self._arguments, **self._keywords)

    def stop_loop(self) -> None:
        """Called when the thread stops without an error."""
