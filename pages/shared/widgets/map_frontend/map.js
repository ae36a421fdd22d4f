"use strict";
// Draws a scene with Plotly, keeps the view while it changes, and reports clicks and marked areas to the app.
const at = (id) => document.getElementById(id);
const chart = at("chart"), tip = at("tip"), pen = document.createElement("canvas").getContext("2d");
const off = new Set();
let scene = null, places = null, sequence = Date.now(), moving = 0, labelled = "", drawn = 0, byHand = false, reported = "";
let pointer = { x: 0, y: 0 }, hovered = pointer;
let flown = 0, flights = 0;
let busy = Promise.resolve(), shownAs = "", width = 0, viewed = "", gliding = false;
const HEIGHT = () => Math.round(Math.min(scene.height, Math.max(340, window.innerWidth * 0.95)));
const ANIMATED = 20000, MOVE_MS = 900, isStill = matchMedia("(prefers-reduced-motion: reduce)");

Streamlit.listen((args, theme) => {
  const before = scene, from = places;
  scene = { ...readScene(args), ...themeColours(theme) };
  if (before && before.colourKey !== scene.colourKey) off.clear();
  document.documentElement.style.setProperty("--page", scene.page);
  chart.setAttribute("aria-label", scene.alt);
  at("morph").hidden = !scene.other;
  if (scene.other) { at("first").textContent = scene.ends[0]; at("second").textContent = scene.ends[1]; }
  places = scene.other ? between(scene.xy, scene.other, at("share").value / 100) : scene.xy;
  legend();
  const start = before && scene.layoutKey !== before.layoutKey ? startOf(before, from) : null;
  const wanted = pictureOf(args, theme), isReported = wanted === shownAs && reported === String([...scene.chosen]);
  shownAs = wanted;
  gliding = false;
  if (scene.flight && scene.flight.number !== flown) fly(scene.flight);
  if (start) glide(start, scene.xy);
  else if (!isReported) draw();
});

// Everything the picture depends on except the marked points: Plotly draws those before they are reported.
function pictureOf(args, theme) {
  const { layoutKey, colourKey, star, focus, hits, expected, questions, labels } = args;
  const shown = args.shown ? args.shown.reduce((sum, kept, i) => (sum * 31 + kept * (i % 997)) | 0, 7) : 0;
  return JSON.stringify([layoutKey, colourKey, star, focus, hits, expected, questions, labels, shown, theme?.base, Boolean(args.other)]);
}

function themeColours(theme) {
  const style = document.documentElement.style, page = theme?.backgroundColor || "#ffffff";
  document.body.style.background = page;
  const colours = { page, ink: theme?.textColor || "#1b2127", accent: "#D5006D", grey: "#9AA3AB" };
  colours.rim = { width: 0 };
  // The scale's dark end is hard to see on a dark page.
  if (theme?.base === "dark") { colours.accent = "#FF5CA8"; colours.rim = { width: 0.8, color: "rgba(255,255,255,0.45)" }; }
  style.setProperty("--ink", colours.ink);
  style.setProperty("--panel", theme?.secondaryBackgroundColor || "#f4f6f8");
  style.setProperty("--accent", theme?.primaryColor || "#0072b2");
  style.setProperty("--quiet", theme?.base === "dark" ? "#9aa6b2" : "#5a6672");
  return colours;
}

// The former positions of the chunks on the map; null if there is nothing to move.
function startOf(before, from) {
  if (scene.dims !== 2 || before.dims !== 2 || scene.n > ANIMATED) return null;
  const row = new Map();
  before.ids.forEach((id, i) => row.set(id, i));
  const start = scene.xy.slice();
  let common = 0;
  scene.ids.forEach((id, i) => {
    const old = row.get(id);
    if (old === undefined) return;
    common++;
    start[2 * i] = from[2 * old];
    start[2 * i + 1] = from[2 * old + 1];
  });
  return common ? start : null;
}

function between(first, second, share) {
  const middle = new Float32Array(first.length);
  for (let i = 0; i < first.length; i++) middle[i] = first[i] + (second[i] - first[i]) * share;
  return middle;
}

