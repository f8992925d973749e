// Evidence: the side panel on wide pages, in place on narrow ones. Every answer carries its own; nothing is fetched.
"use strict";
import { $, answers, make, text } from "./page.js";

const narrow = () => document.documentElement.classList.contains("embed") || innerWidth < 1000;
let shown = "";

/** Show an answer's evidence in the panel; `id` is the answer's element id. */
export function show(id) {
  const panel = $("wj-panel-body");
  const answer = document.getElementById(id);
  const evidence = answer?.querySelector(".evidence");
  const body = [];
  if (evidence) {
    const question = document.getElementById(`${id}-q`)?.querySelector(".ask-text")?.textContent;
    if (question) body.push(make("p", { className: "p-question", textContent: question }));
    const copy = evidence.cloneNode(true);
    for (const node of [copy, ...copy.querySelectorAll("[id]")]) if (node.id) node.id = `p-${node.id}`;
    copy.querySelectorAll("details.ev").forEach((ev) => { ev.open = Boolean(ev.querySelector("mark")) || !copy.querySelector("mark"); });
    copy.querySelectorAll(".ev-rest").forEach((rest) => { rest.open = !copy.querySelector("mark"); });
    copy.querySelectorAll("a.open").forEach(outward);
    body.push(copy);
  } else {
    body.push(make("p", { className: "p-empty", textContent: text("panel_empty") }));
  }
  panel.replaceChildren(...body);
  shown = id;
}

/** A chip was chosen: open source n and light up exactly the quotes it stands for. */
export function open(chip) {
  const id = (chip.getAttribute("href") || "").split("#").pop();
  const answer = chip.closest(".answer");
  if (!answer) return;
  const inPlace = narrow();
  if (!inPlace && shown !== answer.id) show(answer.id);
  const target = document.getElementById(inPlace ? id : `p-${id}`);
  if (!target) return;
  const quotes = [...chip.classList].filter((name) => /^k\d+$/.test(name));
  const scope = inPlace ? answer : $("wj-panel-body");
  scope.querySelectorAll(".on").forEach((node) => node.classList.remove("on"));
  document.querySelectorAll("#wj-chat .cite.on").forEach((node) => node.classList.remove("on"));
  chip.classList.add("on");
  target.open = true;
  target.classList.add("on");
  const marks = [...target.querySelectorAll("mark")].filter((mark) => quotes.some((name) => mark.classList.contains(name)));
  marks.forEach((mark) => mark.classList.add("on"));
  const smooth = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  (marks[0] || target).scrollIntoView({ block: "center", behavior: smooth });
  target.querySelector("summary")?.focus({ preventScroll: true });
}

/** After the messages changed: the newest answer's evidence belongs in the panel. */
export function refresh() {
  const newest = answers().at(-1);
  if (!newest) {
    if (shown) show("");
    return;
  }
  const had = $("wj-panel-body").querySelector(".evidence");
  const changed = newest.id !== shown || signature(newest.querySelector(".evidence")) !== signature(had);
  if (changed) show(newest.id);
}

/** Links that lead out of the chat open in a tab of their own that cannot reach back. */
export function outward(link) {
  link.target = "_blank";
  link.rel = "noopener";
}

function signature(evidence) {
  return evidence ? evidence.textContent.length + ":" + evidence.querySelectorAll("mark, details").length : "";
}
