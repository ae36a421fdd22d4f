"use strict";
// The names of clusters on a map in 2D: inside the frame, none over another, and more of them as one zooms in.
const SHOWN_FROM = 34, ZOOM = 1.5;
let placed2d = [], watched = 0;

const fonts = { 0: "650 13px ", 1: "600 12px " };
function measure(text, isFiner) {
  pen.font = fonts[isFiner ? 1 : 0] + getComputedStyle(document.body).fontFamily;
  return pen.measureText(text).width;
}

// Finer names come when one has zoomed in, and their cluster is large enough on the screen.
const isShown = (label, pixels, whole) =>
  !label.layer || (pixels >= whole * ZOOM ** label.layer && label.radius * pixels > SHOWN_FROM);

// Labels with their boxes, earlier ones first; `pixels` and `whole` are the lengths of a map unit now and when all is seen.
// A box is moved into the frame, or up or down where another lies already.
function freeLabels(labels, frame, where, pixels, whole, obstacles) {
  const taken = obstacles.slice(), free = [], names = new Set();
  const isFree = (box) => box.top >= 2 && box.bottom <= frame.tall - 2
    && !taken.some((one) => one.left < box.right && box.left < one.right && one.top < box.bottom && box.top < one.bottom);
  for (const label of labels) {
    if (!isShown(label, pixels, whole) || names.has(label.name)) continue;
    const [x, y] = where(label);
    if (x < 0 || x > frame.wide || y < 0 || y > frame.tall) continue;
    const lines = wrapped(label.name), half = Math.max(...lines.map((line) => measure(line, label.layer))) / 2 + 5;
    const up = (lines.length * 16 + 4) / 2, left = Math.min(Math.max(x - half, 2), frame.wide - 2 * half - 2);
    if (left < 2) continue;
    const box = [0, -1.3, 1.3].map((step) => Math.min(Math.max(y + step * up - up, 2), frame.tall - 2 * up - 2))
      .map((top) => ({ left, right: left + 2 * half, top, bottom: top + 2 * up })).find(isFree);
    if (!box) continue;
    taken.push(box);
    names.add(label.name);
    free.push({ ...label, lines, box });
  }
  return free;
}

function placeLabels() {
  const list = at("labels");
  if (!seen || scene.other || !scene.labels.length) { placed2d = []; list.replaceChildren(); return; }
  const [x, y] = seen, pixels = unitPixels(), frame = room;
  const where = (label) => [(label.x - x[0]) * pixels, (y[1] - label.y) * pixels];
  const [left, right] = homeRanges()[0];
  placed2d = freeLabels(scene.labels, frame, where, pixels, frame.wide / (right - left), covers());
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
