"""Probability distributions: values, statistics, samples, divergences, their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from support.programs import program, raised
from support.values import ramp

METHODS = ("mean", "variance", "stddev", "mode", "entropy", "covariance")
FUNCTIONS = (
    "log_prob",
    "prob",
    "cdf",
    "log_cdf",
    "survival_function",
    "log_survival_function",
    "quantile",
)


def described(tf: Any, made: Any, values: Any, seeded: bool = True) -> dict[str, Any]:
    """Everything a distribution tells about itself and about some values."""
    results: dict[str, Any] = {
        "name": made.name,
        "text": str(made),
        "shown": repr(made),
        "batch": made.batch_shape.as_list(),
        "event": made.event_shape.as_list(),
        "batch tensor": made.batch_shape_tensor(),
        "event tensor": made.event_shape_tensor(),
        "scalar event": made.is_scalar_event(),
        "scalar batch": made.is_scalar_batch(),
        "parameters": sorted(made.parameters),
        "kind": str(made.reparameterization_type),
    }
    for name in METHODS:
        try:
            results[name] = getattr(made, name)()
        except NotImplementedError as error:
            results[name] = str(error)
    for name in FUNCTIONS:
        argument = tf.cast(0.3, values.dtype) if name == "quantile" else values
        try:
            results[name] = getattr(made, name)(argument)
        except NotImplementedError as error:
            results[name] = str(error)
    if seeded:
        results["samples"] = made.sample([2, 3], seed=12)
        results["sample"] = made.sample(seed=3)
        results["sample of 4"] = made.sample(4, seed=5)
    return results


def slopes(tf: Any, ys: Any, xs: list[Any]) -> dict[str, Any]:
    """Gradients as computed numbers: TensorFlow names their nodes otherwise."""
    found = tf.gradients(ys, xs)
    with tf.Session() as session:
        values = session.run([each for each in found if each is not None])
    return {f"slope {i}": value for i, value in enumerate(values)}


@program
def normal(tf: Any) -> dict[str, Any]:
    loc, scale = tf.constant([[0.5], [-1.0]]), tf.constant([1.0, 0.25, 3.0])
    made = tf.distributions.Normal(loc, scale)
    x = tf.constant(ramp(2, 3))
    results = described(tf, made, x)
    samples = made.sample(5, seed=1)
    results.update(slopes(tf, [made.log_prob(x), made.entropy(), samples], [loc, scale]))
    return results


@program
def normal_far_out(tf: Any) -> dict[str, Any]:
    results: dict[str, Any] = {}
    for kind in (tf.float32, tf.float64):
        x = tf.constant([-40.0, -15.0, -8.0, -1.0, 0.0, 1.0, 6.0, 12.0], kind)
        made = tf.distributions.Normal(tf.constant(0.0, kind), tf.constant(1.0, kind))
        p = tf.constant([0.0, 1e-12, 0.01, 0.3, 0.5, 0.9, 0.999, 1.0], kind)
        results[f"{kind.name} log cdf"] = made.log_cdf(x)
        results[f"{kind.name} cdf"] = made.cdf(x)
        results[f"{kind.name} log survival"] = made.log_survival_function(x)
        results[f"{kind.name} quantile"] = made.quantile(p)
    return results


@program
def laplace(tf: Any) -> dict[str, Any]:
    loc, scale = tf.constant([0.5, -1.0, 0.0]), tf.constant(2.0)
    made = tf.distributions.Laplace(loc, scale, name="l")
    x = tf.constant(ramp(2, 3))
    results = described(tf, made, x)
    results.update(slopes(tf, [made.log_prob(x), made.sample(3, seed=1)], [loc, scale]))
    return results


@program
def uniform(tf: Any) -> dict[str, Any]:
    low, high = tf.constant([-1.0, 0.0, 0.5]), tf.constant([1.0, 2.0, 1.0])
    made = tf.distributions.Uniform(low, high)
    x = tf.constant(ramp(2, 3))
    results = described(tf, made, x)
    results["range"] = made.range()
    results["default"] = tf.distributions.Uniform().sample(seed=2)
    results.update(slopes(tf, [made.entropy(), made.sample(3, seed=1)], [low, high]))
    return results


POSITIVE = np.array([[0.2, 1.5, 4.0], [0.75, 0.1, 2.5]], np.float32)


@program(factor=4)
def gamma(tf: Any) -> dict[str, Any]:
    concentration, rate = tf.constant([0.5, 2.0, 7.0]), tf.constant([[1.0], [3.0]])
    made = tf.distributions.Gamma(concentration, rate)
    results = described(tf, made, tf.constant(POSITIVE))
    results.update(slopes(tf, [made.log_prob(POSITIVE)], [concentration, rate]))
    return results


@program(factor=8)
def gamma_samples_have_gradients(tf: Any) -> dict[str, Any]:
    concentration = tf.constant([0.5, 2.0, 7.0], tf.float64)
    rate = tf.constant([[1.0], [3.0]], tf.float64)
    samples = tf.distributions.Gamma(concentration, rate).sample(4, seed=9)
    return slopes(tf, [samples, tf.square(samples)], [concentration, rate])


@program(factor=4)
def exponential(tf: Any) -> dict[str, Any]:
    rate = tf.constant([0.5, 2.0, 7.0])
    made = tf.distributions.Exponential(rate)
    results = described(tf, made, tf.constant(POSITIVE))
    results.update(slopes(tf, [made.log_prob(POSITIVE), made.sample(3, seed=1)], [rate]))
    return results


SHARES = np.array([[0.2, 0.5, 0.9], [0.75, 0.1, 0.6]], np.float32)


@program(factor=4)
def beta(tf: Any) -> dict[str, Any]:
    a, b = tf.constant([[0.5, 2.0, 7.0]] * 2), tf.constant([[1.5] * 3, [3.0] * 3])
    made = tf.distributions.Beta(a, b)
    results = described(tf, made, tf.constant(SHARES))
    results.update(slopes(tf, [made.log_prob(SHARES), made.mean()], [a, b]))
    return results


@program(factor=4)
def student_t(tf: Any) -> dict[str, Any]:
    df, loc = tf.constant([[0.5, 1.5, 7.0]] * 2), tf.constant([[0.0] * 3, [1.0] * 3])
    made = tf.distributions.StudentT(df, loc, tf.constant(2.0))
    x = tf.constant(ramp(2, 3))
    results = described(tf, made, x)
    results.update(slopes(tf, [made.log_prob(x), made.entropy()], [df, loc]))
    return results


@program
def bernoulli(tf: Any) -> dict[str, Any]:
    logits = tf.constant([-1.0, 0.5, 2.0])
    made = tf.distributions.Bernoulli(logits)
    x = tf.constant([[0, 1, 1], [1, 0, 1]])
    results = described(tf, made, x)
    other = tf.distributions.Bernoulli(probs=[0.25, 0.5, 1.0], dtype=tf.float32)
    results["logits"] = other.logits
    results["of probs"] = other.prob([1.0, 0.0, 1.0])
    results["other samples"] = other.sample(5, seed=1)
    results.update(slopes(tf, [made.log_prob(x), made.entropy()], [logits]))
    return results


@program
def categorical(tf: Any) -> dict[str, Any]:
    logits = tf.constant(ramp(2, 3, 4))
    made = tf.distributions.Categorical(logits)
    x = tf.constant([[0, 1, 2], [3, 2, 0]])
    results = described(tf, made, x)
    results["event size"] = made.event_size
    results["many"] = made.log_prob([[[1]], [[2]]])
    single = tf.distributions.Categorical(probs=[0.1, 0.6, 0.3], dtype=tf.int64)
    results["single sample"] = single.sample(7, seed=3)
    results["single prob"] = single.prob([2, 0, 1])
    results["single mode"] = single.mode()
    results.update(slopes(tf, [made.log_prob(x), made.entropy()], [logits]))
    return results


@program(factor=4)
def dirichlet(tf: Any) -> dict[str, Any]:
    concentration = tf.constant([1.5, 2.0, 7.0])
    made = tf.distributions.Dirichlet(concentration)
    x = tf.constant([[0.2, 0.5, 0.3], [0.75, 0.1, 0.15]])
    results = described(tf, made, x)
    results.update(slopes(tf, [made.log_prob(x), made.entropy()], [concentration]))
    return results


@program(factor=4)
def dirichlet_multinomial(tf: Any) -> dict[str, Any]:
    concentration = tf.constant([[0.5, 2.0, 7.0], [3.0, 1.25, 2.0]])
    made = tf.distributions.DirichletMultinomial(5.0, concentration)
    x = tf.constant([[1.0, 0.0, 4.0], [2.0, 2.0, 1.0]])
    results = described(tf, made, x)
    results.update(slopes(tf, [made.log_prob(x), made.mean()], [concentration]))
    return results


@program(factor=4)
def multinomial(tf: Any) -> dict[str, Any]:
    logits = tf.constant(ramp(2, 3))
    made = tf.distributions.Multinomial([5.0, 4.0], logits)
    x = tf.constant([[1.0, 0.0, 4.0], [2.0, 2.0, 0.0]])
    results = described(tf, made, x, seeded=False)
    results.update(slopes(tf, [made.log_prob(x), made.covariance()], [logits]))
    return results


@program(factor=4)
def divergences(tf: Any) -> dict[str, Any]:
    d = tf.distributions
    pairs = {
        "normal": (d.Normal(0.0, 1.0), d.Normal([1.0, 0.0], [2.0, 1.0])),
        "gamma": (d.Gamma(2.0, 1.0), d.Gamma([1.0, 3.0], 2.0)),
        "exponential": (d.Exponential(2.0), d.Exponential([1.0, 3.0])),
        "beta": (d.Beta(2.0, 1.0), d.Beta([1.0, 3.0], 2.0)),
        "bernoulli": (d.Bernoulli([0.5, -1.0]), d.Bernoulli(probs=[0.5, 0.1])),
        "categorical": (d.Categorical([0.5, -1.0]), d.Categorical(probs=[0.5, 0.5])),
        "dirichlet": (d.Dirichlet([1.0, 2.0]), d.Dirichlet([0.5, 3.0])),
    }
    results: dict[str, Any] = {}
    for name, (a, b) in pairs.items():
        results[name] = d.kl_divergence(a, b)
        results[f"{name} method"] = a.kl_divergence(b)
        results[f"{name} cross"] = a.cross_entropy(b)
    checked = d.kl_divergence(*pairs["normal"], allow_nan_stats=False, name="checked")
    return {
        **results,
        "checked": checked,
        "none": raised(lambda: d.kl_divergence(pairs["normal"][0], pairs["gamma"][0]), "No KL"),
    }


@program
def registered_divergence(tf: Any) -> dict[str, Any]:
    class Mine(tf.distributions.Normal):  # type: ignore[misc]
        pass

    inherited = tf.distributions.kl_divergence(Mine(0.0, 1.0), Mine(1.0, 1.0))

    def difference(a: Any, b: Any, name: Any = None) -> Any:
        return a.loc - b.loc

    tf.distributions.RegisterKL(Mine, tf.distributions.Normal)(difference)
    own = tf.distributions.kl_divergence(Mine(3.0, 1.0), tf.distributions.Normal(1.0, 1.0))
    again = tf.distributions.RegisterKL(Mine, tf.distributions.Normal)
    return {
        "inherited": inherited,
        "own": own,
        "twice": raised(lambda: again(lambda a, b, name: a.loc), "has already been registered"),
        "no function": raised(lambda: again(3), "kl_fn must be callable"),
    }


@program
def own_distribution(tf: Any) -> dict[str, Any]:
    d = tf.distributions

    class Point(tf.distributions.Distribution):  # type: ignore[misc]
        def __init__(self, loc: Any, name: str = "Point") -> None:
            loc = tf.convert_to_tensor(loc)
            super().__init__(
                loc.dtype, d.NOT_REPARAMETERIZED, False, True, {"loc": loc}, [loc], name
            )
            self.loc = loc

        def _batch_shape(self) -> Any:
            return self.loc.shape

        def _event_shape(self) -> Any:
            return tf.TensorShape([])

        def _sample_n(self, n: Any, seed: Any = None) -> Any:
            return tf.tile(self.loc[None], [n, 1])

        def _prob(self, x: Any) -> Any:
            return tf.cast(tf.equal(x, self.loc), tf.float32)

    point = Point([1.0, 2.0])
    return {
        "log prob": point.log_prob([1.0, 3.0]),
        "sample": point.sample(2),
        "shape": point.sample([2, 3]).shape.as_list(),
        "no mean": raised(point.mean, "mean is not implemented: Point"),
        "no variance": raised(point.variance, "variance is not implemented: Point"),
        "no cdf": raised(lambda: point.cdf(1.0), "cdf is not implemented: Point"),
    }


@program
def copies_and_shapes(tf: Any) -> dict[str, Any]:
    made = tf.distributions.Normal(0.0, [1.0, 2.0])
    wider = made.copy(scale=[3.0, 4.0], name="wider")
    open_loc = tf.placeholder_with_default([1.0, 2.0], [None])
    partly = tf.distributions.Normal(open_loc, 1.0)
    static = tf.distributions.Normal.param_static_shapes([2, 3])
    return {
        "mean": wider.mean(),
        "stddev": wider.stddev(),
        "name": wider.name,
        "batch": partly.batch_shape.as_list(),
        "batch tensor": partly.batch_shape_tensor(),
        "sample": partly.sample([3], seed=4),
        "static": {name: shape.as_list() for name, shape in static.items()},
        "shapes": tf.distributions.Gamma.param_shapes([4])["rate"],
        "matrix": raised(lambda: made.sample([[1]]), "neither scalar nor vector"),
        "both": raised(lambda: tf.distributions.Bernoulli([1.0], [0.5]), "probs or logits"),
        "types": raised(
            lambda: tf.distributions.Normal(tf.constant(0.0, tf.float64), 1.0),
            "must be of the same type",
        ),
    }


@program
def validated(tf: Any) -> dict[str, Any]:
    d = tf.distributions

    def outcome(build: Any, phrase: str) -> Any:
        def run() -> Any:
            with tf.Graph().as_default(), tf.Session() as session:
                return session.run(build())

        return raised(run, phrase)

    return {
        "scale": outcome(lambda: d.Normal(0.0, -1.0, True).mean(), ""),
        "limits": outcome(lambda: d.Uniform(1.0, 0.0, True).mean(), ""),
        "probs": outcome(lambda: d.Bernoulli(probs=1.5, validate_args=True).mean(), ""),
        "classes": outcome(lambda: d.Categorical([[1.0]], validate_args=True), "2 events"),
        "event": outcome(lambda: d.Bernoulli(0.5, validate_args=True).prob(2), ""),
        "sample": outcome(lambda: d.Beta(1.0, 2.0, validate_args=True).prob(-0.5), ""),
        "mode": outcome(lambda: d.Gamma(0.5, 1.0, allow_nan_stats=False).mode(), ""),
        "counts": outcome(
            lambda: d.Multinomial(3.0, [0.5, 0.5], validate_args=True).prob([1.0, 1.0]), ""
        ),
        "fine": d.Normal(0.0, 1.0, validate_args=True).prob(0.0),
        "whole": d.Categorical([0.5, 0.25], validate_args=True).prob(1.0),
    }
