// The overview: tiles of all items, filtered and in order.
const watcher = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    const figures = items.get(target.dataset.code).figures.filter((figure) => !hidden(figure, target.dataset.code));
    const shown = [figures.find((figure) => figure.src && !figure.src.startsWith("data:video/")), figures.find((figure) => figure.svg)].filter(Boolean);
    target.replaceChildren(...shown.map((figure) => picture(figure, true)));
  }
}, { rootMargin: "300px" });

function matches(entry) {
  if (filter.assay !== "" && entry.assay !== Number(filter.assay)) return false;
  if (filter.search && !entry.code.includes(filter.search.toUpperCase())) return false;
  const decision = decided(entry.code)?.decision;
  if (filter.state === "pending") return !decision;
  if (filter.state === "flagged" || filter.state === "failed") return entry.status === filter.state;
  return filter.state === "all" || decision === filter.state;
}

const listed = () => index.filter(matches);
// Within an assay, items are shuffled, or those nearest to a limit or beyond it come first.
const earlier = (a, b) => a.assay - b.assay || (state.order === "doubt" ? b.doubt - a.doubt : 0) || a.place - b.place;
// Items in the order of the overview: assay by assay.
const walk = () => listed().sort(earlier);
// Items that nobody has to look at: every check passed, and no decision yet.
const clean = () => listed().filter((entry) => entry.status === "ok" && !decided(entry.code)?.decision);
const address = (entry) => (entry.page === content.page ? "" : encodeURI(content.pages[entry.page - 1])) + `#${entry.code}`;

function tile(entry) {
  const decision = decided(entry.code)?.decision;
  const item = items.get(entry.code);
  const thumb = make("div", { class: "thumb", "data-code": entry.code },
    make("span", { class: "soft small" }, item ? (item.figures.length ? "" : "no figure") : `on page ${entry.page}`));
  if (item?.figures.length) watcher.observe(thumb);
  return make("li", {}, make("a", { class: `tile decided-${decision || "none"}`, href: address(entry) }, thumb,
    make("div", { class: "told" }, make("span", { class: "code" }, entry.code),
      entry.status === "ok" ? "" : mark(entry.status), mark(decision || "pending"))));
}

function showOverview() {
  current = null;
  byId("item").hidden = true;
  byId("overview").hidden = false;
  watcher.disconnect();
  stopClock();
  const found = walk();
  const groups = content.assays.map((title, assay) => {
    const own = found.filter((entry) => entry.assay === assay);
    return own.length ? group(title, assay, own) : "";
  });
  byId("groups").replaceChildren(...groups.filter(Boolean));
  if (!found.length) byId("groups").append(make("p", { class: "empty" }, "No recording matches this filter."));
  byId("shown").textContent = `${found.length} of ${index.length} shown`;
  byId("bulk").textContent = `Accept the ${clean().length} that passed every check …`;
  byId("bulk").disabled = !clean().length;
  tell();
}

function group(title, assay, own) {
  const count = Math.min(own.length, opened[assay] ?? TILES_AT_ONCE);
  const left = own.filter((entry) => !decided(entry.code)).length;
  const section = make("section", { class: "group" },
    make("h2", {}, title, make("span", { class: "soft small" }, `${own.length} · ${left} pending`)),
    make("ul", { class: "tiles" }, ...own.slice(0, count).map(tile)));
  if (count < own.length) {
    const next = Math.min(TILES_AT_ONCE * 4, own.length - count);
    section.append(make("button", { class: "more", onclick: () => { opened[assay] = count + next; showOverview(); } }, `Show ${next} more`));
  }
  return section;
}

