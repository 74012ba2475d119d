"""Groups of dtypes that attributes are restricted to."""

from flowgraph.dtypes import (
    bfloat16,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
)
from flowgraph.dtypes import bool as boolean

FLOATS = (bfloat16, float16, float32, float64)
COMPLEX = (complex64, complex128)
SIGNED = (int8, int16, int32, int64)
UNSIGNED = (uint8, uint16, uint32, uint64)
INDEX = (int32, int64)
INTEGERS = SIGNED + UNSIGNED
INEXACT = FLOATS + COMPLEX
REAL = FLOATS + INTEGERS
NUMBERS = REAL + COMPLEX
ANY = (*NUMBERS, boolean, string)
