// Formulae are typeset a few at a time, those in view first, so that the page answers meanwhile;
// and one that is wider than its column is broken before its relations and operators, as in print.
// What cannot be broken is set smaller, down to SMALLEST, and scrolls in its own box beyond that.
// Stands before MathJax, whose settings it completes.

(() => {
  const TARGET = 12; // milliseconds that a batch should take: on a processor four times slower, under 50
  const SMALLEST = 0.75;
  const INDENT = 1.2; // em, of the lines after a break
  const WRAPPERS = "mjx-math, mjx-mrow, mjx-texatom, mjx-mstyle, mjx-menclose, mjx-box, mjx-mpadded";
  const TABLES = "mjx-mtable";
  // ( [ { and their partners, by the codes in the names of their classes.
  const BAR = ".mjx-c2223, .mjx-c2225, .mjx-c7C"; // given, and parallel: no relations here
  const [OPEN, CLOSE] = [/mjx-c(28|5B|7B)\b/, /mjx-c(29|5D|7D)\b/];

  const pause = () => new Promise((resolve) => { setTimeout(resolve); });

  // How well a row may be broken before each of its parts: best at a wide space, or before a
  // relation, less well before an operator or after a comma, and within brackets only if need be.
  // MathJax says by the space before a sign what TeX takes it for.
  function breakable(parts, boxes) {
    let [depth, operator] = [0, false];
    return parts.map((part, i) => {
      const space = part.getAttribute("space");
      const before = operator;
      operator = part.matches("mjx-mo") && (space === "3" || space === "4") && !before;
      let found = 0;
      if (operator) found = part.querySelector(BAR) ? 0 : Number(space);
      else if (part.matches("mjx-mspace, mjx-mstyle:not(:has(mjx-mo, mjx-mi))")) {
        found = boxes[i].width > 8 ? 4 : 0;
      } else if (space === "2" && parts[i - 1]?.matches("mjx-mo")) found = 3;
      for (const sign of part.querySelectorAll("mjx-c")) {
        if (OPEN.test(sign.className)) depth += 1;
        else if (CLOSE.test(sign.className)) depth -= 1;
      }
      return found && depth > 0 ? found - 2 : found;
    });
  }

  // Break a row so that its lines are at most `most` pixels wide.
  function breakRow(row, most) {
    const parts = [...row.children].filter((part) => !part.matches("mjx-tstrut"));
    if (parts.length < 2 || row.matches("mjx-menclose")) { // a group may be empty
      const inner = parts.find((part) => part.matches(`${WRAPPERS}, ${TABLES}`));
      if (inner) fit(inner, most);
      return;
    }
    const em = parseFloat(getComputedStyle(row).fontSize);
    const boxes = parts.map((part) => part.getBoundingClientRect());
    const strengths = breakable(parts, boxes);
    const cuts = [];
    let [start, room] = [boxes[0].left, most];
    let last = 0; // the place of the last cut
    let best = 0; // where the present line would best be cut
    for (let i = 1; i < parts.length; i += 1) {
      if (boxes[i].right - start > room + 0.5 && best > last) {
        cuts.push(best);
        [last, start, room] = [best, boxes[best].left, most - INDENT * em];
        // What stood between may hold the next place to cut.
        i = best;
        continue;
      }
      const enough = best > last && strengths[best] > strengths[i] &&
        boxes[best].left - start > room / 3;
      if (strengths[i] && !enough) best = i;
    }
    parts.forEach((part, i) => {
      // What is too wide by itself is broken inside.
      const own = part.matches(WRAPPERS) || part.matches(TABLES);
      if (own && boxes[i].width > most - INDENT * em) fit(part, most - INDENT * em);
    });
    for (const cut of cuts) {
      const line = document.createElement("zsbir-line");
      line.setAttribute("style", "display: block; height: 0.45em");
      const indent = document.createElement("zsbir-line");
      indent.setAttribute("style", `display: inline-block; width: ${INDENT}em`);
      parts[cut].before(line, indent);
    }
  }

  function fit(part, most) {
    if (!part.matches(TABLES)) {
      breakRow(part, most);
      return;
    }
    for (const row of part.querySelectorAll(":scope > mjx-table > mjx-itable > *")) {
      const cells = [...row.children].filter((cell) => cell.matches("mjx-mtd"));
      const widths = cells.map((cell) => cell.getBoundingClientRect().width);
      const total = widths.reduce((sum, width) => sum + width, 0);
      const widest = widths.indexOf(Math.max(...widths));
      const room = most - (total - widths[widest]);
      if (total > most && room > 0) breakRow(cells[widest], room);
    }
  }

  function unfold(container) {
    for (const one of container.querySelectorAll("zsbir-line")) one.remove();
    for (const one of [container, ...container.querySelectorAll("[data-style]")]) {
      if ("style" in one.dataset) one.setAttribute("style", one.dataset.style);
    }
  }

  // Take the least width away that MathJax gives to what has a number.
  function loosen(one) {
    one.dataset.style = one.getAttribute("style") ?? "";
    one.style.minWidth = "0";
    if (one.matches("mjx-labels")) one.style.width = "100%";
    if (one.matches("mjx-table")) one.style.marginLeft = "0";
  }

  // How far a formula sticks out of its box. Not by `scrollWidth`, which counts the formula that
  // is there for screen readers only.
  function excess(container) {
    const box = container.closest("div.math") ?? container.parentElement;
    const { left, right } = box.getBoundingClientRect();
    const over = [...container.querySelectorAll("mjx-math, mjx-itable, mjx-mtd")].map((part) => {
      const place = part.getBoundingClientRect();
      return Math.max(place.right - right, left - place.left);
    });
    return { box, over: Math.max(...over) };
  }

  function foldAll(containers) {
    const wide = containers.map((one) => [one, excess(one)])
      .filter(([, { box, over }]) => over > 0.5 && box.clientWidth > 0);
    for (const [container, { box }] of wide) {
      const size = parseFloat(getComputedStyle(container).fontSize);
      [container, ...container.querySelectorAll("mjx-mtable, mjx-table, mjx-labels")].forEach(loosen);
      const tag = container.querySelector("mjx-labels > mjx-itable")?.getBoundingClientRect().width ?? 0;
      const math = container.querySelector("mjx-math");
      fit(math, box.clientWidth - (tag ? tag + size : 0) - 2);
      const { over } = excess(container);
      if (over > 0.5) {
        const factor = Math.max(SMALLEST, box.clientWidth / (box.clientWidth + over + 1));
        container.style.fontSize = `${size * factor}px`;
      }
    }
  }

  const displayed = (within) =>
    within.flatMap((one) => [...one.querySelectorAll("mjx-container[display='true']")]);

  async function typeset() {
    const waiting = [...document.querySelectorAll(".math")];
    const near = (one) => {
      const { top, bottom } = one.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    };
    const first = new Set(waiting.filter(near));
    waiting.sort((a, b) => first.has(b) - first.has(a)); // keeps the order otherwise
    let size = 4;
    while (waiting.length) {
      const batch = waiting.splice(0, Math.round(size));
      const begun = performance.now();
      await MathJax.typesetPromise(batch);
      foldAll(displayed(batch));
      const took = Math.max(performance.now() - begun, 1);
      size = Math.min(40, Math.max(1, size * Math.min(2, TARGET / took)));
      await pause();
    }
    let width = innerWidth;
    addEventListener("resize", () => {
      if (innerWidth === width) return;
      width = innerWidth;
      const all = displayed([document.body]);
      all.forEach(unfold);
      foldAll(all);
    });
  }

  const given = window.MathJax ?? {};
  window.MathJax = { ...given, startup: { ...given.startup, typeset: false, pageReady: typeset } };
})();
