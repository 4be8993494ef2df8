// K-means step by step, on points in the plane.
//
// Model: `points` ([x, y]), `centres` ([x, y], can be dragged), `assignment` (the centre of each
// point; empty before the first step), `most` (centres).

// Four colours, each first filled, then hollow; and four marks.
const SHAPES = ["M-3.5,0 a3.5,3.5 0 1,0 7,0 a3.5,3.5 0 1,0 -7,0", "M-3,-3 H3 V3 H-3 Z",
  "M0,-4 L3.8,3 H-3.8 Z", "M0,-4.3 L4.3,0 L0,4.3 L-4.3,0 Z"];

function squared(a, b) {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
}

// The nearest centre of each point, the first of several equally near.
function assigned(points, centres) {
  return points.map((point) => {
    let best = 0;
    centres.forEach((centre, k) => {
      if (squared(point, centre) < squared(point, centres[best])) best = k;
    });
    return best;
  });
}

// The mean of each centre's points; a centre without points stays.
function means(points, centres, assignment) {
  return centres.map((centre, k) => {
    const own = points.filter((_, i) => assignment[i] === k);
    if (!own.length) return centre;
    return [0, 1].map((axis) => own.reduce((sum, point) => sum + point[axis], 0) / own.length);
  });
}

function distortion(points, centres, assignment) {
  const of = assignment.length ? assignment : assigned(points, centres);
  return points.reduce((sum, point, i) => sum + squared(point, centres[of[i]]), 0);
}

// k-means++: each next centre among the points, with chances in proportion to the squared
// distance from the nearest one so far.
function plusPlus(points, k) {
  const centres = [points[Math.floor(Math.random() * points.length)]];
  while (centres.length < k) {
    const gaps = points.map((point) => Math.min(...centres.map((one) => squared(point, one))));
    let mark = Math.random() * gaps.reduce((sum, gap) => sum + gap, 0);
    let chosen = gaps.findIndex((gap) => { mark -= gap; return mark < 0; });
    if (chosen < 0) chosen = Math.floor(Math.random() * points.length);
    centres.push(points[chosen]);
  }
  return centres.map((centre) => [...centre]);
}

const LARGEST = 1000; // rounds until it is given up, which exact arithmetic never needs

