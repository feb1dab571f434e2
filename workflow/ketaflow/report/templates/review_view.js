// The view of the review, and its keys and buttons.
const TILES_AT_ONCE = 60;
const SIGNS = { accept: "✓", reject: "✕", unsure: "?", pass: "✓", warn: "!", fail: "✕", ok: "✓", flagged: "!", failed: "✕", pending: "·" };
const STATES = ["all", "pending", "flagged", "failed", "accept", "reject", "unsure"];
const STATE_WORDS = { all: "all", pending: "pending", flagged: "flagged", failed: "failed", accept: "accepted", reject: "rejected", unsure: "unsure" };
const byId = (id) => document.getElementById(id);
const filter = { state: "all", assay: "", search: "" };
const opened = {};
let current = null;
let moving = false;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== ""));
  return element;
}

function mark(kind, word) {
  return make("span", { class: `mark ${kind}` }, make("span", { "aria-hidden": "true" }, SIGNS[kind]), word ?? STATE_WORDS[kind] ?? kind);
}

// A figure lies in a shadow tree, so that its styles and names do not affect the rest of the page.
const DARK = "@media (prefers-color-scheme:dark){[stroke='#0072b2']{stroke:#4aa8e8}[fill='#0072b2']{fill:#4aa8e8}" +
  "[stroke='#d55e00']{stroke:#ff8a3c}[fill='#d55e00']{fill:#ff8a3c}[stroke='#009e73']{stroke:#2cc79b}[fill='#009e73']{fill:#2cc79b}}";

// Small images are enlarged, so that details can be judged.
function enlarge(image, stage) {
  const { naturalWidth: width, naturalHeight: height } = image;
  const times = Math.max(1, Math.min(4, 640 / width, 480 / height));
  stage.style.maxWidth = `${Math.round(width * times)}px`;
}

const nameOf = (figure) => `${figure.title}${/[.?!]$/.test(figure.title) || !figure.caption ? "" : "."} ${figure.caption}`.trim();

function picture(figure, thumb) {
  if (figure.src) return make("img", { src: figure.src, alt: thumb ? "" : nameOf(figure), loading: "lazy", decoding: "async", draggable: "false" });
  const holder = make("div", { class: figure.svg.includes("currentColor") ? "picture" : "picture white", "aria-hidden": thumb ? "true" : null });
  const parsed = new DOMParser().parseFromString(figure.svg, "image/svg+xml").documentElement;
  if (parsed.nodeName !== "svg") return make("p", { class: "soft small" }, "This figure cannot be displayed.");
  holder.fittingWidth = (parsed.viewBox.baseVal?.width || 640) * 1.3;
  const size = thumb ? "svg{width:100%;height:100%!important;display:block}text{display:none}" : "svg{width:100%;max-width:none!important;height:auto;display:block}";
  // A chart fills its tile; a photograph keeps its proportions.
  if (thumb && !parsed.querySelector("image")) parsed.setAttribute("preserveAspectRatio", "none");
  const root = holder.attachShadow({ mode: "open" });
  root.append(make("style", {}, size + DARK), document.adoptNode(parsed));
  return holder;
}

// A film, where the browser can play it.
function film(figure) {
  const shown = make("video", { src: figure.src, controls: true, loop: true, playsinline: true, preload: "metadata", "aria-label": figure.title });
  shown.muted = true;
  shown.addEventListener("error", () => shown.replaceWith(make("p", { class: "soft small" }, "This browser cannot play the film.")));
  return shown;
}

// A picture that can be zoomed.
function zoomable(figure, code) {
  if (figure.withheld) return make("p", { class: "soft small" }, figure.withheld);
  if (figure.src.startsWith("data:video/")) return film(figure);
  if (figure.overlay) return new Editor(figure, code).element;
  const shown = picture(figure, false);
  const framed = viewer(shown, figure.title, { isImage: Boolean(figure.src) || figure.svg.includes("<image") });
  if (shown.fittingWidth) framed.stage.style.maxWidth = `${Math.round(shown.fittingWidth)}px`;
  if (figure.src) shown.addEventListener("load", () => enlarge(shown, framed.stage));
  return framed.element;
}

