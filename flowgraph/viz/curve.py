"""Curves over steps as a self-contained SVG."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 64, 44
_COLOURS = ("#3f6fd1", "#d1603d", "#2f9470", "#8757c4", "#c08a1e", "#2391a8", "#c04b83")
_STYLE = """
    text { font: 12px system-ui, sans-serif; fill: #4a5261 }
    .title { font-size: 15px; font-weight: 600; fill: #1f2530 }
    .grid { stroke: #e4e7ec } .axis { stroke: #9aa2af } .paper { fill: #ffffff }
    .curve { fill: none; stroke-width: 1.5; stroke-linejoin: round }
    @media (prefers-color-scheme: dark) {
      text { fill: #a9b2c1 } .title { fill: #e8ebf0 } .paper { fill: #14171d }
      .grid { stroke: #2a303b } .axis { stroke: #5a6372 }
    }
"""


def curve(
    series: Mapping[str, Sequence[float]],
    path: str | os.PathLike[str],
    title: str = "",
    every: int = 1,
) -> Path:
    """Write the series, each plotted over its step number from 0, into an SVG file.

    Neighbouring values lie `every` steps apart.
    A value that is not finite leaves a gap in its curve.

    Raises:
        ValueError: no series holds a finite value.
    """
    finite = [float(v) for values in series.values() for v in values if math.isfinite(v)]
    if not finite:
        raise ValueError("curve() needs at least one finite value")
    steps = max(1, max(len(values) for values in series.values()) - 1)
    x_ticks = [tick for tick in ticks(0, steps * every, 9) if float(tick).is_integer()]
    y_ticks = ticks(min(finite), max(finite))
    low, high = min(y_ticks[0], *finite), max(y_ticks[-1], *finite)
    frame = _Frame(steps * every, every, low, high)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>',
        f'<text class="title" x="{_LEFT}" y="24">{escape(title)}</text>',
        *frame.axes(x_ticks, y_ticks),
    ]
    colours = [_COLOURS[index % len(_COLOURS)] for index in range(len(series))]
    for values, colour in zip(series.values(), colours, strict=True):
        parts.append(f'<path class="curve" stroke="{colour}" d="{frame.line(values)}"/>')
    parts.extend(_legend(list(series), colours))
    parts.append("</svg>\n")
    target = Path(path)
    target.write_text("\n".join(parts), encoding="utf-8")
    return target


def ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """Round numbers, a step of 1, 2 or 5 times a power of ten apart, that span [low, high].

    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    span = high - low
    if span <= abs(high) * 1e-12 or span <= 0:
        span = abs(high) or 1.0
        low, high = low - span / 2, high + span / 2
    rough = span / max(1, wanted - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [
        round(index * step, 12 - math.floor(math.log10(step))) for index in range(first, last + 1)
    ]


class _Frame:
    """Maps steps and values to places in the picture."""

    def __init__(self, steps: int, every: int, low: float, high: float) -> None:
        self._steps, self._every, self._low, self._high = steps, every, low, high

    def x(self, step: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * step / self._steps

    def y(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share

    def axes(self, x_ticks: Sequence[float], y_ticks: Sequence[float]) -> list[str]:
        right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
        parts = []
        for value in y_ticks:
            y = self.y(value)
            parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>')
            parts.append(
                f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.6g}</text>'
            )
        for step in x_ticks:
            if step > self._steps:
                continue
            x = self.x(step)
            parts.append(f'<path class="axis" d="M{x:.1f} {bottom}v5"/>')
            parts.append(
                f'<text x="{x:.1f}" y="{bottom + 19}" text-anchor="middle">{step:.0f}</text>'
            )
        parts.append(f'<path class="axis" d="M{_LEFT} {bottom}H{right}"/>')
        parts.append(f'<text x="{right}" y="{_HEIGHT - 8}" text-anchor="end">step</text>')
        return parts

    def line(self, values: Sequence[float]) -> str:
        """Path data; at most a few points per pixel, the extremes of each pixel kept."""
        commands = []
        pen_down = False
        for index, value in _thinned(values, 2 * _WIDTH):
            if not math.isfinite(value):
                pen_down = False
                continue
            commands.append(
                f"{'L' if pen_down else 'M'}{self.x(index * self._every):.1f} {self.y(value):.1f}"
            )
            pen_down = True
        if len(commands) == 1:
            commands.append("h0.1")
        return "".join(commands)


def _thinned(values: Sequence[float], limit: int) -> list[tuple[int, float]]:
    points = [(step, float(value)) for step, value in enumerate(values)]
    if len(points) <= limit:
        return points
    size = -(-2 * len(points) // limit)
    kept = []
    for start in range(0, len(points), size):
        bucket = points[start : start + size]
        finite = [point for point in bucket if math.isfinite(point[1])]
        if len(finite) < len(bucket):
            kept.append((start, math.nan))
        if finite:
            kept.extend(sorted({min(finite, key=_value), max(finite, key=_value)}))
    return kept


def _value(point: tuple[int, float]) -> float:
    return point[1]


def _legend(names: Sequence[str], colours: Sequence[str]) -> list[str]:
    """One row under the title, as far as the width goes, then the next row above the curves."""
    parts = []
    x, y = _LEFT, 44
    for name, colour in zip(names, colours, strict=True):
        width = 44 + 7 * len(name)
        if x > _LEFT and x + width > _WIDTH - _RIGHT:
            x, y = _LEFT, y + 16
        parts.append(
            f'<g><path class="curve" stroke="{colour}" d="M{x} {y - 4}h20"/>'
            f'<text x="{x + 26}" y="{y}">{escape(name)}</text></g>'
        )
        x += width
    return parts
