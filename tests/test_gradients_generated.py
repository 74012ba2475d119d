"""The gradients of every op's samples: against TensorFlow, and numerically to second order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flowgraph.graph.tensor import Tensor
from support import oracle, recipe
from support.archive import Array
from support.oracle import assert_close
from support.running import Built, call_kernel, numerical_gradient, session, weighted_gradients
from support.samples import Case, cases

STEP = 1e-5
DIFFERENTIABLE = ("float32", "float64", "complex64", "complex128")

# Ops whose kernels are less exact than others: a factor on the tolerance.
LOOSER: dict[str, float] = {}


# Gradients that differ from TensorFlow's for a reason; derivatives they must be all the same.
NOT_COMPARED = {
    "Svd": "the gradients of singular vectors have their undetermined signs",
    "SelfAdjointEigV2": "so have those of eigenvectors",
    "MatrixSolveLs": "TensorFlow differentiates by the regularizer in the second order only",
    "SoftmaxCrossEntropyWithLogits": "TensorFlow drops what reaches labels by the second output",
}


# They read one triangle of a symmetric matrix; the gradient is shared out to both triangles.
SYMMETRIC = ("Cholesky",)


def derivative(case: Case, function: Any, place: int) -> Any:
    """The numerical gradient by one flat input."""
    found = numerical_gradient(function, case.flat_inputs, place, STEP)
    return (found + np.swapaxes(found, -1, -2)) / 2 if case.definition.name in SYMMETRIC else found


def gradients_of(case: Case) -> Any:
    """What TensorFlow recorded: a list per flat input, an error, or None."""
    found = oracle.recording_or_none(case)
    return None if found is None else found.get("gradients")


RECORDED = [case for case in cases() if gradients_of(case) is not None]
WITH_GRADIENT = [case for case in RECORDED if isinstance(gradients_of(case)["first"], list)]
COMPARED = [case for case in WITH_GRADIENT if case.definition.name not in NOT_COMPARED]


def differentiable(tensors: list[Tensor]) -> dict[int, Tensor]:
    return {
        index: tensor
        for index, tensor in enumerate(tensors)
        if tensor.dtype.base_dtype.name in DIFFERENTIABLE
    }


class Differentiated:
    """A sample with the nodes of its first gradients; all inputs are fed unless `forms` says else.

    Attributes:
        ys: the differentiable outputs by number, `shapes` their executed shapes.
        xs: the differentiable inputs by number.
        first: the gradients of the weighted sum of ys, those that exist, by number of the input.
    """

    def __init__(self, case: Case, forms: list[recipe.Form] | None = None) -> None:
        self.built = Built(case, forms)
        self.ys = differentiable(self.built.outputs)
        self.xs = differentiable(self.built.inputs)
        values = call_kernel(self.built, case.flat_inputs)
        self.shapes = {number: np.shape(values[number]) for number in self.ys}
        self.first = self._differentiate(self.ys, self.shapes)

    def second(self) -> dict[int, Tensor]:
        """The gradients of the weighted sum of the first gradients."""
        shapes = {number: self.built.case.flat_inputs[number].shape for number in self.first}
        return self._differentiate(self.first, shapes)

    def _differentiate(
        self, ys: dict[int, Tensor], shapes: dict[int, tuple[int, ...]]
    ) -> dict[int, Tensor]:
        with self.built.graph.as_default():
            found = weighted_gradients(ys, list(self.xs.values()), shapes)
        return {i: g for i, g in zip(self.xs, found, strict=True) if g is not None}

    def values(self, tensors: dict[int, Tensor], inputs: list[Any] | None = None) -> dict[int, Any]:
        """The values of tensors for these flat inputs, by default the sample's own."""
        feeds = dict(self.built.feeds)
        if inputs is not None:
            feeds = dict(zip(self.built.inputs, inputs, strict=True))
        with session(self.built.graph) as run:
            return dict(zip(tensors, run.run(list(tensors.values()), feeds), strict=True))


