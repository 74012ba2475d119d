// Layered layout of one scope: layers by longest path, order by medians, places by least squares.

const NODE_GAP = 22;
const WIRE_GAP = 9;
const ORDER_SWEEPS = 10;
const PLACE_SWEEPS = 30;

// items: {width, height, pin: "top"|"bottom"|undefined}; links: [from, to] as item indices.
// Fills item.x, item.y (centres) and returns {width, height, rows, wires}, where wires.get(from)[layer] is the
// place at which the edges of `from` cross that layer. Links against the flow get no wire.
function layeredLayout(items, links) {
  const forward = withoutCycles(items, links);
  const layer = assignLayers(items, forward);
  const cells = items.map((item, index) => ({
    item, index, layer: layer[index], width: item.width, up: [], down: [], x: 0, pin: item.pin,
  }));
  const wires = stringWires(cells, forward, layer);
  const rows = makeRows(cells);
  orderRows(rows);
  placeAcross(rows);
  return { ...placeDown(items, cells, rows), wires, layer };
}

function withoutCycles(items, links) {
  const outgoing = items.map(() => []);
  for (const [from, to] of links) if (from !== to) outgoing[from].push(to);
  const state = new Uint8Array(items.length);
  const kept = [];
  const visit = (start) => {
    const stack = [[start, 0]];
    state[start] = 1;
    while (stack.length) {
      const top = stack[stack.length - 1];
      if (top[1] === outgoing[top[0]].length) {
        state[top[0]] = 2;
        stack.pop();
        continue;
      }
      const next = outgoing[top[0]][top[1]++];
      if (state[next] === 1) continue;
      kept.push([top[0], next]);
      if (state[next] === 0) {
        state[next] = 1;
        stack.push([next, 0]);
      }
    }
  };
  const fedBy = items.map(() => 0);
  for (const [, to] of links) fedBy[to] += 1;
  items.forEach((_, index) => { if (!fedBy[index] && !state[index]) visit(index); });
  items.forEach((_, index) => { if (!state[index]) visit(index); });
  return kept;
}

function assignLayers(items, links) {
  const outgoing = items.map(() => []);
  const incoming = items.map(() => []);
  for (const [from, to] of links) {
    outgoing[from].push(to);
    incoming[to].push(from);
  }
  const order = topologicalOrder(outgoing, incoming);
  const layer = items.map(() => 0);
  const shift = items.some((item) => item.pin === "top") ? 1 : 0;
  for (const index of order) {
    if (items[index].pin === "top") continue;
    layer[index] = Math.max(shift, ...incoming[index].map((from) => layer[from] + 1));
  }
  for (const index of [...order].reverse()) {
    if (items[index].pin || !outgoing[index].length) continue;
    if (incoming[index].length > outgoing[index].length) continue;
    const free = outgoing[index].filter((to) => items[to].pin !== "bottom");
    if (free.length) layer[index] = Math.max(layer[index], Math.min(...free.map((to) => layer[to])) - 1);
  }
  const last = Math.max(0, ...items.map((item, index) => (item.pin === "bottom" ? 0 : layer[index])));
  items.forEach((item, index) => { if (item.pin === "bottom") layer[index] = last + 1; });
  return layer;
}

function topologicalOrder(outgoing, incoming) {
  const waiting = incoming.map((sources) => sources.length);
  const ready = [];
  waiting.forEach((count, index) => { if (!count) ready.push(index); });
  for (let next = 0; next < ready.length; next++) {
    for (const to of outgoing[ready[next]]) if (--waiting[to] === 0) ready.push(to);
  }
  return ready;
}

// All edges of one item share a wire down through the layers and leave it where their target is due: far fewer
// crossings than a wire for each.
function stringWires(cells, links, layer) {
  const wires = new Map();
  const linked = new Set();
  const join = (upper, lower) => {
    upper.down.push(lower);
    lower.up.push(upper);
  };
  for (const [from, to] of links) {
    const key = from * 1e6 + to;
    if (layer[to] <= layer[from] || linked.has(key)) continue;
    linked.add(key);
    let above = cells[from];
    if (layer[to] - layer[from] > 1) {
      if (!wires.has(from)) wires.set(from, []);
      const wire = wires.get(from);
      for (let at = layer[from] + 1; at < layer[to]; at++) {
        if (!wire[at]) {
          wire[at] = { wire: true, layer: at, width: 4, up: [], down: [], x: 0 };
          cells.push(wire[at]);
          join(above, wire[at]);
        }
        above = wire[at];
      }
    }
    join(above, cells[to]);
  }
  return wires;
}

function makeRows(cells) {
  const rows = [];
  for (const cell of cells) (rows[cell.layer] = rows[cell.layer] || []).push(cell);
  for (let at = 0; at < rows.length; at++) rows[at] = rows[at] || [];
  number(rows);
  return rows;
}

function number(rows) {
  for (const row of rows) row.forEach((cell, position) => { cell.position = position; });
}

