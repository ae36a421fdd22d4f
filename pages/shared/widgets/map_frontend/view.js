"use strict";
// The size of the map, the part of it that is seen, and how it moves from one part to another.
const ANIMATED = 20000, MOVE_MS = 900, NARROW = 600, TOOLBAR = 44, LEGEND = 224;
let isHome = true, flown = 0, flights = 0, covered = "", restored = "", settling = 0;
// The ranges of a map in 2D that are drawn, [[left, right], [bottom, top]], null in 3D; and the size of what is drawn.
let seen = null, room = { wide: 0, tall: 0 };

const ease = (t) => t * t * (3 - 2 * t);
const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const wide = () => document.documentElement.clientWidth;

// How tall the map is drawn. One that fills the window reaches to its lower edge, less what is kept free for others.
function tall() {
  if (!scene.fill) return Math.round(Math.min(scene.height, Math.max(340, window.innerWidth * 0.95)));
  const frame = window.frameElement, page = frame.ownerDocument.defaultView;
  if (page.innerWidth < 900) return Math.round(Math.max(340, page.innerHeight * 0.6));
  let top = frame.getBoundingClientRect().top;
  for (let one = frame.parentElement; one; one = one.parentElement) top += one.scrollTop;
  return Math.round(Math.max(380, page.innerHeight - top - scene.reserve - 10));
}

// The app's elements over the map, in pixels from its upper left corner.
function overlays() {
  const frame = window.frameElement?.getBoundingClientRect();
  if (!scene.fill || frame.width < NARROW) return [];
  return scene.covers.map((name) => window.frameElement.ownerDocument.querySelector(name)?.getBoundingClientRect())
    .map((box) => box && { left: box.left - frame.left, right: box.right - frame.left, top: box.top - frame.top, bottom: box.bottom - frame.top })
    .filter((box) => box && box.right > box.left && box.bottom > 0 && box.top < frame.height);
}

// All that lies over the map: these elements, the legend and the toolbar.
function covers() {
  if (!scene.fill) return [];
  const own = ["#legend", ".modebar"].map((name) => document.querySelector(name)?.getBoundingClientRect());
  return [...own.filter((box) => box && box.width > 0), ...overlays()];
}

// The legend stands left of a panel, or where that leaves little room, at the bottom. Labels keep off all.
const coveredNow = () => JSON.stringify(overlays());
function keepOff() {
  covered = coveredNow();
  const edge = Math.min(wide(), ...overlays().filter((box) => box.left > wide() / 2).map((box) => box.left));
  document.body.classList.toggle("strip", edge < Math.min(wide(), 900));
  at("legend").style.right = edge < wide() ? wide() - edge + 8 + "px" : "";
  placeLabels();
}

// The rectangle in which all points are shown at first: left of the legend and the panel, below the field, and above the
// toolbar. Its size does not depend on the words of the legend, so that another colour leaves the view as it is.
function freeArea() {
  const area = { left: 12, right: wide() - 12, top: 12, bottom: tall() - 12 };
  if (!scene.fill) return area;
  area.bottom = tall() - TOOLBAR;
  if (wide() < NARROW) return area;
  const panels = overlays(), isStrip = document.body.classList.contains("strip");
  if (isStrip) area.bottom = at("legend").getBoundingClientRect().top - 8;
  for (const box of panels) {
    if (box.left > wide() / 2) area.right = Math.min(area.right, box.left - 12);
    else if (box.bottom < tall() / 4) area.top = Math.max(area.top, box.bottom + 8);
  }
  if (!isStrip) area.right -= LEGEND;
  return area.right - area.left > 200 ? area : { ...area, right: wide() - 12 };
}

// The ranges of both axes that show an area, [[left, right], [bottom, top]], inside the free rectangle.
function rangesFor([x, y]) {
  const free = freeArea(), across = free.right - free.left, up = free.bottom - free.top;
  const scale = Math.min(across / (x[1] - x[0]), up / (y[1] - y[0]));
  const left = (x[0] + x[1]) / 2 - (free.left + across / 2) / scale, top = (y[0] + y[1]) / 2 + (free.top + up / 2) / scale;
  return [[left, left + wide() / scale], [top - tall() / scale, top]];
}

