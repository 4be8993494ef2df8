// Shows the book's widgets on a page without a kernel.
//
// All of them are anywidgets: a module's text with a `render`, and a model of traits. So what is
// needed of Jupyter's manager is a model with `get`, `set`, `on` and `off`; the manager itself, with
// RequireJS and every widget that Jupyter has, weighs 3.6 MB.
//
// A widget is made when its place comes near the window. Its model lies in the page, as notebooks
// save it, or in a file of its own that calls `zsbirWidget` (a script and not JSON, since a page
// that was opened as a file may load no JSON).

(() => {
  const MODULES = new Map(); // what a module's text exports, by the text
  const STATES = new Map(); // traits, by the model's name
  const FILES = new Map(); // where a model lies, by its name, if not in the page
  const NEAR = "600px"; // how far below the window a place is when its widget is made

  function same(a, b) {
    return a === b || JSON.stringify(a) === JSON.stringify(b);
  }

  // Traits that can be followed: `on("change:NAME", f)`, and `on("change", f)` for all of them.
  function makeModel(state) {
    const followers = new Map();
    const tell = (event) => [...(followers.get(event) ?? [])].forEach((follower) => follower());
    return {
      get: (name) => state[name],
      set(name, value) {
        if (same(state[name], value)) return;
        state[name] = value;
        tell(`change:${name}`);
        tell("change");
      },
      save_changes() {}, // there is no kernel to be told
      on(event, follower) {
        followers.set(event, (followers.get(event) ?? new Set()).add(follower));
      },
      off(event, follower) { followers.get(event)?.delete(follower); },
      widget_manager: { get_model: (id) => modelOf(id) }, // a widget may name another
    };
  }

  function exportsOf(text) {
    if (!MODULES.has(text)) {
      const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      MODULES.set(text, import(address).finally(() => URL.revokeObjectURL(address)));
    }
    return MODULES.get(text);
  }

  function addStyle(text) {
    const known = [...document.querySelectorAll("style[data-widgets]")];
    if (!text || known.some((one) => one.textContent === text)) return;
    const style = Object.assign(document.createElement("style"), { textContent: text });
    style.dataset.widgets = "";
    document.head.append(style);
  }

  // The traits of a model: from the page, or from the file that its place names.
  function stateOf(id) {
    if (!STATES.has(id)) {
      const file = FILES.get(id);
      if (!file) return Promise.reject(new Error(`the page has no widget ${id}`));
      STATES.set(id, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.addEventListener("error", () => reject(new Error(`cannot load ${file}`)));
        window.zsbirWidgets[id] = resolve;
        script.src = file;
        document.head.append(script);
      }));
    }
    return STATES.get(id);
  }

  window.zsbirWidgets = {};
  window.zsbirWidget = (id, state) => window.zsbirWidgets[id](state);

  const models = new Map(); // one for each name: two places of one widget move together

  async function modelOf(id) {
    const state = await stateOf(id);
    if (!models.has(id)) models.set(id, makeModel(state));
    return models.get(id);
  }

  async function show(place, id) {
    const model = await modelOf(id);
    addStyle(model.get("_css"));
    const { default: widget } = await exportsOf(model.get("_esm"));
    const { render } = typeof widget === "function" ? await widget() : widget;
    const el = document.createElement("div");
    el.className = "zsbir-widget-shown";
    await render({ model, el, experimental: {} });
    place.replaceChildren(el);
    place.style.minHeight = "";
  }

  function begin() {
    for (const one of document.querySelectorAll(
      'script[type="application/vnd.jupyter.widget-state+json"]')) {
      for (const [id, { state }] of Object.entries(JSON.parse(one.textContent).state)) {
        STATES.set(id, Promise.resolve(state));
      }
    }
    const open = new Map(); // what shows the widget of a place, until it is called
    for (const view of document.querySelectorAll(
      'script[type="application/vnd.jupyter.widget-view+json"]')) {
      const { model_id: id } = JSON.parse(view.textContent);
      // A place may hold a picture already, until the widget is there.
      let place = view.nextElementSibling;
      if (!place?.classList.contains("zsbir-widget")) {
        place = Object.assign(document.createElement("div"), { className: "zsbir-widget" });
        view.after(place);
      }
      if (view.dataset.file) FILES.set(id, view.dataset.file);
      open.set(place, () => show(place, id));
    }
    const make = (place) => {
      const go = open.get(place);
      open.delete(place);
      watch.unobserve(place);
      return go?.().catch((error) => console.error(error));
    };
    const watch = new IntersectionObserver((seen) => {
      for (const { isIntersecting, target } of seen) if (isIntersecting) make(target);
    }, { rootMargin: NEAR });
    for (const place of open.keys()) watch.observe(place);
    // Paper has no window that a widget could come near.
    addEventListener("beforeprint", () => [...open.keys()].forEach(make));
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", begin);
  else begin();
})();
