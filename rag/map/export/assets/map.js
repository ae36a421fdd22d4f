/* Draws an exported map on a canvas: hover, search, legend, pan and zoom. It makes no request. */
"use strict";

const byId = (id) => document.getElementById(id);
const map = JSON.parse(byId("map-points").textContent);
const n = map.x.length;
const stage = byId("stage"), canvas = byId("map"), tip = byId("tip");
const context = canvas.getContext("2d");
const hiddenGroups = new Set(), pointers = new Map();

let width = 1, height = 1;
let view = { x: 0, y: 0, scale: 1 }, fittedScale = 1;
let searchTexts = null, matches = null, selected = -1, hovered = -1, areQuestionsShown = true;
let isPaintQueued = false, dragDistance = 0, sprites = {};

/* Small helpers */

function createElement(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
function createDot(colour) {
  const dot = createElement("span", "dot", "");
  dot.style.background = colour;
  return dot;
}
function sourceOf(i) {
  const page = map.page[i] === null ? "" : "page " + map.page[i];
  return [map.documents[map.document[i]], page, map.headings[map.heading[i]]].filter(Boolean).join(" \u00b7 ");
}
const groupOf = (i) => map.groups[map.group[i]];
const shorten = (text, length) => (text.length > length ? text.slice(0, length) + " \u2026" : text);
const isShown = (i) => !hiddenGroups.has(map.group[i]);
const formatCount = (count) => count.toLocaleString("en");
const themeColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/* View: map coordinates to pixels of the canvas */

const toScreen = (x, y) => [(x - view.x) * view.scale + width / 2, (y - view.y) * view.scale + height / 2];

function pointRadius() {
  const base = n > 5000 ? 2.5 : n > 800 ? 3.5 : 5;
  return Math.max(2.5, Math.min(9, base * Math.sqrt(view.scale / fittedScale)));
}
function showAll() {
  const lowest = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
  const highest = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
  const [left, right] = n ? [lowest(map.x), highest(map.x)] : [0, 1];
  const [top, bottom] = n ? [lowest(map.y), highest(map.y)] : [0, 1];
  const scaleX = 0.88 * width / Math.max(right - left, 1), scaleY = 0.88 * height / Math.max(bottom - top, 1);
  fittedScale = Math.min(scaleX, scaleY) || 1;
  view = { x: (left + right) / 2, y: (top + bottom) / 2, scale: fittedScale };
  draw();
}
function zoom(factor, x, y) {
  const scale = Math.max(fittedScale / 4, Math.min(fittedScale * 400, view.scale * factor));
  const change = 1 / view.scale - 1 / scale;
  view = { x: view.x + (x - width / 2) * change, y: view.y + (y - height / 2) * change, scale };
  draw();
}
const zoomCentre = (factor) => zoom(factor, width / 2, height / 2);

/* Drawing */

function draw() {
  if (isPaintQueued) return;
  isPaintQueued = true;
  requestAnimationFrame(paint);
}
function paint() {
  isPaintQueued = false;
  const ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  sprites = {};
  const radius = pointRadius();
  paintPoints(radius);
  for (const i of [hovered, selected]) if (i >= 0) paintRing(i, radius + 4);
  if (areQuestionsShown) map.questions.forEach(paintCross);
  paintLabels();
}
/* While a search is on, the chunks that do not match are drawn first and faded. */
function paintPoints(radius) {
  const half = radius + 2;
  for (const isMatch of matches ? [false, true] : [true]) {
    context.globalAlpha = isMatch ? 0.88 : 0.13;
    for (let i = 0; i < n; i++) {
      if (!isShown(i) || (matches && matches[i] !== isMatch)) continue;
      const [x, y] = toScreen(map.x[i], map.y[i]);
      if (x < -half || y < -half || x > width + half || y > height + half) continue;
      const sprite = pointSprite(map.group[i], radius, Boolean(matches) && isMatch);
      context.drawImage(sprite, x - half, y - half, half * 2, half * 2);
    }
  }
  context.globalAlpha = 1;
}
/* A point of each colour is drawn once and then copied: 10,000 copies are quicker than 10,000 arcs. */
function pointSprite(group, radius, isRinged) {
  const key = group + (isRinged ? "r" : "p");
  if (sprites[key]) return sprites[key];
  const sprite = document.createElement("canvas"), ratio = window.devicePixelRatio || 1;
  sprite.width = sprite.height = Math.ceil((radius + 2) * 2 * ratio);
  const brush = sprite.getContext("2d"), middle = sprite.width / 2;
  brush.arc(middle, middle, radius * ratio, 0, 2 * Math.PI);
  brush.fillStyle = map.groups[group].colour;
  brush.fill();
  brush.strokeStyle = themeColour(isRinged ? "--ink" : "--page");
  brush.lineWidth = (isRinged ? Math.min(1.6, radius * 0.3) : 0.5) * ratio;
  brush.stroke();
  return (sprites[key] = sprite);
}
function paintRing(i, radius) {
  const [x, y] = toScreen(map.x[i], map.y[i]);
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.strokeStyle = themeColour("--ink");
  context.lineWidth = 2;
  context.stroke();
}
/* A question as a cross, with an outline in the colour of the page. */
function paintCross(question) {
  const [x, y] = toScreen(question.x, question.y);
  context.beginPath();
  for (const side of [-5, 5]) {
    context.moveTo(x - side, y - 5);
    context.lineTo(x + side, y + 5);
  }
  for (const [colour, lineWidth] of [["--page", 5.5], ["--ink", 2.5]]) {
    context.strokeStyle = themeColour(colour);
    context.lineWidth = lineWidth;
    context.stroke();
  }
}
/* Cluster labels, the largest cluster first; a label that would overlap an earlier one is left out. */
function paintLabels() {
  const placed = [];
  Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 4 });
  context.font = "600 13px system-ui, sans-serif";
  context.strokeStyle = themeColour("--page");
  context.fillStyle = themeColour("--ink");
  for (const label of map.labels) {
    const text = shorten(label.name, 48), half = context.measureText(text).width / 2 + 4;
    let [x, y] = toScreen(label.x, label.y);
    if (x < 0 || x > width) continue;
    x = Math.max(half, Math.min(width - half, x));
    if (placed.some((other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < 18)) continue;
    placed.push({ x, y, half });
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  }
}

