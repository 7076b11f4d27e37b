// The live map: one Leaflet map inside one Streamlit component.
//
// In (args.data): the address of a geometry file, and for each area in its order a class and a
// label; the palette, the legend, the area picked, a shape drawn before. Out: a trigger `picked`
// with an area's code, or `drawn` with the corners of a shape. `live_map_areas.js` lays out the areas
// and `live_map_legend.js` writes the legend; `live_map_pen.js` comes only where one may draw.
// The geometry is fetched once and kept; a change of figure sends classes and labels only, and the
// map keeps its zoom. Every text from the data goes through textContent: a name is never markup.

const FINE = 7; // pixels: of areas smaller than this on average, borders would hide the colours
const NO_DATA = -1;
const BEYOND = -2; // drawn for orientation; neither compared nor to be picked
const whenIdle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50)); // Safari has none
const arrived = new Map(); // address -> what it brought, or until then the promise of it

export default function mount({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".live-map");
  root.liveMap ||= new LiveMap(root);
  root.liveMap.onPick = (code) => setTriggerValue("picked", code);
  root.liveMap.onDraw = (ring) => setTriggerValue("drawn", ring);
  root.liveMap.show(data);
  return () => {
    root.liveMap?.close();
    root.liveMap = null;
  };
}

// What an address brings, asked for once: itself where it is here already, else the promise of it.
function bring(address, load) {
  if (!address) return null;
  if (!arrived.has(address)) {
    const promise = load(address).then((brought) => {
      arrived.set(address, brought);
      return brought;
    });
    promise.catch(() => arrived.delete(address)); // a later run may try again
    arrived.set(address, promise);
  }
  return arrived.get(address);
}

