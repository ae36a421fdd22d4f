// While a file is made, its download button is disabled and loses the focus, and the dialog no longer sees the keyboard.
function passOn(event) {
  if (event.key !== "Escape" || event.target !== document.body) return;
  const escape = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
  document.querySelector("section[role='dialog']")?.dispatchEvent(escape);
}

export default function () {
  document.addEventListener("keydown", passOn);
  return () => document.removeEventListener("keydown", passOn);
}
