// A widget's frame that was loaded again: the session it had gets it another code.
"use strict";
(async function () {
  const session = history.state?.embed;
  if (!session) return;
  history.replaceState(null, ""); // tried once; the page that it leads to keeps the next one
  const base = document.documentElement.dataset.base;
  const answer = await fetch(`${base}/embed/code`, { method: "POST", headers: { "X-Wenju-Embed": session } });
  if (!answer.ok) return;
  const address = new URL(location.href);
  address.searchParams.set("code", (await answer.json()).code);
  location.replace(address);
})();
