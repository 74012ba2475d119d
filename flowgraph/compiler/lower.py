"""From the user's graph to a `Program`: prune to what is fetched, order it, make reads explicit.

**Order.** Instructions run in topological order, ties by creation. A reader of a variable sees the
writes that it depends on (by data or control edges); one that depends on no write of this run sees
the value from before the run, wherever in the program text it was built. So ``run([loss,
train_op])`` always returns the loss before the update.
"""

from __future__ import annotations

import heapq
from collections.abc import Container

from flowgraph import callsite, dims, errors
from flowgraph.compiler.program import READ, REGIONS, Instr, Program, Value, source
from flowgraph.compiler.reads import (
    Feeds,
    is_snapshot,
    read_variables,
    reading_op,
    variable_of,
    variable_read_by,
    written_variables,
)
from flowgraph.graph.tensor import Operation, Tensor

__all__ = ["lower"]


def lower(
    fetches: list[Tensor],
    targets: list[Operation],
    feeds: list[Tensor],
    feed_dims: list[dims.Dims],
    variables: dict[Tensor, Operation] | None = None,
    replaced: set[Tensor] | None = None,
) -> Program:
    """The program that computes `fetches` and runs `targets` from `feeds`.

    Args:
        variables: feeds that are values of variables; the program reads these itself.
        replaced: feeds instead of constants, by default all feeds whose value is known.

    Raises:
        InvalidArgumentError: if a placeholder that is needed is not fed.
    """
    fed = Feeds(zip(feeds, feed_dims, strict=True))
    fed.variables = variables or {}
    if replaced is None:
        replaced = {tensor for tensor in feeds if _known(tensor)}
    needed = _prune(fetches, targets, fed)
    extended = _extended(needed)
    edges = _Edges(needed, fed, extended)
    writes = _Writes(edges.sorted({}), fed, extended)
    order = edges.sorted(writes.readers_first())
    emitter = _Emitter(order, fed, writes, extended)
    emitter.loose = _downstream(replaced, order)
    return emitter.program(fetches, targets)


def _known(tensor: Tensor) -> bool:
    if tensor.const_value() is not None:
        return True
    return any(size is not None for size in tensor.const_dims() or ())


def _downstream(tensors: set[Tensor], order: list[Operation]) -> set[Operation]:
    """The ops whose static shapes may follow from the values of `tensors`."""
    found: set[Operation] = set()
    if tensors:
        for op in order:
            if any(tensor in tensors or tensor.op in found for tensor in op.inputs):
                found.add(op)
    return found


def _prune(
    fetches: list[Tensor], targets: list[Operation], fed: dict[Tensor, dims.Dims]
) -> list[Operation]:
    """The operations that must run, in no particular order."""
    stack = [tensor.op for tensor in fetches if tensor not in fed] + list(targets)
    seen: set[Operation] = set()
    while stack:
        op = stack.pop()
        if op in seen:
            continue
        seen.add(op)
        stack.extend(tensor.op for tensor in op.inputs if tensor not in fed)
        # What is fed needs no running.
        stack.extend(
            before
            for before in op._control_inputs
            if before.type != "Placeholder" or before.outputs[0] not in fed
        )
    for op in seen:
        if op.type == "Placeholder":
            raise _missing_feed(op)
    return list(seen)


def _extended(needed: list[Operation]) -> dict[Operation, Operation]:
    """Loops and conditionals to those of this run that compute the same and more.

    A gradient needs what a loop computed in each turn, so it runs the loop in a form that keeps
    that; the loop itself then need not run.
    """
    running = set(needed)
    found: dict[Operation, Operation] = {}
    for op in needed:
        last = op
        following = op.graph._extended.get(op)
        while following is not None:
            if following in running:
                last = following
            following = op.graph._extended.get(following)
        if last is not op:
            found[op] = last
    return found


_C_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


def _missing_feed(op: Operation) -> errors.InvalidArgumentError:
    output = op.outputs[0]
    dtype = _C_NAMES.get(output.dtype.name, output.dtype.name)
    shape = f" and shape {dims.show_list(output.dims)}" if output.dims else ""
    where = callsite.render(op._frames)
    return errors.InvalidArgumentError(
        None,
        op,
        f"You must feed a value for placeholder tensor '{op.name}' with dtype {dtype}{shape}\n"
        f"  created at {where}\n  feed it: run(fetches, feed_dict={{{op.name}: value}})",
    )


