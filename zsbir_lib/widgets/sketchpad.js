// The sketch pad: a canvas to draw on with mouse, pen, finger or keyboard. One ES module without
// dependencies, used by anywidget in Jupyter, JupyterLab, VS Code and Colab, and in static pages.
//
// Model: `strokes` (lists of [x, y], 0 to 1 from the top left corner), `examples` (name to picture
// URL), `example` (the chosen name, "" for none). Drawing puts the example away, and vice versa.

const SIDE = 256; // pixels of the drawing; the page may show it larger or smaller
const PEN = 7;
const STEP = 0.03;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function clamp(value) {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0.5;
}

function render({ model, el }) {
  const id = `zsbir-pad-${Math.random().toString(36).slice(2, 8)}`;
  const canvas = element("canvas", { width: SIDE, height: SIDE, tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-roledescription", "sketch pad");
  canvas.setAttribute("aria-describedby", id);
  const undo = element("button", { type: "button", textContent: "Undo" });
  const clear = element("button", { type: "button", textContent: "Clear" });
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
      "Draw with mouse, pen or finger. Keyboard: arrow keys move the pen, " +
      "space lowers or lifts it, U undoes, Delete clears.",
  });
  const status = element("p", { className: "zsbir-pad-status" });
  status.setAttribute("role", "status");
  const bar = element("div", { className: "zsbir-pad-bar" }, undo, clear, choice);
  el.append(element("div", { className: "zsbir-pad" }, canvas, bar, help, status));

  const context = canvas.getContext("2d");
  const picture = new Image();
  let strokes = structuredClone(model.get("strokes") ?? []);
  let current = null;
  const pen = { x: 0.5, y: 0.5, down: false, shown: false };

  function paint() {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, SIDE, SIDE);
    const example = !strokes.length && model.get("example");
    if (example && picture.complete && picture.naturalWidth) {
      context.drawImage(picture, 0, 0, SIDE, SIDE);
    }
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = PEN;
    context.strokeStyle = "#000";
    for (const stroke of strokes) {
      context.beginPath();
      stroke.forEach(([x, y], i) =>
        i ? context.lineTo(x * SIDE, y * SIDE) : context.moveTo(x * SIDE, y * SIDE));
      if (stroke.length === 1) context.lineTo(stroke[0][0] * SIDE + 0.01, stroke[0][1] * SIDE);
      context.stroke();
    }
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
    undo.disabled = !count;
    clear.disabled = !count && !example;
  }

  function loadExample() {
    const name = model.get("example");
    choice.value = name || "";
    if (name) picture.src = model.get("examples")[name] ?? "";
    paint();
  }

  function save() {
    model.set("strokes", structuredClone(strokes));
    if (strokes.length) model.set("example", "");
    model.save_changes();
    choice.value = model.get("example") || "";
    paint();
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [
      clamp((event.clientX - box.left) / box.width),
      clamp((event.clientY - box.top) / box.height),
    ];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    pen.shown = pen.down = false;
    current = [at(event)];
    strokes.push(current);
    paint();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) current.push(at(one));
    paint();
  });
  function lift() {
    if (!current) return;
    current = null;
    save();
  }
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  undo.addEventListener("click", () => {
    strokes.pop();
    save();
  });
  function clearAll() {
    strokes = [];
    pen.down = false;
    model.set("example", "");
    save();
  }
  clear.addEventListener("click", clearAll);
  choice.addEventListener("change", () => {
    strokes = [];
    model.set("strokes", []);
    model.set("example", choice.value);
    model.save_changes();
    loadExample();
  });

  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
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
        strokes.push([[pen.x, pen.y]]);
        paint();
      } else {
        save();
      }
      status.textContent = pen.down ? "Pen down" : "Pen up";
    } else if (event.key === "Delete" || event.key === "Backspace") {
      clearAll();
    } else if (event.key.toLowerCase() === "u") {
      strokes.pop();
      pen.down = false;
      save();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation(); // Jupyter's own shortcuts would act on the same key
  });

  picture.addEventListener("load", paint);
  function fromModel() {
    if (current || pen.down) return;
    strokes = structuredClone(model.get("strokes") ?? []);
    paint();
  }
  model.on("change:strokes", fromModel);
  model.on("change:example", loadExample);
  loadExample();
  return () => {
    model.off("change:strokes", fromModel);
    model.off("change:example", loadExample);
  };
}

export default { render };
