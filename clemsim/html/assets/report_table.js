// The episodes of a run in a report: the filter in the address, as the server has it (EpisodeFilter), over columns of facts.
"use strict";

function episodeTable(part, say) { // part: returns a part of the report by its number; say: tells how far it is
  const EXACT = ["arena", "experiment", "instance", "status", "outcome", "cast"];
  const RANGES_OF_FILTER = ["score", "turns", "tokens", "seconds"];
  const ANYTHING = "…", NO_SEAT = "-", WHOLE_REASON = "=";
  const orders = new Map(); // rows by run and filter, in order
  const verdicts = new Map(); // by search: whether the texts of a row have what it looks for

  function rangeOf(query, name) {
    const given = (query.get(name) ?? "").trim(), [low, high] = given.includes("..") ? given.split("..") : [given, given];
    const limit = (text) => (text === "" ? null : Number(text));
    const found = [limit(low || query.get(`min_${name}`)?.trim() || ""), limit(high || query.get(`max_${name}`)?.trim() || "")];
    if (found.some((value) => Number.isNaN(value))) throw Error(`${name}: give a number or a range, such as 20..50`);
    return found;
  }

  function likeOf(text) {
    const parts = text.split(ANYTHING).map((own) => own.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return parts.join("[^]*");
  }

  // Return whether a row passes all conditions but that on its texts.
  function conditionOf(facts, query) {
    const value = (name) => (query.get(name) ?? "").trim();
    const tests = [];
    for (const name of EXACT) if (value(name)) tests.push((row) => facts[name][row] === value(name));
    if (value("agent")) {
      const agent = value("agent"), casts = new Set([agent]);
      for (const [cast, players] of Object.entries(facts.players)) if (players.includes(agent)) casts.add(cast);
      tests.push((row) => casts.has(facts.cast[row]));
    }
    if (value("blame")) tests.push((row) => facts.blame[row] === (value("blame") === NO_SEAT ? "" : value("blame")));
    const reason = value("reason");
    if (reason.startsWith(WHOLE_REASON)) {
      const kind = reason.slice(1), folded = kind.endsWith(`: ${ANYTHING}`) && RegExp(`^${likeOf(kind)}$`, "i");
      tests.push((row) => facts.kind[row] === kind || (folded && folded.test(facts.kind[row])));
    } else if (reason) {
      const like = RegExp(likeOf(reason), "i");
      tests.push((row) => like.test(facts.reason[row]) || like.test(facts.kind[row]));
    }
    const flags = query.getAll("flag").flatMap((own) => own.split(",")).map((own) => own.trim()).filter(Boolean);
    if (flags.length) {
      const bits = flags.reduce((sum, name) => sum | (facts.flag_bits[name] ?? 1 << 30), 0);
      tests.push((row) => (facts.flags[row] & bits) === bits);
    }
    for (const name of RANGES_OF_FILTER) {
      const [low, high] = rangeOf(query, name);
      if (low !== null) tests.push((row) => facts[name][row] !== null && facts[name][row] >= low);
      if (high !== null) tests.push((row) => facts[name][row] !== null && facts[name][row] <= high);
    }
    return (row) => tests.every((test) => test(row));
  }

  // Text as words with one space around each, without case and diacritics.
  function wordsOf(text) {
    return ` ${text.normalize("NFD").replace(/\p{M}+/gu, "").toLowerCase().replace(/[^\p{L}\p{N}\p{Co}]+/gu, " ").trim()} `;
  }

  // What is looked for: words and "quoted phrases", all of them; an asterisk at the end of one: so it begins.
  function phrasesOf(text) {
    const found = [];
    for (const [, quoted, star, bare] of text.matchAll(/"([^"]*)"?(\*?)|([^\s"]+)/g)) {
      const words = wordsOf(quoted || bare || "");
      if (words.trim()) found.push(star || bare?.endsWith("*") ? words.trimEnd() : words);
    }
    if (!found.length) throw Error(`There is no word to look for in ${text}: give some words, or a "quoted phrase"`);
    return found;
  }

  async function thoseWithText(run, facts, rows, text, within) {
    const phrases = phrasesOf(text), columns = { said: ["said"], thoughts: ["thought"] }[within] ?? ["asked", "said"];
    const name = `${run.slug} ${within ?? ""} ${text}`, known = verdicts.get(name) ?? new Map();
    if (verdicts.size > 8) verdicts.clear();
    verdicts.set(name, known);
    let told = performance.now();
    for (const [place, row] of rows.entries()) {
      if (known.has(row)) continue;
      if (performance.now() - told > 300) {
        told = performance.now();
        say(`looking through the dialogues: ${place} of ${rows.length}`);
        await new Promise((resume) => setTimeout(resume));
      }
      const texts = (await part(facts.part[row]))[facts.id[row]];
      const spoken = columns.map((own) => wordsOf(texts[own]));
      known.set(row, phrases.every((phrase) => spoken.some((words) => words.includes(phrase))));
    }
    say("");
    return rows.filter((row) => known.get(row));
  }

  // In the order of the filter; those without a value come last, and ties are in the order of the episodes.
  function inOrder(facts, rows, sort) {
    const way = sort.startsWith("-") ? -1 : 1, name = sort.replace(/^-/, ""), column = facts[name === "agent" ? "cast" : name];
    if (!column) throw Error(`sort ${name}: there is none`);
    return rows.sort((one, other) => {
      const a = column[one], b = column[other];
      if ((a === null) !== (b === null)) return a === null ? 1 : -1;
      return a !== b && a !== null ? (a < b ? -way : way) : way * (facts.id[one] - facts.id[other]);
    });
  }

  // The rows of a run that the filter in a query lets through, in its order.
  async function rowsOf(run, query) {
    const own = new URLSearchParams(query);
    own.delete("page");
    const key = `${run.slug}?${own}`;
    if (!orders.has(key)) {
      const facts = await part(run.facts), passes = conditionOf(facts, query), text = (query.get("text") ?? "").trim();
      let rows = facts.id.map((_, row) => row).filter(passes);
      if (text) rows = await thoseWithText(run, facts, rows, text, query.get("in"));
      if (orders.size > 20) orders.clear();
      orders.set(key, inOrder(facts, rows, query.get("sort") || "id"));
    }
    return orders.get(key);
  }

  const ORDER = ["agent", "cast", "arena", "experiment", "instance", "status", "outcome", "reason", "blame", "text", "in", "flag",
    ...RANGES_OF_FILTER, "sort"];
  const LABELS = { agent: "Agent", cast: "Agents in their seats", arena: "Game", experiment: "Experiment", instance: "Instance",
    status: "Status", outcome: "Outcome", reason: "Reason", blame: "Seat to blame", text: "Said", flag: "What happened",
    score: "Score", turns: "Turns", tokens: "Tokens", seconds: "Seconds" };

  const WITHIN = { dialogue: "by anybody", said: "by players", thoughts: "in thoughts" };

  // The filter of an address as the server writes it: only what is set, always in the same order.
  function canonical(query) {
    const value = (name) => (name === "flag" ? query.getAll(name).join(",") : query.get(name) ?? "").trim();
    const kept = new URLSearchParams();
    for (const name of ORDER) {
      let own = value(name);
      if (RANGES_OF_FILTER.includes(name) && !own && (value(`min_${name}`) || value(`max_${name}`))) {
        own = `${value(`min_${name}`)}..${value(`max_${name}`)}`;
      }
      if (name === "in" && (!value("text") || own === "dialogue")) own = "";
      if (name === "sort" && own === "id") own = "";
      if (own) kept.set(name, own);
    }
    return kept;
  }

  function addressOf(run, query, page = 1) {
    const own = new URLSearchParams(query);
    own.delete("page");
    if (page > 1) own.set("page", page);
    return `#/run/${run.slug}/episodes${own.size ? `?${own}` : ""}`;
  }

  function made(name, values, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(values)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function hidden(form, name, value) {
    form.querySelector(`input[type="hidden"][name="${name}"]`)?.remove();
    if (value) form.prepend(made("input", { type: "hidden", name, value }));
  }

  function fillForm(main, query) {
    const form = main.querySelector("form.filters"), names = new Set();
    for (const field of form.querySelectorAll("input[name]:not([type=hidden]), select[name]")) {
      names.add(field.name);
      if (field.name === "in") choose(field, query.get("in") ?? "dialogue");
      else if (!field.matches("select")) field.setAttribute("value", query.get(field.name) ?? "");
    }
    for (const [name, value] of query) if (!names.has(name)) hidden(form, name, value);
    const more = form.querySelector("details.more");
    if (more) more.open = [...RANGES_OF_FILTER, "instance"].some((name) => query.get(name));
  }

  function choose(field, value) {
    for (const own of field.options) own.toggleAttribute("selected", own.value === value);
  }

  // Each choice says how many episodes it leaves of those that the rest of the filter lets through, the most frequent first.
  async function fillChoices(main, run, query) {
    const facts = await part(run.facts);
    for (const field of main.querySelectorAll("form.filters select[name]")) {
      if (field.name === "in") continue;
      const others = new URLSearchParams(query), chosen = query.get(field.name) ?? "";
      others.delete(field.name);
      const rows = await rowsOf(run, others), values = [...field.options].map((own) => own.value).filter(Boolean);
      const found = values.map((value) => [value, rows.filter(conditionOf(facts, new URLSearchParams([[field.name, value]]))).length]);
      const counts = found.filter(([, count]) => count);
      if (field.name !== "flag") counts.sort(([a, n], [b, m]) => m - n || (field.name === "reason" ? 0 : a < b ? -1 : 1));
      const told = (value) => (field.name === "reason" ? value.replace(WHOLE_REASON, "") || "none" : value);
      field.replaceChildren(field.options[0], ...counts.map(([value, count]) =>
        made("option", { value }, `${safeText(told(value))} (${count})`)));
      if (chosen && ![...field.options].some((own) => own.value === chosen)) {
        const nobody = field.name === "blame" && chosen === NO_SEAT;
        field.append(made("option", { value: chosen }, nobody ? "nobody" : safeText(told(chosen))));
      }
      choose(field, chosen);
    }
  }

  function showChips(main, run, query) {
    main.querySelector("ul.chips")?.remove();
    const list = made("ul", { class: "chips", "aria-label": "The filter" });
    for (const [name, value] of query) {
      if (name === "sort" || name === "in") continue;
      const others = new URLSearchParams(query);
      others.delete(name);
      if (name === "text") others.delete("in");
      const whole = name === "reason" && value.startsWith(WHOLE_REASON) ? value.slice(1) || "none" : value;
      const within = name === "text" ? ` (${WITHIN[query.get("in")] ?? WITHIN.dialogue})` : "";
      const text = name === "blame" && value === NO_SEAT ? "nobody" : whole + within, label = LABELS[name];
      const link = { class: "chip", href: addressOf(run, others), "aria-label": `Without ${label}: ${text}` };
      const cross = made("span", { "aria-hidden": "true" }, "×");
      list.append(made("li", {}, made("a", link, made("span", { class: "soft" }, label), ` ${safeText(text)} `, cross)));
    }
    if (list.children.length > 1) list.append(made("li", {}, made("a", { href: addressOf(run, "") }, "Remove all")));
    if (list.children.length) main.querySelector("form.filters").after(list);
  }

  // What addresses hold is shown as pages show all text: characters that could reorder or hide other text by their code.
  function safeText(text) {
    const escaped = (code) => (code < 256 ? `\\x${code.toString(16).padStart(2, "0")}`
      : code < 65536 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`);
    return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, (letter) => (letter === "\n" ? letter : escaped(letter.codePointAt(0))));
  }

  function showHeads(main, run, query) {
    const sort = query.get("sort") || "id", now = sort.replace(/^-/, "");
    for (const head of main.querySelectorAll("thead th")) {
      const link = head.querySelector("a.sort"), usual = addressOfLink(link).get("sort") || "id", name = usual.replace(/^-/, "");
      const begin = name === "id" ? "-id" : usual; // the head of the column that sorts leads the other way round
      const own = new URLSearchParams(query);
      own.set("sort", name === now ? (sort.startsWith("-") ? name : `-${name}`) : name === "id" ? "id" : begin);
      link.setAttribute("href", addressOf(run, canonical(own)));
      link.querySelector("[aria-hidden]")?.remove();
      head.removeAttribute("aria-sort");
      if (name !== now) continue;
      head.setAttribute("aria-sort", sort.startsWith("-") ? "descending" : "ascending");
      link.append(made("span", { "aria-hidden": "true" }, sort.startsWith("-") ? " ▼" : " ▲"));
    }
  }

  function addressOfLink(link) {
    return new URLSearchParams(link.getAttribute("href").split("?")[1] ?? "");
  }

  function fillPager(nav, before, after, told) {
    const first = nav.firstElementChild, last = nav.lastElementChild, keys = nav.getAttribute("aria-label") === "Pages";
    const step = (old, address, rel, key) => old.replaceWith(address
      ? made("a", { href: address, rel, ...(keys && { "data-key": key }) }, old.textContent)
      : made("span", { class: "off" }, old.textContent));
    first.nextElementSibling.textContent = told;
    step(first, before, "prev", "p");
    step(last, after, "next", "n");
  }

  function counted(number) {
    return String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  }

  // The rows of the table, each as the page of all episodes has it.
  async function elementsOf(run, rows) {
    const pages = new Map();
    for (const number of new Set(rows.map((row) => Math.floor(row / run.at_once)))) {
      const text = (await part(run.pages[number])).page;
      pages.set(number, new DOMParser().parseFromString(text, "text/html").querySelectorAll("table.list > tbody > tr"));
    }
    return rows.map((row) => pages.get(Math.floor(row / run.at_once))[row % run.at_once]);
  }

  // Returns the page of episodes that a query asks for.
  async function episodesPage(run, asked) {
    const query = canonical(asked), text = (await part(run.pages[0])).page;
    const rows = await rowsOf(run, query), total = (await part(run.facts)).id.length;
    const last = Math.max(1, Math.ceil(rows.length / run.at_once));
    const number = Math.min(last, Math.max(1, Number.parseInt(asked.get("page") ?? "1", 10) || 1));
    const begin = (number - 1) * run.at_once, shown = await elementsOf(run, rows.slice(begin, begin + run.at_once));
    const page = new DOMParser().parseFromString(text, "text/html"), main = page.querySelector("main");
    if (!main.querySelector("table.list")) return { page };
    fillForm(main, query);
    await fillChoices(main, run, query);
    showChips(main, run, query);
    showHeads(main, run, query);
    const among = rows.length === total ? "" : ` that match, of ${counted(total)} in all`;
    const told = `${counted(begin + 1)}–${counted(begin + shown.length)} of ${counted(rows.length)}${among}`;
    for (const nav of main.querySelectorAll("nav.pager")) {
      const at = (other) => (other >= 1 && other <= last ? addressOf(run, query, other) : "");
      fillPager(nav, at(number - 1), at(number + 1), told);
    }
    main.querySelector("table.list > tbody").replaceChildren(...shown);
    for (const link of main.querySelectorAll("table.list > tbody a")) withFilter(link, query);
    if (!shown.length) {
      main.querySelectorAll("nav.pager").forEach((nav) => nav.remove());
      const all = made("a", { href: addressOf(run, "") }, "show all episodes");
      main.querySelector("table.list").parentElement
        .replaceWith(made("p", {}, "No episode matches. Remove a condition above, or ", all, "."));
    }
    return { page, keep: true };
  }

  function fillWay(nav, run, query, before, after, count) {
    const step = (old, address, rel, key, text) => old.replaceWith(address
      ? made("a", { href: address, rel, "data-key": key }, ...text)
      : made("span", { class: "off" }, text.find((own) => typeof own === "string").trim()));
    step(nav.firstElementChild, before, "prev", "[ k", [made("kbd", {}, "["), " Previous"]);
    step(nav.lastElementChild, after, "next", "] j", ["Next ", made("kbd", {}, "]")]);
    const list = nav.querySelector("a[data-key='u']");
    list.setAttribute("href", addressOf(run, query));
    const filtered = [...query.keys()].some((name) => name !== "sort");
    list.textContent = filtered ? `${counted(count)} match the filter` : `all ${counted(count)} episodes`;
  }

  // Returns the page of an episode, or of what a seat saw of it, within the filter; null where there is none.
  async function episodePage(run, id, asked) {
    const facts = await part(run.facts), place = facts.id.indexOf(id);
    if (place < 0) return null;
    const own = (await part(facts.part[place]))[id], query = canonical(asked);
    const page = new DOMParser().parseFromString(own.saw[asked.get("saw")] ?? own.page, "text/html");
    const rows = await rowsOf(run, query), mine = rows.indexOf(place);
    const at = (row) => (row === undefined ? "" : `#/run/${run.slug}/episode/${facts.id[row]}${query.size ? `?${query}` : ""}`);
    const [before, after] = mine < 0 ? around(facts, rows, query, place) : [rows[mine - 1], rows[mine + 1]];
    fillWay(page.querySelector("nav.pager"), run, query, at(before), at(after), rows.length);
    if (query.get("text")) markFound(page, query.get("text"));
    for (const link of page.querySelectorAll(`.crumbs a[href="#/run/${run.slug}/episodes"]`)) withFilter(link, query);
    for (const link of page.querySelectorAll("nav.switch a")) {
      const both = new URLSearchParams(query), seat = addressOfLink(link).get("saw");
      if (seat) both.set("saw", seat);
      withFilter(link, both);
    }
    return { page };
  }

  // Marks what is searched for in the texts of a dialogue, and leads to the first turn in which it stands.
  function markFound(page, text) {
    const phrases = phrasesOf(text).map((own) => ({ words: own.trim().split(" "), begins: !own.endsWith(" ") }));
    const walker = page.createTreeWalker(page.querySelector("main"), NodeFilter.SHOW_TEXT), nodes = [];
    while (walker.nextNode()) if (walker.currentNode.parentElement.closest(".said, .call")) nodes.push(walker.currentNode);
    for (const node of nodes) markNode(page, node, phrases);
    const turn = page.querySelector("article.turn[id] mark")?.closest("article.turn").id;
    if (!turn) return;
    const told = `To what was searched for, in turn ${turn.replace("turn-", "")}`;
    page.querySelector("nav.switch").after(made("p", {}, made("a", { href: `#${turn}` }, told)));
  }

  function markNode(page, node, phrases) {
    const found = [...node.data.matchAll(/[\p{L}\p{N}\p{M}\p{Co}]+/gu)], words = found.map(([word]) => wordsOf(word).trim());
    const standsAt = ({ words: wanted, begins }, place) => wanted.every((word, step) => {
      const own = words[place + step];
      return own === word || (begins && step === wanted.length - 1 && own?.startsWith(word));
    });
    const pieces = [];
    let end = 0, place = 0;
    while (place < words.length) {
      const length = Math.max(0, ...phrases.filter((own) => standsAt(own, place)).map((own) => own.words.length));
      if (length) {
        const last = found[place + length - 1], begin = found[place].index, stop = last.index + last[0].length;
        pieces.push(node.data.slice(end, begin), made("mark", {}, node.data.slice(begin, stop)));
        end = stop;
      }
      place += length || 1;
    }
    if (pieces.length) node.replaceWith(...pieces, node.data.slice(end));
  }

  // The rows before and after one that the filter does not let through, in its order.
  function around(facts, rows, query, place) {
    const all = inOrder(facts, [...rows, place], query.get("sort") || "id"), mine = all.indexOf(place);
    return [all[mine - 1], all[mine + 1]];
  }

  function withFilter(link, query) {
    link.setAttribute("href", link.getAttribute("href").split("?")[0] + (query.size ? `?${query}` : ""));
  }

  return { canonical, episodePage, episodesPage };
}
