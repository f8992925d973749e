"use strict";
(() => {
  const box = document.getElementById("questions");
  const cards = [...box.querySelectorAll(".card")];
  const texts = cards.map((card) => card.textContent.toLowerCase());
  const chips = [...box.querySelectorAll(".chip")];
  const kind = document.getElementById("kind");
  const find = document.getElementById("find");
  const changed = document.getElementById("changed");
  const count = document.getElementById("count");
  let verdict = "";
  const apply = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    cards.forEach((card, n) => {
      const keep =
        (!verdict || card.dataset.verdict === verdict) &&
        (!kind.value || card.dataset.kind === kind.value) &&
        (!changed || !changed.checked || "changed" in card.dataset) &&
        words.every((word) => texts[n].includes(word));
      card.hidden = !keep;
      shown += keep ? 1 : 0;
    });
    count.textContent = box.dataset.shown.replace("#", shown);
  };
  chips.forEach((chip) =>
    chip.addEventListener("click", () => {
      verdict = chip.dataset.verdict;
      chips.forEach((other) => {
        other.classList.toggle("on", other === chip);
        other.setAttribute("aria-pressed", String(other === chip));
      });
      apply();
    }),
  );
  [kind, changed].forEach((field) => field && field.addEventListener("change", apply));
  find.addEventListener("input", apply);
  apply();
})();