class _Edges:
    """What must run before what, by data and control dependencies."""

    def __init__(
        self,
        needed: list[Operation],
        fed: Container[Tensor],
        extended: dict[Operation, Operation],
    ) -> None:
        self.needed = sorted(needed, key=lambda op: op._id)
        self.successors: dict[Operation, list[Operation]] = {op: [] for op in self.needed}
        self.blockers: dict[Operation, int] = {}
        for op in self.needed:
            before = {t.op for t in op.inputs if t not in fed}
            before.update(control for control in op._control_inputs if control in self.successors)
            if op in extended:
                before.add(extended[op])
            for producer in before:
                self.successors[producer].append(op)
            self.blockers[op] = len(before)

    def sorted(self, soft: dict[Operation, list[Operation]]) -> list[Operation]:
        """Topological order, ties by creation; `soft` edges give way where they make a cycle."""
        blockers = dict(self.blockers)
        waiting: dict[Operation, int] = {}
        for writers in soft.values():
            for writer in writers:
                waiting[writer] = waiting.get(writer, 0) + 1
        free = [op for op in self.needed if not blockers[op]]
        ready = [(op._id, op) for op in free if not waiting.get(op)]
        held = {op for op in free if waiting.get(op)}
        order: list[Operation] = []
        while ready or held:
            if ready:
                op = heapq.heappop(ready)[1]
            else:
                op = min(held, key=lambda each: each._id)
                held.remove(op)
            order.append(op)
            for successor in self.successors[op]:
                blockers[successor] -= 1
                if not blockers[successor]:
                    if waiting.get(successor):
                        held.add(successor)
                    else:
                        heapq.heappush(ready, (successor._id, successor))
            for writer in soft.get(op, ()):
                waiting[writer] -= 1
                if not waiting[writer] and writer in held:
                    held.remove(writer)
                    heapq.heappush(ready, (writer._id, writer))
        if len(order) < len(self.needed):
            done = set(order)
            stuck = next(op for op in self.needed if op not in done)
            raise errors.InvalidArgumentError(
                None, stuck, f"The graph has a cycle through the operation '{stuck.name}'."
            )
        return order


class _Writes:
    """Which operations change which variables, and who comes after them."""

    def __init__(
        self,
        order: list[Operation],
        fed: Feeds,
        extended: dict[Operation, Operation],
    ) -> None:
        self.order = order
        self.fed = fed
        self.extended = extended
        self.writers: dict[Operation, list[Operation]] = {}
        for op in order:
            if op not in extended:
                for variable in written_variables(op):
                    self.writers.setdefault(variable, []).append(op)
        all_writers = dict.fromkeys(w for group in self.writers.values() for w in group)
        self.bit = {op: 1 << i for i, op in enumerate(all_writers)}
        self.ancestors: dict[Operation, int] = {}
        if self.writers:
            self._propagate()

    def _propagate(self) -> None:
        """Per op, the set of writers at or before it, as bits."""
        for op in self.order:
            mask = self.bit.get(op, 0)
            for tensor in op.inputs:
                if tensor not in self.fed:
                    mask |= self.ancestors[tensor.op]
            for control in op._control_inputs:
                mask |= self.ancestors.get(control, 0)
            if op in self.extended:
                mask |= self.ancestors[self.extended[op]]
            self.ancestors[op] = mask

    def seen_by(self, op: Operation, variable: Operation) -> bool:
        """True if `op` depends on a write of `variable` by another op of this run."""
        mask = self.ancestors.get(op, 0)
        known = self.writers.get(variable, ())
        return any(mask & self.bit[writer] for writer in known if writer is not op)

    def is_writer(self, op: Operation, variable: Operation) -> bool:
        """True if `op` changes `variable`: its output is the value after the change."""
        return op in self.writers.get(variable, ())

    def readers_first(self) -> dict[Operation, list[Operation]]:
        """Edges from readers to the writers that they do not depend on."""
        edges: dict[Operation, list[Operation]] = {}
        if not self.writers:
            return edges
        for op in self.order:
            for _, variable in read_variables(op, self.fed):
                if variable in self.writers and not self.seen_by(op, variable):
                    later = [w for w in self.writers[variable] if w is not op]
                    edges.setdefault(op, []).extend(later)
        return edges


