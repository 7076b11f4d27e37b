// Drawing an area on the live map: corners by mouse, by finger or with the keys alone.
//
// In: the live map and the ring drawn before. Out: `map.onDraw` with the corners in longitude and
// latitude. A line that would cross itself is refused as soon as it would, with the reason; what
// was drawn up to there stays. Where something was drawn before, the pen mends it: a corner is
// picked up and put elsewhere, corners are taken back from the last one, or new ones follow.

const NEAR = 12; // pixels within which a corner is the same as another
const STEP = 16; // pixels that an arrow key moves the cross hairs; with Shift a quarter of it
const MOST_CORNERS = 200;
const DECIMALS = 1e5; // of a degree: the fifth is about a metre
const START = "Put the corners of your area one by one.";
const MENDING = "Pick a corner up and put it elsewhere, add corners after the last, or take them back. Then finish.";

const CROSSES = "That line would cross another one. Put the corner somewhere else.";
const CLOSING = "The last line would cross another one. Take a corner back, or add one.";
const TOO_FEW = "An area has at least three corners that do not lie on one line.";
const TOO_MANY = `An area has at most ${MOST_CORNERS} corners. Finish it, or take corners back.`;

// -- plain geometry: corners as {lng, lat} ---------------------------------------------------------

const turn = (a, b, c) =>
  Math.sign((b.lng - a.lng) * (c.lat - a.lat) - (b.lat - a.lat) * (c.lng - a.lng));
const within = (a, b, c) =>
  c.lng >= Math.min(a.lng, b.lng) && c.lng <= Math.max(a.lng, b.lng) &&
  c.lat >= Math.min(a.lat, b.lat) && c.lat <= Math.max(a.lat, b.lat);

function meet(a, b, c, d) {
  const [one, two, three, four] = [turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)];
  if (one !== two && three !== four) return true;
  return [[one, a, b, c], [two, a, b, d], [three, c, d, a], [four, c, d, b]]
    .some(([side, from, to, point]) => side === 0 && within(from, to, point));
}

// Whether the line a-b-c runs back over itself.
function folds(a, b, c) {
  const back = (a.lng - b.lng) * (c.lng - b.lng) + (a.lat - b.lat) * (c.lat - b.lat);
  return turn(a, b, c) === 0 && back > 0;
}

// Whether a line through `corners` could go on to `next`.
export function fits(corners, next) {
  const last = corners.length - 1;
  if (last < 1) return true;
  if (folds(corners[last - 1], corners[last], next)) return false;
  for (let at = 0; at < last - 1; at += 1) {
    if (meet(corners[at], corners[at + 1], corners[last], next)) return false;
  }
  return true;
}

// Whether a line through `corners` could be closed.
export function closes(corners) {
  const [first, second] = corners;
  const last = corners.length - 1;
  if (folds(corners[last - 1], corners[last], first) || folds(corners[last], first, second)) return false;
  for (let at = 1; at < last - 1; at += 1) {
    if (meet(corners[at], corners[at + 1], corners[last], first)) return false;
  }
  return corners.some((corner) => turn(first, second, corner) !== 0);
}

// Whether corners, taken one by one, make a closed line.
function sound(corners) {
  return corners.every((corner, at) => fits(corners.slice(0, at), corner)) && closes(corners);
}

// -- the pen -----------------------------------------------------------------------------------------

export class Pen {
  constructor(live) {
    this.live = live;
    this.map = live.map;
    this.part = live.part;
    this.drawing = false;
    this.corners = [];
    this.mending = false; // whether the corners are those of a finished line
    this.held = null; // the number of the corner that is picked up
    const pane = this.map.createPane("drawn"); // over the areas, and never in the way of a click
    pane.style.zIndex = 450;
    pane.style.pointerEvents = "none";
    this.options = { pane: "drawn", renderer: L.svg({ pane: "drawn", padding: 0.5 }), interactive: false };
    this.marks = L.featureGroup().addTo(this.map);
    this.map.on("click", (event) => this.drawing && this.put(event.latlng));
    this.map.on("mousemove", (event) => {
      if (!this.drawing) return;
      this.part("aim").hidden = true; // the mouse has taken over from the keys
      this.trail(event.latlng);
    });
    this.map.on("move zoom", () => this.drawing && this.follow());
    this.part("draw").addEventListener("click", () => (this.drawing ? this.stop() : this.begin()));
    this.part("pen-undo").addEventListener("click", () => this.undo());
    this.part("pen-finish").addEventListener("click", () => this.finish());
    this.part("pen-cancel").addEventListener("click", () => this.stop());
  }

