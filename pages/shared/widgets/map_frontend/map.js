"use strict";
// Draws a scene, keeps the view while it changes, and reports clicks and marked areas to the app. Plotly draws maps in 3D;
// of those in 2D, the axes and the marks: points.js draws the points, so that they are seen before Plotly is loaded.
const at = (id) => document.getElementById(id);
const chart = at("chart"), tip = at("tip"), pen = document.createElement("canvas").getContext("2d");
let scene = null, sent = null, places = null, sequence = Date.now(), moving = 0, drawn = 0, byHand = false, reported = "", awaited = 0;
let pointer = { x: 0, y: 0 }, hovered = pointer;
let busy = Promise.resolve(), shownAs = "", viewed = "", gliding = false, behind = false, library = null;

Streamlit.listen((args, theme) => {
  // The app takes it that the chunks are here, but this frame is new or its message was overtaken by the next.
  if (!holdChunks(args)) { askFor(args.chunksKey); return; }
  const before = scene, from = places;
  scene = sent = { ...readScene(args), ...themeColours(theme), size: before?.size };
  // A message from before the app knew of the marked area leaves it marked.
  if (before && args.answered < awaited) scene.chosen = before.chosen;
  if (scene.only) only = new Set(scene.only);
  else if (before && before.colourKey !== scene.colourKey) only.clear();
  document.body.classList.toggle("fill", scene.fill);
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
  if (start) glide(start, scene.xy);
  else if (!isReported) draw();
  if (before && String(scene.star) !== String(before.star)) showStar();
  if (scene.flight && scene.flight.number !== flown) fly(scene.flight);
});

// Everything the picture depends on except the marked points: Plotly draws those before they are reported.
function pictureOf(args, theme) {
  const { layoutKey, colourKey, star, focus, hits, expected, questions, labels, covers, reserve } = args;
  const shown = args.shown ? args.shown.reduce((sum, kept, i) => (sum * 31 + kept * (i % 997)) | 0, 7) : 0;
  return JSON.stringify([layoutKey, colourKey, star, focus, hits, expected, questions, labels, shown, theme?.base, Boolean(scene.other),
    [...only], covers, reserve]);
}

function themeColours(theme) {
  const style = document.documentElement.style, page = theme?.backgroundColor || "#ffffff";
  document.body.style.background = page;
  const colours = { page, ink: theme?.textColor || "#1b2127", accent: "#D5006D", grey: "#9AA3AB" };
  colours.rim = { width: 0 };
  // The scale's dark end is hard to see on a dark page.
  if (theme?.base === "dark") { colours.accent = "#FF5CA8"; colours.rim = { width: 0.8, color: `rgba(255,255,255,${RIM})` }; }
  style.setProperty("--ink", colours.ink);
  style.setProperty("--panel", theme?.secondaryBackgroundColor || "#f4f6f8");
  style.setProperty("--accent", theme?.primaryColor || "#0072b2");
  style.setProperty("--page", page);
  style.setProperty("--line", theme?.base === "dark" ? "#3a444f" : "#d5dbe1");
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
  for (;;) {
    const share = isCalm() ? 1 : Math.min(1, (performance.now() - began) / MOVE_MS);
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
  const hidden = { visible: false, showgrid: false, zeroline: false };
  const page = scene.dims === 2 ? "rgba(0,0,0,0)" : scene.page;
  const shared = { height: room.tall, width: room.wide, autosize: false, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, paper_bgcolor: page,
    plot_bgcolor: page, font: { color: scene.ink, family: getComputedStyle(document.body).fontFamily },
    uirevision: scene.layoutKey, modebar: { bgcolor: "rgba(0,0,0,0)" }, hovermode: scene.dims === 2 ? false : "closest" };
  if (scene.dims === 3) {
    const bare = { ...hidden, title: { text: "" }, showspikes: false };
    return { ...shared, scene: { xaxis: bare, yaxis: bare, zaxis: bare, aspectmode: "data", uirevision: scene.layoutKey } };
  }
  const [x, y] = rangesNow();
  return { ...shared, dragmode: chart._fullLayout?.dragmode || "pan", selections: chart.layout?.selections || [],
    xaxis: { ...hidden, range: x }, yaxis: { ...hidden, range: y, scaleanchor: "x", scaleratio: 1 } };
}

function traces() {
  const marks = [...questionTraces(scene, off), ...overlayTraces(scene, places)];
  // Without any markers, Plotly offers neither box nor lasso.
  if (scene.dims === 2) return [placesTrace(scene, [null], { mode: "markers" }), ...marks];
  const all = [...groupTraces(scene, places, only), ...marks];
  if (scene.labels.length) all.push({ type: "scatter3d", mode: "text", hoverinfo: "skip",
    x: scene.labels.map((l) => l.x), y: scene.labels.map((l) => l.y), z: scene.labels.map((l) => l.z),
    text: scene.labels.map((l) => plain(l.name)), textfont: { color: scene.ink, size: 12 } });
  return all;
}

function config() {
  const { home, camera } = Plotly.Icons, whole = { name: "home", title: "Show the whole map", icon: home, click: goHome };
  return { scrollZoom: true, displaylogo: false, showSendToCloud: false, doubleClick: false, displayModeBar: true,
    modeBarButtonsToRemove: ["toImage", "autoScale2d", "resetScale2d", "resetCameraLastSave3d"],
    modeBarButtonsToAdd: [{ name: "png", title: "Save as PNG", icon: camera, click: savePng },
      ...(scene.dims === 2 ? [whole, "select2d", "lasso2d"] : [])] };
}

function loadPlotly() {
  library ||= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = "../pages.shared.widgets.map_chart.plotly/plotly.min.js";
    script.onload = done;
    script.onerror = () => fail(new Error("plotly.min.js cannot be loaded. Reload the page."));
    document.head.append(script);
  });
  return library;
}