/* Hover and selection */

function nearestPoint(x, y) {
  const mapX = (x - width / 2) / view.scale + view.x, mapY = (y - height / 2) / view.scale + view.y;
  let nearest = -1, smallest = ((pointRadius() + 5) / view.scale) ** 2;
  for (let i = 0; i < n; i++) {
    const distance = (map.x[i] - mapX) ** 2 + (map.y[i] - mapY) ** 2;
    if (distance > smallest || !isShown(i)) continue;
    nearest = i;
    smallest = distance;
  }
  return nearest;
}
function nearestQuestion(x, y) {
  const distance = (question) => Math.hypot(toScreen(question.x, question.y)[0] - x, toScreen(question.x, question.y)[1] - y);
  const near = areQuestionsShown ? map.questions.filter((question) => distance(question) < 9) : [];
  return near.sort((a, b) => distance(a) - distance(b))[0];
}
function hover(x, y) {
  const question = nearestQuestion(x, y), i = question ? -1 : nearestPoint(x, y);
  tip.hidden = i < 0 && !question;
  if (!tip.hidden) {
    tip.replaceChildren(...(question ? aboutQuestion(question) : aboutChunk(i)));
    tip.style.left = Math.max(4, x > width / 2 ? x - tip.offsetWidth - 14 : x + 14) + "px";
    tip.style.top = Math.max(4, y > height / 2 ? y - tip.offsetHeight - 14 : y + 14) + "px";
  }
  if (i !== hovered) {
    hovered = i;
    draw();
  }
}
function aboutChunk(i) {
  const group = createElement("div", "source", groupOf(i).name);
  group.prepend(createDot(groupOf(i).colour));
  const text = createElement("div", "text", shorten(map.text[i], 280));
  return [text, createElement("div", "source", sourceOf(i)), group];
}
function aboutQuestion(question) {
  return [createElement("div", "text", shorten(question.text, 280)), createElement("div", "source", question.note)];
}
function select(i, { isCentred }) {
  selected = i;
  byId("selected").hidden = i < 0;
  if (i >= 0) {
    byId("selected-text").textContent = map.text[i];
    byId("selected-source").textContent = sourceOf(i);
    if (isCentred) view = { x: map.x[i], y: map.y[i], scale: Math.max(view.scale, 2 * fittedScale) };
  }
  draw();
}

/* Side panel: search and legend */

