"""From a declaration to a node: `apply` matches arguments, converts them and adds the op."""

from __future__ import annotations

from typing import Any

from flowgraph import callsite, dtypes, errors
from flowgraph.dtypes import DType
from flowgraph.graph import convert
from flowgraph.graph.graph import Graph, function_being_built, get_default_graph
from flowgraph.graph.opdef import MISSING, Arg, Attr, OpDef, lookup
from flowgraph.graph.tensor import Operation, Tensor
from flowgraph.shapes import TensorShape

__all__ = ["apply", "graph_of", "result_of"]


def apply(op_type: str, *args: Any, name: str | None = None, **attrs: Any) -> Any:
    """Add an op to the graph.

    Args:
        op_type: a declared op type.
        args: its inputs in order; Python values are converted to the type of the tensors beside
        them.
        name: its name (the op type if None); made unique inside the current name scope.
        attrs: its attributes; those that follow from the inputs need not be given.

    Returns:
        The output tensor; a tuple where there are several, a list for a list output, the
        `Operation` where there is none.

    Raises:
        TypeError: if dtypes do not fit the declaration.
        ValueError: if shapes do not fit, or inputs come from different graphs.
    """
    definition = lookup(op_type)
    graph = graph_of(args)
    full_name = graph._op_name(name or op_type)
    frames = callsite.capture()
    try:
        inputs, values = _bind(definition, graph, full_name, args, attrs)
    except (TypeError, ValueError) as error:
        raise _located(error, definition, full_name, frames) from None
    return result_of(graph._create_op(definition, full_name, tuple(inputs), values, frames))


def _located(
    error: TypeError | ValueError, definition: OpDef, name: str, frames: callsite.RawFrames
) -> Exception:
    """`error` with the op that was being built and the user's line, if it names none yet."""
    where = callsite.render(frames)
    if type(error) not in _PLAIN_ERRORS or not where or _CREATED_AT in str(error):
        return error
    return type(error)(f"{error}\n  for '{name}' (op: '{definition.name}'){_CREATED_AT}{where}")


_PLAIN_ERRORS = (TypeError, ValueError, errors.DTypeMismatchError)
_CREATED_AT = "\n  created at "


def result_of(op: Operation) -> Any:
    """What building `op` returns to the user."""
    outputs = op.outputs
    specs = op.definition.outputs
    if len(specs) == 1:
        return list(outputs) if specs[0].is_list else outputs[0]
    return tuple(outputs) if specs else op


def graph_of(args: Any) -> Graph:
    """The graph of the first tensor among the arguments, or the default graph.

    While a loop's body or a branch is built, that is it: it captures tensors from outside.
    """
    function = function_being_built()
    if function is not None:
        return function
    for arg in args:
        if type(arg) is Tensor:
            return arg.op.graph
        if type(arg) is list:
            for each in arg:
                if type(each) is Tensor:
                    return each.op.graph
        elif hasattr(arg, "graph"):
            graph = arg.graph
            if isinstance(graph, Graph):
                return graph
    return get_default_graph()


def _bind(
    definition: OpDef, graph: Graph, full_name: str, args: tuple[Any, ...], given: dict[str, Any]
) -> tuple[list[Tensor], dict[str, Any]]:
    """The flat input tensors and the complete attributes of a new op."""
    if len(args) != len(definition.inputs):
        wanted = ", ".join(arg.name for arg in definition.inputs)
        raise TypeError(f"{definition.name} takes the inputs ({wanted}), got {len(args)}.")
    values = {
        key: _checked_attr(definition, key, spec, given.pop(key))
        for key, spec in definition.attrs.items()
        if key in given
    }
    if given:
        raise TypeError(f"{definition.name} has no attribute {next(iter(given))!r}.")
    inputs: list[Tensor] = []
    origins: dict[str, str] = {}
    for position, (spec_arg, value) in enumerate(zip(definition.inputs, args, strict=True)):
        if spec_arg.is_list:
            inputs.extend(
                _bind_list(definition, graph, full_name, spec_arg, value, values, origins)
            )
            continue
        dtype: DType | None = spec_arg.dtype or values.get(spec_arg.type_attr)
        if type(value) is not Tensor:
            if dtype is None:
                dtype = _sibling_dtype(definition, spec_arg, args[position + 1 :])
            value = _converted(definition, graph, full_name, spec_arg, value, dtype)
        _match(definition, spec_arg, value, values, origins)
        inputs.append(value)
    for key, spec in definition.attrs.items():
        if key not in values:
            if spec.default is MISSING:
                raise TypeError(f"{definition.name} needs the attribute {key!r}.")
            values[key] = spec.default
    return inputs, values