function orderRows(rows) {
  let best = rows.map((row) => [...row]);
  let fewest = countCrossings(rows);
  for (let sweep = 0; sweep < ORDER_SWEEPS && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    const sequence = down ? rows.keys() : [...rows.keys()].reverse();
    for (const at of sequence) {
      for (const cell of rows[at]) cell.wanted = barycentre(down ? cell.up : cell.down, cell.position);
      rows[at].sort((a, b) => a.wanted - b.wanted || a.position - b.position);
      rows[at].forEach((cell, position) => { cell.position = position; });
    }
    const crossings = countCrossings(rows);
    if (crossings < fewest) {
      fewest = crossings;
      best = rows.map((row) => [...row]);
    }
  }
  best.forEach((row, at) => { rows[at] = row; });
  number(rows);
}

function barycentre(neighbours, otherwise) {
  if (!neighbours.length) return otherwise;
  let sum = 0;
  for (const cell of neighbours) sum += cell.position;
  return sum / neighbours.length;
}

// Counts inversions between each pair of rows with a binary indexed tree.
function countCrossings(rows) {
  let total = 0;
  for (let at = 0; at + 1 < rows.length; at++) {
    const tree = new Int32Array(rows[at + 1].length + 2);
    let seen = 0;
    for (const cell of rows[at]) {
      const ends = cell.down.map((lower) => lower.position).sort((a, b) => a - b);
      for (const end of ends) {
        let notBeyond = 0;
        for (let i = end + 1; i > 0; i -= i & -i) notBeyond += tree[i];
        total += seen - notBeyond;
      }
      for (const end of ends) {
        for (let i = end + 1; i < tree.length; i += i & -i) tree[i] += 1;
      }
      seen += ends.length;
    }
  }
  return total;
}

function placeAcross(rows) {
  for (const row of rows) {
    let edge = 0;
    row.forEach((cell, at) => {
      cell.x = edge + (at ? separation(row[at - 1], cell) - row[at - 1].width / 2 : cell.width / 2);
      edge = cell.x + cell.width / 2;
    });
  }
  for (let sweep = 0; sweep < PLACE_SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    const last = sweep >= PLACE_SWEEPS - 2;
    const sequence = down ? [...rows.keys()] : [...rows.keys()].reverse();
    for (const at of sequence) {
      pullTogether(rows[at], (cell) => (last ? [...cell.up, ...cell.down] : down ? cell.up : cell.down));
    }
  }
}

function separation(left, right) {
  const gap = left.wire && right.wire ? WIRE_GAP : left.wire || right.wire ? NODE_GAP * 0.7 : NODE_GAP;
  return (left.width + right.width) / 2 + gap;
}

// Least squares under fixed order and separations: pool neighbours that would overlap into blocks.
function pullTogether(row, neighboursOf) {
  const blocks = [];
  let offset = 0;
  row.forEach((cell, at) => {
    if (at) offset += separation(row[at - 1], cell);
    const { wanted, weight } = pull(cell, neighboursOf(cell));
    let block = { sum: (wanted - offset) * weight, weight, cells: [cell], offsets: [offset] };
    while (blocks.length && blocks[blocks.length - 1].sum / blocks[blocks.length - 1].weight > block.sum / block.weight) {
      const left = blocks.pop();
      block = {
        sum: left.sum + block.sum,
        weight: left.weight + block.weight,
        cells: left.cells.concat(block.cells),
        offsets: left.offsets.concat(block.offsets),
      };
    }
    blocks.push(block);
  });
  for (const block of blocks) {
    const start = block.sum / block.weight;
    block.cells.forEach((cell, at) => { cell.x = start + block.offsets[at]; });
  }
}

function pull(cell, neighbours) {
  if (!neighbours.length) return { wanted: cell.x, weight: 0.05 };
  let sum = 0;
  let weight = 0;
  for (const other of neighbours) {
    // Wires run straight first, then chains of boxes; where a wire meets a box it may bend.
    const strength = cell.wire && other.wire ? 8 : cell.wire || other.wire ? 1 : 4;
    sum += other.x * strength;
    weight += strength;
  }
  return { wanted: sum / weight, weight };
}

function placeDown(items, cells, rows) {
  let left = Infinity;
  let right = -Infinity;
  for (const cell of cells) {
    left = Math.min(left, cell.x - cell.width / 2);
    right = Math.max(right, cell.x + cell.width / 2);
  }
  let y = 0;
  const bands = [];
  rows.forEach((row, at) => {
    const height = Math.max(2, ...row.map((cell) => (cell.wire ? 0 : cell.item.height)));
    bands[at] = { top: y, bottom: y + height };
    for (const cell of row) {
      cell.x -= left;
      if (!cell.wire) Object.assign(cell.item, { x: cell.x, y: y + height / 2, layer: at });
    }
    y += height + (at + 1 < rows.length ? gapBelow(row) : 0);
  });
  return { width: Math.max(0, right - left), height: y, bands };
}

function gapBelow(row) {
  let reach = 0;
  let ends = 0;
  for (const cell of row) {
    for (const lower of cell.down) reach = Math.max(reach, Math.abs(lower.x - cell.x));
    ends += cell.down.length;
  }
  const onlyPorts = row.every((cell) => cell.wire || cell.pin);
  return (onlyPorts ? 18 : 40) + Math.min(60, reach * 0.06) + Math.min(30, ends);
}
