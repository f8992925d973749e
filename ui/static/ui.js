// The chat page's own behaviour: clicks inside messages, one announcement per answer, recovery, embedding.
"use strict";
import { $, answers, banner, command, config, conversationId, copy, idsOf, make, text, type } from "./page.js";
import { feedback, keepOne, reportGap, wire } from "./frame.js";
import { open, outward, refresh } from "./panel.js";
import { watch } from "./watch.js";
import { embed } from "./embed.js";

if (config.embed) document.documentElement.classList.add("embed");
if (!config.history) document.documentElement.classList.add("unkept");

const ACTS = {
  "act-copy": (button) => copy(clip(button, "clip-text")),
  "act-copymd": (button) => copy(clip(button, "clip-md")),
  "act-word": (button) => keepOne(idsOf(button.closest(".answer"))),
  "act-alone": (button) => command({ do: "alone", id: idsOf(button.closest(".answer")).exchange }),
  "act-gap": (button) => reportGap(button),
  "act-retry": (button) => command({ do: "retry", id: idsOf(button.closest(".answer")).exchange }),
  "act-edit": (button) => command({ do: "edit", id: idsOf(button.closest(".ask")).exchange }),
  "act-undo": (button) => command({ do: "undo", id: idsOf(button.closest(".ask")).exchange }),
  "act-ask": (button) => command({ do: "ask", text: button.textContent }),
  "act-up": (button) => feedback(button, "up"),
  "act-down": (button) => feedback(button, "down"),
};
const clip = (button, name) => button.closest(".answer").querySelector(`.${name}`)?.textContent || "";

document.addEventListener("click", (event) => {
  const chip = event.target.closest(".cite");
  if (chip) {
    event.preventDefault();
    open(chip);
    return;
  }
  const link = event.target.closest("a.open");
  if (link) outward(link);
  const button = event.target.closest("#wj-chat .act, #wj-chat .suggest");
  const act = button && Object.keys(ACTS).find((name) => button.classList.contains(name));
  if (act) {
    event.preventDefault();
    ACTS[act](button);
  }
}, true);

let announced = new Set();
let first = true;

/** Once per finished answer: say so to a screen reader. Answers that were there from the start are not news. */
function announce() {
  const done = answers().filter((node) => node.classList.contains("done"));
  const fresh = done.filter((node) => !announced.has(node.id));
  announced = new Set(done.map((node) => node.id));
  const news = first ? null : fresh.at(-1);
  if (!news) return;
  const refused = news.querySelector(".card");
  const body = (refused || news.querySelector(".text"))?.innerText || "";
  $("wj-live").textContent = text(refused ? "refused" : "answered") + body.slice(0, 600);
}

/** Gradio's own elements get names, and lose roles that do not fit what is inside them. */
function mend() {
  const chat = $("wj-chat");
  chat?.querySelectorAll('[role="log"]').forEach((node) => {
    node.setAttribute("aria-live", "off");
    node.setAttribute("aria-label", text("conversation"));
  });
  chat?.querySelectorAll(".scroll-down-button-container button").forEach((node) => {
    node.setAttribute("aria-label", text("to_end"));
    node.title = text("to_end");
  });
  chat?.querySelectorAll(".message-row [data-testid][aria-label]").forEach((node) => node.removeAttribute("aria-label"));
  const box = document.querySelector("#wj-box textarea");
  if (box && box.getAttribute("aria-label") !== box.placeholder) {
    const first = !box.hasAttribute("aria-label");
    box.setAttribute("aria-label", box.placeholder);
    const wanted = new URLSearchParams(location.search).get("q");
    if (first && wanted && !box.value) type(box, wanted.slice(0, 2000));
  }
}

/** The address names the open conversation, so that a reload or a restart comes back to it. */
let named = false;
function address() {
  if (config.embed || !config.history) return;
  const url = new URL(location.href);
  const id = conversationId();
  named ||= Boolean(id); // before the first answer is on the page, ?c= is what is still to be opened
  if (!named || (url.searchParams.get("c") || "") === id) return;
  if (id) url.searchParams.set("c", id); else url.searchParams.delete("c");
  url.searchParams.delete("q");
  history.replaceState(history.state, "", url);
}

/** Gradio sets the page's language to the browser's: a screen reader would then read Chinese with an English voice. */
function tongue() {
  const root = document.documentElement;
  const own = config.lang === "en" ? "en" : "zh-CN";
  const set = () => { if (root.lang !== own) root.lang = own; };
  new MutationObserver(set).observe(root, { attributes: true, attributeFilter: ["lang"] });
  set();
}

let scheduled = false;
function changed() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    mend();
    refresh();
    announce();
    address();
  });
}

/** Whether the reload before this was ours, after a restart. A frame of another site may have no storage at all. */
function restarted() {
  try {
    const was = sessionStorage.getItem("wj-restarted");
    sessionStorage.removeItem("wj-restarted");
    return was !== null;
  } catch (error) {
    return false;
  }
}

function start() {
  const app = document.querySelector("gradio-app");
  new MutationObserver(changed).observe(app, { childList: true, subtree: true, characterData: true });
  setTimeout(() => { first = false; }, 1500);
  document.addEventListener("wj-asked", () => { first = false; });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter") first = false;
    if (event.key === "/" && !/^(input|textarea|select)$/i.test(event.target.tagName)) {
      event.preventDefault();
      document.querySelector("#wj-box textarea")?.focus();
    }
  });
  const chooser = $("wj-set");
  if (chooser) document.querySelector("gradio-app").after(chooser); // below the box, in the order of the keys too
  document.addEventListener("wj-collection", (event) => {
    $("wj-live").textContent = text("within", { name: event.detail });
    if (!answers().length) command({ do: "new" }); // the questions that are offered are others now
  });
  tongue();
  wire();
  watch();
  embed();
  changed();
  if (restarted()) banner(text("restarted"));
}

document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector("#wj-box textarea")?.focus();
});
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
