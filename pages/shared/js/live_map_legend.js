// What the data of the live map mean: for the map itself, for the legend, for the saved image.
//
// In: the data as they were sent. Out: `unpacked`, the same with one class, label and mark an area;
// `entries`, a list that says what each sign of the legend looks like and means; and `show`, which
// writes the legend under the map. Colours may be variables of the style sheet.

const NO_DATA = -1;
const BEYOND = -2;
const LETTERS = "bn0123456789"; // of the classes from BEYOND on; the same stand in live_map.py

// Of many areas classes come as letters, marks as bits, labels without what all of them share.
export function unpacked({ around, ...data }) {
  const bits = (hex) => [...hex].flatMap((digit) => [...parseInt(digit, 16).toString(2).padStart(4, "0")]);
  const marks = (written) => {
    if (Array.isArray(written)) return written;
    const all = bits(written);
    return all.slice(all.indexOf("1") + 1).flatMap((bit, at) => (bit === "1" ? [at] : []));
  };
  const { classes } = data;
  return {
    ...data,
    labels: data.labels.map((label) => label && around[0] + label + around[1]),
    classes: typeof classes === "string" ? [...classes].map((letter) => LETTERS.indexOf(letter) + BEYOND) : classes,
    hatched: marks(data.hatched),
    highlighted: marks(data.highlighted),
  };
}

// [classes, rest]: each entry has a label, a kind of sign and perhaps a colour.
export function entries(data) {
  const { legend, palette, classes } = data;
  const present = new Set(classes);
  const entry = (kind, label, color, index) => ({ kind, label, color, used: index === undefined || present.has(index) });
  const shades = legend.labels.map((label, index) => entry("shade", label, palette[index], index));
  const rest = [entry("missing", legend.no_data, "var(--no-data)", NO_DATA)];
  if (legend.beyond) rest.push(entry("shade", legend.beyond, "var(--beyond)", BEYOND));
  if (legend.hatched) rest.push(entry("hatched", legend.hatched));
  if (legend.dimmed) rest.push(entry("dimmed", legend.dimmed));
  if (legend.borders) rest.push(entry("borders", legend.borders, "var(--borders)"));
  if (legend.outline) rest.push(entry("outline", legend.outline, "var(--ink)"));
  if (data.shape.length) rest.push(entry("drawn", legend.drawn, "var(--drawn)"));
  return [shades, rest];
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function item({ kind, label, color, used }) {
  const made = element("li", used ? "" : "unused");
  const sign = element("span", `swatch ${kind}`);
  if (color) sign.style.setProperty("--sign", color);
  made.append(sign, element("span", "range", label));
  return made;
}

// Two figures at once: nine squares, the first figure along the bottom, the second up the side.
function square({ grid, palette, legend, classes }) {
  const present = new Set(classes);
  const made = element("div", "legend-grid");
  const cells = element("ul", "cells");
  for (const up of [2, 1, 0]) {
    for (const along of [0, 1, 2]) {
      const index = 3 * up + along;
      const cell = element("li", present.has(index) ? "" : "unused");
      const sign = element("span", "swatch shade");
      sign.style.setProperty("--sign", palette[index]);
      cell.append(sign, element("span", "unseen", legend.labels[index]));
      cell.title = legend.labels[index];
      cells.append(cell);
    }
  }
  const axes = element("span", "axes");
  axes.append(element("span", "", `↑ ${grid[1]}`), element("span", "", `→ ${grid[0]}`));
  made.append(cells, axes);
  return made;
}

export function show(part, data) {
  const [shades, rest] = entries(data);
  part("legend-title").textContent = data.legend.title;
  part("legend-note").textContent = data.legend.note;
  part("legend-list").hidden = Boolean(data.grid);
  part("legend-list").replaceChildren(...(data.grid ? [] : shades.map(item)));
  part("legend-both").replaceChildren(...(data.grid ? [square(data)] : []));
  part("legend-rest").replaceChildren(...rest.map(item));
}
