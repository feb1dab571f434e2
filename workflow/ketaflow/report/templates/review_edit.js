// A picture whose shapes the reviewer drags.
const SVG = "http://www.w3.org/2000/svg";
// Smallest width and height of a shape, and of a part of a frame (pixels of the file).
const LEAST_PX = 2;
const MODES = { frame: "Lanes", row: "Rows", box: "Boxes" };
const ORIGIN_COLOURS = { found: "blue", expected: "orange", proposed: "orange", missing: "orange", given: "green" };

function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// ---- dragging

// What a part of a frame becomes when it is moved by (dx, dy).
const FRAME_PARTS = {
  move: (from, dx, dy) => ({ ...from, x: from.x + dx, y: from.y + dy, borders: from.borders.map((border) => border + dx) }),
  top: (from, dx, dy) => { const y = Math.min(from.y + dy, from.y + from.height - LEAST_PX); return { ...from, y, height: from.y + from.height - y }; },
  bottom: (from, dx, dy) => ({ ...from, height: Math.max(LEAST_PX, from.height + dy) }),
  lean: (from, dx) => ({ ...from, lean: from.lean - 2 * dx }),
  left: (from, dx) => side(from, 0, dx),
  right: (from, dx) => side(from, from.borders.length - 1, dx),
};

// Lanes of equal width stay so when a side is moved; otherwise a border moves alone.
function side(from, place, dx) {
  const borders = [...from.borders];
  const last = borders.length - 1;
  if (from.equal && (place === 0 || place === last)) {
    const room = LEAST_PX * last;
    const low = place ? from.x : Math.min(from.x + dx, from.x + from.width - room);
    const high = place ? Math.max(from.x + from.width + dx, from.x + room) : from.x + from.width;
    return { ...from, x: low, width: high - low, borders: spread(low, high, last) };
  }
  borders[place] = within(borders[place] + dx, place ? borders[place - 1] + LEAST_PX : -Infinity, place < last ? borders[place + 1] - LEAST_PX : Infinity);
  return { ...from, x: borders[0], width: borders[last] - borders[0], borders, equal: false };
}

const BOX_PARTS = {
  move: (from, dx, dy) => ({ ...from, x: from.x + dx, y: from.y + dy }),
  top: FRAME_PARTS.top,
  bottom: FRAME_PARTS.bottom,
  left: (from, dx) => { const x = Math.min(from.x + dx, from.x + from.width - LEAST_PX); return { ...from, x, width: from.x + from.width - x }; },
  right: (from, dx) => ({ ...from, width: Math.max(LEAST_PX, from.width + dx) }),
};

function moved(kind, part, from, dx, dy) {
  if (part.startsWith("border")) return side(from, Number(part.slice(6)), dx);
  return (kind === "frame" ? FRAME_PARTS : BOX_PARTS)[part](from, kind === "row" && part === "move" ? 0 : dx, dy);
}

// Shapes stay on the picture.
function bounded(kind, place, { width_px: width, height_px: height }) {
  const y = within(place.y, 0, height - LEAST_PX);
  const inside = { ...place, y, height: Math.min(place.height, height - y) };
  if (kind !== "box") return inside;
  const x = within(place.x, 0, width - LEAST_PX);
  return { ...inside, x, width: Math.min(place.width, width - x) };
}

// ---- a picture whose shapes can be corrected

class Editor {
  constructor(figure, code) {
    this.overlay = figure.overlay;
    this.shapes = this.overlay.shapes.map((shape) => shapeOf(shape, this.overlay, code));
    this.history = [];
    this.mode = this.overlay.asks ? "frame" : "";
    this.image = picture(figure, false);
    this.svg = draw("svg", { class: "overlay", viewBox: `0 0 ${this.overlay.width_px} ${this.overlay.height_px}`, preserveAspectRatio: "none", role: "group", "aria-label": "Lanes, rows and boxes" });
    this.rulers = ["across", "down"].map((way) => draw("svg", { class: `ruler ${way}`, "aria-hidden": "true" }));
    this.framed = viewer(make("div", { class: "corrected" }, this.image, this.svg), figure.title, { isImage: true, changed: () => this.show() });
    const ruled = make("div", { class: "ruled" });
    this.framed.stage.replaceWith(ruled);
    ruled.append(...this.rulers, this.framed.stage);
    this.where = make("output", { class: "small soft where" }, "");
    this.bar = make("div", { class: "viewtools edittools no-print" });
    this.element = make("div", { class: "editor" }, this.overlay.asks ? make("p", { class: "asks" }, this.overlay.asks) : "", this.bar, this.framed.element);
    this.framed.tools.append(this.where);
    this.image.addEventListener("load", () => { enlarge(this.image, ruled); this.show(); });
    new ResizeObserver(() => this.show()).observe(this.framed.stage);
    this.listen();
    this.showBar();
  }

