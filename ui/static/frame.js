// The frame around the chat: new chat, history, keeping and sharing, theme, feedback dialog.
"use strict";
import { $, banner, command, config, conversationId, copy, idsOf, make, request, text } from "./page.js";

/** Open or close the history drawer. */
export async function toggleHistory(open) {
  const drawer = $("wj-drawer");
  if (!drawer) return;
  drawer.hidden = !(open ?? drawer.hidden);
  $("wj-history")?.setAttribute("aria-expanded", String(!drawer.hidden));
  if (drawer.hidden) {
    $("wj-history")?.focus();
    return;
  }
  $("wj-search").value = "";
  await list("");
  $("wj-search").focus();
}

async function list(query) {
  let rows;
  try {
    rows = await request(`/page/conversations?q=${encodeURIComponent(query)}`);
  } catch (error) {
    banner(text("failed"));
    return;
  }
  const current = conversationId();
  const items = rows.map((row) => {
    const when = new Date(row.updated).toLocaleString(config.lang === "en" ? "en" : "zh-CN", { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit" });
    const open = make("button", { className: "c-open", title: row.title }, row.title, make("small", { textContent: `${when} · ${text("turns", { n: row.turns })}` }));
    open.addEventListener("click", () => { command({ do: "open", id: row.id }); toggleHistory(false); });
    const rename = make("button", { className: "act", textContent: text("rename") });
    rename.setAttribute("aria-label", `${text("rename")} ${row.title}`);
    rename.addEventListener("click", () => renameRow(row, query));
    const remove = make("button", { className: "act", textContent: text("delete") });
    remove.setAttribute("aria-label", `${text("delete")} ${row.title}`);
    remove.addEventListener("click", () => removeRow(row, query, current));
    return make("li", { className: row.id === current ? "current" : "" }, open, rename, remove);
  });
  if (!items.length) items.push(make("li", { className: "p-empty", textContent: text("no_history") }));
  $("wj-list").replaceChildren(...items);
}

async function renameRow(row, query) {
  const title = prompt(text("rename_prompt"), row.title);
  if (!title?.trim()) return;
  await attempt(() => request(`/page/conversations/${row.id}`, { method: "PATCH", body: { title } }));
  await list(query);
}

async function removeRow(row, query, current) {
  if (!confirm(text("delete_confirm"))) return;
  await attempt(() => request(`/page/conversations/${row.id}`, { method: "DELETE" }));
  if (row.id === current) command({ do: "new" });
  await list(query);
}

async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    banner(text("failed"));
    return null;
  }
}

/** Menu entries: export-docx, export-md, export-html, export-json, print, share. */
export async function keep(what) {
  const id = conversationId();
  if (what === "print") { print(); return; }
  if (!id) { banner(text("share_first")); return; }
  if (what === "share") {
    const link = await attempt(() => request(`/page/conversations/${id}/share`, { method: "POST", body: {} }));
    if (link) await copy(location.origin + link.path, text("share_done"));
    return;
  }
  download(id, what.split("-")[1]);
}

function download(conversation, form, exchange = "") {
  const one = exchange && `&exchange=${exchange}`;
  make("a", { href: `${config.base}/page/conversations/${conversation}/export.${form}?lang=${config.lang}${one}`, download: "" }).click();
}

/** One answer as Word. */
export const keepOne = ({ conversation, exchange }) => download(conversation, "docx", exchange);

/** A refusal's button: the administrator is told that the documents lack this. */
export async function reportGap(button) {
  const { conversation, exchange } = idsOf(button.closest(".answer"));
  const done = await attempt(() => request("/page/feedback", { method: "POST", body: { conversation, exchange, verdict: "down", reasons: ["gap"] } }));
  if (!done) return;
  button.classList.add("on");
  banner(text("reported"));
}

export function toggleTheme() {
  const dark = !document.documentElement.classList.contains("dark");
  document.documentElement.classList.toggle("dark", dark);
  document.body.classList.toggle("dark", dark);
  try { localStorage.setItem("wj-theme", dark ? "dark" : "light"); } catch (error) { /* not kept, then */ }
  nameTheme();
}

export function nameTheme() {
  const button = $("wj-theme");
  if (button) button.textContent = text(document.documentElement.classList.contains("dark") ? "light" : "dark");
}

/** Thumbs: up is sent at once, down asks for reasons first. */
export function feedback(button, verdict) {
  const answer = button.closest(".answer");
  const { conversation, exchange } = idsOf(answer);
  const send = async (reasons, comment) => {
    const done = await attempt(() => request("/page/feedback", { method: "POST", body: { conversation, exchange, verdict, reasons, comment } }));
    if (!done) return;
    answer.querySelectorAll(".act-up, .act-down").forEach((node) => node.classList.toggle("on", node === button));
    banner(text("thanks"));
  };
  if (verdict === "up") { send([], ""); return; }
  const dialog = $("wj-feedback");
  const form = dialog.querySelector("form");
  form.reset();
  dialog.onclose = () => {
    button.focus();
    if (dialog.returnValue !== "send") return;
    const reasons = [...form.querySelectorAll("[name=reason]:checked")].map((box) => box.value);
    send(reasons, form.elements.comment.value);
  };
  dialog.returnValue = "";
  dialog.showModal();
}

/** On paper every cited passage is open; older browsers cannot do that in CSS. */
function openForPrint() {
  const shut = [...document.querySelectorAll("#wj-chat .evidence > details.ev:not([open])")].filter((node) => node.querySelector("mark"));
  shut.forEach((node) => { node.open = true; });
  addEventListener("afterprint", () => shut.forEach((node) => { node.open = false; }), { once: true });
}

/** Wire what is in the frame. */
export function wire() {
  nameTheme();
  addEventListener("beforeprint", openForPrint);
  $("wj-new")?.addEventListener("click", () => command({ do: "new" }));
  $("wj-history")?.addEventListener("click", () => toggleHistory());
  $("wj-theme")?.addEventListener("click", toggleTheme);
  let timer = 0;
  $("wj-search")?.addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => list(event.target.value), 200);
  });
  document.addEventListener("click", (event) => {
    const entry = event.target.closest("[data-do]");
    const menu = document.querySelector(".menu[open]");
    if (menu && (!menu.contains(event.target) || entry)) menu.open = false;
    if (entry?.dataset.do === "close-drawer") toggleHistory(false);
    else if (entry) keep(entry.dataset.do);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector(".menu[open]");
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
    if ($("wj-drawer") && !$("wj-drawer").hidden) toggleHistory(false);
  });
}
