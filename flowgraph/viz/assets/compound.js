// Layout of nested scopes: each open scope is laid out on its own, then edges are strung through the levels.

const PADDING = 18;
const HEADER = 28;
const ASIDE_GAP = 46;
const GRID_GAP = 14;
const PORT = { width: 6, height: 2 };

function layoutPicture(model, picture, measure) {
  const routes = new Map();
  const plans = new Map();
  for (const edge of picture.edges) {
    const chain = levelsOf(edge);
    if (chain) routes.set(edge, chain);
  }
  for (const [edge, chain] of routes) recordLinks(plans, edge, chain);
  sizeNode(model.root, plans, measure);
  fixPosition(model.root, 0, 0);
  const drawn = [];
  for (const edge of picture.edges) {
    const chain = routes.get(edge);
    edge.aside = !chain;
    edge.points = chain ? stringPoints(edge, chain, plans) : null;
    if (chain) drawn.push(edge);
  }
  return { width: model.root.box.width, height: model.root.box.height, edges: drawn };
}

// The open scopes that an edge leaves, the one in which it runs, and those that it enters. None if it
// touches a part that stands aside of where the edge runs.
function levelsOf(edge) {
  const above = (node) => {
    const chain = [node];
    while (chain[chain.length - 1].parent) chain.push(chain[chain.length - 1].parent);
    return chain.reverse();
  };
  const from = above(edge.from);
  const to = above(edge.to);
  let common = 0;
  while (from[common + 1] === to[common + 1]) common += 1;
  const leaving = from.slice(common + 1);
  const entering = to.slice(common + 1);
  if (leaving.some(isAside) || entering.some(isAside)) return null;
  return { scope: from[common], leaving, entering };
}

function planOf(plans, scope) {
  if (!plans.has(scope)) plans.set(scope, { links: new Map(), leaving: new Set(), entering: new Set() });
  return plans.get(scope);
}

function recordLinks(plans, edge, { scope, leaving, entering }) {
  const plan = planOf(plans, scope);
  if (!plan.links.has(leaving[0])) plan.links.set(leaving[0], new Set());
  plan.links.get(leaving[0]).add(entering[0]);
  for (let at = 1; at < leaving.length; at++) planOf(plans, leaving[at - 1]).leaving.add(leaving[at]);
  for (let at = 1; at < entering.length; at++) planOf(plans, entering[at - 1]).entering.add(entering[at]);
}

function sizeNode(node, plans, measure) {
  if (!node.open) {
    node.box = { ...measure(node) };
    return;
  }
  for (const child of node.shown) sizeNode(child, plans, measure);
  const plan = planOf(plans, node);
  const aside = node.shown.filter(isAside);
  const linked = new Set([...plan.leaving, ...plan.entering]);
  for (const [from, targets] of plan.links) {
    linked.add(from);
    for (const to of targets) linked.add(to);
  }
  const flowing = node.shown.filter((child) => linked.has(child));
  const loose = node.shown.filter((child) => !linked.has(child) && !isAside(child));
  const main = flowing.length ? layFlow(flowing, plan) : { width: 0, height: 0 };
  plan.offset = { x: 0, y: 0 };
  const below = main.height ? main.height + 26 : 0;
  const wide = grid(loose, Math.max(main.width, 640), 0, below);
  let width = Math.max(main.width, wide.width);
  let height = Math.max(main.height, loose.length ? below + wide.height : 0);
  if (aside.length) {
    const left = width ? width + ASIDE_GAP : 0;
    const column = grid(aside, Math.max(150, columnWidth(aside, height)), left, 20);
    node.asideBox = { x: left, y: 0, width: column.width, height: column.height + 20 };
    width = left + column.width;
    height = Math.max(height, column.height + 20);
  } else node.asideBox = null;
  const title = measure(node).width;
  const isRoot = !node.parent;
  const inner = Math.max(width, isRoot ? 0 : title);
  const shift = { x: (isRoot ? 0 : PADDING) + (inner - width) / 2, y: isRoot ? 0 : HEADER };
  plan.offset = shift;
  for (const child of node.shown) {
    child.box.x += shift.x;
    child.box.y += shift.y;
  }
  if (node.asideBox) {
    node.asideBox.x += shift.x;
    node.asideBox.y += shift.y;
  }
  node.box = { width: inner + 2 * (isRoot ? 0 : PADDING), height: height + (isRoot ? 0 : HEADER + PADDING) };
}

