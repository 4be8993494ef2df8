// The collapse explorer: models that were trained with several weights of a term.
//
// Model: `runs` (a list for each term: {weight, nats, variances, samples, found}), `photos` ([x, y]),
// `own` (which photos are of the sketch's class), `pictures` (addresses of the photos that a run
// found, by number), `sketch` (an address or ""), `thresholds`, and the reader's choices `sweep` (the
// term), `place` (which weight) and `threshold`.

// Standard deviation of points in the plane.
function scatter(points) {
  let total = 0;
  for (const axis of [0, 1]) {
    const mean = points.reduce((sum, point) => sum + point[axis], 0) / points.length;
    total += points.reduce((sum, point) => sum + (point[axis] - mean) ** 2, 0) /
      (points.length - 1);
  }
  return Math.sqrt(total);
}

function render({ model, el }) {
  const { root, body, status, remove } = frame(model, el, "collapse", "Collapse explorer");
  const runs = model.get("runs");
  const thresholds = model.get("thresholds");
  const photos = model.get("photos");
  const own = model.get("own");
  const all = [photos, ...Object.values(runs).flat().map((run) => run.samples)].flat();
  const range = (axis) => {
    const values = all.map((point) => point[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = 0.03 * (high - low || 1);
    return [low - room, high + room];
  };
  const area = plane({ x: range(0), y: range(1), width: 360, height: 300,
    label: "Photos and what is generated for one sketch, in two directions" });
  const place = (mark, [x, y]) => {
    mark.setAttribute("transform", `translate(${area.at(x, y).join(" ")})`);
    return mark;
  };
  photos.forEach((point, i) => area.layer.append(place(own[i]
    ? svg("circle", { r: 5, fill: "none", stroke: COLOURS[2], "stroke-width": 1.5 })
    : svg("circle", { r: 1.6, fill: "#797979" }), point)));
  const cloud = svg("g", { "data-cloud": "" });
  area.layer.append(cloud);

  const [width, height] = [360, 300];
  const most = Math.max(...Object.values(runs).flat().flatMap((run) => run.nats), 1e-9);
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "zsbir-live-plane",
    role: "img" });
  const bars = svg("g");
  const top = svg("text", { x: 6, y: 16 });
  top.textContent = `↑ divergence of each latent number, up to ${most.toPrecision(2)} nats`;
  const foot = svg("text", { x: width - 6, y: height - 8, "text-anchor": "end" });
  chart.append(svg("rect", { x: 0.5, y: 0.5, width: width - 1, height: height - 1,
    class: "zsbir-live-border" }), bars, top, foot);

  const term = chooser("Term", Object.keys(runs).map((name) => [name, name]),
    (sweep) => choose(model, { sweep }));
  term.select.disabled = Object.keys(runs).length < 2;
  const weight = slider("Weight", { min: 0, max: 0, step: 1,
    onInput: (value) => choose(model, { place: value }) });
  const least = slider("Active above", { min: 0, max: thresholds.length - 1, step: 1,
    onInput: (value) => choose(model, { threshold: thresholds[value] }) });
  const words = element("p", { className: "zsbir-live-words" });
  const pictures = model.get("pictures");
  const finds = Object.keys(pictures).length > 0;
  const found = element("ol", { className: "zsbir-collapse-found" });
  found.setAttribute("aria-label", "The photos found for the sketch, nearest first");
  const answer = element("div", { className: "zsbir-collapse-answer" });
  if (model.get("sketch")) {
    answer.append(element("img", { src: model.get("sketch"), alt: "The sketch" }));
  }
  answer.append(found);
  const key = element("p", { className: "zsbir-live-help", textContent:
    "Grey dots: photos. Green rings: those of the sketch's class. Blue triangles: what is " +
    "generated for the sketch. Bars: the latent numbers, the most used first; filled if active." +
    (finds ? " Photos: the nearest to what is generated; a red frame and a cross mark a wrong one." : "") });
  body.append(element("div", { className: "zsbir-collapse-views" }, area.root, chart),
    ...(finds ? [answer] : []),
    element("div", { className: "zsbir-live-bar" }, term.row), weight.row, least.row, words, key);

  function paint() {
    const sweep = model.get("sweep");
    const of = runs[sweep];
    const which = Math.min(model.get("place"), of.length - 1);
    const { weight: value, nats, variances, samples, found: nearest } = of[which];
    const threshold = model.get("threshold");
    term.select.value = sweep;
    weight.input.max = of.length - 1;
    weight.show(which, String(value));
    least.show(thresholds.indexOf(threshold), String(threshold));
    cloud.replaceChildren(...samples.map((point) => place(
      svg("path", { d: "M0,-3.5 L3.2,2.5 L-3.2,2.5 Z", fill: COLOURS[0] }), point)));
    found.replaceChildren(...nearest.map((photo) => element("li",
      { className: own[photo] ? "" : "zsbir-collapse-wrong" }, element("img", {
        src: pictures[photo], alt: own[photo] ? "right" : "wrong" }))));
    const order = [...nats.keys()].sort((a, b) => nats[b] - nats[a]);
    const step = (width - 8) / nats.length;
    let active = 0;
    bars.replaceChildren(...order.map((unit, i) => {
      const on = variances[unit] > threshold;
      active += on;
      const tall = Math.max(1.5, (nats[unit] / most) * (height - 50));
      return svg("rect", { x: 4 + i * step, y: height - 24 - tall, width: Math.max(1, step - 1.5),
        height: tall, fill: on ? COLOURS[0] : "none", stroke: on ? COLOURS[0] : "#797979" });
    }));
    foot.textContent = `${nats.length} latent numbers, the most used first →`;
    const total = nats.reduce((sum, one) => sum + one, 0);
    words.textContent = `${total.toFixed(2)} nats, ${active} of ${nats.length} latent numbers ` +
      `active, samples scatter by ${scatter(samples).toFixed(2)}` + (nearest.length
      ? `, ${nearest.filter((photo) => own[photo]).length} of ${nearest.length} photos right` : "");
    chart.setAttribute("aria-label", `The divergence of each latent number: ${words.textContent}`);
    status.textContent = active ? "" : "Collapsed: no latent number says anything about the photo.";
  }

  const done = follow(model, ["sweep", "place", "threshold"], paint);
  return () => { done(); remove(); root.remove(); };
}

export default { render };
