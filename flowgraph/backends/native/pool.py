"""Threads that do parts of a kernel's turns. They wait outside of Python, at semaphores.

Several threads of Python may come at once: one of them has the pool, the others compute alone. So
does a process that was forked from one with a pool.
"""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from flowgraph.backends.native import llvm
from flowgraph.backends.native.builder import Lanes
from flowgraph.backends.native.engine import address_of, host_engine

__all__ = ["add_pool", "call_split", "split_from"]

# Waking a thread takes as long as moving some megabytes.
_SPLIT_BYTES = 16 << 20
# What waits for memory gains nothing by more.
_MAX_WORKERS = 3
# Parts begin at multiples of it, so that two threads do not write to one line of the cache.
_GRAIN = 1024

_SPLIT, _WORKER = "flowgraph_split", "flowgraph_worker"
_LINE = 64
_SEMAPHORE_BYTES = 32
# A job: two semaphores, then these.
_PART, _TURNS, _ARRAYS, _START, _STOP = range(2 * _SEMAPHORE_BYTES, 2 * _SEMAPHORE_BYTES + 40, 8)
_JOB_BYTES = 128


def split_from(bytes_per_turn: int) -> int:
    """From how many turns on it pays to split a kernel that does little but move bytes."""
    return _SPLIT_BYTES // bytes_per_turn


def call_split(lanes: Lanes, part: Any, kernel: Sequence[Any], count: Any) -> None:
    """Write a call of ``part(turns, arrays, start, stop)`` by several threads, if there are.

    Args:
        kernel: turns and arrays, which all threads get.
        count: where the last part stops.
    """
    address = lanes.ir.ptrtoint(part, llvm.ir.IntType(64))
    lanes.call(_SPLIT, llvm.ir.VoidType(), [address, *kernel, count])


@functools.cache
def add_pool() -> None:
    """Start the threads, and let the kernels that are compiled from now on call them."""
    engine, workers = host_engine(), _worker_count()
    base = 0
    if workers:
        process = ctypes.CDLL(None)
        for name in ("sem_wait", "sem_trywait", "sem_post"):
            llvm.binding.add_symbol(name, address_of(getattr(process, name)))
        base = _reserve(process, _JOB_BYTES * (workers + 1))
    jobs = [base + _JOB_BYTES * (i + 1) for i in range(workers)]
    module = llvm.ir.Module()
    _write_split(module, base, jobs)
    llvm.binding.add_symbol(_SPLIT, engine.compile(str(module), _SPLIT))
    if workers:
        module = llvm.ir.Module()
        _write_worker(module)
        worker = engine.compile(str(module), _WORKER)
        set_semaphore = process.sem_init
        set_semaphore.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_uint)
        for job in jobs:
            set_semaphore(job, 0, 0)
            set_semaphore(job + _SEMAPHORE_BYTES, 0, 0)
        _start_threads(process, worker, jobs)
        set_semaphore(base, 0, 1)
        # A child has none of the threads: nobody gets the pool any more.
        os.register_at_fork(after_in_child=lambda: set_semaphore(base, 0, 0))


def _reserve(process: Any, size: int) -> int:
    """Zeroed memory that is never freed: threads wait there for as long as the process lives."""
    process.calloc.restype = ctypes.c_void_p
    process.calloc.argtypes = (ctypes.c_size_t, ctypes.c_size_t)
    found: int | None = process.calloc(size + _LINE, 1)
    if found is None:
        raise MemoryError
    return found + -found % _LINE


def _worker_count() -> int:
    """Threads beside the caller's. Semaphores in memory are Linux's; elsewhere there are none."""
    if not sys.platform.startswith("linux"):
        return 0
    return min(len(os.sched_getaffinity(0)) - 1, _MAX_WORKERS)


