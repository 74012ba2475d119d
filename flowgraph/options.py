"""How a session compiles and runs, from a ConfigProto and the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

__all__ = ["AUTOMATIC", "Options"]

_BACKENDS = ("reference", "python", "native", "auto")
# What "auto" stands for, where that can be had.
AUTOMATIC = "python"


@dataclass(frozen=True)
class Options:
    """Settings of one session.

    Attributes:
        level: 0 runs the graph as it was built, 1 optimises it.
        check: verify the program after each pass (FLOWGRAPH_CHECK=1).
        compile_after: runs of a plan on the reference kernels before it is compiled;
            FLOWGRAPH_COMPILE=0 keeps it there for ever.
        backend: FLOWGRAPH_BACKEND: "reference" runs op by op; "python" as one Python function;
            "native" so, with groups of ops as machine code; "auto" as is best here.
    """

    level: int = 1
    check: bool = False
    compile_after: float = 1
    backend: str = "auto"

    @property
    def native(self) -> bool:
        """Whether machine code may stand in for NumPy's kernels, where it can be had."""
        return (AUTOMATIC if self.backend == "auto" else self.backend) == "native"

    @staticmethod
    def from_config(config: Any) -> Options:
        """The options that a ConfigProto (or None) and the environment ask for."""
        level = 1
        if config is not None and config.graph_options.optimizer_options.opt_level < 0:
            level = 0
        compiled = os.environ.get("FLOWGRAPH_COMPILE", "1") != "0"
        backend = os.environ.get("FLOWGRAPH_BACKEND", "auto")
        if backend not in _BACKENDS:
            raise ValueError(f"FLOWGRAPH_BACKEND={backend}: it is one of {', '.join(_BACKENDS)}")
        return Options(
            level=int(os.environ.get("FLOWGRAPH_LEVEL", level)),
            check=os.environ.get("FLOWGRAPH_CHECK", "0") == "1",
            compile_after=1 if compiled and backend != "reference" else float("inf"),
            backend=backend,
        )
