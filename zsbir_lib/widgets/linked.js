// Curves with a mark that goes where another widget stands, and leads it where the reader clicks.
//
// Model: `x`, `curves` ([name, heights] each), `linked` (the other model's name), `trait` (its
// number), `values` (that number at each x), `labels` and `ticks` (of x and y), `at` (which x is
// marked).

const DASHES = ["", "7 4", "8 3 2 3", "2 3"];

function render({ model, el }) {
  const [x, values, trait] = ["x", "values", "trait"].map((name) => model.get(name));
  const curves = model.get("curves");
  const [xlabel, ylabel] = model.get("labels");
  const { root, body, status, remove } = frame(model, el, "linked", "A figure with a mark");
  const [width, height] = [520, 250];
  const [left, right, top, bottom] = [52, width - 14, 12, height - 44];
  const [xticks, yticks] = model.get("ticks");
  const across = (value) => left + ((value - xticks[0]) / (xticks.at(-1) - xticks[0])) *
    (right - left);
  const up = (value) => bottom - ((value - yticks[0]) / (yticks.at(-1) - yticks[0])) *
    (bottom - top);
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`,
    class: "zsbir-live-plane zsbir-linked-chart", role: "group",
    "aria-label": `${ylabel} over ${xlabel}` });
  const text = (words, attributes) => {
    const made = svg("text", attributes);
    made.textContent = words;
    return made;
  };
  const name = (value) => String(Number(value.toPrecision(6)));
  for (const tick of xticks) {
    chart.append(text(name(tick), { x: across(tick), y: bottom + 17, "text-anchor": "middle" }));
  }
  for (const tick of yticks) {
    chart.append(svg("line", { x1: left, x2: right, y1: up(tick), y2: up(tick),
      stroke: "#797979", "stroke-opacity": 0.35 }),
    text(name(tick), { x: left - 6, y: up(tick) + 5, "text-anchor": "end" }));
  }
  chart.append(text(xlabel, { x: (left + right) / 2, y: height - 8, "text-anchor": "middle" }));
  curves.forEach(([, heights], i) => chart.append(svg("polyline", {
    points: heights.map((one, k) => `${across(x[k]).toFixed(1)},${up(one).toFixed(1)}`).join(" "),
    fill: "none", stroke: COLOURS[i], "stroke-width": 2.5, "stroke-dasharray": DASHES[i] })));
  const line = svg("line", { y1: top, y2: bottom, stroke: "currentColor", "stroke-width": 1 });
  const dots = curves.map((_, i) => svg("circle", { r: 6, fill: COLOURS[i] }));
  const mark = svg("g", { tabindex: 0, role: "slider", class: "zsbir-live-handle",
    "aria-label": xlabel, "aria-valuemin": 0, "aria-valuemax": x.length - 1 }, line, ...dots);
  chart.append(mark);
  const cells = curves.map(([label], i) => {
    const sample = svg("svg", { width: 34, height: 12, "aria-hidden": "true" }, svg("line", {
      x1: 1, x2: 33, y1: 6, y2: 6, stroke: COLOURS[i], "stroke-width": 2.5,
      "stroke-dasharray": DASHES[i] }));
    const value = element("output");
    return { row: element("span", { className: "zsbir-linked-key" }, sample, `${label}: `, value),
      value };
  });
  body.append(element("p", { className: "zsbir-live-help", textContent: `↑ ${ylabel}` }), chart,
    element("p", { className: "zsbir-live-words" }, ...cells.map(({ row }) => row)));

  let other = null; // the model that is followed, once it is there
  const nearest = (numbers, value) => numbers.reduce((best, one, k) =>
    (Math.abs(one - value) < Math.abs(numbers[best] - value) ? k : best), 0);
  const heed = () => {
    const at = nearest(values, other.get(trait));
    if (at !== model.get("at")) choose(model, { at });
  };
  const go = (at) => {
    choose(model, { at });
    // It may stand between two places of ours, and is left there.
    if (other && nearest(values, other.get(trait)) !== at) choose(other, { [trait]: values[at] });
  };

  function paint() {
    const at = model.get("at");
    for (const end of ["x1", "x2"]) line.setAttribute(end, across(x[at]));
    curves.forEach(([, heights], i) => {
      dots[i].setAttribute("cx", across(x[at]));
      dots[i].setAttribute("cy", up(heights[at]));
      cells[i].value.textContent = heights[at].toPrecision(3);
    });
    mark.setAttribute("aria-valuenow", at);
    mark.setAttribute("aria-valuetext", `${name(x[at])}; ${curves.map(([label, heights]) =>
      `${label} ${heights[at].toPrecision(3)}`).join(", ")}`);
    status.textContent = `${xlabel} ${name(x[at])}`;
  }

  let held = null;
  const point = (event) => {
    const box = chart.getBoundingClientRect();
    const place = ((event.clientX - box.left) / box.width) * width;
    go(nearest(x.map(across), place));
  };
  chart.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    event.preventDefault();
    mark.focus({ preventScroll: true });
    chart.setPointerCapture(event.pointerId);
    held = event.pointerId;
    point(event);
  });
  chart.addEventListener("pointermove", (event) => { if (event.pointerId === held) point(event); });
  for (const end of ["pointerup", "pointercancel"]) {
    chart.addEventListener(end, () => { held = null; });
  }
  mark.addEventListener("keydown", (event) => {
    const at = model.get("at");
    const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1,
      Home: 0, End: x.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(within(to, 0, x.length - 1));
  });

  let shown = true;
  // Without the other widget, on a page that does not show it, the mark still answers the reader.
  model.widget_manager?.get_model(model.get("linked").replace("IPY_MODEL_", "")).then((found) => {
    if (!shown) return;
    other = found;
    other.on(`change:${trait}`, heed);
    heed();
  }, () => {});
  const done = follow(model, ["at"], paint);
  return () => {
    shown = false;
    other?.off(`change:${trait}`, heed);
    done();
    remove();
    root.remove();
  };
}

export default { render };