// ---- one item

const number = (value) => (value == null ? "" : String(Number(value.toPrecision(3))));

function limits({ low, high }) {
  if (low != null && high != null) return `${number(low)} to ${number(high)}`;
  if (low != null) return `at least ${number(low)}`;
  return high != null ? `at most ${number(high)}` : "";
}

function checkRow(check) {
  const allowed = limits(check);
  const withUnit = (words) => `${words} ${check.unit}`.trim();
  return make("li", { class: check.verdict }, make("span", {}, check.check, check.place ? make("span", { class: "soft" }, ` · ${check.place}`) : ""),
    mark(check.verdict),
    check.value == null && !allowed ? "" : make("span", { class: "limits" }, make("b", {}, check.value == null ? "no value" : withUnit(number(check.value))),
      allowed ? make("span", {}, ` limit: ${withUnit(allowed)}`) : ""),
    check.message ? make("span", { class: "message" }, check.message) : "");
}

function checksOf(item) {
  const flagged = item.checks.filter((check) => check.verdict !== "pass").sort((a, b) => a.verdict.localeCompare(b.verdict));
  const passed = item.checks.filter((check) => check.verdict === "pass");
  return make("div", { class: "checks" }, make("h3", {}, flagged.length ? `Checks that did not pass: ${flagged.length}` : "All checks passed"),
    make("ul", {}, ...flagged.map(checkRow)),
    passed.length ? make("details", { open: !flagged.length && passed.length < 8 }, make("summary", {}, `${passed.length} passed`), make("ul", {}, ...passed.map(checkRow))) : "");
}

// The measured outcome must not sway the decision on the recording.
function hidden(figure, code) {
  return content.hide_outcome && figure.outcome && !decided(code)?.decision;
}

// A caption with each colour that it names drawn beside the word.
const COLOUR_WORDS = new RegExp(`\\b(${Object.keys(content.colours).join("|")})\\b`, "gi");

function captionOf(figure) {
  const parts = `${/[.?!]$/.test(figure.title) || !figure.caption ? "" : "."} ${figure.caption}`.split(COLOUR_WORDS);
  const swatch = (word) => make("span", { class: "colour" },
    make("i", { class: `swatch${figure.svg ? " drawn" : ""}`, "data-colour": word.toLowerCase(), style: `--swatch:${content.colours[word.toLowerCase()]}`, "aria-hidden": "true" }), word);
  return make("figcaption", {}, make("b", {}, figure.title), ...parts.map((part, place) => (place % 2 ? swatch(part) : part)));
}

function figureOf(figure, code) {
  if (hidden(figure, code)) return make("p", { class: "soft small withheld" }, "A figure of the measured outcome is shown once you have decided.");
  return make("figure", {}, zoomable(figure, code), captionOf(figure));
}

function verbs(code) {
  const chosen = decided(code)?.decision;
  return make("div", { class: "verbs", role: "group", "aria-label": "Decision" }, ...KINDS.map((kind) =>
    make("button", { class: kind, "aria-pressed": String(chosen === kind), onclick: () => judge(kind, false) },
      kind[0].toUpperCase() + kind.slice(1), " ", make("kbd", {}, kind[0].toUpperCase()))));
}

function reasons(code) {
  const chosen = decided(code);
  const named = new Set((chosen?.reason ?? "").split("; ").filter(Boolean));
  return make("fieldset", { class: "reasons", hidden: !["reject", "unsure"].includes(chosen?.decision) }, make("legend", {}, "Reason"),
    ...content.reasons.map((reason, place) => make("label", {},
      make("input", { type: "checkbox", value: reason, checked: named.has(reason), onchange: () => noteReasons(code) }), make("span", {}, reason, " ", make("kbd", {}, String(place + 1))))));
}

