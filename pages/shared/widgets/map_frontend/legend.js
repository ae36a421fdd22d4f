"use strict";
// The legend: what each colour means and how many points have it. A click shows one group alone.
let only = new Set();
const off = new Set();

function legend() {
  const counts = scene.names.map(() => 0);
  scene.codes.forEach((code, row) => { if (!scene.shown || scene.shown[row]) counts[code]++; });
  const isScaleOnly = counts.every((count, group) => !count || group === scene.scaleGroup);
  // A scale needs no entry of its own.
  const items = isScaleOnly ? [] : scene.names.map((name, group) => {
    if (!counts[group]) return null;
    const dot = document.createElement("span");
    dot.className = "dot";
    dot.style.background = group === scene.scaleGroup ? gradient("90deg") : scene.colours[group];
    return legendItem(dot, name, counts[group], only.has(name), (event) => isolate(name, event.ctrlKey || event.metaKey || event.shiftKey));
  });
  if (scene.questions.length) {
    const cross = document.createElement("span");
    cross.className = "cross";
    cross.textContent = "\u2715";
    items.push(legendItem(cross, scene.questionsTitle, scene.questions.length, !off.has(scene.questionsTitle), () => {
      off.delete(scene.questionsTitle) || off.add(scene.questionsTitle);
      legend();
      draw();
    }));
  }
  const title = document.createElement("b");
  title.textContent = scene.title;
  const parts = [title, scene.scaleGroup >= 0 && counts[scene.scaleGroup] ? scaleBar() : null, ...items];
  at("legend").className = only.size ? "isolated" : "";
  at("legend").replaceChildren(...parts.filter(Boolean));
}

const gradient = (direction) => `linear-gradient(${direction}, ${scene.scale.map((step) => step[1]).join(",")})`;

// The colour scale with its ends and the marks between them.
function scaleBar() {
  const bar = document.createElement("div"), colours = document.createElement("i"), marks = document.createElement("div");
  bar.className = "scale";
  colours.style.background = gradient("90deg");
  const ends = scene.ticks.length ? [scene.ticks[0], scene.ticks[scene.ticks.length - 1]].map((tick) => tick[1])
    : [scene.low, scene.high].map(shownValue);
  marks.append(...ends.map((text) => { const mark = document.createElement("span"); mark.textContent = text; return mark; }));
  bar.append(colours, marks);
  return bar;
}

function legendItem(mark, name, count, isPressed, onclick) {
  const item = document.createElement("button"), words = document.createElement("span"), number = document.createElement("span");
  words.textContent = name;
  words.className = "name";
  number.textContent = `(${count.toLocaleString("en")})`;
  item.append(mark, words, " ", number);
  item.type = "button";
  item.title = name === scene.questionsTitle ? "Show or hide the crosses" : "Show only this group. With Ctrl: add it or take it away. Again: show all.";
  item.setAttribute("aria-pressed", String(isPressed));
  item.onclick = onclick;
  return item;
}

// Shows a group alone, or all again if it was alone; `isAdded` changes only this group.
function isolate(name, isAdded) {
  const isAlone = only.size === 1 && only.has(name);
  if (isAdded) only.delete(name) || only.add(name);
  else only = new Set(isAlone ? [] : [name]);
  const place = [...at("legend").querySelectorAll("button")].findIndex((one) => one === document.activeElement);
  legend();
  if (place >= 0) at("legend").querySelectorAll("button")[place]?.focus();
  draw();
  report("groups", [], "", [...only]);
}
