// Runs between require.js and the widget manager: finds every widget asset in the book itself.
(function () {
  const statics = document.currentScript.src.replace(/[^/]*$/, "");
  const fonts = statics + "vendor/widgets/fonts/";
  window.__jupyter_widgets_assets_path__ = fonts;
  requirejs.config({
    paths: {
      anywidget: statics + "anywidget/index",
      "@jupyter-widgets/html-manager/dist": fonts.slice(0, -1),
      "@jupyter-widgets": fonts.slice(0, -1),
    },
  });
  // Labels of widgets ask for MathJax 2's queue; answer with MathJax 3's typesetting.
  window.addEventListener("load", () => {
    if (window.MathJax && !MathJax.Hub) {
      MathJax.Hub = {
        Queue: (task) => MathJax.typesetPromise && MathJax.typesetPromise([task[2]]),
      };
    }
  });
})();
