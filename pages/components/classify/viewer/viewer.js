// Two panes that show one picture, the right one with a map over it; they zoom and move together.
const FARTHEST = 6, STEP = 1.5;

export default function ({ data, parentElement }) {
  const viewer = parentElement.querySelector(".viewer");
  if (!viewer.view) prepare(viewer);
  const all = (name) => viewer.querySelectorAll(name);
  if (viewer.shown !== data.key) viewer.view.reset();
  viewer.shown = data.key;
  viewer.style.setProperty("--ratio", data.ratio);
  all(".original").forEach((image) => { if (image.src !== data.original) image.src = data.original; });
  const heat = viewer.querySelector(".heat");
  if (heat.src !== data.heat) heat.src = data.heat;
  viewer.querySelector(".original").alt = data.alt;
  heat.alt = data.heatAlt;
  viewer.querySelector(".left").textContent = data.left;
  viewer.querySelector(".right").textContent = data.right;
  viewer.querySelector(".opacity-name").textContent = data.words.opacity;
  const named = [[viewer, "whole"], [".opacity", "ofMap"], [".zoom", "zoom"], [".out", "out"], [".whole", "all"], [".in", "in"]];
  for (const [place, word] of named) (place.querySelector ? place : viewer.querySelector(place)).setAttribute("aria-label", data.words[word]);
}

function prepare(viewer) {
  let zoom = 1, x = 0, y = 0; // x, y: shares of the pane's side by which the picture is moved
  const whole = viewer.querySelector(".whole"), opacity = viewer.querySelector(".opacity");

  function show() {
    const least = 1 - zoom;
    x = Math.min(0, Math.max(least, x));
    y = Math.min(0, Math.max(least, y));
    viewer.style.setProperty("--zoom", zoom);
    viewer.style.setProperty("--x", `${100 * x}%`);
    viewer.style.setProperty("--y", `${100 * y}%`);
    viewer.classList.toggle("zoomed", zoom > 1);
    whole.textContent = `${zoom.toFixed(zoom < 1.05 ? 0 : 1)}×`;
  }
  function zoomBy(factor, atX = 0.5, atY = 0.5) {
    const next = Math.min(FARTHEST, Math.max(1, zoom * factor));
    x = atX - ((atX - x) * next) / zoom;
    y = atY - ((atY - y) * next) / zoom;
    zoom = next;
    show();
  }
  function reset() { zoom = 1; x = y = 0; show(); }

  viewer.querySelector(".in").onclick = () => zoomBy(STEP);
  viewer.querySelector(".out").onclick = () => zoomBy(1 / STEP);
  whole.onclick = reset;
  opacity.oninput = () => viewer.style.setProperty("--opacity", opacity.value / 100);
  opacity.oninput();

  viewer.querySelectorAll(".pane").forEach((pane) => {
    const place = (event) => {
      const box = pane.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    let last = null;
    pane.ondblclick = (event) => (zoom > 1 ? reset() : zoomBy(STEP * STEP, ...place(event)));
    pane.onwheel = (event) => {
      if (!event.ctrlKey && zoom === 1) return; // the page scrolls, unless one zooms already
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY / 300), ...place(event));
    };
    pane.onpointerdown = (event) => {
      if (zoom === 1) return;
      pane.setPointerCapture(event.pointerId);
      pane.classList.add("held");
      last = place(event);
    };
    pane.onpointermove = (event) => {
      if (!last) return;
      const now = place(event);
      x += now[0] - last[0];
      y += now[1] - last[1];
      last = now;
      show();
    };
    pane.onpointerup = pane.onpointercancel = () => { last = null; pane.classList.remove("held"); };
    pane.onkeydown = (event) => {
      const moves = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
      if (event.key === "+" || event.key === "=") zoomBy(STEP);
      else if (event.key === "-") zoomBy(1 / STEP);
      else if (event.key === "0") reset();
      else if (moves[event.key] && zoom > 1) { x += moves[event.key][0]; y += moves[event.key][1]; show(); }
      else return;
      event.preventDefault();
    };
  });
  viewer.view = { reset };
}
