"""A readable layer over LLVM's instructions: vectors with Python's operators, and loops.

A `Vec` is one vector of the kernel under construction. Python numbers beside it become vectors of
its type::

    def softsign(x: Vec) -> Vec:
        return x / (x.fabs() + 1)

Everything follows IEEE 754: no rewriting that would drop NaNs, infinities or signed zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flowgraph.backends.native import llvm

__all__ = ["Lanes", "Vec", "element", "fma", "horner", "itemsize", "where"]

# dtype: (kind, bits)
_TYPES = {
    "bool": ("b", 1),
    "int8": ("i", 8),
    "int16": ("i", 16),
    "int32": ("i", 32),
    "int64": ("i", 64),
    "uint8": ("u", 8),
    "uint16": ("u", 16),
    "float32": ("f", 32),
    "float64": ("f", 64),
}


def itemsize(dtype: str) -> int:
    """Bytes of one element in memory."""
    return max(_TYPES[dtype][1] // 8, 1)


def element(dtype: str) -> Any:
    """LLVM's type of one element in a register."""
    ir = llvm.ir
    kind, bits = _TYPES[dtype]
    if kind == "f":
        return ir.FloatType() if bits == 32 else ir.DoubleType()
    return ir.IntType(bits)


class Lanes:
    """Where instructions on vectors of `count` elements are written.

    Attributes:
        ir: llvmlite's builder, which knows the place.
        count: elements per vector.
    """

    def __init__(self, builder: Any, count: int) -> None:
        self.ir = builder
        self.count = count

    def type_of(self, dtype: str) -> Any:
        return llvm.ir.VectorType(element(dtype), self.count)

    def number(self, value: float, dtype: str) -> Vec:
        """A vector whose elements are all `value`."""
        kind = _TYPES[dtype][0]
        exact = float(value) if kind == "f" else int(value)
        one = llvm.ir.Constant(element(dtype), exact)
        return Vec(self, llvm.ir.Constant(self.type_of(dtype), [one] * self.count), dtype)

    def iota(self, dtype: str) -> Vec:
        """0, 1, 2, ..."""
        constants = [llvm.ir.Constant(element(dtype), i) for i in range(self.count)]
        return Vec(self, llvm.ir.Constant(self.type_of(dtype), constants), dtype)

    def splat(self, scalar: Any, dtype: str) -> Vec:
        """A vector of copies of one element, of truth values as they are in memory."""
        ir = llvm.ir
        if dtype == "bool":
            return self.splat(scalar, "uint8") != 0
        empty = ir.Constant(self.type_of(dtype), ir.Undefined)
        first = self.ir.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.count), None)
        return Vec(self, self.ir.shuffle_vector(first, empty, zeros), dtype)

    def load(self, pointer: Any, dtype: str, mask: Vec | None) -> Vec:
        """The vector at `pointer`; what the mask leaves out is 0 and not touched."""
        stored = "uint8" if dtype == "bool" else dtype
        vector = self.type_of(stored)
        if mask is None:
            found = self.ir.load(pointer, typ=vector, align=itemsize(dtype))
        else:
            name = f"llvm.masked.load.v{self.count}{_suffix(stored)}.p0"
            align = llvm.ir.Constant(llvm.ir.IntType(32), itemsize(dtype))
            nothing = llvm.ir.Constant(vector, None)
            found = self.call(name, vector, [pointer, align, mask.value, nothing])
        loaded = Vec(self, found, stored)
        return loaded != 0 if dtype == "bool" else loaded

    def store(self, vec: Vec, pointer: Any, mask: Vec | None) -> None:
        """Write what the mask does not leave out."""
        if vec.dtype == "bool":
            vec = vec.to("uint8")
        if mask is None:
            self.ir.store(vec.value, pointer, align=itemsize(vec.dtype))
            return
        name = f"llvm.masked.store.v{self.count}{_suffix(vec.dtype)}.p0"
        align = llvm.ir.Constant(llvm.ir.IntType(32), itemsize(vec.dtype))
        self.call(name, llvm.ir.VoidType(), [vec.value, pointer, align, mask.value])

    def call(self, name: str, result: Any, arguments: Sequence[Any]) -> Any:
        """A call of a function by name, declared where it is not yet."""
        module = self.ir.module
        function = module.globals.get(name)
        if function is None:
            kind = llvm.ir.FunctionType(result, [each.type for each in arguments])
            function = llvm.ir.Function(module, kind, name)
        return self.ir.call(function, arguments)

    def outlined(self, name: str, body: Callable[..., Vec], *arguments: Vec) -> Vec:
        """``body(*arguments)`` as a call of a function, which the module has once."""
        ir, module = llvm.ir, self.ir.module
        dtype = arguments[0].dtype
        full = f"{name}.v{self.count}{_suffix(dtype)}"
        values = [each.value for each in arguments]
        if full not in module.globals:
            vector = self.type_of(dtype)
            kind = ir.FunctionType(vector, [each.type for each in values])
            function = ir.Function(module, kind, full)
            function.linkage = "internal"
            inner = Lanes(ir.IRBuilder(function.append_basic_block("entry")), self.count)
            result = body(*(Vec(inner, each, dtype) for each in function.args))
            inner.ir.ret(result.value)
        return Vec(self, self.call(full, values[0].type, values), dtype)

    @contextmanager
    def count_up(self, start: Any, stop: Any, step: int) -> Iterator[Any]:
        """A loop: the block is run for start, start + step, ... as long as it is below `stop`."""
        b = self.ir
        before = b.block
        head = b.append_basic_block("head")
        body = b.append_basic_block("body")
        after = b.append_basic_block("after")
        b.branch(head)
        b.position_at_end(head)
        index = b.phi(start.type)
        index.add_incoming(start, before)
        b.cbranch(b.icmp_signed("<", index, stop), body, after)
        b.position_at_end(body)
        yield index
        following = b.add(index, llvm.ir.Constant(start.type, step))
        index.add_incoming(following, b.block)
        b.branch(head)
        b.position_at_end(after)

    def repaired(self, usual: Vec, rare: Vec, x: Vec, exact: Callable[[Any], Any]) -> Vec:
        """`usual`, but ``exact(element of x)`` in the lanes `rare`, expected to be few.

        The lanes are visited one by one, in a branch that is skipped where no lane is rare.
        """
        b, ir = self.ir, llvm.ir
        i32 = ir.IntType(32)
        bits = b.bitcast(rare.value, ir.IntType(self.count))
        some = b.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))
        before = b.block
        head, after = b.append_basic_block("lane"), b.append_basic_block("repaired")
        b.cbranch(some, head, after)
        b.position_at_end(head)
        lane, found = b.phi(i32), b.phi(usual.value.type)
        value = exact(b.extract_element(x.value, lane))
        changed = b.insert_element(found, value, lane)
        following = b.add(lane, ir.Constant(i32, 1))
        for phi, start, turned in (
            (lane, ir.Constant(i32, 0), following),
            (found, usual.value, changed),
        ):
            phi.add_incoming(start, before)
            phi.add_incoming(turned, b.block)
        b.cbranch(b.icmp_signed("<", following, ir.Constant(i32, self.count)), head, after)
        b.position_at_end(after)
        merged = b.phi(usual.value.type)
        merged.add_incoming(usual.value, before)
        merged.add_incoming(changed, head)
        return where(rare, Vec(self, merged, usual.dtype), usual)


