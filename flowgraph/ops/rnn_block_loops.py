"""A whole LSTM over time as one op, with its gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowgraph import dims, dtypes
from flowgraph.dims import Dims
from flowgraph.graph.build import apply
from flowgraph.graph.declare import case
from flowgraph.graph.opdef import Operand, attr, op
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.ops.rnn_blocks import LSTM_WEIGHTS, lstm_gates, lstm_gates_grad

__all__: list[str] = []

Gradients = list[Any]
FLOAT = (dtypes.float32,)


def _values(*shape: int) -> Any:
    count = int(np.prod(shape))
    return (np.cos(np.arange(count) * 1.7) * 0.8).reshape(shape).astype(np.float32)


_INPUTS = (_values(4, 2, 3), _values(2, 2), _values(2, 2) * 0.5, *LSTM_WEIGHTS)
_MADE = tuple(np.abs(_values(4, 2, 2)) * scale for scale in (1, 0.5, 0.3, 0.7, 0.2, 0.9, 0.4))
_LENGTH = np.int64(3)


def _sizes(x: Operand, cs_prev: Operand) -> tuple[int | None, ...]:
    if x.dims is not None and len(x.dims) != 3:
        raise ValueError(f"Shape must be rank 3 but is rank {len(x.dims)}")
    return (*dims.with_rank(x.dims, 3), dims.with_rank(cs_prev.dims, 2)[1])


@op(
    "BlockLSTM",
    "seq_len_max: int64, x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T"
    " -> i: T, cs: T, f: T, o: T, ci: T, co: T, h: T",
    T=FLOAT,
    forget_bias=1.0,
    cell_clip=3.0,
    use_peephole=False,
)
class BlockLSTM:
    """`LSTMBlockCell` over the first `seq_len_max` steps of x, [time, batch, inputs].

    The outputs are [time, batch, units], 0 in the other steps.
    """

    samples = (
        # TensorFlow leaves the steps after the last one unset: all are asked for.
        case(np.int64(4), *_INPUTS, grad=False),
        case(np.int64(4), *_INPUTS, grad=False, use_peephole=True, forget_bias=0.5),
        case(np.int64(4), *_INPUTS, grad=False, cell_clip=0.25),
    )

    def shape(
        seq_len_max: Operand, x: Operand, cs_prev: Operand, h_prev: Operand, *weights: Operand
    ) -> list[Dims]:
        steps, batch, _, _ = _sizes(x, cs_prev)
        bias = weights[-1].dims
        wide = None if bias is None else bias[0]
        return [(steps, batch, None if wide is None else wide // 4)] * 7

    def numpy(
        seq_len_max: Any,
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
        steps, batch, size = x.shape
        units = cs_prev.shape[1]
        length = min(int(seq_len_max), steps)
        peepholes = (wci, wcf, wco) if use_peephole else None
        made = tuple(np.zeros((steps, batch, units), np.float32) for _ in range(7))
        given = (x[:length].reshape(-1, size) @ w[:size] + b).reshape(length, batch, -1)
        for step in range(length):
            gates = given[step] + h_prev @ w[size:]
            values = lstm_gates(gates, cs_prev, peepholes, forget_bias, cell_clip)
            for array, value in zip(made, values, strict=True):
                array[step] = value
            cs_prev, h_prev = values[1], values[6]
        return made

    def grad(op: Operation, *dys: Tensor) -> Gradients:
        peephole = op.attrs["use_peephole"]
        arguments = (*op.inputs, *op.outputs, dys[1], dys[6])
        return [None, *apply("BlockLSTMGrad", *arguments, use_peephole=peephole)]


@op(
    "BlockLSTMGrad",
    "seq_len_max: int64, x: T, cs_prev: T, h_prev: T, w: T, wci: T, wcf: T, wco: T, b: T, i: T,"
    " cs: T, f: T, o: T, ci: T, co: T, h: T, cs_grad: T, h_grad: T"
    " -> x_grad: T, cs_prev_grad: T, h_prev_grad: T, w_grad: T, wci_grad: T, wcf_grad: T,"
    " wco_grad: T, b_grad: T",
    T=FLOAT,
    use_peephole=attr("bool"),
)
class BlockLSTMGrad:
    """The gradients of all floating-point inputs of `BlockLSTM`."""

    samples = (
        case(_LENGTH, *_INPUTS, *_MADE, _MADE[2], _MADE[3], grad=False, use_peephole=True),
        case(np.int64(4), *_INPUTS, *_MADE, _MADE[2], _MADE[3], grad=False, use_peephole=False),
    )

    def shape(
        seq_len_max: Operand, x: Operand, cs_prev: Operand, h_prev: Operand, *others: Operand
    ) -> list[Dims]:
        ranks = (3, 2, 2, 2, 1, 1, 1, 1)
        operands = (x, cs_prev, h_prev, *others[:5])
        pairs = zip(operands, ranks, strict=True)
        return [dims.with_rank(operand.dims, rank) for operand, rank in pairs]

    def numpy(
        seq_len_max: Any,
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
        h: Any,
        cs_grad: Any,
        h_grad: Any,
        *,
        use_peephole: bool,
    ) -> Any:
        steps, batch, size = x.shape
        length = min(int(seq_len_max), steps)
        peepholes = (wci, wcf, wco) if use_peephole else None
        d_gates = np.zeros((steps, batch, w.shape[1]), np.float32)
        d_peepholes = tuple(np.zeros_like(each) for each in (wci, wcf, wco))
        d_cs, d_h = np.zeros_like(cs_prev), np.zeros_like(h_prev)
        for step in range(length - 1, -1, -1):
            before = cs[step - 1] if step > 0 else cs_prev
            made = (i[step], cs[step], f[step], o[step], ci[step], co[step])
            d_cs, d_gates[step], weights = lstm_gates_grad(
                before, made, peepholes, d_cs + cs_grad[step], d_h + h_grad[step]
            )
            d_h = d_gates[step] @ w[size:].T
            for total, each in zip(d_peepholes, weights or (), strict=weights is not None):
                total += each
        flat = d_gates.reshape(-1, w.shape[1])
        joined = np.concatenate([x, np.concatenate([h_prev[None], h[:-1]])], 2)
        d_w = joined.reshape(-1, w.shape[0]).T @ flat
        d_x = (flat @ w[:size].T).reshape(x.shape)
        return d_x, d_cs, d_h, d_w, *d_peepholes, flat.sum(0)
