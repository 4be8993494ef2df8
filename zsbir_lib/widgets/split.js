// The split builder: choose the unseen classes; two methods learn from the others, here in the page.
//
// Model: `candidates` (names), `presets` (lists of names by a title), `sketches` and `photos` (rows
// of numbers by class; sketch i was drawn from photo i), `sums` over the pairs of the classes that
// are always seen (`n`, `x`, `y`, `xx`, `xy`), `ridge`, and the reader's choice `unseen`.

const RESAMPLES = 2000;
const TITLES = { cosine: "cosine", ridge: "ridge regression" };

// Solve `left` times W = `right` by elimination with pivots; both are changed.
function solve(left, right) {
  const size = left.length;
  for (let i = 0; i < size; i += 1) {
    let pivot = i;
    for (let row = i + 1; row < size; row += 1) {
      if (Math.abs(left[row][i]) > Math.abs(left[pivot][i])) pivot = row;
    }
    [left[i], left[pivot], right[i], right[pivot]] = [left[pivot], left[i], right[pivot], right[i]];
    for (let row = 0; row < size; row += 1) {
      if (row === i) continue;
      const times = left[row][i] / left[i][i];
      for (let k = i; k < size; k += 1) left[row][k] -= times * left[i][k];
      for (let k = 0; k < right[row].length; k += 1) right[row][k] -= times * right[i][k];
    }
  }
  return right.map((row, i) => row.map((value) => value / left[i][i]));
}

const minus = (a, b) => a.map((value, i) => value - b[i]);

function unit(row) {
  const length = Math.max(Math.hypot(...row), 1e-12);
  return row.map((value) => value / length);
}

// mAP@K of each class, with K the photos of a class.
function scoreClasses(queries, gallery, count) {
  const [asks, depth] = [queries.length / count, gallery.length / count];
  const photos = gallery.map(unit);
  const scores = Array(count).fill(0);
  queries.forEach((query, q) => {
    const sketch = unit(query);
    const near = photos.map((photo) => photo.reduce((sum, value, i) => sum + value * sketch[i], 0));
    const order = [...near.keys()].sort((a, b) => near[b] - near[a] || a - b).slice(0, depth);
    const own = Math.floor(q / asks);
    let [hits, total] = [0, 0];
    order.forEach((photo, rank) => {
      if (Math.floor(photo / depth) !== own) return;
      hits += 1;
      total += hits / (rank + 1);
    });
    scores[own] += total / depth / asks;
  });
  return scores;
}

// What the library computes: mAP@K of every unseen class, by method.
function judge({ sketches, photos, sums, ridge }, asked, seen) {
  const total = structuredClone(sums);
  for (const name of seen) {
    sketches[name].forEach((x, i) => {
      const y = photos[name][i];
      total.n += 1;
      x.forEach((value, j) => {
        total.x[j] += value;
        total.y[j] += y[j];
        x.forEach((other, k) => { total.xx[j][k] += value * other; });
        y.forEach((other, k) => { total.xy[j][k] += value * other; });
      });
    });
  }
  const mean = (row) => row.map((value) => value / total.n);
  const [mx, my] = [mean(total.x), mean(total.y)];
  const left = total.xx.map((row, j) => mean(row).map((value, k) =>
    value - mx[j] * mx[k] + (j === k ? ridge : 0)));
  const right = total.xy.map((row, j) => mean(row).map((value, k) => value - mx[j] * my[k]));
  const weights = solve(left, right);
  const queries = asked.flatMap((name) => sketches[name].map((x) => minus(x, mx)));
  const gallery = asked.flatMap((name) => photos[name].map((y) => minus(y, my)));
  const predicted = queries.map((x) => my.map((_, k) =>
    x.reduce((sum, value, j) => sum + value * weights[j][k], 0)));
  return { cosine: scoreClasses(queries, gallery, asked.length),
    ridge: scoreClasses(predicted, gallery, asked.length) };
}

// Numbers from 0 to 1 that are the same each time (mulberry32), so that the interval stands still.
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// Mean over classes with a 95% percentile bootstrap interval over them.
function bootstrap(values) {
  const random = generator(1);
  const means = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i += 1) sum += values[Math.floor(random() * values.length)];
    return sum / values.length;
  }).sort((a, b) => a - b);
  const at = (share) => means[Math.round(share * (RESAMPLES - 1))];
  const estimate = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { estimate, low: at(0.025), high: at(0.975) };
}

const [WIDTH, ROW] = [480, 44];

