// The episodes of a run in a report: the filter in the address, as the server has it (EpisodeFilter), over columns of facts.
"use strict";

function episodeTable(part, say) { // part: returns a part of the report by its number; say: tells how far it is
  const EXACT = ["arena", "experiment", "instance", "status", "outcome", "cast"];
  const RANGES_OF_FILTER = ["score", "turns", "tokens", "seconds"];
  const ANYTHING = "…", NO_SEAT = "-", WHOLE_REASON = "=";
  const orders = new Map(); // rows by run and filter, in order

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

  async function thoseWithText(facts, rows, text, within) {
    const phrases = phrasesOf(text), columns = { said: ["said"], thoughts: ["thought"] }[within] ?? ["asked", "said"];
    const found = [];
    let told = performance.now();
    for (const [place, row] of rows.entries()) {
      if (performance.now() - told > 300) {
        told = performance.now();
        say(`looking through the dialogues: ${place} of ${rows.length}`);
        await new Promise((resume) => setTimeout(resume));
      }
      const texts = (await part(facts.part[row]))[facts.id[row]];
      const spoken = columns.map((name) => wordsOf(texts[name]));
      if (phrases.every((phrase) => spoken.some((words) => words.includes(phrase)))) found.push(row);
    }
    say("");
    return found;
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
      if (text) rows = await thoseWithText(facts, rows, text, query.get("in"));
      if (orders.size > 20) orders.clear();
      orders.set(key, inOrder(facts, rows, query.get("sort") || "id"));
    }
    return orders.get(key);
  }

  return { rowsOf };
}
