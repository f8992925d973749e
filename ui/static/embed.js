// Inside a widget's frame: tell the host page that we are ready, pass Esc on, take a question from it.
"use strict";
import { command, config, type } from "./page.js";

export function embed() {
  if (!config.embed || parent === window) return;
  const host = new URLSearchParams(location.search).get("host") || "";
  const tell = (message) => { if (host) parent.postMessage({ wenju: message }, host); };
  const ready = setInterval(() => {
    if (!document.querySelector("#wj-box textarea")) return;
    clearInterval(ready);
    tell("ready");
  }, 100);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) tell("close");
  });
  addEventListener("message", (event) => {
    if (event.source !== parent || event.origin !== host || typeof event.data !== "object" || !event.data) return;
    const { wenju, text } = event.data;
    const box = document.querySelector("#wj-box textarea");
    if (wenju === "focus") box?.focus();
    if (wenju === "fill" && typeof text === "string" && box) { type(box, text.slice(0, 2000)); box.focus(); }
    if (wenju === "ask" && typeof text === "string" && text.trim()) command({ do: "ask", text: text.slice(0, 2000) });
  });
}
