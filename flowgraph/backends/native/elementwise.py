"""From a recipe and a layout to a kernel in LLVM's language.

The kernel is ``void kernel(i64* turns, void** arrays)`` for contiguous arrays, the first of which
is written: nested loops over the axes of the layout, of which the innermost goes in vectors. The
result may overwrite an input that has all axes: each vector is read before it is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowgraph.backends.native import angles, llvm, math
from flowgraph.backends.native.builder import Lanes, Vec, element, itemsize, where
from flowgraph.backends.native.engine import Machine
from flowgraph.backends.native.layout import Layout
from flowgraph.backends.native.recipe import Number, Recipe

__all__ = ["write_kernel"]


def _maximum(x: Vec, y: Vec) -> Vec:
    """NaN where x or y is."""
    return _extreme(x, y, x > y, y > x)


def _minimum(x: Vec, y: Vec) -> Vec:
    return _extreme(x, y, x < y, y < x)


def _extreme(x: Vec, y: Vec, x_wins: Vec, y_wins: Vec) -> Vec:
    if y.is_constant:
        return where(y_wins, y, x)
    chosen = where(x_wins, x, y)
    return chosen if x.kind != "f" or x.is_constant else where(x != x, x, chosen)


def _abs(x: Vec) -> Vec:
    if x.kind == "f":
        return x.fabs()
    return where(x < 0, -x, x) if x.kind == "i" else x


FUNCTIONS: dict[str, Callable[..., Vec]] = {
    **math.FUNCTIONS,
    **angles.FUNCTIONS,
    "abs": _abs,
    "add": lambda x, y: x + y,
    "bitwise_and": lambda x, y: x & y,
    "bitwise_or": lambda x, y: x | y,
    "bitwise_xor": lambda x, y: x ^ y,
    "ceil": lambda x: x.intrinsic("ceil"),
    "conjugate": lambda x: x,
    "divide": lambda x, y: x / y,
    "equal": lambda x, y: x == y,
    "floor": lambda x: x.intrinsic("floor"),
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
    "invert": lambda x: ~x,
    "isfinite": lambda x: x.fabs() < float("inf"),
    "isinf": lambda x: x.fabs() == float("inf"),
    "isnan": lambda x: x != x,
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "logical_and": lambda x, y: x & y,
    "logical_not": lambda x: ~x,
    "logical_or": lambda x, y: x | y,
    "logical_xor": lambda x, y: x ^ y,
    "maximum": _maximum,
    "minimum": _minimum,
    "multiply": lambda x, y: x * y,
    "negative": lambda x: -x,
    "not_equal": lambda x, y: x != y,
    "reciprocal": lambda x: 1 / x,
    "rint": lambda x: x.rint(),
    "sqrt": lambda x: x.sqrt(),
    "square": lambda x: x * x,
    "subtract": lambda x, y: x - y,
    "trunc": lambda x: x.intrinsic("trunc"),
    "where": where,
}
# These are functions of their own, so that a kernel that uses them twice has them once.
_LONG = frozenset([*math.FUNCTIONS, *angles.FUNCTIONS])
# Registers per vector where there are many elements: as many computations go on at a time.
_REGISTERS = 4


def write_kernel(
    module: Any, name: str, recipe: Recipe, layout: Layout, machine: Machine, large: bool
) -> None:
    """Add a kernel to an llvmlite module.

    Args:
        large: make it for many elements; one for few is shorter.
    """
    dtypes = {*recipe.inputs, *(step.dtype for step in recipe.steps)} - {"bool"}
    widest = max((itemsize(dtype) for dtype in dtypes), default=4)
    narrow = machine.lanes(max(widest, 4))
    _Writer(module, name, recipe, layout, [narrow * _REGISTERS, narrow] if large else [narrow])


class _Writer:
    def __init__(
        self, module: Any, name: str, recipe: Recipe, layout: Layout, widths: list[int]
    ) -> None:
        ir = llvm.ir
        pointer = ir.PointerType()
        self.i64 = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [pointer, pointer])
        self.function = ir.Function(module, kind, name)
        self.recipe = recipe
        self.b = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.lanes = [Lanes(self.b, width) for width in widths]
        turns, arrays = self.function.args
        self.dtypes = [recipe.dtype, *recipe.inputs]
        self.pointers = [
            self.b.load(self._at(arrays, self._int(index), pointer), typ=pointer)
            for index in range(len(self.dtypes))
        ]
        self.varies = [(True,) * layout.loops, *layout.varies]
        self.turns = [
            self.b.load(self._at(turns, self._int(axis), self.i64), typ=self.i64)
            for axis in range(layout.loops)
        ]
        self.strides = [self._strides(each) for each in self.varies]
        self._loop(0, [self._int(0)] * len(self.dtypes))
        self.b.ret_void()

    def _int(self, value: int) -> Any:
        return llvm.ir.Constant(self.i64, value)

    def _at(self, pointer: Any, index: Any, kind: Any) -> Any:
        return self.b.gep(pointer, [index], source_etype=kind)

    def _strides(self, varies: tuple[bool, ...]) -> list[Any]:
        """Elements from turn to turn of each loop; None where the array is repeated."""
        strides: list[Any] = [None] * len(varies)
        size = self._int(1)
        for axis in reversed(range(len(varies))):
            if varies[axis]:
                strides[axis] = size
                size = self.b.mul(size, self.turns[axis])
        return strides

    def _loop(self, axis: int, offsets: list[Any]) -> None:
        """The loop over an axis; `offsets` is where its first turn finds each array's element."""
        if axis == len(self.turns) - 1:
            self._innermost(offsets)
            return
        with self.lanes[0].count_up(self._int(0), self.turns[axis], 1) as turn:
            inner = [
                offset
                if strides[axis] is None
                else self.b.add(offset, self.b.mul(turn, strides[axis]))
                for offset, strides in zip(offsets, self.strides, strict=True)
            ]
            self._loop(axis + 1, inner)

    def _innermost(self, offsets: list[Any]) -> None:
        starts = [
            self._at(pointer, offset, self._stored(dtype))
            for pointer, offset, dtype in zip(self.pointers, offsets, self.dtypes, strict=True)
        ]
        repeated = {
            index: self.b.load(starts[index], typ=self._stored(dtype), align=itemsize(dtype))
            for index, dtype in enumerate(self.dtypes)
            if not self.varies[index][-1]
        }
        begin, count = self._int(0), self.turns[-1]
        *wider, narrow = self.lanes
        for lanes in wider:
            full = self.b.and_(count, self._int(-lanes.count))
            known = {i: lanes.splat(one, self.dtypes[i]) for i, one in repeated.items()}
            with lanes.count_up(begin, full, lanes.count) as index:
                self._compute(lanes, starts, known, index, None)
            begin = full
        known = {i: narrow.splat(one, self.dtypes[i]) for i, one in repeated.items()}
        width = self._int(narrow.count)
        with narrow.count_up(begin, count, narrow.count) as index:
            left = self.b.sub(count, index)
            left = self.b.select(self.b.icmp_signed("<", left, width), left, width)
            many = narrow.splat(self.b.trunc(left, llvm.ir.IntType(32)), "int32")
            self._compute(narrow, starts, known, index, narrow.iota("int32") < many)

    def _stored(self, dtype: str) -> Any:
        return element("uint8" if dtype == "bool" else dtype)

    def _compute(
        self,
        lanes: Lanes,
        starts: list[Any],
        repeated: dict[int, Vec],
        index: Any,
        mask: Vec | None,
    ) -> None:
        """One vector of the result."""
        places = [
            self._at(start, index, self._stored(dtype))
            for start, dtype in zip(starts, self.dtypes, strict=True)
        ]
        values = [
            repeated[i] if i in repeated else lanes.load(places[i], self.dtypes[i], mask)
            for i in range(1, len(self.dtypes))
        ]
        for step in self.recipe.steps:
            arguments = [
                lanes.number(each.value, each.dtype) if isinstance(each, Number) else values[each]
                for each in step.arguments
            ]
            function = FUNCTIONS.get(step.function)
            if function is None:
                values.append(arguments[0].to(step.dtype))
            elif step.function in _LONG:
                values.append(lanes.outlined(step.function, function, *arguments))
            else:
                values.append(function(*arguments))
        lanes.store(values[-1], places[0], mask)
