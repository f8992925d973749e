// Documents, for administrators: files and folders sent, what was read of them decided on, deletion, reading all again.
// Lists are rendered by the server; this script fetches them anew. Readers get nothing from here.
"use strict";
(function () {
  const base = document.documentElement.dataset.base;
  const $ = (id) => document.getElementById(id);
  const words = $("admin")?.dataset;
  if (!words) return;
  const headers = { "X-Wenju": "1" };
  const fill = (text, values) => text.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => values[name] ?? "");
  const say = (text) => { $("told").textContent = text; };
  /** A button that works just now does nothing more, and keeps the focus, which a disabled one loses. */
  const idle = (button, yes) => button.setAttribute("aria-disabled", String(!yes));
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  async function call(path, method = "GET", body) {
    const json = body === undefined ? {} : { "Content-Type": "application/json" };
    const answer = await fetch(base + path, { method, headers: { ...headers, ...json }, body: body && JSON.stringify(body) });
    if (answer.ok) return answer;
    const told = await answer.json().catch(() => ({}));
    throw new Error(typeof told.detail === "string" ? told.detail : String(answer.status));
  }

  /** A line with a bar for something that goes on. */
  function line(name) {
    const item = document.createElement("li");
    const label = Object.assign(document.createElement("span"), { textContent: name });
    const bar = Object.assign(document.createElement("progress"), { max: 100, value: 0 });
    bar.setAttribute("aria-label", name);
    const state = Object.assign(document.createElement("span"), { textContent: words.waiting });
    item.append(label, bar, state);
    $("jobs").prepend(item);
    return {
      set(text, share) { state.textContent = text; if (share === null) bar.removeAttribute("value"); else bar.value = share; },
      fail(message) {
        state.textContent = words.failed;
        bar.value = 0;
        item.append(Object.assign(document.createElement("div"), { className: "error", textContent: message }));
      },
      note() { bar.remove(); state.remove(); },
      end() { item.remove(); },
    };
  }

  /** The files of what was dropped, folders opened, each with its path. Entries have to be asked for at once. */
  async function dropped(transfer) {
    const items = [...transfer.items].filter((item) => item.kind === "file");
    const entries = items.map((item) => item.webkitGetAsEntry?.() || item.getAsFile());
    const out = [];
    for (const entry of entries) await walk(entry, out, "");
    return out;
  }
  async function walk(entry, out, above) {
    if (entry instanceof File) { out.push({ file: entry, path: entry.name, alone: true }); return; }
    const path = above + entry.name;
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      out.push({ file, path, alone: !above });
      return;
    }
    const reader = entry.createReader();
    const inside = [];
    for (;;) { // a reader gives a hundred at a time, in no order
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) break;
      inside.push(...some);
    }
    inside.sort((one, two) => one.name.localeCompare(two.name, "zh", { numeric: true }));
    for (const inner of inside) await walk(inner, out, `${path}/`);
  }
  const chosen = (input) => [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name, alone: !file.webkitRelativePath }));

  /** Is a file in a folder one that can be read? One that was named itself is sent, and the server says why not. */
  const readable = ({ path, alone }) => {
    const name = path.split("/").pop();
    return alone || (!/^(\.|~\$)/.test(name) && $("files").accept.split(",").some((kind) => name.toLowerCase().endsWith(kind)));
  };

  function send({ file, path }, row, replaces = "") {
    return new Promise((resolve, reject) => {
      if (file.size > Number(words.max) * 1048576) { reject(new Error(fill(words.limit, { n: words.max }))); return; }
      const request = new XMLHttpRequest();
      request.open("POST", `${base}/documents/upload?lang=${words.lang}&replaces=${replaces}`);
      request.setRequestHeader("X-Wenju", "1");
      request.upload.onprogress = (event) => row.set(words.sending, (event.loaded / event.total) * 100);
      request.onerror = () => reject(new Error("network"));
      request.onload = () => {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch (error) { answer = {}; }
        if (request.status === 200) resolve(answer.id); else reject(new Error(answer.detail || String(request.status)));
      };
      const form = new FormData();
      form.append("file", file, path);
      request.send(form);
    });
  }

  let sending = 0;
  let refused = 0; // of those sent since all had been read
  async function upload(all) {
    if (!sending && !watching) refused = 0;
    const wanted = all.filter(readable);
    const left = all.filter((one) => !wanted.includes(one)).map((one) => one.path);
    if (left.length) line(fill(words.skipped, { n: left.length, names: left.slice(0, 5).join("，") + (left.length > 5 ? "…" : "") })).note();
    sending += wanted.length;
    for (const one of wanted) {
      const row = line(one.path);
      try {
        await send(one, row);
        row.end();
      } catch (error) {
        row.fail(error.message);
        refused += 1;
      }
      sending -= 1;
      watch();
    }
  }

  /** Bring the list of files that wait up to date; an entry that did not change stays, and with it the focus. */
  async function refresh() {
    const answer = await call(`/documents/waiting?lang=${words.lang}`);
    const fresh = document.createElement("template");
    fresh.innerHTML = await answer.text();
    const list = $("waiting");
    const old = new Map([...list.children].map((node) => [node.id, node]));
    for (const node of [...fresh.content.children]) {
      const known = old.get(node.id);
      old.delete(node.id);
      if (!known) list.append(node); else if (known.outerHTML !== node.outerHTML) known.replaceWith(node);
    }
    const at = document.activeElement;
    const left = list.children.length > old.size;
    const lost = left ? [...old.values()].some((node) => node.contains(at)) : $("decide").contains(at);
    old.forEach((node) => node.remove());
    $("decide").hidden = !left;
    if (lost) (left ? $("decide-title") : document.querySelector("main h1")).focus();
    return [...list.children];
  }

  let watching = false;
  /** Keep the list up to date until everything was read, and say so once. */
  async function watch() {
    if (watching || !$("waiting")) return;
    watching = true;
    try {
      for (;;) {
        const items = await refresh();
        const count = (test) => items.filter(test).length;
        const busy = count((node) => "busy" in node.dataset);
        if (!busy && !sending) {
          const n = items.length + refused;
          const failed = refused + count((node) => node.classList.contains("failed"));
          if (items.length) say(fill(words.read, { done: n - failed, n, failed }));
          return;
        }
        await pause(600);
      }
    } catch (error) {
      line(words.waiting).fail(error.message);
    } finally {
      watching = false;
    }
  }

  async function follow(job, row) {
    for (;;) {
      const now = await (await call(`/documents/jobs/${job}?lang=${words.lang}`)).json();
      if (now.state === "done") { row.set(words.done, 100); return; }
      if (now.state === "failed") throw new Error(now.error);
      row.set(now.state === "indexing" ? words.adding : words.waiting, now.total ? (now.done / now.total) * 100 : null);
      await pause(400);
    }
  }

  /** A part of the page as the server would show it now. */
  async function renew(id) {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    $(id).replaceWith(page.getElementById(id));
  }

  async function decide(button, what, ids) {
    const before = $("waiting")?.children.length ?? 1;
    const row = what === "add" ? line(button.textContent) : null;
    idle(button, false);
    try {
      const answer = await (await call(`/documents/waiting/${what}`, "POST", { ids, collection: $("set").value })).json();
      if (row) await follow(answer.job, row);
    } catch (error) {
      (row || line(button.textContent)).fail(error.message);
      idle(button, true);
      if ($("waiting")) await refresh();
      return;
    }
    if (!$("waiting")) { location.assign(`${base}/documents#decide`); return; }
    const left = (await refresh()).length;
    idle(button, true);
    if (what === "add") { await renew("held"); row.end(); say(fill(words.added, { n: before - left })); }
  }

  async function remove(button) {
    if (!confirm(words.confirm + button.dataset.title)) return;
    idle(button, false);
    try {
      await call(`/documents/${button.dataset.delete}`, "DELETE").catch((error) => { if (error.message !== "404" && !/no such/.test(error.message)) throw error; });
      location.reload();
    } catch (error) {
      idle(button, true);
      line(button.dataset.title).fail(error.message);
      $("jobs").scrollIntoView({ block: "center" });
    }
  }

  /** Warnings are marked as seen, or listed again; the focus goes to what is left of their kind. */
  async function seen(button, marks, yes) {
    const kind = button.closest("section")?.id;
    idle(button, false);
    try {
      await call("/admin/warnings/seen", "POST", { marks: marks.split(" "), seen: yes });
      await renew("warned");
      say(yes ? words.seen : words.unseen);
      (document.querySelector(`#${kind} h2`) || document.querySelector("main h1")).focus();
    } catch (error) {
      idle(button, true);
      line(button.textContent).fail(error.message);
    }
  }

  /** A file in the place of a document: sent, then looked at before it is added. */
  async function replace(input) {
    const [file] = input.files;
    if (!file) return;
    const row = line(file.name);
    try {
      const id = await send({ file, path: (input.dataset.folder ? `${input.dataset.folder}/` : "") + file.name }, row, input.dataset.replaces);
      location.assign(`${base}/documents/waiting/${id}`);
    } catch (error) {
      row.fail(error.message);
    }
  }

  async function again(button) {
    const row = line(button.textContent);
    try {
      await follow((await (await call("/documents/reindex", "POST")).json()).job, row);
    } catch (error) {
      row.fail(error.message);
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    const { take, drop, seen: marks, unseen, delete: gone } = button.dataset;
    if (take !== undefined) decide(button, "add", take ? [take] : []);
    else if (drop !== undefined) decide(button, "drop", drop ? [drop] : []);
    else if (marks !== undefined) seen(button, marks, true);
    else if (unseen !== undefined) seen(button, unseen, false);
    else if (gone !== undefined) remove(button);
    else if (button.id === "reindex") again(button);
  });
  document.addEventListener("change", (event) => { if (event.target.dataset.replaces) replace(event.target); });
  if ($("one")?.matches("[data-busy]")) setTimeout(() => location.reload(), 800); // a preview of what is still being read
  const zone = $("drop");
  if (zone) {
    for (const name of ["files", "folder"]) $(name).addEventListener("change", (event) => { upload(chosen(event.target)); event.target.value = ""; });
    for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over"); });
    for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
    zone.addEventListener("drop", async (event) => { event.preventDefault(); upload(await dropped(event.dataTransfer)); });
    if ($("waiting").querySelector("[data-busy]")) watch();
  }
})();
