// The picture as SVG: scope frames, then edges, then boxes, then labels.

const SVG = "http://www.w3.org/2000/svg";
const SIZES = { line: 15, pad: 9, small: 20 };
const pen = document.createElement("canvas").getContext("2d");

function textWidth(text, font) {
  pen.font = font;
  return pen.measureText(text).width;
}

const TITLE_FONT = "600 12px system-ui, sans-serif";
const SMALL_FONT = "10.5px system-ui, sans-serif";

function boxLines(node, mode) {
  const op = node.op || node.variable;
  const title = shortened(node.label, 38);
  if (mode === "time" && node.micros) return [title, timeText(node.micros)];
  if (mode === "memory" && node.bytes) return [title, bytesText(node.bytes)];
  if (!op) return [title, `${node.count.toLocaleString("en")} ops`];
  if (node.kind === "constant") return [title];
  if (node.variable || node.kind === "input" || node.kind === "variable") {
    const value = op.holds || op.outputs[0];
    return [title, value ? `${shapeText(value.shape)} ${value.dtype}` : op.type];
  }
  const bare = title.replace(/^\(|\)$/g, "").replace(/_\d+$/, "").replace(/.*\//, "");
  return bare === op.type ? [title] : [title, op.type];
}

function shortened(text, length) {
  if (text.length <= length) return text;
  const half = Math.floor((length - 1) / 2);
  return `${text.slice(0, half)}…${text.slice(-half)}`;
}

// An open scope is measured for its title alone.
function measureBox(node) {
  const lines = node.open ? [shortened(node.label, 48)] : node.lines;
  const badge = node.op ? 0 : 18;
  const width = Math.max(textWidth(lines[0], TITLE_FONT) + badge, lines[1] ? textWidth(lines[1], SMALL_FONT) : 0);
  return {
    width: Math.max(46, Math.ceil(width) + 2 * SIZES.pad + 4),
    height: lines.length > 1 ? 40 : node.kind === "constant" ? SIZES.small : 26,
  };
}

function make(tag, attributes, parent) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (parent) parent.appendChild(element);
  return element;
}

function drawPicture(canvas, model, picture, paint) {
  canvas.replaceChildren();
  const frames = make("g", { class: "frames" }, canvas);
  const wires = make("g", { class: "edges" }, canvas);
  const boxes = make("g", { class: "boxes" }, canvas);
  const labels = make("g", { class: "labels" }, canvas);
  drawScope(model.root, frames, boxes, paint);
  const taken = picture.boxes.map((node) => node.box);
  const byImportance = [...picture.edges].filter((edge) => !edge.aside).sort((a, b) => b.size - a.size);
  for (const edge of byImportance) drawEdge(edge, wires);
  for (const edge of byImportance) drawLabel(edge, labels, taken);
}

function drawScope(scope, frames, boxes, paint) {
  if (scope.parent) drawFrame(scope, frames);
  if (scope.asideBox) {
    const { x, y, width } = scope.asideBox;
    const heading = make("text", { class: "aside-heading", x, y: y + 8 }, frames);
    heading.textContent = "set aside";
    make("path", { class: "aside-rule", d: `M${x - ASIDE_GAP / 2} ${y}v${scope.asideBox.height}` }, frames);
    if (width < 60) heading.setAttribute("textLength", Math.max(40, width));
  }
  for (const child of scope.shown) {
    if (child.open) drawScope(child, frames, boxes, paint);
    else drawBox(child, boxes, paint);
  }
}

function drawFrame(scope, parent) {
  const { x, y, width, height } = scope.box;
  const group = make("g", { class: `frame kind-${scope.kind}`, "data-path": scope.path }, parent);
  make("rect", { x, y, width, height, rx: 10 }, group);
  const head = make("g", { class: "frame-head", tabindex: 0, role: "button" }, group);
  make("rect", { x, y, width, height: HEADER, rx: 10 }, head);
  const title = make("text", { class: "frame-title", x: x + 12, y: y + 18 }, head);
  title.textContent = `▾ ${shortened(scope.label, 48)}`;
  scope.element = group;
}

function drawBox(node, parent, paint) {
  const { x, y, width, height } = node.box;
  const shape = node.op ? "op" : node.variable ? "variable" : "scope";
  const aside = isAside(node) ? " aside" : "";
  const group = make("g", {
    class: `box ${shape} kind-${node.kind}${aside}`, "data-path": node.path, tabindex: 0, role: "button",
    transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
  }, parent);
  if (shape === "scope") make("rect", { class: "back", x: 4, y: 4, width, height, rx: 8 }, group);
  const radius = node.kind === "constant" || node.kind === "input" ? height / 2 : shape === "op" ? 5 : 8;
  const body = make("rect", { class: "body", width, height, rx: radius }, group);
  const fill = paint(node);
  if (fill) {
    body.setAttribute("style", `fill:${fill}`);
    group.classList.add("painted");
  }
  const lines = node.lines;
  const middle = width / 2;
  const base = lines.length > 1 ? 17 : height / 2 + 4;
  const title = make("text", { class: "title", x: middle, y: base }, group);
  title.textContent = node.op ? lines[0] : `▸ ${lines[0]}`;
  if (lines[1]) make("text", { class: "subtitle", x: middle, y: 31 }, group).textContent = lines[1];
  make("title", {}, group).textContent = `${node.path || node.label}${node.op ? ` (${node.op.type})` : ""}`;
  node.element = group;
}

