// The latent walker: a plane whose every place the decoder draws, here in the page.
//
// Model: `layers` (of the decoder: {weight, scale, bias} in base64; weights are 8-bit integers,
// row by row, each row with its scale), `shape` ([height, width] of a picture), `points`, `labels`
// and `names` of encoded pictures, `side` of the plane, `steps`, and the reader's choices `z` and
// `start`.

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}

function readLayer({ weight, scale, bias }) {
  return { weight: new Int8Array(bytes(weight)), scale: new Float32Array(bytes(scale)),
    bias: new Float32Array(bytes(bias)) };
}

// The probability of ink of every pixel.
function decode(layers, z) {
  let values = Float32Array.from(z);
  layers.forEach(({ weight, scale, bias }, i) => {
    const [rows, columns] = [bias.length, values.length];
    const next = new Float32Array(rows);
    for (let row = 0; row < rows; row += 1) {
      let sum = 0;
      for (let k = 0, at = row * columns; k < columns; k += 1, at += 1) {
        sum += weight[at] * values[k];
      }
      sum = sum * scale[row] + bias[row];
      next[row] = i < layers.length - 1 ? Math.max(0, sum) : 1 / (1 + Math.exp(-sum));
    }
    values = next;
  });
  return values;
}

// Put a picture on a canvas, `left` pixels from its edge: ink is black, paper white.
function draw(canvas, ink, [height, width], left = 0) {
  const data = new ImageData(width, height);
  ink.forEach((probability, i) => {
    data.data.fill(Math.round(255 * (1 - probability)), 4 * i, 4 * i + 3);
    data.data[4 * i + 3] = 255;
  });
  canvas.getContext("2d").putImageData(data, left, 0);
}

const SHADES = [...COLOURS, "currentColor"];
const SHAPES = [
  (fill) => svg("circle", { r: 3.2, fill }),
  (fill) => svg("path", { d: "M0,-4 L3.6,3 L-3.6,3 Z", fill }),
  (fill) => svg("rect", { x: -3, y: -3, width: 6, height: 6, fill }),
  (fill) => svg("path", { d: "M-1.3,-4h2.6v2.7h2.7v2.6h-2.7v2.7h-2.6v-2.7h-2.7v-2.6h2.7Z", fill }),
  (stroke) => svg("path", { d: "M-3,-3 L3,3 M-3,3 L3,-3", stroke, "stroke-width": 1.8 }),
];

function render({ model, el }) {
  const { root, body, status, remove } = frame(model, el, "walker", "Latent walker");
  const layers = model.get("layers").map(readLayer);
  const [shape, points, labels, names] =
    ["shape", "points", "labels", "names"].map((name) => model.get(name));
  const [side, steps] = [model.get("side"), model.get("steps")];
  const area = plane({ x: [-side, side], y: [-side, side], width: 400, height: 400,
    label: "The latent space, with encoded pictures" });
  points.forEach((point, i) => {
    const mark = SHAPES[labels[i]](SHADES[labels[i]]);
    mark.setAttribute("transform", `translate(${area.at(...point).join(" ")})`);
    area.layer.append(mark);
  });
  const way = svg("line", { stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": "6 5" });
  area.layer.append(way);
  const ends = {
    start: handle(area, svg("rect", { x: -7, y: -7, width: 14, height: 14, fill: "none",
      stroke: "currentColor", "stroke-width": 2.5 }),
    { name: "start of the walk", onMove: (x, y) => choose(model, { start: [x, y] }) }),
    z: handle(area, svg("circle", { r: 10, fill: "none", stroke: "currentColor",
      "stroke-width": 4 }),
    { name: "you", onMove: (x, y) => choose(model, { z: [x, y] }) }),
  };

  // A click anywhere goes there.
  area.root.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button || event.target.closest(".zsbir-live-handle")) return;
    choose(model, { z: area.from(event) });
  });

  const canvas = (width, name) => {
    const made = element("canvas", { className: `zsbir-walker-${name}`, width, height: shape[0] });
    made.setAttribute("role", "img");
    return made;
  };
  const here = canvas(shape[1], "here");
  const strip = canvas(shape[1] * steps, "strip");
  const words = element("p", { className: "zsbir-live-words" });
  const key = element("p", { className: "zsbir-walker-key" });
  names.forEach((name, k) => {
    const mark = svg("svg", { viewBox: "-6 -6 12 12", width: 14, height: 14, "aria-hidden": true },
      SHAPES[k](SHADES[k]));
    key.append(element("span", {}, mark, ` ${name}`));
  });
  body.append(
    element("p", { className: "zsbir-live-help", textContent:
      "Click anywhere in the plane, or drag the ring: the decoder draws that place." }),
    element("div", { className: "zsbir-walker-views" }, area.root,
      element("div", {}, here, words, key)),
    strip,
    element("div", { className: "zsbir-live-bar" },
      button("Begin a new walk here", () => choose(model, { start: [...model.get("z")] }))));

  function paint() {
    const [z, start] = [model.get("z"), model.get("start")];
    ends.z.put(...z);
    ends.start.put(...start);
    const [x1, y1] = area.at(...start);
    const [x2, y2] = area.at(...z);
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) way.setAttribute(name, value);
    let ink;
    for (let i = 0; i < steps; i += 1) {
      const share = i / (steps - 1);
      ink = decode(layers, z.map((value, k) => (1 - share) * start[k] + share * value));
      draw(strip, ink, shape, i * shape[1]);
    }
    draw(here, ink, shape);
    const away = points.map((point) => (point[0] - z[0]) ** 2 + (point[1] - z[1]) ** 2);
    const nearest = names[labels[away.indexOf(Math.min(...away))]];
    const decided = ink.reduce((sum, one) => sum + Math.abs(2 * one - 1), 0) / ink.length;
    const place = z.map((value) => value.toFixed(2)).join(", ");
    words.textContent = `z = (${place}); nearest: ${nearest}; ` +
      `pixels ${Math.round(100 * decided)}% decided`;
    here.setAttribute("aria-label", `The decoded picture. ${words.textContent}`);
    strip.setAttribute("aria-label", `${steps} pictures on the straight way to ${place}`);
    if (nearest !== here.dataset.nearest) {
      if (here.dataset.nearest) status.textContent = `Among the ${nearest} pictures now.`;
      here.dataset.nearest = nearest;
    }
  }

  const done = follow(model, ["z", "start"], paint);
  return () => { done(); remove(); root.remove(); };
}

export default { render };
