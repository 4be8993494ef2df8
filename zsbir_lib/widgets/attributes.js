// The attribute chooser: answers of yes and no, and the classes by how well their lists fit.
//
// Model: `table` (which class has which attribute), `classes`, `attributes`, `priors`, `photos`
// (what the classifiers say of each, by its name), `pictures` (addresses, by the same names),
// `groups` of attributes ([title, names] each), `certainty` of an answer, `most` classes to show, and the reader's choices `answers` and `photo`.

const LEAST = 1e-6; // a probability is kept so far from 0 and 1

// Score and probability of every class, the best first.
function judge(table, priors, chances) {
  const scores = table.map((row) => row.reduce((sum, has, m) => {
    const p = within(chances[m], LEAST, 1 - LEAST);
    return sum + Math.log(has ? p / priors[m] : (1 - p) / (1 - priors[m]));
  }, 0));
  const best = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - best));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return scores.map((score, place) => ({ place, behind: best - score,
    probability: weights[place] / total })).sort((a, b) => a.behind - b.behind);
}

function render({ model, el }) {
  const { root, body, status, remove } = frame(model, el, "attributes", "Attribute chooser");
  const [table, classes, attributes, priors, photos, pictures] =
    ["table", "classes", "attributes", "priors", "photos", "pictures"]
      .map((name) => model.get(name));
  const certainty = model.get("certainty");

  const source = chooser("Photo", [["", "none: nothing is known"],
    ...Object.keys(photos).map((name) => [name, name])],
  (photo) => choose(model, { photo, answers: {} }));
  source.select.disabled = !Object.keys(photos).length;
  const clear = button("Take all answers back", () => choose(model, { answers: {} }));
  const image = element("img", { className: "zsbir-attributes-photo" });

  // One click says yes, the next no, the next nothing.
  const turn = (name) => {
    const { [name]: answer, ...others } = model.get("answers");
    const next = answer === undefined ? true : answer ? false : undefined;
    choose(model, { answers: next === undefined ? others : { ...others, [name]: next } });
  };
  const chips = attributes.map((name) => button("", () => turn(name)));
  const groups = model.get("groups").map(([title, names]) => {
    const heading = element("p", { className: "zsbir-attributes-title", textContent: title });
    const own = element("div", { className: "zsbir-live-chips" },
      ...names.map((name) => chips[attributes.indexOf(name)]));
    own.setAttribute("role", "group");
    own.setAttribute("aria-label", title ? `Attributes: ${title}` : "Attributes");
    return element("div", { className: "zsbir-attributes-group" }, ...(title ? [heading] : []), own);
  });

  const rows = Array.from({ length: Math.min(model.get("most"), classes.length) }, () => {
    const [name, share, behind] = [element("th", { scope: "row" }), element("td"), element("td")];
    const meter = element("span", { className: "zsbir-live-meter" });
    meter.setAttribute("aria-hidden", "true");
    return { name, share, behind, meter,
      row: element("tr", {}, name, share, behind, element("td", {}, meter)) };
  });
  const head = element("tr", {}, ...["class", "probability", "nats behind", ""].map((text) =>
    element(text ? "th" : "td", text ? { scope: "col", textContent: text } : {})));
  const ranking = element("table", { className: "zsbir-live-scores" },
    element("thead", {}, head), element("tbody", {}, ...rows.map(({ row }) => row)));
  const key = element("p", { className: "zsbir-live-help", textContent:
    "Click an attribute: once for yes (✓), again for no (✗), again to take it back. " +
    "Without an answer the shade shows what the classifiers say of the photo. A nat is a factor " +
    "of e ≈ 2.7: a class that is 1 nat behind is 2.7 times less likely than the first, one that is " +
    "5 nats behind 150 times." });
  body.append(element("div", { className: "zsbir-live-bar" }, source.row, clear),
    element("div", { className: "zsbir-attributes-views" }, image, ranking), key, ...groups);

  let last = null;
  function paint() {
    const [answers, photo] = [model.get("answers"), model.get("photo")];
    const said = photo ? photos[photo] : priors;
    const chances = said.map((chance, m) => (attributes[m] in answers
      ? (answers[attributes[m]] ? certainty : 1 - certainty) : chance));
    source.select.value = photo;
    clear.disabled = !Object.keys(answers).length;
    image.hidden = !pictures[photo];
    if (pictures[photo]) {
      image.src = pictures[photo];
      image.alt = `The photo: ${photo}`;
    }
    chips.forEach((chip, m) => {
      const name = attributes[m];
      const answer = answers[name];
      const percent = `${Math.round(100 * said[m])}%`;
      const known = answer !== undefined;
      chip.className = known ? (answer ? "zsbir-attributes-yes" : "zsbir-attributes-no") : "";
      chip.textContent = known ? `${answer ? "✓" : "✗"} ${name}`
        : photo ? `${name} ${percent}` : name;
      chip.setAttribute("aria-label", `${name}: ${known ? (answer ? "yes" : "no")
        : photo ? `not answered, the classifier says ${percent}` : "not answered"}`);
      chip.style.setProperty("--said", photo && !known ? percent : "0%");
    });
    const found = judge(table, priors, chances);
    rows.forEach((row, i) => {
      const { place, behind, probability } = found[i];
      row.name.textContent = classes[place];
      row.share.textContent = `${(100 * probability).toFixed(1)}%`;
      row.behind.textContent = behind.toFixed(2);
      row.meter.style.width = `${100 * probability}%`;
    });
    const first = found[0].behind === found[1]?.behind ? "" : classes[found[0].place];
    if (last !== null && first !== last) {
      status.textContent = first ? `Named ${first} now.` : "Nothing tells the classes apart.";
    }
    last = first;
  }

  const done = follow(model, ["answers", "photo"], paint);
  return () => { done(); remove(); root.remove(); };
}

export default { render };
