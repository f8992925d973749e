// The set of documents that is asked: the page's address names it, so that a reload keeps it, and the tab remembers it
// when it comes back from another page. Runs at once, before the chat asks the server who it is.
"use strict";
(function () {
  const chooser = document.getElementById("wj-collection");
  const KEY = "wj-collection";
  const known = (name) => [...chooser.options].some((option) => option.value === name);
  function remembered() {
    try { return sessionStorage.getItem(KEY) || ""; } catch (error) { return ""; }
  }
  function choose(name) {
    const address = new URL(location.href);
    if (name) address.searchParams.set("collection", name); else address.searchParams.delete("collection");
    history.replaceState(history.state, "", address);
    try { sessionStorage.setItem(KEY, name); } catch (error) { /* the address has it */ }
    chooser.value = name;
  }
  const named = new URLSearchParams(location.search).get("collection") ?? remembered();
  choose(known(named) ? named : "");
  chooser.addEventListener("change", () => {
    choose(chooser.value);
    document.dispatchEvent(new CustomEvent("wj-collection", { detail: chooser.selectedOptions[0].textContent }));
  });
})();
