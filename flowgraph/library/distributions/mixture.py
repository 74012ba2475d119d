"""Mixtures of distributions."""

from __future__ import annotations

from typing import Any

from flowgraph.graph.tensor import Tensor
from flowgraph.library.distributions.base import Distribution
from flowgraph.library.distributions.categorical import Categorical
from flowgraph.library.distributions.reparameterization import NOT_REPARAMETERIZED
from flowgraph.library.distributions.support import new_seed
from flowgraph.ops.joining import stack, unstack
from flowgraph.ops.logic import equal
from flowgraph.ops.powers import sqrt, square
from flowgraph.ops.select import where_v2
from flowgraph.ops.softmax import log_softmax, softmax
from flowgraph.ops.statistics import reduce_logsumexp
from flowgraph.ops.sums import add_n

__all__ = ["Mixture"]


class Mixture(Distribution):
    """Draws of one of several distributions: ``p(x) = sum_k P(k) p_k(x)``.

    Args:
        cat: a `Categorical` of as many classes as there are components.
        components: distributions of one type, batch shape (that of `cat`) and event shape.
        use_static_graph: accepted; all components are always drawn from.

    Raises:
        TypeError: if `cat` is no Categorical, or a component no distribution or of another type.
        ValueError: if there is no component, or their number or shapes do not fit.
    """

    def __init__(
        self,
        cat: Categorical,
        components: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        use_static_graph: bool = False,
        name: str = "Mixture",
    ) -> None:
        parameters = dict(locals())
        if not isinstance(cat, Categorical):
            raise TypeError(f"cat must be a Categorical distribution, but saw: {cat}")
        if not components:
            raise ValueError("components must be a non-empty list or tuple")
        if not all(isinstance(each, Distribution) for each in components):
            text = "all entries in components must be Distribution instances"
            raise TypeError(f"{text} but saw: {components}")
        dtype = components[0].dtype
        if any(each.dtype != dtype for each in components):
            raise TypeError("All components must have the same dtype")
        classes = cat.logits.shape.as_list()[-1]
        if classes is not None and classes != len(components):
            raise ValueError(
                "cat.num_classes != len(components): the categorical has "
                f"{classes} classes, there are {len(components)} components"
            )
        self._cat = cat
        self._components = list(components)
        self._static_batch = cat.batch_shape
        self._static_event = components[0].event_shape
        for each in components:
            self._static_batch = self._static_batch.merge_with(each.batch_shape)
            self._static_event = self._static_event.merge_with(each.event_shape)
        if self._static_event.ndims is None:
            raise ValueError("Expected to know rank(event_shape) from components.")
        parents = [*cat._graph_parents]
        for each in components:
            parents.extend(each._graph_parents)
        super().__init__(
            dtype, NOT_REPARAMETERIZED, validate_args, allow_nan_stats, parameters, parents, name
        )

    @property
    def cat(self) -> Categorical:
        """The distribution of the component's number."""
        return self._cat

    @property
    def components(self) -> list[Distribution]:
        """The components."""
        return self._components

    @property
    def num_components(self) -> int:
        """How many components there are."""
        return len(self._components)

    def _batch_shape(self) -> Any:
        return self._static_batch

    def _batch_shape_tensor(self) -> Tensor:
        return self.cat.batch_shape_tensor()

    def _event_shape(self) -> Any:
        return self._static_event

    def _event_shape_tensor(self) -> Tensor:
        return self.components[0].event_shape_tensor()

    def _lifted(self, x: Tensor) -> Tensor:
        """A tensor of the batch's shape with axes of length 1 for those of an event."""
        for _ in range(self._static_event.ndims or 0):
            x = x[..., None]
        return x

    def _sample_n(self, n: Any, seed: Any = None) -> Any:
        chosen = self.cat.sample(n, seed=new_seed(seed, "mixture"))
        result: Any = None
        for number, each in enumerate(self.components):
            drawn = each.sample(n, seed=new_seed(seed, f"component_{number}"))
            mask = self._lifted(equal(chosen, number))
            result = drawn if result is None else where_v2(mask, drawn, result)
        return result

    def _log_prob(self, x: Any) -> Any:
        weights = unstack(log_softmax(self.cat.logits), self.num_components, axis=-1)
        parts = [w + each.log_prob(x) for w, each in zip(weights, self.components, strict=True)]
        return reduce_logsumexp(stack(parts, axis=0), axis=[0])

    def _weights(self) -> list[Tensor]:
        weights = unstack(softmax(self.cat.logits), self.num_components, axis=-1)
        return [self._lifted(each) for each in weights]

    def _cdf(self, x: Any) -> Any:
        weights = unstack(softmax(self.cat.logits), self.num_components, axis=-1)
        pairs = zip(weights, self.components, strict=True)
        return add_n([weight * each.cdf(x) for weight, each in pairs])

    def _mean(self) -> Any:
        pairs = zip(self._weights(), self.components, strict=True)
        return add_n([weight * each.mean() for weight, each in pairs])

    def _variance(self) -> Any:
        weights = self._weights()
        means = [each.mean() for each in self.components]
        mean = add_n([w * m for w, m in zip(weights, means, strict=True)])
        triples = zip(weights, means, self.components, strict=True)
        return add_n([w * (each.variance() + square(m - mean)) for w, m, each in triples])

    def _stddev(self) -> Any:
        return sqrt(self._variance())

    def entropy_lower_bound(self, name: str = "entropy_lower_bound") -> Tensor:
        """``sum_k P(k) H[p_k]``, which the entropy is never below."""
        with self._name_scope(name):
            weights = unstack(softmax(self.cat.logits), self.num_components, axis=-1)
            pairs = zip(weights, self.components, strict=True)
            return add_n([weight * each.entropy() for weight, each in pairs])
