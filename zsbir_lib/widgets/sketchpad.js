// The sketch pad: a canvas to draw on with mouse, pen, finger or keyboard. One ES module without
// dependencies, used by anywidget in Jupyter, JupyterLab, VS Code and Colab, and in static pages.
//
// Model: `strokes` (lists of [x, y] or [x, y, pressure], from 0 to 1, from the top left corner),
// `examples` (name to picture URL), `example` (the chosen name, "" for none). Drawing puts the
// example away, and vice versa, whoever chooses it; undo brings back what was there.

const SIDE = 256; // units of the drawing; the page may show it larger or smaller
const PEN = 7; // width of the pen at pressure 0.5, which is what a mouse has
const ERASER = 0.04;
const STEP = 0.03;
const MOST_UNDO = 100;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function clamp(value) {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0.5;
}

// Strokes come from programs too, which may put anything there; what can be drawn is kept.
function drawable(strokes) {
  const isPoint = (point) =>
    Array.isArray(point) && Number.isFinite(point[0]) && Number.isFinite(point[1]);
  return (Array.isArray(strokes) ? strokes : [])
    .map((stroke) => (Array.isArray(stroke) ? stroke.filter(isPoint) : []))
    .filter((stroke) => stroke.length);
}

// Pressure from 0 to 1 makes the pen half to one and a half times as wide.
function width(point) {
  return PEN * (0.5 + clamp(point[2] ?? 0.5));
}

function distance(point, a, b) {
  const [ux, uy] = [b[0] - a[0], b[1] - a[1]];
  const [px, py] = [point[0] - a[0], point[1] - a[1]];
  const length = ux * ux + uy * uy;
  const t = length ? clamp((px * ux + py * uy) / length) : 0;
  return Math.hypot(px - t * ux, py - t * uy);
}