  // What the page says was drawn; a drawing that is under way is left alone.
  show(ring, drawable) {
    this.ring = ring.map(([lng, lat]) => L.latLng(lat, lng));
    const draw = this.part("draw");
    draw.hidden = !drawable;
    if (this.drawing && drawable) return;
    this.drawing = false;
    this.corners = [];
    this.draw();
  }

  begin() {
    this.drawing = true;
    this.corners = [...this.ring];
    this.mending = this.corners.length > 2;
    this.held = null;
    this.map.doubleClickZoom.disable();
    this.live.point(null);
    this.part("draw").setAttribute("aria-pressed", "true");
    this.part("pen").hidden = false;
    this.live.root.classList.add("drawing");
    this.aim = this.map.getSize().divideBy(2);
    this.part("aim").hidden = true;
    this.say(this.mending ? MENDING : START);
    this.draw();
    this.part("canvas").focus({ preventScroll: true });
  }

  stop() {
    this.drawing = false;
    this.corners = [];
    this.held = null;
    this.map.doubleClickZoom.enable();
    this.part("draw").setAttribute("aria-pressed", "false");
    this.part("pen").hidden = true;
    this.part("aim").hidden = true;
    this.live.root.classList.remove("drawing");
    this.draw();
    this.part("draw").focus({ preventScroll: true });
  }

  say(words) {
    this.part("pen-words").textContent = words;
    this.part("pen-undo").disabled = !this.corners.length;
    this.part("pen-finish").disabled = this.corners.length < 3;
  }

  put(place) {
    const here = L.latLng(Math.round(place.lat * DECIMALS) / DECIMALS, Math.round(place.lng * DECIMALS) / DECIMALS);
    const near = (corner) => corner && this.apart(corner, here) <= NEAR;
    if (this.held !== null) return this.set(here, near);
    const picked = this.mending ? this.corners.findIndex(near) : -1;
    if (picked >= 0) return this.pick(picked);
    // A second click on the last corner (a double click), or one on the first, closes the line.
    if (near(this.corners.at(-1))) return this.corners.length > 2 && this.finish();
    if (this.corners.length > 2 && near(this.corners[0])) return this.finish();
    if (this.corners.length >= MOST_CORNERS) return this.say(TOO_MANY);
    if (!fits(this.corners, here)) return this.say(CROSSES);
    this.corners.push(here);
    const number = this.corners.length;
    const under = this.under(this.map.latLngToContainerPoint(here));
    const more = number < 3 ? "" : " Finish, or go on.";
    this.say(`Corner ${number}${under ? `, in ${under}` : ""}.${more}`);
    this.draw();
  }

  pick(at) {
    this.held = at;
    this.say(`Corner ${at + 1} picked up. Put it where it shall be.`);
    this.draw();
  }

  // Put the corner down that is picked up, where the line allows it.
  set(here, near) {
    const number = this.held + 1;
    const moved = this.corners.with(this.held, here);
    const stays = near(this.corners[this.held]);
    if (!stays && !sound(moved)) return this.say(CROSSES);
    if (!stays) this.corners = moved;
    this.held = null;
    this.say(stays ? `Corner ${number} stays where it is.` : `Corner ${number} moved. Finish, or go on.`);
    this.draw();
  }

  apart(one, other) {
    return this.map.latLngToContainerPoint(one).distanceTo(this.map.latLngToContainerPoint(other));
  }

  undo() {
    if (this.held !== null) {
      this.held = null;
      this.say(MENDING);
      return this.draw();
    }
    if (!this.corners.length) return;
    this.corners.pop();
    this.mending &&= this.corners.length > 2;
    const number = this.corners.length;
    this.say(number ? `Corner taken back. ${number} left.` : START);
    this.draw();
    // A button that has just gone grey would drop the focus to the top of the page.
    if (!number) this.part("canvas").focus({ preventScroll: true });
  }