def _sibling_dtype(definition: OpDef, arg: Arg, later: tuple[Any, ...]) -> DType | None:
    """The type of a later tensor that shares the type attribute: ``add(2, tensor)``."""
    if arg.type_attr:
        specs = definition.inputs[len(definition.inputs) - len(later) :]
        for spec, value in zip(specs, later, strict=True):
            if spec.type_attr == arg.type_attr:
                found = convert.first_tensor_dtype(value)
                if found is not None:
                    return found
        default = definition.attrs[arg.type_attr].default
        if default is not MISSING:
            return None
    return None


def _converted(
    definition: OpDef, graph: Graph, scope: str, arg: Arg, value: Any, wanted: DType | None
) -> Tensor:
    """A non-tensor argument as a tensor; constants are named ``op/argument``."""
    if arg.is_ref:
        reference = getattr(value, "_ref", None)
        if reference is not None:
            return reference()  # type: ignore[no-any-return]
    previous = graph._name_scope
    graph._name_scope = scope + "/"
    try:
        with graph.as_default():
            preferred = _preferred(definition, arg)
            return convert.convert_to_tensor(value, wanted, arg.name, preferred)
    except TypeError as error:
        raise TypeError(
            f"Input '{arg.name}' of '{definition.name}' Op (named {scope!r}): {error}"
        ) from None
    finally:
        graph._name_scope = previous


def _preferred(definition: OpDef, arg: Arg) -> DType | None:
    if not arg.type_attr:
        return None
    default = definition.attrs[arg.type_attr].default
    return None if default is MISSING else default


def _bind_list(
    definition: OpDef,
    graph: Graph,
    scope: str,
    arg: Arg,
    value: Any,
    values: dict[str, Any],
    origins: dict[str, str],
) -> list[Tensor]:
    if not isinstance(value, list | tuple):
        raise TypeError(
            f"Expected list for '{arg.name}' argument to '{definition.name}' Op, not {value!r}."
        )
    wanted = arg.dtype or values.get(arg.type_attr) or None
    if wanted is None and not arg.type_list_attr:
        wanted = convert.first_tensor_dtype(list(value))
    tensors = []
    for index, each in enumerate(value):
        if type(each) is not Tensor:
            element = Arg(f"{arg.name}_{index}", type_attr=arg.type_attr, is_ref=arg.is_ref)
            each = _converted(definition, graph, scope, element, each, wanted)
        if not arg.type_list_attr:
            _match(definition, arg, each, values, origins)
        tensors.append(each)
    if arg.type_list_attr:
        values[arg.type_list_attr] = tuple(tensor.dtype.base_dtype for tensor in tensors)
        _check_count(definition, arg, arg.type_list_attr, len(tensors))
    else:
        known = values.setdefault(arg.number_attr, len(tensors))
        if known != len(tensors):
            raise ValueError(
                f"List argument '{arg.name}' to '{definition.name}' Op with length {len(tensors)} "
                f"must match length {known} of the lists before it."
            )
        _check_count(definition, arg, arg.number_attr, len(tensors))
    return tensors


def _check_count(definition: OpDef, arg: Arg, attr_name: str, count: int) -> None:
    minimum = definition.attrs[attr_name].minimum
    if minimum is not None and count < minimum:
        raise ValueError(
            f"List argument '{arg.name}' to '{definition.name}' Op with length {count} shorter "
            f"than minimum length {minimum}."
        )


