// A text field that sends its text a moment after the last key press.

const PAUSE = 200;
const fields = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  let field = fields.get(parentElement);
  if (!field) {
    field = new LiveText(parentElement, data);
    fields.set(parentElement, field);
  }
  field.send = (text) => setStateValue("value", text);
  field.describe(data);
}

class LiveText {
  constructor(root, data) {
    const field = document.createElement("div"), box = document.createElement("div");
    this.label = document.createElement("label");
    this.input = document.createElement("input");
    this.clear = document.createElement("button");
    field.className = "field";
    box.className = "box";
    box.append(this.input, this.clear);
    field.append(this.label, box);
    root.append(field);
    this.label.htmlFor = this.input.id = "text";
    Object.assign(this.input, { type: "text", autocomplete: "off", spellcheck: false, enterKeyHint: "search" });
    Object.assign(this.clear, { type: "button", textContent: "×", title: "Clear" });
    this.clear.setAttribute("aria-label", "Clear");
    this.filled = data.filled;
    this.input.value = this.sent = data.text;
    this.follow();
  }

  describe({ label, placeholder, help, text, filled }) {
    // Other text that the app sends later is older than what is being typed.
    if (filled !== this.filled) {
      this.filled = filled;
      this.input.value = this.sent = text;
    }
    const hint = document.createElement("span");
    Object.assign(hint, { textContent: help ? "?" : "", title: help });
    this.label.replaceChildren(label, hint);
    this.input.placeholder = placeholder || " "; // CSS hides the clear button while a placeholder is shown.
    this.input.setAttribute("aria-label", label);
    this.input.setAttribute("aria-description", help);
  }

  follow() {
    this.input.addEventListener("input", (event) => { if (!event.isComposing) this.soon(); });
    this.input.addEventListener("compositionend", () => this.soon());
    this.input.addEventListener("change", () => this.now());
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) this.now();
    });
    this.clear.addEventListener("click", () => {
      this.input.value = "";
      this.input.focus();
      this.now();
    });
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), PAUSE);
  }

  now() {
    clearTimeout(this.timer);
    if (this.input.value === this.sent || !this.input.isConnected) return;
    this.sent = this.input.value;
    this.send(this.sent);
  }
}