async function glide(first, second, done) {
  const mine = ++moving, began = performance.now();
  const ease = (t) => t * t * (3 - 2 * t);
  for (;;) {
    const share = isStill.matches ? 1 : Math.min(1, (performance.now() - began) / MOVE_MS);
    if (mine !== moving) return;
    places = between(first, second, ease(share));
    gliding = share < 1 && !scene.other;
    if (done) done(share);
    await draw();
    if (share >= 1) return;
    await new Promise(requestAnimationFrame);
  }
}

function layout() {
  const [x, y] = view();
  const hidden = { visible: false, showgrid: false, zeroline: false };
  width = document.documentElement.clientWidth;
  const shared = { height: HEIGHT(), width, autosize: false, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, paper_bgcolor: scene.page,
    plot_bgcolor: scene.page, font: { color: scene.ink, family: getComputedStyle(document.body).fontFamily },
    uirevision: scene.layoutKey, modebar: { bgcolor: "rgba(0,0,0,0)" }, hovermode: "closest" };
  if (scene.dims === 3) {
    const bare = { ...hidden, title: { text: "" }, showspikes: false };
    return { ...shared, scene: { xaxis: bare, yaxis: bare, zaxis: bare, aspectmode: "data", uirevision: scene.layoutKey } };
  }
  const free = freeNow(drawn === 2 ? unitPixels() : Math.min(width / (x[1] - x[0]), HEIGHT() / (y[1] - y[0])));
  return { ...shared, annotations: annotations(scene, free), dragmode: chart._fullLayout?.dragmode || "pan", selections: chart.layout?.selections || [],
    xaxis: { ...hidden, range: x }, yaxis: { ...hidden, range: y, scaleanchor: "x", scaleratio: 1 } };
}

// Moves the view to an area, in steps if the system does not ask for less motion.
async function fly({ area, number }) {
  flown = number;
  await busy;
  if (scene.dims !== 2 || drawn !== 2) return;
  const aim = [[area.left, area.right], [area.bottom, area.top]], from = view(), mine = ++flights, began = performance.now();
  const quick = scene.n > ANIMATED || matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (let share = 0; share < 1 && mine === flights;) {
    share = quick ? 1 : Math.min(1, (performance.now() - began) / MOVE_MS);
    const eased = share * share * (3 - 2 * share);
    const [x, y] = from.map((ends, axis) => ends.map((end, i) => end + (aim[axis][i] - end) * eased));
    await Plotly.relayout(chart, { "xaxis.range": x, "yaxis.range": y });
    if (share < 1) await new Promise(requestAnimationFrame);
  }
}

// The visible part of the map: the same as before while the positions stay, else all points.
function view() {
  const across = chart._fullLayout?.xaxis, up = chart._fullLayout?.yaxis;
  const isKept = drawn === 2 && scene.dims === 2 && viewed === scene.layoutKey && width === document.documentElement.clientWidth;
  if (isKept) return [across.range.slice(), up.range.slice()];
  const [x, y] = corners(places, scene.dims);
  if (!scene.other) return [x, y];
  const [left, bottom] = corners(scene.xy, scene.dims), [right, top] = corners(scene.other, scene.dims);
  return [[Math.min(left[0], right[0]), Math.max(left[1], right[1])], [Math.min(bottom[0], top[0]), Math.max(bottom[1], top[1])]];
}

function traces() {
  const all = [...groupTraces(scene, places, off), ...questionTraces(scene, off), ...overlayTraces(scene, places)];
  if (scene.dims === 3 && scene.labels.length) all.push({ type: "scatter3d", mode: "text", hoverinfo: "skip",
    x: scene.labels.map((l) => l.x), y: scene.labels.map((l) => l.y), z: scene.labels.map((l) => l.z),
    text: scene.labels.map((l) => plain(l.name)), textfont: { color: scene.ink, size: 12 } });
  return all;
}

