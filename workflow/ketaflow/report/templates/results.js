// Tables that can be copied and downloaded, figures that can be saved.
const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const guarded = (text) => (/^[=+@\t\r]/.test(text) || (/^-/.test(text) && Number.isNaN(Number(text))) ? `'${text}` : text);
const exact = (cell) => cell.dataset.exact ?? cell.textContent.trim();

function rowsOf(name, heading) {
  const table = document.getElementById(`table-${name}`);
  const head = [...table.tHead.rows[0].cells].map((cell) => (heading ? cell.textContent.trim() : cell.dataset.name));
  return [head, ...[...table.tBodies[0].rows].map((row) => [...row.cells].map(exact))];
}

function download(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function copy(button, text) {
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    button.textContent = document.execCommand("copy") ? "Copied" : "Copying is blocked";
    area.remove();
  }
  setTimeout(() => { button.textContent = said; }, 1500);
}

// A saved figure needs no page: colours are written into it, and a pair of figures is saved side by side.
function saved(figure) {
  const light = getComputedStyle(document.documentElement);
  const parts = [...figure.querySelectorAll("svg")];
  let left = 0;
  const placed = parts.map((svg) => {
    // innerHTML would write entities that XML does not know.
    const inner = [...svg.childNodes].map((node) => new XMLSerializer().serializeToString(node)).join("").replaceAll(/var\((--[\w-]+)\)/g, (_, name) => light.getPropertyValue(name).trim());
    const moved = `<g transform="translate(${left} 0)">${inner}</g>`;
    left += svg.viewBox.baseVal.width + 14;
    return moved;
  });
  const height = Math.max(...parts.map((svg) => svg.viewBox.baseVal.height));
  const ground = light.getPropertyValue("--ground").trim();
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left} ${height}" width="${left}" height="${height}" font-family="Helvetica, Arial, sans-serif"><rect width="100%" height="100%" fill="${ground}"/>${placed.join("")}</svg>`;
}

// The buttons of tables and figures, written here once instead of at each of them.
function tools(...buttons) {
  const span = document.createElement("span");
  span.className = "tools no-print";
  for (const [words, kind, name] of buttons) {
    const button = document.createElement("button");
    button.className = "quiet";
    button.dataset[kind] = name;
    button.textContent = words;
    span.append(button);
  }
  return span;
}
for (const box of document.querySelectorAll(".tablebox")) {
  const name = box.querySelector("table").id.slice("table-".length);
  box.firstElementChild.after(tools(["Copy", "copy", name], ["CSV", "download", name]));
}
for (const figure of document.querySelectorAll("figure[data-svg]")) figure.lastElementChild.append(" ", tools(["Save SVG", "save", figure.dataset.svg]));

// What is wider than the page says that it scrolls, can be reached by keyboard, and fades where it goes on.
const wide = document.querySelectorAll(".wide, .scroll");
function measure(box) {
  const overflows = box.scrollWidth > box.clientWidth + 1;
  const hint = box.previousElementSibling?.matches(".sideways") ? box.previousElementSibling : null;
  if (overflows) {
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    if (!box.ariaLabel) box.setAttribute("aria-label", box.parentElement.firstElementChild.textContent);
    if (!hint && box.clientWidth) {
      const words = document.createElement("p");
      words.className = "sideways no-print";
      words.textContent = "⇄ scrolls sideways";
      box.before(words);
    }
  } else if (hint) hint.remove();
  box.classList.toggle("more", overflows && box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
}
const observer = new ResizeObserver((entries) => entries.forEach((entry) => measure(entry.target)));
for (const box of wide) {
  observer.observe(box);
  box.addEventListener("scroll", () => measure(box), { passive: true });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { copy: table, download: file, save: svg, copyText } = button.dataset;
  if (table) copy(button, rowsOf(table, true).map((row) => row.join("\t")).join("\n"));
  if (file) download(`${file}.csv`, `\ufeff${rowsOf(file, false).map((row) => row.map((cell) => quoted(guarded(cell))).join(",")).join("\r\n")}\r\n`, "text/csv;charset=utf-8");
  if (svg) download(`${svg}.svg`, saved(button.closest("figure")), "image/svg+xml");
  if (copyText) copy(button, document.getElementById(copyText).textContent);
});

// Open all folded parts for printing.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
