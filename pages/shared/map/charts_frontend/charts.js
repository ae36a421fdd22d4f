"use strict";
// Charts of the columns: grey bars are all chunks, coloured ones what is shown. A click or a drag filters the map.
const place = document.getElementById("charts");
let charts = [], sequence = Date.now(), from = null;
// Of each histogram, one after the other, the bar of every chunk; they are sent once, and named by a key.
let bars = { key: "", codes: null }, asked = "", previewing = 0;

Streamlit.listen((args, theme) => {
  const style = document.documentElement.style;
  style.setProperty("--page", theme?.backgroundColor || "#fff");
  style.setProperty("--ink", theme?.textColor || "#1b2127");
  style.setProperty("--panel", theme?.base === "dark" ? "#323b45" : "#dfe4e9");
  style.setProperty("--accent", theme?.primaryColor || "#0072b2");
  style.setProperty("--quiet", theme?.base === "dark" ? "#9aa6b2" : "#5a6672");
  charts = args.charts;
  holdBars(args);
  const focused = [...document.querySelectorAll("button")].indexOf(document.activeElement), moved = place.scrollLeft;
  place.replaceChildren(...charts.map(chartOf));
  place.scrollLeft = moved;
  if (focused >= 0) document.querySelectorAll("button")[focused]?.focus();
  Streamlit.height(178);
});

const report = (title, chosen) => Streamlit.value({ title, chosen, sequence: ++sequence });

// The app takes it that the bars are here, but this frame may be new.
function holdBars({ barsKey, codes }) {
  if (codes || !barsKey) bars = { key: barsKey, codes };
  if (barsKey === bars.key) return;
  bars = { key: "", codes: null };
  if (asked === barsKey) return;
  asked = barsKey;
  Streamlit.value({ title: "", chosen: [], missing: true, sequence: ++sequence });
}

// Shows on the map what a drag from one bar to another would keep; the app's answer comes after the pointer is released.
function preview(chart, one, other) {
  cancelAnimationFrame(previewing);
  previewing = requestAnimationFrame(() => brushMap(keptBy(chart, ...ordered(one, other))));
}
function brushMap(kept) {
  window.parent.document.querySelector("iframe[title='pages.shared.widgets.map_chart.map']")?.contentWindow.brush?.(kept);
}
// The chunks in a range of bars; null if only the app knows, because a narrower range of this chart is chosen now.
function keptBy(chart, low, high) {
  const histograms = charts.filter((one) => one.edges.length), n = bars.codes ? bars.codes.length / histograms.length : 0;
  if (!n || (chart.chosen.length && (low < chart.chosen[0] || high > chart.chosen[1]))) return null;
  const start = n * histograms.findIndex((one) => one.title === chart.title);
  return bars.codes.slice(start, start + n).map((bar) => bar >= low && bar <= high);
}

function made(kind, fields, ...children) {
  const one = Object.assign(document.createElement(kind), fields);
  one.append(...children.filter(Boolean));
  return one;
}

function chartOf(chart) {
  const clear = chart.chosen.length ? made("button", { type: "button", className: "clear", textContent: "Clear",
    onclick: () => report(chart.title, []) }) : null;
  const title = made("h2", {}, made("span", { textContent: chart.title, title: chart.title }), clear);
  return made("section", {}, title, ...(chart.edges.length ? histogram(chart) : [labels(chart)]));
}

const spoken = (chart, i) => `${chart.title}: ${chart.names[i]}, ${chart.kept[i].toLocaleString("en")} of ${chart.all[i].toLocaleString("en")} shown`;
function bar(size, share, className = "") {
  const one = made("i", { className });
  one.style[size] = 100 * share + "%";
  return one;
}
function pressable(chart, i, isPressed, ...children) {
  const one = made("button", { type: "button", title: spoken(chart, i) }, ...children);
  one.setAttribute("aria-label", spoken(chart, i));
  one.setAttribute("aria-pressed", String(isPressed));
  return one;
}

function labels(chart) {
  const most = Math.max(1, ...chart.all);
  return made("div", { className: "labels" }, ...chart.names.map((name, i) => {
    const kept = bar("width", chart.kept[i] / most, "kept"), isChosen = chart.chosen.includes(i);
    kept.style.setProperty("--hue", chart.colours[i]);
    const one = pressable(chart, i, isChosen, bar("width", chart.all[i] / most), kept, made("span", { textContent: name }),
      made("span", { textContent: chart.kept[i].toLocaleString("en") }));
    one.disabled = chart.fixed.includes(i);
    one.onclick = () => report(chart.title, isChosen ? chart.chosen.filter((other) => other !== i) : [...chart.chosen, i]);
    return one;
  }));
}

// A drag over the bars, or Enter and then Shift with Enter, chooses a range.
function histogram(chart) {
  const most = Math.max(1, ...chart.all), isChosen = (i) => chart.chosen.length && i >= chart.chosen[0] && i <= chart.chosen[1];
  const bins = chart.names.map((_, i) => {
    const one = pressable(chart, i, isChosen(i), bar("height", chart.all[i] / most), bar("height", chart.kept[i] / most, "kept"));
    one.onpointerdown = (event) => { event.preventDefault(); from = i; mark(i, i); preview(chart, i, i); };
    one.onclick = (event) => { if (!event.detail) report(chart.title, event.shiftKey && chart.chosen.length ? ordered(chart.chosen[0], i) : [i, i]); };
    return one;
  });
  const mark = (one, other) => bins.forEach((bin, i) => bin.setAttribute("aria-pressed", String(i >= Math.min(one, other) && i <= Math.max(one, other))));
  const row = made("div", { className: "bins" }, ...bins);
  const under = (event) => { const box = row.getBoundingClientRect(); return Math.min(bins.length - 1, Math.max(0, Math.floor((event.clientX - box.left) / box.width * bins.length))); };
  row.onpointermove = (event) => {
    if (from === null) return;
    row.setPointerCapture(event.pointerId);
    mark(from, under(event));
    preview(chart, from, under(event));
  };
  row.onpointerup = (event) => { if (from !== null) { report(chart.title, ordered(from, under(event))); from = null; } };
  row.onpointercancel = () => { from = null; cancelAnimationFrame(previewing); brushMap(null); };
  return [row, made("div", { className: "ends" }, made("span", { textContent: chart.ends[0] }), made("span", { textContent: chart.ends[1] }))];
}
const ordered = (one, other) => [Math.min(one, other), Math.max(one, other)];
