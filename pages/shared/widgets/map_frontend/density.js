"use strict";
// Many points: a shade below them says how many lie over one another, and they grow as fewer of them are in view.
const GRID = 160, SHADE = [0, 114, 178], DARKEST = 110;

// How many chunks an even grid over the map has in each cell, smoothed, from 0 to 1; row 0 is the top.
function density(scene, places, [x, y]) {
  let cells = new Float32Array(GRID * GRID);
  const across = GRID / (x[1] - x[0]), up = GRID / (y[1] - y[0]);
  for (let row = 0; row < scene.n; row++) {
    if (scene.shown && !scene.shown[row]) continue;
    const column = Math.min(GRID - 1, Math.floor((places[2 * row] - x[0]) * across));
    cells[Math.min(GRID - 1, Math.floor((y[1] - places[2 * row + 1]) * up)) * GRID + column]++;
  }
  for (const step of [1, GRID, 1, GRID]) {
    const smooth = new Float32Array(cells.length);
    for (let i = 0; i < cells.length; i++) {
      for (let shift = -2; shift <= 2; shift++) smooth[i] += (cells[i + shift * step] || 0) / 5;
    }
    cells = smooth;
  }
  const most = cells.reduce((one, other) => Math.max(one, other), 1e-9);
  return cells.map((count) => count / most);
}

// The darkness of each cell, from 0 to 1, and the ranges that the grid covers; null for a map of few.
function shade(scene, places) {
  if (scene.dims !== 2 || scene.n <= ANIMATED || scene.other) return null;
  const [x, y] = corners(places, 2);
  return { cells: density(scene, places, [x, y]).map(Math.sqrt), x, y };
}

// Puts the shade into pixels of a picture, whose upper left corner is at [left, top] of the map: between the middles of
// cells, darkness changes evenly.
function drawShade(pixels, width, height, [left, top], unit) {
  const { cells, x, y } = arranged.shade, page = pixelOf(scene.page), cellPixels = ((x[1] - x[0]) * unit) / GRID;
  const mixed = (shift, i, share) => Math.round(((page >>> shift) & 255) * (1 - share) + SHADE[i] * share);
  const hues = Uint32Array.from({ length: 256 }, (_, i) => {
    const share = (i / 255) * (DARKEST / 255);
    return 0xff000000 | (mixed(16, 2, share) << 16) | (mixed(8, 1, share) << 8) | mixed(0, 0, share);
  });
  const tallCell = ((y[1] - y[0]) * unit) / GRID, firstX = (x[0] - left) * unit, firstY = (top - y[1]) * unit;
  const from = Math.max(0, Math.ceil(firstX)), to = Math.min(width, Math.floor(firstX + GRID * cellPixels));
  const line = new Float32Array(GRID + 1);
  const end = Math.min(height, Math.floor(firstY + GRID * tallCell));
  for (let down = Math.max(0, Math.ceil(firstY)); down < end; down++) {
    const row = Math.max(0, (down + 0.5 - firstY) / tallCell - 0.5), upper = Math.min(GRID - 1, Math.floor(row));
    const lower = Math.min(GRID - 1, upper + 1), share = row - upper;
    for (let i = 0; i < GRID; i++) line[i] = 255 * (cells[upper * GRID + i] * (1 - share) + cells[lower * GRID + i] * share);
    line[GRID] = line[GRID - 1];
    for (let right = from; right < to; right++) {
      const place = Math.max(0, (right + 0.5 - firstX) / cellPixels - 0.5), i = place | 0;
      pixels[down * width + right] = hues[(line[i] + (line[i + 1] - line[i]) * (place - i)) | 0];
    }
  }
}

// The shade for a picture that is saved.
function shadeImages() {
  if (!arranged?.shade || !seen) return [];
  const { cells, x, y } = arranged.shade, picture = document.createElement("canvas");
  picture.width = picture.height = GRID;
  const drawing = picture.getContext("2d"), pixels = drawing.createImageData(GRID, GRID);
  cells.forEach((darkness, i) => pixels.data.set([...SHADE, DARKEST * darkness], 4 * i));
  drawing.putImageData(pixels, 0, 0);
  return [{ source: picture.toDataURL(), xref: "x", yref: "y", x: x[0], y: y[1], sizex: x[1] - x[0], sizey: y[1] - y[0],
    sizing: "stretch", layer: "below" }];
}

// The number of points in view.
function nSeen() {
  if (isHome) return scene.n;
  const [x, y] = seen;
  let n = 0;
  for (let i = 0; i < places.length; i += 2) {
    n += places[i] >= x[0] && places[i] <= x[1] && places[i + 1] >= y[0] && places[i + 1] <= y[1];
  }
  return n;
}

// Draws again when the points in view are so many fewer, or more, that they have another size.
let sizing = 0;
function sizeAgain() {
  clearTimeout(sizing);
  sizing = setTimeout(() => { if (seen && sizeOf(nSeen()) !== scene.size) draw(); }, 300);
}
