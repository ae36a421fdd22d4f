"use strict";
// Draws the chunks of a map in 2D as discs on a canvas below Plotly's chart, pixel by pixel. Where the browser has no
// graphics card, this takes a tenth of the time of WebGL; bench/app/map_frames.py has the figures.
const STEPS = 4, OPACITY = 0.85, FAINT = 0.12, RIM = 0.45;
const canvas = at("points"), paper = canvas.getContext("2d", { willReadFrequently: true });
let arranged = null, picture = null;
const stamps = new Map();

// An opaque colour as a pixel: its bytes in memory are red, green, blue, opacity.
function pixelOf(colour) {
  pen.fillStyle = colour;
  const [red, green, blue] = [1, 3, 5].map((start) => parseInt(pen.fillStyle.slice(start, start + 2), 16));
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

// 256 pixels from the low to the high end of the scale.
function scalePixels(scale) {
  const hues = scale.map((step) => pixelOf(step[1])), steps = hues.length - 1;
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * steps, first = Math.min(Math.floor(place), steps - 1), share = place - first;
    const part = (shift) => Math.round(((hues[first] >>> shift) & 255) * (1 - share) + ((hues[first + 1] >>> shift) & 255) * share);
    return (0xff000000 | (part(16) << 16) | (part(8) << 8) | part(0)) >>> 0;
  });
}

// The pixel of each row.
function huesOf(scene) {
  const groups = scene.colours.map(pixelOf), scale = scene.scaleGroup >= 0 ? scalePixels(scene.scale) : null;
  const step = 255 / (scene.high - scene.low), hues = new Uint32Array(scene.n);
  for (let row = 0; row < scene.n; row++) {
    const code = scene.codes[row];
    hues[row] = code === scene.scaleGroup
      ? scale[Math.max(0, Math.min(255, Math.round((scene.values[row] - scene.low) * step)))] : groups[code];
  }
  return hues;
}

// The rows in the order in which they are drawn: first those that are left out, then those that are not marked, then the
// others; in each of these layers the last group of the legend first. `runs` say where layers and groups begin and end.
function arrange() {
  const { n, codes, ids, shown, chosen } = scene, groups = scene.names.length;
  const isKept = scene.names.map((name) => !only.size || only.has(name));
  const keys = new Uint16Array(n), ends = new Uint32Array(3 * groups), order = new Uint32Array(n);
  for (let row = 0; row < n; row++) {
    const isOut = (shown && !shown[row]) || !isKept[codes[row]];
    const layer = isOut ? 0 : chosen.size && !chosen.has(ids[row]) ? 1 : 2;
    keys[row] = layer * groups + groups - 1 - codes[row];
    ends[keys[row]]++;
  }
  const runs = [];
  for (let key = 0, from = 0; key < ends.length; key++) {
    const to = from + ends[key];
    if (to > from) runs.push({ from, to, layer: Math.floor(key / groups), group: groups - 1 - (key % groups) });
    ends[key] = from;
    from = to;
  }
  for (let row = 0; row < n; row++) order[ends[keys[row]]++] = row;
  const inColour = runs.find((run) => run.layer > 0)?.from ?? n;
  arranged = { scene, chosen, groups: String([...only]), order, runs, inColour, hues: huesOf(scene), shade: shade(scene, places) };
}

function keepArranged() {
  if (arranged?.scene !== scene || arranged.chosen !== scene.chosen || arranged.groups !== String([...only])) arrange();
}

// Leaves out what a drag over a chart of the page would leave out, until the app sends what it then shows; null ends this.
function brush(kept) {
  if (!seen || !sent || (kept && kept.length !== scene.n)) return;
  scene = { ...scene, shown: kept && sent.shown ? kept.map((one, row) => one & sent.shown[row]) : kept || sent.shown };
  paint();
}

// The rows that are not left out, in the order in which they are drawn.
function inColour() {
  keepArranged();
  return arranged.order.subarray(arranged.inColour);
}

