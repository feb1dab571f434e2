// Decisions: saved in the browser, exported and imported as qc_decisions.csv.
const content = JSON.parse(document.getElementById("review-content").textContent);
const COLUMNS = ["code", "decision", "reason", "note", "reviewer", "decided_at", "item_sha256", "confidence", "time_s", "bulk"];
// What a decision holds besides the code and the reviewer.
const HELD = COLUMNS.filter((column) => !["code", "reviewer"].includes(column));
const LEVELS = ["low", "medium", "high"];
const KINDS = ["accept", "reject", "unsure"];
const STATUSES = ["ok", "flagged", "failed"];
const PREFIX = `ketaflow review ${content.cohort} `;
const STORE = PREFIX + content.content;

const index = content.index.map(([code, assay, status, sha256, page, doubt], place) => ({ code, assay, status: STATUSES[status], sha256, page, doubt, place }));
const byCode = new Map(index.map((entry) => [entry.code, entry]));
const items = new Map(content.items.map((item) => [item.code, item]));

// decisions: reviewer -> code -> the columns HELD; corrections: identity of a shape -> what it became (review_corrections.js)
const state = { reviewer: "", decisions: {}, unsaved: 0, order: "shuffled", corrections: {} };
const undone = [];

const own = () => (state.decisions[state.reviewer] ??= {});
const decided = (code) => (state.reviewer ? own()[code] : undefined);

function take(rows) {
  const result = { taken: 0, unknown: 0, changed: 0 };
  for (const row of rows) {
    const entry = byCode.get(row.code);
    if (!entry || !KINDS.includes(row.decision) || !row.reviewer) result.unknown += 1;
    else if (entry.sha256 !== row.item_sha256) result.changed += 1;
    else {
      const of = (state.decisions[row.reviewer] ??= {});
      if (!of[row.code] || of[row.code].decided_at <= row.decided_at) {
        of[row.code] = Object.fromEntries(HELD.map((column) => [column, row[column] ?? ""]));
      }
      result.taken += 1;
    }
  }
  return result;
}

function rowsOf(decisions) {
  return Object.entries(decisions).flatMap(([reviewer, of]) =>
    Object.entries(of).map(([code, what]) => ({ code, reviewer, ...what })));
}

function keep() {
  try { localStorage.setItem(STORE, JSON.stringify(state)); return true; } catch { return false; }
}

function stored(key) {
  try { return JSON.parse(localStorage.getItem(key)) ?? null; } catch { return null; }
}

// Decisions of earlier runs of this cohort are carried over where the item is still the same.
function recall() {
  const result = take(content.earlier);
  let keys = [];
  try { keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX) && key !== STORE); } catch { /* no storage */ }
  for (const before of [...keys, STORE].map(stored)) {
    if (!before) continue;
    result.changed += take(rowsOf(before.decisions ?? {})).changed;
    if (before.reviewer) state.reviewer = before.reviewer;
    if (before.order) state.order = before.order;
    takeCorrections(before.corrections ?? {});
  }
  state.unsaved = stored(STORE)?.unsaved ?? 0;
  if (keys.length && keep()) keys.forEach((key) => localStorage.removeItem(key));
  return result;
}

// Take over what another tab, or the page left a moment ago, has saved; the reviewer and the order of this tab stay.
function adopt() {
  const { reviewer, order } = state;
  Object.assign(state, stored(STORE) ?? {}, { reviewer, order });
}

const EMPTY = Object.fromEntries(HELD.map((column) => [column, ""]));

function put(code, change) {
  const before = own()[code];
  own()[code] = { ...EMPTY, ...before, ...change, decided_at: new Date().toISOString(), item_sha256: byCode.get(code).sha256 };
  state.unsaved += 1;
  return { code, before };
}

// A correction that was saved and is in the cohort's tables by now is done with.
function takeCorrections(corrections) {
  for (const [id, one] of Object.entries(corrections)) {
    const table = content.tables.find(({ table: name }) => name === one.table);
    const isKnown = table && Object.values(one.cells).some((cell) => byCode.has(cell));
    const inCohort = table?.rows.some((row) => JSON.stringify([one.table, ...table.key.map((column) => row[table.columns.indexOf(column)])]) === id);
    if (isKnown && !(one.saved && inCohort !== Boolean(one.removed))) state.corrections[id] = one;
  }
}