  finish() {
    if (this.corners.length < 3) return this.say(TOO_FEW);
    if (!closes(this.corners)) return this.say(CLOSING);
    this.ring = this.corners;
    const ring = this.corners.map(({ lng, lat }) => [lng, lat]);
    this.stop();
    this.part("spoken").textContent = `Area drawn, with ${ring.length} corners.`;
    this.live.onDraw(ring);
  }

  // -- with the keys: cross hairs that the arrows move ------------------------------------------------

  key(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in ways) this.move(ways[event.key], event.shiftKey ? STEP / 4 : STEP);
    else if (event.key === "Enter" || event.key === " ") {
      this.part("aim").hidden = false;
      this.put(this.map.containerPointToLatLng(this.aim));
    } else if (event.key === "Backspace" || event.key === "Delete") this.undo();
    else if (event.key === "Escape") this.stop();
    else return false;
    return true;
  }

  move([dx, dy], step) {
    const aim = this.part("aim");
    const size = this.map.getSize();
    if (!aim.hidden) this.aim = this.aim.add([dx * step, dy * step]);
    aim.hidden = false;
    // At the edge the map moves under the cross hairs.
    const inside = L.point(
      Math.min(Math.max(this.aim.x, 40), size.x - 40), Math.min(Math.max(this.aim.y, 40), size.y - 40),
    );
    const beyond = this.aim.subtract(inside);
    this.aim = inside;
    if (beyond.x || beyond.y) this.map.panBy(beyond, { animate: false });
    this.follow();
    const under = this.under(this.aim);
    if (under !== this.said) this.part("spoken").textContent = under ?? "";
    this.said = under;
  }

  follow() {
    this.part("aim").style.transform = `translate(${this.aim.x}px, ${this.aim.y}px)`;
    if (!this.part("aim").hidden) this.trail(this.map.containerPointToLatLng(this.aim));
  }

  // The name of the area under a point of the map, where areas are drawn one by one.
  under(at) {
    const box = this.part("canvas").getBoundingClientRect();
    const found = this.live.root.getRootNode().elementsFromPoint(box.left + at.x, box.top + at.y);
    const code = found.find((one) => one.dataset?.code)?.dataset.code;
    const path = code && this.live.paths.find((one) => one.feature.properties.code === code);
    return path ? path.feature.properties.name : null;
  }

  // -- what is seen ------------------------------------------------------------------------------------

  draw() {
    this.marks.clearLayers();
    this.trailing = null;
    const line = (places, style, made = L.polyline) =>
      made(places, { ...this.options, ...style }).addTo(this.marks);
    const pale = { color: "var(--panel)", weight: 6, opacity: 0.9, fill: false };
    const strong = { color: "var(--drawn)", weight: 2.5, fill: false };
    if (!this.drawing) {
      if (this.ring.length < 3) return;
      line(this.ring, pale, L.polygon);
      line(this.ring, { ...strong, className: "drawn-ring" }, L.polygon);
      return;
    }
    if (!this.corners.length) return;
    if (this.corners.length > 2) {
      line(this.corners, { stroke: false, fill: true, fillColor: "var(--drawn)", fillOpacity: 0.14 }, L.polygon);
    }
    const outline = this.mending ? L.polygon : L.polyline;
    line(this.corners, pale, outline);
    line(this.corners, strong, outline);
    this.trailing = line([], { color: "var(--drawn)", weight: 2, dashArray: "5 5" });
    this.corners.forEach((corner, at) => {
      const fillColor = at === this.held ? "var(--drawn)" : "var(--panel)";
      const radius = this.mending || !at ? 7 : 4.5;
      const look = { radius, color: "var(--drawn)", weight: 2, fillColor, fillOpacity: 1 };
      L.circleMarker(corner, { ...this.options, ...look }).addTo(this.marks);
    });
  }

  trail(to) {
    const last = this.corners.at(-1);
    if (!this.trailing || !last) return;
    if (this.mending) {
      const next = this.corners[(this.held + 1) % this.corners.length];
      return this.trailing.setLatLngs(this.held === null ? [] : [this.corners.at(this.held - 1), to, next]);
    }
    this.trailing.setLatLngs(this.corners.length > 1 ? [last, to, this.corners[0]] : [last, to]);
  }
}
