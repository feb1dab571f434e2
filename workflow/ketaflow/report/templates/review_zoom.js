// Zoom, pan and brightness of the pictures on the page; `viewer` puts a picture into a frame with its tools.
const MOST_ZOOM = 16;
const ZOOM_STEP = 1.25;
const PAN_PX = 60;
// From this zoom on, pixels of an image are shown as squares.
const PIXELS_FROM = 3;
// The wheel zooms a picture only if the pointer was moved on to it since the page last scrolled (px).
const MEANT_PX = 2;

let scrolled = true;
addEventListener("scroll", () => { scrolled = true; }, { passive: true });
addEventListener("pointermove", (event) => {
  if (Math.abs(event.movementX) + Math.abs(event.movementY) >= MEANT_PX) scrolled = false;
}, { passive: true });

const within = (value, low, high) => Math.min(high, Math.max(low, value));

// The place and size of a picture in its frame: `times` its fitting size, moved by left and top (px).
class View {
  constructor(stage, layer, changed) {
    Object.assign(this, { stage, layer, changed, times: 1, left: 0, top: 0 });
  }

  fit() {
    Object.assign(this, { times: 1, left: 0, top: 0 });
    this.show();
  }

  // Zoom so that the point under (x, y) of the stage stays where it is.
  zoom(factor, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    const times = within(this.times * factor, 1, MOST_ZOOM);
    const ratio = times / this.times;
    if (this.times === 1) this.stage.style.height = `${this.stage.clientHeight}px`;
    Object.assign(this, { times, left: x - (x - this.left) * ratio, top: y - (y - this.top) * ratio });
    this.show();
  }

  pan(x, y) {
    this.left += x;
    this.top += y;
    this.show();
  }

  show() {
    const { stage, layer, times } = this;
    if (times === 1) stage.style.height = "";
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    this.left = within(this.left, width * (1 - times), 0);
    this.top = within(this.top, height * (1 - times), 0);
    layer.style.width = `${100 * times}%`;
    layer.style.transform = times === 1 ? "" : `translate(${this.left}px, ${this.top}px)`;
    stage.classList.toggle("zoomed", times > 1);
    stage.classList.toggle("squares", times >= PIXELS_FROM);
    this.changed(this);
  }
}

function zoomByWheel(view) {
  view.stage.addEventListener("wheel", (event) => {
    const closer = event.deltaY < 0;
    if (!event.deltaY || (!closer && view.times === 1) || (scrolled && !event.ctrlKey && view.times === 1)) return;
    event.preventDefault();
    const { left, top } = view.stage.getBoundingClientRect();
    view.zoom(closer ? ZOOM_STEP : 1 / ZOOM_STEP, event.clientX - left, event.clientY - top);
  }, { passive: false });
}

// One finger or the mouse moves a zoomed picture; two fingers zoom it.
function zoomByPointers(view) {
  const { stage } = view;
  const down = new Map();
  const gap = () => { const [a, b] = [...down.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("[data-drag]")) return;
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (down.size === 2 || view.times > 1) stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    const from = down.get(event.pointerId);
    if (!from) return;
    const before = down.size === 2 ? gap() : 0;
    const [x, y] = [event.clientX - from.x, event.clientY - from.y];
    Object.assign(from, { x: event.clientX, y: event.clientY });
    if (down.size === 2) {
      const { left, top } = stage.getBoundingClientRect();
      const [a, b] = [...down.values()];
      if (before > 0) view.zoom(gap() / before, (a.x + b.x) / 2 - left, (a.y + b.y) / 2 - top);
    } else if (view.times > 1) view.pan(x, y);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) stage.addEventListener(end, (event) => down.delete(event.pointerId));
  stage.addEventListener("dblclick", (event) => {
    if (event.target.closest("[data-drag]")) return;
    const { left, top } = stage.getBoundingClientRect();
    if (view.times > 1) view.fit();
    else view.zoom(3, event.clientX - left, event.clientY - top);
  });
}

function zoomByKeys(view) {
  const moves = { ArrowLeft: [PAN_PX, 0], ArrowRight: [-PAN_PX, 0], ArrowUp: [0, PAN_PX], ArrowDown: [0, -PAN_PX] };
  view.stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== view.stage) return;
    const action = {
      "+": () => view.zoom(ZOOM_STEP), "=": () => view.zoom(ZOOM_STEP), "-": () => view.zoom(1 / ZOOM_STEP), 0: () => view.fit(),
    }[event.key] ?? (moves[event.key] && view.times > 1 ? () => view.pan(...moves[event.key]) : null);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  });
}

// Brightness and contrast of an image (percent of what is stored).
function lightTools(layer) {
  const values = { brightness: 100, contrast: 100 };
  const slider = (name) => make("label", {}, name === "brightness" ? "Brightness" : "Contrast", make("input", {
    type: "range", min: 20, max: name === "brightness" ? 300 : 400, step: 5, value: 100, "data-light": name,
    oninput: (event) => {
      values[name] = event.target.value;
      layer.style.setProperty("--light", `brightness(${values.brightness}%) contrast(${values.contrast}%)`);
    },
  }));
  return ["brightness", "contrast"].map(slider);
}

// A picture in a frame in which it can be zoomed, with its buttons below; `changed` is called at every change.
function viewer(picture, name, { changed = () => {}, isImage = false } = {}) {
  const layer = make("div", { class: "layer" }, picture);
  const stage = make("div", { class: "stage", tabindex: "0", role: "group", "aria-label": `${name}. Zoom with + and -, whole picture with 0, move with the arrow keys.` }, layer);
  const times = make("output", { class: "small soft" }, "100 %");
  const view = new View(stage, layer, (now) => { times.textContent = `${Math.round(100 * now.times)} %`; changed(now); });
  zoomByWheel(view);
  zoomByPointers(view);
  zoomByKeys(view);
  const lights = isImage ? lightTools(layer) : [];
  const whole = () => {
    lights.forEach((label) => { const input = label.querySelector("input"); input.value = 100; input.dispatchEvent(new Event("input")); });
    view.fit();
  };
  const button = (sign, words, act) => make("button", { type: "button", "aria-label": words, title: words, onclick: act }, sign);
  const tools = make("div", { class: "viewtools no-print" },
    button("−", "Zoom out", () => view.zoom(1 / ZOOM_STEP)), times, button("+", "Zoom in", () => view.zoom(ZOOM_STEP)),
    button("⤢", "Whole picture", whole), ...lights);
  return { element: make("div", { class: "viewer" }, stage, tools), view, stage, layer, tools };
}