function edgeWidth(edge) {
  if (!edge.tensors.length) return 1;
  return Math.min(6, 1 + 0.28 * Math.log10(Math.max(1, edge.size)) ** 1.5);
}

function edgeKind(edge) {
  if (edge.from.kind === "optimizer" || edge.to.kind === "optimizer") return "optimizer";
  return edge.from.kind === "gradient" || edge.to.kind === "gradient" ? "gradient" : "forward";
}

// Straight down through a layer, an S-curve from one layer to the next.
function edgePath(edge) {
  const a = edge.from.box;
  const b = edge.to.box;
  if (!edge.points) return sidePath(a, b);
  const end = [b.x + b.width / 2, b.y - 5];
  const start = [a.x + a.width / 2, a.y + a.height];
  start[0] = towards(a, (edge.points[0] || end)[0]);
  end[0] = towards(b, (edge.points[edge.points.length - 1] || start)[0]);
  const points = [start, ...edge.points, end];
  edge.middles = [];
  let path = `M${start[0].toFixed(1)} ${start[1].toFixed(1)}`;
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1];
    const [x, y] = points[i];
    const bend = (y - y0) / 2;
    path += `C${x0.toFixed(1)} ${(y0 + bend).toFixed(1)} ${x.toFixed(1)} ${(y - bend).toFixed(1)} ${x.toFixed(1)} ${y.toFixed(1)}`;
    edge.middles.push([(x0 + x) / 2, (y0 + y) / 2, y - y0], [x0 * 0.896 + x * 0.104, y0 + (y - y0) * 0.3, y - y0]);
  }
  return path;
}

function towards(box, x) {
  const middle = box.x + box.width / 2;
  const reach = Math.min(box.width * 0.3, 60);
  return middle + Math.max(-reach, Math.min(reach, (x - middle) * 0.25));
}

// Against the flow: out at the right of one box and into the right of the other.
function sidePath(a, b) {
  const x0 = a.x + a.width;
  const y0 = a.y + a.height / 2;
  const x1 = b.x + b.width + 5;
  const y1 = b.y + b.height / 2;
  const out = Math.max(x0, x1) + 40 + Math.abs(y1 - y0) * 0.08;
  return `M${x0} ${y0}C${out} ${y0} ${out} ${y1} ${x1} ${y1}`;
}

function drawEdge(edge, parent) {
  const control = edge.tensors.length ? "" : " control";
  const element = make("path", {
    class: `edge of-${edgeKind(edge)}${control}`,
    d: edgePath(edge),
    "stroke-width": edgeWidth(edge).toFixed(2),
    "marker-end": `url(#arrow-${edgeKind(edge)})`,
  }, parent);
  const shown = edge.tensors.slice(0, 12).map((tensor) => `${tensor.name}  ${tensor.dtype} ${shapeText(tensor.shape)}`);
  if (edge.tensors.length > 12) shown.push(`… ${edge.tensors.length - 12} more`);
  if (edge.control) shown.push(`${edge.control} control ${edge.control === 1 ? "dependency" : "dependencies"}`);
  make("title", {}, element).textContent = `${edge.from.path} → ${edge.to.path}\n${shown.join("\n")}`;
  edge.element = element;
}

// A label goes where it hides nothing; where there is no such place it shows only when its edge is chosen.
function drawLabel(edge, parent, taken) {
  edge.labelElement = null;
  if (!edge.label || !edge.middles) return;
  const width = textWidth(edge.label, "10px system-ui, sans-serif") + 6;
  const places = edge.middles.filter((place) => place[2] > 16)
    .map(([x, y]) => ({ x: x - width / 2, y: y - 7, width, height: 14 }));
  if (!places.length) return;
  const free = edge.minor ? null : places.find((place) => !taken.some((other) => overlaps(place, other)));
  const place = free || places[0];
  if (free) taken.push(free);
  const group = make("g", { class: `edge-label of-${edgeKind(edge)}${free ? "" : " crowded"}` }, parent);
  make("rect", { x: place.x, y: place.y, width, height: 14, rx: 4 }, group);
  make("text", { x: place.x + width / 2, y: place.y + 10.5 }, group).textContent = edge.label;
  edge.labelElement = group;
}

function overlaps(a, b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function drawAsideEdge(edge, parent) {
  const a = edge.from.box;
  const b = edge.to.box;
  const [x0, y0] = [a.x + a.width / 2, a.y + a.height / 2];
  const [x1, y1] = [b.x + b.width / 2, b.y + b.height / 2];
  const sag = Math.min(120, 30 + Math.abs(x1 - x0) * 0.1);
  make("path", { class: "aside-edge", d: `M${x0} ${y0}C${x0} ${y0 + sag} ${x1} ${y1 + sag} ${x1} ${y1}` }, parent);
}
