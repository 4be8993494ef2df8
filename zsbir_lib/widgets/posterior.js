// The posterior explorer: a guess at the cause of an observation, what it costs and what it misses.
//
// The guess can be dragged by its peak: sideways for the mean, up and down for the deviation.
//
// Model: the reader's choices `mean`, `deviation`, `x`, `variance` and `noise`; `ranges` of the
// sliders and `variances` to choose from.

const SPAN = 5; // nats below log p(x) that the bar of the bound shows

function divergence(mean, deviation, other, wide) {
  const squared = deviation ** 2 + (mean - other) ** 2;
  return Math.log(wide / deviation) + squared / (2 * wide ** 2) - 0.5;
}

// What the library computes, in nats.
function judge({ mean, deviation, x, variance }) {
  const truth = [x / (1 + variance), Math.sqrt(variance / (1 + variance))];
  const squared = (x - mean) ** 2 + deviation ** 2;
  const fit = -0.5 * (squared / variance + Math.log(2 * Math.PI * variance));
  const price = divergence(mean, deviation, 0, 1);
  const gap = divergence(mean, deviation, ...truth);
  return { truth, fit, price, bound: fit - price, gap, likelihood: fit - price + gap };
}

function density(z, mean, deviation) {
  return Math.exp(-0.5 * ((z - mean) / deviation) ** 2) / (deviation * Math.sqrt(2 * Math.PI));
}

const [WIDTH, HEIGHT, FLOOR] = [480, 250, 226];
const CURVES = [["prior", "currentColor", "2 4"], ["posterior", COLOURS[1], "8 5"],
  ["guess q", COLOURS[0], ""]];