const CONFIG = { scrollZoom: true, displaylogo: false, showSendToCloud: false, doubleClick: "reset",
  modeBarButtonsToRemove: ["toImage", "autoScale2d", "resetCameraLastSave3d"],
  modeBarButtonsToAdd: [{ name: "png", title: "Save as PNG", icon: Plotly.Icons.camera, click: savePng }] };

function draw() {
  busy = busy.then(async () => {
    const config = scene.dims === 2
      ? { ...CONFIG, modeBarButtonsToAdd: [...CONFIG.modeBarButtonsToAdd, "select2d", "lasso2d"] } : CONFIG;
    // Plotly cannot turn a 3D chart into a 2D chart, so a new chart is made.
    if (drawn && drawn !== scene.dims) { Plotly.purge(chart); drawn = 0; }
    else if (drawn && !scene.chosen.size) await unmark();
    await Plotly.react(chart, traces(), layout(), config);
    if (drawn !== scene.dims) listen();
    drawn = scene.dims;
    viewed = gliding ? "" : scene.layoutKey;
    await label();
    fit();
    followKeys();
    chart.dataset.drawn = scene.layoutKey + "|" + scene.colourKey;
  }).catch((error) => console.error(error));
  return busy;
}

// Removes the outline of the marked area when its points are no longer marked.
async function unmark() {
  chart.querySelectorAll(".select-outline").forEach((outline) => outline.remove());
  if (chart.layout?.selections?.length) await Plotly.relayout(chart, { selections: [] });
}

async function label() {
  if (scene.dims === 3) return;
  const before = labelled, free = freeNow(unitPixels());
  if (labelled !== before) await Plotly.relayout(chart, { annotations: annotations(scene, free) });
}
function freeNow(pixels) {
  const free = scene.other ? [] : freeLabels(scene.labels, pixels, measure);
  labelled = JSON.stringify(free.map((one) => [one.name, one.x, one.y])) + scene.ink;
  return free;
}
function unitPixels() {
  const across = chart._fullLayout.xaxis;
  return across._length / Math.abs(across.range[1] - across.range[0]);
}
function measure(text) {
  pen.font = "600 13px " + getComputedStyle(document.body).fontFamily;
  return pen.measureText(text).width;
}
const fit = () => Streamlit.height(Math.ceil(document.body.scrollHeight));

function listen() {
  chart.on("plotly_relayout", () => { if (scene.dims === 2) label(); });
  chart.on("plotly_hover", (event) => hover(event.points[0]));
  chart.on("plotly_unhover", hideTip);
  chart.on("plotly_click", (event) => {
    const point = event.points[0], id = point?.customdata, question = questionOf(point);
    if (question) report("question", [], question.key);
    else if (id !== undefined) report("click", [id]);
  });
  chart.on("plotly_selected", (event) => {
    // Plotly also sends this event after each drawing; only areas marked by a person are reported.
    if (!event || !byHand) return;
    byHand = false;
    const ids = event.points.map((point) => point.customdata).filter((id) => id !== undefined);
    if (event.range || event.lassoPoints) report("area", ids);
  });
  chart.on("plotly_deselect", () => { if (byHand) report("clear", []); });
}
function report(kind, ids, question = "") {
  const list = Array.from(ids);
  reported = kind === "area" ? String(list) : "";
  Streamlit.value({ kind, ids: list, question, sequence: ++sequence });
}
const questionOf = (point) => point?.data.questions?.[point.pointNumber];

const hideTip = () => { tip.hidden = true; };
// In 3D, Plotly gives no place with a hovered point, and does not always say when the pointer leaves it.
chart.addEventListener("pointermove", (event) => {
  pointer = { x: event.clientX, y: event.clientY };
  if (scene?.dims === 3 && Math.hypot(pointer.x - hovered.x, pointer.y - hovered.y) > 12) hideTip();
}, true);
chart.addEventListener("pointerleave", hideTip);
chart.addEventListener("wheel", hideTip, { capture: true, passive: true });

function hover(point) {
  const question = questionOf(point), row = point.data.rows?.[point.pointNumber];
  if (question) showTip([[question.text, ""], [question.note, "quiet"], ["Click to open", "quiet"]]);
  else if (row !== undefined) showTip(aboutChunk(row));
}

