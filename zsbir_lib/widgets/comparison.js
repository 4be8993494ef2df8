// A ranking by the reader beside rankings by others: Kendall's tau of each with the reader's.
//
// Model: that of `sortable.js`; `rankings` (by the name of each ranker its items, nearest first),
// `compared` (whether the others are shown).

// The pairs that two orders put the same way round, and the other way round.
function pairs(first, second) {
  const place = (order) => order.reduce((places, item, rank) => {
    places[item] = rank;
    return places;
  }, []);
  const [a, b] = [place(first), place(second)];
  let [same, turned] = [0, 0];
  for (let i = 0; i < a.length; i += 1) {
    for (let j = i + 1; j < a.length; j += 1) {
      if ((a[i] - a[j]) * (b[i] - b[j]) > 0) same += 1;
      else turned += 1;
    }
  }
  return [same, turned];
}

function render({ model, el }) {
  const { root, body, status, remove } = frame(model, el, "comparison", "Rank the photos yourself");
  const items = model.get("items");
  const rankings = Object.entries(model.get("rankings"));
  const photos = sortable(model, status, { label: (item) => items[item].name, said: () => "" });
  const compare = button("", () => choose(model, { compared: !model.get("compared") }));
  const bar = element("div", { className: "zsbir-live-bar" }, compare,
    button("Begin again", () => {
      choose(model, { compared: false });
      photos.put([...items.keys()], "The photos stand in their first order.");
    }));
  const rows = rankings.map(([name, order]) => {
    const [counted, tau] = [element("td"), element("td")];
    const found = element("td", {
      className: "zsbir-comparison-order", textContent: order.map((i) => items[i].name).join(" "),
    });
    const row = element("tr", {}, element("th", { scope: "row", textContent: name }), found,
      counted, tau);
    return { row, order, counted, tau };
  });
  const head = ["ranked by", "nearest first", "pairs alike", "τ with yours"].map((text) =>
    element("th", { scope: "col", textContent: text }));
  const table = element("table", { className: "zsbir-live-scores" },
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows.map(({ row }) => row)));
  table.setAttribute("aria-label", "Kendall's tau of your order with each other ranking");
  body.append(photos.query, photos.list, bar, photos.help, table);

  function paint() {
    photos.paint();
    const compared = model.get("compared");
    table.hidden = !compared;
    compare.textContent = compared ? "Hide the other rankings" : "Compare with the other rankings";
    rows.forEach(({ order, counted, tau }) => {
      const [same, turned] = pairs(model.get("order"), order);
      counted.textContent = `${same} of ${same + turned}`;
      tau.textContent = ((same - turned) / (same + turned)).toFixed(2);
    });
  }

  const done = follow(model, ["order", "compared"], paint);
  return () => { done(); remove(); root.remove(); };
}

export default { render };
