// 问据 widget: a button on any intranet page that opens the chat in a frame. One tag a widget, several on a page:
//   <script src="https://host/widget.js" data-title="…" defer></script>
// Attributes: data-title, data-lang (zh|en), data-theme (light|dark|auto), data-color (#rrggbb), data-position
// (right|left), data-question (text to start with), data-question-from (CSS selector of a field or element to take it
// from), data-mode (button|inline), data-target (CSS selector to fill, for inline), data-token (identity token signed
// by the host page's server), data-collection (name of the set of documents
// that is asked), data-open (open at once). Knows nothing of the page it stands on beyond these.
(function () {
  "use strict";
  const tag = document.currentScript;
  if (!tag) return;
  const given = tag.dataset;
  const home = new URL(".", tag.src);
  const en = given.lang === "en";
  const words = en
    ? { open: "Ask the documents", close: "Close", slow: "The assistant cannot be shown here.", tab: "Open in a new window", label: "Question and answer" }
    : { open: "问一问", close: "关闭", slow: "这里无法显示问答窗口。", tab: "在新窗口打开", label: "问答窗口" };
  const title = given.title || words.open;
  const color = /^#[0-9a-f]{6}$/i.test(given.color || "") ? given.color : "#1d4f91";
  const side = given.position === "left" ? "left" : "right";
  const inline = given.mode === "inline";
  const READY_WITHIN = 8000;

  const host = document.createElement("div");
  host.setAttribute("data-wenju-widget", "");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { all: initial; font-family: "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", system-ui, sans-serif; }
    button { font: inherit; cursor: pointer; border: 0; }
    .launch { position: fixed; ${side}: 24px; bottom: 24px; z-index: 2147483000; padding: 13px 20px; border-radius: 26px; background: ${color}; color: ${readable(color)}; font-size: 16px; font-weight: 600; box-shadow: 0 6px 22px rgb(0 0 0 / 26%); }
    .box { position: fixed; ${side}: 24px; bottom: 86px; z-index: 2147483001; display: flex; flex-direction: column; width: min(410px, calc(100vw - 48px)); height: min(640px, calc(100vh - 120px)); border-radius: 14px; overflow: hidden; background: #fff; box-shadow: 0 12px 44px rgb(0 0 0 / 30%); }
    .box[hidden], .launch[hidden], .slow[hidden] { display: none; }
    .inline { position: static; width: 100%; height: 100%; min-height: 480px; box-shadow: none; border: 1px solid #d5dce6; }
    .bar { display: flex; align-items: center; justify-content: space-between; padding: 0 6px 0 16px; height: 44px; flex: none; background: ${color}; color: ${readable(color)}; font-size: 16px; font-weight: 600; }
    .bar button { width: 36px; height: 36px; font-size: 22px; line-height: 1; background: none; color: inherit; border-radius: 8px; }
    iframe { flex: 1; width: 100%; border: 0; background: #fff; }
    .slow { padding: 14px 16px; font-size: 15px; line-height: 1.6; color: #1b2430; background: #fff8e8; border-bottom: 1px solid #ecd49a; }
    .slow a { color: #1d4f91; }
    :is(button, a):focus-visible { outline: 3px solid #8ab6f0; outline-offset: 2px; }
    .dark { background: #10161f; } .dark iframe { background: #10161f; }
    @media (max-width: 480px) { .box:not(.inline) { inset: 0; width: auto; height: auto; border-radius: 0; } }
  `);
  root.adoptedStyleSheets = [sheet];

  let frame = null;
  let ready = false;
  let timer = 0;
  const element = (name, properties) => Object.assign(document.createElement(name), properties);
  const launch = element("button", { className: "launch", type: "button", textContent: title });
  launch.setAttribute("aria-haspopup", "dialog");
  launch.setAttribute("aria-expanded", "false");
  const box = element("div", { className: "box", hidden: !inline });
  box.setAttribute("role", inline ? "region" : "dialog");
  box.setAttribute("aria-label", title);
  const dark = given.theme === "dark" || (given.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  if (dark) box.classList.add("dark");
  if (inline) box.classList.add("inline");
  const bar = element("div", { className: "bar" });
  const close = element("button", { type: "button", textContent: "×", title: words.close });
  close.setAttribute("aria-label", words.close);
  bar.append(element("span", { textContent: title }));
  if (!inline) bar.append(close);
  const slow = element("div", { className: "slow", hidden: true, textContent: words.slow + " " });
  const tab = element("a", { target: "_blank", rel: "noopener", textContent: words.tab });
  slow.append(tab);
  box.append(bar, slow);

  function readable(hex) {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.4 ? "#10161f" : "#ffffff";
  }

  function question() {
    if (given.question) return given.question;
    let source = null;
    try { source = given.questionFrom && document.querySelector(given.questionFrom); } catch (error) { source = null; }
    return source ? String(source.value || source.textContent || "").trim().slice(0, 2000) : "";
  }

  function address(embedded) {
    const url = new URL("chat/", home);
    if (embedded) { url.searchParams.set("embed", "1"); url.searchParams.set("host", location.origin); }
    if (en) url.searchParams.set("lang", "en");
    if (["light", "dark"].includes(given.theme)) url.searchParams.set("theme", given.theme);
    if (embedded && given.color === color) { url.searchParams.set("color", color.slice(1)); url.searchParams.set("ink", readable(color).slice(1)); }
    if (embedded && given.token) url.searchParams.set("token", given.token);
    if (given.collection) url.searchParams.set("collection", given.collection);
    const asked = question();
    if (asked) url.searchParams.set("q", asked);
    return url.href;
  }

  function load() {
    if (frame) return;
    frame = element("iframe", { title: `${title} ${words.label}`, src: address(true), allow: "clipboard-write" });
    frame.setAttribute("referrerpolicy", "origin");
    box.append(frame);
    // A refused frame looks like any other to a script: only its silence tells.
    timer = setTimeout(() => { if (!ready) { tab.href = address(false); slow.hidden = false; } }, READY_WITHIN);
  }

  function tell(message) {
    if (frame && ready) frame.contentWindow.postMessage(message, home.origin);
  }

  function open() {
    const again = frame !== null;
    load();
    box.hidden = false;
    launch.setAttribute("aria-expanded", "true");
    if (again && question()) tell({ wenju: "fill", text: question() });
    else if (ready) tell({ wenju: "focus" });
    if (!ready) close.focus();
  }

  function shut() {
    if (inline || box.hidden) return;
    box.hidden = true;
    launch.setAttribute("aria-expanded", "false");
    launch.focus();
  }

  addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== home.origin) return;
    const word = event.data && event.data.wenju;
    if (word === "close") shut();
    if (word === "ready") {
      ready = true;
      clearTimeout(timer);
      slow.hidden = true;
      if (!box.hidden && !inline) tell({ wenju: "focus" });
    }
  });
  launch.addEventListener("click", () => (box.hidden ? open() : shut()));
  close.addEventListener("click", shut);
  root.addEventListener("keydown", (event) => { if (event.key === "Escape") shut(); });

  function place() {
    let target = null;
    try { target = given.target && document.querySelector(given.target); } catch (error) { target = null; }
    if (inline) {
      host.style.cssText = "display:block;height:100%";
      root.append(box);
      if (target) target.append(host); else tag.after(host);
      load();
      return;
    }
    root.append(box, launch);
    document.body.append(host);
    if (given.open !== undefined) open();
  }
  if (document.body) place(); else document.addEventListener("DOMContentLoaded", place);
})();
