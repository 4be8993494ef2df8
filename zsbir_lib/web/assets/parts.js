// The small parts that the page is made of. Text of data goes in as text, never as markup.

export function element(tag, properties = {}, ...children) {
  const { role, label, ...rest } = properties;
  const made = Object.assign(document.createElement(tag), rest);
  if (role) made.setAttribute("role", role);
  if (label) made.setAttribute("aria-label", label);
  made.append(...children);
  return made;
}

export function choice(name, options, chosen, heard) {
  const select = element("select", { onchange: () => heard(select.value) });
  select.append(...options.map(([value, text]) => element("option", { value, textContent: text })));
  select.value = chosen;
  return element("label", { className: "zsbir-draw-choice" }, element("span", {}, name), select);
}

// A slider over a list of texts. `limit(most)` holds it at or below a place; what was chosen above
// that comes back when there is room again.
export function slider(name, texts, chosen, heard) {
  const shown = element("output");
  const input = element("input", { type: "range", min: 0, max: texts.length - 1, step: 1 });
  const say = () => {
    shown.textContent = texts[input.value];
    input.setAttribute("aria-valuetext", texts[input.value]);
  };
  input.addEventListener("input", () => { chosen = Number(input.value); say(); heard(chosen); });
  const limit = (most) => {
    input.max = Math.min(most, texts.length - 1);
    input.value = Math.min(chosen, input.max);
    say();
  };
  limit(texts.length - 1);
  const label = element("label", { className: "zsbir-draw-slider" },
    element("span", {}, name), input, shown);
  return { label, limit };
}

export const readable = (name) => name.replaceAll("_", " ");
