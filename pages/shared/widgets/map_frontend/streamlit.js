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
    document.addEventListener("DOMContentLoaded", () => Streamlit.send("componentReady", { apiVersion: 1 }));
  },
  value(value) { Streamlit.send("setComponentValue", { value, dataType: "json" }); },
  height(height) { Streamlit.send("setFrameHeight", { height }); },
};
