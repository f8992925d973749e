// In a widget's frame, before anything is asked of the server: cookies do not come here, so every request of the page to
// its own server carries the session in a header. The address loses its code, which is spent. The session stays in the
// state of this frame's history entry, where no other origin reads it, for a reload (embed_again.js): browsers often
// deny a frame on another site all storage.
"use strict";
(function () {
  const { session } = JSON.parse(document.getElementById("wj-config").textContent);
  if (!session) return;
  const address = new URL(location.href);
  address.searchParams.delete("code");
  history.replaceState({ ...history.state, embed: session }, "", address);
  const plain = window.fetch.bind(window);
  window.fetch = (what, how) => {
    const asked = new Request(what, how);
    if (new URL(asked.url).origin === location.origin) asked.headers.set("X-Wenju-Embed", session);
    return plain(asked);
  };
})();
