"""Variables: how they are built, initialized, changed and read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flowgraph import dtypes, errors
from flowgraph.graph.build import apply
from flowgraph.graph.composite import IndexedSlices
from flowgraph.graph.convert import constant, convert_to_tensor
from flowgraph.graph.graph import Graph, get_default_graph
from flowgraph.graph.keys import GraphKeys
from flowgraph.library import variable_lists as lists
from flowgraph.library.variables import Variable, VariableSynchronization
from flowgraph.ops import state, state_scatter
from flowgraph.ops.array import placeholder
from flowgraph.runtime.session import Session


@pytest.fixture(autouse=True)
def graph() -> Any:
    with Graph().as_default() as made:
        yield made


def names() -> list[str]:
    return [f"{op.name} {op.type}" for op in get_default_graph().get_operations()]


def initialized() -> Session:
    session = Session()
    session.run(lists.global_variables_initializer())
    return session


def matrix() -> Any:
    return Variable(np.arange(6, dtype=np.float32).reshape(3, 2))


def test_nodes_of_a_variable() -> None:
    matrix()
    Variable(lambda: constant([1.0, 2.0]), name="W")
    assert names() == [
        "Variable/initial_value Const",
        "Variable VariableV2",
        "Variable/Assign Assign",
        "Variable/read Identity",
        "W/Initializer/Const Const",
        "W VariableV2",
        "W/Assign Assign",
        "W/read Identity",
    ]


def test_initial_values_of_every_form() -> None:
    tensor = constant([1.0, 2.0])
    made = [
        Variable(tensor),
        Variable(np.array([3, 4])),
        Variable([5, 6]),
        Variable(7.5),
        Variable(lambda: constant(8.0)),
        Variable(b"text"),
        Variable(True),
        Variable(9, dtype=dtypes.float64),
    ]
    values = initialized().run(made)
    expected = [[1.0, 2.0], [3, 4], [5, 6], 7.5, 8.0, b"text", True, 9.0]
    for value, wanted in zip(values, expected, strict=True):
        np.testing.assert_array_equal(value, wanted)
    assert [v.dtype.base_dtype.name for v in made] == [
        "float32", "int64", "int32", "float32", "float32", "string", "bool", "float64",
    ]  # fmt: skip


def test_attributes() -> None:
    variable = Variable([[1.0, 2.0]], name="s/v", trainable=False)
    assert repr(variable) == "<tf.Variable 's/v:0' shape=(1, 2) dtype=float32_ref>"
    assert (variable.name, variable.op.name, variable._shared_name) == ("s/v:0", "s/v", "s/v")
    assert variable.initializer.name == "s/v/Assign"
    assert variable.initial_value.name == "s/v/initial_value:0"
    assert variable.value().name == "s/v/read:0"
    assert variable.shape.as_list() == [1, 2]
    assert variable.initializer.colocation_groups() == [b"loc:@s/v"]
    assert not variable.trainable
    assert lists.trainable_variables() == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "initial_value must be specified"),
        ({"initial_value": 1, "collections": "x"}, "must be a list, tuple, or set. Got x"),
        ({"initial_value": 1, "constraint": 3}, "`constraint` argument must be a callable"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Variable(**arguments)


def test_unknown_shape_needs_validate_shape_off() -> None:
    unknown = placeholder(dtypes.float32, [None])
    with pytest.raises(ValueError, match="initial_value must have a shape specified"):
        Variable(unknown)
    variable = Variable(unknown, validate_shape=False)
    session = Session()
    for value in ([1.0, 2.0], [3.0]):
        session.run(variable.initializer, {unknown: value})
        np.testing.assert_array_equal(session.run(variable), value)


def test_uninitialized_read_names_the_variable() -> None:
    variable = Variable(1.0, name="weights")
    with pytest.raises(
        errors.FailedPreconditionError, match="Attempting to use uninitialized value weights"
    ):
        Session().run(variable + 1)


COLUMN = [[7], [8], [9]]
ROWS = [[0], [1], [0]]


def slices(values: Any, indices: Any) -> IndexedSlices:
    return IndexedSlices(constant(values, dtypes.float32), constant(indices))


def scatter(kind: str, variable: Any, indices: Any, updates: Any) -> Any:
    return getattr(state_scatter, f"scatter_{kind}")(variable, indices, updates)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda v: v.assign(np.ones((3, 2))), [[1, 1], [1, 1], [1, 1]]),
        (lambda v: v.assign_add(np.ones((3, 2))), [[1, 2], [3, 4], [5, 6]]),
        (lambda v: state.assign_sub(v, [[1, 2]] * 3), [[-1, -1], [1, 1], [3, 3]]),
        (lambda v: state.assign_add(v, v), [[0, 2], [4, 6], [8, 10]]),
        (lambda v: scatter("update", v, [2, 2], [[7, 7], [8, 9]]), [[0, 1], [2, 3], [8, 9]]),
        (lambda v: scatter("add", v, [0, 0], [[1, 2], [3, 4]]), [[4, 7], [2, 3], [4, 5]]),
        (lambda v: scatter("sub", v, 1, [1, 1]), [[0, 1], [1, 2], [4, 5]]),
        (lambda v: scatter("mul", v, [2], [[2, 3]]), [[0, 1], [2, 3], [8, 15]]),
        (lambda v: scatter("div", v, [2], [[2, 5]]), [[0, 1], [2, 3], [2, 1]]),
        (lambda v: scatter("max", v, [0, 2], 3.0), [[3, 3], [2, 3], [4, 5]]),
        (lambda v: scatter("min", v, [0, 2], 3.0), [[0, 1], [2, 3], [3, 3]]),
        (lambda v: v.scatter_nd_update([[0, 1], [2, 0]], [7, 8]), [[0, 7], [2, 3], [8, 5]]),
        (lambda v: v.scatter_nd_add([[1]], [[1, 1]]), [[0, 1], [3, 4], [4, 5]]),
        (lambda v: v.scatter_nd_sub([[1], [1]], [[1, 1]] * 2), [[0, 1], [0, 1], [4, 5]]),
        (lambda v: v.batch_scatter_update(slices(COLUMN, ROWS)), [[7, 1], [2, 8], [9, 5]]),
        (lambda v: v.scatter_add(slices([[1, 1], [1, 1]], [0, 0])), [[2, 3], [2, 3], [4, 5]]),
        (lambda v: v[0, 1].assign(9.0), [[0, 9], [2, 3], [4, 5]]),
        (lambda v: v[1:].assign([[7, 7]] * 2), [[0, 1], [7, 7], [7, 7]]),
    ],
)  # fmt: skip
def test_changes(change: Any, wanted: Any) -> None:
    variable = matrix()
    changed = change(variable)
    session = initialized()
    np.testing.assert_array_equal(session.run(changed), wanted)
    np.testing.assert_array_equal(session.run(variable), wanted)


def test_changes_are_in_place_and_copy_what_is_stored() -> None:
    variable = matrix()
    fed = placeholder(dtypes.float32, [3, 2])
    store = variable.assign(fed)
    session = initialized()
    array = np.ones((3, 2), np.float32)
    session.run(store.op, {fed: array})
    before = session.run(variable)
    array[:] = 5
    session.run(variable.assign_add(np.ones((3, 2))).op)
    np.testing.assert_array_equal(before, np.ones((3, 2)))
    np.testing.assert_array_equal(session.run(variable), np.full((3, 2), 2))
    np.testing.assert_array_equal(array, np.full((3, 2), 5))


def test_transposed_initial_value_can_be_changed() -> None:
    variable = Variable(apply("Transpose", constant(np.arange(6.0).reshape(2, 3)), [1, 0]))
    session = initialized()
    session.run(state_scatter.scatter_nd_add(variable, [[2, 1]], [10.0]).op)
    np.testing.assert_array_equal(session.run(variable), [[0, 3], [1, 4], [2, 15]])


def test_shapes_are_checked_when_building_and_when_running() -> None:
    variable = matrix()
    with pytest.raises(ValueError, match="Shapes must be equal rank, but are 2 and 1"):
        variable.assign([1.0])
    with pytest.raises(
        ValueError, match="Dimension 0 in both shapes must be equal, but are 3 and 2"
    ):
        variable.assign_add([[1.0, 2.0]] * 2)
    with pytest.raises(TypeError, match="mutable tensor"):
        state.assign(constant(1.0), 2.0)
    fed = placeholder(dtypes.float32)
    session = initialized()
    with pytest.raises(errors.InvalidArgumentError, match=r"lhs shape= \[3,2\] rhs shape= \[2\]"):
        session.run(variable.assign(fed), {fed: [1.0, 2.0]})
    with pytest.raises(errors.InvalidArgumentError, match="must be the same size"):
        session.run(variable.assign_add(fed), {fed: 1.0})


def test_indices_out_of_range() -> None:
    variable = matrix()
    session = initialized()
    with pytest.raises(errors.InvalidArgumentError, match=r"indices\[1\] = 3 is not in \[0, 3\)"):
        session.run(state_scatter.scatter_add(variable, [0, 3], [[1.0, 1.0]] * 2))
    np.testing.assert_array_equal(session.run(variable)[0], [0, 1])
    with pytest.raises(errors.InvalidArgumentError, match=r"indices\[0\] = \[3\] does not index"):
        session.run(state_scatter.scatter_nd_add(variable, [[3]], [[1.0, 1.0]]))


def test_count_up_to_stops() -> None:
    counter = Variable(0)
    step = counter.count_up_to(2)
    session = initialized()
    assert [session.run(step), session.run(step)] == [0, 1]
    with pytest.raises(errors.OutOfRangeError, match="Reached limit of 2"):
        session.run(step)
    assert session.run(counter) == 2


def test_read_value_sees_the_assignment_it_depends_on(graph: Graph) -> None:
    variable = Variable(1.0)
    with graph.control_dependencies([variable.assign(5.0)]):
        after = variable.read_value()
    session = initialized()
    assert session.run(after) == 5.0
    assert after.name == "read:0"


def test_operators_and_numpy() -> None:
    variable = Variable([1.0, 4.0])
    session = initialized()
    built = [
        variable + 1,
        2 - variable,
        np.array([1, 2], np.float32) * variable,
        -variable,
        variable > 2,
    ]
    values = session.run(built)
    for value, wanted in zip(
        values, [[2, 5], [1, -2], [1, 8], [-1, -4], [False, True]], strict=True
    ):
        np.testing.assert_array_equal(value, wanted)
    with pytest.raises(TypeError, match="'Variable' object is not iterable"):
        iter(variable)


def test_conversion_checks_the_type() -> None:
    variable = Variable([1.0])
    assert convert_to_tensor(variable) is variable.value()
    with pytest.raises(ValueError, match="Incompatible type conversion requested to type 'int32'"):
        convert_to_tensor(variable, dtypes.int32)


def test_load_and_eval() -> None:
    variable = Variable([1.0, 2.0])
    session = initialized()
    variable.load([3.0, 4.0], session)
    np.testing.assert_array_equal(variable.eval(session), [3, 4])


def test_dependent_variables_initialize_in_any_order() -> None:
    first = Variable([1.0, 2.0])
    second = Variable(first * 2)
    third = Variable(second.initialized_value() + 1, name="third")
    session = Session()
    session.run(second.initializer)
    np.testing.assert_array_equal(session.run(second), [2, 4])
    with pytest.raises(errors.FailedPreconditionError):
        session.run(first)
    session.run(lists.global_variables_initializer())
    np.testing.assert_array_equal(session.run(third), [3, 5])
    assert "mul_Variable_1 Mul" in names()


def test_report_uninitialized_variables() -> None:
    first = Variable(1.0, name="a")
    second = Variable(2.0, name="b")
    missing = lists.report_uninitialized_variables()
    flag = lists.is_variable_initialized(first)
    session = Session()
    assert session.run(missing).tolist() == [b"a", b"b"]
    assert not session.run(flag)
    session.run(first.initializer)
    assert session.run(missing).tolist() == [b"b"]
    assert session.run(flag)
    session.run(second.initializer)
    assert session.run(missing).tolist() == []


def test_assert_variables_initialized() -> None:
    assert lists.assert_variables_initialized() is None
    variables = [Variable(1.0), Variable(2.0)]
    check = lists.assert_variables_initialized()
    session = Session()
    session.run(variables[0].initializer)
    with pytest.raises(errors.FailedPreconditionError):
        session.run(check)
    session.run(variables[1].initializer)
    session.run(check)
    assert session.run(variables) == [1.0, 2.0]


def test_collections() -> None:
    local = Variable(1, collections=[GraphKeys.LOCAL_VARIABLES], trainable=False, name="local")
    trained = Variable(2.0, name="m/trained")
    on_read = Variable(3.0, synchronization=VariableSynchronization.ON_READ)
    assert lists.local_variables() == [local]
    assert lists.global_variables() == [trained, on_read]
    assert lists.trainable_variables() == [trained]
    assert lists.global_variables("m/") == [trained]
    assert lists.global_variables_initializer().name == "init"


def test_proto_round_trip() -> None:
    variable = Variable([1.0], name="s/v")
    message = variable.to_proto()
    assert message.snapshot_name == "s/v/read:0"
    again = Variable.from_proto(message)
    assert (again.op, again.initializer, again.trainable) == (
        variable.op,
        variable.initializer,
        True,
    )
    assert variable.to_proto("s").variable_name == "v:0"
    assert variable.to_proto("other") is None