function confidence(code) {
  const chosen = decided(code);
  return make("fieldset", { class: "confidence", hidden: !chosen?.decision }, make("legend", {}, "Confidence ", make("kbd", {}, "C")),
    ...LEVELS.map((level) => make("label", {},
      make("input", { type: "radio", name: "confidence", value: level, checked: chosen?.confidence === level, onchange: () => sure(code, level) }), make("span", {}, level))));
}

function headerOf(entry) {
  const around = walk();
  const place = around.findIndex((other) => other.code === entry.code);
  return make("header", {}, make("h2", { tabindex: "-1" }, make("span", { class: "code" }, entry.code)), make("span", { class: "soft" }, content.assays[entry.assay]),
    mark(entry.status), place >= 0 ? make("span", { class: "soft small" }, `${place + 1} of ${around.length}`) : "",
    make("div", { class: "steps no-print" },
      make("button", { onclick: () => step(-1), disabled: place <= 0 }, "← Previous"),
      make("button", { onclick: () => step(1), disabled: place < 0 || place >= around.length - 1 }, "Next →"),
      make("button", { onclick: () => go("") }, "Overview ", make("kbd", {}, "O"))));
}

function judgeOf(entry, item) {
  return make("aside", { class: "judge", "aria-label": "Decision" },
    item.reason && !item.checks.some((check) => item.reason.includes(check.message) && check.message) ? make("p", { class: "why" }, item.reason) : "",
    verbs(entry.code), confidence(entry.code), reasons(entry.code),
    make("label", { class: "field", for: "note" }, "Note ", make("kbd", {}, "N")),
    make("textarea", { id: "note", maxlength: "1000", onchange: (event) => noted(entry.code, event.target.value) }, decided(entry.code)?.note ?? ""),
    checksOf(item));
}

// What is shown of a figure: withheld until the decision, then shown.
const shownNow = (item) => item.figures.map((figure) => (hidden(figure, item.code) ? "0" : "1")).join("");

function picturesOf(item) {
  return make("div", { class: "pictures", "data-shown": shownNow(item) },
    ...(item.figures.length ? item.figures.map((figure) => figureOf(figure, item.code)) : [make("p", { class: "soft" }, "This recording has no figure.")]));
}

// A picture that is zoomed or corrected stays as it is while its item is judged.
function showItem(entry) {
  const place = byId("item");
  const item = items.get(entry.code);
  const same = current?.code === entry.code && !place.hidden && place.querySelector(".pictures");
  const kept = same && same.dataset.shown === shownNow(item) ? same : picturesOf(item);
  current = entry;
  startClock(entry.code);
  byId("overview").hidden = true;
  place.hidden = false;
  const [header, judged] = [headerOf(entry), judgeOf(entry, item)];
  if (kept === same) {
    place.querySelector("header").replaceWith(header);
    place.querySelector(".judge").replaceWith(judged);
  } else place.replaceChildren(header, kept, judged);
  tell();
}

// ---- what the reviewer does

function named() {
  if (state.reviewer) return true;
  warn("Enter your initials first; they are saved with each decision.");
  byId("reviewer").focus();
  return false;
}

function saveNote() {
  const note = byId("note");
  if (current && note && state.reviewer && note.value !== (decided(current.code)?.note ?? "")) decide(current.code, { note: note.value });
}

function judge(decision, moveOn) {
  if (!current || !named()) return;
  saveNote();
  const kept = decide(current.code, { decision, bulk: "", time_s: seconds(current.code), reason: decision === "accept" ? "" : decided(current.code)?.reason ?? "" });
  if (!kept) warn("This browser cannot save your decisions: export them before you close the page.");
  if (moveOn && decision === "accept") step(1, true);
  else refresh();
}

function noteReasons(code) {
  if (!named()) return;
  const chosen = [...document.querySelectorAll(".reasons input:checked")].map((box) => box.value);
  decide(code, { reason: chosen.join("; ") });
  tell();
}