def _start_threads(process: Any, worker: int, jobs: list[int]) -> None:
    # Signals are Python's, which waits for them in its own threads.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        for job in jobs:
            thread = ctypes.c_void_p()
            arguments = (ctypes.c_void_p(worker), ctypes.c_void_p(job))
            if process.pthread_create(ctypes.byref(thread), None, *arguments):
                raise RuntimeError("no thread can be started")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class _Text:
    """Shorthand for what both functions are made of."""

    def __init__(self, module: Any, name: str, arguments: Sequence[Any], result: Any) -> None:
        ir = llvm.ir
        self.i64, self.i32, self.pointer = ir.IntType(64), ir.IntType(32), ir.PointerType()
        self.function = ir.Function(module, ir.FunctionType(result, arguments), name)
        self.b = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.lanes = Lanes(self.b, 1)
        self.part = ir.FunctionType(ir.VoidType(), [self.pointer] * 2 + [self.i64] * 2)

    def number(self, value: int) -> Any:
        return llvm.ir.Constant(self.i64, value)

    def known(self, address: int) -> Any:
        return self.b.inttoptr(self.number(address), self.pointer)

    def field(self, job: Any, offset: int) -> Any:
        return self.b.gep(job, [self.number(offset)], source_etype=llvm.ir.IntType(8))

    def post(self, semaphore: Any) -> None:
        self.lanes.call("sem_post", self.i32, [semaphore])

    def wait(self, semaphore: Any) -> None:
        """Wait, again if a signal came between."""
        b = self.b
        again, done = b.append_basic_block("wait"), b.append_basic_block("go")
        b.branch(again)
        b.position_at_end(again)
        interrupted = self.lanes.call("sem_wait", self.i32, [semaphore])
        b.cbranch(b.icmp_signed("!=", interrupted, self.i32(0)), again, done)
        b.position_at_end(done)

    def call_part(self, part: Any, arguments: Sequence[Any]) -> None:
        self.b.call(self.b.inttoptr(part, self.part.as_pointer()), arguments)


def _write_worker(module: Any) -> None:
    """``void* worker(void* job)``, which waits for its job again and again."""
    ir = llvm.ir
    pointer = ir.PointerType()
    w = _Text(module, _WORKER, [pointer], pointer)
    b = w.b
    (job,) = w.function.args
    forever = b.append_basic_block("forever")
    b.branch(forever)
    b.position_at_end(forever)
    w.wait(job)
    kinds = {_PART: w.i64, _TURNS: pointer, _ARRAYS: pointer, _START: w.i64, _STOP: w.i64}
    part, *arguments = (b.load(w.field(job, at), typ=kind) for at, kind in kinds.items())
    w.call_part(part, arguments)
    w.post(w.field(job, _SEMAPHORE_BYTES))
    b.branch(forever)


def _write_split(module: Any, idle: int, jobs: list[int]) -> None:
    """``void split(i64 part, i64* turns, void** arrays, i64 count)``"""
    ir = llvm.ir
    pointer, i64 = ir.PointerType(), ir.IntType(64)
    s = _Text(module, _SPLIT, [i64, pointer, pointer, i64], ir.VoidType())
    b = s.b
    part, turns, arrays, count = s.function.args
    alone = b.append_basic_block("alone")
    if jobs:
        ours = b.append_basic_block("ours")
        busy = s.lanes.call("sem_trywait", s.i32, [s.known(idle)])
        b.cbranch(b.icmp_signed("!=", busy, s.i32(0)), alone, ours)
        b.position_at_end(ours)
        share = b.and_(b.sdiv(count, s.number(len(jobs) + 1)), s.number(-_GRAIN))
        for number, address in enumerate(jobs):
            job = s.known(address)
            start = b.mul(share, s.number(number))
            values = (part, turns, arrays, start, b.add(start, share))
            for offset, value in zip((_PART, _TURNS, _ARRAYS, _START, _STOP), values, strict=True):
                b.store(value, s.field(job, offset))
            s.post(job)
        s.call_part(part, [turns, arrays, b.mul(share, s.number(len(jobs))), count])
        for address in jobs:
            s.wait(s.known(address + _SEMAPHORE_BYTES))
        s.post(s.known(idle))
        b.ret_void()
    else:
        b.branch(alone)
    b.position_at_end(alone)
    s.call_part(part, [turns, arrays, s.number(0), count])
    b.ret_void()
