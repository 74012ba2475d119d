"""Device strings: parsing, merging, colocation. Everything runs on the CPU; the strings are
kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from flowgraph.graph.tensor import Operation

__all__ = ["DeviceAttributes", "DeviceSpec", "checked", "colocate", "list_local_devices", "resolve"]

_PART = re.compile(
    r"/(?:job:(?P<job>[^/:]+)|replica:(?P<replica>\d+)|task:(?P<task>\d+)"
    r"|(?:device:)?(?P<type>[A-Za-z_]\w*):(?P<index>\d+|\*)|(?P<bare>cpu|gpu|CPU|GPU))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class DeviceSpec:
    """A possibly partial device: ``/job:worker/replica:0/task:1/device:CPU:0``."""

    job: str | None = None
    replica: int | None = None
    task: int | None = None
    device_type: str | None = None
    device_index: int | None = None

    @staticmethod
    def from_string(spec: str) -> DeviceSpec:
        """Parse a device string. Raises ValueError if it is not one."""
        text = spec if spec.startswith("/") or not spec else "/" + spec
        found: dict[str, Any] = {}
        position = 0
        while position < len(text):
            match = _PART.match(text, position)
            if match is None:
                raise ValueError(f"Unknown attribute: '{text[position:]}' in device {spec!r}.")
            position = match.end()
            found.update(_fields(match))
        return DeviceSpec(**found)

    def merge_from(self, inner: DeviceSpec) -> DeviceSpec:
        """This device with the parts that `inner` names replaced."""
        return replace(self, **{k: v for k, v in vars(inner).items() if v is not None})

    def to_string(self) -> str:
        text = ""
        for key in ("job", "replica", "task"):
            if getattr(self, key) is not None:
                text += f"/{key}:{getattr(self, key)}"
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            text += f"/device:{self.device_type}:{index}"
        return text


def _fields(match: re.Match[str]) -> dict[str, Any]:
    if match["job"]:
        return {"job": match["job"]}
    for key in ("replica", "task"):
        if match[key]:
            return {key: int(match[key])}
    kind = (match["type"] or match["bare"]).upper()
    index = match["index"]
    number = int(index) if index and index != "*" else None
    return {"device_type": kind, "device_index": number}


def checked(device: Any) -> Any:
    """A parsed string, a function, or None. Raises at the ``with`` line if it is neither."""
    if device is None or callable(device):
        return device
    if isinstance(device, DeviceSpec):
        return device
    if not isinstance(device, str):
        raise TypeError(f"A device is a string or a function, not {type(device).__name__}.")
    return DeviceSpec.from_string(device)


def resolve(stack: list[Any], op: Operation) -> str:
    """The device of a new op: the innermost context wins part by part."""
    spec = DeviceSpec()
    start = max((i + 1 for i, entry in enumerate(stack) if entry is None), default=0)
    for entry in stack[start:]:
        if callable(entry) and not isinstance(entry, DeviceSpec):
            op._device = spec.to_string()
            answer = entry(op)
            entry = (
                answer if isinstance(answer, DeviceSpec) else DeviceSpec.from_string(answer or "")
            )
        spec = spec.merge_from(entry)
    return spec.to_string()


def colocate(op: Operation, targets: list[Operation]) -> None:
    """Give `op` the colocation groups and the device of `targets`."""
    groups = sorted({group for target in targets for group in target.colocation_groups()})
    op._set_attr("_class", groups)
    for target in targets:
        if target.device:
            op._device = target.device


@dataclass(frozen=True)
class DeviceAttributes:
    """A device there is; a limit of 0 means that none is known."""

    name: str
    device_type: str
    memory_limit: int = 0
    incarnation: int = 0
    physical_device_desc: str = ""

    @property
    def memory_limit_bytes(self) -> int:
        return self.memory_limit


def list_local_devices(session_config: Any = None) -> list[DeviceAttributes]:
    """The devices of this machine: its CPU.

    Args:
        session_config: accepted for compatibility.
    """
    return [DeviceAttributes("/device:CPU:0", "CPU")]
