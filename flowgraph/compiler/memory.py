"""Static memory planning: buffers of dead values serve later ones.

Every planned value gets a place in one arena. Two values share bytes only if their lifetimes do not
overlap; an instruction declared in-place writes over an input that dies there.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowgraph import dims
from flowgraph.compiler.passes.protect import alias_roots
from flowgraph.compiler.program import Instr, Program, Value

__all__ = ["Arena", "plan_memory"]

_ALIGNMENT = 64
_MIN_BYTES = 1


@dataclass
class Arena:
    """Where planned values lie.

    Attributes:
        offsets: byte offset per value.
        size: bytes of the whole arena.
        unshared: bytes that separate buffers would take.
    """

    offsets: dict[Value, int]
    size: int
    unshared: int


def _bytes(value: Value) -> int:
    count = dims.num_elements(value.dims)
    return 0 if count is None else count * value.dtype.np.itemsize


def _plannable(instr: Instr, value: Value, kept: set[Value]) -> bool:
    """True for results of known size that a kernel can write into a given buffer."""
    return (
        instr.definition.has_out
        and len(instr.outputs) == 1
        and value not in kept
        and bool(value.dims)
        and dims.is_known(value.dims)
        and value.dtype.kind in "fiucb"
        and _bytes(value) >= _MIN_BYTES
    )


def plan_memory(program: Program) -> Arena:
    """Offsets for every result that a kernel can write into a buffer and that is not fetched."""
    roots = alias_roots(program)
    kept = {roots.get(value, value) for value in program.fetches}
    last_use = _last_uses(program, roots)
    offsets: dict[Value, int] = {}
    free = _FreeList()
    unshared = 0
    expiring: dict[int, list[Value]] = {}
    for index, instr in enumerate(program.instrs):
        if instr.outputs and _plannable(instr, instr.outputs[0], kept):
            value = instr.outputs[0]
            end = last_use.get(value, index)
            unshared += _bytes(value)
            donor = _donor(instr, index, roots, last_use, offsets)
            if donor is not None:
                # The bytes pass on, so they are not freed here.
                offsets[value] = offsets[donor]
                expiring[index].remove(donor)
            else:
                offsets[value] = free.take(_bytes(value))
            expiring.setdefault(end, []).append(value)
        for value in expiring.pop(index, ()):
            free.give(offsets[value], _bytes(value))
    return Arena(offsets, free.size, unshared)


def _last_uses(program: Program, roots: dict[Value, Value]) -> dict[Value, int]:
    last: dict[Value, int] = {}
    for index, instr in enumerate(program.instrs):
        for value in instr.inputs:
            last[roots.get(value, value)] = index
        for value in instr.outputs:
            last[roots.get(value, value)] = index
    return last


def _donor(
    instr: Instr,
    index: int,
    roots: dict[Value, Value],
    last_use: dict[Value, int],
    planned: dict[Value, int],
) -> Value | None:
    """An input that dies here and whose bytes the output may overwrite."""
    output = instr.outputs[0]
    for position in instr.definition.inplace:
        value = instr.inputs[position]
        if (
            value in planned
            and value not in roots
            and last_use.get(value) == index
            and value.dims == output.dims
            and value.dtype is output.dtype
        ):
            return value
    return None


class _FreeList:
    """Best-fit allocation of byte ranges."""

    def __init__(self) -> None:
        self.size = 0
        self._free: list[tuple[int, int]] = []

    def take(self, count: int) -> int:
        need = _aligned(count)
        fitting = [(length, start) for start, length in self._free if length >= need]
        if not fitting:
            start = self.size
            self.size += need
            return start
        length, start = min(fitting)
        self._free.remove((start, length))
        if length > need:
            self._free.append((start + need, length - need))
        return start

    def give(self, start: int, count: int) -> None:
        length = _aligned(count)
        merged = []
        for other, other_length in self._free:
            if other + other_length == start:
                start, length = other, other_length + length
            elif start + length == other:
                length += other_length
            else:
                merged.append((other, other_length))
        self._free = [*merged, (start, length)]


def _aligned(count: int) -> int:
    return -(-count // _ALIGNMENT) * _ALIGNMENT
