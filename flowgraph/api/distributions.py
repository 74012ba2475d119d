"""Probability distributions (`tf.distributions`).

Its modules are loaded when one of its names is first asked for.
"""

from typing import TYPE_CHECKING, Any

from flowgraph.api.late import load

if TYPE_CHECKING:
    from flowgraph.library.distributions.base import Distribution
    from flowgraph.library.distributions.bernoulli import Bernoulli
    from flowgraph.library.distributions.beta import Beta
    from flowgraph.library.distributions.categorical import Categorical
    from flowgraph.library.distributions.counts import DirichletMultinomial, Multinomial
    from flowgraph.library.distributions.dirichlet import Dirichlet
    from flowgraph.library.distributions.divergence import RegisterKL, kl_divergence
    from flowgraph.library.distributions.gamma import Exponential, Gamma
    from flowgraph.library.distributions.laplace import Laplace
    from flowgraph.library.distributions.normal import Normal
    from flowgraph.library.distributions.reparameterization import (
        FULLY_REPARAMETERIZED,
        NOT_REPARAMETERIZED,
        ReparameterizationType,
    )
    from flowgraph.library.distributions.student_t import StudentT
    from flowgraph.library.distributions.uniform import Uniform

__all__ = [
    "FULLY_REPARAMETERIZED",
    "NOT_REPARAMETERIZED",
    "Bernoulli",
    "Beta",
    "Categorical",
    "Dirichlet",
    "DirichletMultinomial",
    "Distribution",
    "Exponential",
    "Gamma",
    "Laplace",
    "Multinomial",
    "Normal",
    "RegisterKL",
    "ReparameterizationType",
    "StudentT",
    "Uniform",
    "kl_divergence",
]

_HOMES = {
    "base": ("Distribution",),
    "bernoulli": ("Bernoulli",),
    "beta": ("Beta",),
    "categorical": ("Categorical",),
    "counts": ("DirichletMultinomial", "Multinomial"),
    "dirichlet": ("Dirichlet",),
    "divergence": ("RegisterKL", "kl_divergence"),
    "gamma": ("Exponential", "Gamma"),
    "laplace": ("Laplace",),
    "normal": ("Normal",),
    "reparameterization": (
        "FULLY_REPARAMETERIZED",
        "NOT_REPARAMETERIZED",
        "ReparameterizationType",
    ),
    "student_t": ("StudentT",),
    "uniform": ("Uniform",),
}
_LATE = {
    name: f"flowgraph.library.distributions.{module}:{name}"
    for module, names in _HOMES.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    return load(name, globals(), _LATE)
