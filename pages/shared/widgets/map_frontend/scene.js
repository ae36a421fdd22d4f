"use strict";
// Turns the scene that the app sends into traces and labels for Plotly. Draws nothing.

// Copies the bytes, because typed arrays need an aligned start.
const numbers = (bytes, Kind) => new Kind(bytes ? bytes.slice().buffer : 0);
const plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const sizeOf = (n) => (n > 50000 ? 3 : n > 5000 ? 4 : n > 800 ? 6 : 8);

// The chunks and their places, which are sent once and stay while colours, filters and marks change.
let held = { chunksKey: "" };
function holdChunks(args) {
  if (args.chunksKey === held.chunksKey) return true;
  if (args.ids === undefined) return false;
  const { chunksKey, sourceNames, texts } = args, ids = numbers(args.ids, Int32Array);
  held = { chunksKey, sourceNames, texts, n: ids.length, ids, xy: numbers(args.xy, Float32Array), sources: numbers(args.sources, Int32Array),
    other: args.other ? numbers(args.other, Float32Array) : null };
  return true;
}

function readScene(args) {
  return {
    ...args, ...held,
    codes: numbers(args.codes, Int16Array), values: numbers(args.values, Float32Array),
    shown: args.shown ? numbers(args.shown, Uint8Array) : null,
    chosen: new Set(numbers(args.selected, Int32Array)),
  };
}

// Rows by the group they are drawn in; -1 for filtered-out points.
function rowsByGroup(scene, only) {
  const rows = new Map();
  for (let row = 0; row < scene.n; row++) {
    const isOut = (scene.shown && !scene.shown[row]) || (only.size && !only.has(scene.names[scene.codes[row]]));
    const group = isOut ? -1 : scene.codes[row];
    if (!rows.has(group)) rows.set(group, []);
    rows.get(group).push(row);
  }
  return rows;
}

