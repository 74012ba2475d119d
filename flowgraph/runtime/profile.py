"""Per-op times and memory of one run, as TF's RunMetadata."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from flowgraph import protos
from flowgraph.compiler.program import Instr
from flowgraph.runtime.plan import ShapedPlan

__all__ = ["is_traced", "traced_run"]

_DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"


def is_traced(options: Any) -> bool:
    """True if a RunOptions asks for times."""
    return int(options.trace_level) > 0


def traced_run(shaped: ShapedPlan, feeds: list[Any], run_metadata: Any) -> list[Any]:
    """Run on the reference kernels, timing each; fills `run_metadata` if it is given."""
    stats = protos.StepStats()
    device = stats.dev_stats.add()
    device.device = _DEVICE
    begin = time.time_ns()
    previous = time.perf_counter_ns()
    first = previous

    seen: dict[str, Any] = {}

    def observe(instr: Instr, result: Any) -> None:
        nonlocal previous
        taken = time.perf_counter_ns() - previous
        known = seen.get(instr.name)
        if known is None:
            seen[instr.name] = node = device.node_stats.add()
            _record(node, instr, result, begin + previous - first, taken)
        else:
            # A variable that is read before and after a write.
            _set_duration(known, known.all_end_rel_nanos + taken)
        previous = time.perf_counter_ns()

    results = shaped.reference.run(feeds, observe)
    if run_metadata is not None:
        run_metadata.step_stats.CopyFrom(stats)
    return shaped.owned(results)


def _set_duration(node: Any, taken_ns: int) -> None:
    node.op_end_rel_micros = node.all_end_rel_micros = taken_ns // 1000
    node.op_end_rel_nanos = node.all_end_rel_nanos = taken_ns


def _record(node: Any, instr: Instr, result: Any, start_ns: int, taken_ns: int) -> None:
    node.node_name = instr.name
    node.timeline_label = f"{instr.name} = {instr.type}"
    node.all_start_micros = start_ns // 1000
    node.all_start_nanos = start_ns
    _set_duration(node, taken_ns)
    outputs = [result] if instr.definition.is_single else list(result or ())
    total = 0
    for slot, (value, array) in enumerate(zip(instr.outputs, outputs, strict=False)):
        count = np.asarray(array).nbytes if isinstance(array, np.ndarray | np.generic) else 0
        total += count
        output = node.output.add()
        output.slot = slot
        description = output.tensor_description
        description.dtype = value.dtype.base_dtype.as_datatype_enum
        for size in np.shape(array) if not isinstance(array, list) else ():
            description.shape.dim.add().size = size
        description.allocation_description.requested_bytes = count
    memory = node.memory.add()
    memory.allocator_name = "cpu"
    memory.total_bytes = memory.peak_bytes = total