// A new picture would end a drag, such as a lasso that is being drawn, so it waits until the pointer is released.
let release = null, released = Promise.resolve(), isHeld = false;
function press() { if (!release) released = new Promise((done) => { release = done; }); }
function letGo() { release?.(); release = null; isHeld = false; }
window.addEventListener("pointerdown", press, true);
for (const name of ["pointerup", "pointercancel", "blur"]) window.addEventListener(name, letGo, true);
window.addEventListener("pointermove", (event) => { if (!event.buttons) letGo(); }, true);

function draw() {
  const isShown = !release;
  if (isShown) showPoints();
  busy = busy.then(async () => {
    await loadPlotly();
    await released;
    if (!isShown) showPoints();
    // Plotly cannot turn a 3D chart into a 2D chart, so a new chart is made.
    if (drawn && drawn !== scene.dims) { Plotly.purge(chart); drawn = 0; }
    else if (drawn && !scene.chosen.size) await unmark();
    await Plotly.react(chart, traces(), layout(), config());
    if (drawn !== scene.dims) listen();
    drawn = scene.dims;
    behind = false;
    keepOff();
    fit();
    followKeys();
    chart.dataset.drawn = scene.layoutKey + "|" + scene.colourKey;
  }).catch((error) => console.error(error));
  return busy;
}

// Draws the points and labels of a map in 2D; Plotly's axes follow.
function showPoints() {
  room = { wide: wide(), tall: tall() };
  canvas.hidden = scene.dims !== 2;
  chart.style.minHeight = room.tall + "px";
  seen = scene.dims === 2 ? view() : null;
  viewed = gliding ? "" : scene.layoutKey;
  if (!seen) return;
  behind = true;
  scene.size = sizeOf(nSeen());
  paint();
  keepOff();
  fit();
  chart.dataset.painted = scene.layoutKey + "|" + scene.colourKey;
}

// Takes the ranges of Plotly's axes, which a person moves.
function followChart() {
  if (!seen || drawn !== 2 || (behind && !release)) return;
  const now = ["xaxis", "yaxis"].map((name) => chart._fullLayout[name].range.slice());
  if (String(now) === String(seen)) return;
  seen = now;
  paint();
  placeLabels();
}

// Removes the outline of the marked area when its points are no longer marked.
async function unmark() {
  chart.querySelectorAll(".select-outline").forEach((outline) => outline.remove());
  if (chart.layout?.selections?.length) await Plotly.relayout(chart, { selections: [] });
}

const fit = () => Streamlit.height(Math.ceil(document.body.scrollHeight));

