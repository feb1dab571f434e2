// Corrections: the rows of the cohort's tables that shapes on a picture become; saved, and imported again.
const tables = new Map(content.tables.map(({ table, columns, key, rows }) =>
  [table, { columns, key, rows: rows.map((row) => Object.fromEntries(columns.map((column, place) => [column, row[place]]))) }]));
const identity = (table, cells) => JSON.stringify([table, ...(tables.get(table)?.key ?? []).map((column) => cells[column] ?? "")]);
const givenRow = (id, table) => tables.get(table)?.rows.find((row) => identity(table, row) === id);
const tenth = (value) => Number(value.toFixed(1));
const spread = (low, high, parts) => Array.from({ length: parts + 1 }, (_, place) => low + ((high - low) * place) / parts);

// ---- shapes and their rows

// A shape as the page edits it; `place` is where it is now.
function shapeOf(given, overlay, code) {
  const cells = { [overlay.picture_column]: code, ...Object.fromEntries(given.keys.map(({ column, value }) => [column, value])) };
  const id = identity(given.table, cells);
  const row = givenRow(id, given.table);
  const equal = ["proposed", "missing"].includes(given.origin) || Boolean(row && "borders_px" in row && !row.borders_px);
  const before = { x: given.x_px, y: given.y_px, width: given.width_px, height: given.height_px, lean: given.lean_px, borders: [...given.borders_px], equal };
  return { ...given, id, cells, before };
}

const edited = (shape) => (state.corrections[shape.id]?.removed ? undefined : state.corrections[shape.id]);
const placeOf = (shape) => edited(shape)?.place ?? shape.before;

function rowOf({ kind, table, cells, place, by, date }) {
  const { x, y, width, height, lean, borders, equal } = place;
  const values = {
    frame: () => ({ left_px: tenth(x), right_px: tenth(x + width), top_px: tenth(y), bottom_px: tenth(y + height), lean_px: tenth(lean), borders_px: equal ? "" : borders.map(tenth).join(" ") }),
    row: () => ({ top_px: tenth(y), bottom_px: tenth(y + height) }),
    box: () => ({ x_px: tenth(x), y_px: tenth(y), width_px: tenth(width), height_px: tenth(height) }),
  }[kind]();
  return { ...cells, ...values, by, date, table };
}

function correct(shape, place, more = {}) {
  const { kind, table, cells, label } = shape;
  state.corrections[shape.id] = { kind, table, cells, label, place, by: state.reviewer, date: new Date().toISOString().slice(0, 10), saved: false, ...more };
  if (!keep()) warn("This browser cannot save your corrections: save their tables before you close the page.");
  tellCorrections();
}

// All rows of a table: those of the cohort, with what was corrected or taken back on this page.
function correctedRows(table) {
  const own = Object.entries(state.corrections).filter(([, one]) => one.table === table);
  const changed = new Set(own.map(([id]) => id));
  return [...tables.get(table).rows.filter((row) => !changed.has(identity(table, row))), ...own.filter(([, one]) => !one.removed).map(([, one]) => rowOf(one))];
}

function tableText(table) {
  const { columns } = tables.get(table);
  const lines = correctedRows(table).map((row) => columns.map((column) => quoted(guarded(String(row[column] ?? "")))).join(","));
  return `\ufeff${[columns.join(","), ...lines].join("\r\n")}\r\n`;
}

// ---- saving and importing the tables

// The place that a row of a saved table gives a shape; undefined where a number is missing.
function placeFrom({ kind, before }, row) {
  const number = (column, otherwise) => (row[column] ? Number(row[column]) : otherwise);
  const [top, bottom] = [number("top_px", before.y), number("bottom_px", before.y + before.height)];
  const parts = before.borders.length - 1;
  const given = (row.borders_px ?? "").split(" ").filter(Boolean).map(Number);
  const [left, right] = [number("left_px"), number("right_px")];
  const place = {
    frame: () => ({ x: left, width: right - left, y: top, height: bottom - top, lean: number("lean_px", 0), equal: !given.length, borders: given.length ? given : spread(left, right, parts) }),
    row: () => ({ ...before, y: top, height: bottom - top }),
    box: () => ({ ...before, x: number("x_px"), y: number("y_px"), width: number("width_px"), height: number("height_px") }),
  }[kind]();
  const numbers = [place.x, place.y, place.width, place.height, ...place.borders];
  return numbers.every(Number.isFinite) && place.borders.length === before.borders.length ? place : undefined;
}

// Take the corrections of a saved table; rows that are in the cohort's table already stay as they are there.
function takeTable(table, text) {
  const shapes = new Map([...items.values()].flatMap((item) => item.figures.filter((figure) => figure.overlay)
    .flatMap(({ overlay }) => overlay.shapes.map((shape) => shapeOf(shape, overlay, item.code)))).map((shape) => [shape.id, shape]));
  const result = { taken: 0, unknown: 0 };
  for (const row of tableOf(text).rows) {
    const id = identity(table, row);
    const shape = shapes.get(id);
    const place = shape && placeFrom(shape, row);
    const known = givenRow(id, table);
    if (known && Object.entries(known).every(([column, value]) => (row[column] ?? "") === value)) continue;
    if (!place) { result.unknown += 1; continue; }
    const { kind, cells, label } = shape;
    state.corrections[id] = { kind, table, cells, label, place, by: row.by, date: row.date, saved: true };
    result.taken += 1;
  }
  return result;
}

const tableNamed = (file) => [...tables.keys()].find((table) => file.name.startsWith(table));

const unsavedCorrections = () => Object.values(state.corrections).filter((one) => !one.saved).length;

function tellCorrections() {
  const count = Object.keys(state.corrections).length;
  byId("corrections").hidden = !count;
  byId("uncorrected").textContent = unsavedCorrections() ? `${unsavedCorrections()} new` : "";
}

function showCorrections() {
  const changed = [...tables.keys()].filter((table) => Object.values(state.corrections).some((one) => one.table === table));
  const described = (one) => `${Object.values(one.cells)[0]}: ${one.label}${one.removed ? ", back to automatic" : ""}, by ${one.by}`;
  byId("changed-tables").replaceChildren(...changed.map((table) => make("section", {},
    make("h3", {}, make("code", {}, `${table}.csv`)),
    make("ul", { class: "small" }, ...Object.values(state.corrections).filter((one) => one.table === table).map((one) => make("li", {}, described(one)))),
    make("button", { type: "button", onclick: () => saveTable(table) }, `Save ${table}.csv`))));
  byId("corrections-dialog").showModal();
}

function saveTable(table) {
  download(`${table}.csv`, tableText(table));
  Object.values(state.corrections).filter((one) => one.table === table).forEach((one) => { one.saved = true; });
  keep();
  tellCorrections();
}
