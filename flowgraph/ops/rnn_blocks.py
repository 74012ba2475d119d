"""Whole steps of recurrent cells as single ops, with their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["lstm_gates", "lstm_gates_grad", "sigmoid"]

Gradients = list[Any]
FLOAT = (dtypes.float32,)
BATCH, INPUTS, UNITS = 2, 3, 2


def _values(*shape: int, shift: int = 0) -> Any:
    count = int(np.prod(shape))
    return (np.sin(np.arange(count) * 1.3 + shift) * 0.8).reshape(shape).astype(np.float32)


LSTM_WEIGHTS = (
    _values(INPUTS + UNITS, 4 * UNITS),
    _values(UNITS, shift=1),
    _values(UNITS, shift=2),
    _values(UNITS, shift=3),
    _values(4 * UNITS, shift=4),
)
_LSTM_INPUTS = (
    _values(BATCH, INPUTS),
    _values(BATCH, UNITS, shift=5),
    _values(BATCH, UNITS, shift=6),
    *LSTM_WEIGHTS,
)
_GATES = tuple(np.abs(_values(BATCH, UNITS, shift=number)) for number in range(6))
_GRU_INPUTS = (
    _values(BATCH, INPUTS),
    _values(BATCH, UNITS, shift=5),
    _values(INPUTS + UNITS, 2 * UNITS),
    _values(INPUTS + UNITS, UNITS, shift=1),
    _values(2 * UNITS, shift=2),
    _values(UNITS, shift=3),
)


def sigmoid(x: Any) -> Any:
    """The logistic function of float32 numbers, without overflow."""
    return np.float32(0.5) * (np.tanh(np.float32(0.5) * x) + np.float32(1))


def lstm_gates(
    gates: Any, cs_prev: Any, peepholes: Any, forget_bias: float, cell_clip: float
) -> tuple[Any, ...]:
    """``i, cs, f, o, ci, co, h`` from the four products side by side, [batch, 4 * units].

    Args:
        peepholes: the weights of the input, forget and output gates, or None.
    """
    units = cs_prev.shape[1]
    i, ci, f, o = (gates[:, part * units : (part + 1) * units] for part in range(4))
    f = f + np.float32(forget_bias)
    if peepholes is not None:
        i, f = i + cs_prev * peepholes[0], f + cs_prev * peepholes[1]
    i, f, ci = sigmoid(i), sigmoid(f), np.tanh(ci)
    cs = ci * i + cs_prev * f
    if cell_clip > 0:
        cs = np.clip(cs, -np.float32(cell_clip), np.float32(cell_clip))
    if peepholes is not None:
        o = o + cs * peepholes[2]
    o, co = sigmoid(o), np.tanh(cs)
    return i, cs, f, o, ci, co, co * o


def lstm_gates_grad(
    cs_prev: Any, made: tuple[Any, ...], peepholes: Any, cs_grad: Any, h_grad: Any
) -> tuple[Any, Any, Any]:
    """The gradients of `cs_prev`, of the four products, and of the peepholes (or None).

    Args:
        made: ``i, cs, f, o, ci, co`` of the step. Clipping passes gradients through.
    """
    i, cs, f, o, ci, co = made
    one = np.float32(1)
    do = o * (one - o) * h_grad * co
    dcs = (one - co * co) * h_grad * o + cs_grad
    if peepholes is not None:
        dcs = dcs + do * peepholes[2]
    dci = (one - ci * ci) * dcs * i
    df = f * (one - f) * dcs * cs_prev
    di = i * (one - i) * dcs * ci
    dcs_prev = dcs * f
    weights = None
    if peepholes is not None:
        dcs_prev = dcs_prev + di * peepholes[0] + df * peepholes[1]
        weights = ((di * cs_prev).sum(0), (df * cs_prev).sum(0), (do * cs).sum(0))
    return dcs_prev, np.concatenate([di, dci, df, do], 1), weights


def _matrix(operand: Operand) -> tuple[int | None, ...]:
    if operand.dims is not None and len(operand.dims) != 2:
        raise ValueError(f"Shape must be rank 2 but is rank {len(operand.dims)}")
    return dims.with_rank(operand.dims, 2)


@op(
    "LSTMBlockCell",
    "x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T"
    " -> i: T, cs: T, f: T, o: T, ci: T, co: T, h: T",
    T=FLOAT,
    forget_bias=1.0,
    cell_clip=3.0,
    use_peephole=False,
)
class LSTMBlockCell:
    """One step of an LSTM: gates, memory and output.

    ``i, ci, f, o = [x, h_prev] w + b``, ``cs = tanh(ci) sigmoid(i) + cs_prev sigmoid(f +
    forget_bias)``, ``h = tanh(cs) sigmoid(o)``. A positive `cell_clip` bounds cs; with
    `use_peephole`, ``cs_prev wci``, ``cs_prev wcf`` and ``cs wco`` are added to i, f and o.
    """

    samples = (
        case(*_LSTM_INPUTS, grad=False),
        case(*_LSTM_INPUTS, grad=False, use_peephole=True, forget_bias=0.5),
        case(*_LSTM_INPUTS, grad=False, cell_clip=0.25),
        case(*_LSTM_INPUTS, grad=False, cell_clip=-1.0),
        case(
            _LSTM_INPUTS[0][0],
            *_LSTM_INPUTS[1:],
            grad=False,
            raises="Shape must be rank 2 but is rank 1",
        ),
    )

    def shape(x: Operand, cs_prev: Operand, h_prev: Operand, *weights: Operand) -> list[Dims]:
        batch, units = _matrix(x)[0], _matrix(cs_prev)[1]
        return [(batch, units)] * 7

    def numpy(
        x: Any,
        cs_prev: Any,
        h_prev: Any,
        w: Any,
        wci: Any,
        wcf: Any,
        wco: Any,
        b: Any,
        *,
        forget_bias: float,
        cell_clip: float,
        use_peephole: bool,
    ) -> Any:
        gates = np.concatenate([x, h_prev], 1) @ w + b
        peepholes = (wci, wcf, wco) if use_peephole else None
        return lstm_gates(gates, cs_prev, peepholes, forget_bias, cell_clip)

    def grad(op: Operation, *dys: Tensor) -> Gradients:
        x, _, h_prev, w, *_ = op.inputs
        d_cs_prev, d_gates, *d_peepholes = apply(
            "LSTMBlockCellGrad",
            *op.inputs,
            *op.outputs[:6],
            dys[1],
            dys[6],
            use_peephole=op.attrs["use_peephole"],
        )
        joined = apply("MatMul", d_gates, w, transpose_b=True)
        size = apply("Shape", x)[1]
        d_w = apply("MatMul", apply("ConcatV2", [x, h_prev], 1), d_gates, transpose_a=True)
        d_b = apply("BiasAddGrad", d_gates)
        return [joined[:, :size], d_cs_prev, joined[:, size:], d_w, *d_peepholes, d_b]


@op(
    "LSTMBlockCellGrad",
    "x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T, i: T, cs: T, f: T, o: T,"
    " ci: T, co: T, cs_grad: T, h_grad: T"
    " -> cs_prev_grad: T, dicfo: T, wci_grad: T, wcf_grad: T, wco_grad: T",
    T=FLOAT,
    use_peephole=attr("bool"),
)
class LSTMBlockCellGrad:
    """The gradient of `LSTMBlockCell`: of cs_prev, the four products and the peepholes."""

    samples = (
        case(*_LSTM_INPUTS, *_GATES, _GATES[2], _GATES[3], grad=False, use_peephole=True),
        case(*_LSTM_INPUTS, *_GATES, _GATES[2], _GATES[3], grad=False, use_peephole=False),
    )

    def shape(x: Operand, cs_prev: Operand, *others: Operand) -> list[Dims]:
        batch, units = _matrix(x)[0], _matrix(cs_prev)[1]
        wide = None if units is None else 4 * units
        return [(batch, units), (batch, wide), (units,), (units,), (units,)]

    def numpy(
        x: Any,
        cs_prev: Any,
        h_prev: Any,
        w: Any,
        wci: Any,
        wcf: Any,
        wco: Any,
        b: Any,
        i: Any,
        cs: Any,
        f: Any,
        o: Any,
        ci: Any,
        co: Any,
        cs_grad: Any,
        h_grad: Any,
        *,
        use_peephole: bool,
    ) -> Any:
        peepholes = (wci, wcf, wco) if use_peephole else None
        made = (i, cs, f, o, ci, co)
        d_cs_prev, d_gates, weights = lstm_gates_grad(cs_prev, made, peepholes, cs_grad, h_grad)
        return d_cs_prev, d_gates, *(weights or (np.zeros_like(each) for each in (wci, wcf, wco)))


@op(
    "GRUBlockCell",
    "x: T, h_prev: T, w_ru: T, w_c: T, b_ru: T, b_c: T -> r: T, u: T, c: T, h: T",
    T=FLOAT,
)
class GRUBlockCell:
    """One step of a gated recurrent unit: reset and update gates, candidate and new state.

    ``r, u = sigmoid([x, h_prev] w_ru + b_ru)``, ``c = tanh([x, r h_prev] w_c + b_c)``,
    ``h = u h_prev + (1 - u) c``.
    """

    samples = (
        case(*_GRU_INPUTS, grad=False),
        case(_GRU_INPUTS[0][:0], _GRU_INPUTS[1][:0], *_GRU_INPUTS[2:], grad=False),
    )

    def shape(x: Operand, h_prev: Operand, *weights: Operand) -> list[Dims]:
        batch, units = _matrix(x)[0], _matrix(h_prev)[1]
        return [(batch, units)] * 4

    def numpy(x: Any, h_prev: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any) -> Any:
        units = h_prev.shape[1]
        gates = sigmoid(np.concatenate([x, h_prev], 1) @ w_ru + b_ru)
        r, u = gates[:, :units].copy(), gates[:, units:].copy()
        c = np.tanh(np.concatenate([x, h_prev * r], 1) @ w_c + b_c)
        return r, u, c, u * h_prev + (np.float32(1) - u) * c

    def grad(op: Operation, *dys: Tensor) -> Gradients:
        x, h_prev, w_ru, w_c, b_ru, b_c = op.inputs
        r, u, c, _ = op.outputs
        d_x, d_h_prev, d_candidate, d_gates = apply(
            "GRUBlockCellGrad", x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, dys[3]
        )
        given = apply("ConcatV2", [x, h_prev], 1)
        kept = apply("ConcatV2", [x, h_prev * r], 1)
        return [
            d_x,
            d_h_prev,
            apply("MatMul", given, d_gates, transpose_a=True),
            apply("MatMul", kept, d_candidate, transpose_a=True),
            apply("BiasAddGrad", d_gates),
            apply("BiasAddGrad", d_candidate),
        ]


@op(
    "GRUBlockCellGrad",
    "x: T, h_prev: T, w_ru: T, w_c: T, b_ru: T, b_c: T, r: T, u: T, c: T, d_h: T"
    " -> d_x: T, d_h_prev: T, d_c_bar: T, d_r_bar_u_bar: T",
    T=FLOAT,
)
class GRUBlockCellGrad:
    """The gradient of `GRUBlockCell`: of x, h_prev, the candidate's and the gates' products."""

    samples = (case(*_GRU_INPUTS, *_GATES[:3], _GATES[4], grad=False),)

    def shape(x: Operand, h_prev: Operand, w_ru: Operand, *others: Operand) -> list[Dims]:
        batch, size = _matrix(x)
        units = _matrix(h_prev)[1]
        return [(batch, size), (batch, units), (batch, units), (batch, _matrix(w_ru)[1])]

    def numpy(
        x: Any,
        h_prev: Any,
        w_ru: Any,
        w_c: Any,
        b_ru: Any,
        b_c: Any,
        r: Any,
        u: Any,
        c: Any,
        d_h: Any,
    ) -> Any:
        size, one = x.shape[1], np.float32(1)
        d_c = d_h * (one - u) * (one - c * c)
        d_u = d_h * (h_prev - c) * u * (one - u)
        d_kept = d_c @ w_c.T
        d_r = d_kept[:, size:] * h_prev * r * (one - r)
        d_gates = np.concatenate([d_r, d_u], 1)
        d_given = d_gates @ w_ru.T
        d_h_prev = d_given[:, size:] + d_kept[:, size:] * r + u * d_h
        return d_given[:, :size] + d_kept[:, :size], d_h_prev, d_c, d_gates
