// The live map on paper: a picture with title, legend and source, saved as PNG or printed.
//
// In: the live map as it stands, and the entries of its legend. Out: `save`, which hands the browser
// a PNG file, and `picture`, the map alone on a canvas. Paper is white whatever the screen is, and
// shapes are drawn anew from their corners, so that lines are sharp and nothing leaves the browser.

const SHARP = 2; // pixels of the picture for one of the screen
const PAPER = {
  "var(--ink)": "#1c2a30", "var(--panel)": "#ffffff", "var(--line)": "#56656ecc", "var(--faint)": "#1c2a3029",
  "var(--no-data)": "#dfe0e0", "var(--beyond)": "#eeeeec", "var(--borders)": "#a3320b", "var(--drawn)": "#a1126b",
};
const QUIET = "#4a565c";
const EDGE = 24;

const colour = (name) => PAPER[name] ?? name;

// -- the map alone -------------------------------------------------------------------------------------

function trace(pen, map, places) {
  if (!Array.isArray(places[0])) {
    places.forEach((place, at) => {
      const { x, y } = map.latLngToContainerPoint(place);
      if (at) pen.lineTo(x, y);
      else pen.moveTo(x, y);
    });
    pen.closePath();
  } else places.forEach((part) => trace(pen, map, part));
}

function hatching(pen) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const lines = tile.getContext("2d");
  lines.strokeStyle = "#ffffffb8";
  lines.lineWidth = 2.5;
  for (const shift of [-8, 0, 8]) {
    lines.moveTo(shift - 1, 9);
    lines.lineTo(shift + 9, -1);
  }
  lines.stroke();
  return pen.createPattern(tile, "repeat");
}

export function picture(live) {
  live.onPaper = true; // colours by their names, for paper
  try {
    return draw(live);
  } finally {
    live.onPaper = false;
  }
}

function draw(live) {
  const size = live.map.getSize();
  const canvas = document.createElement("canvas");
  canvas.width = size.x * SHARP;
  canvas.height = size.y * SHARP;
  const pen = canvas.getContext("2d");
  pen.scale(SHARP, SHARP);
  pen.lineJoin = "round";
  pen.fillStyle = PAPER["var(--panel)"];
  pen.fillRect(0, 0, size.x, size.y);
  const shape = (path, { fill, color, weight = 1, dash = [], opacity = 1 }) => {
    pen.beginPath();
    trace(pen, live.map, path.getLatLngs());
    pen.globalAlpha = opacity;
    if (fill) {
      pen.fillStyle = fill;
      pen.fill("evenodd");
    }
    pen.globalAlpha = 1;
    if (!color) return;
    pen.strokeStyle = colour(color);
    pen.lineWidth = weight;
    pen.setLineDash(dash);
    pen.stroke();
  };
  const view = live.map.getBounds();
  const seen = live.paths.map((path, at) => [path, at]).filter(([path]) => view.intersects(path.getBounds()));
  for (const [path, at] of seen) {
    const style = live.style(at);
    const dash = style.dashArray ? style.dashArray.split(" ").map(Number) : [];
    const { color, weight } = style;
    shape(path, { fill: colour(style.fillColor), opacity: style.fillOpacity, color, weight, dash });
  }
  const hatched = new Set(live.data.hatched);
  const stripes = hatched.size ? hatching(pen) : null;
  for (const [path, at] of seen) if (hatched.has(at)) shape(path, { fill: stripes });
  for (const group of [live.outline, live.borders, live.pen?.marks]) {
    group?.eachLayer((made) => {
      for (const path of made.getLayers?.() ?? [made]) {
        const { color, named, weight, dashArray } = path.options;
        shape(path, { color: named ?? color, weight, dash: dashArray ? dashArray.split(" ").map(Number) : [] });
      }
    });
  }
  const picked = live.paths[live.data.picked];
  if (picked) {
    shape(picked, { color: "var(--panel)", weight: 7 });
    shape(picked, { color: "var(--ink)", weight: 3 });
  }
  return canvas;
}

// -- with its words --------------------------------------------------------------------------------------