def _suffix(dtype: str) -> str:
    kind, bits = _TYPES[dtype]
    return f"{'f' if kind == 'f' else 'i'}{bits}"


class Vec:
    """A vector under construction, of NumPy's element type `dtype`; operators work per element."""

    __slots__ = ("dtype", "lanes", "value")

    def __init__(self, lanes: Lanes, value: Any, dtype: str) -> None:
        self.lanes = lanes
        self.value = value
        self.dtype = dtype

    @property
    def kind(self) -> str:
        """f for floating-point, i and u for integers, b for truth values."""
        return _TYPES[self.dtype][0]

    @property
    def bits(self) -> int:
        return _TYPES[self.dtype][1]

    @property
    def is_constant(self) -> bool:
        return isinstance(self.value, llvm.ir.Constant)

    def like(self, value: Vec | float) -> Vec:
        """`value` as a vector of this type."""
        return value if isinstance(value, Vec) else self.lanes.number(value, self.dtype)

    def _with(self, float_op: str, int_op: str, other: Vec | float) -> Vec:
        b = self.lanes.ir
        operation = getattr(b, float_op if self.kind == "f" else int_op)
        return Vec(self.lanes, operation(self.value, self.like(other).value), self.dtype)

    def __add__(self, other: Vec | float) -> Vec:
        return self._with("fadd", "add", other)

    def __radd__(self, other: float) -> Vec:
        return self.like(other) + self

    def __sub__(self, other: Vec | float) -> Vec:
        return self._with("fsub", "sub", other)

    def __rsub__(self, other: float) -> Vec:
        return self.like(other) - self

    def __mul__(self, other: Vec | float) -> Vec:
        return self._with("fmul", "mul", other)

    def __rmul__(self, other: float) -> Vec:
        return self.like(other) * self

    def __truediv__(self, other: Vec | float) -> Vec:
        return self._with("fdiv", "", other)

    def __rtruediv__(self, other: float) -> Vec:
        return self.like(other) / self

    def __neg__(self) -> Vec:
        b = self.lanes.ir
        negated = b.fneg(self.value) if self.kind == "f" else b.neg(self.value)
        return Vec(self.lanes, negated, self.dtype)

    def __and__(self, other: Vec | float) -> Vec:
        return self._with("", "and_", other)

    def __or__(self, other: Vec | float) -> Vec:
        return self._with("", "or_", other)

    def __xor__(self, other: Vec | float) -> Vec:
        return self._with("", "xor", other)

    def __invert__(self) -> Vec:
        return Vec(self.lanes, self.lanes.ir.not_(self.value), self.dtype)

    def __lshift__(self, count: int) -> Vec:
        return self._with("", "shl", count)

    def __rshift__(self, count: int) -> Vec:
        """Copies of the sign come in from the left."""
        return self._with("", "ashr", count)

    def compare(self, sign: str, other: Vec | float) -> Vec:
        """A vector of truth values. Comparisons with NaN are false, but for ``!=``."""
        b, right = self.lanes.ir, self.like(other).value
        if self.kind == "f":
            compare = b.fcmp_unordered if sign == "!=" else b.fcmp_ordered
            found = compare(sign, self.value, right)
        elif self.kind == "i":
            found = b.icmp_signed(sign, self.value, right)
        else:
            found = b.icmp_unsigned(sign, self.value, right)
        return Vec(self.lanes, found, "bool")

    def __lt__(self, other: Vec | float) -> Vec:
        return self.compare("<", other)

    def __le__(self, other: Vec | float) -> Vec:
        return self.compare("<=", other)

    def __gt__(self, other: Vec | float) -> Vec:
        return self.compare(">", other)

    def __ge__(self, other: Vec | float) -> Vec:
        return self.compare(">=", other)

    def __eq__(self, other: Vec | float) -> Vec:  # type: ignore[override]
        return self.compare("==", other)

    def __ne__(self, other: Vec | float) -> Vec:  # type: ignore[override]
        return self.compare("!=", other)

    __hash__ = None  # type: ignore[assignment]

    def intrinsic(self, name: str, *others: Vec | float) -> Vec:
        """LLVM's function ``llvm.<name>`` of this vector and others of its type."""
        values = [self.value, *(self.like(other).value for other in others)]
        full = f"llvm.{name}.v{self.lanes.count}{_suffix(self.dtype)}"
        return Vec(self.lanes, self.lanes.call(full, self.value.type, values), self.dtype)

    def fabs(self) -> Vec:
        return self.intrinsic("fabs")

    def copysign(self, sign: Vec) -> Vec:
        """The magnitude of this with the sign of another."""
        return self.intrinsic("copysign", sign)

    def sqrt(self) -> Vec:
        return self.intrinsic("sqrt")

    def rint(self) -> Vec:
        """The nearest integers; halves go to the even one."""
        return self.intrinsic("rint")

    def as_int(self) -> Vec:
        """The bits of floating-point numbers as integers of the same size."""
        return self._bitcast(f"int{self.bits}")

    def as_float(self) -> Vec:
        """Bits as the floating-point numbers that they stand for."""
        return self._bitcast(f"float{self.bits}")

    def _bitcast(self, dtype: str) -> Vec:
        return Vec(self.lanes, self.lanes.ir.bitcast(self.value, self.lanes.type_of(dtype)), dtype)

    def to(self, dtype: str) -> Vec:
        """The elements converted as C converts them; all but 0 becomes true."""
        if dtype == self.dtype:
            return self
        if dtype == "bool":
            return self != 0
        kind, bits = _TYPES[dtype]
        if self.kind == "f" and kind in "iu" and bits < 32:
            return self.to("int32").to(dtype)
        b = self.lanes.ir
        match self.kind == "f", kind == "f":
            case True, True:
                convert = b.fpext if bits > self.bits else b.fptrunc
            case True, False:
                convert = b.fptosi
            case False, True:
                convert = b.sitofp if self.kind == "i" else b.uitofp
            case _:
                if bits == self.bits:
                    return Vec(self.lanes, self.value, dtype)
                extend = b.sext if self.kind == "i" else b.zext
                convert = extend if bits > self.bits else b.trunc
        return Vec(self.lanes, convert(self.value, self.lanes.type_of(dtype)), dtype)


def where(condition: Vec, yes: Vec | float, no: Vec | float) -> Vec:
    """`yes` where the condition is true, `no` elsewhere; one of them must be a vector."""
    typed = yes if isinstance(yes, Vec) else no
    assert isinstance(typed, Vec)
    yes, no = typed.like(yes), typed.like(no)
    chosen = condition.lanes.ir.select(condition.value, yes.value, no.value)
    return Vec(condition.lanes, chosen, typed.dtype)


def fma(a: Vec, b: Vec | float, c: Vec | float) -> Vec:
    """``a * b + c``, rounded once."""
    return a.intrinsic("fma", b, c)


def horner(x: Vec, coefficients: Sequence[float]) -> Vec:
    """The polynomial with these coefficients, that of ``x ** 0`` first."""
    result = x.like(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        result = fma(result, x, coefficient)
    return result