function sure(code, confidence) {
  if (named()) decide(code, { confidence });
  refresh();
}

function acceptClean() {
  if (!named()) return;
  const found = clean();
  byId("bulk-count").textContent = found.length === 1 ? "1 recording that passed every check has" : `${found.length} recordings that passed every check have`;
  byId("bulk-dialog").showModal();
}

function acceptedClean() {
  const found = clean();
  if (!acceptAll(found)) warn("This browser cannot save your decisions: export them before you close the page.");
  else warn(`${found.length} accepted together; undo takes all of them back.`);
  refresh();
}

function noted(code, note) {
  if (named()) decide(code, { note });
  tell();
}

function step(by, stay) {
  saveNote();
  const around = walk();
  const at = around.findIndex((entry) => entry.code === current?.code);
  const next = at >= 0 ? around[at + by] : around.find((entry) => current && earlier(entry, current) > 0);
  if (next) go(next.code);
  else if (stay) refresh();
}

function nextPending() {
  const pending = index.filter((entry) => !decided(entry.code)?.decision).sort(earlier);
  const next = pending.find((entry) => current && earlier(entry, current) > 0) ?? pending[0];
  if (next) go(next.code);
  else warn("Every recording has a decision. Export the decisions.");
}

function go(code) {
  const entry = byCode.get(code);
  if (entry && entry.page !== content.page) { moving = true; location.href = address(entry); }
  else if (entry) location.hash = code;
  else { saveNote(); history.pushState(null, "", location.pathname + location.search); route(); }
}

function route() {
  const entry = byCode.get(decodeURIComponent(location.hash.slice(1)));
  if (entry && items.has(entry.code)) {
    showItem(entry);
    scrollTo(0, 0);
    byId("item").querySelector("h2").focus({ preventScroll: true });
  } else if (entry) location.replace(address(entry));
  else showOverview();
}

const refresh = () => (current ? showItem(current) : showOverview());

