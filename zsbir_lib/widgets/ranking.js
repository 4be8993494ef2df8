// The ranking explorer: photos that can be put into another order, a cut K, and the scores of
// what stands above it.
//
// Model: that of `sortable.js`, whose items are `relevant` or not; `k`, `n_relevant`.

const SCORES = [
  ["precision", "P@K", "K"],
  ["k", "AP@K, divided by K", "K"],
  ["min", "AP@K, divided by min(R, K)", "min(R, K)"],
  ["hits", "AP@K, divided by the hits", "hits"],
  ["relevant", "AP@K, divided by R", "R"],
];

// The sum of the precisions at the hits, and what each score divides.
function judge(relevance, k, n) {
  let [hits, total] = [0, 0];
  relevance.slice(0, k).forEach((hit, i) => {
    if (!hit) return;
    hits += 1;
    total += hits / (i + 1);
  });
  const counts = { precision: k, k, min: Math.min(n, k), hits, relevant: n };
  return SCORES.map(([name]) => {
    const above = name === "precision" ? hits : total;
    return { name, above, below: counts[name], value: counts[name] ? above / counts[name] : 0 };
  });
}

function render({ model, el }) {
  const { root, body, status, remove } = frame(model, el, "ranking", "Ranking explorer");
  const items = model.get("items");
  const count = items.length;
  const relevance = (order) => order.map((i) => items[i].relevant);
  const photos = sortable(model, status, {
    label: (item, rank) => `${items[item].name}, ${items[item].relevant ? "right" : "wrong"}` +
      `${rank >= model.get("k") ? ", below the cut" : ""}`,
    said: () => {
      const marks = judge(relevance(model.get("order")), model.get("k"), model.get("n_relevant"));
      return `; AP@K by K is ${marks[1].value.toFixed(2)}`;
    },
  });
  const signs = photos.tiles.map(({ tile }) => {
    const mark = element("span", { className: "zsbir-ranking-mark" });
    mark.setAttribute("aria-hidden", "true");
    tile.append(mark);
    return mark;
  });

  const cut = slider("K", {
    min: 1, max: count, step: 1, onInput: (k) => choose(model, { k }),
  });
  const asFound = [...Array(count).keys()];
  const sorted = (first) => [...asFound].sort(
    (a, b) => (items[a].relevant === first ? 0 : 1) - (items[b].relevant === first ? 0 : 1));
  const { put } = photos;
  const bar = element("div", { className: "zsbir-live-bar" },
    button("As found", () => put(asFound, "The photos stand as they were found.")),
    button("Best order", () => put(sorted(true), "All right photos stand first.")),
    button("Worst order", () => put(sorted(false), "All wrong photos stand first.")));

  const rows = SCORES.map(([, label]) => {
    const [fraction, value] = [element("td"), element("td")];
    const meter = element("span", { className: "zsbir-live-meter" });
    meter.setAttribute("aria-hidden", "true");
    const head = element("th", { scope: "row", textContent: label });
    const change = element("td", { className: "zsbir-ranking-change" });
    const row = element("tr", {}, head, fraction, value, change, element("td", {}, meter));
    return { row, fraction, value, change, meter };
  });
  let before = null; // the marks before the last change, and what they were of
  const table = element("table", { className: "zsbir-live-scores" },
    element("tbody", {}, ...rows.map(({ row }) => row)));
  table.setAttribute("aria-label", "Scores of the photos above the cut");
  body.append(photos.query, photos.list, cut.row, bar, photos.help, table);

  function paint() {
    const [order, k, n] = [model.get("order"), model.get("k"), model.get("n_relevant")];
    photos.paint();
    order.forEach((item, rank) => {
      const { place, tile } = photos.tiles[item];
      const { relevant } = items[item];
      signs[item].textContent = relevant ? "✓" : "✗";
      place.classList.toggle("zsbir-ranking-last", rank === k - 1);
      tile.classList.toggle("zsbir-ranking-below", rank >= k);
      tile.classList.toggle("zsbir-ranking-wrong", !relevant);
    });
    cut.show(k, `${k} of ${count}`);
    const marks = judge(relevance(order), k, n);
    const asked = `${order} ${k}`;
    if (before && before.asked !== asked) {
      marks.forEach(({ value }, i) => {
        const by = value - before.marks[i].value;
        rows[i].change.textContent = Math.abs(by) < 5e-4 ? "unchanged"
          : `${by > 0 ? "▲ +" : "▼ −"}${Math.abs(by).toFixed(3)}`;
      });
    }
    if (before?.asked !== asked) before = { asked, marks };
    marks.forEach(({ above, below, value }, i) => {
      rows[i].fraction.textContent = `${Number(above.toFixed(2))} / ${below}`;
      rows[i].value.textContent = value.toFixed(3);
      rows[i].meter.style.width = `${100 * value}%`;
    });
  }

  const done = follow(model, ["order", "k"], paint);
  return () => { done(); remove(); root.remove(); };
}

export default { render };
