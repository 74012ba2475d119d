"""Lines of comma-separated values as columns of tensors."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.dtypes import DType
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Tensor
from flowgraph.ops.numerals import number_parser
from flowgraph.ops.texts import invalid, texts

__all__ = ["decode_csv"]

_TYPES = (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64, dtypes.string)

_INT, _TEXT = np.array([7], np.int32), texts(b"-")
_FLOAT = np.array([], np.float32)


@op(
    "DecodeCSV",
    "records: string, record_defaults: OUT_TYPE[] -> output: OUT_TYPE[]",
    OUT_TYPE=attr("list(type)", minimum=1, allowed=_TYPES),
    field_delim=",",
    use_quote_delim=True,
    na_value="",
    select_cols=attr("list(int)", []),
)
class DecodeCSV:
    """The fields of each record, one output per column; defaults stand where a field is empty."""

    grad = None
    samples = (
        case(texts(b"1,0.5,x", b",2,"), [_INT, _FLOAT, _TEXT]),
        case(texts(b'3 ,-1e3,"a, ""b"""').reshape(()), [_INT, _FLOAT, _TEXT]),
        case(texts(b"1;NA;z"), [_INT, _INT, _TEXT], field_delim=";", na_value="NA"),
        case(texts(b"\"a\",'b'"), [_TEXT, _TEXT], use_quote_delim=False),
        case(texts(b"a,5,b,6"), [_INT, _INT], select_cols=[1, 3]),
        case(texts(b'"",8'), [_TEXT, np.array(3, np.int64)]),
        case(texts().reshape(0, 2), [_INT]),
        case(
            texts(b"1,2", b"1,2,3"), [_INT, _INT], raises="Expect 2 fields but have 3 in record 1"
        ),
        case(texts(b"1,"), [_INT, _FLOAT], raises="Field 1 is required but missing in record 0!"),
        case(texts(b"x"), [_INT], raises="Field 0 in record 0 is not a valid int32: x"),
        case(texts(b'a"b'), [_TEXT], raises="Unquoted fields cannot have quotes"),
        case(texts(b'"ab'), [_TEXT], raises="Quoted field has to end with quote"),
        case(texts(b'"a"b'), [_TEXT], raises="Quote inside a string has to be escaped"),
        case(texts(b"1"), [np.arange(2, dtype=np.int32)], raises="default"),
    )

    def shape(records: Operand, defaults: list[Operand]) -> list[Dims]:
        for operand in defaults:
            shape = operand.dims
            if shape is not None and len(shape) > 1:
                raise ValueError(f"Shape must be at most rank 1 but is rank {len(shape)}")
            if shape and shape[0] is not None and shape[0] > 1:
                raise ValueError("A default must be a length-0 or length-1 vector, or a scalar")
        return [records.dims] * len(defaults)

    def numpy(
        records: Any,
        defaults: list[Any],
        *,
        OUT_TYPE: tuple[DType, ...],
        field_delim: str,
        use_quote_delim: bool,
        na_value: str,
        select_cols: list[int],
    ) -> list[Any]:
        for default in defaults:
            if np.size(default) > 1:
                raise invalid("There should only contain 1 default per field")
        lines = np.asarray(records, np.object_)
        delimiter, missing = field_delim.encode(), na_value.encode()
        rows = []
        for number, line in enumerate(lines.reshape(-1).tolist()):
            row = _fields(line, delimiter, use_quote_delim)
            if select_cols:
                row = [row[column] for column in select_cols if column < len(row)]
            if len(row) != len(defaults):
                raise invalid(
                    f"Expect {len(defaults)} fields but have {len(row)} in record {number}"
                )
            rows.append(row)
        columns = zip(*rows, strict=True) if rows else [()] * len(defaults)
        return [
            _column(place, fields, dtype, default, missing).reshape(lines.shape)
            for place, (fields, dtype, default) in enumerate(
                zip(columns, OUT_TYPE, defaults, strict=True)
            )
        ]


