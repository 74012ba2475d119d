"""What the elementary functions need to know of the two floating-point formats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flowgraph.backends.native import coefficients as fits
from flowgraph.backends.native import llvm
from flowgraph.backends.native.builder import Lanes, Vec

__all__ = ["Format", "format_of", "in_double"]


@dataclass(frozen=True)
class Format:
    """A floating-point format, and what the functions need to know of it.

    Attributes:
        digits: bits of the significand that are stored.
        bias: what is added to exponents in memory.
        smallest: the smallest normal number.
        round_by: adding it rounds to an integer, which then stands in the lowest bits.
        overflows: exp of it is infinity even if halved.
        underflows: exp of it is 0.
        saturates: beyond it tanh is 1, and expm1 of its negative double is -1.
        turns: up to it sin and cos are computed here; beyond by the C library.
    """

    digits: int
    bias: int
    smallest: float
    round_by: float
    ln2: tuple[float, float]
    half_pi: tuple[float, float, float]
    overflows: float
    underflows: float
    saturates: float
    turns: float
    expm1: Sequence[float]
    sin: Sequence[float]
    cos: Sequence[float]
    erf_small: Sequence[float]
    erf_large: Sequence[float]
    erf_range: float


FORMATS = {
    "float32": Format(
        digits=23,
        bias=127,
        smallest=2.0**-126,
        round_by=1.5 * 2**23,
        ln2=(0.693145751953125, 1.428606765330187e-06),
        half_pi=(1.570796251296997, 7.549789415861596e-08, 5.390302953474238e-15),
        overflows=89.5,
        underflows=-104.0,
        saturates=9.25,
        turns=1e5,
        expm1=fits.EXPM1_F32,
        sin=fits.SIN_F32,
        cos=fits.COS_F32,
        erf_small=fits.ERF_SMALL_F32,
        erf_large=fits.ERF_LARGE_F32,
        erf_range=4.0,
    ),
    "float64": Format(
        digits=52,
        bias=1023,
        smallest=2.0**-1022,
        round_by=1.5 * 2**52,
        ln2=(0.6931471805592082, 7.371002565167799e-13),
        half_pi=(1.5707963267948966, 6.123233995736765e-17, 1.082856673921914e-32),
        overflows=710.5,
        underflows=-746.0,
        saturates=20.0,
        turns=1e6,
        expm1=fits.EXPM1_F64,
        sin=fits.SIN_F64,
        cos=fits.COS_F64,
        erf_small=fits.ERF_SMALL_F64,
        erf_large=fits.ERF_LARGE_F64,
        erf_range=6.0,
    ),
}


def format_of(x: Vec) -> Format:
    return FORMATS[x.dtype]


def _halves(x: Vec) -> tuple[Vec, Vec]:
    """The first and the second half of the elements."""
    i32, half = llvm.ir.IntType(32), x.lanes.count // 2
    lanes = Lanes(x.lanes.ir, half)
    kind = llvm.ir.VectorType(i32, half)
    first, second = (
        lanes.ir.shuffle_vector(x.value, x.value, llvm.ir.Constant(kind, list(range(i, i + half))))
        for i in (0, half)
    )
    return Vec(lanes, first, x.dtype), Vec(lanes, second, x.dtype)


def _joined(first: Vec, second: Vec) -> Vec:
    """The elements of two vectors, one after the other."""
    count = 2 * first.lanes.count
    lanes = Lanes(first.lanes.ir, count)
    places = llvm.ir.Constant(llvm.ir.VectorType(llvm.ir.IntType(32), count), list(range(count)))
    return Vec(lanes, lanes.ir.shuffle_vector(first.value, second.value, places), first.dtype)


def in_double(function: Callable[..., Vec]) -> Callable[..., Vec]:
    """The function, computed in float64 for float32: half a vector at a time, which then takes as
    many registers."""

    def wide(*arguments: Vec) -> Vec:
        if arguments[0].dtype == "float64":
            return function(*arguments)
        results = [
            function(*(each.to("float64") for each in part)).to("float32")
            for part in zip(*(_halves(each) for each in arguments), strict=True)
        ]
        return _joined(*results)

    return wide
