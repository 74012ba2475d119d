"""Kernels that change variables by a rule, in one pass over memory, and one that looks up rows.

They take denormal numbers for zero, as TensorFlow's threads do: the averages of units that no
longer learn decay to denormals, with which processors compute many times slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from flowgraph.backends.native import llvm
from flowgraph.backends.native.builder import Lanes, Vec, element, itemsize
from flowgraph.backends.native.engine import Machine
from flowgraph.backends.native.pool import call_split, split_from
from flowgraph.backends.native.rules import Rule

__all__ = ["Change", "write_gather", "write_rows", "write_whole"]

# Flush-to-zero and denormals-are-zero in the control register of x86.
_FLUSH = 0x8040


class Change(NamedTuple):
    """A rule with all that a kernel depends on.

    Attributes:
        options: of the rule's formula.
        dtype: of all arrays but indices.
        scalars: how many numbers the rule's coefficients are made of.
    """

    rule: Rule
    options: tuple[tuple[str, Any], ...]
    dtype: str
    scalars: int

    @property
    def split_from(self) -> int:
        """How many elements are worth several threads; variables are read and written."""
        return split_from(itemsize(self.dtype) * (2 * self.rule.cells + 1))


def write_whole(module: Any, name: str, machine: Machine, change: Change) -> None:
    """``void name(i64* turns, void** arrays)``: one turn per element.

    The arrays are the variables, the gradient, then the rule's scalars.
    """
    part = _Function(module, f"{name}_part", machine, change.dtype, bounds=2)
    _, arrays, start, stop = part.function.args
    with part.flushed():
        step = part.step(change, arrays)
        part.vectors(start, stop, step(part.pointers(arrays, change.rule.cells + 1)))
    part.b.ret_void()

    whole = _Function(module, name, machine, change.dtype)
    b = whole.b
    turns, arrays = whole.function.args
    count = b.load(turns, typ=whole.i64)
    large = b.icmp_signed(">=", count, whole.number(change.split_from))
    with b.if_else(large) as (split, inline):
        with split:
            call_split(whole.lanes, part.function, [turns, arrays], count)
        with inline:
            b.call(part.function, [turns, arrays, whole.number(0), count])
    b.ret_void()


def write_rows(
    module: Any,
    name: str,
    machine: Machine,
    change: Change,
    index: str,
    skips_negative: bool = False,
) -> None:
    """The same for the rows that indices name, one after the other.

    The turns are those of the indices, the elements of a row, and the rows of the variables. The
    arrays are the variables, the gradient, the rule's scalars, the indices of dtype `index`, and an
    int64 that becomes 1; or 0 if an index is out of range, and then nothing is changed.

    Args:
        skips_negative: negative indices are in range, and name no row.
    """
    f = _Function(module, name, machine, change.dtype)
    turns, arrays = f.function.args
    count, width, limit = (f.item(turns, i, f.i64) for i in range(3))
    changed = change.rule.cells + 1
    indices, status = f.pointers(arrays, 2, after=changed + change.scalars)
    below = f.b.icmp_signed if skips_negative else f.b.icmp_unsigned
    with f.if_within(indices, index, count, limit, status, below), f.flushed():
        *targets, gradient = f.pointers(arrays, changed)
        step = f.step(change, arrays)
        with f.lanes.count_up(f.number(0), count, 1) as turn:
            row_number = f.index(indices, turn, index)
            to = f.b.mul(row_number, width)
            row = [f.at(target, to) for target in targets]
            row.append(f.at(gradient, f.b.mul(turn, width)))
            stop = width
            if skips_negative:
                stop = f.b.select(f.b.icmp_signed("<", row_number, f.number(0)), f.number(0), width)
            f.vectors(f.number(0), stop, step(row))
    f.b.ret_void()


def write_gather(module: Any, name: str, machine: Machine, dtype: str, index: str) -> None:
    """A kernel that looks up rows; turns as for `write_rows`.

    The arrays are the result, the table, the indices and the int64.
    """
    f = _Function(module, name, machine, dtype)
    turns, arrays = f.function.args
    count, width, limit = (f.item(turns, i, f.i64) for i in range(3))
    result, table, indices, status = f.pointers(arrays, 4)
    with (
        f.if_within(indices, index, count, limit, status, f.b.icmp_unsigned),
        f.lanes.count_up(f.number(0), count, 1) as turn,
    ):
        source = f.at(table, f.b.mul(f.index(indices, turn, index), width))
        target = f.at(result, f.b.mul(turn, width))

        def copy(at: Any, mask: Vec | None) -> None:
            f.lanes.store(f.lanes.load(f.at(source, at), dtype, mask), f.at(target, at), mask)

        f.vectors(f.number(0), width, copy)
    f.b.ret_void()


Step = Callable[[Any, Vec | None], None]


class _Function:
    """A function under construction, of turns, arrays, and some int64."""

    def __init__(
        self, module: Any, name: str, machine: Machine, dtype: str, bounds: int = 0
    ) -> None:
        ir = llvm.ir
        self.i64, self.pointer = ir.IntType(64), ir.PointerType()
        kind = ir.FunctionType(ir.VoidType(), [self.pointer] * 2 + [self.i64] * bounds)
        self.function = ir.Function(module, kind, name)
        self.b = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.dtype = dtype
        self.is_x86 = llvm.binding.get_process_triple().startswith("x86_64")
        self.lanes = Lanes(self.b, machine.lanes(itemsize(dtype)))

    def number(self, value: int) -> Any:
        return llvm.ir.Constant(self.i64, value)

    def item(self, base: Any, index: int, kind: Any) -> Any:
        place = self.b.gep(base, [self.number(index)], source_etype=kind)
        return self.b.load(place, typ=kind)

    def pointers(self, arrays: Any, count: int, after: int = 0) -> list[Any]:
        return [self.item(arrays, after + i, self.pointer) for i in range(count)]

    def at(self, pointer: Any, index: Any) -> Any:
        """The place of an element."""
        return self.b.gep(pointer, [index], source_etype=element(self.dtype))

    def index(self, indices: Any, turn: Any, dtype: str) -> Any:
        """One index as an int64."""
        kind = element(dtype)
        found = self.b.load(self.b.gep(indices, [turn], source_etype=kind), typ=kind)
        return found if dtype == "int64" else self.b.sext(found, self.i64)

    @contextmanager
    def if_within(
        self, indices: Any, dtype: str, count: Any, limit: Any, status: Any, below: Any
    ) -> Iterator[None]:
        """Set `status` to whether all indices are below `limit`; if so, the block runs.

        Args:
            below: how to compare: unsigned, negative indices are huge.
        """
        b = self.b
        b.store(self.number(1), status)
        with self.lanes.count_up(self.number(0), count, 1) as turn:
            good = below("<", self.index(indices, turn, dtype), limit)
            b.store(b.and_(b.load(status, typ=self.i64), b.zext(good, self.i64)), status)
        with b.if_then(b.icmp_signed("!=", b.load(status, typ=self.i64), self.number(0))):
            yield

    @contextmanager
    def flushed(self) -> Iterator[None]:
        """The block computes with denormals taken for zero, where the processor is known."""
        if not self.is_x86:
            yield
            return
        i32 = llvm.ir.IntType(32)
        before, during = self.b.alloca(i32), self.b.alloca(i32)
        self._control("stmxcsr", before)
        flushing = self.b.or_(self.b.load(before, typ=i32), llvm.ir.Constant(i32, _FLUSH))
        self.b.store(flushing, during)
        self._control("ldmxcsr", during)
        yield
        self._control("ldmxcsr", before)

    def _control(self, instruction: str, place: Any) -> None:
        self.lanes.call(f"llvm.x86.sse.{instruction}", llvm.ir.VoidType(), [place])

    def vectors(self, start: Any, stop: Any, step: Step) -> None:
        """The step at ``start, start + lanes, ...``, with a mask at the end."""
        b, width = self.b, self.lanes.count
        whole = b.add(start, b.and_(b.sub(stop, start), self.number(-width)))
        with self.lanes.count_up(start, whole, width) as at:
            step(at, None)
        rest = b.sub(stop, whole)
        with b.if_then(b.icmp_signed("!=", rest, self.number(0))):
            left = self.lanes.splat(b.trunc(rest, llvm.ir.IntType(32)), "int32")
            step(whole, self.lanes.iota("int32") < left)

    def step(self, change: Change, arrays: Any) -> Callable[[Sequence[Any]], Step]:
        """From where the variables and the gradient begin to how one vector of them is changed."""
        rule, options = change.rule, dict(change.options)
        coefficients = self._coefficients(change, arrays)

        def from_places(places: Sequence[Any]) -> Step:
            def step(at: Any, mask: Vec | None) -> None:
                here = [self.at(place, at) for place in places]
                values = [self.lanes.load(each, self.dtype, mask) for each in here]
                changed = rule.formula(*values, *coefficients, **options)
                for old, new, place in zip(values, changed, here, strict=False):
                    if new is not old:
                        self.lanes.store(new, place, mask)

            return step

        return from_places

    def _coefficients(self, change: Change, arrays: Any) -> list[Vec]:
        scalar = Lanes(self.b, 1)
        places = self.pointers(arrays, change.scalars, after=change.rule.cells + 1)
        numbers = [scalar.load(place, self.dtype, None).to("float64") for place in places]
        return [self._spread(each) for each in change.rule.coefficients(*numbers)]

    def _spread(self, number: Vec) -> Vec:
        """A vector of copies of a float64, rounded."""
        first = llvm.ir.Constant(llvm.ir.IntType(32), 0)
        one = self.b.extract_element(number.to(self.dtype).value, first)
        return self.lanes.splat(one, self.dtype)
