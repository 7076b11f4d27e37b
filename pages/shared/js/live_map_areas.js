// The areas of the live map: their shapes, the line around the place, other borders, hatching.
//
// In: the live map and shapes as they were fetched. Out: Leaflet layers on it: `live.paths` by
// position, `live.layer` of the areas that are compared and `live.around` of those that are there for
// orientation only, which can be half of all and come a frame later.

const SVG_LIMIT = 1500; // above this many areas one canvas is faster than as many SVG paths
const BEYOND = -2;
const whenIdle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50)); // Safari has none

export function place(live, features, outline) {
  for (const before of [live.layer, live.around, live.outline, live.renderer, live.under]) before?.remove();
  delete live.root.dataset.whole;
  live.paths = [];
  live.pointed = null;
  live.ring("pickedRing", null);
  live.ring("pointedRing", null);
  const many = features.features.length > SVG_LIMIT;
  live.renderer = many ? L.canvas() : L.svg({ padding: 0.5 });
  live.under = L.svg({ padding: 0.5, pane: "around" });
  const beyond = ({ properties }) => !many && live.data.classes[properties.i] === BEYOND;
  live.layer = group(live, features, live.renderer, (one) => !beyond(one));
  live.around = group(live, features, live.under, beyond);
  live.outline = outline && L.featureGroup([
    line(live, outline, { ...live.ink("var(--panel)"), weight: 4, opacity: 0.75 }),
    line(live, outline, { ...live.ink("var(--ink)"), weight: 1.5, dashArray: "6 4" }),
  ]);
  if (!live.moved) live.fit(); // before anything is on the map, or all of it would be drawn twice
  name(live, live.layer.addTo(live.map));
  live.outline?.addTo(live.map);
  const { around } = live;
  const complete = () => {
    if (around !== live.around) return; // other areas have taken their place
    name(live, around.addTo(live.map));
    live.root.dataset.whole = ""; // tests and pictures wait for this
  };
  whenIdle(complete, { timeout: 200 });
  live.shown = live.data.geometry;
  live.root.dataset.geometry = live.shown;
}

function group(live, features, renderer, filter) {
  const made = L.geoJSON(features, {
    renderer,
    filter,
    style: ({ properties }) => live.style(properties.i), // at once: each path is written only once
    onEachFeature: (feature, path) => {
      live.paths[feature.properties.i] = path;
    },
  });
  // One listener for all: of a country's areas there are tens of thousands.
  const position = (event) => event.propagatedFrom.feature.properties.i;
  made.on("mousemove", (event) => live.hover(position(event), event));
  made.on("click", (event) => live.pick(position(event)));
  return made;
}

function line(live, shapes, style) {
  return L.geoJSON(shapes, { renderer: live.renderer, interactive: false, style: { fill: false, ...style } });
}

function name(live, made) {
  if (!(live.renderer instanceof L.SVG)) return;
  made.eachLayer((path) => path.getElement().setAttribute("data-code", path.feature.properties.code));
}

// Borders of another layer, over this one's: where the two do not match, they cross.
export function others(live, borders) {
  live.borders?.remove();
  live.borders = borders && L.featureGroup([
    line(live, borders, { ...live.ink("var(--panel)"), weight: 4, opacity: 0.8 }),
    line(live, borders, { ...live.ink("var(--borders)"), weight: 2 }),
  ]).addTo(live.map);
}

// Hatching lies over the colour: the figure is there, and it follows from an assumption.
export function hatch(live) {
  live.hatching?.remove();
  live.hatching = null;
  const hatched = live.data.hatched ?? [];
  if (!hatched.length) return;
  const picture = live.renderer._container;
  const drawn = live.renderer instanceof L.SVG;
  if (drawn && !picture.querySelector("#hatch")) {
    const pattern = document.createElementNS("http://www.w3.org/2000/svg", "pattern");
    for (const [name, value] of Object.entries({
      id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
    })) pattern.setAttribute(name, value);
    const stroke = document.createElementNS("http://www.w3.org/2000/svg", "line");
    for (const [name, value] of Object.entries({ y2: 6, class: "hatch-line" })) {
      stroke.setAttribute(name, value);
    }
    pattern.append(stroke);
    picture.append(pattern);
  }
  const pattern = drawn ? "url(#hatch)" : stripes(picture.getContext("2d"), live.tint("var(--panel)"));
  const style = { stroke: false, fill: true, fillColor: pattern, fillOpacity: 1 };
  const options = { style, interactive: false, renderer: live.renderer };
  live.hatching = L.featureGroup(
    hatched.filter((at) => live.paths[at]).map((at) => L.geoJSON(live.paths[at].feature, options)),
  ).addTo(live.map);
  live.outline?.bringToFront();
  live.borders?.bringToFront();
}

// The same hatching for a canvas.
function stripes(pen, color) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const lines = tile.getContext("2d");
  lines.strokeStyle = color;
  lines.globalAlpha = 0.72;
  lines.lineWidth = 2.5;
  for (const shift of [-8, 0, 8]) lines.stroke(new Path2D(`M${shift - 1} 9L${shift + 9} -1`));
  return pen.createPattern(tile, "repeat");
}