function render({ model, el }) {
  const id = `zsbir-pad-${Math.random().toString(36).slice(2, 8)}`;
  const canvas = element("canvas", { tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-roledescription", "sketch pad");
  canvas.setAttribute("aria-describedby", id);
  const button = (text) => element("button", { type: "button", textContent: text });
  const [undo, redo, clear, erase] = ["Undo", "Redo", "Clear", "Eraser"].map(button);
  erase.setAttribute("aria-pressed", "false");
  const thickness = element("select");
  thickness.setAttribute("aria-label", "Width of the pen");
  for (const [value, text] of [["0", "Thin pen"], ["0.5", "Pen"], ["1", "Thick pen"]]) {
    thickness.append(element("option", { value, textContent: text }));
  }
  thickness.value = "0.5";
  const choice = element("select");
  choice.setAttribute("aria-label", "Start from an example");
  choice.append(element("option", { value: "", textContent: "Example…" }));
  for (const name of Object.keys(model.get("examples") ?? {})) {
    choice.append(element("option", { value: name, textContent: name }));
  }
  const help = element("p", {
    id,
    className: "zsbir-pad-help",
    textContent:
      "Draw with mouse, pen or finger. Keyboard: arrow keys move the pen, space lowers or " +
      "lifts it, U or Ctrl+Z undoes, R draws again what was undone, Delete clears.",
  });
  const status = element("p", { className: "zsbir-pad-status" });
  status.setAttribute("role", "status");
  const bar = element("div", { className: "zsbir-pad-bar" },
    undo, redo, clear, erase, thickness, choice);
  // In the book a drawing can be asked for on the page that answers drawings; it is there when that
  // page opens, since that is where the page keeps its own (see draw.js).
  const there = [...document.querySelectorAll('a[href$="draw.html"]')]
    .find(({ pathname }) => pathname !== location.pathname);
  const go = element("a", { className: "zsbir-pad-go", hidden: true,
    textContent: "Find photos for this drawing" });
  go.addEventListener("click", () => {
    try {
      sessionStorage.setItem(`zsbir-draw:${there.pathname}`,
        JSON.stringify({ strokes: drawable(strokes), example: "" }));
    } catch {} // then the page opens without it
  });
  if (there) go.href = there.href;
  el.append(element("div", { className: "zsbir-pad" }, canvas, bar, go, help, status));

  const context = canvas.getContext("2d");
  const picture = new Image();
  let strokes = structuredClone(drawable(model.get("strokes")));
  let [before, after] = [[], []]; // what undo and redo go back and forth between
  let onPad = model.get("example") || ""; // the example that lies on the pad
  let putting = false; // while this pad sets the model: whatever it hears is its own voice
  let current = null;
  let erasing = null; // what was there when the eraser came down
  let drawing = null; // the pointer that does either; a second finger does nothing
  const pen = { x: 0.5, y: 0.5, down: false, shown: false };

  function fit() {
    // As many pixels as the screen has, so that lines are sharp on every display.
    const ratio = Math.max(1, globalThis.devicePixelRatio || 1);
    const side = canvas.clientWidth || SIDE;
    const pixels = Math.round(Math.min(1024, side * ratio));
    if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
    paint();
  }

  function paint() {
    context.setTransform(canvas.width / SIDE, 0, 0, canvas.height / SIDE, 0, 0);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, SIDE, SIDE);
    const example = !strokes.length && onPad;
    if (example && picture.complete && picture.naturalWidth) {
      context.drawImage(picture, 0, 0, SIDE, SIDE);
    }
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = "#000";
    for (const stroke of strokes) draw(stroke);
    go.hidden = !there || !strokes.length;
    if (pen.shown) {
      context.lineWidth = 2;
      context.strokeStyle = pen.down ? "#c00" : "#06c";
      context.beginPath();
      context.arc(pen.x * SIDE, pen.y * SIDE, 7, 0, 7);
      context.stroke();
    }
    const count = strokes.length;
    const holds = count ? `${count} stroke${count > 1 ? "s" : ""}` : example || "empty";
    canvas.setAttribute("aria-label", `Sketch pad, ${holds}`);
    undo.disabled = !before.length;
    redo.disabled = !after.length;
    clear.disabled = !count && !example;
  }

  function draw(stroke) {
    const even = stroke.every((point) => width(point) === width(stroke[0]));
    context.lineWidth = width(stroke[0] ?? []);
    context.beginPath();
    stroke.forEach(([x, y], i) => {
      if (i && !even) {
        // Each piece of a stroke has the width that the pen's pressure gave it.
        context.stroke();
        context.beginPath();
        context.moveTo(stroke[i - 1][0] * SIDE, stroke[i - 1][1] * SIDE);
        context.lineWidth = (width(stroke[i - 1]) + width(stroke[i])) / 2;
      }
      if (i) context.lineTo(x * SIDE, y * SIDE);
      else context.moveTo(x * SIDE, y * SIDE);
    });
    if (stroke.length === 1) context.lineTo(stroke[0][0] * SIDE + 0.01, stroke[0][1] * SIDE);
    context.stroke();
  }

  function loadExample() {
    choice.value = onPad;
    if (onPad) picture.src = model.get("examples")?.[onPad] ?? "";
    paint();
  }

  // What is on the pad. A stroke is never changed once it is drawn, so the list is all to copy.
  const state = () => ({ strokes: [...strokes], example: strokes.length ? "" : onPad });

  function remember(earlier = state()) {
    before.push(earlier);
    before = before.slice(-MOST_UNDO);
    after = [];
  }

  function put(next) {
    [strokes, onPad] = [next.strokes, next.example];
    putting = true;
    model.set("example", onPad);
    model.set("strokes", structuredClone(strokes));
    model.save_changes();
    putting = false;
    loadExample();
  }

  const save = () => put(state());

  function at(event) {
    const box = canvas.getBoundingClientRect();
    const point = [
      clamp((event.clientX - box.left) / box.width),
      clamp((event.clientY - box.top) / box.height),
    ];
    // Only a pen knows how hard it is pressed; a mouse says 0.5, a finger something made up.
    const felt = event.pointerType === "pen" ? clamp(event.pressure) : 0.5;
    const pressure = clamp(felt + Number(thickness.value) - 0.5);
    return pressure === 0.5 ? point : [...point, pressure];
  }

  function rub(point) {
    strokes = strokes.filter((stroke) =>
      !stroke.some((b, i) => distance(point, stroke[Math.max(0, i - 1)], b) < ERASER));
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (drawing !== null || !event.isPrimary || event.button) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    drawing = event.pointerId;
    pen.shown = pen.down = false;
    if (erase.getAttribute("aria-pressed") === "true") {
      erasing = state();
      rub(at(event));
    } else {
      remember();
      current = [at(event)];
      strokes.push(current);
    }
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) {
      if (erasing) rub(at(one));
      else current.push(at(one));
    }
    paint();
  });
  function lift(event) {
    if (event.pointerId !== drawing) return;
    if (erasing && erasing.strokes.length !== strokes.length) remember(erasing);
    current = erasing = drawing = null;
    save();
  }
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("lostpointercapture", lift);

  function step(from, to) {
    if (!from.length) return;
    to.push(state());
    pen.down = false;
    put(from.pop());
  }
  const goBack = () => step(before, after);
  const goOn = () => step(after, before);
  undo.addEventListener("click", goBack);
  redo.addEventListener("click", goOn);
  function clearAll() {
    if (strokes.length || onPad) remember();
    pen.down = false;
    put({ strokes: [], example: "" });
  }
  clear.addEventListener("click", clearAll);
  erase.addEventListener("click", () => {
    const pressed = erase.getAttribute("aria-pressed") !== "true";
    erase.setAttribute("aria-pressed", String(pressed));
    canvas.style.cursor = pressed ? "cell" : "crosshair";
  });
  choice.addEventListener("change", () => {
    remember();
    put({ strokes: [], example: choice.value });
  });

  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moves[event.key];
    if (move) {
      const step = event.shiftKey ? 3 * STEP : STEP;
      pen.shown = true;
      pen.x = clamp(pen.x + move[0] * step);
      pen.y = clamp(pen.y + move[1] * step);
      if (pen.down) strokes.at(-1)?.push([pen.x, pen.y]);
      paint();
    } else if (event.key === " ") {
      pen.shown = true;
      pen.down = !pen.down;
      if (pen.down) {
        remember();
        strokes.push([[pen.x, pen.y]]);
        paint();
      } else {
        save();
      }
      status.textContent = pen.down ? "Pen down" : "Pen up";
    } else if (event.key === "Delete" || event.key === "Backspace") {
      clearAll();
    } else if (event.key.toLowerCase() === "u") {
      goBack();
    } else if (event.key.toLowerCase() === "r") {
      goOn();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // Jupyter's own shortcuts would act on the same key
  });

  // The keys of every drawing program, also from the buttons around the pad.
  el.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || !"zy".includes(key)) return;
    if (key === "y" || event.shiftKey) goOn();
    else goBack();
    event.preventDefault();
    event.stopPropagation();
  });

  picture.addEventListener("load", paint);
  function fromModel() {
    if (putting || current || erasing || pen.down) return;
    strokes = structuredClone(drawable(model.get("strokes")));
    paint();
  }
  // An example that was chosen elsewhere takes the drawing's place, too, and undo brings that back.
  function exampleFromModel() {
    const name = model.get("example") || "";
    if (putting || name === onPad) return;
    if (name && strokes.length) {
      remember();
      put({ strokes: [], example: name });
    } else {
      onPad = name;
      loadExample();
    }
  }
  model.on("change:strokes", fromModel);
  model.on("change:example", exampleFromModel);
  const sizes = new ResizeObserver(fit);
  sizes.observe(canvas);
  loadExample();
  fit();
  return () => {
    sizes.disconnect();
    model.off("change:strokes", fromModel);
    model.off("change:example", exampleFromModel);
  };
}

export default { render };
