// The ranking explorer: photos that can be put into another order, a cut K, and the scores of
// what stands above it.
//
// Model: `items` ({name, relevant, picture}), `sketch` (an address or ""), `order` (which item
// stands at each rank), `k`, `n_relevant`.

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
  let taken = null; // the rank of the photo that was picked up by key or tap

  const cut = slider("K", {
    min: 1, max: count, step: 1, onInput: (k) => choose(model, { k }),
  });
  const asFound = [...Array(count).keys()];
  const sorted = (first) => [...asFound].sort(
    (a, b) => (items[a].relevant === first ? 0 : 1) - (items[b].relevant === first ? 0 : 1));
  const put = (order, words) => {
    taken = null;
    choose(model, { order });
    status.textContent = words;
  };
  const bar = element("div", { className: "zsbir-live-bar" },
    button("As found", () => put(asFound, "The photos stand as they were found.")),
    button("Best order", () => put(sorted(true), "All right photos stand first.")),
    button("Worst order", () => put(sorted(false), "All wrong photos stand first.")));

  const list = element("ol", { className: "zsbir-ranking-photos" });
  list.setAttribute("aria-label", "The photos, nearest first");
  const tiles = items.map((item) => {
    const mark = element("span", { className: "zsbir-ranking-mark" });
    mark.setAttribute("aria-hidden", "true");
    const rank = element("span", { className: "zsbir-ranking-rank" });
    const tile = element("button", { type: "button", className: "zsbir-ranking-tile" });
    if (item.picture) tile.append(element("img", { src: item.picture, alt: "", draggable: false }));
    tile.append(element("span", { className: "zsbir-ranking-name", textContent: item.name }),
      rank, mark);
    const place = element("li", {}, tile);
    return { place, tile, rank, mark };
  });

  const query = element("div", { className: "zsbir-ranking-query" });
  if (model.get("sketch")) {
    query.append(element("img", { src: model.get("sketch"), alt: "The sketch that was asked for" }));
  }
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
  const help = element("p", {
    className: "zsbir-live-help",
    textContent: "Drag a photo to another rank, or tap it and then the rank where it shall stand. " +
      "Keyboard: Space takes a photo up, arrow keys move it, Space puts it down.",
  });
  body.append(query, list, cut.row, bar, help, table);

  function move(from, to) {
    if (from === to || to < 0 || to >= count) return false;
    const order = [...model.get("order")];
    order.splice(to, 0, ...order.splice(from, 1));
    choose(model, { order });
    return true;
  }

  function say(rank) {
    const item = items[model.get("order")[rank]];
    const first = judge(relevance(model.get("order")), model.get("k"), model.get("n_relevant"))[1];
    status.textContent = `${item.name} at rank ${rank + 1} of ${count}; ` +
      `AP@K by K is ${first.value.toFixed(2)}.`;
  }

  // The rank whose tile is nearest to a pointer.
  function under(event) {
    const order = model.get("order");
    let [best, nearest] = [0, Infinity];
    order.forEach((item, rank) => {
      const box = tiles[item].tile.getBoundingClientRect();
      const away = Math.hypot(event.clientX - box.left - box.width / 2,
        event.clientY - box.top - box.height / 2);
      if (away < nearest) [best, nearest] = [rank, away];
    });
    return best;
  }

  tiles.forEach(({ tile }, item) => {
    let [start, dragged] = [null, false];
    tile.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || event.button) return;
      [start, dragged] = [[event.clientX, event.clientY], false];
      tile.setPointerCapture(event.pointerId);
    });
    tile.addEventListener("pointermove", (event) => {
      if (!start) return;
      const [dx, dy] = [event.clientX - start[0], event.clientY - start[1]];
      dragged ||= Math.hypot(dx, dy) > 6;
      if (!dragged) return;
      tile.classList.add("zsbir-ranking-dragged");
      tile.style.transform = `translate(${dx}px, ${dy}px)`;
    });
    const drop = (event) => {
      if (!start) return;
      tile.classList.remove("zsbir-ranking-dragged");
      tile.style.transform = "";
      start = null;
      if (!dragged || event.type === "pointercancel") return;
      taken = null;
      const [from, to] = [model.get("order").indexOf(item), under(event)];
      move(from, to);
      say(to);
    };
    tile.addEventListener("pointerup", drop);
    tile.addEventListener("pointercancel", drop);
    tile.addEventListener("click", (event) => {
      if (dragged && event.detail) {
        dragged = false; // the click that ends a drag
        return;
      }
      const rank = model.get("order").indexOf(item);
      if (taken === null) {
        taken = rank;
        status.textContent = `${items[item].name} taken up from rank ${rank + 1}.`;
        paint();
      } else {
        const from = taken;
        taken = null;
        if (!move(from, rank)) paint();
        say(rank);
      }
      tile.focus();
    });
    tile.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (event.key === "Escape" && taken !== null) {
        taken = null;
        paint();
      }
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const rank = model.get("order").indexOf(item);
      const to = rank + by;
      if (to < 0 || to >= count) return;
      if (taken === rank) {
        taken = to;
        move(rank, to);
        say(to);
        tile.focus();
      } else {
        tiles[model.get("order")[to]].tile.focus();
      }
    });
  });

  function paint() {
    const [order, k, n] = [model.get("order"), model.get("k"), model.get("n_relevant")];
    // Moving an element takes the focus from it: only what is not in its place is moved.
    order.forEach((item, rank) => {
      const { place, tile, rank: number, mark } = tiles[item];
      if (list.children[rank] !== place) list.insertBefore(place, list.children[rank] ?? null);
      const { name, relevant } = items[item];
      number.textContent = rank + 1;
      mark.textContent = relevant ? "✓" : "✗";
      place.classList.toggle("zsbir-ranking-last", rank === k - 1);
      tile.classList.toggle("zsbir-ranking-below", rank >= k);
      tile.classList.toggle("zsbir-ranking-wrong", !relevant);
      tile.setAttribute("aria-pressed", String(taken === rank));
      tile.setAttribute("aria-label", `Rank ${rank + 1}: ${name}, ${relevant ? "right" : "wrong"}` +
        `${rank >= k ? ", below the cut" : ""}`);
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