function aboutChunk(row) {
  const lines = [];
  if (scene.texts) lines.push([scene.texts[row], ""]);
  if (scene.sourceNames) lines.push([scene.sourceNames[scene.sources[row]], "quiet"]);
  const value = scene.codes[row] === scene.scaleGroup ? `${scene.title}: ${shownValue(scene.values[row])}`
    : `${scene.title}: ${scene.names[scene.codes[row]]}`;
  lines.push([value, "quiet"]);
  if (!scene.texts && scene.dims === 2) lines.push(["Click to read", "quiet"]);
  return lines;
}

function shownValue(value) {
  if (scene.scaleKind === "date") return new Date(Math.round(value) * 86400000).toISOString().slice(0, 10);
  return (scene.scaleKind === "log" ? 10 ** value : value).toFixed(scene.decimals);
}

function showTip(lines) {
  tip.replaceChildren(...lines.map(([text, name]) => {
    const line = document.createElement("div");
    line.className = name;
    line.textContent = text;
    return line;
  }));
  tip.hidden = false;
  hovered = pointer;
  const box = chart.getBoundingClientRect(), x = pointer.x - box.left, y = pointer.y - box.top;
  tip.style.left = Math.max(4, x > box.width / 2 ? x - tip.offsetWidth - 14 : x + 14) + "px";
  tip.style.top = Math.max(4, y > box.height / 2 ? y - tip.offsetHeight - 14 : y + 14) + "px";
}

function legend() {
  const counts = scene.names.map(() => 0);
  scene.codes.forEach((code, row) => { if (!scene.shown || scene.shown[row]) counts[code]++; });
  const title = document.createElement("b");
  title.textContent = scene.title;
  // A colour scale alone needs no entry: the colour bar shows it.
  const isScaleOnly = counts.every((count, group) => !count || group === scene.scaleGroup);
  const items = isScaleOnly ? [] : scene.names.map((name, group) => {
    const dot = document.createElement("span");
    dot.className = "dot";
    dot.style.background = group === scene.scaleGroup ? `linear-gradient(90deg, ${scene.scale.map((s) => s[1]).join(",")})`
      : scene.colours[group];
    return counts[group] ? legendItem(dot, name, counts[group]) : null;
  });
  if (scene.questions.length) {
    const cross = document.createElement("span");
    cross.className = "cross";
    cross.textContent = "\u2715";
    items.push(legendItem(cross, scene.questionsTitle, scene.questions.length));
  }
  at("legend").replaceChildren(title, ...items.filter(Boolean));
}
function legendItem(mark, name, count) {
  const item = document.createElement("button");
  item.append(mark, `${name} (${count.toLocaleString("en")})`);
  item.title = "Show or hide this group";
  item.setAttribute("aria-pressed", String(!off.has(name)));
  item.onclick = () => { off.delete(name) || off.add(name); legend(); draw(); };
  return item;
}

async function savePng() {
  const picture = { data: chart.data, layout: { ...chart.layout, showlegend: true, title: { text: plain(scene.file) },
    margin: { l: 20, r: 20, t: 60, b: 20 } } };
  const url = await Plotly.toImage(picture, { format: "png", width: 1400, height: 1000, scale: 2 });
  const link = document.createElement("a");
  link.href = url;
  link.download = scene.file + ".png";
  link.click();
}

chart.addEventListener("pointerdown", () => { byHand = true; }, true);
at("share").oninput = () => {
  moving++;
  places = between(scene.xy, scene.other, at("share").value / 100);
  draw();
};
at("play").onclick = () => {
  // From where the slider is to the farther end.
  const from = at("share").value / 100, to = from >= 0.5 ? 0 : 1;
  glide(between(scene.xy, scene.other, from), to ? scene.other : scene.xy,
    (share) => { at("share").value = 100 * (from + (to - from) * share); });
};
// The height of the frame follows the picture, so only a new width needs a new picture.
window.addEventListener("resize", () => { if (scene && document.documentElement.clientWidth !== width) draw(); });
