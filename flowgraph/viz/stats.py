"""Time and memory per op, read from a `RunMetadata`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


class TensorMemory(Protocol):
    @property
    def total_bytes(self) -> int: ...


class NodeStats(Protocol):
    @property
    def node_name(self) -> str: ...

    @property
    def all_end_rel_micros(self) -> int: ...

    @property
    def memory(self) -> Iterable[TensorMemory]: ...


class DeviceStats(Protocol):
    @property
    def node_stats(self) -> Iterable[NodeStats]: ...


class StepStats(Protocol):
    @property
    def dev_stats(self) -> Iterable[DeviceStats]: ...


class RunMetadataLike(Protocol):
    @property
    def step_stats(self) -> StepStats: ...


@dataclass(slots=True)
class Cost:
    """What one op took in one run."""

    micros: float = 0.0
    bytes: int = 0


def node_costs(run_metadata: RunMetadataLike | None) -> dict[str, Cost]:
    """The cost of each op by name, summed over devices and over repeated runs of the op."""
    costs: dict[str, Cost] = {}
    if run_metadata is None:
        return costs
    for device in run_metadata.step_stats.dev_stats:
        for stats in device.node_stats:
            cost = costs.setdefault(stats.node_name.partition(":")[0], Cost())
            cost.micros += _micros(stats)
            cost.bytes += sum(memory.total_bytes for memory in stats.memory)
    return costs


def _micros(stats: NodeStats) -> float:
    """Nanoseconds where they were recorded, as small ops take less than a microsecond."""
    nanos = getattr(stats, "all_end_rel_nanos", 0)
    return nanos / 1000 if nanos else float(stats.all_end_rel_micros)


def scale(value: float, largest: float) -> float:
    """Where a cost stands between nothing (0) and the largest (1)."""
    return max(0.0, min(1.0, value / largest)) if largest > 0 else 0.0


def cost_under(names: Iterable[str], costs: Mapping[str, Cost]) -> Cost:
    """The sum over several ops."""
    total = Cost()
    for name in names:
        cost = costs.get(name)
        if cost is not None:
            total.micros += cost.micros
            total.bytes += cost.bytes
    return total