function decide(code, change) {
  undone.push({ reviewer: state.reviewer, changes: [put(code, change)] });
  return keep();
}

// One decision for each of these items, all of them undone together.
function acceptAll(entries) {
  undone.push({ reviewer: state.reviewer, changes: entries.map(({ code }) => put(code, { decision: "accept", bulk: "yes" })) });
  return keep();
}

function undo() {
  const last = undone.pop();
  if (!last) return null;
  const of = state.decisions[last.reviewer];
  for (const { code, before } of last.changes) {
    if (before) of[code] = before;
    else delete of[code];
    state.unsaved += 1;
  }
  keep();
  return last.changes.length === 1 ? last.changes[0].code : "";
}

// Time an item was on a visible page, by reviewer and code (milliseconds), earlier visits included.
const looked = new Map();
let opening = null;

function lookedAt(code) {
  const key = `${state.reviewer} ${code}`;
  if (!looked.has(key)) looked.set(key, 1000 * (Number(decided(code)?.time_s) || 0));
  return key;
}

function startClock(code) {
  stopClock();
  if (!document.hidden) opening = { key: lookedAt(code), since: performance.now() };
}

function stopClock() {
  if (opening) looked.set(opening.key, looked.get(opening.key) + performance.now() - opening.since);
  opening = null;
}

function seconds(code) {
  startClock(code);
  return (looked.get(lookedAt(code)) / 1000).toFixed(1);
}

// An apostrophe turns a cell that a spreadsheet would run as a formula into plain text.
const guarded = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const unguarded = (text) => (/^'[=+\-@\t\r]/.test(text) ? text.slice(1) : text);
const quoted = (text) => (/[",;\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function toCsv() {
  const rows = rowsOf(state.decisions).filter((row) => KINDS.includes(row.decision));
  rows.sort((a, b) => byCode.get(a.code).place - byCode.get(b.code).place || (a.reviewer < b.reviewer ? -1 : 1));
  const lines = rows.map((row) => COLUMNS.map((column) => quoted(guarded(String(row[column] ?? "")))).join(","));
  return { text: `\ufeff${[COLUMNS.join(","), ...lines].join("\r\n")}\r\n`, count: rows.length };
}

// Rows of a table as objects, by the names in its header.
function tableOf(text) {
  const plain = text.replace(/^\ufeff/, "");
  const header = plain.split(/\r?\n/, 1)[0];
  const mark = [",", ";", "\t"].reduce((best, one) => (header.split(one).length > header.split(best).length ? one : best));
  const table = cells(plain, mark);
  const names = (table.shift() ?? []).map((name) => name.trim());
  const filled = table.filter((row) => row.some((cell) => cell !== ""));
  return { names, rows: filled.map((row) => Object.fromEntries(names.map((name, place) => [name, unguarded(row[place] ?? "")]))) };
}

function fromCsv(text) {
  const { names, rows } = tableOf(text);
  const missing = ["code", "decision", "reviewer", "item_sha256"].filter((name) => !names.includes(name));
  if (missing.length) throw new Error(`The file has no column ${missing.join(", ")}; choose a file this page exported.`);
  return rows.map((row) => Object.fromEntries(COLUMNS.map((name) => [name, row[name] ?? ""])));
}

function cells(text, mark) {
  const rows = [[]];
  let cell = "", inside = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (inside) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') { cell += '"'; at += 1; }
      else inside = false;
    } else if (letter === '"' && cell === "") inside = true;
    else if (letter === mark) { rows.at(-1).push(cell); cell = ""; }
    else if (letter === "\n") { rows.at(-1).push(cell); cell = ""; rows.push([]); }
    else if (letter !== "\r") cell += letter;
  }
  if (cell !== "" || rows.at(-1).length) rows.at(-1).push(cell);
  return rows;
}

function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  // Some browsers start no download from a link outside the document.
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
