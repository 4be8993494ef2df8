// The triplet playground: three points, a margin, the loss and the steps that descend it.
//
// It trains in the page: "Train" takes step after step until nothing moves.
//
// Model: `sketch`, `positive`, `negative` ([x, y]), `margin`, `rate`, `side`.

const PAUSE = 120; // milliseconds between steps of the training, for the eye
const POINTS = ["sketch", "positive", "negative"];

function square(a, b) {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
}

// What the library computes: the squared distances, the loss, its kind and its gradients.
function judgeTriplet(s, p, n, margin) {
  const [near, far] = [square(s, p), square(s, n)];
  const loss = Math.max(0, margin + near - far);
  const kind = far < near ? "hard" : far < near + margin ? "semi-hard" : "easy";
  const on = loss > 0 ? 2 : 0;
  const times = (a, b) => [on * (a[0] - b[0]), on * (a[1] - b[1])];
  return { near, far, loss, kind,
    gradients: { sketch: times(n, p), positive: times(p, s), negative: times(s, n) } };
}

const MARKS = {
  sketch: () => svg("path", { d: "M0,-9 L9,7 L-9,7 Z", fill: COLOURS[0] }),
  positive: () => svg("circle", { r: 8, fill: COLOURS[1] }),
  negative: () => svg("rect", { x: -7, y: -7, width: 14, height: 14, fill: COLOURS[2] }),
};

function render({ model, el }) {
  const { root, body, status, remove } = frame(model, el, "triplet", "Triplet playground");
  const side = model.get("side");
  const area = plane({ x: [-side, side], y: [-side, side], width: 400, height: 400,
    label: "The plane of the embeddings" });
  const rings = ["", "6 5"].map((dashes) => svg("circle", { fill: "none", stroke: "currentColor",
    "stroke-dasharray": dashes }));
  area.layer.append(...rings);
  const arrows = {};
  const handles = {};
  POINTS.forEach((name, i) => {
    arrows[name] = svg("line", { stroke: COLOURS[i], "stroke-width": 3,
      "stroke-dasharray": "3 2", "data-arrow": name });
    area.layer.append(arrows[name]);
  });
  for (const name of POINTS) {
    handles[name] = handle(area, MARKS[name](), {
      name,
      onMove: (x, y) => {
        stop();
        begin();
        choose(model, { [name]: [x, y] });
      },
    });
    const label = svg("text", { x: 12, y: -10 });
    label.textContent = name;
    handles[name].group.append(label);
  }

  const start = Object.fromEntries([...POINTS, "margin"].map((name) => [name, model.get(name)]));
  const margin = slider("margin", {
    min: 0, max: 2, step: 0.05, onInput: (value) => {
      stop();
      begin();
      choose(model, { margin: value });
    },
  });
  const results = () => judgeTriplet(...POINTS.map((name) => model.get(name)), model.get("margin"));
  const step = () => {
    const { gradients } = results();
    const moved = {};
    for (const name of POINTS) {
      moved[name] = model.get(name).map((value, i) =>
        within(value - model.get("rate") * gradients[name][i], -side, side));
    }
    choose(model, moved);
    losses.at(-1).push(results().loss);
    chart.paint(losses);
  };
  // The losses of every training, the present one last; what a reader moves begins a new one.
  const losses = [[]];
  const chart = history("Loss");
  function begin() {
    if (losses.at(-1).length > 1) losses.push([]);
    losses.at(-1).length = 0;
    if (losses.length > 6) losses.shift();
  }
  let running = 0;
  const train = button("Train", () => {
    if (running) stop();
    else {
      train.textContent = "Stop";
      running = setTimeout(go, PAUSE);
    }
  });
  function go() {
    const before = results().loss;
    step();
    // At the border of the plane a step may change nothing.
    if (results().loss > 0 && before - results().loss > 1e-6) running = setTimeout(go, PAUSE);
    else stop();
  }
  function stop() {
    clearTimeout(running);
    running = 0;
    train.textContent = "Train";
  }
  const bar = element("div", { className: "zsbir-live-bar" },
    button("One step downhill", () => {
      stop();
      step();
    }),
    train,
    button("Start again", () => {
      stop();
      begin();
      choose(model, start);
    }));
  const table = element("dl", { className: "zsbir-live-numbers" });
  const numbers = {};
  for (const [name, text] of [["near", "‖s − p‖²"], ["far", "‖s − n‖²"], ["loss", "loss"],
    ["kind", "kind"]]) {
    numbers[name] = element("dd");
    table.append(element("div", {}, element("dt", { textContent: text }), numbers[name]));
  }
  body.append(element("div", { className: "zsbir-triplet-plane" }, area.root),
    margin.row, bar, table, chart.root);

  let last = "";
  function paint() {
    const found = results();
    const [x, y] = area.at(...model.get("sketch"));
    const unit = 400 / (2 * side);
    [found.near, found.near + model.get("margin")].forEach((radius, i) => {
      rings[i].setAttribute("cx", x);
      rings[i].setAttribute("cy", y);
      rings[i].setAttribute("r", Math.sqrt(radius) * unit);
    });
    for (const name of POINTS) {
      const place = model.get(name);
      handles[name].put(...place);
      const [x1, y1] = area.at(...place);
      const [x2, y2] = area.at(...place.map((value, i) =>
        value - model.get("rate") * found.gradients[name][i]));
      for (const [key, value] of Object.entries({ x1, y1, x2, y2 })) {
        arrows[name].setAttribute(key, value);
      }
    }
    margin.show(model.get("margin"), model.get("margin").toFixed(2));
    for (const name of ["near", "far", "loss"]) {
      numbers[name].textContent = found[name].toFixed(3);
    }
    numbers.kind.textContent = found.kind;
    if (found.kind !== last) status.textContent = `${found.kind === "easy" ? "An" : "A"} ${found.kind} triplet: ` + {
      hard: "the negative is nearer than the positive.",
      "semi-hard": "the negative is farther than the positive, but by less than the margin.",
      easy: "its loss is 0, and nothing moves.",
    }[found.kind];
    last = found.kind;
    if (!losses.at(-1).length) losses.at(-1).push(found.loss);
    chart.paint(losses);
  }

  const done = follow(model, [...POINTS, "margin"], paint);
  return () => { stop(); done(); remove(); root.remove(); };
}

export default { render };