function homeRanges() {
  if (scene.cornersOf !== places) { scene.cornersOf = places; scene.corners = corners(places, scene.dims); }
  const [x, y] = scene.corners;
  if (!scene.other) return rangesFor([x, y]);
  const [left, bottom] = corners(scene.xy, scene.dims), [right, top] = corners(scene.other, scene.dims);
  return rangesFor([[Math.min(left[0], right[0]), Math.max(left[1], right[1])],
    [Math.min(bottom[0], top[0]), Math.max(bottom[1], top[1])]]);
}

const rangesNow = () => seen.map((ends) => ends.slice());
const unitPixels = () => room.wide / (seen[0][1] - seen[0][0]);

// The address of the page holds the ranges with the layout they belong to, so that a reload or a copied link shows the
// same part of the map. All points need no place in it.
const addressOf = () => window.frameElement.ownerDocument.defaultView;
const PATH = window.frameElement ? addressOf().location.pathname : "";

function keepView() {
  // For a moment, the frame is still there when another page has been opened.
  if (!scene.fill || !seen || addressOf().location.pathname !== PATH) return;
  const page = addressOf(), address = new URL(page.location.href);
  const ranges = rangesNow().flat().map((end) => Number(end.toPrecision(6)));
  const said = isHome ? null : [scene.layoutKey.slice(0, 8), ...ranges].join("_");
  if (said === address.searchParams.get("view")) return;
  if (said) address.searchParams.set("view", said);
  else address.searchParams.delete("view");
  page.history.replaceState(page.history.state, "", address);
}

// The app may write the address again, without the view, which it does not know.
setInterval(() => { if (scene) keepView(); }, 1500);

function viewChanged() {
  clearTimeout(settling);
  settling = setTimeout(keepView, 300);
}

// The ranges that the address holds for this layout, in a window of any shape; null if it holds none.
function storedView() {
  if (!scene.fill || scene.dims !== 2) return null;
  const [layout, ...numbers] = (new URL(addressOf().location.href).searchParams.get("view") || "").split("_");
  const [left, right, bottom, top] = numbers.map(Number);
  if (layout !== scene.layoutKey.slice(0, 8) || numbers.length !== 4 || !(right > left) || !(top > bottom)) return null;
  const scale = Math.min(wide() / (right - left), tall() / (top - bottom)), x = (left + right) / 2, y = (bottom + top) / 2;
  return [[x - wide() / scale / 2, x + wide() / scale / 2], [y - tall() / scale / 2, y + tall() / scale / 2]];
}

// The ranges to draw: at first those of the address. While the positions stay, the upper left corner and the scale stay
// too; else all points.
function view() {
  const stored = restored === scene.layoutKey ? null : storedView();
  restored = scene.layoutKey;
  if (stored) {
    isHome = false;
    return stored;
  }
  if (isHome || !seen || viewed !== scene.layoutKey) {
    isHome = true;
    return homeRanges();
  }
  const [x, y] = rangesNow(), scale = unitPixels();
  return [[x[0], x[0] + wide() / scale], [y[1] - tall() / scale, y[1]]];
}

// Moves the view, in steps if the map is small and the system does not ask for less motion.
async function move(aim) {
  await busy;
  if (!seen) return;
  const from = rangesNow(), mine = ++flights, began = performance.now();
  const isAtOnce = scene.n > ANIMATED || isCalm();
  for (let share = 0; share < 1 && mine === flights;) {
    share = isAtOnce ? 1 : Math.min(1, (performance.now() - began) / MOVE_MS);
    const [x, y] = from.map((ends, axis) => ends.map((end, i) => end + (aim[axis][i] - end) * ease(share)));
    await Plotly.relayout(chart, { "xaxis.range": x, "yaxis.range": y });
    if (share < 1) await new Promise(requestAnimationFrame);
  }
}

async function fly({ area, number }) {
  flown = number;
  await busy;
  isHome = false;
  await move(rangesFor([[area.left, area.right], [area.bottom, area.top]]));
}

async function goHome() {
  isHome = true;
  await move(homeRanges());
}

// Shows the whole map when a new star is where nobody sees it.
async function showStar() {
  await busy;
  if (!scene.star || !seen || isHome) return;
  const [x, y] = rangesNow(), pixels = unitPixels(), free = freeArea();
  const across = (scene.star[0] - x[0]) * pixels, down = (y[1] - scene.star[1]) * pixels;
  if (across < free.left || across > free.right || down < free.top || down > free.bottom) await goHome();
}