def _match(
    definition: OpDef, arg: Arg, tensor: Tensor, values: dict[str, Any], origins: dict[str, str]
) -> None:
    """Check a tensor's dtype against its argument, binding the type attribute."""
    dtype = tensor.dtype
    if arg.is_ref and not dtype.is_ref_dtype:
        raise TypeError(
            f"'{definition.name}' Op requires that input '{arg.name}' be a mutable tensor "
            f"(e.g.: a tf.Variable), got {tensor}."
        )
    base = dtype._base
    if arg.dtype is not None:
        if base is not arg.dtype:
            raise TypeError(
                f"Input '{arg.name}' of '{definition.name}' Op has type {base.name} that does not "
                f"match expected type of {arg.dtype.name}."
            )
        return
    key = arg.type_attr
    known = values.get(key)
    if known is None:
        allowed = definition.attrs[key].allowed
        if allowed is not None and base not in allowed:
            raise _not_allowed(definition, arg, base, allowed)
        values[key] = base
        origins[key] = arg.name
    elif known is not base:
        other = f"of argument '{origins[key]}'" if key in origins else f"given as {key}"
        raise errors.DTypeMismatchError(
            f"Input '{arg.name}' of '{definition.name}' Op has type {base.name} that does not "
            f"match type {known.name} {other}. (Tensor conversion requested dtype {known.name} "
            f"for Tensor with dtype {base.name}: {str(tensor)!r}; use tf.cast.)"
        )


def _not_allowed(
    definition: OpDef, arg: Arg, dtype: DType, allowed: tuple[DType, ...]
) -> TypeError:
    names = ", ".join(each.name for each in allowed)
    return TypeError(
        f"Value passed to parameter '{arg.name}' of '{definition.name}' has DataType {dtype.name} "
        f"not in list of allowed values: {names}"
    )


def _checked_attr(definition: OpDef, key: str, spec: Attr, value: Any) -> Any:
    """An attribute in the engine's form: DType, dims tuple, array, or plain Python value."""
    kind = spec.kind
    if kind == "type":
        value = dtypes.as_dtype(value).base_dtype
        if spec.allowed is not None and value not in spec.allowed:
            names = ", ".join(each.name for each in spec.allowed)
            raise TypeError(
                f"Value passed to parameter '{key}' of '{definition.name}' has DataType "
                f"{value.name} not in list of allowed values: {names}"
            )
        return value
    if kind == "list(type)":
        return tuple(dtypes.as_dtype(each).base_dtype for each in value)
    if kind == "shape":
        return value if isinstance(value, TensorShape) else TensorShape(value)
    if kind == "list(shape)":
        return [TensorShape(each) for each in value]
    if kind == "int":
        value = _integer(definition, key, value)
        if spec.minimum is not None and value < spec.minimum:
            raise ValueError(
                f"Attr '{key}' of '{definition.name}' Op passed {value} less than minimum "
                f"{spec.minimum}."
            )
        return value
    if kind == "list(int)":
        return [_integer(definition, key, each) for each in value]
    if kind == "float":
        return float(value)
    if kind == "bool":
        if not isinstance(value, bool | int) and not hasattr(value, "dtype"):
            raise TypeError(f"Expected bool for argument '{key}' not {value!r}.")
        return bool(value)
    if kind == "string":
        return _text(definition, key, spec, value)
    return value


def _integer(definition: OpDef, key: str, value: Any) -> int:
    try:
        if isinstance(value, float):
            raise TypeError
        return int(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"Expected int for argument '{key}' of '{definition.name}' not {value!r}."
        ) from None


def _text(definition: OpDef, key: str, spec: Attr, value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            return value
    if not isinstance(value, str):
        raise TypeError(f"Expected string for argument '{key}' not {value!r}.")
    if spec.allowed is not None and value not in spec.allowed:
        names = '", "'.join(spec.allowed)
        raise ValueError(
            f"Attr '{key}' of '{definition.name}' Op passed string '{value}' not in: \"{names}\"."
        )
    return value