function columnWidth(nodes, height) {
  const area = nodes.reduce((sum, node) => sum + (node.box.width + GRID_GAP) * (node.box.height + GRID_GAP), 0);
  return Math.max(...nodes.map((node) => node.box.width), area / Math.max(260, height));
}

// Items and links of one level; the plan keeps where each child, port and wire came to lie.
function layFlow(children, plan) {
  const items = children.map((child) => ({ child, width: child.box.width, height: child.box.height }));
  const at = new Map(children.map((child, index) => [child, index]));
  const links = [];
  for (const [from, targets] of plan.links) for (const to of targets) links.push([at.get(from), at.get(to)]);
  plan.ports = { leaving: new Map(), entering: new Map() };
  for (const child of plan.entering) {
    plan.ports.entering.set(child, items.length);
    links.push([items.length, at.get(child)]);
    items.push({ ...PORT, pin: "top" });
  }
  for (const child of plan.leaving) {
    plan.ports.leaving.set(child, items.length);
    links.push([at.get(child), items.length]);
    items.push({ ...PORT, pin: "bottom" });
  }
  const result = layeredLayout(items, links);
  for (const item of items) {
    if (!item.child) continue;
    item.child.box.x = item.x - item.width / 2;
    item.child.box.y = item.y - item.height / 2;
  }
  Object.assign(plan, { items, at, result });
  return result;
}

function grid(nodes, width, left, top) {
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  let widest = 0;
  for (const node of nodes) {
    if (x > 0 && x + node.box.width > width) {
      x = 0;
      y += rowHeight + GRID_GAP;
      rowHeight = 0;
    }
    node.box.x = left + x;
    node.box.y = top + y;
    x += node.box.width + GRID_GAP;
    rowHeight = Math.max(rowHeight, node.box.height);
    widest = Math.max(widest, x - GRID_GAP);
  }
  return { width: widest, height: y + rowHeight };
}

function fixPosition(node, x, y) {
  const left = x + (node.box.x || 0);
  const top = y + (node.box.y || 0);
  node.box.x = left;
  node.box.y = top;
  if (node.asideBox) {
    node.asideBox.x += left;
    node.asideBox.y += top;
  }
  if (node.open) for (const child of node.shown) fixPosition(child, left, top);
}

// Where an edge runs through one level, from item to item, both excluded: two points for each layer crossed.
function throughLevel(scope, plan, from, to) {
  const wire = plan.result.wires.get(from) || [];
  const points = [];
  for (let at = plan.result.layer[from] + 1; at < plan.result.layer[to]; at++) {
    const x = scope.box.x + plan.offset.x + wire[at].x;
    const y = scope.box.y + plan.offset.y;
    const band = plan.result.bands[at];
    points.push([x, y + band.top], [x, y + band.bottom]);
  }
  return points;
}

function portX(scope, plan, item) {
  return scope.box.x + plan.offset.x + plan.items[item].x;
}

function stringPoints(edge, { scope, leaving, entering }, plans) {
  const plan = plans.get(scope);
  const first = plan.at.get(leaving[0]);
  const last = plan.at.get(entering[0]);
  if (plan.result.layer[last] <= plan.result.layer[first]) return null;
  const points = [];
  for (let level = leaving.length - 1; level > 0; level--) {
    const outer = leaving[level - 1];
    const inner = plans.get(outer);
    const port = inner.ports.leaving.get(leaving[level]);
    points.push(...throughLevel(outer, inner, inner.at.get(leaving[level]), port));
    points.push([portX(outer, inner, port), outer.box.y + outer.box.height]);
  }
  points.push(...throughLevel(scope, plan, first, last));
  for (let level = 1; level < entering.length; level++) {
    const outer = entering[level - 1];
    const inner = plans.get(outer);
    const port = inner.ports.entering.get(entering[level]);
    points.push([portX(outer, inner, port), outer.box.y]);
    points.push(...throughLevel(outer, inner, port, inner.at.get(entering[level])));
  }
  return points;
}
