// The map of the gallery: where photos, the drawing and what was generated for it lie, with a key.
// Colours and shapes both tell them apart; squares carry the number of their centre.

import { element } from "./parts.js";

const STAR = "#d55e00";
const GENERATED = "#0072b2";
const OWN = "#009e73";
const MARGIN = 20;

// Each mark of the key is drawn by what draws it on the map.
const KEY = [
  ["star", "your drawing", (pen) => star(pen, 12, 12)],
  ["photo", "a photo of the gallery", (pen, ink) => dot(pen, 12, 12, 3, ink)],
  ["found", "a photo found", (pen, ink) => ring(pen, 12, 12, 6, ink, 1.5)],
  ["chosen", "the photo that you chose", (pen) => ring(pen, 12, 12, 9, STAR, 4)],
  ["own", "a photo of what you say you drew", (pen) => dot(pen, 12, 12, 5, OWN)],
  ["generated", "a generated feature", (pen) => dot(pen, 12, 12, 3, GENERATED)],
  ["centre", "a centre, with its number", (pen) => square(pen, 12, 12, 1, GENERATED)],
];

function dot(pen, x, y, radius, colour, alpha = 1) {
  pen.globalAlpha = alpha;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fill();
  pen.globalAlpha = 1;
}

function ring(pen, x, y, radius, colour, width) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.stroke();
}

function star(pen, x, y) {
  pen.fillStyle = STAR;
  pen.beginPath();
  for (let i = 0; i < 10; i++) {
    const [angle, radius] = [(i * Math.PI) / 5 - Math.PI / 2, i % 2 ? 5 : 12];
    pen.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  pen.fill();
}

function square(pen, x, y, number, colour) {
  pen.fillStyle = colour;
  pen.fillRect(x - 10, y - 10, 20, 20);
  pen.fillStyle = "#fff";
  pen.font = "bold 15px sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(String(number), x, y + 1);
}

// Return {figure, paint}. `paint({answer, photo, centre, drew})` shows an answer, or nothing yet.
export function makeMap(about, root, here) {
  const canvas = element("canvas", {
    width: 720, height: 540, className: "zsbir-draw-map", role: "img", label: "Map of the gallery",
  });
  const key = element("ul", { className: "zsbir-draw-key", label: "What the marks of the map mean" });
  const figure = element("div", { className: "zsbir-draw-map-box" }, canvas, key);
  const marks = {};
  for (const [name, text, draw] of KEY) {
    const swatch = element("canvas", { width: 24, height: 24 });
    swatch.setAttribute("aria-hidden", "true");
    const item = element("li", { hidden: true }, swatch, text);
    item.dataset.mark = name;
    key.append(item);
    marks[name] = { item, paint: (ink) => {
      const pen = swatch.getContext("2d");
      pen.clearRect(0, 0, 24, 24);
      draw(pen, ink);
    } };
  }

  let places = null;
  let shown = {};
  let turns = 0;

  async function load() {
    const answered = await fetch(new URL(about.map.places, here));
    if (!answered.ok) throw new Error(answered.status);
    return new Float32Array(await answered.arrayBuffer());
  }

  async function paint(what = shown) {
    shown = what;
    const turn = ++turns;
    try {
      places ??= await load();
    } catch {
      return; // without a network: the next answer tries again
    }
    if (turn === turns) draw(what); // else there is something newer to paint
  }

  function flat(vector, offset, mean) {
    return about.map.axes.map((axis) =>
      axis.reduce((sum, value, j) => sum + value * (vector[offset + j] - (mean ? mean[j] : 0)), 0));
  }

  // Generated features are about the mean photo that the method learnt from, the map about the
  // gallery's.
  function moved(vectors, shift) {
    const width = about.map.mean.length;
    return Array.from({ length: vectors.length / width }, (_, i) =>
      flat(vectors, i * width).map((value, j) => value + shift[j]));
  }

  function draw({ answer, photo = -1, centre = -1, drew = "" }) {
    const pen = canvas.getContext("2d");
    const ink = getComputedStyle(root).color;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const points = Array.from({ length: places.length / 2 }, (_, i) =>
      [places[2 * i], places[2 * i + 1]]);
    const shift = answer?.cloud && about.methods[answer.method].map_shift;
    const cloud = shift ? moved(answer.cloud, shift) : [];
    const middles = shift ? moved(answer.queries, shift) : [];
    const sketch = answer && flat(answer.feature, 0, about.map.mean);
    const where = scale([...points, ...cloud, ...(sketch ? [sketch] : [])], canvas);
    for (const point of points) dot(pen, ...where(point), 2.5, ink, 0.3);
    const own = drew ? about.classes.indexOf(drew) : -1;
    if (own >= 0) {
      points.forEach((point, i) => about.labels[i] === own && dot(pen, ...where(point), 4, OWN, 0.8));
    }
    for (const point of cloud) dot(pen, ...where(point), 3, GENERATED, 0.6);
    for (const { photo: one } of answer?.results ?? []) {
      const chosen = one === photo;
      ring(pen, ...where(points[one]), chosen ? 9 : 6, chosen ? STAR : ink, chosen ? 4 : 1.5);
    }
    for (const [i, middle] of middles.entries()) {
      square(pen, ...where(middle), i + 1, i === centre ? STAR : GENERATED);
    }
    if (sketch) star(pen, ...where(sketch));
    const there = { star: sketch, photo: true, found: answer, chosen: photo >= 0, own: own >= 0,
      generated: cloud.length, centre: middles.length };
    for (const [name, { item, paint: again }] of Object.entries(marks)) {
      item.hidden = !there[name];
      again(ink);
    }
    canvas.setAttribute("aria-label", words(points.length, answer, cloud.length, middles.length));
  }

  function words(photos, answer, generated, centres) {
    const gallery = `Map of ${photos} photos of the gallery as dots.`;
    if (!answer) return `${gallery} Nothing is drawn yet.`;
    return `${gallery} Your drawing is the star` + (generated
      ? `, ${generated} generated features are blue dots, and their ${centres} centres are squares.`
      : ".") + " The photos found are circled.";
  }

  // The ink is that of the page, which may change: by a button of the book, or by the system.
  const again = () => requestAnimationFrame(() => paint());
  new MutationObserver(again).observe(document.documentElement, {
    attributes: true, attributeFilter: ["class", "style", "data-theme", "data-mode"],
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  return { figure, paint };
}

function scale(points, { width, height }) {
  const [x, y] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const [left, right, low, high] = [least(x), most(x), least(y), most(y)];
  return ([a, b]) => [
    MARGIN + ((a - left) / (right - left || 1)) * (width - 2 * MARGIN),
    height - MARGIN - ((b - low) / (high - low || 1)) * (height - 2 * MARGIN),
  ];
}

// Math.min takes so many numbers and no more; a gallery may hold more photos.
const least = (values) => values.reduce((found, value) => Math.min(found, value), Infinity);
const most = (values) => values.reduce((found, value) => Math.max(found, value), -Infinity);