// Write words within a width, or only measure them; return the height they take.
function write(pen, words, { x, y, width, height, dry = false }) {
  const lines = [];
  let line = "";
  for (const word of words.split(/\s+/)) {
    const longer = line ? `${line} ${word}` : word;
    if (line && pen.measureText(longer).width > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  if (line) lines.push(line);
  if (!dry) lines.forEach((text, at) => pen.fillText(text, x, y + at * height, width));
  return lines.length * height;
}

function sign(pen, entry, box) {
  const { x, y, width, height } = box;
  const line = { borders: [], drawn: [], outline: [6, 4] }[entry.kind];
  pen.save();
  if (line) {
    pen.strokeStyle = colour(entry.color);
    pen.lineWidth = 2.5;
    pen.setLineDash(line);
    pen.beginPath();
    pen.moveTo(x, y + height / 2);
    pen.lineTo(x + width, y + height / 2);
    pen.stroke();
  } else {
    pen.fillStyle = entry.kind === "hatched" ? "#7a8b93" : entry.kind === "dimmed" ? "#7a8b9333" : colour(entry.color);
    pen.fillRect(x, y, width, height);
    if (entry.kind === "hatched") {
      pen.fillStyle = hatching(pen);
      pen.fillRect(x, y, width, height);
    }
    pen.strokeStyle = "#1c2a3066";
    pen.setLineDash(entry.kind === "missing" ? [3, 3] : []);
    pen.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  }
  pen.restore();
}

const FONT = (weight, size) => `${weight} ${size}px "Source Sans", sans-serif`;

function shades(pen, entries, { x, y, width, dry }) {
  const each = width / Math.max(entries.length, 1);
  let tall = 0;
  pen.font = FONT(400, 13);
  entries.forEach((entry, at) => {
    const left = x + at * each;
    if (!dry) sign(pen, entry, { x: left, y, width: each - 4, height: 12 });
    const place = { x: left, y: y + 28, width: each - 10, height: 17, dry };
    pen.fillStyle = PAPER["var(--ink)"];
    tall = Math.max(tall, write(pen, entry.label, place));
  });
  return 22 + tall;
}

function nine(pen, entries, { x, y, width, grid, dry }) {
  const tall = 3 * 28 + 8;
  if (dry) return tall;
  entries.forEach((entry, index) => {
    const [along, up] = [index % 3, Math.floor(index / 3)];
    sign(pen, entry, { x: x + along * 46, y: y + (2 - up) * 28, width: 44, height: 26 });
  });
  pen.font = FONT(400, 14);
  pen.fillStyle = PAPER["var(--ink)"];
  pen.fillText(`↑ ${grid[1]}`, x + 152, y + 36, width - 152);
  pen.fillText(`→ ${grid[0]}`, x + 152, y + 58, width - 152);
  return tall;
}

function rest(pen, entries, { x, y, width, dry }) {
  let [left, top] = [x, y];
  pen.font = FONT(400, 13);
  for (const entry of entries) {
    const needs = 26 + pen.measureText(entry.label).width + 18;
    if (left > x && left + needs > x + width) [left, top] = [x, top + 20];
    if (!dry) {
      sign(pen, entry, { x: left, y: top, width: 18, height: 12 });
      pen.fillStyle = PAPER["var(--ink)"];
      pen.fillText(entry.label, left + 24, top + 11);
    }
    left += needs;
  }
  return top - y + 26;
}

// Everything below and above the map, in order; with `dry` only the heights are found.
function sheet(pen, { data, map, entries, width, dry }) {
  const [classes, others] = entries;
  const inner = width - 2 * EDGE;
  let y = EDGE;
  const say = (words, font, height, fill) => {
    if (!words) return;
    pen.font = font;
    pen.fillStyle = fill;
    y += write(pen, words, { x: EDGE, y: y + height * 0.75, width: inner, height, dry });
  };
  say(data.place ? `${data.title}, ${data.place}` : data.title, FONT(600, 22), 28, PAPER["var(--ink)"]);
  y += 10;
  if (!dry) {
    pen.drawImage(map, EDGE, y, map.width / SHARP, map.height / SHARP);
    pen.strokeStyle = "#cfcbc0";
    pen.strokeRect(EDGE + 0.5, y + 0.5, map.width / SHARP - 1, map.height / SHARP - 1);
  }
  y += map.height / SHARP + 14;
  say(data.legend.title, FONT(600, 14), 19, PAPER["var(--ink)"]);
  say(data.legend.note, FONT(400, 14), 19, QUIET);
  y += 4;
  if (data.grid) y += nine(pen, classes, { x: EDGE, y, width: inner, grid: data.grid, dry });
  else y += shades(pen, classes, { x: EDGE, y, width: inner, dry });
  y += rest(pen, others, { x: EDGE, y: y + 4, width: inner, dry });
  y += 6;
  say(data.credit, FONT(400, 13), 18, QUIET);
  return y + EDGE;
}

export function drawn(live, entries) {
  const map = picture(live);
  const width = Math.max(map.width / SHARP + 2 * EDGE, 360);
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const what = { data: live.data, map, entries, width };
  const height = Math.ceil(sheet(pen, { ...what, dry: true }));
  canvas.width = width * SHARP;
  canvas.height = height * SHARP;
  pen.scale(SHARP, SHARP);
  pen.fillStyle = PAPER["var(--panel)"];
  pen.fillRect(0, 0, width, height);
  sheet(pen, { ...what, dry: false });
  return canvas;
}

export async function save(live, entries) {
  const blob = await new Promise((done) => drawn(live, entries).toBlob(done, "image/png"));
  const name = live.data.title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name.slice(0, 80) || "map"}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
