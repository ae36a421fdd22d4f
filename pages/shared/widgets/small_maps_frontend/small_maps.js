"use strict";
// Draws small maps on canvas: a grid of them, or one whose points move from step to step.
const at = (id) => document.getElementById(id);
const STEP_MS = 160, ROOM = 0.1, FAR = 0.002, GREATEST = 520, LEGEND = 14;
const still = matchMedia("(prefers-reduced-motion: reduce)");
let drawing = null, place = 0, playing = 0, shown = "";

Streamlit.listen((args, theme) => {
  paint(theme);
  const before = shown;
  shown = args.mode + args.revision + args.captions.join();
  drawing = read(args);
  if (before !== shown) {
    stop();
    place = drawing.count - 1;
    build();
    if (drawing.mode === "play" && !still.matches) start();
  }
  draw();
});
addEventListener("resize", draw);

function paint(theme) {
  const dark = theme?.base === "dark", set = (name, value) => document.documentElement.style.setProperty(name, value);
  set("--ink", theme?.textColor ?? "#1b2127");
  set("--panel", theme?.secondaryBackgroundColor ?? "#f4f6f8");
  set("--accent", theme?.primaryColor ?? "#0072b2");
  set("--quiet", dark ? "#a6b0ba" : "#5a6672");
  set("--line", dark ? "#3a444e" : "#d5dbe1");
}

// Bytes may begin anywhere in a larger buffer, so they are copied to the beginning of one.
const numbers = (bytes, Kind) => new Kind(Uint8Array.from(bytes).buffer);

function read(args) {
  const xy = numbers(args.xy, Float32Array), codes = numbers(args.codes, Int16Array), count = args.captions.length;
  const n = codes.length, order = [...codes.keys()].sort((a, b) => codes[b] - codes[a]);
  return { ...args, xy, codes, count, n, order, frames: args.mode === "play" ? [corners(xy)] : parts(xy, n, count).map(corners) };
}

function parts(xy, n, count) {
  return Array.from({ length: count }, (_, i) => xy.subarray(2 * n * i, 2 * n * (i + 1)));
}

// The middle and half the longer side of the area with nearly all points: a few far ones would make the others small.
function corners(xy) {
  const sorted = [0, 1].map((axis) => Float32Array.from({ length: xy.length / 2 }, (_, i) => xy[2 * i + axis]).sort());
  const far = Math.floor(FAR * xy.length / 2), last = Math.max(0, xy.length / 2 - 1 - far);
  const [[left, right], [bottom, top]] = sorted.map((values) => [values[far], values[last]]);
  return { x: (left + right) / 2, y: (bottom + top) / 2, half: (Math.max(right - left, top - bottom) / 2 || 1) * (1 + ROOM) };
}

function build() {
  const grid = drawing.mode === "grid", maps = at("maps");
  maps.style.gridTemplateColumns = `repeat(${drawing.columns}, minmax(0, 1fr))`;
  maps.replaceChildren(...Array.from({ length: grid ? drawing.count : 1 }, (_, i) => {
    const figure = document.createElement("figure"), canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", grid ? `${drawing.alt}: ${drawing.captions[i]}` : drawing.alt);
    figure.append(canvas);
    if (grid) figure.append(Object.assign(document.createElement("figcaption"), { textContent: drawing.captions[i] }));
    return figure;
  }));
  at("controls").hidden = grid;
  at("still").hidden = grid || !still.matches;
  at("play").hidden = still.matches;
  at("step").max = drawing.count - 1;
  const names = drawing.names.slice(0, LEGEND), rest = drawing.names.length - names.length;
  const heading = Object.assign(document.createElement("b"), { textContent: drawing.title });
  at("legend").replaceChildren(heading, ...names.map((name, i) => {
    const entry = document.createElement("span"), dot = document.createElement("span");
    dot.className = "dot";
    dot.style.background = drawing.colours[i];
    entry.append(dot, name);
    return entry;
  }), ...(rest > 0 ? [`and ${rest} more`] : []));
}

function draw() {
  if (!drawing) return;
  const canvases = [...document.querySelectorAll("canvas")];
  canvases.forEach((canvas, i) => drawing.mode === "grid" ? plot(canvas, i, i, 0, i) : plot(canvas, ...between(), 0));
  if (drawing.mode === "play") {
    at("step").value = place;
    const caption = drawing.captions[Math.round(place)];
    if (at("caption").textContent !== caption) at("caption").textContent = caption;
    at("step").setAttribute("aria-valuetext", caption);
  }
  Streamlit.height(document.documentElement.offsetHeight);
}

// The steps before and after the present place, and how far it is between them.
function between() {
  const from = Math.min(Math.floor(place), drawing.count - 1);
  return [from, Math.min(from + 1, drawing.count - 1), place - from];
}

function plot(canvas, from, to, share, frame) {
  const width = canvas.clientWidth, height = Math.min(width, drawing.mode === "play" ? GREATEST : width), scale = devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d"), { x, y, half } = drawing.frames[frame], { n, xy, codes, colours } = drawing;
  const zoom = Math.min(width, height) / 2 / half, radius = Math.max(1.2, Math.min(4, Math.sqrt(width * height / n) / 8));
  pen.scale(scale, scale);
  pen.globalAlpha = 0.85;
  for (const row of drawing.order) {
    const a = 2 * (n * from + row), b = 2 * (n * to + row);
    pen.fillStyle = colours[codes[row]];
    pen.beginPath();
    pen.arc(width / 2 + (xy[a] + (xy[b] - xy[a]) * share - x) * zoom,
      height / 2 - (xy[a + 1] + (xy[b + 1] - xy[a + 1]) * share - y) * zoom, radius, 0, 2 * Math.PI);
    pen.fill();
  }
}

function start() {
  const mine = ++playing, first = place >= drawing.count - 1 ? 0 : place;
  let began = 0;
  at("play").textContent = "Pause";
  const move = (now) => {
    if (mine !== playing) return;
    began ||= now;
    place = Math.min(drawing.count - 1, first + (now - began) / STEP_MS);
    draw();
    if (place < drawing.count - 1) requestAnimationFrame(move);
    else stop();
  };
  requestAnimationFrame(move);
}

function stop() {
  playing += 1;
  at("play").textContent = "Play";
}

at("play").addEventListener("click", () => at("play").textContent === "Pause" ? stop() : start());
at("step").addEventListener("input", () => { stop(); place = Number(at("step").value); draw(); });
