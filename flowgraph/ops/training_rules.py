"""The formulas of the optimizers, in place.

Every rule is ``rule(var, *slots, grad, scratch, *hyperparameters)``: elementwise, changing `var`
and the slots, never `grad`. They are written in ufuncs with outputs, as they run in every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Scratch = list[Array]

_add, _subtract, _multiply, _divide = np.add, np.subtract, np.multiply, np.divide


def gradient_descent(var: Array, grad: Array, scratch: Scratch, rate: float) -> None:
    (step,) = scratch
    _multiply(grad, rate, step)
    _subtract(var, step, var)


def momentum(
    var: Array,
    accum: Array,
    grad: Array,
    scratch: Scratch,
    rate: float,
    decay: float,
    nesterov: bool,
) -> None:
    """``accum = decay * accum + grad``; ``var -= rate * accum`` (looking ahead with Nesterov)."""
    (step,) = scratch
    if nesterov:
        # Taken first: grad may be the variable itself.
        _multiply(accum, decay, accum)
        _add(accum, grad, accum)
        _multiply(accum, decay, step)
        _add(step, grad, step)
        _multiply(step, rate, step)
    else:
        _multiply(accum, decay, accum)
        _add(accum, grad, accum)
        _multiply(accum, rate, step)
    _subtract(var, step, var)


def _towards_square(average: Array, grad: Array, step: Array, weight: float) -> None:
    """``average += weight * (grad**2 - average)``"""
    _multiply(grad, grad, step)
    _subtract(step, average, step)
    _multiply(step, weight, step)
    _add(average, step, average)


def _towards(average: Array, grad: Array, step: Array, weight: float) -> None:
    """``average += weight * (grad - average)``"""
    _subtract(grad, average, step)
    _multiply(step, weight, step)
    _add(average, step, average)


def _add_square(accum: Array, grad: Array, step: Array) -> None:
    _multiply(grad, grad, step)
    _add(accum, step, accum)


def adam(
    var: Array,
    m: Array,
    v: Array,
    grad: Array,
    scratch: Scratch,
    beta1_power: float,
    beta2_power: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
    nesterov: bool,
) -> None:
    """Kingma and Ba (2014), with the bias correction taken into the learning rate."""
    step, root = scratch
    rate = rate * (1 - beta2_power) ** 0.5 / (1 - beta1_power)
    _towards(m, grad, step, 1 - beta1)
    _towards_square(v, grad, step, 1 - beta2)
    np.sqrt(v, root)
    _add(root, epsilon, root)
    if nesterov:
        ahead = np.multiply(m, beta1, out=np.empty_like(m))
        _multiply(grad, 1 - beta1, step)
        _add(step, ahead, step)
        _multiply(step, rate, step)
    else:
        _multiply(m, rate, step)
    _divide(step, root, step)
    _subtract(var, step, var)


def adamax(
    var: Array,
    m: Array,
    v: Array,
    grad: Array,
    scratch: Scratch,
    beta1_power: float,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    """Adam with the infinity norm: ``v = max(beta2 * v, |grad|)``."""
    step, root = scratch
    _towards(m, grad, step, 1 - beta1)
    np.abs(grad, step)
    _multiply(v, beta2, v)
    np.maximum(v, step, out=v)
    _add(v, epsilon, root)
    _divide(m, root, step)
    _multiply(step, rate / (1 - beta1_power), step)
    _subtract(var, step, var)


def adagrad(
    var: Array, accum: Array, grad: Array, scratch: Scratch, rate: float, update_slots: bool
) -> None:
    """``accum += grad**2``; ``var -= rate * grad / sqrt(accum)``. Duchi et al. (2011)."""
    step, root = scratch
    if update_slots:
        _add_square(accum, grad, step)
    np.sqrt(accum, root)
    _multiply(grad, rate, step)
    _divide(step, root, step)
    _subtract(var, step, var)


def adagrad_v2(
    var: Array,
    accum: Array,
    grad: Array,
    scratch: Scratch,
    rate: float,
    epsilon: float,
    update_slots: bool,
) -> None:
    """`adagrad` with epsilon added to the root."""
    step, root = scratch
    if update_slots:
        _add_square(accum, grad, step)
    np.sqrt(accum, root)
    _add(root, epsilon, root)
    _multiply(grad, rate, step)
    _divide(step, root, step)
    _subtract(var, step, var)


def adagrad_da(
    var: Array,
    total: Array,
    squares: Array,
    grad: Array,
    scratch: Scratch,
    rate: float,
    l1: float,
    l2: float,
    global_step: int,
) -> None:
    """Dual averaging: the variable follows from the sums of gradients and of their squares."""
    step, root = scratch
    _add_square(squares, grad, step)
    _add(total, grad, total)
    np.sqrt(squares, root)
    _add(root, l2 * rate * global_step, root)
    if l1 > 0:
        np.abs(total, step)
        _subtract(step, l1 * global_step, step)
        np.maximum(step, 0, out=step)
        np.copysign(step, total, step)
    else:
        np.copyto(step, total)
    _multiply(step, -rate, step)
    _divide(step, root, var)


def adadelta(
    var: Array,
    accum: Array,
    accum_update: Array,
    grad: Array,
    scratch: Scratch,
    rate: float,
    rho: float,
    epsilon: float,
) -> None:
    """Zeiler (2012): steps measured by the running mean of their squares."""
    step, root = scratch
    _towards_square(accum, grad, step, 1 - rho)
    _add(accum, epsilon, root)
    _add(accum_update, epsilon, step)
    _divide(step, root, step)
    np.sqrt(step, step)
    _multiply(step, grad, step)
    _towards_square(accum_update, step, root, 1 - rho)
    _multiply(step, rate, step)
    _subtract(var, step, var)


def rmsprop(
    var: Array,
    ms: Array,
    mom: Array,
    grad: Array,
    scratch: Scratch,
    rate: float,
    rho: float,
    decay: float,
    epsilon: float,
) -> None:
    """``ms += (1-rho) * (grad**2 - ms)``; ``mom = decay * mom + rate * grad / sqrt(ms + eps)``."""
    step, root = scratch
    _towards_square(ms, grad, step, 1 - rho)
    _add(ms, epsilon, root)
    _scaled_step(var, mom, grad, step, root, rate, decay)


def centered_rmsprop(
    var: Array,
    mg: Array,
    ms: Array,
    mom: Array,
    grad: Array,
    scratch: Scratch,
    rate: float,
    rho: float,
    decay: float,
    epsilon: float,
) -> None:
    """`rmsprop` that divides by the standard deviation: ``sqrt(ms - mg**2 + eps)``."""
    step, root = scratch
    _towards_square(ms, grad, step, 1 - rho)
    _towards(mg, grad, step, 1 - rho)
    _multiply(mg, mg, root)
    _subtract(ms, root, root)
    _add(root, epsilon, root)
    _scaled_step(var, mom, grad, step, root, rate, decay)


def _scaled_step(
    var: Array, mom: Array, grad: Array, step: Array, square: Array, rate: float, decay: float
) -> None:
    np.sqrt(square, square)
    _multiply(grad, rate, step)
    _divide(step, square, step)
    _multiply(mom, decay, mom)
    _add(mom, step, mom)
    _subtract(var, mom, var)


def ftrl(
    var: Array,
    accum: Array,
    linear: Array,
    grad: Array,
    scratch: Scratch,
    rate: float,
    l1: float,
    l2: float,
    power: float,
    shrinkage: float = 0.0,
) -> None:
    """Follow the regularized leader, proximal form. McMahan et al. (2013)."""
    new_accum, root, step = scratch
    _multiply(grad, grad, new_accum)
    _add(new_accum, accum, new_accum)
    _add(linear, grad, linear)
    if shrinkage:
        _multiply(var, 2 * shrinkage, step)
        _add(linear, step, linear)
    _power(accum, -power, step)
    _power(new_accum, -power, root)
    _subtract(root, step, step)
    _divide(step, rate, step)
    _multiply(step, var, step)
    _subtract(linear, step, linear)
    np.copyto(accum, new_accum)
    _divide(root, rate, root)
    _add(root, 2 * l2, root)
    np.clip(linear, -l1, l1, out=step)
    _subtract(step, linear, step)
    _divide(step, root, var)


def _power(x: Array, exponent: float, out: Array) -> None:
    if exponent == 0.5:
        np.sqrt(x, out)
    else:
        np.power(x, exponent, out=out)


def proximal_gradient_descent(
    var: Array, grad: Array, scratch: Scratch, rate: float, l1: float, l2: float
) -> None:
    """A gradient step, then shrinking by l1 and scaling by l2. Duchi and Singer (2009)."""
    (step,) = scratch
    _multiply(grad, rate, step)
    _subtract(var, step, var)
    if l1 > 0:
        np.abs(var, step)
        _subtract(step, rate * l1, step)
        np.maximum(step, 0, out=step)
        np.copysign(step, var, var)
    _divide(var, 1 + rate * l2, var)


def proximal_adagrad(
    var: Array,
    accum: Array,
    grad: Array,
    scratch: Scratch,
    rate: float,
    l1: float,
    l2: float,
) -> None:
    """`proximal_gradient_descent` with Adagrad's learning rates."""
    step, rates = scratch
    _add_square(accum, grad, step)
    np.sqrt(accum, rates)
    _divide(rate, rates, rates)
    _multiply(grad, rates, step)
    _subtract(var, step, var)
    if l1 > 0:
        magnitude = np.abs(var)
        _multiply(rates, l1, step)
        _subtract(magnitude, step, step)
        np.maximum(step, 0, out=step)
        np.copysign(step, var, var)
    _multiply(rates, l2, rates)
    _add(rates, 1, rates)
    _divide(var, rates, var)


