// Photos that can be put into another order by mouse, finger or keys.
//
// Model: `items` ({name, picture}), `sketch` (an address or ""), `order` (which item stands at each
// rank).

// Returns {tiles, query, list, help, put(order, words), paint()}: a tile for each item, three parts
// for the widget's body, and what puts the photos into an order and says so. `label(item, rank)` names a
// tile for those who cannot see it; `said(item, rank)` is read out when a photo was put down.
function sortable(model, status, { label, said }) {
  const items = model.get("items");
  const count = items.length;
  let taken = null; // the rank of the photo that was picked up by key or tap

  const list = element("ol", { className: "zsbir-ranking-photos" });
  list.setAttribute("aria-label", "The photos, nearest first");
  const tiles = items.map((item) => {
    const rank = element("span", { className: "zsbir-ranking-rank" });
    const tile = element("button", { type: "button", className: "zsbir-ranking-tile" });
    if (item.picture) tile.append(element("img", { src: item.picture, alt: "", draggable: false }));
    tile.append(element("span", { className: "zsbir-ranking-name", textContent: item.name }), rank);
    return { place: element("li", {}, tile), tile, rank };
  });
  const query = element("div", { className: "zsbir-ranking-query" });
  if (model.get("sketch")) {
    query.append(element("img", { src: model.get("sketch"), alt: "The sketch that was asked for" }));
  }
  const help = element("p", {
    className: "zsbir-live-help",
    textContent: "Drag a photo to another rank, or tap it and then the rank where it shall stand. " +
      "Keyboard: Space takes a photo up, arrow keys move it, Space puts it down.",
  });

  function put(order, words) {
    taken = null;
    choose(model, { order });
    status.textContent = words;
  }

  function move(from, to) {
    if (from === to || to < 0 || to >= count) return false;
    const order = [...model.get("order")];
    order.splice(to, 0, ...order.splice(from, 1));
    choose(model, { order });
    return true;
  }

  function say(rank) {
    const item = model.get("order")[rank];
    status.textContent = `${items[item].name} at rank ${rank + 1} of ${count}${said(item, rank)}.`;
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
    // Moving an element takes the focus from it: only what is not in its place is moved.
    model.get("order").forEach((item, rank) => {
      const { place, tile, rank: number } = tiles[item];
      if (list.children[rank] !== place) list.insertBefore(place, list.children[rank] ?? null);
      number.textContent = rank + 1;
      tile.setAttribute("aria-pressed", String(taken === rank));
      tile.setAttribute("aria-label", `Rank ${rank + 1}: ${label(item, rank)}`);
    });
  }

  return { tiles, query, list, help, put, paint };
}
