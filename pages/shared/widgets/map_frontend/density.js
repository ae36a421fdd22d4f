"use strict";
// Many points: a shade below them says how many lie over one another, and they grow as fewer of them are in view.
const GRID = 160;

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

// The shade as a picture that Plotly draws below the points; none for a map of few.
function densityImages(scene, places) {
  if (scene.dims !== 2 || scene.n <= ANIMATED || scene.other) return [];
  const [x, y] = corners(places, 2), canvas = document.createElement("canvas"), shades = density(scene, places, [x, y]);
  canvas.width = canvas.height = GRID;
  const paper = canvas.getContext("2d"), picture = paper.createImageData(GRID, GRID), [red, green, blue] = [0, 114, 178];
  shades.forEach((share, i) => picture.data.set([red, green, blue, 110 * Math.sqrt(share)], 4 * i));
  paper.putImageData(picture, 0, 0);
  return [{ source: canvas.toDataURL(), xref: "x", yref: "y", x: x[0], y: y[1], sizex: x[1] - x[0], sizey: y[1] - y[0],
    sizing: "stretch", layer: "below" }];
}

// The number of points in view.
function nSeen() {
  if (isHome || drawn !== 2 || scene.dims !== 2) return scene.n;
  const [x, y] = rangesNow();
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
  sizing = setTimeout(() => { if (scene.dims === 2 && drawn === 2 && sizeOf(nSeen()) !== scene.size) draw(); }, 300);
}
