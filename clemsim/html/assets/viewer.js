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

// Links and buttons with data-key="n" are followed by the key n, unless somebody is typing.
function prepareKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, select, textarea")) target.focus(); else target.click();
  });
}

// The server sends whole parts of the page, by their id; the page puts them in place.
function prepareLive() {
  const address = document.body.dataset.live;
  if (!address) return;
  const mark = document.getElementById("live-mark");
  const source = new EventSource(address);
  source.onmessage = (event) => {
    const { id, html } = JSON.parse(event.data);
    const old = document.getElementById(id);
    if (old) old.outerHTML = html;
  };
  source.addEventListener("end", () => { source.close(); mark.remove(); });
  source.onopen = () => { mark.textContent = "live"; mark.classList.remove("lost"); };
  source.onerror = () => { mark.textContent = "connection lost"; mark.classList.add("lost"); };
}

prepareTheme();
prepareKeys();
prepareLive();
