"""Probability distributions (`tf.contrib.distributions`).

Its modules are loaded when one of its names is first asked for.
"""

from typing import TYPE_CHECKING, Any

from flowgraph.api.late import load

if TYPE_CHECKING:
    from flowgraph.library.distributions import bijectors
    from flowgraph.library.distributions.base import Distribution
    from flowgraph.library.distributions.bernoulli import Bernoulli, BernoulliWithSigmoidProbs
    from flowgraph.library.distributions.beta import Beta, BetaWithSoftplusConcentration
    from flowgraph.library.distributions.bijectors import softplus_inverse
    from flowgraph.library.distributions.categorical import Categorical
    from flowgraph.library.distributions.counts import DirichletMultinomial, Multinomial
    from flowgraph.library.distributions.dirichlet import Dirichlet
    from flowgraph.library.distributions.divergence import RegisterKL, kl_divergence
    from flowgraph.library.distributions.gamma import (
        Chi2,
        Exponential,
        ExponentialWithSoftplusRate,
        Gamma,
        GammaWithSoftplusConcentrationRate,
    )
    from flowgraph.library.distributions.laplace import Laplace, LaplaceWithSoftplusScale
    from flowgraph.library.distributions.locations import Cauchy, Gumbel, Logistic
    from flowgraph.library.distributions.mixture import Mixture
    from flowgraph.library.distributions.multivariate_normal import (
        MultivariateNormalDiag,
        MultivariateNormalDiagWithSoftplusScale,
        MultivariateNormalFullCovariance,
        MultivariateNormalTriL,
    )
    from flowgraph.library.distributions.normal import Normal, NormalWithSoftplusScale
    from flowgraph.library.distributions.poisson import Poisson
    from flowgraph.library.distributions.relaxed import (
        ExpRelaxedOneHotCategorical,
        OneHotCategorical,
        RelaxedBernoulli,
        RelaxedOneHotCategorical,
    )
    from flowgraph.library.distributions.reparameterization import (
        FULLY_REPARAMETERIZED,
        NOT_REPARAMETERIZED,
        ReparameterizationType,
    )
    from flowgraph.library.distributions.student_t import StudentT, StudentTWithAbsDfSoftplusScale
    from flowgraph.library.distributions.transformed import (
        Independent,
        LogNormal,
        TransformedDistribution,
    )
    from flowgraph.library.distributions.uniform import Uniform

__all__ = [
    "FULLY_REPARAMETERIZED",
    "NOT_REPARAMETERIZED",
    "Bernoulli",
    "BernoulliWithSigmoidProbs",
    "Beta",
    "BetaWithSoftplusConcentration",
    "Categorical",
    "Cauchy",
    "Chi2",
    "Dirichlet",
    "DirichletMultinomial",
    "Distribution",
    "ExpRelaxedOneHotCategorical",
    "Exponential",
    "ExponentialWithSoftplusRate",
    "Gamma",
    "GammaWithSoftplusConcentrationRate",
    "Gumbel",
    "Independent",
    "Laplace",
    "LaplaceWithSoftplusScale",
    "LogNormal",
    "Logistic",
    "Mixture",
    "Multinomial",
    "MultivariateNormalDiag",
    "MultivariateNormalDiagWithSoftplusScale",
    "MultivariateNormalFullCovariance",
    "MultivariateNormalTriL",
    "Normal",
    "NormalWithSoftplusScale",
    "OneHotCategorical",
    "Poisson",
    "RegisterKL",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "ReparameterizationType",
    "StudentT",
    "StudentTWithAbsDfSoftplusScale",
    "TransformedDistribution",
    "Uniform",
    "bijectors",
    "kl_divergence",
    "softplus_inverse",
]

_HOMES = {
    "base": ("Distribution",),
    "bernoulli": ("Bernoulli", "BernoulliWithSigmoidProbs"),
    "beta": ("Beta", "BetaWithSoftplusConcentration"),
    "bijectors": ("softplus_inverse",),
    "categorical": ("Categorical",),
    "counts": ("DirichletMultinomial", "Multinomial"),
    "dirichlet": ("Dirichlet",),
    "divergence": ("RegisterKL", "kl_divergence"),
    "gamma": (
        "Chi2",
        "Exponential",
        "ExponentialWithSoftplusRate",
        "Gamma",
        "GammaWithSoftplusConcentrationRate",
    ),
    "laplace": ("Laplace", "LaplaceWithSoftplusScale"),
    "locations": ("Cauchy", "Gumbel", "Logistic"),
    "mixture": ("Mixture",),
    "multivariate_normal": (
        "MultivariateNormalDiag",
        "MultivariateNormalDiagWithSoftplusScale",
        "MultivariateNormalFullCovariance",
        "MultivariateNormalTriL",
    ),
    "normal": ("Normal", "NormalWithSoftplusScale"),
    "poisson": ("Poisson",),
    "relaxed": (
        "ExpRelaxedOneHotCategorical",
        "OneHotCategorical",
        "RelaxedBernoulli",
        "RelaxedOneHotCategorical",
    ),
    "reparameterization": (
        "FULLY_REPARAMETERIZED",
        "NOT_REPARAMETERIZED",
        "ReparameterizationType",
    ),
    "student_t": ("StudentT", "StudentTWithAbsDfSoftplusScale"),
    "transformed": ("Independent", "LogNormal", "TransformedDistribution"),
    "uniform": ("Uniform",),
}
_LATE = {
    name: f"flowgraph.library.distributions.{module}:{name}"
    for module, names in _HOMES.items()
    for name in names
}
_LATE["bijectors"] = "flowgraph.library.distributions.bijectors"


def __getattr__(name: str) -> Any:
    return load(name, globals(), _LATE)
