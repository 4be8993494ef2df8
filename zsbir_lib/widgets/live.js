// What the live widgets share. This text stands in front of each widget's own module; nothing is
// imported, so that a widget also works from a notebook's saved state. Texts that come from data
// reach the page as text only (`textContent`), never as HTML.

const COLOURS = ["var(--zsbir-1)", "var(--zsbir-2)", "var(--zsbir-3)", "var(--zsbir-4)"];

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// An SVG element; `attributes` are set as they are.
function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function within(value, low, high) {
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : low;
}

let widgetCount = 0;

function freshId(name) {
  widgetCount += 1;
  return `zsbir-${name}-${widgetCount}-${Math.random().toString(36).slice(2, 8)}`;
}

// The frame of a widget: a figure with its caption, and a line that screen readers read out when
// it changes. Returns {root, status}.
function frame(model, el, name, label) {
  const root = element("figure", { className: `zsbir-live zsbir-${name}` });
  root.setAttribute("aria-label", label);
  const status = element("p", { className: "zsbir-live-status" });
  status.setAttribute("role", "status");
  const caption = element("figcaption");
  const words = () => {
    caption.textContent = model.get("caption") ?? "";
    caption.hidden = !caption.textContent;
  };
  words();
  model.on("change:caption", words);
  // Keys that move something here must not move a notebook's cells.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(root);
  // Whatever the widget adds to `body` stands above the status and the caption.
  const body = element("div");
  root.append(body, status, caption);
  return { root, body, status, remove: () => model.off("change:caption", words) };
}

// A labelled slider. `onInput` gets a number. Returns {row, input, show(value, text)}.
function slider(label, { min, max, step, onInput }) {
  const id = freshId("slider");
  const input = element("input", { type: "range", id, min, max, step });
  const shown = element("output", { htmlFor: id });
  input.addEventListener("input", () => onInput(Number(input.value)));
  const row = element("div", { className: "zsbir-live-slider" },
    element("label", { htmlFor: id, textContent: label }), input, shown);
  return {
    row,
    input,
    show(value, text = String(value)) {
      input.value = value;
      input.setAttribute("aria-valuetext", text);
      shown.textContent = text;
    },
  };
}

function button(text, onClick) {
  const made = element("button", { type: "button", textContent: text });
  made.addEventListener("click", onClick);
  return made;
}

// A labelled choice of one among `options` ([value, text] each).
function chooser(label, options, onChange) {
  const id = freshId("choice");
  const select = element("select", { id });
  for (const [value, text] of options) {
    select.append(element("option", { value, textContent: text }));
  }
  select.addEventListener("change", () => onChange(select.value));
  return { row: element("span", { className: "zsbir-live-choice" },
    element("label", { htmlFor: id, textContent: label }), select), select };
}

// Paint now and whenever one of the named traits changes; returns what ends it.
function follow(model, names, paint) {
  for (const name of names) model.on(`change:${name}`, paint);
  paint();
  return () => names.forEach((name) => model.off(`change:${name}`, paint));
}

// Set traits and tell the kernel, where there is one.
function choose(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

// A plane with linear axes: `x` and `y` are [low, high] of the data, `width` and `height` the units
// of the drawing. Returns {root, layer, at(x, y), from(event)}.
function plane({ x, y, width = 360, height = 270, label }) {
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": label, class: "zsbir-live-plane" });
  const layer = svg("g");
  root.append(svg("rect", { x: 0.5, y: 0.5, width: width - 1, height: height - 1,
    class: "zsbir-live-border" }), layer);
  const at = (px, py) => [
    ((px - x[0]) / (x[1] - x[0])) * width,
    (1 - (py - y[0]) / (y[1] - y[0])) * height,
  ];
  // The data at a pointer, kept within the plane.
  const from = (event) => {
    const box = root.getBoundingClientRect();
    const [u, v] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return [
      x[0] + within(u, 0, 1) * (x[1] - x[0]),
      y[0] + (1 - within(v, 0, 1)) * (y[1] - y[0]),
    ];
  };
  return { root, layer, at, from, x, y };
}

// A chart of one value after another, with the runs before in grey; `label` says what the value is.
// Returns {root, paint(runs)}: the last run is the present one.
function history(label) {
  const [width, height, left] = [480, 110, 8];
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "zsbir-live-plane",
    role: "img" });
  const lines = svg("g");
  const [top, name] = [svg("text", { x: left, y: 16 }),
    svg("text", { x: width - left, y: 16, "text-anchor": "end" })];
  root.append(svg("rect", { x: 0.5, y: 0.5, width: width - 1, height: height - 1,
    class: "zsbir-live-border" }), lines, top, name);
  return { root,
    paint(runs) {
      const most = Math.max(...runs.flat(), 1e-12);
      const longest = Math.max(...runs.map((run) => run.length), 2);
      lines.replaceChildren(...runs.map((run, i) => {
        const now = i === runs.length - 1;
        const points = run.map((value, k) => [left + (k * (width - 2 * left)) / (longest - 1),
          height - 6 - (height - 30) * (value / most)].map((one) => one.toFixed(1)).join(","));
        // A run of one value is a point, which a line of no length shows.
        if (points.length === 1) points.push(points[0]);
        return svg("polyline", { points: points.join(" "), fill: "none",
          stroke: now ? COLOURS[0] : "#797979", "stroke-width": now ? 2.5 : 1,
          "stroke-linecap": "round", [now ? "data-now" : "data-past"]: "" });
      }));
      const now = runs.at(-1);
      top.textContent = now.length ? most.toPrecision(3) : "";
      name.textContent = `${label} after each step`;
      root.setAttribute("aria-label", `${label} after each step: ${
        now.map((value) => value.toFixed(2)).join(", ") || "no step yet"}`);
    } };
}

// A point that can be dragged with mouse, pen or finger, and moved with the arrow keys (Shift: in
// larger steps). `mark` is its SVG element, drawn around the origin; `onMove` gets the wanted
// place, in data; `say` names the point and its place for those who cannot see it.
function handle(area, mark, { name, onMove, step = null }) {
  const group = svg("g", { tabindex: 0, role: "button", "aria-roledescription": "movable point",
    class: "zsbir-live-handle" },
  svg("circle", { r: 18, fill: "transparent" }), mark);
  let [px, py] = [area.x[0], area.y[0]];
  const small = step ?? (area.x[1] - area.x[0]) / 50;
  let held = null;
  group.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    event.preventDefault();
    group.focus({ preventScroll: true });
    group.setPointerCapture(event.pointerId);
    held = event.pointerId;
  });
  // A finger on the point drags it and does not scroll; `touch-action` does that for boxes, of
  // which a part of an SVG has none.
  group.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  group.addEventListener("pointermove", (event) => {
    if (event.pointerId === held) onMove(...area.from(event));
  });
  const lift = () => { held = null; };
  group.addEventListener("pointerup", lift);
  group.addEventListener("pointercancel", lift);
  group.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const by = (event.shiftKey ? 5 : 1) * small;
    onMove(within(px + move[0] * by, ...area.x), within(py + move[1] * by, ...area.y));
  });
  area.layer.append(group);
  return {
    group,
    // Put the point where the data says.
    put(x, y) {
      [px, py] = [within(x, ...area.x), within(y, ...area.y)];
      group.setAttribute("transform", `translate(${area.at(px, py).join(" ")})`);
      group.setAttribute("aria-label", `${name} at ${px.toFixed(2)}, ${py.toFixed(2)}`);
    },
  };
}