def add_sign(
    var: Array,
    m: Array,
    grad: Array,
    scratch: Scratch,
    rate: float,
    alpha: float,
    sign_decay: float,
    beta: float,
) -> None:
    """``var -= rate * (alpha + sign_decay * sign(grad) * sign(m)) * grad``. Bello et al. (2017)."""
    step, sign = scratch
    _agreement(m, grad, step, sign, beta)
    _multiply(sign, sign_decay, sign)
    _add(sign, alpha, sign)
    _multiply(grad, rate, step)
    _multiply(step, sign, step)
    _subtract(var, step, var)


def power_sign(
    var: Array,
    m: Array,
    grad: Array,
    scratch: Scratch,
    rate: float,
    logbase: float,
    sign_decay: float,
    beta: float,
) -> None:
    """``var -= rate * exp(logbase * sign_decay * sign(grad) * sign(m)) * grad``"""
    step, sign = scratch
    _agreement(m, grad, step, sign, beta)
    _multiply(sign, logbase * sign_decay, sign)
    np.exp(sign, sign)
    _multiply(grad, rate, step)
    _multiply(step, sign, step)
    _subtract(var, step, var)


def _agreement(m: Array, grad: Array, step: Array, sign: Array, beta: float) -> None:
    """`m` moves towards `grad`; `sign` becomes 1 where both agree, -1 where they don't."""
    _towards(m, grad, step, 1 - beta)
    np.sign(m, sign)
    np.sign(grad, step)
    _multiply(sign, step, sign)
