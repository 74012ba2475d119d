"""The text of `Session.explain`."""

from __future__ import annotations

from flowgraph.compiler.lower import lower
from flowgraph.compiler.memory import plan_memory
from flowgraph.runtime.plan import Plan

__all__ = ["explain"]


def explain(plan: Plan, shapes: tuple[tuple[int, ...], ...]) -> str:
    """The program as lowered, what each pass made of it, and where results lie."""
    lowered = str(lower(plan.tensors, plan.targets, plan.feeds, list(shapes)))
    shaped = plan.compile(shapes, dump=True)
    parts = ["== lowered ==", lowered, "", "== passes =="]
    for record in shaped.records:
        change = f"{record.before:6d} -> {record.after:6d} instructions"
        parts.append(f"{record.name:10s} {change} {record.seconds * 1e3:8.2f} ms")
    previous = lowered
    for record in shaped.records:
        if record.dump != previous:
            parts += ["", f"== after {record.name} ==", record.dump]
            previous = record.dump
    arena = plan_memory(shaped.program)
    parts += [
        "",
        "== memory ==",
        f"{len(arena.offsets)} buffers in an arena of {arena.size} bytes "
        f"({arena.unshared} without sharing)",
    ]
    return "\n".join(parts)
