"""llvmlite, loaded when a kernel is first compiled: importing flowgraph does not load LLVM."""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["__getattr__"]


def __getattr__(name: str) -> Any:
    """``llvm.ir`` and ``llvm.binding``."""
    if name not in ("ir", "binding"):
        raise AttributeError(name)
    module = globals()[name] = importlib.import_module(f"llvmlite.{name}")
    return module
