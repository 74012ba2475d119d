// The graph as embedded by Python: ops, the tree of scopes, and who reads what.

function readModel(data) {
  const ops = data.ops.map((row, index) => ({
    index,
    name: row[0],
    type: data.types[row[1]],
    kind: data.kinds[row[2]],
    device: data.devices[row[3]],
    inputs: row[4].map(([op, output]) => ({ op, output })),
    control: row[5],
    outputs: row[6].map(([dtype, shape]) => ({ dtype: data.dtypes[dtype], shape })),
    attrs: row[7],
    created: row[8],
    plan: row[9],
    micros: row[10],
    bytes: row[11],
    consumers: [],
    node: null,
  }));
  for (const op of ops) {
    for (const input of op.inputs) ops[input.op].consumers.push({ op: op.index, output: input.output });
  }
  for (const { op, shape, dtype } of data.variables) ops[op].holds = { shape, dtype };
  const nodes = new Map();
  const root = readNode(data.tree, null, ops, data.kinds, nodes);
  return {
    title: data.title,
    ops,
    root,
    nodes,
    kinds: data.kinds,
    variables: data.variables,
    hasTimes: ops.some((op) => op.micros > 0),
    hasBytes: ops.some((op) => op.bytes > 0),
    hasPlan: ops.some((op) => op.plan),
    devices: data.devices,
  };
}

// A row is either [op index, label] or [path, label, kind, variable's op or -1, children].
function readNode(row, parent, ops, kinds, nodes) {
  const node = { parent, label: row[1], children: [], op: null, variable: null, micros: 0, bytes: 0 };
  if (typeof row[0] === "number") {
    node.op = ops[row[0]];
    node.op.node = node;
    node.path = node.op.name;
    node.kind = node.op.kind;
    node.micros = node.op.micros;
    node.bytes = node.op.bytes;
    node.count = 1;
  } else {
    node.path = row[0];
    node.kind = kinds[row[2]];
    node.variable = row[3] < 0 ? null : ops[row[3]];
    node.children = row[4].map((child) => readNode(child, node, ops, kinds, nodes));
    node.count = 0;
    for (const child of node.children) {
      node.count += child.count;
      node.micros += child.micros;
      node.bytes += child.bytes;
    }
  }
  node.depth = parent ? parent.depth + 1 : 0;
  nodes.set(node.path, node);
  return node;
}

function leavesOf(node) {
  if (node.op) return [node];
  const found = [];
  const stack = [node];
  while (stack.length) {
    const current = stack.pop();
    if (current.op) found.push(current);
    else for (const child of current.children) stack.push(child);
  }
  return found;
}

function isWithin(node, scope) {
  for (let current = node; current; current = current.parent) if (current === scope) return true;
  return false;
}

// An auxiliary part of something else stands beside it, without edges.
function isAside(node) {
  return node.kind === "auxiliary" && node.parent !== null && node.parent.kind !== "auxiliary";
}

function shapeText(shape) {
  if (shape === null) return "unknown";
  if (!shape.length) return "scalar";
  return shape.map((size) => (size === null ? "?" : size)).join("×");
}

function elementCount(shape) {
  return (shape || []).reduce((product, size) => product * (size === null ? 1 : size), 1);
}

function tensorName(op, output) {
  return `${op.name}:${output}`;
}

// What stands in the picture: expanded scopes with their visible children, and the edges between the boxes.
function visibleGraph(model, expanded, hidden) {
  const boxOf = new Array(model.ops.length).fill(null);
  const boxes = [];
  const place = (node) => {
    node.open = node === model.root || (!node.op && expanded.has(node.path));
    node.shown = [];
    if (!node.open) {
      boxes.push(node);
      for (const leaf of leavesOf(node)) boxOf[leaf.op.index] = node;
      return;
    }
    for (const child of node.children) {
      if (hidden.has(child.kind)) continue;
      node.shown.push(child);
      place(child);
    }
  };
  place(model.root);
  return { boxes, boxOf, edges: visibleEdges(model, boxOf) };
}

function visibleEdges(model, boxOf) {
  const edges = new Map();
  const ids = new Map();
  const idOf = (node) => {
    if (!ids.has(node)) ids.set(node, ids.size);
    return ids.get(node);
  };
  const edgeBetween = (from, to) => {
    if (!from || !to || from === to) return null;
    const key = idOf(from) * 1e6 + idOf(to);
    if (!edges.has(key)) edges.set(key, { from, to, tensors: new Map(), control: 0 });
    return edges.get(key);
  };
  for (const op of model.ops) {
    const target = boxOf[op.index];
    if (!target) continue;
    for (const input of op.inputs) {
      const edge = edgeBetween(boxOf[input.op], target);
      if (edge) edge.tensors.set(`${input.op}:${input.output}`, input);
    }
    for (const source of op.control) {
      const edge = edgeBetween(boxOf[source], target);
      if (edge) edge.control += 1;
    }
  }
  return [...edges.values()].map((edge) => describeEdge(edge, model));
}

function describeEdge(edge, model) {
  const tensors = [...edge.tensors.values()].map((input) => {
    const output = model.ops[input.op].outputs[input.output];
    return { name: tensorName(model.ops[input.op], input.output), ...output };
  });
  const texts = [...new Set(tensors.map((tensor) => (tensor.dtype === "resource" ? "resource" : shapeText(tensor.shape))))];
  let label = "";
  if (tensors.length === 1) label = texts[0];
  else if (tensors.length > 1) label = texts.length === 1 ? `${tensors.length} × (${texts[0]})` : `${tensors.length} tensors`;
  const size = Math.max(0, ...tensors.map((tensor) => elementCount(tensor.shape)));
  const minor = tensors.length === 0 || size <= 1 || edge.from.kind === "constant";
  return { ...edge, tensors, label, size, minor };
}
