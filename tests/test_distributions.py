"""Distributions that TensorFlow's core lacks: against integrals of their own densities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowgraph as tf

d: Any = tf.contrib.distributions
b: Any = tf.contrib.distributions.bijectors
Make = Callable[[], Any]


@pytest.fixture(autouse=True)
def new_graph() -> Any:
    with tf.Graph().as_default():
        yield


def run(fetches: Any) -> Any:
    with tf.Session() as session:
        return session.run(fetches)


def f64(value: Any) -> Any:
    return tf.constant(value, tf.float64)


# How to make each distribution of numbers, and between which numbers almost all of it lies.
CONTINUOUS: dict[str, tuple[Make, float, float]] = {
    "Normal": (lambda: d.Normal(f64(0.5), f64(1.5)), -15, 15),
    "softplus normal": (lambda: d.NormalWithSoftplusScale(f64(0.5), f64(1.0)), -15, 15),
    "Laplace": (lambda: d.Laplace(f64(0.5), f64(1.0)), -40, 40),
    "softplus laplace": (lambda: d.LaplaceWithSoftplusScale(f64(0.5), f64(0.2)), -40, 40),
    "Logistic": (lambda: d.Logistic(f64(0.5), f64(0.75)), -40, 40),
    "Gumbel": (lambda: d.Gumbel(f64(0.5), f64(0.75)), -10, 40),
    "Gamma": (lambda: d.Gamma(f64(3.0), f64(2.0)), 1e-9, 30),
    "softplus gamma": (lambda: d.GammaWithSoftplusConcentrationRate(f64(3.0), f64(2.0)), 1e-9, 30),
    "Chi2": (lambda: d.Chi2(f64(5.0)), 1e-9, 90),
    "softplus exponential": (lambda: d.ExponentialWithSoftplusRate(f64(0.5)), 1e-9, 60),
    "Beta": (lambda: d.Beta(f64(2.0), f64(3.0)), 1e-9, 1 - 1e-9),
    "softplus beta": (lambda: d.BetaWithSoftplusConcentration(f64(2.0), f64(3.0)), 1e-9, 1 - 1e-9),
    "StudentT": (lambda: d.StudentT(f64(9.0), f64(0.5), f64(1.5)), -200, 200),
    "whole t": (lambda: d.StudentTWithAbsDfSoftplusScale(f64(-9.5), f64(0.5), f64(1.0)), -200, 200),
    "Uniform": (lambda: d.Uniform(f64(-1.0), f64(2.0)), -1, 2 - 1e-9),
    "LogNormal": (lambda: d.LogNormal(f64(0.25), f64(0.5)), 1e-9, 40),
    "affine": (
        lambda: d.TransformedDistribution(
            d.Normal(f64(0.0), f64(1.0)), b.AffineScalar(f64(2.0), f64(-3.0))
        ),
        -40,
        40,
    ),
    "softplus of normal": (
        lambda: d.TransformedDistribution(d.Normal(f64(0.0), f64(1.0)), b.Softplus()),
        1e-9,
        20,
    ),
    "RelaxedBernoulli": (lambda: d.RelaxedBernoulli(f64(0.75), f64(0.5)), 1e-12, 1 - 1e-12),
    "Mixture": (
        lambda: d.Mixture(
            d.Categorical(probs=f64([0.25, 0.75])),
            [d.Normal(f64(-1.0), f64(0.5)), d.Normal(f64(2.0), f64(1.0))],
        ),
        -15,
        20,
    ),
}
cases = pytest.mark.parametrize("name", CONTINUOUS)


def integral(name: str, function: Callable[[Any, Any], Any]) -> float:
    """That of ``function(x, density)``, by the trapezoidal rule after ``x = tanh``-like grading."""
    make, low, high = CONTINUOUS[name]
    # Gauss-Legendre nodes on many short pieces.
    nodes, weights = np.polynomial.legendre.leggauss(20)
    edges = np.linspace(0, 1, 401)
    # Pieces get short towards both ends, where densities may be steep.
    edges = low + (high - low) * (0.5 - 0.5 * np.cos(np.pi * edges))
    half = np.diff(edges)[:, None] / 2
    x = (edges[:-1, None] + half * (1 + nodes)).ravel()
    density = run(make().prob(f64(x)))
    return float(np.sum(function(x, density) * (half * weights).ravel()))


@cases
def test_density_integrates_to_one(name: str) -> None:
    assert integral(name, lambda x, p: p) == pytest.approx(1, abs=2e-5)


def implemented(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except NotImplementedError:
        return None


@cases
def test_moments_are_integrals(name: str) -> None:
    made = CONTINUOUS[name][0]()
    mean, variance = implemented(made.mean), implemented(made.variance)
    centre = integral(name, lambda x, p: x * p)
    if mean is not None:
        assert run(mean) == pytest.approx(centre, rel=1e-4, abs=1e-4)
    if variance is not None:
        spread = integral(name, lambda x, p: (x - centre) ** 2 * p)
        assert run(variance) == pytest.approx(spread, rel=1e-3)
        assert run(made.stddev()) == pytest.approx(spread**0.5, rel=1e-3)
    assert mean is not None or name in ("softplus of normal", "RelaxedBernoulli")


@cases
def test_entropy_is_an_integral(name: str) -> None:
    entropy = implemented(CONTINUOUS[name][0]().entropy)
    if entropy is None:
        assert name in ("softplus of normal", "RelaxedBernoulli", "Mixture")
        return
    with np.errstate(all="ignore"):
        expected = integral(name, lambda x, p: -np.where(p > 0, p * np.log(p), 0))
    assert run(entropy) == pytest.approx(expected, abs=1e-3)


@cases
def test_cdf_is_the_integral_of_the_density(name: str) -> None:
    made, low, high = CONTINUOUS[name][0](), *CONTINUOUS[name][1:]
    middle = low + (high - low) * 0.45
    found = run([made.cdf(f64(middle)), made.survival_function(f64(middle))])
    expected = integral(name, lambda x, p: np.where(x <= middle, p, 0))
    if name == "affine":
        # The factor is negative: x <= y where the normal number is at least the inverse.
        expected = 1 - expected
    # The piece in which `middle` lies is not cut at it.
    assert found[0] == pytest.approx(expected, abs=2e-2)
    assert found[0] + found[1] == pytest.approx(1, abs=1e-9)


@cases
def test_samples_have_the_moments(name: str) -> None:
    made = CONTINUOUS[name][0]()
    samples = run(made.sample(20000, seed=3))
    centre = integral(name, lambda x, p: x * p)
    spread = integral(name, lambda x, p: (x - centre) ** 2 * p) ** 0.5
    assert samples.dtype == np.float64
    assert samples.mean() == pytest.approx(centre, abs=5 * spread / 20000**0.5)
    assert samples.std() == pytest.approx(spread, rel=0.06)


@pytest.mark.parametrize("name", ["Logistic", "Gumbel", "Normal", "LogNormal", "Cauchy"])
def test_quantile_inverts_cdf(name: str) -> None:
    made = d.Cauchy(f64(0.5), f64(2.0)) if name == "Cauchy" else CONTINUOUS[name][0]()
    p = np.array([0.01, 0.3, 0.5, 0.99])
    np.testing.assert_allclose(run(made.cdf(made.quantile(f64(p)))), p, 1e-9)


def test_cauchy() -> None:
    made = d.Cauchy([0.0, 1.0], 2.0)
    x = np.array([0.5, -3.0], np.float32)
    expected = 1 / (np.pi * 2 * (1 + ((x - [0, 1]) / 2) ** 2))
    found = run([made.prob(x), made.cdf(x), tf.exp(made.log_cdf(x)), made.entropy(), made.mode()])
    np.testing.assert_allclose(found[0], expected, 1e-5)
    np.testing.assert_allclose(found[1], np.arctan((x - [0, 1]) / 2) / np.pi + 0.5, 1e-5)
    np.testing.assert_allclose(found[2], found[1], 1e-5)
    np.testing.assert_allclose(found[3], np.log(8 * np.pi), 1e-5)
    np.testing.assert_array_equal(found[4], [0, 1])
    assert np.median(run(made.sample(5000, seed=1))[:, 1]) == pytest.approx(1, abs=0.2)


REPARAMETERIZED: dict[str, Callable[[Any], Any]] = {
    "Normal": lambda a: d.Normal(a, 2.0 * a),
    "Laplace": lambda a: d.Laplace(a, 2.0 * a),
    "Logistic": lambda a: d.Logistic(a, 2.0 * a),
    "Gumbel": lambda a: d.Gumbel(a, 2.0 * a),
    "Uniform": lambda a: d.Uniform(-a, 3.0 * a),
    "Exponential": lambda a: d.Exponential(1 / a),
    "Gamma": lambda a: d.Gamma(a, f64(1.0)),
    "Beta": lambda a: d.Beta(a, f64(2.0)),
    "LogNormal": lambda a: d.LogNormal(a, f64(0.5)),
}


@pytest.mark.parametrize("name", REPARAMETERIZED)
def test_gradients_of_samples_are_those_of_the_mean(name: str) -> None:
    a = f64(1.5)
    made = REPARAMETERIZED[name](a)
    assert made.reparameterization_type is d.FULLY_REPARAMETERIZED
    by_samples = tf.gradients(tf.reduce_mean(made.sample(40000, seed=5)), a)[0]
    by_mean = tf.gradients(made.mean(), a)[0]
    found, expected = run([by_samples, by_mean])
    assert found == pytest.approx(expected, rel=0.05, abs=0.02)


DIVERGING: dict[str, tuple[str, Make]] = {
    "Normal": ("Normal", lambda: d.Normal(f64(0.0), f64(1.0))),
    "Gamma": ("Gamma", lambda: d.Gamma(f64(2.0), f64(1.0))),
    "Beta": ("Beta", lambda: d.Beta(f64(3.0), f64(1.5))),
    "LogNormal": ("LogNormal", lambda: d.LogNormal(f64(0.0), f64(1.0))),
}


@pytest.mark.parametrize("name", DIVERGING)
def test_divergence_is_an_integral(name: str) -> None:
    kind, make = DIVERGING[name]
    found = run(d.kl_divergence(CONTINUOUS[kind][0](), make()))

    def difference(x: Any, p: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.where(p > 1e-300, p * (np.log(p) - run(make().log_prob(f64(x)))), 0)

    assert found == pytest.approx(integral(kind, difference), rel=1e-4)


def test_poisson() -> None:
    made = d.Poisson([0.5, 4.0])
    k = np.arange(60.0, dtype=np.float32)[:, None]
    p, cdf, mean, variance, mode = run(
        [made.prob(k), made.cdf(k), made.mean(), made.variance(), made.mode()]
    )
    np.testing.assert_allclose(p.sum(0), 1, 1e-5)
    np.testing.assert_allclose((k * p).sum(0), mean, 1e-5)
    np.testing.assert_allclose(((k - mean) ** 2 * p).sum(0), variance, 1e-4)
    np.testing.assert_allclose(np.cumsum(p, 0), cdf, 1e-4)
    np.testing.assert_array_equal(mode, [0, 4])
    samples = run(made.sample(5000, seed=2))
    np.testing.assert_allclose(samples.mean(0), [0.5, 4.0], rtol=0.06)
    other = d.Poisson(log_rate=[0.0, 1.0], interpolate_nondiscrete=False)
    assert run(other.log_prob([1.5, 2.0]))[0] == -np.inf
    q = run(other.prob(k))
    with np.errstate(all="ignore"):
        expected = np.where(p > 1e-30, p * np.log(p / q), 0).sum(0)
    np.testing.assert_allclose(run(d.kl_divergence(made, other)), expected, 1e-4)
    with pytest.raises(ValueError, match="exactly one"):
        d.Poisson()


def test_mixture_of_vectors() -> None:
    parts = [d.MultivariateNormalDiag([0.0, 1.0], [1.0, 2.0]), d.MultivariateNormalDiag([5.0, 5.0])]
    made = d.Mixture(d.Categorical(probs=[0.25, 0.75]), parts)
    x = np.array([[0.0, 0.0], [5.0, 4.0]], np.float32)
    densities = [run(part.prob(x)) for part in parts]
    np.testing.assert_allclose(
        run(made.prob(x)), 0.25 * densities[0] + 0.75 * densities[1], rtol=1e-4
    )
    mean, stddev, samples = run([made.mean(), made.stddev(), made.sample(4000, seed=1)])
    assert made.batch_shape.as_list() == []
    assert samples.shape == (4000, 2)
    np.testing.assert_allclose(mean, [3.75, 4.0], 1e-5)
    np.testing.assert_allclose(samples.mean(0), mean, atol=0.15)
    np.testing.assert_allclose(samples.std(0), stddev, rtol=0.05)
    bound = run(made.entropy_lower_bound())
    entropies = [run(part.entropy()) for part in parts]
    assert bound == pytest.approx(0.25 * entropies[0] + 0.75 * entropies[1], rel=1e-5)


def test_mixture_wants_matching_parts() -> None:
    normal = d.Normal(0.0, 1.0)
    cat = d.Categorical([0.5, 0.5])
    with pytest.raises(TypeError, match="must be a Categorical"):
        d.Mixture(normal, [normal])
    with pytest.raises(ValueError, match="num_classes"):
        d.Mixture(cat, [normal])
    with pytest.raises(TypeError, match="same dtype"):
        d.Mixture(cat, [normal, d.Normal(f64(0.0), f64(1.0))])
    with pytest.raises(ValueError, match="non-empty"):
        d.Mixture(cat, [])


def test_independent() -> None:
    inner = d.Normal(np.array([[0.0, 1.0, 2.0]] * 2, np.float32), [1.0, 2.0, 3.0])
    made = d.Independent(inner)
    assert made.batch_shape.as_list() == [2]
    assert made.event_shape.as_list() == [3]
    x = np.ones((2, 3), np.float32)
    whole, parts = run([made.log_prob(x), inner.log_prob(x)])
    np.testing.assert_allclose(whole, parts.sum(-1), 1e-6)
    np.testing.assert_allclose(run(made.entropy()), run(inner.entropy()).sum(-1), 1e-6)
    assert run(made.sample(4, seed=1)).shape == (4, 2, 3)
    other = d.Independent(d.Normal(np.zeros((2, 3), np.float32), 1.0))
    expected = run(d.kl_divergence(inner, other.distribution)).sum(-1)
    np.testing.assert_allclose(run(d.kl_divergence(made, other)), expected, 1e-6)
    with pytest.raises(ValueError, match="cannot exceed"):
        d.Independent(inner, 3)