function listen() {
  chart.on("plotly_relayout", () => { followChart(); sizeAgain(); viewChanged(); });
  chart.on("plotly_doubleclick", () => { if (scene.dims === 2) goHome(); });
  chart.on("plotly_selected", (event) => {
    // Plotly also sends this event after each drawing; only areas marked by a person are reported.
    if (!event || !byHand) return;
    byHand = false;
    if (event.range || event.lassoPoints) mark(event.selections);
  });
  chart.on("plotly_deselect", () => { if (byHand) report("clear", []); });
  // In 2D, pointer.js looks for what is under the pointer.
  if (scene.dims === 2) return;
  chart.on("plotly_hover", (event) => hover(event.points[0]));
  chart.on("plotly_unhover", hideTip);
  chart.on("plotly_click", (event) => {
    const point = event.points[0], id = point?.customdata, question = questionOf(point);
    if (question) report("question", [], question.key);
    else if (id !== undefined) report("click", [id]);
  });
}
let missing = "";
function askFor(key) {
  if (missing !== key) Streamlit.value({ kind: "missing", ids: [], question: "", groups: [], sequence: ++sequence });
  missing = key;
  setTimeout(() => { missing = ""; }, 1000);
}
function report(kind, ids, question = "", groups = []) {
  const list = Array.from(ids);
  reported = kind === "area" ? String(list) : "";
  Streamlit.value({ kind, ids: list, question, groups, sequence: ++sequence });
  awaited = kind === "area" ? sequence : 0;
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
  if (question) tellQuestion(question);
  else if (row !== undefined) showTip(aboutChunk(row));
}

const tellQuestion = ({ text, note }) => showTip([[text, ""], [note, "quiet"], ["Click to open", "quiet"]]);

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

async function savePng() {
  const all = scene.dims === 2 ? [...groupTraces(scene, places, only), ...chart.data] : chart.data;
  const data = all.map((trace) => (trace.marker?.colorbar ? { ...trace, marker: { ...trace.marker, showscale: true } } : trace));
  // A picture cannot load the page's typeface, and one that is measured must be the one that is drawn.
  const picture = { data, layout: { ...chart.layout, showlegend: true, title: { text: plain(scene.file) },
    font: { ...chart.layout.font, family: "sans-serif" }, legend: { traceorder: "reversed" },
    paper_bgcolor: scene.page, plot_bgcolor: scene.page, images: shadeImages(),
    margin: { l: 20, r: 20, t: 60, b: 20 }, annotations: annotations(scene, placed2d) } };
  const url = await Plotly.toImage(picture, { format: "png", width: 1400, height: 1000, scale: 2 });
  const link = document.createElement("a");
  link.href = url;
  link.download = scene.file + ".png";
  link.click();
}

const byPerson = () => { byHand = true; flights++; watchView(); };
chart.addEventListener("pointerdown", () => { isHeld = true; byPerson(); }, true);
chart.addEventListener("wheel", () => { isHome = false; byPerson(); }, { capture: true, passive: true });
// While the pointer is down, Plotly lays an element over the map, so these are events of the window.
window.addEventListener("pointermove", () => { if (isHeld) { watchView(); isHome &&= chart._fullLayout?.dragmode !== "pan"; } }, true);
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
// A new size of the frame, or other things over or above it on the page, need a new picture. While the app runs, its page
// may be shorter for a moment, so the size is looked at a little later.
let resizing = 0;
function resized() { resizing ||= setTimeout(followPage, 60); }
function followPage() {
  resizing = 0;
  if (!scene || wide() <= 0) return;
  if (room.wide !== wide() || room.tall !== tall()) draw();
  else if (covered !== coveredNow()) {
    keepOff();
    // A map of many points, and one with a marked area, stay where they are.
    if (isHome && seen && scene.n <= ANIMATED && !scene.chosen.size) goHome();
  }
}
window.addEventListener("resize", resized);
const page = window.frameElement?.closest("[data-testid='stMainBlockContainer']");
if (page) {
  const outer = page.ownerDocument.defaultView, observers = [new ResizeObserver(resized), new MutationObserver(resized)];
  observers[0].observe(page);
  observers[1].observe(page, { childList: true, subtree: true });
  outer.addEventListener("resize", resized);
  window.addEventListener("pagehide", () => { observers.forEach((one) => one.disconnect()); outer.removeEventListener("resize", resized); });
}
