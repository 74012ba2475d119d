"""Forward-mode differentiation: tensors with a part that counts infinitesimals.

A dual number is ``a + b eps`` with ``eps**2 = 0``. Computing with it carries a derivative along:
``h(a + b eps) = h(a) + b h'(a) eps``. One pass gives the derivative in one direction, so a function
of n inputs needs n passes, where reverse mode needs one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import flowgraph as tf

__all__ = ["DERIVATIVES", "Dual", "jvp"]


def _between(x: Any, low: float, high: float) -> Any:
    """1 where low < x < high, else 0."""
    return tf.cast(tf.logical_and(x > low, x < high), x.dtype)


# h'(x) for each h, from x and y = h(x).
DERIVATIVES: dict[Callable[..., Any], Callable[[Any, Any], Any]] = {
    tf.abs: lambda x, y: tf.sign(x),
    tf.acos: lambda x, y: -tf.rsqrt(1 - x * x),
    tf.acosh: lambda x, y: tf.rsqrt(x * x - 1),
    tf.asin: lambda x, y: tf.rsqrt(1 - x * x),
    tf.asinh: lambda x, y: tf.rsqrt(1 + x * x),
    tf.atan: lambda x, y: 1 / (1 + x * x),
    tf.atanh: lambda x, y: 1 / (1 - x * x),
    tf.ceil: lambda x, y: tf.zeros_like(x),
    tf.cos: lambda x, y: -tf.sin(x),
    tf.cosh: lambda x, y: tf.sinh(x),
    tf.erf: lambda x, y: 2 / math.sqrt(math.pi) * tf.exp(-x * x),
    tf.erfc: lambda x, y: -2 / math.sqrt(math.pi) * tf.exp(-x * x),
    tf.exp: lambda x, y: y,
    tf.expm1: lambda x, y: y + 1,
    tf.floor: lambda x, y: tf.zeros_like(x),
    tf.lgamma: lambda x, y: tf.digamma(x),
    tf.log: lambda x, y: 1 / x,
    tf.log1p: lambda x, y: 1 / (1 + x),
    tf.negative: lambda x, y: -tf.ones_like(x),
    tf.reciprocal: lambda x, y: -y * y,
    tf.round: lambda x, y: tf.zeros_like(x),
    tf.rsqrt: lambda x, y: -y * y * y / 2,
    tf.sigmoid: lambda x, y: y * (1 - y),
    tf.sign: lambda x, y: tf.zeros_like(x),
    tf.sin: lambda x, y: tf.cos(x),
    tf.sinh: lambda x, y: tf.cosh(x),
    tf.sqrt: lambda x, y: 0.5 / y,
    tf.square: lambda x, y: 2 * x,
    tf.tan: lambda x, y: 1 + y * y,
    tf.tanh: lambda x, y: 1 - y * y,
    tf.nn.elu: lambda x, y: tf.where(x > 0, tf.ones_like(x), y + 1),
    tf.nn.relu: lambda x, y: tf.cast(x > 0, x.dtype),
    tf.nn.relu6: lambda x, y: _between(x, 0, 6),
    tf.nn.softplus: lambda x, y: tf.sigmoid(x),
    tf.nn.softsign: lambda x, y: 1 / tf.square(1 + tf.abs(x)),
}


class Dual:
    """``value + slope eps``, both tensors of one shape and dtype.

    >>> x, y = Dual(tf.constant(3.0), tf.constant(1.0)), Dual(tf.constant(4.0))
    >>> f = x * x * y + y + 2
    >>> with tf.Session() as sess:
    ...     print(*sess.run([f.value, f.slope]))
    42.0 24.0
    """

    def __init__(self, value: Any, slope: Any = None) -> None:
        self.value = tf.convert_to_tensor(value)
        if slope is None:
            self.slope = tf.zeros_like(self.value)
        else:
            self.slope = tf.convert_to_tensor(slope, self.value.dtype)

    def _other(self, other: Any) -> Dual:
        """`other` as a dual number: a constant has no slope."""
        if isinstance(other, Dual):
            return other
        return Dual(tf.convert_to_tensor(other, self.value.dtype))

    def __add__(self, other: Any) -> Dual:
        other = self._other(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __sub__(self, other: Any) -> Dual:
        other = self._other(other)
        return Dual(self.value - other.value, self.slope - other.slope)

    def __mul__(self, other: Any) -> Dual:
        other = self._other(other)
        slope = self.value * other.slope + self.slope * other.value
        return Dual(self.value * other.value, slope)

    def __truediv__(self, other: Any) -> Dual:
        other = self._other(other)
        value = self.value / other.value
        return Dual(value, (self.slope - value * other.slope) / other.value)

    def __pow__(self, exponent: float) -> Dual:
        """The power, for a constant exponent: ``d(x^n) = n x^(n-1)``."""
        slope = exponent * tf.pow(self.value, exponent - 1) * self.slope
        return Dual(tf.pow(self.value, exponent), slope)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __radd__(self, other: Any) -> Dual:
        return self + self._other(other)

    def __rmul__(self, other: Any) -> Dual:
        return self * self._other(other)

    def __rsub__(self, other: Any) -> Dual:
        return self._other(other) - self

    def __rtruediv__(self, other: Any) -> Dual:
        return self._other(other) / self

    def apply(self, function: Callable[..., Any]) -> Dual:
        """``h(a) + b h'(a) eps`` for an elementwise function of the table `DERIVATIVES`.

        Raises:
            KeyError: if the table does not have the function.
        """
        value = function(self.value)
        return Dual(value, self.slope * DERIVATIVES[function](self.value, value))


def jvp(function: Callable[..., Dual], inputs: list[Any], direction: list[Any]) -> tuple[Any, Any]:
    """Value and derivative of ``function(*inputs)`` along `direction`, in one forward pass."""
    pairs = zip(inputs, direction, strict=True)
    result = function(*(Dual(value, slope) for value, slope in pairs))
    return result.value, result.slope
