"""The times of a traced run in the form that ``chrome://tracing`` and Perfetto show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["Timeline"]

# "name = Type(input, input)"; the inputs may be missing.
_LABEL = re.compile(r"(?P<name>[\w./:>-]+)\s*=\s*(?P<type>\w+)(?:\((?P<inputs>[^)]*)\))?")

Event = dict[str, Any]


class Timeline:
    """The steps of one run on each device, made from ``run_metadata.step_stats``.

    Args:
        step_stats: a StepStats message.
        graph: accepted for compatibility.
    """

    def __init__(self, step_stats: Any, graph: Any = None) -> None:
        self._step_stats = step_stats

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False, op_time: str = "schedule"
    ) -> str:
        """The trace as JSON: one process per device, a row for steps that do not overlap.

        Args:
            show_dataflow: with arrows from a step to those that use what it makes, where the
                trace says so.
            show_memory: with the bytes that each step took.
            op_time: "schedule" or "all": both count the time from a step's start to its end.
        """
        if op_time not in ("schedule", "all"):
            raise ValueError(f"op_time must be 'schedule' or 'all', not {op_time!r}")
        events: list[Event] = []
        for pid, device in enumerate(self._step_stats.dev_stats):
            title = {"name": f"{device.device} Compute"}
            events.append({"name": "process_name", "ph": "M", "pid": pid, "args": title})
            steps = sorted(device.node_stats, key=lambda node: int(node.all_start_micros))
            events += _placed(steps, pid)
            if show_memory:
                events += [_memory(node, pid) for node in steps]
        if show_dataflow:
            events += list(_arrows([event for event in events if event["ph"] == "X"]))
        return json.dumps({"traceEvents": events}, indent=4)


def _placed(steps: list[Any], pid: int) -> Iterator[Event]:
    """The steps as events, each in the first row whose last step has ended."""
    ends: list[int] = []
    for node in steps:
        start = int(node.all_start_micros)
        end = start + int(node.all_end_rel_micros)
        row = next((row for row, last in enumerate(ends) if last <= start), len(ends))
        ends[row : row + 1] = [end]
        match = _LABEL.match(node.timeline_label)
        kind = match["type"] if match else node.node_name
        arguments = {"name": node.node_name, "op": kind}
        inputs = match["inputs"].split(",") if match and match["inputs"] else []
        arguments.update({f"input{i}": each.strip() for i, each in enumerate(inputs)})
        yield {
            "ph": "X",
            "cat": "Op",
            "name": kind,
            "pid": pid,
            "tid": row,
            "ts": start,
            "dur": end - start,
            "args": arguments,
        }


def _memory(node: Any, pid: int) -> Event:
    taken = {each.allocator_name: int(each.total_bytes) for each in node.memory}
    start = int(node.all_start_micros)
    return {"ph": "C", "cat": "Memory", "name": "Memory", "pid": pid, "ts": start, "args": taken}


def _arrows(steps: list[Event]) -> Iterator[Event]:
    makers = {step["args"]["name"]: step for step in steps}
    for user in steps:
        for key, text in user["args"].items():
            maker = makers.get(text.lstrip("^").split(":")[0])
            if not key.startswith("input") or maker is None:
                continue
            common = {"cat": "DataFlow", "name": text, "id": f"{text}-{user['args']['name']}"}
            end = maker["ts"] + maker["dur"]
            yield {**common, "ph": "s", "pid": maker["pid"], "tid": maker["tid"], "ts": end}
            yield {**common, "ph": "t", "pid": user["pid"], "tid": user["tid"], "ts": user["ts"]}
