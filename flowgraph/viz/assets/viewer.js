// State and events: what is open, hidden and chosen; pan and zoom; the address fragment.

const MOST_BOXES = 4000;
const SMALLEST_LEGIBLE = 0.6;
const byId = (id) => document.getElementById(id);
const model = readModel(JSON.parse(byId("graph-data").textContent));
const state = { expanded: new Set(), hidden: new Set(), chosen: null, color: "kind", tab: "details" };
const view = { x: 0, y: 0, scale: 1 };
let picture = null;
let size = { width: 0, height: 0 };

function redraw() {
  picture = visibleGraph(model, state.expanded, state.hidden);
  for (const node of model.nodes.values()) node.element = null;
  for (const box of picture.boxes) box.lines = boxLines(box, state.color);
  size = layoutPicture(model, picture, measureBox);
  drawPicture(byId("canvas"), model, picture, painter(model, picture, state.color));
  make("g", { class: "aside-edges" }, byId("canvas"));
  markChosen();
  drawLegend();
  byId("counts").textContent = `${numberText(model.ops.length)} ops · ${numberText(picture.boxes.length)} boxes shown`;
}

function applyView() {
  byId("canvas").setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
}

function fit() {
  const { width, height } = byId("stage").getBoundingClientRect();
  const below = byId("legend").offsetHeight + 24;
  const whole = Math.min((width - 48) / Math.max(1, size.width), (height - 24 - below) / Math.max(1, size.height));
  view.scale = Math.max(SMALLEST_LEGIBLE, Math.min(1.25, whole));
  view.x = Math.max(24, (width - size.width * view.scale) / 2);
  view.y = Math.max(24, (height - below - size.height * view.scale) / 2);
  applyView();
}

function zoomAt(x, y, factor) {
  const scale = Math.max(0.04, Math.min(4, view.scale * factor));
  view.x = x - ((x - view.x) * scale) / view.scale;
  view.y = y - ((y - view.y) * scale) / view.scale;
  view.scale = scale;
  applyView();
}

function centreOn(node) {
  const { width, height } = byId("stage").getBoundingClientRect();
  view.scale = Math.max(view.scale, 0.8);
  view.x = width / 2 - (node.box.x + node.box.width / 2) * view.scale;
  view.y = height / 2 - (node.box.y + Math.min(node.box.height, height) / 2) * view.scale;
  applyView();
}

function say(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

// Opens or closes a scope and keeps its top left corner where it was on the screen.
function toggle(node) {
  if (node.op || !node.parent) return;
  const before = { x: node.box.x, y: node.box.y };
  if (state.expanded.has(node.path)) state.expanded.delete(node.path);
  else if (picture.boxes.length + node.children.length > MOST_BOXES) {
    say(`More than ${numberText(MOST_BOXES)} boxes would be shown: close a scope first.`);
    return;
  } else state.expanded.add(node.path);
  say("");
  redraw();
  view.x += (before.x - node.box.x) * view.scale;
  view.y += (before.y - node.box.y) * view.scale;
  applyView();
  writeFragment();
}

function shownBox(node) {
  let shown = node;
  for (let current = node.parent; current && current.parent; current = current.parent) {
    if (!state.expanded.has(current.path)) shown = current;
  }
  return shown;
}

function reveal(node) {
  for (let current = node; current; current = current.parent) state.hidden.delete(current.kind);
  for (let scope = node.parent; scope && scope.parent; scope = scope.parent) state.expanded.add(scope.path);
  redraw();
  choose(node);
  centreOn(shownBox(node));
}

function choose(node) {
  state.chosen = node;
  state.tab = "details";
  markChosen();
  showPanel();
  writeFragment();
}

function markChosen() {
  const canvas = byId("canvas");
  const extra = canvas.querySelector(".aside-edges");
  extra.replaceChildren();
  for (const element of canvas.querySelectorAll(".chosen, .near")) element.classList.remove("chosen", "near");
  const chosen = state.chosen;
  canvas.classList.toggle("has-chosen", Boolean(chosen && chosen.element));
  if (!chosen || !chosen.element) return;
  chosen.element.classList.add("chosen");
  for (const edge of picture.edges) {
    if (!isWithin(edge.from, chosen) && !isWithin(edge.to, chosen)) continue;
    for (const end of [edge.from, edge.to]) if (end.element) end.element.classList.add("near");
    if (edge.aside && !chosen.open) drawAsideEdge(edge, extra);
    if (!edge.aside) edge.element.classList.add("near");
    if (edge.labelElement) edge.labelElement.classList.add("near");
  }
}

function showPanel() {
  for (const button of document.querySelectorAll("[data-tab]")) {
    button.setAttribute("aria-selected", String(button.dataset.tab === state.tab));
  }
  const node = state.chosen || model.root;
  let parts = state.tab === "variables" ? variablesTable(model) : null;
  if (!parts && node.variable) parts = [...opDetails(model, node.variable), ...scopeDetails(model, node).slice(2)];
  if (!parts) parts = node.op ? opDetails(model, node.op) : scopeDetails(model, node);
  byId("panel-body").replaceChildren(...parts);
  byId("panel-body").scrollTop = 0;
}

function drawLegend() {
  const entries = legendEntries(model, picture, state.color).map(([name, fill, kind]) => {
    const swatch = html("span", { class: `swatch${kind ? ` kind-${kind}` : ""}` });
    if (fill) swatch.style.background = fill;
    if (!kind) return html("span", { class: "entry" }, swatch, name);
    const shown = String(!state.hidden.has(kind));
    return html("button", { class: "entry", "data-kind": kind, "aria-pressed": shown, title: "Show or hide" }, swatch, name);
  });
  byId("legend").replaceChildren(...entries);
}

function writeFragment() {
  const parts = [];
  const open = [...state.expanded].map((path) => path.replace(/\/$/, ""));
  if (open.length) parts.push(`expand=${open.map(encodeURIComponent).join(",")}`);
  if (state.chosen && state.chosen.parent) parts.push(`select=${encodeURIComponent(state.chosen.path)}`);
  if (state.color !== "kind") parts.push(`color=${state.color}`);
  try {
    history.replaceState(null, "", `#${parts.join("&")}`);
  } catch {
    return; // A page inside a frame may not change its address.
  }
}

function readFragment() {
  const fields = new Map(location.hash.slice(1).split("&").map((part) => part.split("=")));
  const value = (name) => decodeURIComponent(fields.get(name) || "");
  for (const path of (fields.get("expand") || "").split(",").filter(Boolean).map(decodeURIComponent)) {
    for (let node = model.nodes.get(`${path}/`) || model.nodes.get(path); node && node.parent; node = node.parent) {
      if (!node.op) state.expanded.add(node.path);
    }
  }
  for (const kind of value("hide").split(",")) if (model.kinds.includes(kind)) state.hidden.add(kind);
  if (paintModes(model).some(([mode]) => mode === value("color"))) state.color = value("color");
  if (value("tab") === "variables") state.tab = "variables";
  setTheme(["dark", "light"].includes(value("theme")) ? value("theme") : systemTheme());
  const chosen = value("select");
  return chosen ? model.nodes.get(chosen) || model.nodes.get(`${chosen}/`) : null;
}

function systemTheme() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
}

