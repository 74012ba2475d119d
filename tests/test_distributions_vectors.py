"""Distributions of vectors, bijectors, and what linear algebra has beyond the oracle's reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowgraph as tf
from support.running import numerical_gradient

d: Any = tf.contrib.distributions
b: Any = tf.contrib.distributions.bijectors

LOC = np.array([0.5, -1.0, 2.0])
TRIL = np.array([[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.25, 0.75, 0.5]])
X = np.array([[0.0, 0.0, 0.0], [1.0, -1.0, 2.5]])


@pytest.fixture(autouse=True)
def new_graph() -> Any:
    with tf.Graph().as_default():
        yield


def run(fetches: Any) -> Any:
    with tf.Session() as session:
        return session.run(fetches)


def f64(value: Any) -> Any:
    return tf.constant(value, tf.float64)


# Each distribution with the mean and the covariance it must have.
NORMALS: dict[str, tuple[Callable[[], Any], Any, Any]] = {
    "TriL": (lambda: d.MultivariateNormalTriL(LOC, TRIL), LOC, TRIL @ TRIL.T),
    "FullCovariance": (
        lambda: d.MultivariateNormalFullCovariance(LOC, TRIL @ TRIL.T),
        LOC,
        TRIL @ TRIL.T,
    ),
    "Diag": (
        lambda: d.MultivariateNormalDiag(LOC, f64([1.0, 2.0, 0.5])),
        LOC,
        np.diag([1.0, 4.0, 0.25]),
    ),
    "Diag plus": (
        lambda: d.MultivariateNormalDiag(LOC, f64([1.0, 2.0, 0.5]), f64(1.0)),
        LOC,
        np.diag([4.0, 9.0, 2.25]),
    ),
    "multiple of the identity": (
        lambda: d.MultivariateNormalDiag(LOC, scale_identity_multiplier=2.0),
        LOC,
        4 * np.eye(3),
    ),
    "identity": (lambda: d.MultivariateNormalDiag(LOC), LOC, np.eye(3)),
    "softplus": (
        lambda: d.MultivariateNormalDiagWithSoftplusScale(LOC, f64([0.0, 1.0, -1.0])),
        LOC,
        np.diag(np.log1p(np.exp([0.0, 1.0, -1.0])) ** 2),
    ),
    "no loc": (lambda: d.MultivariateNormalTriL(scale_tril=TRIL), np.zeros(3), TRIL @ TRIL.T),
}
normals = pytest.mark.parametrize("name", NORMALS)


@normals
def test_normal_vectors(name: str) -> None:
    make, mean, covariance = NORMALS[name]
    made = make()
    centered = X - mean
    exponent = np.einsum("ni,ij,nj->n", centered, np.linalg.inv(covariance), centered)
    log_det = np.linalg.slogdet(2 * np.pi * covariance)[1]
    np.testing.assert_allclose(run(made.log_prob(f64(X))), -0.5 * (exponent + log_det), 1e-9)
    found = run([made.mean(), made.covariance(), made.variance(), made.entropy(), made.mode()])
    np.testing.assert_allclose(found[0], mean)
    np.testing.assert_allclose(found[1], covariance, 1e-9, 1e-12)
    np.testing.assert_allclose(found[2], np.diag(covariance), 1e-9)
    np.testing.assert_allclose(found[3], 0.5 * (log_det + 3), 1e-9)
    np.testing.assert_allclose(run(made.stddev()), np.diag(covariance) ** 0.5, 1e-9)
    assert made.batch_shape.as_list() == []
    assert made.event_shape.as_list() == [3]


@normals
def test_samples_of_normal_vectors(name: str) -> None:
    make, mean, covariance = NORMALS[name]
    samples = run(make().sample(20000, seed=7))
    assert samples.shape == (20000, 3)
    scale = np.diag(covariance) ** 0.5
    np.testing.assert_allclose((samples.mean(0) - mean) / scale, 0, atol=0.05)
    np.testing.assert_allclose(
        np.cov(samples.T) / np.outer(scale, scale), covariance / np.outer(scale, scale), atol=0.05
    )


def test_divergence_of_normal_vectors() -> None:
    for first in ("TriL", "Diag"):
        for second in ("Diag plus", "no loc"):
            (make_p, m_p, c_p), (make_q, m_q, c_q) = NORMALS[first], NORMALS[second]
            inverse, gap = np.linalg.inv(c_q), m_q - m_p
            ratio = np.linalg.slogdet(c_q)[1] - np.linalg.slogdet(c_p)[1]
            expected = 0.5 * (np.trace(inverse @ c_p) + gap @ inverse @ gap - 3 + ratio)
            found = run(d.kl_divergence(make_p(), make_q()))
            np.testing.assert_allclose(found, expected, 1e-9)


def test_batches_of_normal_vectors() -> None:
    locs = tf.placeholder_with_default(np.stack([LOC, -LOC]), [None, 3])
    made = d.MultivariateNormalTriL(locs, TRIL)
    assert made.batch_shape.as_list() == [None]
    assert run(made.batch_shape_tensor()).tolist() == [2]
    assert run(made.sample([4, 5], seed=1)).shape == (4, 5, 2, 3)
    assert run(made.log_prob(f64(np.zeros((7, 2, 3))))).shape == (7, 2)
    gradient = tf.gradients(tf.reduce_sum(made.sample(3, seed=2)), locs)[0]
    np.testing.assert_allclose(run(gradient), 3 * np.ones((2, 3)))


def test_normal_vectors_want_parameters() -> None:
    with pytest.raises(ValueError, match="one or both"):
        d.MultivariateNormalTriL()
    with pytest.raises(ValueError, match="event_shape"):
        d.MultivariateNormalDiag()
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be positive"):
        run(d.MultivariateNormalDiag(LOC, [1.0, -1.0, 1.0], validate_args=True).mean())


LOGITS = np.array([[0.5, -1.0, 2.0], [0.0, 0.0, 1.0]])
PROBS = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)


def test_one_hot_categorical() -> None:
    made = d.OneHotCategorical(f64(LOGITS))
    events = np.eye(3, dtype=np.int32)[:, None]
    found = run([made.prob(events), made.log_prob(events), made.mean(), made.mode()])
    np.testing.assert_allclose(found[0], PROBS.T, 1e-9)
    np.testing.assert_allclose(np.exp(found[1]), PROBS.T, 1e-9)
    np.testing.assert_allclose(found[2], PROBS, 1e-9)
    np.testing.assert_array_equal(found[3], [[0, 0, 1], [0, 0, 1]])
    entropy, covariance = run([made.entropy(), made.covariance()])
    np.testing.assert_allclose(entropy, -(PROBS * np.log(PROBS)).sum(-1), 1e-9)
    expected = [np.diag(p) - np.outer(p, p) for p in PROBS]
    np.testing.assert_allclose(covariance, expected, 1e-9, 1e-12)
    samples = run(made.sample(5000, seed=1))
    assert samples.dtype == np.int32
    assert (samples.sum(-1) == 1).all()
    np.testing.assert_allclose(samples.mean(0), PROBS, atol=0.03)
    even = d.OneHotCategorical(f64(np.zeros((2, 3))))
    np.testing.assert_allclose(run(d.kl_divergence(made, even)), np.log(3) - entropy, 1e-9)


def test_relaxed_one_hot_categorical() -> None:
    made = d.RelaxedOneHotCategorical(f64(0.5), f64(LOGITS))
    samples = run(made.sample(4000, seed=1))
    np.testing.assert_allclose(samples.sum(-1), 1, 1e-9)
    winners = np.eye(3)[samples.argmax(-1)].mean(0)
    np.testing.assert_allclose(winners, PROBS, atol=0.03)
    assert made.event_shape.as_list() == [3]
    assert made.batch_shape.as_list() == [2]
    logits = f64(LOGITS)
    drawn = d.RelaxedOneHotCategorical(f64(0.5), logits).sample(seed=1)
    assert np.abs(run(tf.gradients(drawn[..., 0], logits)[0])).max() > 1e-3


def test_density_of_relaxed_categories() -> None:
    """Maddison, Mnih and Teh (2016), equation 10."""
    temperature, y = 0.7, np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    made = d.RelaxedOneHotCategorical(f64(temperature), probs=f64(PROBS))
    factors = PROBS * y ** (-temperature - 1)
    total = (PROBS * y**-temperature).sum(-1) ** 3
    expected = 2 * temperature**2 * factors.prod(-1) / total
    np.testing.assert_allclose(run(made.prob(f64(y))), expected, 1e-9)
    logarithmic = d.ExpRelaxedOneHotCategorical(f64(temperature), probs=f64(PROBS))
    found = run(logarithmic.prob(f64(np.log(y))))
    np.testing.assert_allclose(found, expected * y.prod(-1), 1e-9)


def test_multinomial_counts() -> None:
    made = tf.distributions.Multinomial([6.0, 3.0], LOGITS.astype(np.float32))
    samples = run(made.sample(4000, seed=2))
    assert samples.shape == (4000, 2, 3)
    np.testing.assert_array_equal(samples.sum(-1), np.tile([6, 3], [4000, 1]))
    mean, covariance = run([made.mean(), made.covariance()])
    np.testing.assert_allclose(samples.mean(0), mean, atol=0.1)
    for row in range(2):
        np.testing.assert_allclose(np.cov(samples[:, row].T), covariance[row], atol=0.12)


BIJECTORS: dict[str, tuple[Callable[[], Any], Any]] = {
    "Identity": (b.Identity, [0.5, -1.0]),
    "Exp": (b.Exp, [0.5, -1.0]),
    "Sigmoid": (b.Sigmoid, [0.5, -4.0]),
    "Softplus": (b.Softplus, [0.5, -4.0, 40.0]),
    "wide softplus": (lambda: b.Softplus(hinge_softness=f64(3.0)), [0.5, -4.0]),
    "AffineScalar": (lambda: b.AffineScalar(f64(1.0), f64(-3.0)), [0.5, -4.0]),
    "shift": (lambda: b.AffineScalar(f64(1.0)), [0.5, -4.0]),
    "Invert": (lambda: b.Invert(b.Exp()), [0.5, 4.0]),
    "Chain": (lambda: b.Chain([b.Exp(), b.AffineScalar(f64(0.5), f64(2.0))]), [0.5, -1.0]),
}


@pytest.mark.parametrize("name", BIJECTORS)
def test_bijector_has_inverse_and_jacobian(name: str) -> None:
    make, values = BIJECTORS[name]
    bijector, x = make(), f64(values)
    y = bijector.forward(x)
    back, slope = bijector.inverse(tf.identity(y)), tf.gradients(y, x)[0]
    forward = bijector.forward_log_det_jacobian(x, 0)
    backward = bijector.inverse_log_det_jacobian(y, 0)
    summed = bijector.forward_log_det_jacobian(x, 1)
    found = run([back, slope, forward, backward, summed])
    np.testing.assert_allclose(found[0], values, 1e-7)
    expected = np.log(np.abs(found[1]))
    np.testing.assert_allclose(found[2] + np.zeros_like(expected), expected, 1e-7, 1e-12)
    np.testing.assert_allclose(found[3] + np.zeros_like(expected), -expected, 1e-6, 1e-12)
    np.testing.assert_allclose(found[4], expected.sum(), 1e-7, 1e-12)
    assert bijector.forward_event_shape([2]).as_list() == [2]


def test_softmax_centered() -> None:
    bijector, x = b.SoftmaxCentered(), f64([0.5, -1.0])
    y = bijector.forward(x)
    rows = [tf.gradients(y[i], x)[0] for i in range(3)]
    value, back, jacobian, log_det = run(
        [y, bijector.inverse(y), tf.stack(rows), bijector.forward_log_det_jacobian(x, 1)]
    )
    np.testing.assert_allclose(value.sum(), 1)
    np.testing.assert_allclose(back, [0.5, -1.0])
    area = np.linalg.det(jacobian.T @ jacobian) ** 0.5
    np.testing.assert_allclose(log_det, np.log(area), 1e-9)
    assert bijector.forward_event_shape([2]).as_list() == [3]
    assert bijector.inverse_event_shape([3]).as_list() == [2]
    with pytest.raises(ValueError, match="event_ndims"):
        bijector.forward_log_det_jacobian(x, 0)


def test_softplus_inverse_at_all_scales() -> None:
    x = np.array([1e-30, 1e-8, 0.5, 30.0, 1e4])
    tensor = f64(x)
    inverse = d.softplus_inverse(tensor)
    np.testing.assert_allclose(run(tf.nn.softplus(inverse)), x, 1e-9)
    assert np.isfinite(run(tf.gradients(inverse, tensor)[0])).all()


def test_transformed_distribution_of_more_axes() -> None:
    base = d.Normal(f64(0.0), f64(1.0))
    made = d.TransformedDistribution(base, b.Exp(), batch_shape=[2], event_shape=[3])
    assert made.batch_shape.as_list() == [2]
    assert made.event_shape.as_list() == [3]
    samples = made.sample(4, seed=1)
    drawn, log_prob = run([samples, made.log_prob(samples)])
    assert drawn.shape == (4, 2, 3)
    expected = -0.5 * np.log(drawn) ** 2 - 0.5 * np.log(2 * np.pi) - np.log(drawn)
    np.testing.assert_allclose(log_prob, expected.sum(-1), 1e-9)
    with pytest.raises(ValueError, match="whose own is"):
        d.TransformedDistribution(d.Normal([0.0], 1.0), b.Exp(), batch_shape=[2])


GENERAL = np.array([[1.0, 0.5, -0.25], [0.75, 2.0, 0.5], [-0.5, 0.25, 1.5]])


def test_exponential_of_matrices() -> None:
    values, vectors = np.linalg.eig(GENERAL)
    expected = vectors @ np.diag(np.exp(values)) @ np.linalg.inv(vectors)
    stack = np.stack([GENERAL, np.zeros((3, 3))])
    found = run(tf.linalg.expm(stack))
    np.testing.assert_allclose(found, [expected, np.eye(3)], 1e-12, 1e-12)
    nilpotent = np.array([[0.0, 5.0], [0.0, 0.0]])
    np.testing.assert_allclose(run(tf.linalg.expm(nilpotent)), np.eye(2) + nilpotent, 1e-12)
    with pytest.raises(ValueError, match="must be equal, but are 2 and 3"):
        tf.linalg.expm(GENERAL[:2])


def test_gradients_of_the_exponential() -> None:
    x = f64(GENERAL)
    weights = np.arange(9.0).reshape(3, 3)
    first = tf.gradients(tf.reduce_sum(tf.linalg.expm(x) * weights), x)[0]
    second = tf.gradients(tf.reduce_sum(first * weights), x)[0]

    def evaluated(tensor: Any) -> Callable[[list[Any]], Any]:
        def function(inputs: list[Any]) -> Any:
            with tf.Session() as session:
                return (session.run(tensor, {x: inputs[0]}) * weights).ravel()

        return function

    expected = numerical_gradient(evaluated(tf.linalg.expm(x)), [GENERAL], 0, 1e-5)
    np.testing.assert_allclose(run(first), expected, 1e-5)
    expected = numerical_gradient(evaluated(first), [GENERAL], 0, 1e-5)
    np.testing.assert_allclose(run(second), expected, 1e-5)


def test_functions_of_defective_matrices() -> None:
    matrix = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 2.0]])
    root = run(tf.linalg.sqrtm(matrix))
    np.testing.assert_allclose(root @ root, matrix, 1e-10, 1e-12)
    logarithm = run(tf.linalg.logm(matrix.astype(np.complex128)))
    np.testing.assert_allclose(run(tf.linalg.expm(logarithm)), matrix, 1e-10, 1e-10)


@pytest.mark.parametrize("size", [1, 47, 48, 49, 130])
@pytest.mark.parametrize("lower", [False, True])
def test_large_triangular_systems(size: int, lower: bool) -> None:
    rng = np.random.default_rng(size)
    matrix = rng.normal(size=(2, size, size)) / size + 2 * np.eye(size)
    triangle = np.tril(matrix) if lower else np.triu(matrix)
    right = rng.normal(size=(size, 3))
    for adjoint in (False, True):
        solution = run(tf.matrix_triangular_solve(matrix, right, lower, adjoint))
        factor = triangle.swapaxes(-1, -2) if adjoint else triangle
        np.testing.assert_allclose(factor @ solution, np.stack([right, right]), 1e-9, 1e-10)


def test_errors_of_decompositions() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="Cholesky decomposition was not"):
        run(tf.cholesky([[1.0, 2.0], [2.0, 1.0]]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="not invertible"):
        run(tf.matrix_triangular_solve([[0.0, 0.0], [1.0, 1.0]], [[1.0], [1.0]]))
    tall = tf.qr(np.ones((3, 2)), full_matrices=True)
    matrix = f64(np.arange(6.0).reshape(3, 2) ** 2)
    with pytest.raises(LookupError, match="full_matrices"):
        tf.gradients(tf.qr(matrix, full_matrices=True)[0], matrix)
    assert tall[0].shape.as_list() == [3, 3]


def test_convolutional_delta_orthogonal() -> None:
    initializer = tf.contrib.framework.convolutional_delta_orthogonal(gain=2.0, seed=1)
    kernel = run(initializer([3, 3, 2, 4]))
    np.testing.assert_allclose(kernel[1, 1] @ kernel[1, 1].T, 4 * np.eye(2), atol=1e-5)
    kernel[1, 1] = 0
    assert not kernel.any()
    with pytest.raises(ValueError, match="In_filters"):
        initializer([3, 3, 4, 2])
    with pytest.raises(ValueError, match="three-dimensional"):
        initializer([3, 3])


def test_gradient_of_a_cropped_spectrum() -> None:
    x = tf.constant(np.sin(np.arange(9.0)), tf.float32)
    energy = tf.reduce_sum(tf.square(tf.abs(tf.signal.rfft(x, [6]))))
    found = run(tf.gradients(energy, x)[0])
    spectrum = np.fft.rfft(np.sin(np.arange(6.0)))
    spectrum[1:-1] /= 2
    expected = np.append(2 * 6 * np.fft.irfft(spectrum, 6), np.zeros(3))
    np.testing.assert_allclose(found, expected, atol=1e-5)
