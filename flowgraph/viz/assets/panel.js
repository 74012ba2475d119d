// The panel beside the picture: overview, details of what is chosen, and the variables.

function html(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function numberText(value) {
  return value.toLocaleString("en");
}

function bytesText(bytes) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < 3) {
    bytes /= 1024;
    unit += 1;
  }
  return `${bytes >= 100 || unit === 0 ? bytes.toFixed(0) : bytes.toPrecision(3)} ${units[unit]}`;
}

function timeText(micros) {
  if (micros >= 1e6) return `${(micros / 1e6).toPrecision(3)} s`;
  if (micros >= 1000) return `${(micros / 1000).toPrecision(3)} ms`;
  if (!micros) return "0 µs";
  return `${micros >= 100 ? micros.toFixed(0) : micros.toPrecision(3)} µs`;
}

function section(title, ...children) {
  return html("section", {}, html("h3", {}, title), ...children);
}

function facts(pairs) {
  const list = html("dl", {});
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    list.append(html("dt", {}, name), html("dd", {}, value));
  }
  return list;
}

function opLink(op, text) {
  return html("a", { href: "#", class: "op-link", "data-reveal": op.name, title: op.name }, text || op.name);
}

function tensorRow(op, output) {
  const value = op.outputs[output];
  const type = value ? `${value.dtype} ${shapeText(value.shape)}` : "";
  return html("li", {}, opLink(op, output ? tensorName(op, output) : op.name), html("span", { class: "type" }, type));
}

function limitedList(rows, limit) {
  const list = html("ul", { class: "tensors" }, ...rows.slice(0, limit).map((row) => row()));
  if (rows.length > limit) list.append(html("li", { class: "more" }, `and ${numberText(rows.length - limit)} more`));
  return list;
}

function kindChip(kind) {
  return html("span", { class: `chip kind-${kind}` }, kind);
}

function costFacts(item) {
  return [
    ["Time", item.micros ? timeText(item.micros) : null],
    ["Memory", item.bytes ? bytesText(item.bytes) : null],
  ];
}

function opDetails(model, op) {
  const parts = [
    html("h2", {}, op.name),
    html("p", { class: "kindline" }, kindChip(op.kind), html("code", {}, op.type)),
    facts([
      ["Device", op.device || null],
      ["Created at", op.created],
      ["Plan", op.plan],
      ...costFacts(op),
    ]),
  ];
  const attributes = Object.entries(op.attrs);
  if (attributes.length) {
    const rows = attributes.map(([name, value]) => html("tr", {}, html("th", {}, name), html("td", {}, value)));
    parts.push(section("Attributes", html("table", { class: "attributes" }, ...rows)));
  }
  if (op.inputs.length) {
    parts.push(section(`Inputs (${op.inputs.length})`,
      limitedList(op.inputs.map((input) => () => tensorRow(model.ops[input.op], input.output)), 40)));
  }
  if (op.outputs.length) {
    const rows = op.outputs.map((value, output) => () => {
      const type = html("span", { class: "type" }, `${value.dtype} ${shapeText(value.shape)}`);
      return html("li", {}, tensorName(op, output), type);
    });
    parts.push(section(`Outputs (${op.outputs.length})`, limitedList(rows, 40)));
  }
  const readers = [...new Set(op.consumers.map((consumer) => consumer.op))];
  if (readers.length) {
    parts.push(section(`Read by (${readers.length})`,
      limitedList(readers.map((index) => () => html("li", {}, opLink(model.ops[index]))), 40)));
  }
  if (op.control.length) {
    parts.push(section(`Control inputs (${op.control.length})`,
      limitedList(op.control.map((index) => () => html("li", {}, opLink(model.ops[index]))), 40)));
  }
  return parts;
}

function countBy(leaves, key) {
  const counts = new Map();
  for (const leaf of leaves) counts.set(key(leaf.op), (counts.get(key(leaf.op)) || 0) + 1);
  return [...counts.entries()].sort((a, b) => b[1] - a[1]);
}

