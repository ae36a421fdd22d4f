"use strict";
// The messages between this component and Streamlit.
const Streamlit = {
  send(type, fields) {
    window.parent.postMessage({ isStreamlitMessage: true, type: "streamlit:" + type, ...fields }, "*");
  },
  listen(render) {
    window.addEventListener("message", (event) => {
      if (event.data.type === "streamlit:render") render(event.data.args, event.data.theme);
    });
    // Not before all scripts have run: the app's first message may come at once.
    document.addEventListener("DOMContentLoaded", () => { Streamlit.send("componentReady", { apiVersion: 1 }); takeFonts(); });
  },
  value(value) { Streamlit.send("setComponentValue", { value, dataType: "json" }); },
  height(height) { Streamlit.send("setFrameHeight", { height }); },
};

// A frame does not inherit the typefaces of the app's page, so it loads the same files. Elsewhere it keeps its own.
function takeFonts() {
  const page = window.frameElement?.ownerDocument, faces = [];
  for (const sheet of page?.styleSheets ?? []) {
    for (const rule of rulesOf(sheet)) {
      if (!/^@font-face/.test(rule.cssText) || !/Source Sans/.test(rule.cssText)) continue;
      const base = sheet.href || page.baseURI;
      faces.push(rule.cssText.replace(/url\("?([^")]+)"?\)/g, (_, address) => `url("${new URL(address, base)}")`));
    }
  }
  document.head.append(Object.assign(document.createElement("style"), { textContent: faces.join("\n") }));
}

// Those of another server's sheet, which a browser extension may add, cannot be read.
function rulesOf(sheet) {
  try { return sheet.cssRules; } catch { return []; }
}