function warn(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

function tell() {
  const counts = { accept: 0, reject: 0, unsure: 0 };
  for (const entry of index) {
    const decision = decided(entry.code)?.decision;
    if (decision) counts[decision] += 1;
  }
  const done = counts.accept + counts.reject + counts.unsure;
  const counted = `${done} of ${index.length} decided: ${counts.accept} accepted, ${counts.reject} rejected, ${counts.unsure} unsure`;
  byId("counts").textContent = counted;
  byId("unsaved").textContent = state.unsaved ? `${state.unsaved} new` : "";
  byId("meter").setAttribute("aria-label", counted);
  byId("meter").replaceChildren(...KINDS.map((kind) => make("span", { class: kind, style: `width:${(100 * counts[kind]) / Math.max(1, index.length)}%` })));
  byId("undo").disabled = !undone.length;
  tellCorrections();
}

function exportDecisions() {
  saveNote();
  const { text, count } = toCsv();
  if (!count) return warn("There are no decisions to export yet.");
  download("qc_decisions.csv", text);
  state.unsaved = 0;
  keep();
  warn(`${count} decisions exported. Put qc_decisions.csv into the cohort folder and run again.`);
  tell();
}

async function importDecisions(file) {
  try {
    const table = tableNamed(file);
    if (table) {
      const { taken, unknown } = takeTable(table, await file.text());
      warn(`${taken} corrections imported${unknown ? `; ${unknown} ignored (not on this page, or without a number)` : ""}.`);
      keep();
      byId("item").replaceChildren();
      return refresh();
    }
    const result = take(fromCsv(await file.text()));
    const left = [result.unknown && `${result.unknown} ignored (unknown code)`, result.changed && `${result.changed} ignored (the recording has changed since)`];
    warn([`${result.taken} decisions imported`, ...left.filter(Boolean)].join("; ") + ".");
    if (!state.reviewer) setReviewer(Object.keys(state.decisions)[0] ?? "");
    keep();
    return refresh();
  } catch (error) { return warn(error.message); }
}

function setReviewer(name) {
  state.reviewer = name.trim();
  byId("reviewer").value = state.reviewer;
  keep();
}

// Another tab has saved: show it, but never redraw a field in which somebody types.
function follow() {
  adopt();
  if (document.activeElement?.matches("textarea, input:not([type=radio]):not([type=checkbox])")) tell();
  else refresh();
}

function undoLast() {
  const code = undo();
  if (code && current && code !== current.code) go(code);
  else if (code !== null) refresh();
}

// ---- wiring

const KEYS = {
  a: () => judge("accept", true), r: () => judge("reject", true), u: () => judge("unsure", true),
  ArrowRight: () => (current ? step(1) : nextPending()), ArrowLeft: () => current && step(-1),
  n: () => byId("note")?.focus(), z: undoLast, o: () => go(""), Escape: () => current && go(""), p: nextPending, s: exportDecisions,
  c: () => current && decided(current.code)?.decision && sure(current.code, LEVELS[(LEVELS.indexOf(decided(current.code).confidence) + 1) % LEVELS.length]),
  "?": () => byId("guide").showModal(),
};

function onKey(event) {
  const typing = event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, dialog");
  if (event.key === "Escape" && event.target.closest("textarea")) return event.target.blur();
  if (typing || event.altKey || ((event.ctrlKey || event.metaKey) && !["s", "z"].includes(event.key))) return undefined;
  const box = /^[1-9]$/.test(event.key) && document.querySelectorAll(".reasons:not([hidden]) input")[Number(event.key) - 1];
  const action = box ? () => box.click() : KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return undefined;
  event.preventDefault();
  return action();
}

function start() {
  const result = recall();
  byId("reviewer").value = state.reviewer;
  byId("states").append(...STATES.map((name) => make("label", {},
    make("input", { type: "radio", name: "state", value: name, checked: name === "all", onchange: () => { filter.state = name; showOverview(); } }), make("span", {}, STATE_WORDS[name]))));
  byId("assay").append(make("option", { value: "" }, "all"), ...content.assays.map((title, place) => make("option", { value: place }, title)));
  byId("assay").addEventListener("change", (event) => { filter.assay = event.target.value; showOverview(); });
  byId("search").addEventListener("input", (event) => { filter.search = event.target.value.trim(); showOverview(); });
  byId("reviewer").addEventListener("change", (event) => { setReviewer(event.target.value); warn(""); refresh(); });
  byId("undo").addEventListener("click", undoLast);
  byId("export").addEventListener("click", exportDecisions);
  byId("import").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", (event) => { if (event.target.files[0]) importDecisions(event.target.files[0]); event.target.value = ""; });
  byId("help").addEventListener("click", KEYS["?"]);
  byId("corrections").addEventListener("click", showCorrections);
  byId("bulk").addEventListener("click", acceptClean);
  byId("bulk-accept").addEventListener("click", acceptedClean);
  byId("order").value = state.order;
  byId("order").addEventListener("change", (event) => { state.order = event.target.value; keep(); showOverview(); });
  document.addEventListener("keydown", onKey);
  document.addEventListener("visibilitychange", () => (document.hidden || !current ? stopClock() : startClock(current.code)));
  addEventListener("hashchange", route);
  addEventListener("popstate", route);
  addEventListener("beforeunload", (event) => { saveNote(); if ((state.unsaved || unsavedCorrections()) && !moving) event.preventDefault(); });
  addEventListener("storage", (event) => { if (event.key === STORE) follow(); });
  addEventListener("pageshow", (event) => { moving = false; if (event.persisted) follow(); });
  byId("groups").addEventListener("click", (event) => { moving = Boolean(event.target.closest("a:not([href^='#'])")); });
  if (result.changed) warn(`${result.changed} earlier decisions no longer count: the recordings or their measurements have changed since.`);
  route();
}

start();
