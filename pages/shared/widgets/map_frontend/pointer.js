"use strict";
// What the pointer does on a map in 2D: says what lies under it, opens it with a click or a tap, and marks an area.
const NEAR = 20, ON_CROSS = 10, STILL = 6;
let pressed = null, looking = 0;

// The row nearest to a place of the map, in pixels, at most 20 from it; -1 for none.
function nearestRow(left, top) {
  const unit = unitPixels(), x = seen[0][0] + left / unit, y = seen[1][1] - top / unit;
  let found = -1, least = (NEAR / unit) ** 2;
  for (const row of inColour()) {
    const across = places[2 * row] - x, up = places[2 * row + 1] - y, far = across * across + up * up;
    // Of points at one place, the one that is drawn last is seen.
    if (far <= least) { least = far; found = row; }
  }
  return found;
}

// The corners of an outline that was drawn with box or lasso, in the map's coordinates.
function cornersOf(outline) {
  if (outline.type === "path") return outline.path.split(/[MLZ]/).filter(Boolean).map((pair) => pair.split(",").map(Number));
  const { x0, x1, y0, y1 } = outline;
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

// The rows that are not left out and lie inside an outline: those from which a ray crosses it an odd number of times.
function rowsInside(outline) {
  const ends = cornersOf(outline), rows = [];
  const [left, right] = [Math.min, Math.max].map((most) => most(...ends.map((end) => end[0])));
  const [bottom, top] = [Math.min, Math.max].map((most) => most(...ends.map((end) => end[1])));
  for (const row of inColour()) {
    const x = places[2 * row], y = places[2 * row + 1];
    if (x < left || x > right || y < bottom || y > top) continue;
    let isInside = false;
    for (let i = 0, j = ends.length - 1; i < ends.length; j = i++) {
      const [x1, y1] = ends[i], [x2, y2] = ends[j];
      if ((y1 > y) !== (y2 > y) && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) isInside = !isInside;
    }
    if (isInside) rows.push(row);
  }
  return rows;
}

// The question whose cross is at a place of the map, in pixels.
function questionAt(left, top) {
  if (off.has(scene.questionsTitle)) return undefined;
  const unit = unitPixels();
  const far = ({ at: [x, y] }) => Math.hypot((x - seen[0][0]) * unit - left, (seen[1][1] - y) * unit - top);
  return scene.questions.filter((one) => far(one) <= ON_CROSS).sort((one, other) => far(one) - far(other))[0];
}

function under(event) {
  const box = chart.getBoundingClientRect(), place = [event.clientX - box.left, event.clientY - box.top];
  return { question: questionAt(...place), row: nearestRow(...place) };
}

const isOnMap = (event) => seen && event.isPrimary && !event.target.closest?.(".modebar");

chart.addEventListener("pointermove", (event) => {
  if (!seen || event.buttons) return;
  cancelAnimationFrame(looking);
  looking = requestAnimationFrame(() => {
    if (!isOnMap(event)) return hideTip();
    const { question, row } = under(event);
    if (question) tellQuestion(question);
    else if (row >= 0) showTip(aboutChunk(row));
    else hideTip();
  });
}, true);
chart.addEventListener("pointerleave", () => cancelAnimationFrame(looking));
chart.addEventListener("pointerdown", (event) => {
  hideTip();
  pressed = isOnMap(event) && event.button === 0 ? event : null;
}, true);
window.addEventListener("pointercancel", () => { pressed = null; }, true);
// While the pointer is down, Plotly lays an element over the map, so the release is not an event of the map.
window.addEventListener("pointerup", (event) => {
  const from = pressed;
  pressed = null;
  if (!from || !seen || Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) > STILL) return;
  const { question, row } = under(event);
  if (question) report("question", [], question.key);
  else if (row >= 0) report("click", [scene.ids[row]]);
}, true);

// Marks the chunks inside the outlines at once; the app is told, and answers with the same chunks.
function mark(outlines) {
  const ids = [...new Set(outlines.flatMap(rowsInside))].map((row) => scene.ids[row]);
  scene.chosen = new Set(ids);
  paint();
  report("area", ids);
}
