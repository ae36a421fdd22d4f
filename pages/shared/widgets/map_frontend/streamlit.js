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
    document.addEventListener("DOMContentLoaded", () => { takeFonts(); Streamlit.send("componentReady", { apiVersion: 1 }); });
  },
  value(value) { Streamlit.send("setComponentValue", { value, dataType: "json" }); },
  height(height) { Streamlit.send("setFrameHeight", { height }); },
};

// A frame does not inherit the typefaces of the app's page, so it loads the same files. Elsewhere it keeps its own.
function takeFonts() {
  const faces = [];
  try {
    for (const sheet of window.parent.document.styleSheets) {
      const base = sheet.href || window.parent.document.baseURI;
      for (const rule of sheet.cssRules) {
        if (!/^@font-face/.test(rule.cssText) || !/Source Sans/.test(rule.cssText)) continue;
        faces.push(rule.cssText.replace(/url\("?([^")]+)"?\)/g, (_, address) => `url("${new URL(address, base)}")`));
      }
    }
  } catch (error) {
    if (error.name !== "SecurityError") throw error;
  }
  document.head.append(Object.assign(document.createElement("style"), { textContent: faces.join("\n") }));
}
