// Is the server still there, and still the same run of it? After a break the page recovers by itself and says so.
"use strict";
import { $, banner, config, text } from "./page.js";

const CALM = 15000;
const BUSY = 2500;
const LOST = 1500;

/** Poll /page/state: often while an answer runs or the models load, seldom otherwise. */
export function watch() {
  let lost = false;
  let broken = false; // a reply that only comes late breaks no stream: an answer under way goes on
  let timer = 0;
  const look = async () => {
    try {
      const response = await fetch(`${config.base}/page/state?lang=${config.lang}`, { signal: AbortSignal.timeout(4000), cache: "no-store" });
      if (!response.ok) throw new Error(String(response.status));
      const state = await response.json();
      if (state.boot !== config.boot) {
        try { sessionStorage.setItem("wj-restarted", "1"); } catch (error) { /* then without the notice */ }
        location.reload();
        return;
      }
      if (config.known && response.headers.get("x-wenju-signed-on") === "0" && !document.querySelector("#wj-chat .answer.live")) {
        location.reload(); // the sign-on has ended: the way to sign in leads back to this conversation
        return;
      }
      if (state.ready) $("wj-loading")?.remove();
      else if (state.failure) failed(state.failure);
      if (lost) recovered(broken);
      lost = broken = false;
    } catch (error) {
      if (!lost) banner(text("lost"), true);
      broken ||= error.name !== "TimeoutError";
      lost = true;
    }
    const running = document.querySelector("#wj-chat .answer.live") || document.querySelector("#wj-loading:not(.failed)");
    clearTimeout(timer);
    timer = setTimeout(look, lost ? LOST : running ? BUSY : CALM);
  };
  timer = setTimeout(look, BUSY);
  addEventListener("online", () => { clearTimeout(timer); look(); });
}

/** The models will not come: say why, once, and stop saying that they are on their way. */
function failed(reason) {
  const bar = $("wj-loading");
  if (!bar || bar.textContent === reason) return;
  bar.className = "failed";
  bar.setAttribute("role", "alert");
  bar.textContent = reason;
}

/** The same server is back. Where the connection broke, an answer that was under way lost its stream: load the
 *  conversation as it is kept. */
function recovered(broken) {
  banner(text("back"));
  if (broken && document.querySelector("#wj-chat .answer.live")) setTimeout(() => location.reload(), 800);
}
