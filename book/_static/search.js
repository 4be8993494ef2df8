// Stands after Sphinx's search and mends two things about it: a question is searched for by its
// words ("how do I install?"), and what is shown of a page is its text, with letters for formulae,
// not its menu and the source of TeX.

(() => {
  const QUESTION = /^(how (do|can|to)( i| you| we)?|what (is|are|does)|where (is|are|do i)|why( is| are| do)?)\s+/;
  const GREEK = { alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", varepsilon: "ε",
    theta: "θ", kappa: "κ", lambda: "λ", mu: "μ", pi: "π", rho: "ρ", sigma: "σ", tau: "τ",
    phi: "φ", varphi: "φ", chi: "χ", psi: "ψ", omega: "ω", Delta: "Δ", Sigma: "Σ", Phi: "Φ",
    sum: "∑", int: "∫", times: "×", cdot: "·", le: "≤", leq: "≤", ge: "≥", geq: "≥", neq: "≠",
    approx: "≈", to: "→", infty: "∞", in: "∈", mid: "|", sim: "~", pm: "±", nabla: "∇", ell: "ℓ",
    odot: "⊙", dots: "…", ldots: "…", circ: "°", log: "log", exp: "exp", max: "max", min: "min" };

  function readable(tex) {
    return tex.replace(/^\s*\\[([]|\\[)\]]\s*$/g, "")
      .replace(/\\(?:tag|label)\{[^}]*\}|\\(?:begin|end)\{[^}]*\}|\\[,;:! \\]|[{}$&]/g, " ")
      .replace(/\\([a-zA-Z]+)/g, (_, name) => GREEK[name] ?? " ")
      .replace(/\\(.)/g, "$1").replace(/\s+/g, " ").trim();
  }

  const toText = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const one of page.querySelectorAll("[role='main']")) one.removeAttribute("role");
    const article = page.querySelector("article") ?? page.body;
    article.setAttribute("role", "main");
    for (const one of article.querySelectorAll(".math")) one.textContent = readable(one.textContent);
    // Sphinx highlights and shows what stands around the first of the words.
    return toText(page.documentElement.outerHTML, anchor);
  };

  const ask = Search.query;
  Search.query = (query) => {
    const words = query.trim().toLowerCase().replace(/[?.!\s]+$/, "").replace(QUESTION, "")
      .replace(/^(a|an|the)\s+/, "");
    return ask(words || query);
  };
  window.zsbirReadable = readable; // for tests
})();
