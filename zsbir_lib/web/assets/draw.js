// "Draw it, find it": the page around the sketch pad. A worker does the retrieval; this module shows
// what it answers. `mount(element)` puts it anywhere; the files it needs lie beside this one.

import pad from "./sketchpad.js";
import { rasterise } from "./engine.js";
import { makeAsker } from "./asking.js";
import { keep } from "./keep.js";
import { makeMap } from "./map.js";
import { choice, element, readable, slider } from "./parts.js";
import { verdict } from "./verdict.js";

const SHOWN = 12;
const FORMAT = "zsbir-web-3"; // of model.json
const WIDE = "(min-width: 700px)"; // where settings are open from the start

// The sketch pad is a Jupyter widget; this is all of a widget's model that it needs.
function plainModel(state) {
  const listeners = {};
  return {
    get: (key) => state[key],
    set(key, value) {
      if (state[key] === value) return;
      state[key] = value;
      for (const heard of listeners[`change:${key}`] ?? []) heard();
    },
    save_changes() {},
    on: (event, heard) => (listeners[event] ??= []).push(heard),
    off() {},
  };
}

// The drawing of a tab comes back when its page does. A browser may refuse to keep anything.
const drawingKept = {
  key: `zsbir-draw:${location.pathname}`,
  read() {
    try {
      const { strokes, example } = JSON.parse(sessionStorage.getItem(this.key));
      return { strokes: Array.isArray(strokes) ? strokes : [], example };
    } catch {
      return { strokes: [] };
    }
  },
  write(strokes, example) {
    try {
      sessionStorage.setItem(this.key, JSON.stringify({ strokes, example }));
    } catch {}
  },
};

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
    addEventListener("online", () => { status.remove(); mount(root, options); }, { once: true });
    return null;
  }

  const names = Object.keys(about.methods);
  const examples = about.examples ?? {};
  const state = { method: names[0], samples: 3, centres: 4, weight: 1, space: 0, drew: "" };
  const kept = drawingKept.read();
  const model = plainModel({
    strokes: kept.strokes,
    example: kept.example in examples ? kept.example : "",
    examples,
  });
  const left = element("div", { className: "zsbir-draw-pad" });
  pad.render({ model, el: left });
  const canvas = left.querySelector("canvas");
  skipLink(canvas);
  // Ctrl+Z undoes from wherever on the page the focus is, or is not.
  document.addEventListener("keydown", (event) => {
    const near = event.target === document.body || root.contains(event.target);
    if (!near || left.contains(event.target) || !(event.ctrlKey || event.metaKey)) return;
    const { key, ctrlKey, metaKey, shiftKey } = event;
    const told = new KeyboardEvent("keydown", { key, ctrlKey, metaKey, shiftKey, cancelable: true });
    if (!left.dispatchEvent(told)) event.preventDefault();
  });

  // ---- what is found
  const list = element("ol", { className: "zsbir-draw-results", label: "Photos found, nearest first" });
  const why = element("p", { className: "zsbir-draw-why" });
  const kinds = element("p", { className: "zsbir-draw-kinds" }); // where photos will be
  const answers = element("div", { className: "zsbir-draw-answer" }, status,
    element("div", { className: "zsbir-draw-found" }, list, kinds), why);
  const thumbnails = new Image();
  let last = null;

  // ---- what the curious may choose
  const map = about.map && makeMap(about, root, here);
  const settings = element("details", { className: "zsbir-draw-settings" },
    element("summary", { textContent: "For the curious: the method, its settings" +
      (map ? ", and a map of the gallery" : "") }));
  settings.open = matchMedia(WIDE).matches;
  const controls = element("div", { className: "zsbir-draw-controls" });
  const knobs = element("fieldset", { className: "zsbir-draw-knobs" });
  if (names.length > 1) {
    controls.append(choice("Method", names.map((name) => [name, about.methods[name].title]),
      state.method, (value) => { state.method = value; limit(); ask(); }));
  }
  if (about.classes?.length) {
    controls.append(choice("I drew a",
      [["", "(not telling)"], ...about.classes.map((name) => [name, readable(name)])], "",
      (value) => { state.drew = value; if (last) showPhotos(); else map?.paint({ drew: value }); }));
  }
  // Generative methods have the same knobs; some of them do not have a weight to choose.
  const [generator] = Object.values(about.methods).filter((method) => method.generators)
    .sort((a, b) => b.generators.length - a.generators.length);
  let limit = () => {};
  if (generator) {
    const most = generator.most_centres;
    const set = (key) => (value) => { state[key] = value; limit(); ask(); };
    const samples = slider("Samples", generator.samples.map(String), state.samples, set("samples"));
    const centres = slider("Centres K", Array.from({ length: most }, (_, i) => String(i + 1)),
      state.centres, set("centres"));
    const weight = slider("λ of the regulariser",
      generator.generators.map((one) => String(one.weight)), state.weight, set("weight"));
    const space = slider("Compare in",
      ["photo space", "¾ photo", "half and half", "¾ sketch", "sketch space"], state.space,
      set("space"));
    const titles = names.filter((name) => about.methods[name].generators)
      .map((name) => about.methods[name].title);
    const note = element("p", { className: "zsbir-draw-note",
      textContent: `These are of methods that generate: ${titles.join(", ")}.` });
    knobs.append(note, samples.label, centres.label, weight.label, space.label);
    controls.append(knobs);
    // Nothing moves when another method has no use for a slider: it rests. There are no more
    // centres than samples.
    limit = () => {
      const { generators } = about.methods[state.method];
      knobs.disabled = !generators;
      centres.limit(generator.samples[state.samples] - 1);
      weight.limit((generators?.length ?? generator.generators.length) - 1);
    };
    limit();
  }
  if (controls.children.length) settings.append(controls);
  if (map) settings.append(map.figure);

  // Thumbnails to start from, for those who cannot or would rather not draw.
  const row = element("div", { className: "zsbir-draw-examples", role: "group",
    label: "Sketches to start from" });
  for (const [name, url] of Object.entries(examples)) {
    const label = `Start from the sketch of a ${readable(name)}`;
    const start = element("button", { type: "button", label },
      element("img", { src: url, alt: "", width: 48, height: 48 }));
    start.onclick = () => model.set("example", name);
    row.append(start);
  }
  root.append(element("div", { className: "zsbir-draw-top" }, left, answers, row));
  if (settings.children.length > 1) root.append(settings);

  // ---- asking
  const asker = makeAsker(here, {
    starting(again) {
      say(again ? "The page's worker stopped. A new one is being started…"
        : "Loading the networks, once (some 7 MB)…");
      if (!thumbnails.src) loadThumbnails();
    },
    answered(answer) {
      last = answer;
      if (!thumbnails.src) loadThumbnails();
      showPhotos();
      const { head, text, sure } = verdict(about, answer);
      const time = Math.round(answer.milliseconds);
      say(head, `${text} ${count()} photos compared by ${about.methods[answer.method].title} in ` +
        `${time < 1 ? "less than 1" : time} ms.`, sure);
      root.dispatchEvent(new CustomEvent("zsbir-answer", { detail: { ...answer, sure } }));
    },
    failed(reason, again) {
      clear(`Nothing could be retrieved: ${reason}. Another stroke tries again` +
        (again ? "; so does the page, when the network is back." : "."));
    },
  });

  function loadThumbnails() {
    thumbnails.src = new URL(about.thumbnails, here);
    thumbnails.onload = () => last && showPhotos();
    // Without a network they may be had later; an address that failed is not asked for again.
    thumbnails.onerror = () => thumbnails.removeAttribute("src");
  }

  async function drawing() {
    if (model.get("strokes").length) return rasterise(model.get("strokes"), about.side);
    const url = examples[model.get("example")];
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

  let asked = 0;
  async function ask() {
    const turn = ++asked;
    await null; // an example and its strokes change in one step, and are one question
    const grey = await drawing();
    if (turn !== asked) return;
    if (!grey) {
      asker.forget();
      invite();
      return;
    }
    const entry = about.methods[state.method];
    const samples = entry.samples?.[state.samples];
    list.setAttribute("aria-busy", "true");
    asker.ask({
      grey, method: state.method, samples, centres: Math.min(state.centres + 1, samples ?? 1),
      weight: Math.min(state.weight, (entry.generators?.length ?? 1) - 1),
      space: state.space / 4, count: SHOWN,
    });
  }

  // ---- showing
  function say(head, text = "", sure = "") {
    status.replaceChildren(...[head && element("strong", { textContent: head }), " ", text]);
    answers.dataset.sure = sure;
  }

  function clear(text) {
    last = null;
    list.replaceChildren();
    list.removeAttribute("aria-busy");
    kinds.textContent = why.textContent = "";
    say("", text);
    map?.paint({ drew: state.drew });
  }

  function invite() {
    const { title } = about.methods[state.method];
    clear(`Draw, and the most similar of ${count()} photos come here, found by ${title}.`);
    if (about.classes?.length) {
      kinds.textContent = `There are ${about.classes.length} kinds of things in them: ` +
        `${about.classes.map(readable).join(", ")}.`;
    }
  }

  const count = () => about.photos.toLocaleString("en");

  function thumbnail(photo) {
    const canvas = element("canvas", { width: about.thumbnail, height: about.thumbnail });
    const [row, column] = [Math.floor(photo / about.columns), photo % about.columns];
    if (thumbnails.complete && thumbnails.naturalWidth) {
      canvas.getContext("2d").drawImage(
        thumbnails, column * about.thumbnail, row * about.thumbnail, about.thumbnail,
        about.thumbnail, 0, 0, about.thumbnail, about.thumbnail);
    }
    canvas.setAttribute("aria-hidden", "true");
    return canvas;
  }

  function showPhotos() {
    const answer = last;
    list.removeAttribute("aria-busy");
    list.replaceChildren(...answer.results.map((result, rank) => {
      const { photo, label, cosine } = result; // not by how much neighbours vouch for it
      const wrong = state.drew && label !== state.drew;
      const name = label ? readable(label) : `photo ${photo + 1}`;
      const button = element("button", {
        type: "button", className: wrong ? "zsbir-wrong" : "",
        label: `${rank + 1}: ${name}, distance ${cosine.toFixed(2)}` +
          (wrong ? ", another class" : ""),
      }, thumbnail(photo));
      if (label) button.append(element("span", { textContent: `${wrong ? "✗ " : ""}${name}` }));
      button.append(element("small", { textContent: cosine.toFixed(2) }));
      button.onclick = () => explain(answer, result, name);
      return element("li", {}, button);
    }));
    kinds.textContent = "";
    why.textContent = "Choose a photo to see why it was found.";
    map?.paint({ answer, drew: state.drew });
  }

  function explain(answer, { photo, cosine, centre }, name) {
    const away = `This ${name} is ${cosine.toFixed(3)} away from`;
    const spread = about.methods[answer.method].diffusion
      ? " Photos that resemble it, and are near too, vouch for it." : "";
    why.textContent = answer.cloud !== null
      ? `${away} centre ${centre + 1} of what was generated for your drawing, nearer than from ` +
        "any other centre."
      : `${away} where the method puts your drawing.${spread}`;
    map?.paint({ answer, photo, centre: answer.cloud ? centre : -1, drew: state.drew });
  }

  invite();
  const changed = () => {
    drawingKept.write(model.get("strokes"), model.get("example"));
    ask();
  };
  model.on("change:strokes", changed);
  model.on("change:example", changed);
  if (options.example) model.set("example", options.example);
  else if (model.get("strokes").length || model.get("example")) ask();
  return { model, state, ask };
}

// The first thing that the Tab key reaches is a way past the menus, to the pad.
function skipLink(canvas) {
  canvas.id ||= "zsbir-draw-pad";
  const link = element("a", {
    className: "zsbir-draw-skip", href: `#${canvas.id}`, textContent: "Skip to the sketch pad",
  });
  link.onclick = (event) => {
    event.preventDefault();
    canvas.focus();
  };
  document.body.prepend(link);
}

for (const root of document.querySelectorAll("[data-zsbir-draw]")) {
  // The worker's own files, too: it may be needed for the first time when the network is gone.
  const worker = ["worker.js", "engine.js"].map((name) => new URL(name, import.meta.url));
  if (root.dataset.keep) keep(root.dataset.keep, worker);
  mount(root);
}
