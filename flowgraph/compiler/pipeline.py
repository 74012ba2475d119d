"""The compiler's passes, in order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flowgraph.compiler.passes.cse import merge_common
from flowgraph.compiler.passes.dead import drop_dead
from flowgraph.compiler.passes.fold import fold
from flowgraph.compiler.passes.fuse import Supports, fuse
from flowgraph.compiler.passes.infer import infer
from flowgraph.compiler.passes.protect import protect_reads
from flowgraph.compiler.passes.simplify import simplify
from flowgraph.compiler.program import Program
from flowgraph.compiler.verify import verify

__all__ = ["PASSES", "PassRecord", "optimize"]

Pass = Callable[..., None]

# (name, pass, lowest optimisation level at which it runs)
PASSES: tuple[tuple[str, Pass, int], ...] = (
    ("infer", infer, 0),
    ("fold", fold, 1),
    ("simplify", simplify, 1),
    ("cse", merge_common, 1),
    ("dead", drop_dead, 0),
    ("fuse", fuse, 1),
    ("protect", protect_reads, 0),
)


@dataclass
class PassRecord:
    """What one pass did: sizes, seconds, and the program after it where that was asked for."""

    name: str
    before: int
    after: int
    seconds: float
    dump: str = field(default="", repr=False)


def optimize(
    program: Program,
    *,
    level: int = 1,
    check: bool = False,
    dump: bool = False,
    fusible: Supports | None = None,
) -> list[PassRecord]:
    """Run the passes of `level` over `program`, in place.

    Args:
        level: 0 only what running needs, 1 all.
        check: verify the program after each pass.
        dump: keep the program's text after each pass.
        fusible: what the backend can compute in groups; without it there are none.
    """
    records = []
    for name, apply_pass, lowest in PASSES:
        if level < lowest or (name == "fuse" and fusible is None):
            continue
        before = len(program.instrs)
        start = time.perf_counter()
        if name == "infer":
            apply_pass(program)
        elif name == "fuse":
            apply_pass(program, fusible)
        else:
            for each in program.nested():
                apply_pass(each)
        seconds = time.perf_counter() - start
        if check:
            verify(program, name)
        text = str(program) if dump else ""
        records.append(PassRecord(name, before, len(program.instrs), seconds, text))
    return records