  // Pixels of the file at a point of the screen, and how many of them a pixel of the screen is wide.
  at(event) {
    const { left, top, width, height } = this.svg.getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * this.overlay.width_px, y: ((event.clientY - top) / height) * this.overlay.height_px };
  }

  get unit() { return this.overlay.width_px / Math.max(1, this.svg.getBoundingClientRect().width); }

  listen() {
    let drag = null;
    this.svg.addEventListener("pointerdown", (event) => {
      const handle = event.target.closest("[data-drag]");
      if (!handle || event.button || !named()) return;
      event.preventDefault();
      const shape = this.shapes[Number(handle.dataset.shape)];
      const from = placeOf(shape);
      drag = { shape, part: handle.dataset.drag, from, start: this.at(event), before: state.corrections[shape.id], place: from };
      this.svg.setPointerCapture(event.pointerId);
    });
    this.svg.addEventListener("pointermove", (event) => {
      const now = this.at(event);
      this.where.textContent = `x ${Math.round(now.x)}, y ${Math.round(now.y)} px`;
      if (!drag) return;
      drag.place = bounded(drag.shape.kind, moved(drag.shape.kind, drag.part, drag.from, now.x - drag.start.x, now.y - drag.start.y), this.overlay);
      this.show({ shape: drag.shape, place: drag.place });
    });
    const end = () => {
      if (drag && drag.place !== drag.from) this.commit(drag.shape, drag.place);
      drag = null;
    };
    this.svg.addEventListener("pointerup", end);
    this.svg.addEventListener("pointercancel", () => { drag = null; this.show(); });
    this.svg.addEventListener("keydown", (event) => {
      const handle = event.target.closest("[data-drag]");
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!handle || !step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      if (!named()) return;
      const shape = this.shapes[Number(handle.dataset.shape)];
      const far = event.shiftKey ? 10 : 1;
      const place = moved(shape.kind, handle.dataset.drag, placeOf(shape), far * step[0], far * step[1]);
      this.commit(shape, bounded(shape.kind, place, this.overlay));
      this.svg.querySelector(`[data-shape="${handle.dataset.shape}"][data-drag="${handle.dataset.drag}"]`)?.focus();
    });
  }

  commit(shape, place, more) {
    this.history.push([shape.id, state.corrections[shape.id]]);
    correct(shape, place, more);
    this.show();
    this.showBar();
  }

  back() {
    const [id, before] = this.history.pop();
    if (before) state.corrections[id] = before;
    else delete state.corrections[id];
    this.changed();
  }

  changed() {
    keep();
    tellCorrections();
    this.show();
    this.showBar();
  }

  // Take back what was corrected on this picture, and with `given` also what the cohort's tables give.
  discard(given) {
    for (const shape of this.shapes) {
      if (given && givenRow(shape.id, shape.table)) correct(shape, shape.before, { removed: true });
      else delete state.corrections[shape.id];
    }
    this.history = [];
    this.changed();
  }

  confirm() {
    if (!named()) return;
    for (const shape of this.shapes) {
      if (shape.kind === "frame" && ["proposed", "missing"].includes(shape.origin) && !edited(shape)) this.commit(shape, shape.before);
    }
  }

  equalise() {
    if (!named()) return;
    for (const shape of this.shapes.filter((one) => one.kind === "frame")) {
      const place = placeOf(shape);
      this.commit(shape, { ...place, equal: true, borders: spread(place.x, place.x + place.width, place.borders.length - 1) });
    }
  }

  showBar() {
    const kinds = Object.keys(MODES).filter((kind) => this.shapes.some((shape) => shape.kind === kind));
    const button = (words, act, on = true) => (on ? make("button", { type: "button", onclick: act }, words) : "");
    const mode = (kind, words) => make("button", { type: "button", "aria-pressed": String(this.mode === kind), onclick: () => { this.mode = this.mode === kind ? "" : kind; this.show(); this.showBar(); } }, words);
    const unsure = this.shapes.some((shape) => shape.kind === "frame" && ["proposed", "missing"].includes(shape.origin) && !edited(shape));
    this.bar.replaceChildren(...[
      make("span", { class: "soft" }, "Correct:"), ...kinds.map((kind) => mode(kind, MODES[kind])),
      button("Confirm the lanes as drawn", () => this.confirm(), unsure),
      button("Equal widths", () => this.equalise(), this.mode === "frame"),
      button("Undo change", () => this.back(), this.history.length > 0),
      button("Discard changes", () => this.discard(false), this.shapes.some((shape) => state.corrections[shape.id])),
      button("Back to automatic", () => this.discard(true), this.shapes.some((shape) => givenRow(shape.id, shape.table) && !state.corrections[shape.id]?.removed)),
    ].filter(Boolean));
  }

  // ---- drawing

  show(dragged) {
    if (!this.svg.isConnected) return;
    this.scale = this.unit;
    const marks = this.overlay.marks.map((mark) => this.mark(mark));
    const shapes = this.shapes.map((shape, number) => ({ shape, number })).filter(({ shape }) => this.isShown(shape));
    // Handles of the kind being corrected lie on top.
    shapes.sort((a, b) => (a.shape.kind === this.mode) - (b.shape.kind === this.mode));
    this.svg.replaceChildren(...marks, ...shapes.map(({ shape, number }) => this.shape(shape, number, dragged?.shape === shape ? dragged.place : placeOf(shape))));
    this.showRulers();
  }

  isShown(shape) {
    if (shape.kind === this.mode) return true;
    if (shape.kind === "row") return Boolean(edited(shape)) || shape.origin === "given";
    return shape.kind !== "box" || this.mode !== "row" || !edited(shape);
  }

  text(words, x, y, colour, anchor = "start") {
    return draw("text", { x, y, fill: colour, "font-size": 12 * this.scale, "text-anchor": anchor, "dominant-baseline": "middle" }, words);
  }

  mark({ x_px: x, y_px: y, width_px: width, height_px: height, text, colour: name }) {
    const colour = content.colours[name];
    if (width || height) return draw(width && height ? "rect" : "line", width && height ? { x, y, width, height, class: "outline", stroke: colour } : { x1: x, y1: y, x2: x + width, y2: y + height, class: "outline", stroke: colour });
    const over = x + text.length * 7.3 * this.scale > this.overlay.width_px;
    return this.text(text, over ? this.overlay.width_px - 2 * this.scale : x, y, colour, over ? "end" : "start");
  }

  shape(shape, number, place) {
    const active = shape.kind === this.mode;
    const colour = content.colours[edited(shape) ? "green" : shape.colour || ORIGIN_COLOURS[shape.origin]];
    const group = draw("g", { class: `shape ${shape.kind}${active ? " active" : ""}`, "data-label": shape.label }, draw("title", {}, shape.given_by ? `${shape.label}, given by ${shape.given_by}` : shape.label));
    group.append(...(shape.kind === "frame" ? this.frame(shape, number, place, colour, active) : this.box(shape, number, place, colour, active)));
    return group;
  }

  line(x1, y1, x2, y2, colour, dashed) {
    return draw("line", { x1, y1, x2, y2, class: `outline${dashed ? " dashed" : ""}`, stroke: colour });
  }

  frame(shape, number, { y, height, lean, borders }, colour, active) {
    const [up, down] = [-lean / 2, lean / 2];
    const whole = active || shape.origin !== "found" || edited(shape);
    const tick = 8 * this.scale;
    const last = borders.length - 1;
    const lines = borders.flatMap((border, place) => (whole
      ? [this.line(border + up, y, border + down, y + height, colour, place > 0 && place < last)]
      : [this.line(border + up, y, border + up, y + tick, colour), this.line(border + down, y + height - tick, border + down, y + height, colour)]));
    if (whole) lines.push(...[[y, up], [y + height, down]].map(([at, off]) => this.line(borders[0] + off, at, borders[last] + off, at, colour)));
    const labels = shape.parts.map((part, place) => this.text(part, (borders[place] + borders[place + 1]) / 2 + up, y + 26 * this.scale, colour, "middle"));
    if (!active) return [...lines, ...labels];
    const grip = (part, words, element, value) => this.handle(element, shape, number, part, words, value);
    const sloped = (border) => ({ x1: border + up, y1: y, x2: border + down, y2: y + height });
    const knob = (cx, cy) => draw("circle", { cx, cy, r: 7 * this.scale, class: "knob", fill: colour });
    return [...lines, ...labels,
      grip("top", "upper edge", draw("line", { x1: borders[0] + up, y1: y, x2: borders[last] + up, y2: y }), y),
      grip("bottom", "lower edge", draw("line", { x1: borders[0] + down, y1: y + height, x2: borders[last] + down, y2: y + height }), y + height),
      ...borders.slice(1, -1).map((border, place) => grip(`border${place + 1}`, `border between ${shape.parts[place]} and ${shape.parts[place + 1]}`, draw("line", sloped(border)), border)),
      grip("left", "left edge", draw("line", sloped(borders[0])), borders[0]),
      grip("right", "right edge", draw("line", sloped(borders[last])), borders[last]),
      grip("lean", "lean", knob(borders[last] + up, y + 10 * this.scale), lean),
      grip("move", "whole frame", knob((borders[0] + borders[last]) / 2 + up, y + 10 * this.scale), borders[0])];
  }

  box(shape, number, { x, y, width, height }, colour, active) {
    const isRow = shape.kind === "row";
    const body = draw("rect", { x, y, width, height, class: `outline ${isRow ? "band" : ""}${shape.origin === "missing" && !edited(shape) ? " dashed" : ""}`, stroke: colour, fill: active ? colour : "none", "fill-opacity": 0.12 });
    const label = isRow ? [this.text(shape.label.replace(/^.*row of /, ""), x + width - 3 * this.scale, y - 7 * this.scale, colour, "end")] : [];
    if (!active) return [body, ...label];
    const grip = (part, words, element, value) => this.handle(element, shape, number, part, words, value);
    const edges = [
      grip("top", "upper edge", draw("line", { x1: x, y1: y, x2: x + width, y2: y }), y),
      grip("bottom", "lower edge", draw("line", { x1: x, y1: y + height, x2: x + width, y2: y + height }), y + height),
    ];
    if (!isRow) edges.push(
      grip("left", "left edge", draw("line", { x1: x, y1: y, x2: x, y2: y + height }), x),
      grip("right", "right edge", draw("line", { x1: x + width, y1: y, x2: x + width, y2: y + height }), x + width));
    return [body, grip("move", "place", draw("rect", { x, y, width, height, class: "inside" }), y), ...label, ...edges];
  }

  handle(element, shape, number, part, words, value) {
    const attributes = { "data-drag": part, "data-shape": number, tabindex: 0, role: "slider", "aria-label": `${shape.label}: ${words} (pixels)`, "aria-valuenow": tenth(value) };
    Object.entries(attributes).forEach(([name, set]) => element.setAttribute(name, set));
    element.classList.add("handle");
    return element;
  }

  showRulers() {
    const { stage, view } = this.framed;
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    const nice = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000].find((step) => step / this.scale >= 45) ?? 5000;
    const ticks = (length, offset, full) => {
      const first = Math.ceil((-offset * this.scale) / nice) * nice;
      return Array.from({ length: Math.max(0, Math.floor((Math.min((length - offset) * this.scale, full) - first) / nice) + 1) }, (_, n) => [first + n * nice, (first + n * nice) / this.scale + offset]);
    };
    const [across, down] = this.rulers;
    across.replaceChildren(...ticks(width, view.left, this.overlay.width_px).flatMap(([value, x]) => [draw("line", { x1: x, x2: x, y1: 10, y2: 15 }), draw("text", { x: x + 2, y: 10 }, String(value))]));
    down.replaceChildren(...ticks(height, view.top, this.overlay.height_px).flatMap(([value, y]) => [draw("line", { x1: 25, x2: 30, y1: y, y2: y }), draw("text", { x: 23, y: Math.max(8, y + 3), "text-anchor": "end" }, String(value))]));
  }
}
