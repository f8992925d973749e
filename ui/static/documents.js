// Documents page, for administrators: upload with progress per file, delete, re-index. Readers get nothing from here.
"use strict";
(function () {
  const base = document.documentElement.dataset.base;
  const admin = document.getElementById("admin");
  const words = admin ? admin.dataset : {};
  const headers = { "X-Wenju": "1" };

  function line(name) {
    const item = document.createElement("li");
    const label = document.createElement("span");
    label.textContent = name;
    const bar = Object.assign(document.createElement("progress"), { max: 100, value: 0 });
    bar.setAttribute("aria-label", name);
    const state = document.createElement("span");
    state.textContent = words.waiting;
    item.append(label, bar, state);
    document.getElementById("jobs").prepend(item);
    return {
      set(text, share) { state.textContent = text; if (share === null) bar.removeAttribute("value"); else if (share !== undefined) bar.value = share; },
      fail(message) {
        state.textContent = words.failed;
        bar.value = 0;
        item.append(Object.assign(document.createElement("div"), { className: "error", textContent: message }));
      },
    };
  }

  function send(file, row) {
    return new Promise((resolve, reject) => {
      const call = new XMLHttpRequest();
      call.open("POST", `${base}/documents/upload`);
      call.setRequestHeader("X-Wenju", "1");
      call.upload.onprogress = (event) => row.set(words.sending, (event.loaded / event.total) * 50);
      call.onerror = () => reject(new Error("network"));
      call.onload = () => {
        let answer = {};
        try { answer = JSON.parse(call.responseText); } catch (error) { answer = {}; }
        if (call.status === 200) resolve(answer.job); else reject(new Error(answer.detail || String(call.status)));
      };
      const form = new FormData();
      form.append("file", file);
      call.send(form);
    });
  }

  async function follow(job, row) {
    for (;;) {
      const answer = await fetch(`${base}/documents/jobs/${job}`, { headers });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = await answer.json();
      if (now.state === "done") { row.set(words.done, 100); return; }
      if (now.state === "failed") throw new Error(now.error);
      row.set(now.state === "indexing" ? words.indexing : words.waiting, now.total ? 50 + (now.done / now.total) * 50 : null);
      await new Promise((wait) => setTimeout(wait, 400));
    }
  }

  async function upload(files) {
    let added = 0;
    for (const file of files) {
      const row = line(file.name);
      try {
        if (file.size > Number(words.limit) * 1048576) throw new Error(`> ${words.limit} MB`);
        await follow(await send(file, row), row);
        added += 1;
      } catch (error) {
        row.fail(error.message);
      }
    }
    if (added === files.length) setTimeout(() => location.reload(), 700);
  }

  if (admin) {
    const drop = document.getElementById("drop");
    document.getElementById("files").addEventListener("change", (event) => upload([...event.target.files]));
    ["dragenter", "dragover"].forEach((name) => drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); }));
    ["dragleave", "drop"].forEach((name) => drop.addEventListener(name, () => drop.classList.remove("over")));
    drop.addEventListener("drop", (event) => { event.preventDefault(); upload([...event.dataTransfer.files]); });
    document.getElementById("reindex").addEventListener("click", async () => {
      const row = line(document.getElementById("reindex").textContent);
      try {
        const answer = await fetch(`${base}/documents/reindex`, { method: "POST", headers });
        const body = await answer.json();
        if (!answer.ok) throw new Error(body.detail);
        await follow(body.job, row);
      } catch (error) {
        row.fail(error.message);
      }
    });
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-delete]");
    if (!button || !admin || !confirm(words.confirm + button.dataset.title)) return;
    button.disabled = true;
    try {
      const answer = await fetch(`${base}/documents/${button.dataset.delete}`, { method: "DELETE", headers });
      if (!answer.ok && answer.status !== 404) throw new Error(String(answer.status)); // 404: gone already
      location.reload();
    } catch (error) {
      button.disabled = false;
      const row = line(button.dataset.title);
      row.fail(error.message);
      document.getElementById("jobs").scrollIntoView({ block: "center" });
    }
  });
})();