function render({ model, el }) {
  const { root, body, status, remove } = frame(model, el, "split", "Split builder");
  const candidates = model.get("candidates");
  const data = Object.fromEntries(["sketches", "photos", "sums", "ridge"]
    .map((name) => [name, model.get(name)]));
  const methods = Object.keys(TITLES);
  const tried = new Map(); // the scores of every split that was looked at, by its classes

  const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${2 * ROW + 24}`, class: "zsbir-live-plane",
    role: "img" });
  chart.append(svg("rect", { x: 0.5, y: 0.5, width: WIDTH - 1, height: 2 * ROW,
    class: "zsbir-live-border" }));
  const [crumbs, marks] = [svg("g", { "data-tried": "" }), svg("g")];
  const ticks = svg("g");
  chart.append(ticks, crumbs, marks);
  const lines = Object.fromEntries(methods.map((name) =>
    [name, element("p", { className: "zsbir-live-words" })]));

  const set = (unseen) => choose(model, { unseen });
  const chosen = () => candidates.filter((name) => model.get("unseen").includes(name));
  const bar = element("div", { className: "zsbir-live-bar" });
  for (const [title, names] of Object.entries(model.get("presets"))) {
    bar.append(button(title, () => set([...names])));
  }
  bar.append(
    button("As many by chance", () => {
      const mixed = candidates.map((name) => [Math.random(), name]).sort((a, b) => a[0] - b[0]);
      const count = chosen().length || Math.floor(candidates.length / 2);
      set(mixed.slice(0, count).map(([, name]) => name));
    }),
    button("Only the easier half", () => {
      const asked = chosen();
      if (asked.length < 4) return;
      const easy = [...asked].sort((a, b) => latest[b] - latest[a]);
      set(easy.slice(0, Math.ceil(asked.length / 2)));
    }),
    button("None", () => set([])));
  const best = element("p", { className: "zsbir-split-best" });
  const again = button("Show the best split again", () => set(record.asked));
  let record = null; // the highest mAP@K that was found, by which method and on which classes
  bar.append(again);
  const chips = candidates.map((name) => button(name, () => {
    const unseen = chosen();
    set(unseen.includes(name) ? unseen.filter((one) => one !== name) : [...unseen, name]);
  }));
  const group = element("div", { className: "zsbir-live-chips" }, ...chips);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Unseen classes");
  const key = element("p", { className: "zsbir-live-help", textContent:
    "Pressed: unseen, with its own mAP@K by ridge regression. Lines: 95% intervals over classes. " +
    "Small marks: the splits tried before." });
  body.append(chart, lines.cosine, lines.ridge, best, key, bar, group);

  let latest = {}; // mAP@K of ridge regression by class
  function mark(i, x, size, style) {
    const y = ROW * (i + 0.5);
    return i ? svg("rect", { x: x - size, y: y - size, width: 2 * size, height: 2 * size, ...style })
      : svg("circle", { cx: x, cy: y, r: size, ...style });
  }

  function paint() {
    const asked = chosen();
    const seen = candidates.filter((name) => !asked.includes(name));
    const enough = asked.length > 1;
    const scores = asked.length ? judge(data, asked, seen) : { cosine: [], ridge: [] };
    latest = Object.fromEntries(asked.map((name, i) => [name, scores.ridge[i]]));
    const found = enough ? methods.map((name) => bootstrap(scores[name])) : [];
    if (enough) {
      tried.set(asked.join("\n"), found.map(({ estimate }) => estimate));
      found.forEach(({ estimate }, i) => {
        if (!record || estimate > record.estimate) record = { estimate, asked, method: methods[i] };
      });
    }
    again.disabled = !record || record.asked.join() === asked.join();
    best.textContent = record ? `Best of ${tried.size}: ${record.estimate.toFixed(3)} by ` +
      `${TITLES[record.method]}, on ${record.asked.length} classes` : "";

    const most = Math.max(0.5, ...found.map(({ high }) => high), ...[...tried.values()].flat());
    const across = (value) => (value / (1.05 * most)) * WIDTH;
    ticks.replaceChildren();
    for (let value = 0; value < most; value += 0.1) {
      const label = svg("text", { x: Math.max(10, across(value)), y: 2 * ROW + 17,
        "text-anchor": "middle" });
      label.textContent = value.toFixed(1);
      ticks.append(label);
    }
    crumbs.replaceChildren(...[...tried.values()].flatMap((pair) => pair.map((value, i) =>
      mark(i, across(value), 2.5, { fill: "none", stroke: "#797979" }))));
    marks.replaceChildren(...found.flatMap(({ estimate, low, high }, i) => {
      const y = ROW * (i + 0.5);
      return [svg("line", { x1: across(low), x2: across(high), y1: y, y2: y, stroke: COLOURS[i],
        "stroke-width": 3 }), mark(i, across(estimate), 6, { fill: COLOURS[i] })];
    }));
    methods.forEach((name, i) => {
      const { estimate, low, high } = found[i] ?? {};
      lines[name].textContent = enough ? `${i ? "■" : "●"} ${TITLES[name]} ` +
        `${estimate.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]` : "";
    });
    chips.forEach((chip, i) => {
      const name = candidates[i];
      const pressed = asked.includes(name);
      chip.setAttribute("aria-pressed", pressed);
      chip.textContent = pressed ? `${name} ${latest[name].toFixed(2)}` : name;
    });
    chart.setAttribute("aria-label", `mAP@K: ${methods.map((name) => lines[name].textContent)
      .join("; ")}`);
    status.textContent = enough
      ? `${asked.length} of ${candidates.length} classes unseen; ` +
        `${tried.size} ${tried.size === 1 ? "split" : "splits"} looked at.`
      : "Choose two unseen classes or more.";
  }

  const done = follow(model, ["unseen"], paint);
  return () => { done(); remove(); root.remove(); };
}

export default { render };
