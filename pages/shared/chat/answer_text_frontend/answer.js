// Draws an answer as the tree of its Markdown, whose leaves are pieces of its segments, with one card for the citation
// or sentence under the pointer or in focus. Elements are of the kinds below, and text is never set as HTML.

const MARGIN = 8, GAP = 6, HEIGHT = "22rem", OPEN_AFTER = 90, CLOSE_AFTER = 220;
const views = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new AnswerView(parentElement);
    views.set(parentElement, view);
  }
  view.open = (number) => setTriggerValue("open", number);
  view.draw(data);
  return () => view.hide();
}

function element(kind, className, text) {
  const made = document.createElement(kind);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Pieces of text as nodes; the function `marks[layer - 1]` makes the element of a highlighted piece.
function inPieces(pieces, marks) {
  return pieces.map(([text, layer]) => (layer ? marks[layer - 1](text) : document.createTextNode(text)));
}

const KINDS = {
  heading: ["p", "strong"], paragraph: ["p"], strong: ["strong"], emphasis: ["em"], code: ["code"], fenced: ["div"],
  language: ["p"], bullets: ["ul"], numbers: ["ol"], item: ["li"], table: ["div", "table"], head: ["thead"],
  body: ["tbody"], row: ["tr"], name: ["th"], cell: ["td"],
};
const SCROLLS = { fenced: "Code", table: "Table" };

// The tree of a text as nodes; the function `leaf` makes the nodes of a leaf.
function inTree(nodes, leaf) {
  return nodes.flatMap((node) => {
    if (Array.isArray(node)) return leaf(node);
    const [outer, ...inner] = KINDS[node.kind].map((name) => element(name, ""));
    outer.className = node.kind;
    if (SCROLLS[node.kind]) {
      outer.tabIndex = 0;
      outer.setAttribute("role", "region");
      outer.setAttribute("aria-label", SCROLLS[node.kind]);
    }
    outer.append(...inner);
    (inner[0] ?? outer).append(...inTree(node.children, leaf));
    return [outer];
  });
}

const differs = (text) => element("mark", "differs", text);
const inPassage = (text) => element("mark", "", text);
const supporting = (text) => {
  const mark = element("mark", "");
  mark.append(element("b", "", text));
  return mark;
};

class AnswerView {
  constructor(root) {
    this.text = element("div", "answer");
    this.card = element("div", "card");
    this.card.popover = "manual"; // A popover is in the top layer: it is not clipped, and the text does not move.
    this.card.setAttribute("role", "dialog");
    this.anchor = null; // The element that the open card belongs to; `line`: the number of its line next to the card.
    this.reasons = 0;
    root.append(this.text, this.card);
    this.card.addEventListener("pointerenter", () => clearTimeout(this.timer));
    this.card.addEventListener("pointerleave", (event) => this.leave(event));
    this.card.addEventListener("focusout", (event) => this.blurred(event));
    this.onKey = (event) => this.escape(event);
    this.onPress = (event) => this.pressed(event);
    this.onMove = () => this.place();
  }

  draw(data) {
    const drawn = JSON.stringify(data);
    if (drawn === this.drawn) return; // An open card stays open while the page runs again.
    this.drawn = drawn;
    this.hide();
    this.sources = data.sources;
    const parts = data.segments.map(() => []);
    this.text.replaceChildren(...inTree(data.tree, (leaf) => this.leaf(leaf, data.segments, parts)));
    let before = null;
    data.segments.forEach((segment, number) => {
      const added = this.addition(segment, parts[number]);
      before = parts[number].at(-1) ?? before;
      if (added && before) before.after(added);
      else if (added) this.text.append(added);
      before = added ?? before;
    });
  }

  // A leaf as one span for each segment that it has pieces of; they are noted in `parts`, by segment.
  leaf(leaf, segments, parts) {
    const spans = new Map();
    for (const [number, index] of leaf) {
      const { pieces, verdict } = segments[number];
      if (!spans.has(number)) {
        spans.set(number, element("span", verdict));
        parts[number].push(spans.get(number));
      }
      spans.get(number).append(...inPieces([pieces[index]], [differs]));
    }
    return [...spans.values()];
  }

  // What follows a sentence: its chip, or the reason why no passage supports it.
  addition(segment, parts) {
    if (segment.verdict === "supported" || segment.verdict === "altered") return this.chip(segment);
    if (segment.verdict === "unsupported" && parts.length) return this.unsupported(parts, segment);
    return null;
  }

  chip(segment) {
    const source = this.sources[segment.number - 1], isAltered = segment.verdict === "altered";
    const chip = element("button", isAltered ? "chip doubtful" : "chip", `${segment.number}${isAltered ? "?" : ""}`);
    const where = [source.document, source.place, `similarity ${segment.score.toFixed(2)}`].filter(Boolean).join(", ");
    chip.type = "button";
    chip.setAttribute("aria-label", [`Source ${segment.number}: ${where}`, segment.note].filter(Boolean).join(". "));
    chip.setAttribute("aria-haspopup", "dialog");
    chip.setAttribute("aria-expanded", "false");
    this.opensCard(chip, segment, () => this.open(segment.number));
    return chip;
  }

  // An unsupported sentence can be focused with the keyboard, and a screen reader reads its reason.
  unsupported(parts, segment) {
    const reason = element("span", "", segment.note);
    reason.hidden = true;
    reason.id = `reason-${++this.reasons}`;
    parts[0].tabIndex = 0;
    parts[0].setAttribute("aria-describedby", reason.id);
    parts.forEach((part) => this.opensCard(part, segment, () => {}));
    return reason;
  }

  opensCard(anchor, segment, click) {
    let pointer = "keyboard";
    anchor.addEventListener("pointerdown", (event) => { pointer = event.pointerType; });
    anchor.addEventListener("keydown", (event) => {
      pointer = "keyboard";
      if (event.key === "ArrowDown" && this.anchor === anchor) {
        event.preventDefault();
        this.card.querySelector("[tabindex], button")?.focus();
      }
    });
    anchor.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse") this.later(() => this.show(anchor, segment, event.clientY), OPEN_AFTER);
    });
    anchor.addEventListener("pointerleave", (event) => this.leave(event));
    anchor.addEventListener("focus", () => { if (anchor.matches(":focus-visible")) this.show(anchor, segment); });
    anchor.addEventListener("blur", (event) => this.blurred(event));
    anchor.addEventListener("click", (event) => {
      if (pointer === "mouse" || pointer === "keyboard") return click();
      if (this.anchor === anchor) this.hide();
      else this.show(anchor, segment, event.clientY);
    });
  }

  later(action, milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(action, milliseconds);
  }

  leave(event) {
    if (event.pointerType === "mouse") this.later(() => this.hideUnlessFocused(), CLOSE_AFTER);
  }

  blurred(event) {
    if (event.relatedTarget && this.card.contains(event.relatedTarget)) return;
    if (!this.card.matches(":hover")) this.later(() => this.hideUnlessFocused(), 0);
  }

  hideUnlessFocused() {
    if (!this.card.matches(":focus-within")) this.hide();
  }

  show(anchor, segment, y) {
    if (!anchor.isConnected) return;
    clearTimeout(this.timer);
    this.anchor?.setAttribute("aria-expanded", "false");
    this.anchor = anchor;
    if (anchor.localName === "button") anchor.setAttribute("aria-expanded", "true");
    const lines = [...anchor.getClientRects()];
    this.line = lines.findLastIndex((one) => y === undefined || (one.top <= y && y <= one.bottom));
    this.fill(segment);
    if (!this.card.matches(":popover-open")) this.card.showPopover();
    this.place();
    const passage = this.card.querySelector(".passage"), mark = passage?.querySelector("mark");
    if (mark) passage.scrollTop = mark.offsetTop - passage.clientHeight / 3;
    this.listen("addEventListener");
  }

  hide() {
    clearTimeout(this.timer);
    if (!this.anchor) return;
    this.listen("removeEventListener");
    if (this.anchor.localName === "button") this.anchor.setAttribute("aria-expanded", "false");
    this.anchor = null;
    if (this.card.isConnected) this.card.hidePopover();
  }

  listen(how) {
    document[how]("keydown", this.onKey, true);
    document[how]("pointerdown", this.onPress, true);
    document[how]("scroll", this.onMove, true);
    window[how]("resize", this.onMove);
  }

  escape(event) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    const anchor = this.anchor, hadFocus = this.card.matches(":focus-within");
    this.hide();
    if (hadFocus) anchor.focus({ focusVisible: false });
  }

  pressed(event) {
    const path = event.composedPath();
    if (!path.includes(this.card) && !path.includes(this.anchor)) this.hide();
  }

  fill(segment) {
    const parts = segment.note ? [element("div", "note", segment.note)] : [];
    if (segment.number) parts.push(...this.about(segment, this.sources[segment.number - 1]));
    this.card.setAttribute("aria-label", segment.note || `Source ${segment.number}`);
    this.card.replaceChildren(...parts);
  }

  about(segment, source) {
    const where = element("div", "where"), passage = element("div", "passage");
    if (segment.verdict === "altered") where.append(element("div", "quiet", "Compare with the passage:"));
    else if (segment.note) where.append(element("div", "quiet", "The nearest passage:"));
    where.append(element("span", "number", String(source.number)), element("span", "document", source.document));
    if (source.place) where.append(element("span", "quiet", source.place));
    passage.tabIndex = 0;
    const { pieces, tree } = segment.passage;
    passage.append(...inTree(tree, ([first, end]) => inPieces(pieces.slice(first, end), [inPassage, supporting])));
    const link = element("button", "open", "Open in document");
    link.type = "button";
    link.addEventListener("click", () => this.open(source.number));
    return [where, meter(segment.score, source), passage, link];
  }

  // Places the card below its anchor, or above if there is more room; never outside the window.
  place() {
    const lines = this.anchor.getClientRects(), line = lines[this.line] ?? lines[lines.length - 1];
    if (!line || line.bottom < 0 || line.top > window.innerHeight) return this.hide();
    const style = this.card.style, above = line.top - GAP - MARGIN;
    const below = window.innerHeight - line.bottom - GAP - MARGIN;
    style.maxHeight = HEIGHT;
    const isBelow = below >= this.card.offsetHeight || below >= above;
    style.maxHeight = `min(${HEIGHT}, ${Math.max(isBelow ? below : above, 0)}px)`;
    const { offsetWidth: width, offsetHeight: height } = this.card;
    const left = line.left + line.width / 2 - width / 2;
    style.left = `${Math.max(MARGIN, Math.min(left, window.innerWidth - width - MARGIN))}px`;
    style.top = `${isBelow ? line.bottom + GAP : line.top - GAP - height}px`;
  }
}

function meter(score, source) {
  const line = element("div", "meter"), bar = element("div", "bar"), filled = element("div", "");
  filled.style.width = `${100 * Math.max(0, Math.min(score, 1))}%`;
  bar.append(filled);
  line.append(bar, element("span", "", `similarity ${score.toFixed(2)}`));
  line.title = `Sentence and passage: ${score.toFixed(2)}; question and whole chunk: ${source.similarity.toFixed(2)}`;
  return line;
}
