// The explorer: a picture drawn beforehand for every combination of its sliders. One ES module
// without dependencies; it asks nothing of a kernel, and tells it `position` where there is one.
//
// Model: `labels`, `values` (texts, a list for each slider), `position` (the place of each slider),
// `frames` (the last slider varies fastest), `caption`. A frame is {png, alt}, or on the book's pages
// {src, size, photos, alt}: a picture that lies beside the page, and whether photographs are in it.

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function render({ model, el }) {
  const values = model.get("values");
  const frames = model.get("frames");
  const id = `zsbir-explorer-${Math.random().toString(36).slice(2, 8)}`;
  const picture = element("img");
  const figure = element("figure", { className: "zsbir-explorer" },
    element("div", { className: "zsbir-explorer-picture" }, picture));
  const sliders = values.map((choices, i) => {
    const label = element("label", { htmlFor: `${id}-${i}`, textContent: model.get("labels")[i] });
    // What is on or off, or one of two, is a switch; its place is 0 or 1, as a slider's.
    const two = choices.length === 2;
    const slider = element("input", two ? { type: "checkbox", id: `${id}-${i}` } : {
      type: "range", id: `${id}-${i}`, min: 0, max: choices.length - 1, step: 1,
    });
    if (two) slider.setAttribute("role", "switch");
    const shown = element("output", { htmlFor: slider.id });
    figure.append(element("div", { className: "zsbir-explorer-slider" }, label, slider, shown));
    slider.addEventListener("input", () => {
      model.set("position", sliders.map(({ slider: one }) =>
        one.type === "checkbox" ? Number(one.checked) : Number(one.value)));
      model.save_changes();
      paint();
    });
    return { slider, shown };
  });
  if (model.get("caption")) {
    figure.append(element("figcaption", { textContent: model.get("caption") }));
  }
  el.append(figure);

  function paint() {
    let number = 0;
    model.get("position").forEach((place, i) => {
      const text = values[i][place];
      const { slider } = sliders[i];
      if (slider.type === "checkbox") {
        slider.checked = place === 1;
        slider.setAttribute("aria-label", `${model.get("labels")[i]}: ${text}`);
      } else {
        slider.value = place;
        slider.setAttribute("aria-valuetext", text);
      }
      sliders[i].shown.textContent = text;
      number = number * values[i].length + place;
    });
    const { png, src, size, photos, alt } = frames[number];
    picture.src = src ?? `data:image/png;base64,${png}`;
    if (size) [picture.width, picture.height] = size;
    picture.toggleAttribute("data-photos", Boolean(photos));
    picture.alt = alt;
  }

  // Keys that move a slider must not move a notebook's cells.
  figure.addEventListener("keydown", (event) => event.stopPropagation());
  // Whoever moves one slider will move it again: then all pictures are there.
  figure.addEventListener("pointerenter", fetchAll, { once: true });
  figure.addEventListener("focusin", fetchAll, { once: true });
  function fetchAll() {
    for (const { src } of frames) if (src) new Image().src = src;
  }

  model.on("change:position", paint);
  paint();
  return () => model.off("change:position", paint);
}

export default { render };