async function shapes(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

const script = (address) => import(address);

function stylesheets(root) {
  const links = [...root.getRootNode().querySelectorAll('link[rel="stylesheet"]')];
  return Promise.all(
    links.filter((link) => !link.sheet).map((link) => new Promise((done) => {
      link.addEventListener("load", done, { once: true });
      link.addEventListener("error", done, { once: true });
    })),
  );
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

class LiveMap {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(`.${name}`);
    this.turn = 0;
    this.paths = []; // Leaflet layers by position
    this.pointed = null; // position under the mouse or the keyboard
    this.toPaper = () => this.print();
    this.fromPaper = () => this.part("paper").replaceChildren();
  }

  async show(sent) {
    const turn = ++this.turn;
    this.describe(sent);
    try {
      let parts = [
        bring(sent.geometry, shapes),
        bring(sent.outline, shapes),
        bring(sent.borders, shapes),
        bring(sent.scripts.areas, script),
        bring(sent.scripts.legend, script),
        bring(sent.drawable || sent.shape.length ? sent.scripts.pen : "", script),
        bring(sent.leaflet, script),
        this.map ? null : stylesheets(this.root),
      ];
      // Where all is here it is drawn at once, and not after what else the page was told meanwhile.
      if (parts.some((part) => part instanceof Promise)) parts = await Promise.all(parts);
      const [features, outline, borders, areas, legend, pen] = parts;
      if (turn !== this.turn) return; // a newer run has overtaken this one
      if (!this.map) this.start();
      const data = legend.unpacked(sent);
      this.data = data;
      this.entries = legend.entries;
      this.hatch = areas.hatch;
      this.tints = new Map();
      this.highlighted = new Set(data.highlighted);
      const fresh = this.shown !== data.geometry;
      if (fresh) areas.place(this, features, outline);
      areas.others(this, borders);
      legend.show(this.part, data);
      this.paint(fresh);
      if (pen) this.pen ||= new pen.Pen(this);
      this.pen?.show(data.shape, data.drawable);
    } catch (error) {
      if (turn === this.turn) this.fail(error, sent.failed);
    }
  }

  start() {
    const touch = window.matchMedia("(pointer: coarse)").matches;
    this.map = L.map(this.part("canvas"), {
      attributionControl: false,
      zoomControl: false,
      keyboard: false, // the arrow keys move from area to area instead
      scrollWheelZoom: false, // the page scrolls; the wheel zooms once the map has the focus
      dragging: !touch, // one finger scrolls the page, two move the map
      zoomSnap: 0.25,
      zoomDelta: 0.5,
    });
    this.map.createPane("around").style.zIndex = 390; // under the areas that are compared
    this.map.on("mouseout", () => this.point(null));
    const canvas = this.part("canvas");
    canvas.addEventListener("focus", () => this.map.scrollWheelZoom.enable());
    canvas.addEventListener("blur", () => {
      this.map.scrollWheelZoom.disable();
      this.point(null);
    });
    canvas.addEventListener("keydown", (event) => this.key(event));
    this.part("nearer").addEventListener("click", () => this.map.zoomIn());
    this.part("further").addEventListener("click", () => this.map.zoomOut());
    this.part("whole").addEventListener("click", () => this.fit());
    this.part("save").addEventListener("click", () => this.save());
    addEventListener("beforeprint", this.toPaper);
    addEventListener("afterprint", this.fromPaper);
    this.sizes = new ResizeObserver(() => {
      if (!canvas.offsetWidth) return; // hidden, as in print or in a closed menu
      const before = this.map.getSize();
      this.map.invalidateSize({ pan: false });
      if (!this.moved && !before.equals(this.map.getSize())) this.fit();
    });
    this.sizes.observe(canvas);
    this.map.on("zoomstart dragstart", () => { this.moved ||= !this.fitting; });
    this.map.on("zoomend", () => {
      if (this.fine !== undefined && this.areFine() !== this.fine) this.paint();
    });
  }

  fit() {
    const ours = this.paths.filter((_, position) => this.data.classes[position] !== BEYOND);
    const bounds = L.latLngBounds();
    for (const path of ours.length ? ours : this.paths) bounds.extend(path.getBounds());
    if (this.outline) bounds.extend(this.outline.getBounds());
    if (!bounds.isValid()) return;
    this.fitting = true;
    this.map.fitBounds(bounds, { padding: [12, 12], animate: false });
    this.fitting = false;
    this.moved = false;
  }

  // A canvas knows no variables of a style sheet: it gets the colour that they stand for now.
  tint(name) {
    if (this.renderer instanceof L.SVG || this.onPaper || !name.startsWith("var(")) return name;
    if (!this.tints.has(name)) {
      const probe = this.part("spoken");
      probe.style.color = name;
      this.tints.set(name, getComputedStyle(probe).color);
      probe.style.color = "";
    }
    return this.tints.get(name);
  }

  ink(name) {
    return { color: this.tint(name), named: name };
  }

  style(position) {
    const { classes, palette } = this.data;
    const index = classes[position] ?? NO_DATA;
    const strong = position === this.data.picked;
    const near = position === this.pointed;
    const chosen = this.highlighted.has(position);
    const dim = this.highlighted.size > 0 && !chosen;
    const line = strong || near || chosen ? "var(--ink)" : index === BEYOND || dim ? "var(--faint)" : "var(--line)";
    const fill = palette[index] ?? this.tint(index === BEYOND ? "var(--beyond)" : "var(--no-data)");
    const bare = this.fine && !(strong || near || chosen); // a border in its own colour: none is lost
    return {
      fillColor: fill,
      fillOpacity: dim ? 0.16 : this.data.overlapping ? 0.6 : 0.92,
      color: bare ? fill : this.tint(line),
      weight: strong ? 3 : near ? 2.5 : chosen ? 1.3 : 0.7,
      dashArray: index === NO_DATA && !strong ? "3 3" : null,
    };
  }

  // Whether areas are so small on the screen that they are drawn without borders.
  areFine() {
    if (this.renderer instanceof L.SVG || !this.paths.length) return false;
    const bounds = this.layer.getBounds();
    const size = this.map.latLngToLayerPoint(bounds.getSouthEast())
      .subtract(this.map.latLngToLayerPoint(bounds.getNorthWest()));
    return Math.sqrt((size.x * size.y) / this.paths.length) < FINE;
  }

  // `placed`: the areas were put there just now, in their colours.
  paint(placed = false) {
    const before = this.fine;
    this.fine = this.areFine();
    if (!placed || this.fine !== before) {
      this.paths.forEach((path, position) => path.setStyle(this.style(position)));
    }
    this.hatch(this);
    this.ring("pickedRing", this.data.picked);
    this.ring("pointedRing", this.pointed);
    const painted = Number(this.root.dataset.painted ?? 0) + 1;
    this.root.dataset.painted = String(painted); // the browser tests wait for this
    this.root.dataset.figure = this.data.title;
    this.part("message").hidden = true;
    whenIdle(() => this.prepare());
  }

  // What may be asked for next, once the page is at rest: printing cannot wait for a script, and
  // shapes that are here already are seen sooner. Where it is missing, it is fetched when it is due.
  async prepare() {
    try {
      this.paper ??= await import(this.data.scripts.image);
      if (navigator.connection?.saveData) return;
      for (const address of this.data.ahead) await bring(address, shapes);
    } catch (error) {
      console.warn(error);
    }
  }

  // A pale line under the dark one of the picked and the pointed area: seen on any colour.
  ring(name, position) {
    this[name]?.remove();
    this[name] = null;
    const path = this.paths[position];
    if (!path) return;
    const weight = position === this.data.picked ? 7 : 5;
    const style = { fill: false, color: this.tint("var(--panel)"), weight, opacity: 0.9 };
    const options = { style, interactive: false, renderer: this.renderer };
    this[name] = L.geoJSON(path.feature, options).addTo(this.map);
    this.outline?.bringToFront();
    path.bringToFront();
  }

  describe({ title, summary, place, credit }) {
    this.part("canvas").setAttribute("aria-label", title);
    this.part("on-paper").textContent = place ? `${title}, ${place}` : title;
    this.part("summary").textContent = summary;
    this.part("credit").textContent = credit;
  }

  pick(position) {
    if (this.pen?.drawing) return;
    if (this.data.classes[position] !== BEYOND) this.onPick(this.paths[position].feature.properties.code);
  }

  async save() {
    try {
      await (await import(this.data.scripts.image)).save(this, this.entries(this.data));
    } catch (error) {
      this.fail(error, this.data.unsaved);
    }
  }

  // Paper has another width than the screen, and Leaflet cannot draw anew while a browser prints:
  // a picture that fits any width takes the map's place.
  print() {
    if (!this.paper) return;
    this.part("paper").replaceChildren(this.paper.picture(this));
  }

  // -- pointing: by mouse or by arrow keys ------------------------------------------------------

  point(position, spoken = false) {
    const before = this.pointed;
    this.pointed = position;
    for (const one of [before, position]) {
      if (one !== null && one !== undefined) this.paths[one]?.setStyle(this.style(one));
    }
    const card = this.part("card");
    card.hidden = position === null;
    this.ring("pickedRing", this.data.picked);
    this.ring("pointedRing", position);
    if (position === null) return;
    const name = this.paths[position].feature.properties.name;
    const beyond = this.data.classes[position] === BEYOND;
    const label = beyond ? this.data.legend.beyond : `${this.data.figure}: ${this.data.labels[position]}`;
    card.replaceChildren(element("strong", "", name), element("span", "", label));
    if (spoken) this.part("spoken").textContent = `${name}: ${label}`;
  }

  // Browsers also report a "move" when the map changes under a mouse at rest; that must not take
  // the pointer away from an area reached with the keys.
  hover(position, event) {
    if (this.pen?.drawing) return;
    const { clientX, clientY } = event.originalEvent;
    if (this.mouse?.x === clientX && this.mouse?.y === clientY) return;
    this.mouse = { x: clientX, y: clientY };
    if (position !== this.pointed) this.point(position);
    this.follow(event.containerPoint);
  }

  follow(at) {
    const card = this.part("card");
    const size = this.map.getSize();
    const left = at.x > size.x / 2 ? at.x - card.offsetWidth - 14 : at.x + 14;
    const top = at.y > size.y / 2 ? at.y - card.offsetHeight - 14 : at.y + 14;
    card.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
  }

  key(event) {
    if (this.pen?.drawing && this.pen.key(event)) return event.preventDefault();
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in ways) this.step(ways[event.key]);
    else if ((event.key === "Enter" || event.key === " ") && this.pointed !== null) {
      this.pick(this.pointed);
    } else if (event.key === "+" || event.key === "=") this.map.zoomIn();
    else if (event.key === "-") this.map.zoomOut();
    else if (event.key === "Home") this.fit();
    else if (event.key === "Escape") this.point(null);
    else return;
    event.preventDefault();
  }

  // The next area in a direction: the nearest middle, where a step sideways counts double.
  step([dx, dy]) {
    const middle = (path) => this.map.latLngToContainerPoint(path.getBounds().getCenter());
    const current = this.pointed ?? (this.data.picked >= 0 ? this.data.picked : null);
    const from = current === null ? this.map.getSize().divideBy(2) : middle(this.paths[current]);
    let best = null;
    let least = Infinity;
    this.paths.forEach((path, position) => {
      if (position === current || this.data.classes[position] === BEYOND) return;
      const away = middle(path).subtract(from);
      const along = away.x * dx + away.y * dy;
      const aside = Math.abs(away.x * dy) + Math.abs(away.y * dx);
      const cost = along + 2 * aside;
      if ((current === null || along > 0) && cost < least) [best, least] = [position, cost];
    });
    if (best === null) return;
    const at = middle(this.paths[best]);
    if (!L.bounds([0, 0], this.map.getSize()).contains(at)) {
      this.map.panInside(this.paths[best].getBounds().getCenter(), { padding: [60, 60] });
    }
    this.point(best, true);
    this.follow(middle(this.paths[best]));
  }

  fail(error, words) {
    const message = this.part("message");
    message.textContent = words;
    message.hidden = false;
    this.root.dataset.failed = String(error);
  }

  close() {
    this.turn += 1;
    this.around = null;
    this.sizes?.disconnect();
    removeEventListener("beforeprint", this.toPaper);
    removeEventListener("afterprint", this.fromPaper);
    this.map?.remove();
  }
}