def _column(
    place: int, fields: tuple[bytes, ...], dtype: DType, default: Any, missing: bytes
) -> Any:
    parse: Callable[[bytes], Any] = bytes if dtype.kind == "O" else number_parser(dtype)
    known = np.asarray(default, dtype.np).reshape(-1).tolist()
    result = np.empty(len(fields), dtype.np)
    for number, text in enumerate(fields):
        if not text or text == missing:
            if not known:
                raise invalid(f"Field {place} is required but missing in record {number}!")
            result[number] = known[0]
            continue
        value = parse(text)
        if value is None:
            shown = text.decode(errors="replace")
            raise invalid(
                f"Field {place} in record {number} is not a valid {_C_NAMES[dtype]}: {shown}"
            )
        result[number] = value
    return result


_C_NAMES = {
    dtypes.int32: "int32",
    dtypes.int64: "int64",
    dtypes.float32: "float",
    dtypes.float64: "double",
}


def _fields(line: bytes, delimiter: bytes, quotes: bool) -> list[bytes]:
    """The fields of a record, quotes removed."""
    if not (quotes and b'"' in line) and b"\n" not in line and b"\r" not in line:
        return line.split(delimiter) if line else []
    found = []
    start, end = 0, len(line)
    while start < end:
        if line[start : start + 1] in (b"\n", b"\r"):
            start += 1
        elif quotes and line[start : start + 1] == b'"':
            text, start = _quoted(line, start + 1, delimiter)
            found.append(text)
        else:
            stop = line.find(delimiter, start)
            stop = end if stop < 0 else stop
            text = line[start:stop]
            if (quotes and b'"' in text) or b"\n" in text or b"\r" in text:
                raise invalid("Unquoted fields cannot have quotes/CRLFs inside")
            found.append(text)
            start = stop + 1
    if line.endswith(delimiter):
        found.append(b"")
    return found


def _quoted(line: bytes, start: int, delimiter: bytes) -> tuple[bytes, int]:
    """The field whose text begins at `start`, and where the next one begins."""
    pieces = []
    while True:
        stop = line.find(b'"', start)
        if stop < 0:
            raise invalid("Quoted field has to end with quote followed by delim or end")
        pieces.append(line[start:stop])
        after = line[stop + 1 : stop + 2]
        if after == b'"':
            pieces.append(b'"')
            start = stop + 2
        elif after in (b"", delimiter):
            return b"".join(pieces), stop + 2
        else:
            raise invalid("Quote inside a string has to be escaped by another quote")


def decode_csv(
    records: Any,
    record_defaults: Any,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    name: str | None = None,
    na_value: str = "",
    select_cols: Any = None,
) -> list[Tensor]:
    """The columns of lines of comma-separated values.

    Args:
        records: strings, one line each.
        record_defaults: per column a value for where the field is empty, which also gives the
            column's type; an empty vector where there must be a field.
        field_delim: what separates the fields.
        use_quote_delim: a field in double quotes may contain the separator.
        na_value: another text that means an empty field.
        select_cols: the columns to return, in increasing order; all if None.

    Returns:
        One tensor per column, of the shape of `records`.

    Raises:
        ValueError: if `select_cols` is not increasing or does not match the defaults.
        InvalidArgumentError: when run, if a line has another number of fields, or a field is no
            number.
    """
    columns = list(select_cols or ())
    if select_cols is not None:
        if any(a >= b for a, b in itertools.pairwise(columns)):
            raise ValueError("select_cols is not strictly increasing.")
        if columns and columns[0] < 0:
            raise ValueError("select_cols contains negative values.")
        if len(columns) != len(record_defaults):
            raise ValueError("Length of select_cols and record_defaults do not match.")
    made: list[Tensor] = apply(
        "DecodeCSV",
        records,
        list(record_defaults),
        field_delim=field_delim,
        use_quote_delim=use_quote_delim,
        na_value=na_value,
        select_cols=columns,
        name=name,
    )
    return made
