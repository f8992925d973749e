// Light or dark before the first paint. The only thing the page keeps in the browser is this choice.
(function () {
  "use strict";
  const asked = new URLSearchParams(location.search).get("theme");
  let kept = null;
  try { kept = localStorage.getItem("wj-theme"); } catch (error) { kept = null; }
  const set = document.documentElement.dataset.theme; // by the administrator
  const choice = [asked, kept, set].find((name) => ["light", "dark"].includes(name));
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const dark = choice ? choice === "dark" : system.matches;
    document.documentElement.classList.toggle("dark", dark);
    if (document.body) document.body.classList.toggle("dark", dark);
  };
  apply();
  document.addEventListener("DOMContentLoaded", apply);
  if (!choice) system.addEventListener("change", apply);
})();