function barList(counts, total, chipped) {
  const list = html("ul", { class: "bars" });
  for (const [name, count] of counts) {
    const bar = html("span", { class: "bar", style: `width:${Math.max(1, (100 * count) / total)}%` });
    list.append(html("li", {}, chipped ? kindChip(name) : html("code", {}, name), html("b", {}, numberText(count)), bar));
  }
  return list;
}

function scopeDetails(model, node) {
  const leaves = leavesOf(node);
  const inside = new Set(leaves.map((leaf) => leaf.op.index));
  const incoming = new Map();
  const outgoing = new Map();
  for (const leaf of leaves) {
    for (const input of leaf.op.inputs) {
      if (!inside.has(input.op)) incoming.set(`${input.op}:${input.output}`, input);
    }
    for (const consumer of leaf.op.consumers) {
      if (!inside.has(consumer.op)) outgoing.set(`${leaf.op.index}:${consumer.output}`, { op: leaf.op.index, output: consumer.output });
    }
  }
  const tensorRows = (map) => [...map.values()].map((value) => () => tensorRow(model.ops[value.op], value.output));
  const parts = [
    html("h2", {}, node.parent ? node.path.replace(/\/$/, "").replace(/#.*/, "") || node.label : model.title),
    html("p", { class: "kindline" }, node.parent ? kindChip(node.kind) : "", html("span", {}, `${numberText(node.count)} ops`)),
    facts([["Devices", [...new Set(leaves.map((leaf) => leaf.op.device))].filter(Boolean).join(", ")], ...costFacts(node)]),
  ];
  if (incoming.size) parts.push(section(`Comes in (${incoming.size})`, limitedList(tensorRows(incoming), 25)));
  if (outgoing.size) parts.push(section(`Goes out (${outgoing.size})`, limitedList(tensorRows(outgoing), 25)));
  if (model.hasTimes && node.micros) {
    const slowest = [...leaves].sort((a, b) => b.op.micros - a.op.micros).slice(0, 10).filter((leaf) => leaf.op.micros);
    const rows = slowest.map((leaf) => html("li", {}, opLink(leaf.op), html("span", { class: "type" }, timeText(leaf.op.micros))));
    parts.push(section("Slowest", html("ul", { class: "tensors" }, ...rows)));
  }
  if (!node.parent) parts.push(section("Roles", barList(countBy(leaves, (op) => op.kind), leaves.length, true)));
  parts.push(section("Op types", barList(countBy(leaves, (op) => op.type).slice(0, 14), leaves.length, false)));
  return parts;
}

function variablesTable(model) {
  const rows = [];
  let total = 0;
  let optimizer = 0;
  for (const variable of model.variables) {
    const op = model.ops[variable.op];
    if (variable.count !== null) total += variable.count;
    if (op.kind === "optimizer" && variable.count !== null) optimizer += variable.count;
    rows.push(html("tr", { class: `kind-${op.kind}` },
      html("td", {}, opLink(op)),
      html("td", {}, shapeText(variable.shape)),
      html("td", {}, variable.dtype),
      html("td", { class: "number" }, variable.count === null ? "?" : numberText(variable.count))));
  }
  const head = html("tr", {}, ...["Variable", "Shape", "Dtype", "Size"].map((name) => html("th", {}, name)));
  const parts = [
    html("h2", {}, `Variables (${rows.length})`),
    facts([["Values in all", numberText(total)], ["of the model", numberText(total - optimizer)], ["of the optimizer", numberText(optimizer)]]),
  ];
  if (rows.length) parts.push(html("table", { class: "variables" }, html("thead", {}, head), html("tbody", {}, ...rows)));
  return parts;
}

function searchOps(model, text, limit) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const found = [];
  for (const op of model.ops) {
    const where = `${op.name} ${op.type}`.toLowerCase();
    if (!words.every((word) => where.includes(word))) continue;
    const label = op.name.slice(op.name.lastIndexOf("/") + 1).toLowerCase();
    const rank = label === words[0] ? 0 : label.startsWith(words[0]) ? 1 : label.includes(words[0]) ? 2 : 3;
    found.push({ op, rank });
  }
  found.sort((a, b) => a.rank - b.rank || a.op.name.length - b.op.name.length || a.op.index - b.op.index);
  return found.slice(0, limit).map((entry) => entry.op);
}