def weighted(values: dict[int, Any]) -> Array:
    """What is differentiated is the sum of these."""
    # The largest number stands for the maximum of nothing; it is constant.
    finite = {i: np.where(np.abs(value) < 1e300, value, 0) for i, value in values.items()}
    parts = [value * recipe.weights(value.shape, i, value.dtype) for i, value in finite.items()]
    return np.concatenate([part.ravel() for part in parts])


def compare(case: Case, found: dict[int, Any], expected: list[Any]) -> None:
    """Gradients by input; none at all is as good as zeros."""
    factor = LOOSER.get(case.definition.name, 1.0)
    for place, theirs in enumerate(expected):
        if theirs is None and place not in found:
            continue
        ours = found.get(place, np.zeros_like(theirs))
        theirs = np.zeros_like(ours) if theirs is None else theirs
        scale = float(np.abs(theirs).max(initial=1, where=np.isfinite(theirs)))
        what = f"gradient of input {place} of {case.label}"
        assert_close(ours, theirs, what, 4 * factor * scale)


@pytest.mark.parametrize("case", COMPARED, ids=[case.label for case in COMPARED])
def test_gradient_agrees_with_tensorflow(case: Case) -> None:
    made = Differentiated(case, recipe.numbers_fed(case.flat_inputs))
    compare(case, made.values(made.first), gradients_of(case)["first"])


WITH_SECOND = [c for c in WITH_GRADIENT if isinstance(gradients_of(c).get("second"), list)]


COMPARED_SECOND = [case for case in WITH_SECOND if case in COMPARED]


@pytest.mark.parametrize("case", COMPARED_SECOND, ids=[case.label for case in COMPARED_SECOND])
def test_second_gradient_agrees_with_tensorflow(case: Case) -> None:
    made = Differentiated(case, recipe.numbers_fed(case.flat_inputs))
    compare(case, made.values(made.second()), gradients_of(case)["second"])


def is_numeric(case: Case) -> bool:
    """Real, in double precision, and the same in every run."""
    names = [array.dtype.name for array in case.flat_inputs] + oracle.recording(case)["dtypes"]
    floats = [name for name in names if "float" in name or "complex" in name]
    return not case.definition.stateful and set(floats) == {"float64"}


# Where TensorFlow has no gradient, what there is must be right all the same.
NUMERIC = [case for case in RECORDED if is_numeric(case)]


@pytest.mark.parametrize("case", NUMERIC, ids=[case.label for case in NUMERIC])
def test_gradient_is_the_derivative(case: Case) -> None:
    try:
        made = Differentiated(case)
    except LookupError:
        assert case not in WITH_GRADIENT
        return

    def function(inputs: list[Any]) -> Array:
        values = call_kernel(made.built, inputs)
        return weighted({number: np.asarray(values[number]) for number in made.ys})

    for place, gradient in made.values(made.first).items():
        expected = derivative(case, function, place)
        np.testing.assert_allclose(gradient, expected, 1e-5, 1e-6, err_msg=case.label)


# Their first gradients go through Cumprod, whose gradient, as TensorFlow's, divides by the input.
WRONG_AT_ZERO = ("Prod", "Cumprod")
NUMERIC_SECOND = [
    case
    for case in WITH_SECOND
    if is_numeric(case)
    and not (case.definition.name in WRONG_AT_ZERO and (case.flat_inputs[0] == 0).any())
]


@pytest.mark.parametrize("case", NUMERIC_SECOND, ids=[case.label for case in NUMERIC_SECOND])
def test_second_gradient_is_the_derivative(case: Case) -> None:
    made = Differentiated(case)

    def function(inputs: list[Any]) -> Array:
        return weighted(made.values(made.first, inputs))

    for place, gradient in made.values(made.second()).items():
        expected = derivative(case, function, place)
        np.testing.assert_allclose(gradient, expected, 1e-4, 1e-5, err_msg=case.label)