function axis(places, dims, rows, which) {
  const values = new Float32Array(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = places[rows[i] * dims + which];
  return values;
}

function placed(scene, places, rows) {
  const where = { x: axis(places, scene.dims, rows, 0), y: axis(places, scene.dims, rows, 1) };
  return scene.dims === 3 ? { ...where, z: axis(places, 3, rows, 2), type: "scatter3d" } : { ...where, type: "scattergl" };
}

function selectedAmong(scene, rows) {
  if (!scene.chosen.size) return null;
  const found = [];
  rows.forEach((row, i) => { if (scene.chosen.has(scene.ids[row])) found.push(i); });
  return found;
}

function points(scene, places, rows, marker, extra) {
  const size = scene.dims === 3 ? Math.max(2, sizeOf(scene.n) - 3) : scene.size;
  const trace = {
    ...placed(scene, places, rows), mode: "markers", hoverinfo: "none",
    marker: { size, opacity: 0.85, line: { width: 0 }, ...marker }, ...extra,
  };
  if (scene.dims === 3) return trace;
  return { ...trace, selectedpoints: selectedAmong(scene, rows), selected: { marker: { opacity: 1 } },
    unselected: { marker: { opacity: 0.12 } } };
}

function groupTraces(scene, places, only) {
  const traces = [], byGroup = rowsByGroup(scene, only);
  const ids = (rows) => Int32Array.from(rows, (row) => scene.ids[row]);
  if (byGroup.has(-1)) {
    traces.push(points(scene, places, byGroup.get(-1), { color: scene.grey, opacity: 0.12 },
      { hoverinfo: "skip", selectedpoints: null, showlegend: false }));
  }
  for (const group of [...byGroup.keys()].filter((key) => key >= 0).sort((a, b) => b - a)) {
    const rows = byGroup.get(group), isScale = group === scene.scaleGroup;
    const marker = isScale
      ? { color: Float32Array.from(rows, (row) => scene.values[row]), line: scene.rim, colorscale: scene.scale, cmin: scene.low,
          cmax: scene.high, showscale: false, colorbar: { title: { text: plain(scene.title), side: "right" },
            thickness: 12, len: 0.7, outlinewidth: 0, tickfont: { color: scene.ink }, ...tickMarks(scene) } }
      : { color: scene.colours[group] };
    traces.push(points(scene, places, rows, marker,
      { name: plain(scene.names[group]), customdata: ids(rows), rows }));
  }
  return traces;
}

// Marks of a scale whose values are not what is shown: logarithms and days.
function tickMarks(scene) {
  return scene.ticks.length ? { tickvals: scene.ticks.map((tick) => tick[0]), ticktext: scene.ticks.map((tick) => tick[1]) } : {};
}

// Traces of places that are no chunks; a place null interrupts a line.
function placesTrace(scene, list, extra) {
  const columns = [0, 1, 2].map((i) => list.map((place) => (place ? place[i] : null)));
  const where = scene.dims === 3 ? { x: columns[0], y: columns[1], z: columns[2], type: "scatter3d" }
    : { x: columns[0], y: columns[1], type: "scatter" };
  return { ...where, hoverinfo: "skip", showlegend: false, ...extra,
    ...(scene.dims === 3 ? {} : { selected: { marker: { opacity: 1 } }, unselected: { marker: { opacity: 1 } } }) };
}

// Questions as crosses. In 2D a wider cross in the colour of the page lies below each, so that it can be told from points.
// In 3D, Plotly draws its symbol for a cross with a character that few fonts have.
function questionTraces(scene, off) {
  if (!scene.questions.length || off.has(scene.questionsTitle)) return [];
  const list = scene.questions.map((one) => one.at);
  const cross = (size, color) => ({ mode: "markers", marker: { size, symbol: "x", color, opacity: 1, line: { width: 0 } } });
  const drawn = (extra) => placesTrace(scene, list, { ...extra, hoverinfo: "none", name: plain(scene.questionsTitle),
    showlegend: true, questions: scene.questions });
  if (scene.dims === 3) return [drawn({ mode: "text", text: list.map(() => "\u00d7"), textfont: { color: scene.ink, size: 26, weight: 900 } })];
  return [placesTrace(scene, list, cross(15, scene.page)), drawn(cross(10, scene.ink))];
}

// The star of a query or the ring of a chunk, with lines to its results and rings around them. Chunks that should have
// come have a square, and a dotted line leads to them.
function overlayTraces(scene, places) {
  const traces = [], at = (row) => Array.from({ length: scene.dims }, (_, i) => places[row * scene.dims + i]);
  const drawn = (list, extra) => { traces.push(placesTrace(scene, list, extra)); };
  const centre = scene.star || (scene.focus >= 0 ? at(scene.focus) : null);
  if (!centre) return traces;
  const hits = scene.hits.map(at), expected = scene.expected.map(at);
  const around = (symbol, size, width, color) => ({ mode: "markers", marker: { size, symbol, color, line: { width, color } } });
  const lines = (list, width, dash) => drawn(list.flatMap((hit) => [centre, hit, null]),
    { mode: "lines", line: { color: scene.accent, width, dash }, opacity: 0.8 });
  if (hits.length) {
    lines(hits, 1.5, "solid");
    drawn(hits, around("circle-open", scene.size + 7, 2, scene.ink));
  }
  if (expected.length) {
    lines(expected, 2, "dot");
    drawn(expected, around("square-open", scene.size + 10, 3, scene.accent));
  }
  if (scene.star) {
    drawn([centre], { mode: "markers", marker: { size: scene.dims === 3 ? 9 : 20, symbol: scene.dims === 3 ? "diamond" : "star",
      color: scene.accent, line: { width: 1.5, color: scene.page } } });
  } else {
    drawn([centre], around("circle-open", scene.size + 9, 3, scene.accent));
  }
  return traces;
}

function wrapped(name, width = 18) {
  const lines = [""];
  for (const word of name.split(/\s+/)) {
    const last = lines[lines.length - 1];
    if (last && last.length + word.length >= width && lines.length < 3) lines.push(word);
    else lines[lines.length - 1] = last ? last + " " + word : word;
  }
  return lines.map((line) => (line.length > 26 ? line.slice(0, 25) + "\u2026" : line));
}

// The placed labels as Plotly draws them, for a picture that is saved.
function annotations(scene, placed) {
  return placed.map((label) => ({
    x: label.x, y: label.y, text: label.lines.map(plain).join("<br>"), showarrow: false, captureevents: false,
    font: { size: 13, weight: 650, color: scene.ink, shadow: halo(scene.page) },
  }));
}

// An outline in the colour of the page, so that a label can be read on top of points.
const halo = (page) => ["1px 1px", "-1px 1px", "1px -1px", "-1px -1px", "0 2px", "0 -2px", "2px 0", "-2px 0"]
  .map((shift) => `${shift} 2px ${page}`).join(", ");

// The corners of what is drawn, with a margin: [[left, right], [bottom, top]].
function corners(places, dims) {
  const ends = [[Infinity, -Infinity], [Infinity, -Infinity]];
  for (let i = 0; i < places.length; i++) {
    if (i % dims > 1) continue;
    const pair = ends[i % dims];
    if (places[i] < pair[0]) pair[0] = places[i];
    if (places[i] > pair[1]) pair[1] = places[i];
  }
  const span = Math.max(ends[0][1] - ends[0][0], ends[1][1] - ends[1][0]);
  const margin = span > 0 ? 0.05 * span : 1;
  return ends.map(([low, high]) => (high >= low ? [low - margin, high + margin] : [-1, 1]));
}
