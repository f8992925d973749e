// What the other scripts share: configuration, texts, the hidden command line, requests, small notices.
"use strict";

export const config = JSON.parse(document.getElementById("wj-config").textContent);
export const texts = config.texts;
export const $ = (id) => document.getElementById(id);

/** Fill {{n}} and the like in a text. */
export function text(key, values = {}) {
  return (texts[key] || key).replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => values[name] ?? "");
}

/** Make an element with properties and children; strings become text, never HTML. */
export function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** Put a value into a Svelte-bound field, as typing would. */
export function type(field, value) {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Send a command to the server side of the chat. */
export async function command(order) {
  const field = document.querySelector("#wj-line textarea, #wj-line input");
  const button = $("wj-go");
  if (!field || !button) return;
  type(field, JSON.stringify(order));
  await new Promise((resolve) => setTimeout(resolve, 30));
  button.click();
}

/** A request to our own routes; rejects on anything but 2xx. */
export async function request(path, { method = "GET", body } = {}) {
  const headers = { "X-Wenju": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(config.base + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

let bannerTimer = 0;
/** Show a line at the top; it goes by itself unless it is to stay. */
export function banner(message, stay = false) {
  const bar = $("wj-banner");
  clearTimeout(bannerTimer);
  bar.textContent = message;
  bar.hidden = !message;
  if (message && !stay) bannerTimer = setTimeout(() => { bar.hidden = true; }, 2600);
}

export async function copy(value, done = text("copied")) {
  try {
    await navigator.clipboard.writeText(value);
    banner(done);
    return;
  } catch (error) {
    // no clipboard API on plain http: fall through to the old way
  }
  const field = make("textarea", { value, className: "vh" });
  document.body.append(field);
  field.select();
  const worked = document.execCommand("copy");
  field.remove();
  banner(worked ? done : text("copy_failed"));
}

/** All answers on the page, in order. Ids are w-<conversation>-<exchange>. */
export const answers = () => [...document.querySelectorAll('#wj-chat .answer[id^="w-"]')];
export const idsOf = (node) => {
  const [, conversation, exchange] = (node?.id || "").split("-");
  return { conversation, exchange };
};
export const conversationId = () => idsOf(answers().at(-1)).conversation || "";
