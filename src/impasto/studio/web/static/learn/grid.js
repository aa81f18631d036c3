// A matrix whose cells answer to pointer, finger and keyboard: one cell has the tab stop, arrows move it.
import { read } from "./numbers.js";

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class Grid {
  // onHand(row, column): a cell is pointed at, tapped or reached by keyboard. onEdit(row, column, number): where it can
  // be changed.
  constructor(table, { onHand, onEdit = null }) {
    Object.assign(this, { table, onHand, onEdit, cells: new Map(), at: null });
    table.setAttribute("role", "grid");
    if (!onEdit) table.setAttribute("aria-readonly", "true");
    table.addEventListener("pointerover", (event) => event.pointerType !== "touch" && this.#take(event.target));
    table.addEventListener("focusin", (event) => this.#take(event.target));
    table.addEventListener("pointerdown", (event) => (this.again = document.activeElement === event.target));
    table.addEventListener("click", (event) => (this.again ? this.#edit(event.target) : event.target.focus()));
    table.addEventListener("keydown", (event) => this.#key(event));
  }

  // cell(row, column) → { text, says, kind }: what stands there, what it is called, and its classes.
  draw(rows, columns, cell) {
    const focused = this.table.contains(document.activeElement);
    Object.assign(this, { rows, columns, cells: new Map() });
    const inside = this.at && rows.includes(this.at[0]) && columns.includes(this.at[1]);
    if (!inside) this.at = [rows.find((row) => row >= 0) ?? rows[0], columns.find((column) => column >= 0) ?? columns[0]];
    const body = document.createElement("tbody");
    for (const row of rows) {
      const line = body.insertRow();
      line.setAttribute("role", "row");
      for (const column of columns) {
        const made = line.insertCell();
        const { text, says, kind } = cell(row, column);
        made.setAttribute("role", "gridcell");
        made.setAttribute("aria-label", says);
        made.textContent = text;
        made.className = kind;
        made.tabIndex = -1;
        Object.assign(made, { row, column });
        this.cells.set(`${row},${column}`, made);
      }
    }
    this.table.replaceChildren(...this.table.querySelectorAll("caption"), body);
    this.cell(...this.at).tabIndex = 0;
    if (focused) this.focus();
  }

  cell(row, column) {
    return this.cells.get(`${row},${column}`);
  }

  focus() {
    this.cell(...this.at).focus();
  }

  // Take all marks away, so that others can be set.
  clear() {
    for (const cell of this.cells.values()) cell.classList.remove("tap", "hand", "later");
  }

  tint(row, column, hue) {
    const cell = this.cell(row, column);
    cell?.classList.add("tap");
    cell?.style.setProperty("--hue", hue);
  }

  mark(row, column, name) {
    this.cell(row, column)?.classList.add(name);
  }

  #take(cell) {
    if (cell.row === undefined || cell.firstElementChild) return;
    if (document.activeElement === cell) this.#rove(cell);
    this.onHand(cell.row, cell.column);
  }

  #rove(cell) {
    this.cell(...this.at).tabIndex = -1;
    cell.tabIndex = 0;
    this.at = [cell.row, cell.column];
  }

  #key(event) {
    const cell = event.target;
    if (cell.row === undefined || event.altKey || event.metaKey) return;
    const [i, j] = [this.rows.indexOf(cell.row), this.columns.indexOf(cell.column)];
    const last = [this.rows.length - 1, this.columns.length - 1];
    let to = null;
    if (event.key in MOVES) to = [i + MOVES[event.key][0], j + MOVES[event.key][1]];
    else if (event.key === "Home") to = [event.ctrlKey ? 0 : i, 0];
    else if (event.key === "End") to = [event.ctrlKey ? last[0] : i, last[1]];
    else if (this.onEdit && (event.key === "Enter" || event.key === "F2")) this.#edit(cell);
    else if (this.onEdit && !event.ctrlKey && /^[-\d.]$/.test(event.key)) this.#edit(cell, event.key);
    else return;
    event.preventDefault();
    if (to) this.cell(this.rows[Math.min(last[0], Math.max(0, to[0]))], this.columns[Math.min(last[1], Math.max(0, to[1]))]).focus();
  }

  #edit(cell, typed = null) {
    if (!this.onEdit || cell.row === undefined || cell.firstElementChild) return;
    const field = Object.assign(document.createElement("input"), { value: typed ?? cell.textContent, autocomplete: "off" });
    field.setAttribute("aria-label", `New number for ${cell.getAttribute("aria-label")}`);
    const text = cell.textContent;
    cell.replaceChildren(field);
    field.focus();
    if (typed === null) field.select();
    let over = false;
    const end = (keep, back) => {
      if (over) return;
      over = true;
      const number = keep ? read(field.value) : null;
      cell.textContent = text;
      if (back) cell.focus();
      if (number !== null) this.onEdit(cell.row, cell.column, number);
    };
    field.addEventListener("blur", () => end(true, false));
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter" || event.key === "Escape") end(event.key === "Enter", true);
    });
  }
}
