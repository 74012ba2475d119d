// What the fill of a box tells: its role (from the stylesheet), device, plan step, time or memory.

const HUES = [215, 15, 155, 270, 40, 190, 330, 95];

function isDark() {
  return document.documentElement.dataset.theme === "dark";
}

function categoryFill(position) {
  const hue = HUES[position % HUES.length];
  return isDark() ? `hsl(${hue} 34% 27%)` : `hsl(${hue} 70% 89%)`;
}

function heatFill(share) {
  const strength = Math.sqrt(share);
  if (isDark()) return `hsl(${45 - 37 * strength} ${15 + 60 * strength}% ${19 + 23 * strength}%)`;
  return `hsl(${48 - 38 * strength} ${45 + 45 * strength}% ${96 - 36 * strength}%)`;
}

function costOf(node, mode) {
  return mode === "time" ? node.micros : node.bytes;
}

function largestCost(picture, mode) {
  return picture.boxes.reduce((largest, node) => Math.max(largest, costOf(node, mode)), 0);
}

function painter(model, picture, mode) {
  if (mode === "time" || mode === "memory") {
    const largest = largestCost(picture, mode);
    return (node) => heatFill(largest ? costOf(node, mode) / largest : 0);
  }
  if (mode === "device" || mode === "plan") {
    const keyOf = mode === "device" ? (op) => op.device : (op) => op.plan;
    const keys = categories(model, mode);
    return (node) => {
      const found = new Set(leavesOf(node).map((leaf) => keyOf(leaf.op)));
      if (found.size !== 1) return "var(--plain)";
      return categoryFill(keys.indexOf([...found][0]));
    };
  }
  return () => null;
}

function categories(model, mode) {
  return mode === "device" ? model.devices : [...new Set(model.ops.map((op) => op.plan))];
}

function paintModes(model) {
  const modes = [["kind", "role"]];
  if (model.devices.length > 1) modes.push(["device", "device"]);
  if (model.hasTimes) modes.push(["time", "time"]);
  if (model.hasBytes) modes.push(["memory", "memory"]);
  if (model.hasPlan) modes.push(["plan", "plan step"]);
  return modes;
}

function legendEntries(model, picture, mode) {
  if (mode === "time" || mode === "memory") {
    const largest = largestCost(picture, mode);
    const text = mode === "time" ? timeText : bytesText;
    return [0, 0.1, 0.4, 1].map((share) => [text(share * largest), heatFill(share), null]);
  }
  if (mode === "device" || mode === "plan") {
    const names = categories(model, mode);
    const entries = names.slice(0, 12).map((name, at) => [name || "unassigned", categoryFill(at), null]);
    return names.length > 12 ? [...entries, [`${names.length - 12} more`, "var(--plain)", null]] : entries;
  }
  const present = new Set(model.ops.map((op) => op.kind));
  return model.kinds.filter((kind) => present.has(kind)).map((kind) => [kind, null, kind]);
}
