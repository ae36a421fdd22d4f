"use strict";
// Draws a scene with Plotly, keeps the view while it changes, and reports clicks and marked areas to the app.
const at = (id) => document.getElementById(id);
const chart = at("chart"), tip = at("tip"), pen = document.createElement("canvas").getContext("2d");
let scene = null, places = null, sequence = Date.now(), moving = 0, drawn = 0, byHand = false, reported = "";
let pointer = { x: 0, y: 0 }, hovered = pointer;
let busy = Promise.resolve(), shownAs = "", size = "", viewed = "", gliding = false;

Streamlit.listen((args, theme) => {
  const before = scene, from = places;
  scene = { ...readScene(args), ...themeColours(theme), size: before?.size };
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
  return JSON.stringify([layoutKey, colourKey, star, focus, hits, expected, questions, labels, shown, theme?.base, Boolean(args.other),
    [...only], covers, reserve]);
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
  size = wide() + "x" + tall();
  const shared = { height: tall(), width: wide(), autosize: false, margin: { l: 0, r: 0, t: 0, b: 0 }, showlegend: false, paper_bgcolor: scene.page,
    plot_bgcolor: scene.page, font: { color: scene.ink, family: getComputedStyle(document.body).fontFamily },
    uirevision: scene.layoutKey, modebar: { bgcolor: "rgba(0,0,0,0)" }, hovermode: "closest" };
  if (scene.dims === 3) {
    const bare = { ...hidden, title: { text: "" }, showspikes: false };
    return { ...shared, scene: { xaxis: bare, yaxis: bare, zaxis: bare, aspectmode: "data", uirevision: scene.layoutKey } };
  }
  const [x, y] = view();
  return { ...shared, dragmode: chart._fullLayout?.dragmode || "pan", selections: chart.layout?.selections || [],
    images: densityImages(scene, places),
    xaxis: { ...hidden, range: x }, yaxis: { ...hidden, range: y, scaleanchor: "x", scaleratio: 1 } };
}

function traces() {
  const all = [...groupTraces(scene, places, only), ...questionTraces(scene, off), ...overlayTraces(scene, places)];
  if (scene.dims === 3 && scene.labels.length) all.push({ type: "scatter3d", mode: "text", hoverinfo: "skip",
    x: scene.labels.map((l) => l.x), y: scene.labels.map((l) => l.y), z: scene.labels.map((l) => l.z),
    text: scene.labels.map((l) => plain(l.name)), textfont: { color: scene.ink, size: 12 } });
  return all;
}

const WHOLE = { name: "home", title: "Show the whole map", icon: Plotly.Icons.home, click: goHome };
const CONFIG = { scrollZoom: true, displaylogo: false, showSendToCloud: false, doubleClick: false, displayModeBar: true,
  modeBarButtonsToRemove: ["toImage", "autoScale2d", "resetScale2d", "resetCameraLastSave3d"],
  modeBarButtonsToAdd: [{ name: "png", title: "Save as PNG", icon: Plotly.Icons.camera, click: savePng }] };

// A new picture would end a drag, such as a lasso that is being drawn, so it waits until the pointer is released.
let release = null, released = Promise.resolve();
function press() { if (!release) released = new Promise((done) => { release = done; }); }
function letGo() { release?.(); release = null; }
window.addEventListener("pointerdown", press, true);
for (const name of ["pointerup", "pointercancel", "blur"]) window.addEventListener(name, letGo, true);
window.addEventListener("pointermove", (event) => { if (!event.buttons) letGo(); }, true);

function draw() {
  busy = busy.then(async () => {
    await released;
    const config = scene.dims === 2
      ? { ...CONFIG, modeBarButtonsToAdd: [...CONFIG.modeBarButtonsToAdd, WHOLE, "select2d", "lasso2d"] } : CONFIG;
    // Plotly cannot turn a 3D chart into a 2D chart, so a new chart is made.
    if (drawn && drawn !== scene.dims) { Plotly.purge(chart); drawn = 0; }
    else if (drawn && !scene.chosen.size) await unmark();
    const picture = layout();
    scene.size = sizeOf(nSeen());
    await Plotly.react(chart, traces(), picture, config);
    if (drawn !== scene.dims) listen();
    drawn = scene.dims;
    viewed = gliding ? "" : scene.layoutKey;
    keepOff();
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

const fit = () => Streamlit.height(Math.ceil(document.body.scrollHeight));

function listen() {
  chart.on("plotly_relayout", () => { placeLabels(); sizeAgain(); viewChanged(); });
  chart.on("plotly_doubleclick", () => { if (scene.dims === 2) goHome(); });
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
function report(kind, ids, question = "", groups = []) {
  const list = Array.from(ids);
  reported = kind === "area" ? String(list) : "";
  Streamlit.value({ kind, ids: list, question, groups, sequence: ++sequence });
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

async function savePng() {
  const data = chart.data.map((trace) => (trace.marker?.colorbar ? { ...trace, marker: { ...trace.marker, showscale: true } } : trace));
  const picture = { data, layout: { ...chart.layout, showlegend: true, title: { text: plain(scene.file) },
    margin: { l: 20, r: 20, t: 60, b: 20 }, annotations: annotations(scene, placed2d) } };
  const url = await Plotly.toImage(picture, { format: "png", width: 1400, height: 1000, scale: 2 });
  const link = document.createElement("a");
  link.href = url;
  link.download = scene.file + ".png";
  link.click();
}

const byPerson = () => { byHand = true; flights++; watchView(); };
chart.addEventListener("pointerdown", byPerson, true);
chart.addEventListener("wheel", () => { isHome = false; byPerson(); }, { capture: true, passive: true });
chart.addEventListener("pointermove", (event) => { if (event.buttons) { watchView(); isHome &&= chart._fullLayout?.dragmode !== "pan"; } }, true);
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
// A new size of the frame, or other things over or above it on the page, need a new picture.
function resized() {
  if (!scene || wide() <= 0) return;
  if (size !== wide() + "x" + tall()) draw();
  else if (covered !== coveredNow()) {
    keepOff();
    // A map of many points, and one with a marked area, stay where they are.
    if (isHome && drawn === 2 && scene.n <= ANIMATED && !scene.chosen.size) goHome();
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
