// "Draw it, find it": the page around the sketch pad. A worker does the retrieval; this module shows
// what it answers. `mount(element)` puts it anywhere; the files it needs lie beside this one.

import pad from "./sketchpad.js";
import { rasterise } from "./engine.js";

const SHOWN = 12;
const FORMAT = "zsbir-web-2"; // of model.json
const PING = 5000; // ms between looks at a worker that has not answered yet
const PATIENCE = 30000; // ms of silence after which a worker counts as dead

function element(tag, properties = {}, ...children) {
  const { role, label, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  if (role) made.setAttribute("role", role);
  if (label) made.setAttribute("aria-label", label);
  made.append(...children);
  return made;
}

// The sketch pad is a Jupyter widget; this is all of a widget's model that it needs.
function plainModel(state) {
  const listeners = {};
  return {
    get: (key) => state[key],
    set(key, value) {
      // Only what changes is told, or each stroke, which also puts no example, would ask twice.
      if (state[key] === value) return;
      state[key] = value;
      for (const heard of listeners[`change:${key}`] ?? []) heard();
    },
    save_changes() {},
    on: (event, heard) => (listeners[event] ??= []).push(heard),
    off() {},
  };
}

function choice(name, options, chosen, heard) {
  const select = element("select", { onchange: () => heard(select.value) });
  select.append(...options.map(([value, text]) => element("option", { value, textContent: text })));
  select.value = chosen;
  return [element("label", { className: "zsbir-draw-choice" }, name, select), select];
}

function slider(name, texts, chosen, heard) {
  const shown = element("output");
  const input = element("input", { type: "range", min: 0, max: texts.length - 1, step: 1 });
  const say = () => {
    shown.textContent = texts[input.value];
    input.setAttribute("aria-valuetext", texts[input.value]);
  };
  input.value = chosen;
  input.addEventListener("input", () => { say(); heard(Number(input.value)); });
  say();
  return element("label", { className: "zsbir-draw-slider" }, element("span", {}, name), input, shown);
}

const readable = (name) => name.replaceAll("_", " ");

export async function mount(root, options = {}) {
  const here = new URL(".", import.meta.url);
  root.classList.add("zsbir-draw");
  const status = element("p", { className: "zsbir-draw-status", role: "status" });
  root.append(status);
  if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
    status.textContent =
      "This page computes in your browser, and this browser has no WebAssembly or no workers. " +
      "All other pages of the book work without them.";
    return null;
  }
  let about;
  try {
    const answered = await fetch(new URL("model.json", here));
    if (!answered.ok) throw new Error(answered.status);
    about = await answered.json();
    if (about.format !== FORMAT) throw new Error(`model.json is of another version: ${about.format}`);
  } catch (error) {
    status.textContent = `What this page needs could not be loaded (${error.message}).`;
    return null;
  }

  const names = Object.keys(about.methods);
  const state = { method: names[0], samples: 3, centres: 4, weight: 1, space: 0, drew: "" };
  const model = plainModel({ strokes: [], example: "", examples: about.examples });
  const left = element("div", { className: "zsbir-draw-pad" });
  pad.render({ model, el: left });

  const list = element("ol", { className: "zsbir-draw-results", label: "Photos found, nearest first" });
  const why = element("p", { className: "zsbir-draw-why" });
  const map = element("canvas", { width: 720, height: 540, className: "zsbir-draw-map", role: "img" });
  const controls = element("div", { className: "zsbir-draw-controls" });
  const [whichMethod] = choice(
    "Method", names.map((name) => [name, about.methods[name].title]), state.method,
    (value) => { state.method = value; showControls(); ask(); });
  const [whatDrawn] = choice(
    "I drew a", [["", "(not telling)"], ...about.classes.map((name) => [name, readable(name)])], "",
    (value) => { state.drew = value; if (last) show(last); });
  // Generative methods have the same knobs; some of them do not have a weight to choose.
  const [generator] = Object.values(about.methods).filter((method) => method.generators)
    .sort((a, b) => b.generators.length - a.generators.length);
  const knobs = element("div", { className: "zsbir-draw-knobs" });
  if (generator) {
    knobs.append(
      slider("Samples", generator.samples.map(String), state.samples,
        (value) => { state.samples = value; ask(); }),
      slider("Centres K",
        Array.from({ length: generator.most_centres }, (_, i) => String(i + 1)), state.centres,
        (value) => { state.centres = value; ask(); }),
      slider("λ of the regulariser", generator.generators.map((one) => String(one.weight)),
        state.weight, (value) => { state.weight = value; ask(); }),
      slider("Compare in", ["photo space", "¾ photo", "half and half", "¾ sketch", "sketch space"],
        state.space, (value) => { state.space = value; ask(); }),
    );
  }
  controls.append(whichMethod, whatDrawn, knobs);
  root.prepend(element("div", { className: "zsbir-draw-top" }, left, controls));
  root.append(list, why, element("details", { open: true },
    element("summary", { textContent: "Map of the gallery" }), map));

  function showControls() {
    knobs.hidden = !about.methods[state.method].generators;
  }
  showControls();

  // ---- asking: one question under way, and the newest one waiting
  let worker = null, number = 0, busy = false, waiting = false, last = null, thumbnails = null;
  let again = true, heard = 0, looks = null;

  function start() {
    worker = new Worker(new URL("worker.js", here), { type: "module" });
    heard = Date.now();
    worker.onmessage = ({ data }) => {
      heard = Date.now();
      if (data.alive) return;
      [busy, again] = [false, true];
      if (data.error) status.textContent = `Nothing could be retrieved: ${data.error}`;
      else if (data.id === number) show((last = data.answer));
      if (waiting) ask();
    };
    worker.onerror = worker.onmessageerror = replace;
    // A worker that a browser has stopped, for want of memory say, does not tell: it is silent.
    looks ??= setInterval(() => {
      if (!busy) heard = Date.now();
      else if (Date.now() - heard > PATIENCE) replace();
      else worker?.postMessage({ alive: true });
    }, PING);
    if (thumbnails) return;
    thumbnails = new Image();
    thumbnails.src = new URL(about.thumbnails, here);
    thumbnails.onload = () => last && show(last);
  }

  // The next question goes to a new worker; the one that was not answered is asked again, once.
  function replace() {
    worker?.terminate();
    [worker, busy, waiting] = [null, false, false];
    if (again) {
      again = false;
      ask().then(() => {
        status.textContent = "The page's worker stopped. A new one is being started…";
      });
    } else {
      again = true;
      status.textContent = "The page's worker stopped twice, so nothing was retrieved. " +
        "Draw another stroke to try again, or reload the page.";
    }
  }

  async function drawing() {
    if (model.get("strokes").length) return rasterise(model.get("strokes"), about.side);
    const url = about.examples[model.get("example")];
    if (!url) return null;
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const canvas = element("canvas", { width: about.side, height: about.side });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(picture, 0, 0, about.side, about.side);
    const { data } = context.getImageData(0, 0, about.side, about.side);
    return Float32Array.from({ length: about.side ** 2 }, (_, i) => data[4 * i]);
  }

  async function ask() {
    const grey = await drawing();
    if (!grey) {
      number++;
      last = null;
      list.replaceChildren();
      why.textContent = status.textContent = "";
      paintMap();
      return;
    }
    if (busy) {
      waiting = true;
      return;
    }
    if (!worker) {
      start();
      status.textContent = "Loading the networks, once (some 7 MB)…";
    }
    [busy, waiting] = [true, false];
    const entry = about.methods[state.method];
    const samples = entry.samples?.[state.samples];
    worker.postMessage({ id: ++number, ask: {
      grey, method: state.method, samples, centres: Math.min(state.centres + 1, samples ?? 1),
      weight: Math.min(state.weight, (entry.generators?.length ?? 1) - 1),
      space: state.space / 4, count: SHOWN,
    } });
  }

  // ---- showing
  function thumbnail(photo) {
    const canvas = element("canvas", { width: about.thumbnail, height: about.thumbnail });
    const [row, column] = [Math.floor(photo / about.columns), photo % about.columns];
    if (thumbnails.complete && thumbnails.naturalWidth) {
      canvas.getContext("2d").drawImage(
        thumbnails, column * about.thumbnail, row * about.thumbnail, about.thumbnail,
        about.thumbnail, 0, 0, about.thumbnail, about.thumbnail);
    }
    return canvas;
  }

  function show(answer) {
    const { results } = answer;
    list.replaceChildren(...results.map(({ photo, label, distance, centre }, rank) => {
      const wrong = state.drew && label !== state.drew;
      const picture = thumbnail(photo);
      picture.setAttribute("aria-hidden", "true");
      const button = element("button", {
        type: "button", className: wrong ? "zsbir-wrong" : "",
        label: `${rank + 1}: ${readable(label)}, distance ${distance.toFixed(2)}` +
          (wrong ? ", another class" : ""),
      }, picture, element("span", { textContent: `${wrong ? "✗ " : ""}${readable(label)}` }),
        element("small", { textContent: distance.toFixed(2) }));
      button.onclick = () => explain(answer, photo, label, distance, centre);
      return element("li", {}, button);
    }));
    why.textContent = "Choose a photo to see why it was found.";
    const time = answer.milliseconds;
    status.textContent = `Nearest: ${readable(results[0].label)}. ` +
      `${about.labels.length.toLocaleString("en")} photos compared in ` +
      `${time < 1 ? "less than 1" : Math.round(time)} ms, in this page.`;
    paintMap(answer);
    root.dispatchEvent(new CustomEvent("zsbir-answer", { detail: answer }));
  }

  function explain(answer, photo, label, distance, centre) {
    const many = answer.cloud !== null;
    why.textContent = many
      ? `This ${readable(label)} is ${distance.toFixed(3)} away from centre ${centre + 1} of what ` +
        `was generated for your drawing, nearer than from any other centre.`
      : `This ${readable(label)} is ${distance.toFixed(3)} away from where the method puts your drawing.`;
    paintMap(answer, photo, centre);
  }

  let places = null;
  let painted = 0;
  async function paintMap(answer = null, photo = -1, centre = -1) {
    const turn = ++painted;
    places ??= new Float32Array(await (await fetch(new URL(about.map.places, here))).arrayBuffer());
    if (turn !== painted) return; // meanwhile there was something newer to paint
    const context = map.getContext("2d");
    const style = getComputedStyle(root);
    const ink = style.color;
    context.clearRect(0, 0, map.width, map.height);
    const { mean, axes } = about.map;
    const flat = (vector, offset, centred) => axes.map((axis) =>
      axis.reduce((sum, value, j) => sum + value * (vector[offset + j] - (centred ? 0 : mean[j])), 0));
    const points = [];
    const dots = (list_, radius, colour, alpha) => {
      context.globalAlpha = alpha;
      context.fillStyle = colour;
      for (const [x, y] of list_) {
        context.beginPath();
        context.arc(...where([x, y]), radius, 0, 7);
        context.fill();
      }
      context.globalAlpha = 1;
    };
    for (let i = 0; i < places.length; i += 2) points.push([places[i], places[i + 1]]);
    const width = about.map.mean.length;
    const cloud = [];
    const middles = [];
    if (answer?.cloud) {
      // Generated features are about the mean photo of the seen classes; the map is about the gallery's.
      const shift = about.methods[answer.method].map_shift;
      const moved = (vector, i) => flat(vector, i * width, true).map((v, j) => v + shift[j]);
      for (let i = 0; i < answer.cloud.length / width; i++) cloud.push(moved(answer.cloud, i));
      for (let i = 0; i < answer.queries.length / width; i++) middles.push(moved(answer.queries, i));
    }
    const sketch = answer && flat(answer.feature, 0, false);
    const all = [...points, ...cloud, ...(sketch ? [sketch] : [])];
    const [minX, maxX] = [Math.min(...all.map((p) => p[0])), Math.max(...all.map((p) => p[0]))];
    const [minY, maxY] = [Math.min(...all.map((p) => p[1])), Math.max(...all.map((p) => p[1]))];
    const where = ([x, y]) => [
      20 + ((x - minX) / (maxX - minX || 1)) * (map.width - 40),
      map.height - 20 - ((y - minY) / (maxY - minY || 1)) * (map.height - 40),
    ];
    dots(points, 2.5, ink, 0.25);
    if (state.drew) {
      const own = about.classes.indexOf(state.drew);
      dots(points.filter((_, i) => about.labels[i] === own), 4, "#009e73", 0.7);
    }
    dots(cloud, 3, "#0072b2", 0.6);
    for (const [i, middle] of middles.entries()) {
      const [x, y] = where(middle);
      context.strokeStyle = i === centre ? "#d55e00" : "#0072b2";
      context.lineWidth = 3;
      context.strokeRect(x - 7, y - 7, 14, 14);
    }
    const gallery = `Map of ${points.length} photos of the gallery as dots.`;
    if (!answer) {
      map.setAttribute("aria-label", `${gallery} Nothing is drawn yet.`);
      return;
    }
    for (const { photo: one } of answer.results) {
      const [x, y] = where(points[one]);
      context.strokeStyle = one === photo ? "#d55e00" : ink;
      context.lineWidth = one === photo ? 4 : 1.5;
      context.beginPath();
      context.arc(x, y, one === photo ? 9 : 6, 0, 7);
      context.stroke();
    }
    const [x, y] = where(sketch);
    context.fillStyle = "#d55e00";
    context.beginPath();
    for (let i = 0; i < 10; i++) {
      const [angle, radius] = [(i * Math.PI) / 5 - Math.PI / 2, i % 2 ? 5 : 12];
      context.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    context.fill();
    map.setAttribute("aria-label",
      `${gallery} Your sketch is the star` +
      (cloud.length ? `, ${cloud.length} generated features are blue dots, and their ` +
        `${middles.length} centres are squares.` : ".") + " The photos found are circled.");
  }

  // Thumbnails to start from, for those who cannot or would rather not draw.
  const row = element("div", { className: "zsbir-draw-examples", role: "group",
    label: "Sketches to start from" });
  for (const [name, url] of Object.entries(about.examples)) {
    const label = `Start from the sketch of a ${readable(name)}`;
    const start = element("button", { type: "button", label },
      element("img", { src: url, alt: "", width: 48, height: 48 }));
    start.onclick = () => {
      model.set("strokes", []);
      model.set("example", name);
    };
    row.append(start);
  }
  left.append(row);

  map.setAttribute("aria-label", "Map of the gallery");
  paintMap();
  model.on("change:strokes", ask);
  model.on("change:example", ask);
  if (options.example) model.set("example", options.example);
  return { model, state, ask };
}

// Keep what the page needs for a visit without a network. Where that cannot be done (a file opened
// without a server, a private window), the page works as before.
async function keepForLater(script) {
  try {
    await navigator.serviceWorker.register(script);
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    active.postMessage({ keep: [location.href.split("#")[0], ...loaded] });
  } catch {}
}

for (const root of document.querySelectorAll("[data-zsbir-draw]")) {
  if (root.dataset.keep && navigator.serviceWorker) keepForLater(root.dataset.keep);
  mount(root);
}
