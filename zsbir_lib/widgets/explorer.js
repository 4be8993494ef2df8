// The explorer: a picture drawn beforehand for every combination of its sliders. One ES module
// without dependencies; it asks nothing of a kernel, and tells it `position` where there is one.
//
// Model: `labels`, `values` (texts, a list for each slider), `position` (the place of each slider),
// `frames` ({png, alt}; the last slider varies fastest), `caption`.

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
  const figure = element("figure", { className: "zsbir-explorer" }, picture);
  const sliders = values.map((choices, i) => {
    const label = element("label", { htmlFor: `${id}-${i}`, textContent: model.get("labels")[i] });
    const slider = element("input", {
      type: "range", id: `${id}-${i}`, min: 0, max: choices.length - 1, step: 1,
    });
    const shown = element("output", { htmlFor: slider.id });
    figure.append(element("div", { className: "zsbir-explorer-slider" }, label, slider, shown));
    slider.addEventListener("input", () => {
      model.set("position", sliders.map((s) => Number(s.slider.value)));
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
      sliders[i].slider.value = place;
      sliders[i].slider.setAttribute("aria-valuetext", text);
      sliders[i].shown.textContent = text;
      number = number * values[i].length + place;
    });
    picture.src = `data:image/png;base64,${frames[number].png}`;
    picture.alt = frames[number].alt;
  }

  // Keys that move a slider must not move a notebook's cells.
  figure.addEventListener("keydown", (event) => event.stopPropagation());
  model.on("change:position", paint);
  paint();
  return () => model.off("change:position", paint);
}

export default { render };
