"""The script of a map that was taken away: draws on a canvas, hovers, finds, pans and zooms; fetches nothing."""

from __future__ import annotations

SCRIPT = r"""
"use strict";
const map = JSON.parse(document.getElementById("map-points").textContent);
const n = map.x.length, at = (id) => document.getElementById(id);
const stage = at("stage"), canvas = at("map"), pen = canvas.getContext("2d"), tip = at("tip");
const off = new Set(), pointers = new Map();
let view = { x: 0, y: 0, scale: 1 }, fitted = 1, matches = null, chosen = -1, hovered = -1, queued = false;
let hay = null, moved = 0, sprites = {}, width = 1, height = 1;

function make(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}
function dot(colour) {
  const element = make("span", "dot", "");
  element.style.background = colour;
  return element;
}
const source = (i) => [map.documents[map.document[i]], map.page[i] === null ? "" : "page " + map.page[i],
  map.headings[map.heading[i]]].filter(Boolean).join(" \u00b7 ");
const brief = (text, length) => (text.length > length ? text.slice(0, length) + " \u2026" : text);
const shown = (i) => !off.has(map.group[i]);
const screen = (x, y) => [(x - view.x) * view.scale + width / 2,
  (y - view.y) * view.scale + height / 2];
const radius = () => Math.max(2.5, Math.min(9, (n > 5000 ? 2.5 : n > 800 ? 3.5 : 5) * Math.sqrt(view.scale / fitted)));

function fit() {
  const low = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
  const [left, right, top, bottom] = n ? [low(map.x), high(map.x), low(map.y), high(map.y)] : [0, 1, 0, 1];
  const wide = 0.88 * width / Math.max(right - left, 1);
  const tall = 0.88 * height / Math.max(bottom - top, 1);
  fitted = Math.min(wide, tall) || 1;
  view = { x: (left + right) / 2, y: (top + bottom) / 2, scale: fitted };
  draw();
}
function sprite(group, size, ringed) {
  const key = group + (ringed ? "r" : "p");
  if (sprites[key]) return sprites[key];
  const drawn = document.createElement("canvas"), ratio = window.devicePixelRatio || 1;
  drawn.width = drawn.height = Math.ceil((size + 2) * 2 * ratio);
  const brush = drawn.getContext("2d"), middle = drawn.width / 2;
  brush.arc(middle, middle, size * ratio, 0, 2 * Math.PI);
  brush.fillStyle = map.groups[group].colour;
  brush.fill();
  brush.strokeStyle = inkOf(ringed ? "--ink" : "--page");
  brush.lineWidth = (ringed ? Math.min(1.6, size * 0.3) : 0.5) * ratio;
  brush.stroke();
  return (sprites[key] = drawn);
}
const inkOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function draw() {
  if (!queued) { queued = true; requestAnimationFrame(paint); }
}
function paint() {
  queued = false;
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  sprites = {};
  const size = radius();
  for (const pass of matches ? [false, true] : [true]) {
    pen.globalAlpha = pass ? 0.88 : 0.13;
    for (let i = 0; i < n; i++) {
      if (!shown(i) || (matches && matches[i] !== pass)) continue;
      const [x, y] = screen(map.x[i], map.y[i]), half = size + 2;
      if (x < -half || y < -half || x > width + half || y > height + half) continue;
      pen.drawImage(sprite(map.group[i], size, Boolean(matches) && pass), x - half, y - half, half * 2, half * 2);
    }
  }
  pen.globalAlpha = 1;
  for (const i of [hovered, chosen]) if (i >= 0) ring(i, size + 4);
  names();
}
function ring(i, size) {
  const [x, y] = screen(map.x[i], map.y[i]);
  pen.beginPath();
  pen.arc(x, y, size, 0, 2 * Math.PI);
  pen.strokeStyle = inkOf("--ink");
  pen.lineWidth = 2;
  pen.stroke();
}
function names() {
  const taken = [];
  pen.font = "600 13px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  for (const label of map.labels) {
    const text = brief(label.name, 48), half = pen.measureText(text).width / 2 + 4;
    let [x, y] = screen(label.x, label.y);
    if (x < 0 || x > width) continue;
    x = Math.max(half, Math.min(width - half, x));
    if (taken.some((other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < 18)) continue;
    taken.push({ x, y, half });
    pen.strokeStyle = inkOf("--page");
    pen.lineWidth = 4;
    pen.strokeText(text, x, y);
    pen.fillStyle = inkOf("--ink");
    pen.fillText(text, x, y);
  }
}
function nearest(x, y) {
  const mapX = (x - width / 2) / view.scale + view.x, mapY = (y - height / 2) / view.scale + view.y;
  let best = -1, least = ((radius() + 5) / view.scale) ** 2;
  for (let i = 0; i < n; i++) {
    const far = (map.x[i] - mapX) ** 2 + (map.y[i] - mapY) ** 2;
    if (far > least || !shown(i)) continue;
    best = i;
    least = far;
  }
  return best;
}
function hover(x, y) {
  const i = nearest(x, y);
  tip.hidden = i < 0;
  if (i >= 0) {
    const top = make("div", "source", source(i)), group = make("div", "source", map.groups[map.group[i]].name);
    group.prepend(dot(map.groups[map.group[i]].colour));
    tip.replaceChildren(make("div", "text", brief(map.text[i], 280)), top, group);
    const right = x > width / 2, low = y > height / 2;
    tip.style.left = Math.max(4, right ? x - tip.offsetWidth - 14 : x + 14) + "px";
    tip.style.top = Math.max(4, low ? y - tip.offsetHeight - 14 : y + 14) + "px";
  }
  if (i !== hovered) { hovered = i; draw(); }
}
function choose(i, centre) {
  chosen = i;
  at("chosen").hidden = i < 0;
  if (i >= 0) {
    at("chosen-text").textContent = map.text[i];
    at("chosen-source").textContent = source(i);
    if (centre) view = { x: map.x[i], y: map.y[i], scale: Math.max(view.scale, 2 * fitted) };
  }
  draw();
}
function zoom(factor, x, y) {
  const scale = Math.max(fitted / 4, Math.min(fitted * 400, view.scale * factor)), change = 1 / view.scale - 1 / scale;
  view = { x: view.x + (x - width / 2) * change, y: view.y + (y - height / 2) * change, scale };
  draw();
}
const zoomMiddle = (factor) => zoom(factor, width / 2, height / 2);

function search() {
  const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  hay = hay || map.text.map((text, i) => (text + "\n" + source(i)).toLowerCase());
  matches = words.length ? hay.map((text) => words.every((word) => text.includes(word))) : null;
  const rows = matches ? [...matches.keys()].filter((i) => matches[i]) : [];
  at("found").textContent = matches ? `${rows.length.toLocaleString("en")} of ${n.toLocaleString("en")} chunks` +
    (rows.length > 50 ? "; the first 50:" : "") : "";
  at("hits").replaceChildren(...rows.slice(0, 50).map((i) => {
    const item = make("li", "", ""), button = make("button", "", brief(map.text[i], 90));
    button.append(make("div", "source", source(i)));
    button.onclick = () => choose(i, true);
    item.append(button);
    return item;
  }));
  draw();
}
function legend() {
  const counts = map.groups.map(() => 0);
  for (const group of map.group) counts[group]++;
  at("legend").replaceChildren(...map.groups.map((group, g) => {
    const item = make("li", "", ""), button = make("button", "", `${group.name} (${counts[g].toLocaleString("en")})`);
    button.prepend(dot(group.colour));
    button.setAttribute("aria-pressed", "true");
    button.onclick = () => {
      off.delete(g) || off.add(g);
      button.setAttribute("aria-pressed", String(!off.has(g)));
      draw();
    };
    item.append(button);
    return item;
  }));
}
const place = (event) => [event.offsetX, event.offsetY];
canvas.onpointerdown = (event) => {
  pointers.set(event.pointerId, place(event));
  canvas.setPointerCapture(event.pointerId);
  moved = pointers.size > 1 ? 99 : 0;
};
canvas.onpointermove = (event) => {
  const [x, y] = place(event), before = pointers.get(event.pointerId);
  if (!before) { hover(x, y); return; }
  tip.hidden = true;
  const other = [...pointers].find(([id]) => id !== event.pointerId);
  if (other) {
    const gap = (p) => Math.hypot(p[0] - other[1][0], p[1] - other[1][1]) || 1;
    zoom(gap([x, y]) / gap(before), (x + other[1][0]) / 2, (y + other[1][1]) / 2);
  } else {
    moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
    view = { ...view, x: view.x - (x - before[0]) / view.scale, y: view.y - (y - before[1]) / view.scale };
    draw();
  }
  pointers.set(event.pointerId, [x, y]);
};
canvas.onpointerup = (event) => {
  pointers.delete(event.pointerId);
  if (moved < 5) choose(nearest(...place(event)), false);
};
canvas.onpointercancel = (event) => pointers.delete(event.pointerId);
canvas.onpointerleave = () => { tip.hidden = true; hovered = -1; draw(); };
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...place(event));
}, { passive: false });
canvas.onkeydown = (event) => {
  const step = 60 / view.scale, moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step],
    ArrowDown: [0, step] }, move = moves[event.key];
  if (move) { view = { ...view, x: view.x + move[0], y: view.y + move[1] }; draw(); event.preventDefault(); }
  if (event.key === "+" || event.key === "=") zoomMiddle(1.4);
  if (event.key === "-") zoomMiddle(1 / 1.4);
  if (event.key === "0") fit();
  if (event.key === "Escape") choose(-1, false);
};
at("closer").onclick = () => zoomMiddle(1.5);
at("farther").onclick = () => zoomMiddle(1 / 1.5);
at("whole").onclick = fit;
at("search").oninput = search;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
new ResizeObserver(() => {
  const whole = view.scale === fitted;
  width = stage.clientWidth || 1;
  height = stage.clientHeight || 1;
  if (whole) fit();
  else draw();
}).observe(stage);
legend();
"""
