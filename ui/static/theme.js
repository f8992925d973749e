// Light or dark, the widget's brand colour, and the page's language for Gradio's own words, before the first paint. The only thing the page keeps in the browser is light or dark.
(function () {
  "use strict";
  const query = new URLSearchParams(location.search);
  const asked = query.get("theme");
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
  const [color, ink] = [query.get("color"), query.get("ink")];
  if ([color, ink].every((hex) => /^[0-9a-f]{6}$/i.test(hex || ""))) {
    document.documentElement.style.setProperty("--wj-brand", `#${color}`);
    document.documentElement.style.setProperty("--wj-on-brand", `#${ink}`);
  }
  // Gradio asks the browser for a language; the page has one of its own.
  Object.defineProperty(navigator, "language", { get: () => document.documentElement.lang });
  apply();
  document.addEventListener("DOMContentLoaded", apply);
  if (!choice) system.addEventListener("change", apply);
})();