function showResults(text) {
  const found = searchOps(model, text, 40);
  const rows = found.map((op) => html("li", {}, opLink(op), html("span", { class: "type" }, op.type)));
  if (text.trim() && !rows.length) rows.push(html("li", { class: "more" }, "No op of that name or type"));
  byId("results").replaceChildren(...rows);
  byId("results").hidden = !rows.length;
}

function nodeAt(target) {
  const element = target.closest("[data-path]");
  return element ? model.nodes.get(element.dataset.path) : null;
}

function listenToPicture() {
  const stage = byId("stage");
  let drag = null;
  stage.addEventListener("pointerdown", (event) => {
    const node = nodeAt(event.target);
    const toggles = node && (!node.open || event.target.closest(".frame-head"));
    drag = { x: event.clientX, y: event.clientY, moved: false, node, toggles };
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (!drag.moved && Math.hypot(dx, dy) < 4) return;
    Object.assign(drag, { moved: true, x: event.clientX, y: event.clientY });
    view.x += dx;
    view.y += dy;
    applyView();
  });
  stage.addEventListener("pointerup", () => {
    const pressed = drag;
    drag = null;
    if (!pressed || pressed.moved) return;
    if (pressed.toggles) toggle(pressed.node);
    choose(pressed.node);
  });
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { left, top } = stage.getBoundingClientRect();
    zoomAt(event.clientX - left, event.clientY - top, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)));
  }, { passive: false });
  stage.addEventListener("keydown", (event) => {
    const node = nodeAt(event.target);
    if (!node || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    toggle(node);
    choose(node);
    if (node.element) node.element.focus();
  });
}

function listenToControls() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-reveal]");
    if (link) {
      event.preventDefault();
      byId("results").hidden = true;
      reveal(model.nodes.get(link.dataset.reveal));
    }
    const tab = event.target.closest("[data-tab]");
    if (tab) {
      state.tab = tab.dataset.tab;
      showPanel();
    }
    const kind = event.target.closest("[data-kind]");
    if (kind) {
      if (!state.hidden.delete(kind.dataset.kind)) state.hidden.add(kind.dataset.kind);
      redraw();
    }
  });
  byId("search").addEventListener("input", (event) => showResults(event.target.value));
  byId("search").addEventListener("keydown", (event) => {
    const first = byId("results").querySelector("[data-reveal]");
    if (event.key === "Enter" && first) first.click();
    if (event.key === "Escape") byId("results").hidden = true;
  });
  byId("color").addEventListener("change", (event) => {
    state.color = event.target.value;
    redraw();
    writeFragment();
  });
  byId("fit").addEventListener("click", fit);
  byId("fold").addEventListener("click", () => {
    state.expanded.clear();
    redraw();
    fit();
    writeFragment();
  });
  byId("theme").addEventListener("click", () => {
    setTheme(isDark() ? "light" : "dark");
    redraw();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select")) return;
    if (event.key === "/") {
      event.preventDefault();
      byId("search").focus();
    } else if (event.key === "f") fit();
    else if (event.key === "Escape") choose(null);
  });
}

function start() {
  const modes = paintModes(model);
  byId("color").replaceChildren(...modes.map(([mode, name]) => html("option", { value: mode }, name)));
  byId("color-field").hidden = modes.length < 2;
  const chosen = readFragment();
  byId("color").value = state.color;
  const tops = model.root.children.filter((child) => !isAside(child));
  if (tops.length === 1 && !tops[0].op) state.expanded.add(tops[0].path);
  redraw();
  fit();
  const tab = state.tab;
  if (chosen) reveal(chosen);
  state.tab = tab;
  showPanel();
  listenToPicture();
  listenToControls();
}

start();
