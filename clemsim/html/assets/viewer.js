// What pages do beyond links and forms: the theme, keys, and parts that change while they are looked at.
"use strict";

const THEMES = ["", "light", "dark"]; // "": as the system

function remembered() {
  try { return localStorage.getItem("clemsim-theme") || ""; } catch { return ""; }
}

function setTheme(theme, button) {
  if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
  if (button) button.setAttribute("aria-label", `Theme: ${theme || "as the system"}`);
  try { localStorage.setItem("clemsim-theme", theme); } catch { /* a page that may keep nothing */ }
}

function prepareTheme() {
  const button = document.getElementById("theme");
  setTheme(remembered(), button);
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    setTheme(THEMES[(THEMES.indexOf(remembered()) + 1) % THEMES.length], button);
  });
}

// Links and buttons with data-key="n k" are followed by the keys n and k, unless somebody is typing.
function prepareKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const target = document.querySelector(`[data-key~="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, select, textarea")) target.focus(); else target.click();
  });
}

// Puts what has changed of the elements with data-live in place. What a reader has unfolded stays unfolded.
function renew(page) {
  for (const old of document.querySelectorAll("[data-live][id]")) {
    const fresh = page.getElementById(old.id);
    if (!fresh || fresh.outerHTML === old.outerHTML) continue;
    const open = [...old.querySelectorAll("details")].map((details) => details.open);
    const moved = document.importNode(fresh, true);
    moved.querySelectorAll("details").forEach((details, place) => { if (place in open) details.open = open[place]; });
    old.replaceWith(moved);
    moved.querySelector("[autofocus]")?.focus();
  }
}

// The server says that something has changed; the page fetches itself again then, and never spends most of its time on that.
function prepareLive() {
  const address = document.body.dataset.live;
  if (!address) return;
  const mark = document.getElementById("live-mark");
  const source = new EventSource(address);
  let busy = false, again = false;
  async function update() {
    if (busy) { again = true; return; }
    busy = true;
    const begun = performance.now();
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.ok) renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the next change tries again */ }
    const rest = Math.max(1000, 9 * (performance.now() - begun)); // a page takes at most a tenth of a processor
    setTimeout(() => { busy = false; if (again) { again = false; update(); } }, rest);
  }
  source.onmessage = update;
  source.addEventListener("end", () => { source.close(); mark.remove(); update(); });
  source.onopen = () => { mark.textContent = "live"; mark.classList.remove("lost"); };
  source.onerror = () => { mark.textContent = "connection lost"; mark.classList.add("lost"); };
}

prepareTheme();
prepareKeys();
prepareLive();
