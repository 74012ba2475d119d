"""Switches of later TensorFlows that programs for `compat.v1` set; here graphs are all there is."""

from __future__ import annotations

__all__ = [
    "disable_eager_execution",
    "disable_resource_variables",
    "disable_v2_behavior",
    "disable_v2_tensorshape",
    "enable_resource_variables",
    "executing_eagerly",
    "resource_variables_enabled",
]


def disable_eager_execution() -> None:
    """Accepted: ops always go into a graph."""


def disable_v2_behavior() -> None:
    """Accepted: everything behaves as in TensorFlow 1."""


def disable_v2_tensorshape() -> None:
    """Accepted: the sizes of a shape are `Dimension` objects."""


def enable_resource_variables() -> None:
    """Accepted: variables behave the same either way."""


def disable_resource_variables() -> None:
    """Accepted: variables behave the same either way."""


def resource_variables_enabled() -> bool:
    """False: a variable is a reference unless it asks for something else."""
    return False


def executing_eagerly() -> bool:
    """False: ops always go into a graph."""
    return False
