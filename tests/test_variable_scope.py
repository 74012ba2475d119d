"""`get_variable`, variable scopes, initializers, partitions, templates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flowgraph import dtypes
from flowgraph.dims import Dims
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.graph.tensor import Tensor
from flowgraph.library import initializers as init
from flowgraph.library import partitioned
from flowgraph.library import variable_lists as lists
from flowgraph.library.scopes import variable_op_scope, variable_scope
from flowgraph.library.template import make_template
from flowgraph.library.variable_scope import (
    AUTO_REUSE,
    get_local_variable,
    get_variable,
    get_variable_scope,
    no_regularizer,
    variable_creator_scope,
)
from flowgraph.library.variables import Variable
from flowgraph.runtime.session import Session


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as made:
        yield made


def evaluate(*fetches: Any) -> list[Any]:
    session = Session()
    session.run(lists.global_variables_initializer())
    values: list[Any] = session.run([convert_to_tensor(each) for each in fetches])
    return values


def test_names_follow_variable_scopes_not_name_scopes(graph: Graph) -> None:
    with graph.name_scope("ns"):
        assert get_variable("a", [1]).name == "a:0"
        with variable_scope("s") as scope:
            assert get_variable("b", [1]).name == "s/b:0"
            assert constant(1.0).name == "ns/s/Const:0"
            assert scope.original_name_scope == "ns/s/"


def test_sharing() -> None:
    with variable_scope("a") as scope:
        made = get_variable("x", [2])
        with pytest.raises(ValueError, match=r"a/x already exists, disallowed.*reuse=True"):
            get_variable("x", [2])
    with variable_scope("a", reuse=True):
        assert get_variable("x", [2]) is made
        assert get_variable("x") is made
        with variable_scope("b"), pytest.raises(ValueError, match="a/b/y does not exist"):
            get_variable("y", [1])
    with variable_scope(scope, reuse=AUTO_REUSE):
        assert get_variable("x", [2]) is made
        assert get_variable("z", [1]).name == "a/z:0"
    with variable_scope("other"), variable_scope(scope):
        assert get_variable("w", [1]).name == "a/w:0"


def test_the_error_shows_where_the_variable_was_made() -> None:
    get_variable("x", [2])
    with pytest.raises(ValueError, match=r"Originally defined at:\n\n.*test_variable_scope\.py"):
        get_variable("x", [2])


def test_shared_variables_must_fit() -> None:
    get_variable("x", [2])
    get_variable_scope().reuse_variables()
    with pytest.raises(
        ValueError,
        match=r"Trying to share variable x, but specified shape \(3,\) and found shape \(2,\)",
    ):
        get_variable("x", [3])
    with pytest.raises(ValueError, match="specified dtype int32 and found dtype float32_ref"):
        get_variable("x", [2], dtypes.int32)
    assert get_variable("x", [None]).shape.as_list() == [2]


def test_default_names_are_unique() -> None:
    found = []
    for _ in range(2):
        with variable_scope(None, "d"):
            found.append(get_variable("x", [1]).name)
    with variable_op_scope([constant(1.0)], None, "d") as scope:
        found.append(scope.name)
    assert found == ["d/x:0", "d_1/x:0", "d_2"]


def test_re_entering_opens_a_new_name_scope() -> None:
    for wanted in ("a/Const:0", "a_1/Const:0"):
        with variable_scope("a") as scope:
            assert constant(1.0).name == wanted
    assert scope.name == "a"
    with variable_scope(scope, auxiliary_name_scope=False):
        assert constant(1.0).name == "Const:0"
    with variable_scope(get_variable_scope(), reuse=AUTO_REUSE):
        assert constant(1.0).name == "Const_1:0"


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"name_or_scope": None}, TypeError, "name_or_scope is required"),
        ({"name_or_scope": 3}, TypeError, "must be a string or VariableScope"),
        ({"name_or_scope": "x", "reuse": 3}, ValueError, "must be True or False or None"),
        ({"name_or_scope": None, "default_name": "x", "reuse": True}, ValueError, "without a name"),
        ({"name_or_scope": "x", "auxiliary_name_scope": 1}, TypeError, "`True` or `False`"),
    ],
)
def test_bad_scopes(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message), variable_scope(**arguments):
        get_variable("v", [1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "did not get an initializer, so its `shape` argument must be specified"),
        ({"shape": [None, 2]}, "The initializer passed is not valid"),
        ({"shape": [2], "initializer": np.ones(2)}, "is a constant, do not specify shape"),
        ({"dtype": dtypes.int32, "initializer": np.ones(2)}, "don't match"),
        ({"shape": [2], "partitioner": 3}, "Partitioner must be callable, but received: 3"),
        ({"shape": [2], "custom_getter": 3}, "custom_getter which is not callable: 3"),
        ({"shape": [2], "dtype": dtypes.complex64}, "An initializer for variable x of"),
    ],
)
def test_bad_variables(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        get_variable("x", **arguments)


def test_defaults_are_inherited() -> None:
    with (
        variable_scope("a", initializer=init.Constant(3.0), dtype=dtypes.float64),
        variable_scope("b"),
    ):
        inherited = get_variable("x", [2])
    value = evaluate(inherited)[0]
    assert value.dtype == np.float64
    np.testing.assert_array_equal(value, [3, 3])


def test_default_initializers() -> None:
    made = [get_variable(str(t.name), [50, 30], t) for t in (dtypes.float32, dtypes.int32)]
    values = evaluate(*made)
    limit = np.sqrt(6 / 80)
    assert 0.9 * limit < np.abs(values[0]).max() <= limit
    assert not values[1].any()


def test_initial_values() -> None:
    made = [
        get_variable("tensor", initializer=constant([1.0, 2.0])),
        get_variable("array", initializer=np.array([3, 4], np.float32)),
        get_variable("function", initializer=lambda: constant([5.0, 6.0])),
        get_variable("sized", [2], initializer=lambda shape, dtype: constant(7.0, dtype, shape)),
        get_variable("class", [2], initializer=init.Ones),
    ]
    wanted = [[1, 2], [3, 4], [5, 6], [7, 7], [1, 1]]
    for value, expected in zip(evaluate(*made), wanted, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_regularizers() -> None:
    with variable_scope("m", regularizer=lambda w: w * 2.0):
        get_variable("w", [2], initializer=init.Ones())
        get_variable("b", [2], regularizer=no_regularizer)
    losses = get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES)
    assert [loss.name for loss in losses] == ["m/w/Regularizer/mul:0"]
    np.testing.assert_array_equal(evaluate(*losses)[0], [2, 2])


def test_custom_getters_nest() -> None:
    calls = []

    def outer(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        calls.append(("outer", name))
        return getter(name, *args, **kwargs)

    def inner(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        calls.append(("inner", name))
        return getter(name + "_renamed", *args, **kwargs)

    with variable_scope("a", custom_getter=outer), variable_scope("b", custom_getter=inner):
        assert get_variable("v", [1]).name == "a/b/v_renamed:0"
    assert calls == [("inner", "a/b/v"), ("outer", "a/b/v_renamed")]


def test_creators() -> None:
    def renamed(following: Any, **kwargs: Any) -> Any:
        kwargs["name"] = "new"
        return following(**kwargs)

    with variable_creator_scope(renamed):
        assert Variable(1.0, name="old").name == "new:0"
    assert Variable(1.0, name="old").name == "old:0"


def test_local_variables() -> None:
    variable = get_local_variable("x", [1])
    assert lists.local_variables() == [variable]
    assert lists.global_variables() == lists.trainable_variables() == []


def test_scope_collections() -> None:
    with variable_scope("a") as scope:
        inside = get_variable("x", [1])
    get_variable("ab", [1])
    assert scope.trainable_variables() == scope.global_variables() == [inside]


def test_partitioned_variables() -> None:
    value = constant(np.arange(14.0).reshape(7, 2))
    cut = partitioned.fixed_size_partitioner(3)
    whole = get_variable("w", initializer=value, dtype=dtypes.float64, partitioner=cut)
    assert [part.name for part in whole] == ["w/part_0:0", "w/part_1:0", "w/part_2:0"]
    specs = [part._get_save_slice_info().spec for part in whole]
    assert specs == ["7 2 0,3:0,2", "7 2 3,2:0,2", "7 2 5,2:0,2"]
    np.testing.assert_array_equal(evaluate(whole)[0], np.arange(14.0).reshape(7, 2))
    with variable_scope("", reuse=True):
        assert get_variable("w", [7, 2], dtypes.float64) is whole
    with pytest.raises(ValueError, match="a partitioned version of the variable was found"):
        get_variable("w", [7, 2])
    update = whole.assign_add(np.ones((7, 2)))
    session = Session()
    session.run(lists.global_variables_initializer())
    session.run(update)
    np.testing.assert_array_equal(session.run(whole.as_tensor()), np.arange(14.0).reshape(7, 2) + 1)


@pytest.mark.parametrize(
    ("partitioner", "wanted"),
    [
        (partitioned.fixed_size_partitioner(2, axis=1), [1, 2]),
        (partitioned.variable_axis_size_partitioner(64, axis=1), [1, 4]),
        (partitioned.variable_axis_size_partitioner(64, axis=1, max_shards=3), [1, 3]),
        (partitioned.min_max_variable_partitioner(4, min_slice_size=64), [3, 1]),
    ],
)
def test_partitioners(partitioner: Any, wanted: list[int]) -> None:
    assert partitioner(shape=[6, 8], dtype=dtypes.float32) == wanted


def test_templates_share() -> None:
    def scaled(x: Any, factor: float) -> Any:
        return get_variable("w", [2], initializer=init.Ones()) * x * factor

    template = make_template("t", scaled, factor=3.0)
    first, second = template(1.0), template(2.0)
    assert [v.name for v in template.trainable_variables] == ["t/w:0"]
    for value, wanted in zip(evaluate(first, second), ([3, 3], [6, 6]), strict=True):
        np.testing.assert_array_equal(value, wanted)
    assert make_template("t", scaled, create_scope_now_=True).variable_scope_name == "t_1/"


def test_a_template_makes_variables_once() -> None:
    template = make_template("t", lambda: Variable(1.0))
    template()
    with pytest.raises(ValueError, match="Trainable variable created when calling a template"):
        template()


SHAPES: list[Dims] = [(40, 30), (3, 3, 4, 20), (50,)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("initializer", "deviation"),
    [
        (init.VarianceScaling(), lambda i, o: 1 / i),
        (init.VarianceScaling(2.0, "fan_out", "untruncated_normal"), lambda i, o: 2 / o),
        (init.GlorotUniform(), lambda i, o: 2 / (i + o)),
        (init.GlorotNormal(), lambda i, o: 2 / (i + o)),
        (init.he_normal(), lambda i, o: 2 / i),
        (init.he_uniform(), lambda i, o: 2 / i),
        (init.lecun_normal(), lambda i, o: 1 / i),
        (init.lecun_uniform(), lambda i, o: 1 / i),
    ],
)
def test_variances(shape: Any, initializer: Any, deviation: Any, graph: Graph) -> None:
    graph.seed = 1
    field = int(np.prod(shape[:-2])) if len(shape) > 1 else 1
    inputs, outputs = shape[-2 if len(shape) > 1 else -1] * field, shape[-1] * field
    value = evaluate(initializer(list(shape)))[0]
    assert value.var() == pytest.approx(deviation(inputs, outputs), rel=0.5)


def test_initializer_configs() -> None:
    for made in (
        init.Constant([1, 2]),
        init.RandomUniform(-1, 1, seed=3),
        init.TruncatedNormal(stddev=0.5),
        init.GlorotUniform(seed=4),
        init.UniformUnitScaling(2.0),
        init.VarianceScaling(2.0, "fan_avg", "uniform"),
    ):
        again = type(made).from_config(made.get_config())
        assert again.get_config() == made.get_config()


def test_initializer_errors() -> None:
    with pytest.raises(TypeError, match="Invalid type for initial value"):
        init.Constant(object())
    with pytest.raises(ValueError, match="`scale` must be positive float"):
        init.VarianceScaling(0.0)
    with pytest.raises(ValueError, match="Invalid `mode` argument: x"):
        init.VarianceScaling(mode="x")
    with pytest.raises(ValueError, match="Expected floating point type"):
        init.RandomNormal(dtype=dtypes.int32)
    with pytest.raises(ValueError, match="can only be used for 2D matrices"):
        init.Identity()([3])


def test_constant_fills_with_its_last_element() -> None:
    value: Tensor = init.Constant([1, 2])([2, 2])
    np.testing.assert_array_equal(evaluate(value)[0], [[1, 2], [2, 2]])
    with pytest.raises(TypeError, match="Expected Tensor's shape"):
        init.Constant([1, 2], verify_shape=True)([2, 2])