class _Emitter:
    """Writes the instructions of ordered operations."""

    def __init__(
        self,
        order: list[Operation],
        fed: Feeds,
        writes: _Writes,
        extended: dict[Operation, Operation],
    ) -> None:
        self.order = [op for op in order if op not in extended]
        self.shorter: dict[Operation, list[Operation]] = {}
        for shorter, longer in extended.items():
            self.shorter.setdefault(longer, []).append(shorter)
        self.fed = fed
        self.writes = writes
        self.instrs: list[Instr] = []
        self.values: dict[Tensor, Value] = {}
        self.latest: dict[Operation, Value] = {}
        self.initial: dict[Operation, Value] = {}
        # Ops whose static shapes do not hold for these feeds.
        self.loose: set[Operation] = set()
        # Reads of the value from before the run that are still to be emitted, per variable.
        self.pending: dict[Operation, int] = {}

    def program(self, fetches: list[Tensor], targets: list[Operation]) -> Program:
        feeds = []
        for tensor, shape in self.fed.items():
            value = source(tensor.dtype.base_dtype, shape, tensor.name)
            self.values[tensor] = value
            feeds.append(value)
        for variable in self.fed.variables.values():
            self._emit(variable)
        for op in self.order:
            for _, variable in read_variables(op, self.fed):
                self._expect(op, variable)
        for tensor in fetches:
            fetched = variable_read_by(tensor, self.fed)
            if fetched is not None and not self.writes.is_writer(tensor.op, fetched):
                self._expect(tensor.op, fetched)
        for op in self.order:
            self._emit(op)
            for shorter in self.shorter.get(op, ()):
                for tensor, same in zip(shorter.outputs, op.outputs, strict=False):
                    self.values.setdefault(tensor, self.values[same])
        asked = [self.values[tensor] for op in targets for tensor in op.outputs]
        fetched_values = [self._fetch(tensor) for tensor in fetches]
        return Program(
            feeds, self.instrs, fetched_values, [value for value in asked if not value.is_cell]
        )

    def _expect(self, op: Operation, variable: Operation) -> None:
        if not self.writes.seen_by(op, variable):
            self.pending[variable] = self.pending.get(variable, 0) + 1

    def _fetch(self, tensor: Tensor) -> Value:
        variable = variable_read_by(tensor, self.fed)
        if variable is None:
            return self.values[tensor]
        if self.writes.is_writer(tensor.op, variable):
            return self._read(variable)
        return self._value_for(tensor.op, variable)

    def _value_for(self, op: Operation, variable: Operation) -> Value:
        """The value of `variable` that `op` must see."""
        if variable in self.initial and not self.writes.seen_by(op, variable):
            return self.initial[variable]
        return self._read(variable)

    def _read(self, variable: Operation) -> Value:
        value = self.latest.get(variable)
        if value is None:
            cell = self.values[variable.outputs[0]]
            base = cell.dtype.base_dtype
            instr = Instr(READ, [cell], {"T": base, "copy": False}, reading_op(variable))
            value = Value(instr, 0, base, cell.dims, variable.name)
            instr.outputs.append(value)
            self.instrs.append(instr)
            self.latest[variable] = value
        return value

    def _emit(self, op: Operation) -> None:
        if not op.inputs and op.outputs and op.outputs[0].dtype.is_ref_dtype:
            ref = op.outputs[0]
            self.values.setdefault(ref, source(ref.dtype, ref.dims, op.name))
            return
        if is_snapshot(op):
            # Its readers read the variable at their own places.
            self.values.setdefault(op.outputs[0], self.values[op.inputs[0]])
            return
        inputs = [self.values[tensor] for tensor in op.inputs]
        for index, variable in read_variables(op, self.fed):
            if not self.writes.seen_by(op, variable):
                self.pending[variable] -= 1
            inputs[index] = self._value_for(op, variable)
        written = written_variables(op)
        for variable in written:
            if variable not in self.initial and self.pending.get(variable):
                self.initial[variable] = self._read(variable)
        if op.definition.name in REGIONS:
            inputs.extend(self.values[variable.outputs[0]] for variable in written)
        instr = Instr(op.definition, inputs, op.attrs, op)
        instr.loose = op in self.loose
        self.instrs.append(instr)
        for variable in written:
            self.latest.pop(variable, None)
        for tensor in op.outputs:
            base = tensor.dtype.base_dtype
            shape = None if instr.loose else tensor.dims
            value = Value(instr, tensor.value_index, base, shape, tensor.name)
            instr.outputs.append(value)
            if tensor.dtype.is_ref_dtype:
                value = self.values[variable_of(tensor).outputs[0]]
            self.values.setdefault(tensor, value)
