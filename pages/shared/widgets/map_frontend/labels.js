"use strict";
// The names of clusters on a map in 2D: inside the frame, none over another, and more of them as one zooms in.
const SHOWN_FROM = 34, ZOOM = 1.5, COMPACT = 60, EDGE = 1.7;
let placed2d = [], watched = 0;

const fonts = { 0: "650 13px ", 1: "600 12px " };
function measure(text, isFiner) {
  pen.font = fonts[isFiner ? 1 : 0] + getComputedStyle(document.body).fontFamily;
  return pen.measureText(text).width;
}

// Finer names come when one has zoomed in, and their cluster is large enough on the screen.
const isShown = (label, pixels, whole) =>
  !label.layer || (pixels >= whole * ZOOM ** label.layer && label.radius * pixels > SHOWN_FROM);

// The box of a name around a place, moved into the frame.
function boxAt(x, y, half, up, frame) {
  const left = Math.min(Math.max(x - half, 2), frame.wide - 2 * half - 2);
  const top = Math.min(Math.max(y - up, 2), frame.tall - 2 * up - 2);
  return { left, right: left + 2 * half, top, bottom: top + 2 * up };
}

const overlap = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;

// The boxes in which the name of a cluster may stand, best first. Next to a compact one, it must not lie on another cluster.
function candidates(label, half, up, discs, frame) {
  const { x, y, reach } = label, box = (across, down) => boxAt(x + across, y + down, half, up, frame);
  if (reach >= COMPACT) return [box(0, 0), box(0, -1.3 * up), box(0, 1.3 * up)];
  const others = discs.filter((one) => one.label !== label && one.label.layer === label.layer);
  return [box(0, -reach - up), box(0, reach + up), box(reach + half, 0), box(-reach - half, 0)]
    .filter((one) => !others.some((other) => overlap(other, one))).concat([box(0, 0)]);
}

// Labels with their boxes, earlier ones first; `pixels` and `whole` are the lengths of a map unit now and when all is seen.
// A compact cluster has its name above it, or where another lies already, below or next to it; a larger one in its middle.
function freeLabels(labels, frame, where, pixels, whole, obstacles) {
  const taken = obstacles.slice(), free = [], names = new Set();
  const isFree = (box) => box.left >= 2 && box.top >= 2 && box.bottom <= frame.tall - 2 && !taken.some((one) => overlap(one, box));
  const shown = labels.filter((label) => isShown(label, pixels, whole))
    .map((label) => { const [x, y] = where(label); return { ...label, x, y, reach: label.radius * pixels * EDGE }; });
  const disc = ({ x, y, reach }) => ({ left: x - reach, right: x + reach, top: y - reach, bottom: y + reach });
  const discs = shown.map((label) => ({ label, ...disc(label) }));
  for (const label of shown) {
    if (names.has(label.name) || label.x < 0 || label.x > frame.wide || label.y < 0 || label.y > frame.tall) continue;
    const lines = wrapped(label.name), half = Math.max(...lines.map((line) => measure(line, label.layer))) / 2 + 5;
    const up = (lines.length * 16 + 4) / 2;
    const box = candidates(label, half, up, discs, frame).find(isFree);
    if (!box) continue;
    taken.push(box);
    names.add(label.name);
    free.push({ ...label, lines, box });
  }
  return free;
}

// The place on the map of the middle of a box.
const middle = (box, left, top, pixels) => ({ x: left + (box.left + box.right) / 2 / pixels, y: top - (box.top + box.bottom) / 2 / pixels });

function placeLabels() {
  const list = at("labels");
  if (!seen || scene.other || !scene.labels.length) { placed2d = []; list.replaceChildren(); return; }
  const [x, y] = seen, pixels = unitPixels(), frame = room;
  const where = (label) => [(label.x - x[0]) * pixels, (y[1] - label.y) * pixels];
  const [left, right] = homeRanges()[0];
  placed2d = freeLabels(scene.labels, frame, where, pixels, frame.wide / (right - left), covers())
    .map((label) => ({ ...label, ...middle(label.box, x[0], y[1], pixels) }));
  list.style.height = frame.tall + "px";
  while (list.children.length > placed2d.length) list.lastChild.remove();
  placed2d.forEach((label, i) => {
    const one = list.children[i] || list.appendChild(document.createElement("span"));
    one.className = label.layer ? "finer" : "";
    one.textContent = label.lines.join("\n");
    one.style.transform = `translate(${label.box.left}px, ${label.box.top}px)`;
    one.style.width = label.box.right - label.box.left + "px";
  });
}

// Plotly moves its axes without telling of each step, so they are looked at while the pointer acts.
function watchView() {
  watched = performance.now() + 700;
  if (watchView.isOn) return;
  watchView.isOn = true;
  const look = () => {
    followChart();
    watchView.isOn = performance.now() < watched;
    if (watchView.isOn) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

// The size of a name depends on its typeface, which is loaded when it is first used.
document.fonts.addEventListener("loadingdone", () => { if (scene) keepOff(); });
