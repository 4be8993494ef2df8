// On a page of one's own photos: each photo found has a picture of its own, its name, and its place.
// The page shows what it found, and tells; this module fills in what only an index knows.

const here = new URL(".", import.meta.url);
const root = document.querySelector("[data-zsbir-draw]");

const load = async (name) => (await fetch(new URL(name, here))).json();
const index = load("model.json").then(async ({ pictures, names }) => ({
  picture: (photo) => new URL(pictures.replace("{}", photo), here),
  names: await load(names),
}));

let results = [];
root.addEventListener("zsbir-answer", ({ detail }) => {
  results = detail.results;
  fill();
});
// The page makes its list anew on other occasions, too.
new MutationObserver(fill).observe(root, { childList: true, subtree: true });

async function fill() {
  const { picture, names } = await index;
  const buttons = root.querySelectorAll(".zsbir-draw-results > li > button");
  for (const [rank, button] of [...buttons].slice(0, results.length).entries()) {
    const { photo, distance } = results[rank];
    const canvas = button.querySelector("canvas");
    if (!canvas || button.dataset.photo === String(photo)) continue;
    button.dataset.photo = photo;
    const small = new Image();
    small.onload = () => canvas.getContext("2d").drawImage(small, 0, 0, canvas.width, canvas.height);
    small.src = picture(photo);
    const name = names[photo].split("/").at(-1);
    const shown = document.createElement("span");
    shown.textContent = button.title = names[photo];
    shown.textContent = name;
    canvas.after(shown);
    button.setAttribute("aria-label", `${rank + 1}: ${name}, distance ${distance.toFixed(2)}`);
    button.addEventListener("click", () => {
      root.querySelector(".zsbir-draw-why").textContent = `${names[photo]}, ` +
        `${distance.toFixed(3)} away from where the method puts your drawing.`;
    });
  }
}
