// A report: its pages lie packed in the file, or beside it, and the address after the # says which is shown.
"use strict";

(() => {
  const KEPT = 80; // parts that stay unpacked
  const unpacked = new Map(), awaited = new Map(), places = new Map();
  const frameOfReport = document.getElementById("main");
  const table = episodeTable(part, say);
  let reportIndex = null, shownAddress = null, followed = false, turn = 0;

  // Files of parts call this: a page that was opened from disk may not read them in any other way.
  window.clemsimPart = (name, text) => awaited.get(name)?.(text);

  function packedPart(name) {
    const held = document.getElementById(`part-${name}`);
    if (held) return Promise.resolve(held.textContent);
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const done = (settle) => (value) => { awaited.delete(name); script.remove(); settle(value); };
      awaited.set(name, done(resolve));
      script.onerror = done(() => reject(Error(`data/${name}.js is missing: it belongs to this page`)));
      script.src = `data/${name}.js`;
      document.head.append(script);
    });
  }

  async function unpack(text) {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  // A part as a value. The last that were used are kept.
  function part(number) {
    const name = String(number);
    const found = unpacked.get(name) ?? packedPart(name).then(unpack);
    unpacked.delete(name);
    unpacked.set(name, found);
    if (unpacked.size > KEPT) unpacked.delete(unpacked.keys().next().value);
    return found;
  }

  // An address after the # as path, query, the key of its page, and the place within that.
  function addressOf(hash) {
    const [address, place] = hash.replace(/^#\/?/, "").split("#"), [path, asked] = address.split(/\?(.*)/s);
    const query = new URLSearchParams(asked || "");
    if (path === "compare" && query.get("agent_b") && !query.get("b")) query.set("b", query.get("a") ?? "");
    const values = [...query].filter(([, value]) => value).map(([name, value]) => `${name}=${value}`);
    return { path, query, key: [path, ...values.sort()].join("\n"), place };
  }

  // The page at an address; null: there is none.
  async function pageAt({ path, query, key }) {
    const { pages, runs } = reportIndex;
    if (key in pages) return { text: (await part(pages[key])).page };
    const [kind, slug, what, number] = path.split("/"), run = kind === "run" && runs.find((own) => own.slug === slug);
    if (run && what === "episodes") return table.episodesPage(run, query);
    if (run && what === "episode") return table.episodePage(run, Number(number), query);
    return null;
  }

  // A report does not hold every comparison that could be made: links to others are none.
  function isThere(link) {
    const { path, key } = addressOf(link.getAttribute("href"));
    return !["compare", "study"].includes(path.split("/")[0]) || key in reportIndex.pages;
  }

  function say(text) {
    document.getElementById("report-state").textContent = text;
  }

  function message(title, text) {
    const body = document.createElement("main"), heading = document.createElement("h1"), said = document.createElement("p");
    heading.textContent = title;
    said.textContent = `${text} `;
    const home = Object.assign(document.createElement("a"), { href: reportIndex?.start ?? "#/", textContent: "The first page" });
    said.append(home);
    body.append(heading, said);
    return `<title>${title}</title>${body.outerHTML}`;
  }

  function put(found) {
    const page = found.page ?? new DOMParser().parseFromString(found.text, "text/html");
    document.title = `${page.title} · clemsim`;
    const crumbs = page.querySelector("nav.crumbs"), old = document.querySelector(".top .crumbs");
    old?.remove();
    if (crumbs) document.querySelector(".top .tools").before(document.importNode(crumbs, true));
    for (const link of page.querySelectorAll("main a[href^='#/']")) {
      if (!isThere(link)) link.matches(".button") ? link.remove() : link.removeAttribute("href");
    }
    frameOfReport.replaceChildren(...document.importNode(page.querySelector("main"), true).childNodes);
  }

  async function show() {
    const hash = location.hash.startsWith("#/") ? location.hash : reportIndex?.start ?? "";
    if (hash === shownAddress) return;
    const mine = ++turn, first = shownAddress === null, wasFollowed = followed;
    followed = false;
    if (!first) places.set(shownAddress, scrollY);
    frameOfReport.setAttribute("aria-busy", "true");
    let found;
    try {
      reportIndex ??= await part(document.body.dataset.index);
      if (!hash) {
        history.replaceState(null, "", reportIndex.start);
        return show();
      }
      found = await pageAt(addressOf(hash)) ?? { text: message("Not found", "This report has no such page; clemsim view may have it.") };
    } catch (error) {
      found = { text: message("This cannot be read", `${error.message}.`) };
    }
    if (mine !== turn) return; // somebody has gone on meanwhile
    const typing = document.activeElement?.closest("#main form") && document.activeElement.name;
    put(found);
    shownAddress = hash;
    frameOfReport.removeAttribute("aria-busy");
    const stay = typing && found.keep;
    if (stay) document.querySelector(`#main form [name="${CSS.escape(typing)}"]`)?.focus({ preventScroll: true });
    else if (!first) frameOfReport.focus({ preventScroll: true });
    if (!stay) scrollTo(0, wasFollowed ? 0 : places.get(hash) ?? 0);
    const place = addressOf(hash).place;
    if (place && (first || wasFollowed)) goWithin(place);
    document.dispatchEvent(new Event("clemsim:shown"));
  }

  function goTo(address) {
    followed = true;
    if (location.hash === address) show(); else location.hash = address;
  }

  // Goes to a place within the page, whose address then holds it too.
  function goTowards(name) {
    goWithin(name);
    if (name === frameOfReport.id) return;
    shownAddress = `#${shownAddress.slice(1).split("#")[0]}#${name}`;
    history.replaceState(null, "", shownAddress);
  }

  function goWithin(name) {
    const target = document.getElementById(decodeURIComponent(name));
    if (!target) return;
    for (let outer = target; outer; outer = outer.parentElement) if (outer.matches("details")) outer.open = true;
    if (!target.matches("a, button, input, select, textarea, [tabindex]")) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView();
  }

  function prepareReport() {
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href^='#']");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const address = link.getAttribute("href");
      event.preventDefault();
      if (address.startsWith("#/")) goTo(address); else goTowards(address.slice(1));
    });
    document.addEventListener("submit", (event) => {
      event.preventDefault();
      const values = [...new FormData(event.target, event.submitter)].filter(([, value]) => value !== "");
      const action = event.target.getAttribute("action") || `#/${addressOf(shownAddress).path}`;
      const asked = new URLSearchParams(values), query = (action.includes("/episodes") ? table.canonical(asked) : asked).toString();
      goTo(action.split("?")[0] + (query && `?${query}`));
    });
    addEventListener("hashchange", () => { if (location.hash.startsWith("#/") || !location.hash) show(); });
    history.scrollRestoration = "manual";
    show();
  }

  prepareReport();
})();