// A ring around a place, or a disc if `inner` is 0, for each of 4 x 4 places within a pixel: pairs of how far a pixel is
// from the one with the centre in a picture of this width, and its opacity of 256.
function stampsOf(inner, outer, opacity, width) {
  const key = [inner, outer, opacity, width].join();
  if (stamps.has(key)) return stamps.get(key);
  if (stamps.size > 40) stamps.clear();
  const reach = Math.ceil(outer + 1), all = [], share = (far, radius) => Math.max(0, Math.min(1, radius + 0.5 - far));
  for (let step = 0; step < STEPS * STEPS; step++) {
    const pairs = [], x = ((step % STEPS) + 0.5) / STEPS, y = (Math.floor(step / STEPS) + 0.5) / STEPS;
    for (let down = -reach; down <= reach; down++) {
      for (let right = -reach; right <= reach; right++) {
        const far = Math.hypot(right + 0.5 - x, down + 0.5 - y);
        const weight = Math.round(256 * opacity * (share(far, outer) - (inner ? share(far, inner) : 0)));
        if (weight > 0) pairs.push(down * width + right, weight);
      }
    }
    all.push(Int32Array.from(pairs));
  }
  stamps.set(key, all);
  return all;
}

// Mixes a colour into the pixels of a stamp; red and blue are computed in one number.
function blend(pixels, centre, pairs, hue) {
  const redBlue = hue & 0xff00ff, green = (hue >>> 8) & 255;
  for (let i = 0; i < pairs.length; i += 2) {
    const place = centre + pairs[i], weight = pairs[i + 1], rest = 256 - weight, before = pixels[place];
    pixels[place] = 0xff000000 | (((Math.imul(before & 0xff00ff, rest) + Math.imul(redBlue, weight)) >>> 8) & 0xff00ff)
      | ((Math.imul((before >>> 8) & 255, rest) + Math.imul(green, weight)) & 0xff00);
  }
}

// What is drawn for each point of a run: a list of stamps, each with its colour, or null for the point's own.
function marksOf({ layer, group }, radius, width) {
  if (!layer) return [{ all: stampsOf(0, radius, FAINT, width), hue: pixelOf(scene.grey) }];
  const opacity = layer === 1 ? FAINT : scene.chosen.size ? 1 : OPACITY;
  const disc = { all: stampsOf(0, radius, opacity, width), hue: null };
  if (group !== scene.scaleGroup || !scene.rim.width) return [disc];
  const half = (scene.rim.width / 2) * window.devicePixelRatio;
  return [disc, { all: stampsOf(radius - half, radius + half, opacity * RIM, width), hue: 0xffffffff }];
}

function drawRun(pixels, width, height, margin, unit, radius, run) {
  const { order, hues } = arranged, [disc, rim] = marksOf(run, radius, width), xy = places;
  const left = seen[0][0], top = seen[1][1], least = margin / 2, right = width - least, bottom = height - least;
  for (let i = run.from; i < run.to; i++) {
    const row = order[i], across = (xy[2 * row] - left) * unit + margin, down = (top - xy[2 * row + 1]) * unit + margin;
    if (!(across >= least && down >= least && across < right && down < bottom)) continue;
    // Both numbers are positive, so this is their floor.
    const column = across | 0, line = down | 0, step = (((down - line) * STEPS) | 0) * STEPS + (((across - column) * STEPS) | 0);
    blend(pixels, line * width + column, disc.all[step], disc.hue ?? hues[row]);
    if (rim) blend(pixels, line * width + column, rim.all[step], rim.hue);
  }
}

// Draws the points at the ranges `seen`, in a picture that is larger than the canvas by a margin on each side.
function paint() {
  keepArranged();
  const ratio = window.devicePixelRatio, radius = (scene.size / 2) * ratio, margin = 2 * Math.ceil(radius + 3);
  const wanted = [room.wide, room.tall].map((side) => Math.max(1, Math.round(side * ratio)));
  if (canvas.width !== wanted[0] || canvas.height !== wanted[1]) [canvas.width, canvas.height] = wanted;
  canvas.style.width = room.wide + "px";
  canvas.style.height = room.tall + "px";
  const unit = canvas.width / (seen[0][1] - seen[0][0]), width = canvas.width + 2 * margin, height = canvas.height + 2 * margin;
  if (picture?.width !== width || picture.height !== height) picture = new ImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  pixels.fill(pixelOf(scene.page));
  if (arranged.shade) drawShade(pixels, width, height, [seen[0][0] - margin / unit, seen[1][1] + margin / unit], unit);
  for (const run of arranged.runs) drawRun(pixels, width, height, margin, unit, radius, run);
  paper.putImageData(picture, -margin, -margin);
}