function render({ model, el }) {
  const { root, body, status, remove } = frame(model, el, "posterior", "Posterior explorer");
  const chosen = () => Object.fromEntries(["mean", "deviation", "x", "variance"]
    .map((name) => [name, model.get(name)]));
  const ranges = model.get("ranges");
  const variances = model.get("variances");

  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "zsbir-live-plane",
    role: "group" });
  const clip = freshId("clip");
  picture.append(svg("clipPath", { id: clip }, svg("rect", { x: 0, y: 0, width: WIDTH,
    height: FLOOR })), svg("rect", { x: 0.5, y: 0.5, width: WIDTH - 1, height: FLOOR,
    class: "zsbir-live-border" }));
  const across = (z) => ((z + 4) / 8) * WIDTH;
  for (const z of [-3, -2, -1, 0, 1, 2, 3]) {
    const label = svg("text", { x: across(z), y: HEIGHT - 8, "text-anchor": "middle" });
    label.textContent = z;
    picture.append(label);
  }
  const key = element("p", { className: "zsbir-posterior-key" });
  const curves = CURVES.map(([name, stroke, dashes]) => {
    const style = { fill: "none", stroke, "stroke-width": 2.5, "stroke-dasharray": dashes };
    key.append(element("span", {}, svg("svg", { viewBox: "0 0 30 6", width: 30, height: 6,
      "aria-hidden": true }, svg("path", { d: "M0,3 H30", ...style })), ` ${name}`));
    const curve = svg("path", { ...style, "clip-path": `url(#${clip})`, "data-curve": name });
    picture.append(curve);
    return curve;
  });
  const ticks = svg("g", { stroke: COLOURS[0], "stroke-width": 1.5, "data-draws": "" });
  picture.append(ticks);
  let top = 1; // the density at the upper edge of the picture
  // The peak of the guess, as a point of the plane of z and density.
  const layer = svg("g");
  picture.append(layer);
  const sheet = { layer, x: [-4, 4], y: [0, 1],
    at: (z, share) => [across(z), FLOOR * (1 - share)],
    from: (event) => {
      const box = picture.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * 8 - 4,
        1 - ((event.clientY - box.top) / box.height) * (HEIGHT / FLOOR)];
    } };
  const peak = handle(sheet, svg("circle", { r: 6, fill: COLOURS[0] }), { name: "peak of q",
    step: 0.05, onMove: (z, share) => choose(model, {
      mean: Math.round(within(z, ...ranges.mean) * 20) / 20,
      deviation: Math.round(within(density(0, 0, 1) / (within(share, 0.02, 1) * top),
        ...ranges.deviation) * 20) / 20 }) });

  const bar = svg("svg", { viewBox: `0 0 ${WIDTH} 36`, class: "zsbir-live-plane", role: "img" });
  const [paid, missed] = [
    svg("rect", { x: 0, y: 5, height: 26, fill: COLOURS[0] }),
    svg("rect", { y: 5.5, height: 25, fill: "none", stroke: COLOURS[1], "stroke-width": 2,
      "stroke-dasharray": "4 3" }),
  ];
  const mark = svg("path", { stroke: "currentColor", "stroke-width": 2 });
  bar.append(paid, missed, mark);
  const barKey = element("p", { className: "zsbir-live-help", textContent:
    "Filled: up to the bound. Dashed: the gap. Line: log p(x)." });

  const sliders = {};
  for (const [name, label, step] of [["mean", "mean", 0.05], ["deviation", "deviation", 0.05],
    ["x", "observed x", 0.1]]) {
    sliders[name] = slider(label, { min: ranges[name][0], max: ranges[name][1], step,
      onInput: (value) => choose(model, { [name]: value }) });
  }
  sliders.variance = slider("noise σ²", { min: 0, max: variances.length - 1, step: 1,
    onInput: (value) => choose(model, { variance: variances[value] }) });
  const table = element("dl", { className: "zsbir-live-numbers" });
  const numbers = {};
  for (const [name, text] of [["fit", "fit"], ["price", "− price"], ["bound", "= bound"],
    ["gap", "+ gap"], ["likelihood", "= log p(x)"]]) {
    numbers[name] = element("dd");
    table.append(element("div", {}, element("dt", { textContent: text }), numbers[name]));
  }
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) *
    Math.cos(2 * Math.PI * Math.random());
  body.append(picture, key, table, bar, barKey, ...Object.values(sliders).map(({ row }) => row),
    element("div", { className: "zsbir-live-bar" }, button("Draw new noise", () =>
      choose(model, { noise: model.get("noise").map(normal) }))));

  function paint() {
    const values = chosen();
    const found = judge(values);
    top = 1.08 * Math.max(density(0, 0, 1), density(0, 0, found.truth[1]));
    const densities = [[0, 1], found.truth, [values.mean, values.deviation]];
    curves.forEach((curve, i) => {
      const points = [];
      for (let z = -4; z <= 4.0001; z += 0.02) {
        const y = FLOOR * (1 - density(z, ...densities[i]) / top);
        points.push(`${across(z).toFixed(1)},${Math.max(-FLOOR, y).toFixed(1)}`);
      }
      curve.setAttribute("d", `M${points.join(" L")}`);
    });
    peak.put(values.mean, Math.min(1, density(0, 0, values.deviation) / top));
    ticks.replaceChildren(...model.get("noise").map((noise) => {
      const x = across(values.mean + values.deviation * noise);
      return svg("line", { x1: x, x2: x, y1: FLOOR - 12, y2: FLOOR });
    }));
    const low = found.likelihood - SPAN;
    const right = (nats) => within((nats - low) / (SPAN + 0.2), 0, 1) * WIDTH;
    paid.setAttribute("width", right(found.bound));
    missed.setAttribute("x", right(found.bound));
    missed.setAttribute("width", Math.max(0, right(found.likelihood) - right(found.bound)));
    mark.setAttribute("d", `M${right(found.likelihood)},1 V35`);
    for (const name of ["mean", "deviation", "x"]) {
      sliders[name].show(values[name], values[name].toFixed(2));
    }
    sliders.variance.show(variances.indexOf(values.variance), String(values.variance));
    for (const name of Object.keys(numbers)) {
      numbers[name].textContent = found[name].toFixed(2).replace("-", "−");
    }
    picture.setAttribute("aria-label", `Prior, posterior with mean ${found.truth[0].toFixed(2)} ` +
      `and deviation ${found.truth[1].toFixed(2)}, and the guess q`);
    bar.setAttribute("aria-label", `The bound is ${found.bound.toFixed(2)} nats, ` +
      `${found.gap.toFixed(2)} below log p(x)`);
    status.textContent = found.gap < 0.01
      ? "The gap is closed: q is the posterior, and the bound is log p(x)." : "";
  }

  const done = follow(model, ["mean", "deviation", "x", "variance", "noise"], paint);
  return () => { done(); remove(); root.remove(); };
}

export default { render };