function search() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  searchTexts = searchTexts || map.text.map((text, i) => (text + "\n" + sourceOf(i)).toLowerCase());
  matches = words.length ? searchTexts.map((text) => words.every((word) => text.includes(word))) : null;
  const rows = matches ? [...matches.keys()].filter((i) => matches[i]) : [];
  const more = rows.length > 50 ? "; the first 50:" : "";
  byId("found").textContent = matches ? `${formatCount(rows.length)} of ${formatCount(n)} chunks${more}` : "";
  byId("hits").replaceChildren(...rows.slice(0, 50).map(searchResult));
  draw();
}
function searchResult(i) {
  const item = createElement("li", "", ""), button = createElement("button", "", shorten(map.text[i], 90));
  button.append(createElement("div", "source", sourceOf(i)));
  button.onclick = () => select(i, { isCentred: true });
  item.append(button);
  return item;
}
function showLegend() {
  const counts = map.groups.map(() => 0);
  for (const group of map.group) counts[group]++;
  const entries = map.groups.map((group, g) => legendEntry(createDot(group.colour), group.name, counts[g], () => {
    if (!hiddenGroups.delete(g)) hiddenGroups.add(g);
    return !hiddenGroups.has(g);
  }));
  if (map.questions.length) {
    const cross = createElement("span", "cross", "\u2715");
    entries.push(legendEntry(cross, map.questionsTitle, map.questions.length, () => (areQuestionsShown = !areQuestionsShown)));
  }
  byId("legend").replaceChildren(...entries);
}
/* `toggle` shows or hides what the entry names, and returns whether it is shown now. */
function legendEntry(mark, name, count, toggle) {
  const item = createElement("li", "", "");
  const button = createElement("button", "", `${name} (${formatCount(count)})`);
  button.prepend(mark);
  button.setAttribute("aria-pressed", "true");
  button.onclick = () => {
    button.setAttribute("aria-pressed", String(toggle()));
    draw();
  };
  item.append(button);
  return item;
}

/* Pointer, wheel and keyboard */

const positionOf = (event) => [event.offsetX, event.offsetY];

canvas.onpointerdown = (event) => {
  pointers.set(event.pointerId, positionOf(event));
  canvas.setPointerCapture(event.pointerId);
  dragDistance = pointers.size > 1 ? Infinity : 0;
};
canvas.onpointermove = (event) => {
  const [x, y] = positionOf(event), before = pointers.get(event.pointerId);
  if (!before) {
    hover(x, y);
    return;
  }
  tip.hidden = true;
  const other = [...pointers].find(([id]) => id !== event.pointerId);
  if (other) pinch([x, y], before, other[1]);
  else drag(x - before[0], y - before[1]);
  pointers.set(event.pointerId, [x, y]);
};
function pinch(now, before, fixed) {
  const gap = (point) => Math.hypot(point[0] - fixed[0], point[1] - fixed[1]) || 1;
  zoom(gap(now) / gap(before), (now[0] + fixed[0]) / 2, (now[1] + fixed[1]) / 2);
}
function drag(right, down) {
  dragDistance += Math.abs(right) + Math.abs(down);
  view = { ...view, x: view.x - right / view.scale, y: view.y - down / view.scale };
  draw();
}
canvas.onpointerup = (event) => {
  pointers.delete(event.pointerId);
  if (dragDistance < 5) select(nearestPoint(...positionOf(event)), { isCentred: false });
};
canvas.onpointercancel = (event) => pointers.delete(event.pointerId);
canvas.onpointerleave = () => {
  tip.hidden = true;
  hovered = -1;
  draw();
};
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...positionOf(event));
}, { passive: false });
canvas.onkeydown = (event) => {
  const step = 60 / view.scale;
  const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
  const move = moves[event.key];
  if (move) {
    view = { ...view, x: view.x + move[0], y: view.y + move[1] };
    draw();
    event.preventDefault();
  }
  if (event.key === "+" || event.key === "=") zoomCentre(1.4);
  if (event.key === "-") zoomCentre(1 / 1.4);
  if (event.key === "0") showAll();
  if (event.key === "Escape") select(-1, { isCentred: false });
};
byId("zoom-in").onclick = () => zoomCentre(1.5);
byId("zoom-out").onclick = () => zoomCentre(1 / 1.5);
byId("show-all").onclick = showAll;
byId("search").oninput = search;
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
new ResizeObserver(() => {
  const isFitted = view.scale === fittedScale;
  width = stage.clientWidth || 1;
  height = stage.clientHeight || 1;
  if (isFitted) showAll();
  else draw();
}).observe(stage);
showLegend();
