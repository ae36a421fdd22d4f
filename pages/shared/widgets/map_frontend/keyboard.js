"use strict";
// Walks from point to point with the arrow keys, and says in words where one is. Enter opens the point, as a click does.
const ring = document.createElement("div"), spoken = document.createElement("div"), help = document.createElement("div");
const DIRECTIONS = { ArrowRight: [1, 0, "right"], ArrowLeft: [-1, 0, "left"], ArrowUp: [0, 1, "up"], ArrowDown: [0, -1, "down"] };
let walker = -1, followed = 0;

ring.id = "ring";
ring.hidden = true;
spoken.setAttribute("aria-live", "polite");
help.id = "help";
help.textContent = "Arrow keys go to the nearest point in that direction. Enter opens it, plus and minus zoom, Escape leaves.";
spoken.className = help.className = "unseen";
chart.parentElement.append(ring, spoken, help);

// Called after each drawing: points may have moved, and those of a hidden group are not walked to.
function followKeys() {
  const isFlat = scene.dims === 2;
  chart.setAttribute("role", isFlat ? "application" : "group");
  chart.tabIndex = isFlat ? 0 : -1;
  if (isFlat) chart.setAttribute("aria-roledescription", "map");
  if (isFlat) chart.setAttribute("aria-describedby", "help");
  else chart.removeAttribute("aria-describedby");
  if (followed !== drawn) chart.on("plotly_relayout", placeRing);
  followed = drawn;
  if (walker >= 0 && (!isFlat || !inColour().includes(walker))) leave();
  placeRing();
}

// The nearest point in a direction: sideways counts double, and nothing beyond 60 degrees.
function nextRow([right, up]) {
  const x = places[2 * walker], y = places[2 * walker + 1];
  let found = -1, least = Infinity;
  for (const row of inColour()) {
    const dx = places[2 * row] - x, dy = places[2 * row + 1] - y;
    const along = dx * right + dy * up, aside = Math.abs(dx * up) + Math.abs(dy * right);
    if (along <= 0 || aside > 1.73 * along) continue;
    const far = along + 2 * aside;
    if (far < least) { least = far; found = row; }
  }
  return found;
}

// Where the walk begins: the opened chunk, else the point nearest to the middle of what is shown.
function firstRow() {
  if (scene.focus >= 0) return scene.focus;
  const [x, y] = seen.map(([low, high]) => (low + high) / 2);
  let found = -1, least = Infinity;
  for (const row of inColour()) {
    const far = Math.hypot(places[2 * row] - x, places[2 * row + 1] - y);
    if (far < least) { least = far; found = row; }
  }
  return found;
}

async function walk(direction) {
  const row = walker < 0 ? firstRow() : nextRow(direction);
  if (row < 0) { spoken.textContent = `No point further ${direction[2]}.`; return; }
  walker = row;
  await keepInView();
  placeRing();
  showTip(aboutChunk(row));
  spoken.textContent = `${aboutChunk(row).map(([text]) => text).join(". ")}. Enter opens it.`;
}

// Moves the view so far that the point is not at its edge.
async function keepInView() {
  const change = {};
  ["xaxis", "yaxis"].forEach((name, i) => {
    const [low, high] = chart._fullLayout[name].range, at = places[2 * walker + i], margin = 0.08 * (high - low);
    const shift = at < low + margin ? at - low - margin : at > high - margin ? at - high + margin : 0;
    if (shift) change[`${name}.range`] = [low + shift, high + shift];
  });
  if (Object.keys(change).length) await Plotly.relayout(chart, change);
}

async function zoom(factor) {
  const { xaxis, yaxis } = chart._fullLayout;
  const ends = ({ range }, middle) => range.map((end) => middle + (end - middle) * factor);
  const [x, y] = walker < 0 ? [xaxis, yaxis].map(({ range }) => (range[0] + range[1]) / 2) : places.slice(2 * walker, 2 * walker + 2);
  await Plotly.relayout(chart, { "xaxis.range": ends(xaxis, x), "yaxis.range": ends(yaxis, y) });
}

function placeRing() {
  ring.hidden = walker < 0 || scene.dims !== 2 || document.activeElement !== chart;
  if (ring.hidden) return;
  const { xaxis, yaxis } = chart._fullLayout;
  const left = xaxis._offset + xaxis.l2p(places[2 * walker]), top = yaxis._offset + yaxis.l2p(places[2 * walker + 1]);
  ring.style.transform = `translate(${left - 11}px, ${top - 11}px)`;
  const box = chart.getBoundingClientRect();
  pointer = { x: box.left + left, y: box.top + top };
}

function leave() {
  walker = -1;
  ring.hidden = true;
  hideTip();
}

chart.addEventListener("keydown", (event) => {
  if (event.target !== chart || drawn !== 2 || event.ctrlKey || event.metaKey || event.altKey) return;
  const actions = { "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1.4), Escape: leave };
  if (DIRECTIONS[event.key]) walk(DIRECTIONS[event.key]);
  else if (event.key === "Enter" && walker >= 0) { hideTip(); report("click", [scene.ids[walker]]); }
  else if (actions[event.key]) actions[event.key]();
  else return;
  event.preventDefault();
});
chart.addEventListener("blur", () => { ring.hidden = true; hideTip(); });
chart.addEventListener("focus", () => { if (scene) placeRing(); });
