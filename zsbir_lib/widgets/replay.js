// The replay of adversarial training: codes that chase a prior, step by step.
//
// Model: `frames` (a list for each game: {step, codes, heights in percent}), `extent`, `levels`,
// and the reader's choices `game` and `place` (which frame).

const PAUSE = 700; // milliseconds between frames while it plays

// Length of the mean, least and greatest variance of points in the plane.
function moments(points) {
  const n = points.length;
  const mean = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / n);
  const cov = (a, b) => points.reduce((sum, point) =>
    sum + (point[a] - mean[a]) * (point[b] - mean[b]), 0) / (n - 1);
  const [xx, xy, yy] = [cov(0, 0), cov(0, 1), cov(1, 1)];
  const [half, root] = [(xx + yy) / 2, Math.hypot((xx - yy) / 2, xy)];
  return [Math.hypot(...mean), half - root, half + root];
}

// The pieces of the line on which a grid has a level, as pairs of places [column, row].
function contour(grid, level) {
  const pieces = [];
  for (let r = 0; r + 1 < grid.length; r += 1) {
    for (let c = 0; c + 1 < grid.length; c += 1) {
      const corners = [[c, r], [c + 1, r], [c + 1, r + 1], [c, r + 1]];
      const crossed = [];
      corners.forEach(([x, y], i) => {
        const [u, v] = corners[(i + 1) % 4];
        const [a, b] = [grid[y][x] - level, grid[v][u] - level];
        if ((a > 0) === (b > 0)) return;
        const t = a / (a - b);
        crossed.push([x + t * (u - x), y + t * (v - y)]);
      });
      for (let i = 0; i + 1 < crossed.length; i += 2) pieces.push([crossed[i], crossed[i + 1]]);
    }
  }
  return pieces;
}

// The same heights on a grid that is finer, by cubic interpolation (Catmull and Rom), so that lines
// through it are smooth.
function finer(grid, times) {
  const along = (row) => {
    const at = (i) => row[Math.min(row.length - 1, Math.max(0, i))];
    return Array.from({ length: (row.length - 1) * times + 1 }, (_, place) => {
      const i = Math.floor(place / times);
      const t = place / times - i;
      const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
      return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
    });
  };
  const flip = (rows) => rows[0].map((_, i) => rows.map((row) => row[i]));
  return flip(flip(grid.map(along)).map(along));
}

function render({ model, el }) {
  const { root, body, status, remove } = frame(model, el, "replay", "Replay of a game");
  const games = model.get("frames");
  const steps = Object.values(games)[0].map((one) => one.step);
  const [low, high] = model.get("extent");
  const area = plane({ x: [low, high], y: [low, high], width: 400, height: 400,
    label: "Codes, prior and discriminator" });
  const lines = svg("g", { stroke: "currentColor", "stroke-width": 1.2, "data-lines": "" });
  area.layer.append(lines);
  const unit = 400 / (high - low);
  const [x, y] = area.at(0, 0);
  for (const radius of [1, 2]) {
    area.layer.append(svg("circle", { cx: x, cy: y, r: radius * unit, fill: "none",
      stroke: COLOURS[1], "stroke-width": 2, "stroke-dasharray": "7 5" }));
  }
  const dots = games[model.get("game")][0].codes.map(() => svg("circle", { r: 3,
    fill: COLOURS[0], "data-code": "" }));
  area.layer.append(...dots);

  const which = chooser("Game", Object.keys(games).map((name) => [name, name]),
    (game) => choose(model, { game }));
  const time = slider("Step", { min: 0, max: steps.length - 1, step: 1, onInput: (place) => {
    stop();
    choose(model, { place });
  } });
  let clock = null;
  const play = button("Play", () => {
    if (clock) {
      stop();
      return;
    }
    if (model.get("place") === steps.length - 1) choose(model, { place: 0 });
    clock = setInterval(() => {
      choose(model, { place: Math.min(model.get("place") + 1, steps.length - 1) });
      if (model.get("place") === steps.length - 1) stop();
    }, PAUSE);
    play.textContent = "Pause";
  });
  function stop() {
    const played = Boolean(clock);
    clearInterval(clock);
    clock = null;
    play.textContent = "Play";
    if (played) paint(); // says where it stands now
  }
  const words = element("p", { className: "zsbir-live-words" });
  const key = element("p", { className: "zsbir-live-help", textContent:
    "Blue: codes. Dashed: one and two standard deviations of the prior. Lines: where the " +
    `discriminator gives ${model.get("levels").join(", ")} to be a draw from the prior.` });
  body.append(element("div", { className: "zsbir-replay-plane" }, area.root), time.row,
    element("div", { className: "zsbir-live-bar" }, play, which.row), words, key);

  function paint() {
    const game = model.get("game");
    const place = model.get("place");
    const { step, codes, heights } = games[game][place];
    which.select.value = game;
    time.show(place, `step ${step}`);
    // Games may have different numbers of codes: there are as many dots as codes.
    while (dots.length < codes.length) {
      dots.push(svg("circle", { r: 3, fill: COLOURS[0], "data-code": "" }));
      area.layer.append(dots.at(-1));
    }
    dots.forEach((dot, i) => {
      dot.style.display = i < codes.length ? "" : "none";
      if (i >= codes.length) return;
      const [cx, cy] = area.at(...codes[i]);
      dot.setAttribute("cx", cx);
      dot.setAttribute("cy", cy);
    });
    const smooth = finer(heights, 3);
    const scale = (high - low) / (smooth.length - 1);
    lines.replaceChildren(...model.get("levels").flatMap((level) => {
      const pieces = contour(smooth, 100 * level).map((ends) => ends.map(([column, row]) =>
        area.at(low + column * scale, low + row * scale)));
      if (!pieces.length) return [];
      // The number stands where its line is farthest to the right, but within the frame.
      const [x, y] = pieces.flat().reduce((best, end) => (end[0] > best[0] ? end : best));
      const label = svg("text", { x: Math.min(x + 3, 374), y: within(y - 4, 12, 394), stroke: "none",
        "data-level": "" });
      label.textContent = level;
      return [svg("path", { fill: "none", d: pieces.map(([a, b]) =>
        `M${a.map((one) => one.toFixed(1))}L${b.map((one) => one.toFixed(1))}`).join("") }), label];
    }));
    const [off, least, greatest] = moments(codes);
    words.textContent = `Middle ${off.toFixed(2)} from the prior's, variance ` +
      `${least.toFixed(2)} to ${greatest.toFixed(2)}`;
    // While it plays, a line for each frame would drown everything else that is read out.
    if (!clock) status.textContent = `${game}, step ${step}`;
  }

  const done = follow(model, ["game", "place"], paint);
  return () => { stop(); done(); remove(); root.remove(); };
}

export default { render };
