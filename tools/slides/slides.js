// Starts the slides: no scaling, no motion, and keys that a widget uses are the widget's.
Reveal.initialize({
  disableLayout: true,
  transition: "none",
  backgroundTransition: "none",
  hash: true,
  slideNumber: "c/t",
  center: false,
  keyboardCondition: (event) => !event.target.closest?.(".cell_output, details"),
  plugins: [RevealNotes],
});
// What was hidden had no width: widgets and scrollable boxes measure themselves again.
Reveal.on("slidechanged", () => window.dispatchEvent(new Event("resize")));
