// A table that sorts by a click on its heads and, where rows are areas, chooses one by a click.
//
// In (args.data): columns with their texts and an order for sorting (the place of each value, written
// to the base of 36 in `width` letters; blank where there is no value); the codes of the rows, the row
// picked. Out: a trigger `picked` with the code of a row. It is a plain HTML table: a screen reader
// reads it, the browser finds words in it, and every text goes through textContent.

const SHORT = 14; // letters; a column of words no longer than this takes no more room than it needs
const LONG = 60; // letters; one with longer words has room of its own, else its rows grow tall on a phone
const MOST_ROWS = 1000; // of a longer table the first in the chosen order are shown
const LOWEST = 24; // pixels: no row is lower, so that as many as fit can be told before any is drawn
const SLICE = 60; // rows that are added at a time once those in sight are drawn
const whenIdle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50)); // Safari has none
const cancelIdle = window.cancelIdleCallback ?? clearTimeout;

export default function mount({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".live-table");
  root.liveTable ||= new LiveTable(root);
  root.liveTable.onPick = (code) => setTriggerValue("picked", code);
  root.liveTable.show(data);
  return () => {
    root.liveTable?.close();
    root.liveTable = null;
  };
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

class LiveTable {
  constructor(root) {
    this.part = (name) => root.querySelector(`.${name}`);
    this.root = root;
    this.part("rows").addEventListener("click", (event) => {
      const row = event.target.closest("tr[data-code]");
      if (row && this.data.selectable) this.onPick(row.dataset.code);
    });
    this.part("rows").addEventListener("keydown", (event) => this.step(event));
    this.rest = []; // positions of rows that are still to be added
    this.scrolled = 0; // to ask the browser for it here would make it lay out the page
    this.part("scroll").addEventListener("scroll", (event) => { this.scrolled = event.target.scrollTop; }, { passive: true });
    this.toPaper = () => this.fill(Infinity);
    addEventListener("beforeprint", this.toPaper);
  }

  show(data) {
    // The order that a visitor chose lasts until the page asks for another one.
    if (this.data?.sorted !== data.sorted) this.sort = { id: data.sorted, descending: data.descending };
    this.data = data;
    this.kinds = data.columns.map((column) => {
      if (column.order !== null) return "number";
      const longest = column.texts.reduce((most, text) => Math.max(most, text.length), 0);
      if (longest <= SHORT) return "short";
      return longest > LONG ? "words long" : "words";
    });
    this.root.classList.toggle("reading", this.kinds.some((kind) => kind.endsWith("long")));
    this.root.querySelector("caption").textContent = data.caption;
    const scroll = this.part("scroll");
    scroll.setAttribute("aria-label", data.caption);
    scroll.style.maxHeight = `${data.height}px`;
    this.heads();
    this.rows();
    if (this.picked !== data.picked) this.reveal();
    this.picked = data.picked;
  }

  heads() {
    this.part("heads").replaceChildren(...this.data.columns.map((column, index) => {
      const head = element("th", this.kinds[index]);
      const here = this.sort.id === column.id;
      head.scope = "col";
      head.ariaSort = here ? (this.sort.descending ? "descending" : "ascending") : "none";
      const button = element("button", "", column.title);
      button.type = "button";
      if (column.help) button.title = column.help;
      button.append(element("span", "arrow", here ? (this.sort.descending ? "▼" : "▲") : ""));
      button.addEventListener("click", () => {
        this.sort = { id: column.id, descending: here ? !this.sort.descending : column.order !== null };
        this.scrolled = this.part("scroll").scrollTop = 0;
        this.heads();
        this.rows();
        [...this.part("heads").querySelectorAll("button")]
          .find((one) => one.textContent.startsWith(column.title))?.focus();
      });
      head.dataset.title = column.title;
      head.append(button);
      return head;
    }));
  }

  // Rows without a value stand last, whichever way the others are sorted.
  order() {
    const column = this.data.columns.find((one) => one.id === this.sort.id);
    const positions = this.data.codes.map((_, position) => position);
    if (!column) return positions;
    const sign = this.sort.descending ? -1 : 1;
    if (column.order === null) {
      const words = new Intl.Collator("en", { numeric: true });
      return positions.sort((a, b) => sign * words.compare(column.texts[a], column.texts[b]));
    }
    const rank = (position) => {
      const from = position * column.width;
      const written = column.order.slice(from, from + column.width).trim();
      return written ? parseInt(written, 36) : null;
    };
    return positions.sort((a, b) => {
      if (rank(a) === null || rank(b) === null) return (rank(a) === null) - (rank(b) === null);
      return sign * (rank(a) - rank(b));
    });
  }

  // Those in sight at once, the rest when the browser is at rest: to lay out all rows of a city takes
  // longer than anything else that a change of figure does on a page.
  rows() {
    const order = this.order();
    const { codes, picked, height, selectable } = this.data;
    const seen = Math.ceil((this.scrolled + height) / LOWEST);
    const wanted = selectable ? order.findIndex((position) => codes[position] === picked) + 1 : 0;
    this.hidden = Math.max(order.length - MOST_ROWS, 0);
    this.rest = order.slice(0, MOST_ROWS);
    this.widest();
    this.part("rows").replaceChildren();
    this.fill(Math.max(seen, wanted));
    const body = this.part("rows");
    if (selectable && !body.querySelector("tr.picked")) body.querySelector("button")?.setAttribute("tabindex", "0");
  }

  // Add the next rows, then again when the browser is at rest, until all are there.
  fill(many) {
    const body = this.part("rows");
    body.append(...this.rest.slice(0, many).map((position) => this.row(position)));
    this.rest = this.rest.slice(many);
    const table = this.root.querySelector("table");
    table.ariaBusy = String(this.rest.length > 0);
    cancelIdle(this.next);
    if (this.rest.length) {
      this.next = whenIdle(() => this.fill(SLICE));
      return;
    }
    if (!this.hidden) return;
    const rest = element("td", "rest", `and ${this.hidden} more in this order`);
    rest.colSpan = this.data.columns.length;
    this.hidden = 0;
    body.append(element("tr"));
    body.lastChild.append(rest);
  }

  // A row that takes no height holds the longest text of each column, so that columns keep their
  // width while rows are added.
  widest() {
    const row = element("tr");
    this.data.columns.forEach((column, index) => {
      const longest = column.texts.reduce((most, text) => (text.length > most.length ? text : most), "");
      row.append(element(index === 0 ? "th" : "td", this.kinds[index], longest));
    });
    this.part("widest").replaceChildren(row);
  }

  row(position) {
    const { columns, codes, picked, selectable } = this.data;
    const code = codes[position];
    const row = element("tr", code === picked && selectable ? "picked" : "");
    row.dataset.code = code;
    columns.forEach((column, index) => {
      const text = column.texts[position];
      const cell = element(index === 0 ? "th" : "td", this.kinds[index]);
      if (index === 0) cell.scope = "row";
      if (index === 0 && selectable) {
        const button = element("button", "name", text);
        button.type = "button";
        button.tabIndex = code === picked ? 0 : -1; // one stop for the Tab key, arrows go on
        button.ariaPressed = String(code === picked);
        cell.append(button);
      } else cell.textContent = text;
      row.append(cell);
    });
    return row;
  }

  step(event) {
    this.fill(Infinity);
    const way = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    const button = way && event.target.closest("tr")?.[way]?.querySelector("button");
    if (!button) return;
    button.focus();
    event.preventDefault();
  }

  // Bring the picked row into view without moving the page.
  reveal() {
    const row = this.part("rows").querySelector("tr.picked");
    const scroll = this.part("scroll");
    if (!row) return;
    const head = this.part("heads").offsetHeight;
    const top = row.offsetTop - head;
    const bottom = row.offsetTop + row.offsetHeight;
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (bottom > scroll.scrollTop + scroll.clientHeight) scroll.scrollTop = bottom - scroll.clientHeight;
  }

  close() {
    cancelIdle(this.next);
    removeEventListener("beforeprint", this.toPaper);
  }
}