function render({ model, el }) {
  const { root, body, status, remove } = frame(model, el, "kmeans", "K-means step by step");
  const points = model.get("points");
  const range = (axis) => {
    const values = points.map((point) => point[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = 0.06 * (high - low || 1);
    return [low - room, high + room];
  };
  const area = plane({ x: range(0), y: range(1), width: 480, height: 340,
    label: "Points and centres" });
  const regions = svg("g", { "data-regions": "", "aria-hidden": true });
  area.layer.append(regions);
  const dots = points.map((point) => {
    const dot = svg("path", { transform: `translate(${area.at(...point).join(" ")})`,
      "data-point": "" });
    area.layer.append(dot);
    return dot;
  });
  const start = structuredClone(model.get("centres"));
  let handles = [];
  let trace = [];
  const past = []; // the distortions of earlier runs, and where each ended

  const count = slider("K", { min: 1, max: model.get("most"), step: 1, onInput: (k) => {
    restart(plusPlus(points, k));
  } });
  const next = button("Assign", () => step());
  const finish = button("Run to the end", () => {
    for (let i = 0; i < LARGEST && step(false); i += 1);
    say();
  });
  const again = button("Start again", () => restart(structuredClone(start)));
  const other = button("Another start", () =>
    restart(plusPlus(points, model.get("centres").length)));
  const words = element("p", { className: "zsbir-live-words" });
  const log = element("p", { className: "zsbir-live-help" });
  const chart = history("Distortion");
  body.append(area.root, count.row, element("div", { className: "zsbir-live-bar" }, next, finish,
    again, other), words, chart.root, log);

  // Keep what a run came to, if it got anywhere.
  function keep() {
    if (trace.length > 1) {
      past.push({ trace, k: model.get("centres").length, ended: ended() });
      if (past.length > 8) past.shift();
    }
    trace = [];
  }

  // The part of the plane that is nearest to each centre, in strips of equal owners.
  function paintRegions(centres) {
    const [columns, rows] = [96, 68];
    const [wide, high] = [480 / columns, 340 / rows];
    const strips = [];
    for (let row = 0; row < rows; row += 1) {
      const y = area.y[1] - ((row + 0.5) / rows) * (area.y[1] - area.y[0]);
      const owners = assigned(Array.from({ length: columns }, (_, column) =>
        [area.x[0] + ((column + 0.5) / columns) * (area.x[1] - area.x[0]), y]), centres);
      for (let from = 0, to = 1; to <= columns; to += 1) {
        if (to < columns && owners[to] === owners[from]) continue;
        strips.push(`<rect x="${from * wide}" y="${(row * high).toFixed(2)}" ` +
          `width="${(to - from) * wide}" height="${(high + 0.05).toFixed(2)}" ` +
          `fill="${COLOURS[owners[from] % 4]}"/>`);
        from = to;
      }
    }
    regions.innerHTML = strips.join(""); // numbers and our own colours only
  }

  function restart(centres) {
    keep();
    choose(model, { assignment: [], centres });
    status.textContent = `${centres.length} centres at the start.`;
  }

  // Whether the points already belong to their nearest centres.
  function settled() {
    const assignment = model.get("assignment");
    if (!assignment.length) return false;
    const centres = model.get("centres");
    return assigned(points, centres).every((k, i) => k === assignment[i]);
  }

  // Assign, if that changes anything, else move. Returns whether anything changed.
  function step(aloud = true) {
    const [centres, assignment] = [model.get("centres"), model.get("assignment")];
    let changed = true;
    if (!settled()) {
      choose(model, { assignment: assigned(points, centres) });
    } else {
      const moved = means(points, centres, assignment);
      changed = moved.some((place, k) => squared(place, centres[k]) > 1e-18);
      if (changed) choose(model, { centres: moved });
    }
    if (aloud) say();
    return changed;
  }

  function ended() {
    const [centres, assignment] = [model.get("centres"), model.get("assignment")];
    return settled() && means(points, centres, assignment)
      .every((place, k) => squared(place, centres[k]) <= 1e-18);
  }

  function say() {
    const total = distortion(points, model.get("centres"), model.get("assignment")).toFixed(2);
    status.textContent = ended() ? `Nothing changes any more; the distortion is ${total}.`
      : `The distortion is ${total}.`;
  }

  function paint() {
    const [centres, assignment] = [model.get("centres"), model.get("assignment")];
    // An assignment may be of more centres than there are now: then it is none.
    const valid = assignment.length && Math.max(...assignment) < centres.length;
    dots.forEach((dot, i) => {
      const k = valid ? assignment[i] : -1;
      const colour = k < 0 ? "#797979" : COLOURS[k % 4];
      dot.setAttribute("d", SHAPES[Math.max(k, 0) % 4]);
      dot.setAttribute("fill", k > 3 ? "none" : colour);
      dot.setAttribute("stroke", colour);
    });
    if (handles.length !== centres.length) {
      handles.forEach((one) => one.group.remove());
      handles = centres.map((_, k) => {
        const mark = svg("g", {}, svg("path", { d: "M0,-11 L11,0 L0,11 L-11,0 Z",
          fill: COLOURS[k % 4], stroke: "#fff", "stroke-width": 2 }));
        const label = svg("text", { x: 0, y: 4, "text-anchor": "middle",
          class: "zsbir-kmeans-number" });
        label.textContent = k + 1;
        mark.append(label);
        return handle(area, mark, { name: `Centre ${k + 1}`, onMove: (x, y) => {
          const moved = structuredClone(model.get("centres"));
          moved[k] = [x, y];
          keep();
          choose(model, { centres: moved });
        } });
      });
    }
    centres.forEach((centre, k) => handles[k].put(...centre));
    count.show(centres.length);
    const total = distortion(points, centres, valid ? assignment : []);
    if (valid && trace.at(-1) !== total) trace.push(total);
    if (!valid) trace = [];
    paintRegions(centres);
    chart.paint([...past.map((one) => one.trace), trace]);
    log.textContent = past.length ? `Before: ${past.map((one) =>
      `K = ${one.k} came to ${one.trace.at(-1).toFixed(2)}${one.ended ? "" : " (not ended)"}`)
      .join("; ")}.` : "";
    words.textContent = `Distortion ${total.toFixed(2)}${valid ? "" : " to the nearest centres"}`;
    next.textContent = settled() ? "Move" : "Assign";
    next.disabled = finish.disabled = ended();
  }

  const done = follow(model, ["centres", "assignment"], paint);
  return () => { done(); remove(); root.remove(); };
}

export default { render };
